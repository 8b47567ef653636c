//! Messages that could not be read, for those who look after devices.

use diesel::prelude::*;

use super::registry::within;
use crate::access::seal::Keys;
use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::{devices, quarantine};
use crate::error::Result;
use crate::listing::{ListRequest, Listed};

/// One kind of unreadable message of a device, without its payload.
#[derive(Clone, Debug, Queryable)]
pub struct QuarantineRow {
    pub id: i64,
    pub device_id: i64,
    pub device_code: String,
    pub device_name: String,
    pub town_code: String,
    pub topic: String,
    pub error: String,
    pub first_at: Instant,
    pub last_at: Instant,
    pub occurrences: i64,
}

type Columns = (
    quarantine::id,
    quarantine::device_id,
    devices::code,
    devices::name,
    devices::town_code,
    quarantine::topic,
    quarantine::error,
    quarantine::first_at,
    quarantine::last_at,
    quarantine::occurrences,
);

const COLUMNS: Columns = (
    quarantine::id,
    quarantine::device_id,
    devices::code,
    devices::name,
    devices::town_code,
    quarantine::topic,
    quarantine::error,
    quarantine::first_at,
    quarantine::last_at,
    quarantine::occurrences,
);

/// Filters: q (code or name of the device), device. The last first.
pub fn list_quarantine(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
) -> Result<Listed<QuarantineRow>> {
    let reach = scope.reach(Permission::ManageDevice)?;
    let filtered = || {
        let reached = devices::table.filter(within(&reach)).select(devices::id);
        let mut query = quarantine::table
            .inner_join(devices::table)
            .filter(quarantine::device_id.eq_any(reached))
            .into_boxed();
        if let Some(pattern) = request.search_pattern() {
            let code = devices::code.like(pattern.clone()).escape('\\');
            query = query.filter(devices::name.like(pattern).escape('\\').or(code));
        }
        if let Some(device) = request.filter("device") {
            query = query.filter(quarantine::device_id.eq(device.parse::<i64>().unwrap_or(-1)));
        }
        query
    };
    let total = filtered().count().get_result(connection)?;
    let query = match request.after_id {
        Some(after) => filtered().filter(quarantine::id.gt(after)).order(quarantine::id.asc()),
        None => filtered().order((quarantine::last_at.desc(), quarantine::id.desc())).offset(request.offset),
    };
    let rows = query.limit(request.limit).select(COLUMNS).load(connection)?;
    Ok(Listed { rows, total })
}

pub fn get_quarantined(connection: &mut AnyConnection, scope: &Scope, id: i64) -> Result<QuarantineRow> {
    let reach = scope.reach(Permission::ManageDevice)?;
    let reached = devices::table.filter(within(&reach)).select(devices::id);
    Ok(quarantine::table
        .inner_join(devices::table)
        .filter(quarantine::device_id.eq_any(reached))
        .filter(quarantine::id.eq(id))
        .select(COLUMNS)
        .first(connection)?)
}

/// The first such payload. Whoever asks for it writes the look down.
pub(in crate::devices) fn open_quarantined(
    connection: &mut AnyConnection,
    _keys: &Keys,
    row: &QuarantineRow,
) -> Result<Vec<u8>> {
    Ok(quarantine::table.filter(quarantine::id.eq(row.id)).select(quarantine::payload).first(connection)?)
}
