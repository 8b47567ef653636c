//! When devices were calibrated.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::{device_calibrations, devices};
use crate::devices::model::Calibration;
use crate::error::Result;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = device_calibrations)]
pub struct CalibrationRow {
    pub id: i64,
    pub done_on: NaiveDate,
    pub done_by: String,
    pub next_due_on: Option<NaiveDate>,
    pub note: String,
    pub recorded_at: Instant,
    pub recorded_by: String,
}

/// Of a device within the caller's reach, the newest first.
pub fn calibrations_of(connection: &mut AnyConnection, device_id: i64) -> Result<Vec<CalibrationRow>> {
    Ok(device_calibrations::table
        .filter(device_calibrations::device_id.eq(device_id))
        .order((device_calibrations::done_on.desc(), device_calibrations::id.desc()))
        .select(CalibrationRow::as_select())
        .load(connection)?)
}

pub(in crate::devices) fn insert_calibration(
    connection: &mut AnyConnection,
    device_id: i64,
    done: &Calibration,
    (now, actor): (Instant, &str),
) -> Result<i64> {
    Ok(diesel::insert_into(device_calibrations::table)
        .values((
            device_calibrations::device_id.eq(device_id),
            device_calibrations::done_on.eq(done.done_on),
            device_calibrations::done_by.eq(done.done_by.trim()),
            device_calibrations::next_due_on.eq(done.next_due_on),
            device_calibrations::note.eq(done.note.trim()),
            device_calibrations::recorded_at.eq(now),
            device_calibrations::recorded_by.eq(actor),
        ))
        .returning(device_calibrations::id)
        .get_result(connection)?)
}

pub(in crate::devices) fn set_due(
    connection: &mut AnyConnection,
    device_id: i64,
    due_on: Option<NaiveDate>,
) -> Result<()> {
    diesel::update(devices::table.filter(devices::id.eq(device_id)))
        .set((devices::calibration_due_on.eq(due_on), devices::version.eq(devices::version + 1)))
        .execute(connection)?;
    Ok(())
}
