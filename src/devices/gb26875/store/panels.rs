//! Which device is the panel of which address, and its clock.

use diesel::dsl::case_when;
use diesel::prelude::*;

use crate::access::{Permission, Scope};
use crate::bus::Audience;
use crate::clock::Instant;
use crate::db::schema::{devices, fire_panels, stations, stays};
use crate::db::{AnyConnection, is_unique};
use crate::devices::model::PresenceState;
use crate::error::{Error, Result};
use crate::text::Text;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = fire_panels)]
pub struct PanelRow {
    pub device_id: i64,
    /// As it is printed on the label.
    pub address: String,
    pub profile: Option<String>,
    pub clock_ahead_s: Option<i64>,
    pub clock_told_at: Option<Instant>,
    pub clock_set_at: Option<Instant>,
    pub clock_taken_at: Option<Instant>,
}

/// A panel that sends, and whether its device is refused.
#[derive(Clone, Debug, Queryable)]
pub struct Sender {
    pub device_id: i64,
    pub code: String,
    pub address: String,
    pub profile: Option<String>,
    pub clock_ahead_s: Option<i64>,
    pub clock_set_at: Option<Instant>,
    pub disabled_at: Option<Instant>,
    pub town_code: String,
    /// Where its device stands, or where the elder lives with whom it stands.
    pub institution_id: Option<i64>,
    /// Whoever runs the station where it stands.
    pub provider_id: Option<i64>,
}

impl Sender {
    pub fn audience(&self) -> Audience {
        let Sender { town_code, institution_id, provider_id, .. } = self;
        Audience { town_code: town_code.clone(), institution_id: *institution_id, provider_id: *provider_id }
    }
}

/// Panels with one of these addresses: as it is sent, and the other way round.
pub fn find_senders(connection: &mut AnyConnection, addresses: &[String]) -> Result<Vec<Sender>> {
    let lives = stays::elder_id.nullable().eq(devices::elder_id).and(stays::ends_at.is_null());
    let house = case_when(devices::institution_id.is_not_null(), devices::institution_id);
    Ok(fire_panels::table
        .inner_join(devices::table.on(devices::id.eq(fire_panels::device_id)))
        .left_join(stays::table.on(lives))
        .left_join(stations::table.on(stations::id.nullable().eq(devices::station_id)))
        .filter(fire_panels::address.eq_any(addresses.to_vec()))
        .select((
            fire_panels::device_id,
            devices::code,
            fire_panels::address,
            fire_panels::profile,
            fire_panels::clock_ahead_s,
            fire_panels::clock_set_at,
            devices::disabled_at,
            devices::town_code,
            house.otherwise(stays::institution_id.nullable()),
            stations::provider_id.nullable(),
        ))
        .load(connection)?)
}

/// The panel that a device is; none for another kind of device.
pub fn panel_of(connection: &mut AnyConnection, device_id: i64) -> Result<Option<PanelRow>> {
    Ok(fire_panels::table
        .filter(fire_panels::device_id.eq(device_id))
        .select(PanelRow::as_select())
        .first(connection)
        .optional()?)
}

/// Device codes with the profiles that panels name themselves.
pub fn named_profiles(connection: &mut AnyConnection) -> Result<Vec<(String, String)>> {
    Ok(fire_panels::table
        .inner_join(devices::table.on(devices::id.eq(fire_panels::device_id)))
        .filter(fire_panels::profile.is_not_null())
        .order(devices::code)
        .select((devices::code, fire_panels::profile.assume_not_null()))
        .load(connection)?)
}

/// A panel as lists name it.
#[derive(Clone, Debug, Queryable)]
pub struct PanelName {
    pub device_id: i64,
    pub code: String,
    pub name: String,
    pub profile: Option<String>,
}

/// The panels within the asker's reach.
pub fn panel_names(connection: &mut AnyConnection, scope: &Scope) -> Result<Vec<PanelName>> {
    let reach = scope.reach(Permission::SeeDevices)?;
    Ok(fire_panels::table
        .inner_join(devices::table.on(devices::id.eq(fire_panels::device_id)))
        .filter(seen!(reach))
        .order(devices::code)
        .select((fire_panels::device_id, devices::code, devices::name, fire_panels::profile))
        .load(connection)?)
}

/// Makes a device a panel with this address, or changes the one it has.
pub fn put_panel(
    connection: &mut AnyConnection,
    device_id: i64,
    address: &str,
    profile: Option<&str>,
) -> Result<()> {
    let taken = |failure: diesel::result::Error| {
        if is_unique(&failure) {
            Error::field("address", Text::new("rule.panel_address_taken").with("address", address))
        } else {
            failure.into()
        }
    };
    let changed = diesel::update(fire_panels::table.filter(fire_panels::device_id.eq(device_id)))
        .set((fire_panels::address.eq(address), fire_panels::profile.eq(profile)))
        .execute(connection)
        .map_err(taken)?;
    if changed == 0 {
        diesel::insert_into(fire_panels::table)
            .values((
                fire_panels::device_id.eq(device_id),
                fire_panels::address.eq(address),
                fire_panels::profile.eq(profile),
            ))
            .execute(connection)
            .map_err(taken)?;
    }
    Ok(())
}

pub fn note_clock(connection: &mut AnyConnection, device_id: i64, ahead_s: i64, at: Instant) -> Result<()> {
    diesel::update(fire_panels::table.filter(fire_panels::device_id.eq(device_id)))
        .set((fire_panels::clock_ahead_s.eq(ahead_s), fire_panels::clock_told_at.eq(at)))
        .execute(connection)?;
    Ok(())
}

/// The panel was told the time, or confirmed it.
pub fn note_clock_set(
    connection: &mut AnyConnection,
    device_id: i64,
    is_taken: bool,
    at: Instant,
) -> Result<()> {
    let panel = fire_panels::table.filter(fire_panels::device_id.eq(device_id));
    if is_taken {
        diesel::update(panel).set(fire_panels::clock_taken_at.eq(at)).execute(connection)?;
    } else {
        diesel::update(panel).set(fire_panels::clock_set_at.eq(at)).execute(connection)?;
    }
    Ok(())
}

/// Panels that count as connected and were not heard since `before`.
pub fn silent_panels(connection: &mut AnyConnection, before: Instant) -> Result<Vec<i64>> {
    Ok(fire_panels::table
        .inner_join(devices::table.on(devices::id.eq(fire_panels::device_id)))
        .filter(devices::presence.eq(PresenceState::Online))
        .filter(devices::last_seen_at.is_null().or(devices::last_seen_at.lt(before).assume_not_null()))
        .order(fire_panels::device_id)
        .select(fire_panels::device_id)
        .load(connection)?)
}
