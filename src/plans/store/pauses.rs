use chrono::NaiveDate;
use diesel::prelude::*;

use super::get_plan;
use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::plan_pauses;
use crate::error::Result;
use crate::plans::model::{PauseInput, PauseReason, Span};

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = plan_pauses)]
pub struct PauseRow {
    pub id: i64,
    pub plan_id: i64,
    pub reason: PauseReason,
    pub starts_on: NaiveDate,
    pub ends_on: Option<NaiveDate>,
    pub note: String,
    pub version: i64,
}

impl PauseRow {
    pub fn span(&self) -> Span {
        Span { from: self.starts_on, to: self.ends_on }
    }

    pub fn input(&self) -> PauseInput {
        PauseInput {
            reason: self.reason,
            starts_on: self.starts_on,
            ends_on: self.ends_on,
            note: self.note.clone(),
        }
    }
}

pub fn pauses_of(connection: &mut AnyConnection, plan_id: i64) -> Result<Vec<PauseRow>> {
    Ok(plan_pauses::table
        .filter(plan_pauses::plan_id.eq(plan_id))
        .order((plan_pauses::starts_on.desc(), plan_pauses::id.desc()))
        .select(PauseRow::as_select())
        .load(connection)?)
}

/// A pause whose plan is within reach.
pub fn get_pause(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    id: i64,
    now: Instant,
) -> Result<PauseRow> {
    let pause: PauseRow =
        plan_pauses::table.filter(plan_pauses::id.eq(id)).select(PauseRow::as_select()).first(connection)?;
    get_plan(connection, scope, permission, pause.plan_id, now)?;
    Ok(pause)
}

pub(in crate::plans) fn insert_pause(
    connection: &mut AnyConnection,
    plan_id: i64,
    input: &PauseInput,
) -> Result<i64> {
    Ok(diesel::insert_into(plan_pauses::table)
        .values((
            plan_pauses::plan_id.eq(plan_id),
            plan_pauses::reason.eq(input.reason),
            plan_pauses::starts_on.eq(input.starts_on),
            plan_pauses::ends_on.eq(input.ends_on),
            plan_pauses::note.eq(input.note.trim()),
        ))
        .returning(plan_pauses::id)
        .get_result(connection)?)
}

pub(in crate::plans) fn update_pause(
    connection: &mut AnyConnection,
    (id, seen): (i64, i64),
    input: &PauseInput,
) -> Result<bool> {
    let row = plan_pauses::table.filter(plan_pauses::id.eq(id)).filter(plan_pauses::version.eq(seen));
    let changed = diesel::update(row)
        .set((
            plan_pauses::reason.eq(input.reason),
            plan_pauses::starts_on.eq(input.starts_on),
            plan_pauses::ends_on.eq(input.ends_on),
            plan_pauses::note.eq(input.note.trim()),
            plan_pauses::version.eq(seen + 1),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}

pub(in crate::plans) fn delete_pause(connection: &mut AnyConnection, id: i64, seen: i64) -> Result<bool> {
    let row = plan_pauses::table.filter(plan_pauses::id.eq(id)).filter(plan_pauses::version.eq(seen));
    Ok(diesel::delete(row).execute(connection)? == 1)
}
