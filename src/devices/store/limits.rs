//! Limits of single devices.

use diesel::dsl::auto_type;
use diesel::prelude::*;
use songhe_firmware_protocol::Threshold;
use songhe_firmware_protocol::threshold::Limit;

use crate::clock::Instant;
use crate::db::schema::device_limits;
use crate::db::{AnyConnection, OneOf};
use crate::devices::model::LimitChoice;
use crate::error::Result;
use crate::on_backend;

/// What was set for a device's channel, in the channel's smallest step.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = device_limits, treat_none_as_default_value = false)]
pub struct LimitRow {
    pub device_id: i64,
    pub channel: i16,
    pub choice: LimitChoice,
    pub low_raise: Option<i32>,
    pub low_clear: Option<i32>,
    pub high_raise: Option<i32>,
    pub high_clear: Option<i32>,
    pub version: i64,
    pub set_by: String,
    pub set_at: Instant,
}

impl LimitRow {
    pub fn new(
        (device_id, channel): (i64, i16),
        (choice, threshold): (LimitChoice, Option<Threshold>),
        version: i64,
        (set_at, set_by): (Instant, &str),
    ) -> LimitRow {
        let low = threshold.and_then(|threshold| threshold.low);
        let high = threshold.and_then(|threshold| threshold.high);
        LimitRow {
            device_id,
            channel,
            choice,
            low_raise: low.map(|limit| limit.raise_scaled),
            low_clear: low.map(|limit| limit.clear_scaled),
            high_raise: high.map(|limit| limit.raise_scaled),
            high_clear: high.map(|limit| limit.clear_scaled),
            version,
            set_by: set_by.to_owned(),
            set_at,
        }
    }

    pub fn threshold(&self) -> Threshold {
        let limit = |raise: Option<i32>, clear: Option<i32>| {
            Some(Limit { raise_scaled: raise?, clear_scaled: clear? })
        };
        Threshold {
            low: limit(self.low_raise, self.low_clear),
            high: limit(self.high_raise, self.high_clear),
        }
    }
}

/// Whatever was set for devices that the caller has reached.
pub fn limits_of(connection: &mut AnyConnection, device_ids: &[i64]) -> Result<Vec<LimitRow>> {
    Ok(on_backend!(connection, inner => limits_with(device_ids.to_vec()).load(inner)?))
}

#[auto_type(type_case = "PascalCase")]
pub(super) fn limits_with(device_ids: Vec<i64>) -> _ {
    let of_devices: OneOf<device_limits::device_id> = OneOf::new(device_limits::device_id, device_ids);
    device_limits::table.filter(of_devices).order((device_limits::device_id, device_limits::channel)).select(
        (
            device_limits::device_id,
            device_limits::channel,
            device_limits::choice,
            device_limits::low_raise,
            device_limits::low_clear,
            device_limits::high_raise,
            device_limits::high_clear,
            device_limits::version,
            device_limits::set_by,
            device_limits::set_at,
        ),
    )
}

/// Writes limits over version `seen`, zero for none; false where another one is stored.
pub(in crate::devices) fn put_limit(
    connection: &mut AnyConnection,
    row: &LimitRow,
    seen: i64,
) -> Result<bool> {
    if seen == 0 {
        let added = on_backend!(connection, inner => diesel::insert_into(device_limits::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(inner)?);
        return Ok(added == 1);
    }
    let known =
        device_limits::table.find((row.device_id, row.channel)).filter(device_limits::version.eq(seen));
    let changed = diesel::update(known)
        .set((
            device_limits::choice.eq(row.choice),
            device_limits::low_raise.eq(row.low_raise),
            device_limits::low_clear.eq(row.low_clear),
            device_limits::high_raise.eq(row.high_raise),
            device_limits::high_clear.eq(row.high_clear),
            device_limits::version.eq(row.version),
            device_limits::set_by.eq(&row.set_by),
            device_limits::set_at.eq(row.set_at),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}
