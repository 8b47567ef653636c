//! Alerts as the program writes them: raised, over, acknowledged.

use diesel::dsl::{AssumeNotNull, auto_type};
use diesel::prelude::*;

use super::order::{Number, Said};
use crate::alerts::model::{AlertKind, Channel, SILENCE};
use crate::bus::Audience;
use crate::clock::Instant;
use crate::db::schema::{alerts, devices};
use crate::db::{AnyConnection, OneOf};
use crate::devices::store::{provider_of, station_then};
use crate::error::Result;
use crate::on_backend;

/// Writes the acknowledgement where there is none yet; false where there is one.
pub fn set_acknowledged(connection: &mut AnyConnection, id: i64, who: &str, at: Instant) -> Result<bool> {
    let free = alerts::table.filter(alerts::id.eq(id)).filter(alerts::acknowledged_at.is_null());
    let changed = diesel::update(free)
        .set((
            alerts::acknowledged_at.eq(at),
            alerts::acknowledged_by.eq(who),
            alerts::version.eq(alerts::version + 1),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}

/// An active alert, as ingest sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable)]
pub struct Active {
    pub id: i64,
    pub device_id: i64,
    pub channel: Channel,
    pub kind: AlertKind,
    pub raised_at: Instant,
    pub by_alarm: bool,
    pub is_acknowledged: bool,
    pub boot_id: Option<i64>,
    pub seq: Option<i64>,
}

impl Active {
    /// An alarm says what is active already.
    pub fn note_alarm(&mut self, number: Option<Number>) {
        self.by_alarm = true;
        if let Some(Number { boot_id, seq }) = number {
            (self.boot_id, self.seq) = (Some(boot_id), Some(seq));
        }
    }

    /// When its device said so last.
    pub fn said(&self) -> Said {
        let number = self.boot_id.zip(self.seq).map(|(boot_id, seq)| Number { boot_id, seq });
        Said { number, at: self.raised_at }
    }
}

pub fn active_alerts(connection: &mut AnyConnection, device_ids: &[i64]) -> Result<Vec<Active>> {
    Ok(on_backend!(connection, inner => active_of(device_ids.to_vec()).load(inner)?))
}

#[auto_type(type_case = "PascalCase")]
pub fn active_of(device_ids: Vec<i64>) -> _ {
    let device = alerts::device_id.assume_not_null();
    let of_devices: OneOf<AssumeNotNull<alerts::device_id>> = OneOf::new(device, device_ids);
    alerts::table.filter(of_devices).filter(alerts::cleared_at.is_null()).select(active_columns())
}

/// What an [`Active`] is read from.
#[auto_type]
pub(super) fn active_columns() -> _ {
    (
        alerts::id,
        alerts::device_id.assume_not_null(),
        alerts::channel,
        alerts::kind,
        alerts::raised_at,
        alerts::by_alarm,
        alerts::acknowledged_at.is_not_null(),
        alerts::boot_id,
        alerts::seq,
    )
}

/// Whether it lasts when it is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    Active,
    /// Its end was told before it.
    Over,
    /// Of the past, and nobody need come.
    Past,
}

/// A new alert.
#[derive(Clone, Debug)]
pub struct NewAlert<'a> {
    pub device_id: i64,
    pub town_code: &'a str,
    pub institution_id: Option<i64>,
    pub kind: AlertKind,
    pub channel: Channel,
    pub value: f64,
    pub raised_at: Instant,
    /// Of the message that raised it, where that has one.
    pub number: Option<Number>,
    /// No value ends it.
    pub by_alarm: bool,
    pub told: Told,
}

pub fn insert_alert(connection: &mut AnyConnection, alert: &NewAlert<'_>) -> Result<i64> {
    Ok(diesel::insert_into(alerts::table)
        .values((
            alerts::device_id.eq(alert.device_id),
            alerts::town_code.eq(alert.town_code),
            alerts::institution_id.eq(alert.institution_id),
            alerts::kind.eq(alert.kind),
            alerts::channel.eq(alert.channel),
            alerts::value.eq(alert.value),
            alerts::raised_at.eq(alert.raised_at),
            alerts::boot_id.eq(alert.number.map(|number| number.boot_id)),
            alerts::seq.eq(alert.number.map(|number| number.seq)),
            alerts::by_alarm.eq(alert.by_alarm),
            alerts::is_past.eq(alert.told == Told::Past),
            alerts::cleared_at.eq((alert.told != Told::Active).then_some(alert.raised_at)),
        ))
        .returning(alerts::id)
        .get_result(connection)?)
}

/// An alarm says what is active already: no value ends that any more, nor an end from before the alarm.
pub fn set_by_alarm(connection: &mut AnyConnection, id: i64, number: Option<Number>) -> Result<()> {
    let said = number.map(|number| (alerts::boot_id.eq(number.boot_id), alerts::seq.eq(number.seq)));
    diesel::update(alerts::table.filter(alerts::id.eq(id)))
        .set((alerts::by_alarm.eq(true), said, alerts::version.eq(alerts::version + 1)))
        .execute(connection)?;
    Ok(())
}

/// An alert of a whole site: a station, or an institution.
#[derive(Clone, Debug)]
pub struct NewSiteAlert<'a> {
    pub town_code: &'a str,
    pub station_id: Option<i64>,
    pub institution_id: Option<i64>,
    /// Devices that are silent.
    pub silent: usize,
    pub raised_at: Instant,
}

pub fn insert_site_alert(connection: &mut AnyConnection, alert: &NewSiteAlert<'_>) -> Result<i64> {
    Ok(diesel::insert_into(alerts::table)
        .values((
            alerts::town_code.eq(alert.town_code),
            alerts::station_id.eq(alert.station_id),
            alerts::institution_id.eq(alert.institution_id),
            alerts::kind.eq(AlertKind::SiteSilent),
            alerts::channel.eq(SILENCE),
            alerts::value.eq(alert.silent as f64),
            alerts::raised_at.eq(alert.raised_at),
        ))
        .returning(alerts::id)
        .get_result(connection)?)
}

/// An alert of a site's silence, as presence sees it.
#[derive(Clone, Debug, Queryable)]
pub struct SiteSilence {
    pub id: i64,
    pub town_code: String,
    pub station_id: Option<i64>,
    pub institution_id: Option<i64>,
    pub raised_at: Instant,
    pub cleared_at: Option<Instant>,
}

/// Silences of sites that last, or were raised or over after an instant.
pub fn site_silences(connection: &mut AnyConnection, after: Instant) -> Result<Vec<SiteSilence>> {
    Ok(alerts::table
        .filter(alerts::device_id.is_null())
        .filter(
            alerts::raised_at
                .gt(after)
                .or(alerts::cleared_at.is_null())
                .or(alerts::cleared_at.assume_not_null().gt(after)),
        )
        .order(alerts::id)
        .select((
            alerts::id,
            alerts::town_code,
            alerts::station_id,
            alerts::institution_id,
            alerts::raised_at,
            alerts::cleared_at,
        ))
        .load(connection)?)
}

/// Device, instant and whether it lasts, of alerts of silence that last or were raised after an instant.
pub fn device_silences(
    connection: &mut AnyConnection,
    device_ids: &[i64],
    after: Instant,
) -> Result<Vec<(i64, Instant, bool)>> {
    Ok(alerts::table
        .filter(alerts::device_id.assume_not_null().eq_any(device_ids.to_vec()))
        .filter(alerts::kind.eq(AlertKind::Offline))
        .filter(alerts::raised_at.gt(after).or(alerts::cleared_at.is_null()))
        .select((alerts::device_id.assume_not_null(), alerts::raised_at, alerts::cleared_at.is_null()))
        .load(connection)?)
}

/// Number and device of an alert.
pub type Ended = (i64, i64);

/// Silences that last although their device was taken out of service.
pub fn silences_of_disabled(connection: &mut AnyConnection) -> Result<Vec<Ended>> {
    Ok(alerts::table
        .inner_join(devices::table)
        .filter(alerts::kind.eq(AlertKind::Offline))
        .filter(alerts::cleared_at.is_null())
        .filter(devices::disabled_at.is_not_null())
        .select((alerts::id, devices::id))
        .load(connection)?)
}

/// Says which part of the device it is about; false where that was said already.
pub fn set_detail(connection: &mut AnyConnection, id: i64, detail: &str) -> Result<bool> {
    let other = alerts::table.filter(alerts::id.eq(id)).filter(alerts::detail.ne(detail));
    Ok(diesel::update(other).set(alerts::detail.eq(detail)).execute(connection)? == 1)
}

pub fn raised_at(connection: &mut AnyConnection, id: i64) -> Result<Instant> {
    Ok(alerts::table.filter(alerts::id.eq(id)).select(alerts::raised_at).first(connection)?)
}

/// The cause is gone. An alert is never over before it was raised, whatever the device's clock says.
pub fn clear_alert(connection: &mut AnyConnection, id: i64, at: Instant) -> Result<()> {
    let raised_at = raised_at(connection, id)?;
    diesel::update(alerts::table.filter(alerts::id.eq(id)))
        .set((alerts::cleared_at.eq(at.max(raised_at)), alerts::version.eq(alerts::version + 1)))
        .execute(connection)?;
    Ok(())
}

/// Number and kind of an alert that was closed.
pub type Closed = (i64, AlertKind);

/// Ends all that is active of a device: somebody moved it or took it out of service.
pub fn close_alerts_of(
    connection: &mut AnyConnection,
    device_id: i64,
    (who, at): (&str, Instant),
) -> Result<Vec<Closed>> {
    let active = alerts::table.filter(alerts::device_id.eq(device_id)).filter(alerts::cleared_at.is_null());
    let closed: Vec<Closed> = active.order(alerts::id).select((alerts::id, alerts::kind)).load(connection)?;
    for (id, _) in &closed {
        clear_alert(connection, *id, at)?;
        diesel::update(alerts::table.filter(alerts::id.eq(id)))
            .set(alerts::closed_by.eq(who))
            .execute(connection)?;
    }
    Ok(closed)
}

/// Who reaches an alert: as the lists say, and whoever runs the station that it is of.
pub fn audience_of(connection: &mut AnyConnection, id: i64) -> Result<Audience> {
    let found: (String, Option<i64>, Option<i64>, Option<i64>, Instant) = alerts::table
        .filter(alerts::id.eq(id))
        .select((
            alerts::town_code,
            alerts::institution_id,
            alerts::station_id,
            alerts::device_id,
            alerts::raised_at,
        ))
        .first(connection)?;
    let (town_code, institution_id, site, device, raised_at) = found;
    let station = match (site, device) {
        (None, Some(device)) => station_then(connection, device, raised_at)?,
        (site, _) => site,
    };
    Ok(Audience { town_code, institution_id, provider_id: provider_of(connection, station)? })
}

/// What lasts of a device goes to another town with it; gives number and kind of each.
pub fn take_along(
    connection: &mut AnyConnection,
    device_id: i64,
    town_code: &str,
) -> Result<Vec<(i64, AlertKind)>> {
    let active = alerts::table.filter(alerts::device_id.eq(device_id)).filter(alerts::cleared_at.is_null());
    diesel::update(active)
        .set((alerts::town_code.eq(town_code), alerts::version.eq(alerts::version + 1)))
        .execute(connection)?;
    Ok(active.order(alerts::id).select((alerts::id, alerts::kind)).load(connection)?)
}

/// What lasts of a site as a whole, and is on file elsewhere, goes to another town with it; gives number, kind and former town of
/// each.
pub fn take_site_along(
    connection: &mut AnyConnection,
    (station_id, institution_id): (Option<i64>, Option<i64>),
    town_code: &str,
) -> Result<Vec<(i64, AlertKind, String)>> {
    let mut active = alerts::table
        .filter(alerts::device_id.is_null())
        .filter(alerts::cleared_at.is_null())
        .filter(alerts::town_code.ne(town_code.to_owned()))
        .order(alerts::id)
        .select((alerts::id, alerts::kind, alerts::town_code))
        .into_boxed();
    active = match station_id {
        Some(station) => active.filter(alerts::station_id.eq(station)),
        None => active.filter(alerts::institution_id.eq(institution_id)),
    };
    let found: Vec<(i64, AlertKind, String)> = active.load(connection)?;
    let ids: Vec<i64> = found.iter().map(|(id, ..)| *id).collect();
    diesel::update(alerts::table.filter(alerts::id.eq_any(ids)))
        .set((alerts::town_code.eq(town_code), alerts::version.eq(alerts::version + 1)))
        .execute(connection)?;
    Ok(found)
}
