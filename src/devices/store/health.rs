//! How devices are doing, as conditions on their rows.

use std::collections::HashSet;

use chrono::{Days, TimeDelta};
use diesel::prelude::*;

use super::registry::Condition;
use crate::clock::{Calendar, Instant};
use crate::db::AnyConnection;
use crate::db::schema::{devices, quarantine};
use crate::devices::model::{CALIBRATION_SOON_DAYS, DeviceHealth};
use crate::error::Result;

/// A device in service that was not heard for so long is silent.
const SILENT_AFTER: TimeDelta = TimeDelta::hours(1);
/// For so long a message that could not be read is of late.
const OF_LATE: TimeDelta = TimeDelta::hours(24);

/// The devices that are so.
pub(super) fn of_health(health: DeviceHealth, (calendar, now): (Calendar, Instant)) -> Condition {
    let today = calendar.day_of(now);
    let soon = today.checked_add_days(Days::new(CALIBRATION_SOON_DAYS)).unwrap_or(today);
    let serves = || devices::disabled_at.is_null();
    let heard_before =
        devices::last_seen_at.is_null().or(devices::last_seen_at.assume_not_null().lt(now - SILENT_AFTER));
    match health {
        DeviceHealth::CalibrationOverdue => {
            Box::new(serves().nullable().and(devices::calibration_due_on.lt(today)))
        }
        DeviceHealth::CalibrationSoon => {
            let due = devices::calibration_due_on.ge(today).and(devices::calibration_due_on.le(soon));
            Box::new(serves().nullable().and(due))
        }
        DeviceHealth::Silent => {
            Box::new(serves().and(devices::claimed_at.is_not_null()).and(heard_before).nullable())
        }
        DeviceHealth::Garbling => {
            let garblers =
                quarantine::table.filter(quarantine::last_at.gt(now - OF_LATE)).select(quarantine::device_id);
            Box::new(devices::id.eq_any(garblers).nullable())
        }
        DeviceHealth::Disabled => Box::new(devices::disabled_at.is_not_null().nullable()),
        DeviceHealth::Unclaimed => Box::new(serves().and(devices::claimed_at.is_null()).nullable()),
        DeviceHealth::NoCredential => Box::new(
            serves()
                .and(devices::claimed_at.is_not_null())
                .and(devices::token_hash.eq(Vec::<u8>::new()))
                .nullable(),
        ),
    }
}

/// Which of these devices have sent messages of late that could not be read.
pub(super) fn garbling(connection: &mut AnyConnection, ids: &[i64], now: Instant) -> Result<HashSet<i64>> {
    let found: Vec<i64> = quarantine::table
        .filter(quarantine::device_id.eq_any(ids.to_vec()))
        .filter(quarantine::last_at.gt(now - OF_LATE))
        .select(quarantine::device_id)
        .distinct()
        .load(connection)?;
    Ok(found.into_iter().collect())
}
