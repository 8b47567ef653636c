//! Messages that could not be read, for those who look after devices.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::access::seal::Keys;
use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::{devices, quarantine};
use crate::error::{Error, Result};
use crate::listing::{ListRequest, Listed};

/// One kind of unreadable message of a device, without its payload.
#[derive(Clone, Debug)]
pub struct QuarantineRow {
    pub id: i64,
    pub device_id: i64,
    pub device_code: String,
    pub device_name: String,
    pub topic: String,
    pub error: String,
    pub first_at: Instant,
    pub last_at: Instant,
    pub occurrences: i64,
}

/// What is stored of it, without the payload.
#[derive(Queryable, Selectable)]
#[diesel(table_name = quarantine)]
struct Stored {
    id: i64,
    device_id: i64,
    topic: String,
    error: String,
    first_at: Instant,
    last_at: Instant,
    occurrences: i64,
}

fn named(connection: &mut AnyConnection, stored: Vec<Stored>) -> Result<Vec<QuarantineRow>> {
    let ids: Vec<i64> = stored.iter().map(|row| row.device_id).collect();
    let names: Vec<(i64, String, String)> = devices::table
        .filter(devices::id.eq_any(ids))
        .select((devices::id, devices::code, devices::name))
        .load(connection)?;
    let names: HashMap<i64, (String, String)> =
        names.into_iter().map(|(id, code, name)| (id, (code, name))).collect();
    let row = |row: Stored| {
        let (device_code, device_name) = names.get(&row.device_id).cloned().unwrap_or_default();
        QuarantineRow {
            id: row.id,
            device_id: row.device_id,
            device_code,
            device_name,
            topic: row.topic,
            error: row.error,
            first_at: row.first_at,
            last_at: row.last_at,
            occurrences: row.occurrences,
        }
    };
    Ok(stored.into_iter().map(row).collect())
}

/// The devices where the asker may do so; written out, since a boxed condition cannot stand in an inner query.
macro_rules! reached {
    ($reach:expr) => {{
        let institutions: Vec<Option<i64>> = $reach.institutions.iter().copied().map(Some).collect();
        diesel::IntoSql::into_sql::<diesel::sql_types::Bool>($reach.city)
            .or(devices::town_code.eq_any($reach.towns.clone()))
            .or(devices::institution_id.eq_any(institutions).assume_not_null())
    }};
}

/// Filters: q (code or name of the device), device. The last first.
pub fn list_quarantine(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
) -> Result<Listed<QuarantineRow>> {
    let reach = scope.reach(Permission::ManageDevice)?;
    let pattern = request.search_pattern().unwrap_or_else(|| "%".to_owned());
    let filtered = || {
        let named = devices::name.like(pattern.clone()).escape('\\');
        let called = named.or(devices::code.like(pattern.clone()).escape('\\'));
        let of = devices::table.filter(reached!(reach)).filter(called).select(devices::id);
        let mut query = quarantine::table.filter(quarantine::device_id.eq_any(of)).into_boxed();
        if let Some(device) = request.filter("device") {
            query = query.filter(quarantine::device_id.eq(device.parse::<i64>().unwrap_or(-1)));
        }
        query
    };
    let total = filtered().count().get_result(connection)?;
    let query = match request.after_id {
        Some(after) => filtered().filter(quarantine::id.gt(after)).order(quarantine::id.asc()),
        None => filtered()
            .order(quarantine::last_at.desc())
            .then_order_by(quarantine::id.desc())
            .offset(request.offset),
    };
    let rows = query.limit(request.limit).select(Stored::as_select()).load(connection)?;
    Ok(Listed { rows: named(connection, rows)?, total })
}

pub fn get_quarantined(connection: &mut AnyConnection, scope: &Scope, id: i64) -> Result<QuarantineRow> {
    let reach = scope.reach(Permission::ManageDevice)?;
    let reached = devices::table.filter(reached!(reach)).select(devices::id);
    let found = quarantine::table
        .filter(quarantine::device_id.eq_any(reached))
        .filter(quarantine::id.eq(id))
        .select(Stored::as_select())
        .first(connection)?;
    named(connection, vec![found])?.pop().ok_or_else(Error::not_found)
}

/// The first such payload. Whoever asks for it writes the look down.
pub(in crate::devices) fn open_quarantined(
    connection: &mut AnyConnection,
    _keys: &Keys,
    row: &QuarantineRow,
) -> Result<Vec<u8>> {
    Ok(quarantine::table.filter(quarantine::id.eq(row.id)).select(quarantine::payload).first(connection)?)
}
