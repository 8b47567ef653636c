//! Stays: who lived where from when.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::{BedRow, HISTORY_MAX, institution_names};
use crate::access::{Permission, Reach, Scope};
use crate::beds::model::{CareLevel, Destination, Ending, Risk};
use crate::clock::Instant;
use crate::db::schema::{beds, rooms, stay_risks, stays};
use crate::db::{AnyConnection, Backend, in_use};
use crate::elders::store::visible_names;
use crate::error::Result;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = stays)]
pub struct StayRow {
    pub id: i64,
    pub bed_id: i64,
    pub elder_id: i64,
    pub institution_id: i64,
    pub town_code: String,
    pub starts_at: Instant,
    pub ends_at: Option<Instant>,
    pub version: i64,
    pub planned_ends_at: Option<Instant>,
    pub ending: Option<Ending>,
    pub destination: Option<Destination>,
    pub care_level: Option<CareLevel>,
    pub contract_starts_on: Option<NaiveDate>,
    pub contract_ends_on: Option<NaiveDate>,
    pub contact_sealed: Option<Vec<u8>>,
}

/// A stay with the names that the asker may see.
#[derive(Clone, Debug)]
pub struct StayListed {
    pub stay: StayRow,
    pub elder: Option<String>,
    pub institution: String,
    /// Room and bed label.
    pub place: String,
}

pub fn get_stay(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    id: i64,
) -> Result<StayRow> {
    let reach = scope.reach(permission)?;
    let within = within_stays(&reach);
    Ok(stays::table.filter(stays::id.eq(id)).filter(within).select(StayRow::as_select()).first(connection)?)
}

pub(super) fn within_stays(
    reach: &Reach,
) -> Box<dyn BoxableExpression<stays::table, Backend, SqlType = Bool>> {
    if reach.city {
        return Box::new(crate::db::always());
    }
    Box::new(
        stays::town_code
            .eq_any(reach.towns.clone())
            .or(stays::institution_id.eq_any(reach.institutions.clone())),
    )
}

/// Stays of a bed within reach, newest first.
pub fn stays_of_bed(
    connection: &mut AnyConnection,
    scope: &Scope,
    bed_id: i64,
    now: Instant,
) -> Result<Vec<StayListed>> {
    let reach = scope.reach(Permission::SeeBeds)?;
    let rows = stays::table
        .filter(stays::bed_id.eq(bed_id))
        .filter(within_stays(&reach))
        .order(stays::starts_at.desc())
        .limit(HISTORY_MAX)
        .select(StayRow::as_select())
        .load(connection)?;
    with_names(connection, scope, rows, now)
}

/// Stays of an elder within the asker's reach over beds, newest first; none for somebody who may see no beds.
pub fn stays_of_elder(
    connection: &mut AnyConnection,
    scope: &Scope,
    elder_id: i64,
    now: Instant,
) -> Result<Vec<StayListed>> {
    if !scope.may(Permission::SeeBeds) {
        return Ok(Vec::new());
    }
    let reach = scope.reach(Permission::SeeBeds)?;
    let rows = stays::table
        .filter(stays::elder_id.eq(elder_id))
        .filter(within_stays(&reach))
        .order(stays::starts_at.desc())
        .limit(HISTORY_MAX)
        .select(StayRow::as_select())
        .load(connection)?;
    with_names(connection, scope, rows, now)
}

pub fn with_names(
    connection: &mut AnyConnection,
    scope: &Scope,
    rows: Vec<StayRow>,
    now: Instant,
) -> Result<Vec<StayListed>> {
    let elder_ids: Vec<i64> = rows.iter().map(|stay| stay.elder_id).collect();
    let names = visible_names(connection, scope, &elder_ids, now)?;
    let institutions = institution_names(connection)?;
    let bed_ids: Vec<i64> = rows.iter().map(|stay| stay.bed_id).collect();
    let places: Vec<(i64, String, String)> = beds::table
        .inner_join(rooms::table)
        .filter(beds::id.eq_any(bed_ids))
        .select((beds::id, rooms::number, beds::label))
        .load(connection)?;
    let listed = rows.into_iter().map(|stay| StayListed {
        elder: names.get(&stay.elder_id).cloned(),
        institution: institutions.get(&stay.institution_id).cloned().unwrap_or_default(),
        place: places
            .iter()
            .find(|(id, _, _)| *id == stay.bed_id)
            .map(|(_, room, label)| format!("{room}-{label}"))
            .unwrap_or_default(),
        stay,
    });
    Ok(listed.collect())
}

/// A stay by its number, wherever it is: for what the caller has reached already.
pub(in crate::beds) fn find_stay(connection: &mut AnyConnection, id: i64) -> Result<StayRow> {
    Ok(stays::table.filter(stays::id.eq(id)).select(StayRow::as_select()).first(connection)?)
}

/// The stay of this elder that overlaps `[from, to)`, apart from the one named.
pub(in crate::beds) fn stay_of_elder_in(
    connection: &mut AnyConnection,
    elder_id: i64,
    from: Instant,
    to: Option<Instant>,
    except: Option<i64>,
) -> Result<Option<StayRow>> {
    let mut query = stays::table
        .filter(stays::elder_id.eq(elder_id))
        .filter(stays::id.ne(except.unwrap_or_default()))
        .filter(stays::ends_at.is_null().or(stays::ends_at.gt(from)))
        .into_boxed();
    if let Some(to) = to {
        query = query.filter(stays::starts_at.lt(to));
    }
    Ok(query.order(stays::starts_at).select(StayRow::as_select()).first(connection).optional()?)
}

/// What a new stay holds beside bed and elder.
#[derive(Clone, Debug, Default)]
pub(in crate::beds) struct NewStay {
    pub ends_at: Option<Instant>,
    pub planned_ends_at: Option<Instant>,
    pub care_level: Option<CareLevel>,
    pub contract_starts_on: Option<NaiveDate>,
    pub contract_ends_on: Option<NaiveDate>,
}

/// Writes a stay; the database refuses it where bed or elder are taken.
pub(in crate::beds) fn insert_stay(
    connection: &mut AnyConnection,
    bed: &BedRow,
    elder_id: i64,
    from: Instant,
    new: &NewStay,
) -> Result<i64> {
    Ok(diesel::insert_into(stays::table)
        .values((
            stays::bed_id.eq(bed.id),
            stays::elder_id.eq(elder_id),
            stays::institution_id.eq(bed.institution_id),
            stays::town_code.eq(&bed.town_code),
            stays::starts_at.eq(from),
            stays::ends_at.eq(new.ends_at),
            stays::planned_ends_at.eq(new.planned_ends_at),
            stays::care_level.eq(new.care_level),
            stays::contract_starts_on.eq(new.contract_starts_on),
            stays::contract_ends_on.eq(new.contract_ends_on),
        ))
        .returning(stays::id)
        .get_result(connection)?)
}

/// Keeps the sealed contact of a stay that was just written.
pub(in crate::beds) fn set_contact(connection: &mut AnyConnection, id: i64, sealed: &[u8]) -> Result<()> {
    diesel::update(stays::table.filter(stays::id.eq(id)))
        .set(stays::contact_sealed.eq(sealed))
        .execute(connection)?;
    Ok(())
}

/// Puts a sealed contact back, or none.
pub(in crate::beds) fn put_contact(
    connection: &mut AnyConnection,
    id: i64,
    sealed: Option<&[u8]>,
) -> Result<()> {
    diesel::update(stays::table.filter(stays::id.eq(id)))
        .set(stays::contact_sealed.eq(sealed))
        .execute(connection)?;
    Ok(())
}

/// Deletes version `seen` of a stay; false where that is no longer what is stored. Refused once a leave, a transfer or an
/// assessment belongs to it.
pub(in crate::beds) fn delete_stay(connection: &mut AnyConnection, id: i64, seen: i64) -> Result<bool> {
    let current = stays::table.filter(stays::id.eq(id)).filter(stays::version.eq(seen));
    Ok(diesel::delete(current).execute(connection).map_err(in_use)? == 1)
}

/// Ends version `seen` of a stay; false where that is no longer what is stored.
pub(in crate::beds) fn end_stay(
    connection: &mut AnyConnection,
    id: i64,
    seen: i64,
    to: Instant,
    ending: Ending,
    destination: Option<Destination>,
) -> Result<bool> {
    let current = stays::table.filter(stays::id.eq(id)).filter(stays::version.eq(seen));
    let changed = diesel::update(current)
        .set((
            stays::ends_at.eq(to),
            stays::ending.eq(ending),
            stays::destination.eq(destination),
            stays::version.eq(seen + 1),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}

/// Sets what is ordered of version `seen` of a stay that goes on.
pub(in crate::beds) fn plan_end(
    connection: &mut AnyConnection,
    id: i64,
    seen: i64,
    planned: Option<Instant>,
    destination: Option<Destination>,
) -> Result<bool> {
    let current = stays::table.filter(stays::id.eq(id)).filter(stays::version.eq(seen));
    let changed = diesel::update(current)
        .set((
            stays::planned_ends_at.eq(planned),
            stays::destination.eq(destination),
            stays::version.eq(seen + 1),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}

/// Moves start and end of version `seen` of a stay.
pub(in crate::beds) fn correct_period(
    connection: &mut AnyConnection,
    id: i64,
    seen: i64,
    from: Instant,
    to: Option<Instant>,
) -> Result<bool> {
    let current = stays::table.filter(stays::id.eq(id)).filter(stays::version.eq(seen));
    let changed = diesel::update(current)
        .set((stays::starts_at.eq(from), stays::ends_at.eq(to), stays::version.eq(seen + 1)))
        .execute(connection)?;
    Ok(changed == 1)
}

/// Sets what was agreed in version `seen` of a stay.
pub(in crate::beds) fn set_agreed(
    connection: &mut AnyConnection,
    id: i64,
    seen: i64,
    new: &NewStay,
) -> Result<bool> {
    let current = stays::table.filter(stays::id.eq(id)).filter(stays::version.eq(seen));
    let changed = diesel::update(current)
        .set((
            stays::care_level.eq(new.care_level),
            stays::contract_starts_on.eq(new.contract_starts_on),
            stays::contract_ends_on.eq(new.contract_ends_on),
            stays::version.eq(seen + 1),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}

/// Writes answers to risks; a later answer takes the place of an earlier one.
pub(in crate::beds) fn answer_risks(
    connection: &mut AnyConnection,
    stay_id: i64,
    answers: &[(Risk, bool)],
    actor: &str,
    now: Instant,
) -> Result<()> {
    for (risk, present) in answers {
        diesel::delete(
            stay_risks::table.filter(stay_risks::stay_id.eq(stay_id)).filter(stay_risks::risk.eq(*risk)),
        )
        .execute(connection)?;
        diesel::insert_into(stay_risks::table)
            .values((
                stay_risks::stay_id.eq(stay_id),
                stay_risks::risk.eq(*risk),
                stay_risks::present.eq(*present),
                stay_risks::answered_at.eq(now),
                stay_risks::actor.eq(actor),
            ))
            .execute(connection)?;
    }
    Ok(())
}

/// The risks of a stay that were answered.
pub fn risks_of(connection: &mut AnyConnection, stay_id: i64) -> Result<Vec<(Risk, bool)>> {
    Ok(stay_risks::table
        .filter(stay_risks::stay_id.eq(stay_id))
        .order(stay_risks::risk)
        .select((stay_risks::risk, stay_risks::present))
        .load(connection)?)
}

/// How many risks of each of these stays were answered; a stay without an answer is absent.
pub fn answered_risks(
    connection: &mut AnyConnection,
    stay_ids: &[i64],
) -> Result<std::collections::HashMap<i64, i64>> {
    let mut found = std::collections::HashMap::new();
    for part in stay_ids.chunks(super::IDS_MAX) {
        let rows: Vec<(i64, i64)> = stay_risks::table
            .filter(stay_risks::stay_id.eq_any(part.to_vec()))
            .group_by(stay_risks::stay_id)
            .select((stay_risks::stay_id, diesel::dsl::count_star()))
            .load(connection)?;
        found.extend(rows);
    }
    Ok(found)
}
