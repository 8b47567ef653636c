//! Statements of presence. They take no scope: the program itself looks.

use diesel::prelude::*;

use super::batch::DeviceState;
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::{devices, presence_watch};
use crate::devices::model::{DeviceKind, PresenceState};
use crate::error::Result;

/// What the look for silence must know of a device.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = devices)]
pub struct WatchedRow {
    pub id: i64,
    pub kind: DeviceKind,
    pub station_id: Option<i64>,
    pub institution_id: Option<i64>,
    pub presence: PresenceState,
    pub presence_at: Instant,
    pub last_seen_at: Option<Instant>,
    pub connected_at: Option<Instant>,
    pub silence_owed: bool,
    pub heartbeat_s: Option<i32>,
}

/// Devices in service whose presence may have to change: not heard after `quiet` and not known to be gone; gone, and nobody told;
/// and those that are offline and connected. Only some of them where they are named.
pub fn in_question(
    connection: &mut AnyConnection,
    quiet: Instant,
    only: Option<&[i64]>,
) -> Result<Vec<WatchedRow>> {
    use PresenceState::{Offline, Online, Suspect};
    let quiet = devices::last_seen_at.is_null().or(devices::last_seen_at.assume_not_null().le(quiet));
    let fading =
        devices::presence.eq_any(vec![Online, Suspect]).and(devices::connected_at.is_null()).and(quiet);
    let back = devices::presence.eq(Offline).and(devices::connected_at.is_not_null());
    let mut asked = devices::table
        .filter(devices::disabled_at.is_null())
        .filter(fading.or(devices::silence_owed).or(back))
        .select(WatchedRow::as_select())
        .into_boxed();
    if let Some(ids) = only {
        asked = asked.filter(devices::id.eq_any(ids.to_vec()));
    }
    Ok(asked.load(connection)?)
}

/// Every device in service at these stations and institutions that was ever heard.
pub fn watched_at(
    connection: &mut AnyConnection,
    (stations, institutions): (Vec<i64>, Vec<i64>),
) -> Result<Vec<WatchedRow>> {
    let of_station = devices::station_id.assume_not_null().eq_any(stations);
    let of_house = devices::institution_id.assume_not_null().eq_any(institutions);
    Ok(devices::table
        .filter(devices::disabled_at.is_null())
        .filter(devices::presence.ne(PresenceState::Never))
        .filter(
            devices::station_id
                .is_not_null()
                .and(of_station)
                .or(devices::institution_id.is_not_null().and(of_house)),
        )
        .select(WatchedRow::as_select())
        .load(connection)?)
}

/// Moves a device that is not connected from one state to another, where it is still in that state and was not heard since; false
/// where it is not so.
pub fn fall_silent(
    connection: &mut AnyConnection,
    seen: &WatchedRow,
    (to, at): (PresenceState, Instant),
) -> Result<bool> {
    let same = devices::table
        .filter(devices::id.eq(seen.id))
        .filter(devices::presence.eq(seen.presence))
        .filter(devices::connected_at.is_null());
    let changes = (
        devices::presence.eq(to),
        devices::presence_at.eq(at),
        devices::returning_messages.eq(0),
        devices::silence_owed.eq(true),
    );
    let changed = match seen.last_seen_at {
        Some(heard) => {
            diesel::update(same.filter(devices::last_seen_at.eq(heard))).set(changes).execute(connection)?
        }
        None => {
            diesel::update(same.filter(devices::last_seen_at.is_null())).set(changes).execute(connection)?
        }
    };
    Ok(changed == 1)
}

/// A device whose connection has lived long enough is there again; false where the connection is another one by now.
pub fn come_back(connection: &mut AnyConnection, seen: &WatchedRow, at: Instant) -> Result<bool> {
    let same = devices::table
        .filter(devices::id.eq(seen.id))
        .filter(devices::presence.eq(seen.presence))
        .filter(devices::connected_at.is_not_null());
    let changed = diesel::update(same)
        .set((
            devices::presence.eq(PresenceState::Online),
            devices::presence_at.eq(at),
            devices::returning_messages.eq(0),
            devices::silence_owed.eq(false),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}

/// Its silence has been told.
pub fn set_told(connection: &mut AnyConnection, id: i64) -> Result<()> {
    diesel::update(devices::table.filter(devices::id.eq(id)))
        .set(devices::silence_owed.eq(false))
        .execute(connection)?;
    Ok(())
}

/// It is silent, and nobody who should know was told.
pub fn owe_silence(connection: &mut AnyConnection, id: i64) -> Result<()> {
    diesel::update(devices::table.filter(devices::id.eq(id)))
        .set(devices::silence_owed.eq(true))
        .execute(connection)?;
    Ok(())
}

/// Writes what a batch made of a device's presence over the state that the batch saw; false where it is another one by now.
pub fn set_presence(
    connection: &mut AnyConnection,
    before: &DeviceState,
    after: &DeviceState,
    at: Instant,
) -> Result<bool> {
    let same = devices::table
        .filter(devices::id.eq(before.id))
        .filter(devices::presence.eq(before.presence))
        .filter(devices::connection_id.eq(before.connection_id));
    let link = (
        devices::connection_id.eq(after.connection_id),
        devices::connected_at.eq(after.connected_at),
        devices::returning_messages.eq(after.returning_messages),
        devices::silence_owed.eq(after.silence_owed),
    );
    let changed = if before.presence == after.presence {
        diesel::update(same).set(link).execute(connection)?
    } else {
        let state = (devices::presence.eq(after.presence), devices::presence_at.eq(at));
        diesel::update(same).set((link, state)).execute(connection)?
    };
    Ok(changed == 1)
}

/// Connections of an earlier process are gone, and whether their devices are is not known yet. Gives how many had been.
pub fn forget_connections(connection: &mut AnyConnection, at: Instant) -> Result<usize> {
    let nobody: Option<Instant> = None;
    diesel::update(
        devices::table.filter(devices::connection_id.ne(0).or(devices::connected_at.is_not_null())),
    )
    .set((devices::connection_id.eq(0), devices::connected_at.eq(nobody)))
    .execute(connection)?;
    Ok(diesel::update(devices::table.filter(devices::presence.eq(PresenceState::Online)))
        .set((
            devices::presence.eq(PresenceState::Suspect),
            devices::presence_at.eq(at),
            devices::silence_owed.eq(true),
        ))
        .execute(connection)?)
}

/// From here on the program is receiving, whichever of its processes was not. What was heard later than now was heard by a clock
/// that has been set back since.
pub fn begin_watch(connection: &mut AnyConnection, now: Instant) -> Result<()> {
    let one = presence_watch::table.filter(presence_watch::id.eq(1));
    let known = diesel::update(one).set(presence_watch::receiving_since.eq(now)).execute(connection)?;
    if known == 0 {
        diesel::insert_into(presence_watch::table)
            .values((presence_watch::id.eq(1), presence_watch::receiving_since.eq(now)))
            .execute(connection)?;
    }
    diesel::update(devices::table.filter(devices::last_seen_at.gt(now)))
        .set(devices::last_seen_at.eq(now))
        .execute(connection)?;
    Ok(())
}

/// Since when every process has been receiving, as far as they told.
pub fn watching_since(connection: &mut AnyConnection) -> Result<Option<Instant>> {
    Ok(presence_watch::table.select(presence_watch::receiving_since).first(connection).optional()?)
}
