//! The newest of what devices say.

use diesel::prelude::*;

use super::Within;
use crate::alerts::store::urgent_kinds;
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::{alerts, devices, institutions, latest_readings as latest, stations, towns};
use crate::error::Result;

/// An alert that is not acknowledged, or not over.
#[derive(Clone, Debug)]
pub struct AlertLine {
    pub id: i64,
    pub kind: String,
    pub raised_at: Instant,
    pub acknowledged_at: Option<Instant>,
    /// Of the device, or of the site that the alert is about as a whole.
    pub device_name: String,
    pub town_zh: String,
    pub town_en: String,
}

/// Open alerts as the list of alerts orders them: what nobody has acknowledged, what endangers life, what lasts, the newest.
pub fn open_alerts(connection: &mut AnyConnection, within: &Within, limit: i64) -> Result<Vec<AlertLine>> {
    let rows: Vec<Row> = alerts::table
        .left_join(devices::table)
        .left_join(stations::table.on(alerts::station_id.assume_not_null().eq(stations::id)))
        .left_join(institutions::table.on(alerts::institution_id.assume_not_null().eq(institutions::id)))
        .inner_join(towns::table)
        .filter(alerts::cleared_at.is_null().or(alerts::acknowledged_at.is_null()))
        .filter(alerts::is_past.eq(false))
        .filter(alerts_within!(within))
        .order((
            alerts::acknowledged_at.is_not_null(),
            alerts::kind.ne_all(urgent_kinds()),
            alerts::cleared_at.is_not_null(),
            alerts::raised_at.desc(),
            alerts::id.desc(),
        ))
        .limit(limit)
        .select((
            alerts::id,
            alerts::kind,
            alerts::raised_at,
            alerts::acknowledged_at,
            (devices::name.nullable(), stations::name.nullable(), institutions::name.nullable()),
            (towns::name_zh, towns::name_en),
        ))
        .load(connection)?;
    let line = |(id, kind, raised_at, acknowledged_at, names, town): Row| AlertLine {
        id,
        kind,
        raised_at,
        acknowledged_at,
        device_name: names.0.or(names.1).or(names.2).unwrap_or_default(),
        town_zh: town.0,
        town_en: town.1,
    };
    Ok(rows.into_iter().map(line).collect())
}

type Names = (Option<String>, Option<String>, Option<String>);
type Row = (i64, String, Instant, Option<Instant>, Names, (String, String));

/// The last value of one channel of a device.
#[derive(Clone, Debug, Queryable)]
pub struct ReadingLine {
    pub device_id: i64,
    pub device_name: String,
    pub channel: i16,
    pub value: f64,
    pub at: Instant,
}

/// What devices measured last; what is measured with an elder is told by the elder's readings alone, where each look is written
/// down.
pub fn latest_readings(
    connection: &mut AnyConnection,
    within: &Within,
    limit: i64,
) -> Result<Vec<ReadingLine>> {
    Ok(latest::table
        .inner_join(devices::table)
        .filter(
            devices::town_code
                .eq_any(&within.towns)
                .nullable()
                .or(devices::institution_id.eq_any(&within.institutions))
                .or(devices::station_id.eq_any(&within.stations)),
        )
        .filter(devices::elder_id.is_null())
        .order((latest::at.desc(), latest::device_id, latest::channel))
        .limit(limit)
        .select((latest::device_id, devices::name, latest::channel, latest::value, latest::at))
        .load(connection)?)
}
