//! Codes that installers type, and the tries that were refused.

use chrono::TimeDelta;
use diesel::prelude::*;

use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::{device_claim_tries, device_claims, devices};
use crate::error::Result;

/// For so long a refused try is counted.
const TRIES_COUNT_FOR: TimeDelta = TimeDelta::hours(1);
/// For so long it is kept.
const TRIES_KEPT_FOR: TimeDelta = TimeDelta::hours(24);

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = device_claims)]
pub struct ClaimRow {
    pub id: i64,
    pub device_id: i64,
    pub issued_at: Instant,
    pub issued_by: String,
    pub expires_at: Instant,
    pub refused_tries: i32,
    pub used_at: Option<Instant>,
    pub used_from: Option<String>,
    pub ended_at: Option<Instant>,
}

impl ClaimRow {
    pub fn is_open(&self, now: Instant) -> bool {
        self.used_at.is_none() && self.ended_at.is_none() && now < self.expires_at
    }
}

pub(in crate::devices) fn insert_claim(
    connection: &mut AnyConnection,
    device_id: i64,
    code_index: &[u8],
    (now, expires_at, actor): (Instant, Instant, &str),
) -> Result<()> {
    diesel::insert_into(device_claims::table)
        .values((
            device_claims::device_id.eq(device_id),
            device_claims::code_index.eq(code_index),
            device_claims::issued_at.eq(now),
            device_claims::issued_by.eq(actor),
            device_claims::expires_at.eq(expires_at),
        ))
        .execute(connection)?;
    Ok(())
}

pub(in crate::devices) fn find_claim(
    connection: &mut AnyConnection,
    code_index: &[u8],
) -> Result<Option<ClaimRow>> {
    Ok(device_claims::table
        .filter(device_claims::code_index.eq(code_index))
        .select(ClaimRow::as_select())
        .first(connection)
        .optional()?)
}

/// The newest code of a device within the caller's reach.
pub fn claim_of(connection: &mut AnyConnection, device_id: i64) -> Result<Option<ClaimRow>> {
    Ok(device_claims::table
        .filter(device_claims::device_id.eq(device_id))
        .order(device_claims::id.desc())
        .select(ClaimRow::as_select())
        .first(connection)
        .optional()?)
}

/// Uses a code up; false where somebody else was first.
pub(in crate::devices) fn use_claim(
    connection: &mut AnyConnection,
    id: i64,
    now: Instant,
    address: &str,
) -> Result<bool> {
    let open = device_claims::table
        .filter(device_claims::id.eq(id))
        .filter(device_claims::used_at.is_null())
        .filter(device_claims::ended_at.is_null());
    let changed = diesel::update(open)
        .set((device_claims::used_at.eq(now), device_claims::used_from.eq(address)))
        .execute(connection)?;
    Ok(changed == 1)
}

/// Ends the open code of a device, if it has one.
pub(in crate::devices) fn end_claims(
    connection: &mut AnyConnection,
    device_id: i64,
    now: Instant,
    actor: &str,
) -> Result<()> {
    let open = device_claims::table
        .filter(device_claims::device_id.eq(device_id))
        .filter(device_claims::used_at.is_null())
        .filter(device_claims::ended_at.is_null());
    diesel::update(open)
        .set((device_claims::ended_at.eq(now), device_claims::ended_by.eq(actor)))
        .execute(connection)?;
    Ok(())
}

/// One more refused try with the right code; gives how many there were.
pub(in crate::devices) fn refuse_claim(connection: &mut AnyConnection, id: i64) -> Result<i32> {
    diesel::update(device_claims::table.filter(device_claims::id.eq(id)))
        .set(device_claims::refused_tries.eq(device_claims::refused_tries + 1))
        .execute(connection)?;
    Ok(device_claims::table
        .filter(device_claims::id.eq(id))
        .select(device_claims::refused_tries)
        .first(connection)?)
}

/// Refused tries of the last hour: from an address, and from everywhere.
pub(in crate::devices) fn count_tries(
    connection: &mut AnyConnection,
    address: &str,
    now: Instant,
) -> Result<(i64, i64)> {
    let late = || device_claim_tries::table.filter(device_claim_tries::at.gt(now - TRIES_COUNT_FOR));
    let from = late().filter(device_claim_tries::address.eq(address)).count().get_result(connection)?;
    Ok((from, late().count().get_result(connection)?))
}

pub(in crate::devices) fn insert_try(
    connection: &mut AnyConnection,
    address: &str,
    now: Instant,
) -> Result<()> {
    diesel::delete(device_claim_tries::table.filter(device_claim_tries::at.le(now - TRIES_KEPT_FOR)))
        .execute(connection)?;
    diesel::insert_into(device_claim_tries::table)
        .values((device_claim_tries::address.eq(address), device_claim_tries::at.eq(now)))
        .execute(connection)?;
    Ok(())
}

/// What a device says of itself when it is claimed; an empty text says nothing.
pub(in crate::devices) fn put_told(
    connection: &mut AnyConnection,
    id: i64,
    (serial_number, firmware): (&str, &str),
) -> Result<()> {
    let row = || devices::table.filter(devices::id.eq(id));
    if !serial_number.is_empty() {
        diesel::update(row()).set(devices::serial_number.eq(serial_number)).execute(connection)?;
    }
    if !firmware.is_empty() {
        diesel::update(row()).set(devices::firmware.eq(firmware)).execute(connection)?;
    }
    Ok(())
}
