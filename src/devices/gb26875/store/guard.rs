//! Guard checks.

use diesel::prelude::*;

use crate::clock::Instant;
use crate::db::schema::guard_checks;
use crate::db::{AnyConnection, is_unique};
use crate::devices::gb26875::model::GuardOutcome;
use crate::error::{Error, Result};
use crate::text::Text;

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = guard_checks)]
pub struct GuardRow {
    pub id: i64,
    pub device_id: i64,
    /// Login of whoever asked.
    pub asked_by: String,
    pub asked_at: Instant,
    pub minutes: i16,
    pub sent_at: Option<Instant>,
    pub delivered_at: Option<Instant>,
    pub outcome: Option<GuardOutcome>,
    pub ended_at: Option<Instant>,
}

/// A check that is to be sent; refused while another one of the panel is open.
pub fn insert_guard(
    connection: &mut AnyConnection,
    device_id: i64,
    (asked_by, minutes): (&str, i16),
    at: Instant,
) -> Result<i64> {
    diesel::insert_into(guard_checks::table)
        .values((
            guard_checks::device_id.eq(device_id),
            guard_checks::asked_by.eq(asked_by),
            guard_checks::asked_at.eq(at),
            guard_checks::minutes.eq(minutes),
        ))
        .returning(guard_checks::id)
        .get_result(connection)
        .map_err(|failure| {
            if is_unique(&failure) { Error::taken(Text::new("guard.open_already")) } else { failure.into() }
        })
}

/// Every check that has not ended.
pub fn open_guards(connection: &mut AnyConnection) -> Result<Vec<GuardRow>> {
    Ok(guard_checks::table
        .filter(guard_checks::outcome.is_null())
        .order(guard_checks::id)
        .select(GuardRow::as_select())
        .load(connection)?)
}

/// The check of a panel that has not ended.
pub fn open_guard(connection: &mut AnyConnection, device_id: i64) -> Result<Option<GuardRow>> {
    Ok(guard_checks::table
        .filter(guard_checks::device_id.eq(device_id))
        .filter(guard_checks::outcome.is_null())
        .select(GuardRow::as_select())
        .first(connection)
        .optional()?)
}

/// One check of a device.
pub fn get_guard(connection: &mut AnyConnection, device_id: i64, id: i64) -> Result<GuardRow> {
    Ok(guard_checks::table
        .filter(guard_checks::id.eq(id))
        .filter(guard_checks::device_id.eq(device_id))
        .select(GuardRow::as_select())
        .first(connection)?)
}

pub fn guards_of(connection: &mut AnyConnection, device_id: i64, limit: i64) -> Result<Vec<GuardRow>> {
    Ok(guard_checks::table
        .filter(guard_checks::device_id.eq(device_id))
        .order(guard_checks::id.desc())
        .limit(limit)
        .select(GuardRow::as_select())
        .load(connection)?)
}

/// Takes the sending of a check; false where another process has it, or it has ended.
pub fn claim_guard(connection: &mut AnyConnection, id: i64, at: Instant) -> Result<bool> {
    let waiting = guard_checks::table
        .filter(guard_checks::id.eq(id))
        .filter(guard_checks::sent_at.is_null())
        .filter(guard_checks::outcome.is_null());
    Ok(diesel::update(waiting).set(guard_checks::sent_at.eq(at)).execute(connection)? == 1)
}

/// As if nobody had taken it.
pub fn give_back_guard(connection: &mut AnyConnection, id: i64) -> Result<()> {
    let taken = guard_checks::table
        .filter(guard_checks::id.eq(id))
        .filter(guard_checks::delivered_at.is_null())
        .filter(guard_checks::outcome.is_null());
    diesel::update(taken).set(guard_checks::sent_at.eq(None::<Instant>)).execute(connection)?;
    Ok(())
}

/// The panel has the question.
pub fn note_delivered(connection: &mut AnyConnection, id: i64, at: Instant) -> Result<bool> {
    let sent = guard_checks::table
        .filter(guard_checks::id.eq(id))
        .filter(guard_checks::delivered_at.is_null())
        .filter(guard_checks::outcome.is_null());
    Ok(diesel::update(sent).set(guard_checks::delivered_at.eq(at)).execute(connection)? == 1)
}

/// Ends a check; false where it has ended.
pub fn end_guard(
    connection: &mut AnyConnection,
    id: i64,
    outcome: GuardOutcome,
    at: Instant,
) -> Result<bool> {
    let open = guard_checks::table.filter(guard_checks::id.eq(id)).filter(guard_checks::outcome.is_null());
    Ok(diesel::update(open)
        .set((guard_checks::outcome.eq(outcome), guard_checks::ended_at.eq(at)))
        .execute(connection)?
        == 1)
}
