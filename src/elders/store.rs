mod eligibility;
mod listing;
mod parts;
mod places;
mod record;
mod wishes;

use std::collections::HashMap;

use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::model::{CoordinateSource, Gender, Language};
use crate::access::{Permission, Reach, Scope};
use crate::clock::Instant;
use crate::db::schema::{caregivers, elders, holds, stays, transfers, visits, waiting_entries};
use crate::db::{AnyConnection, Backend};
use crate::error::Result;

pub use eligibility::{Category, categories, categories_of, categories_within};
pub use listing::{ElderListed, list_elders};
pub(super) use listing::{list_to_reveal, with_places};
pub use parts::{
    LimitRow, caregiver_rows, contact_rows, eligibility_rows, limit_rows, limits_of_elder, place_rows,
};
pub(super) use parts::{
    consent_rows, document_rows, get_scan, put_back_caregiver, put_back_contact, put_back_eligibility,
    put_back_place, seal_number, seal_phone, seal_place, set_scan,
};
pub(super) use places::sealed_places_on;
pub use places::{PlaceOn, place_on};
pub use record::{PersonalColumns, find_alike};
pub(super) use record::{
    delete_elder, insert_elder, person_of, sealed_of, set_sealed, update_elder, version_of,
};
pub use wishes::{Wishes, wishes_of};

/// How long an institution or a provider still reaches an elder after the stay or visit ended, in days.
const REACH_AFTER_DAYS: i64 = 30;

/// Rows per statement where numbers are listed one by one.
const IDS_MAX: usize = 10_000;

#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = elders)]
pub struct ElderRow {
    pub id: i64,
    pub town_code: String,
    pub village_code: String,
    pub name: String,
    pub gender: Gender,
    pub born_on: NaiveDate,
    pub home_visits: bool,
    pub identity_sealed: Option<Vec<u8>>,
    pub phone_sealed: Option<Vec<u8>>,
    pub address_sealed: Option<Vec<u8>>,
    pub longitude: f64,
    pub latitude: f64,
    pub version: i64,
    pub updated_at: Instant,
    pub door_note_sealed: Option<Vec<u8>>,
    pub coordinate_source: CoordinateSource,
    /// Codes joined with commas.
    pub languages: String,
    pub gender_wish: Option<Gender>,
    pub gender_wish_hard: bool,
    pub language_wish: Option<Language>,
    pub language_wish_hard: bool,
}

type Condition = Box<dyn BoxableExpression<elders::table, Backend, SqlType = Bool>>;

/// The part of the table within reach at `now`: by town; by a stay in an institution, a hold of one of its beds or a visit of
/// a provider that goes on or ended in the last thirty days; by waiting for an institution or being asked to be taken in there.
pub(crate) fn within(reach: &Reach, now: Instant) -> Condition {
    if reach.city {
        return Box::new(crate::db::always());
    }
    let since = now - TimeDelta::days(REACH_AFTER_DAYS);
    let residents = stays::table
        .filter(stays::institution_id.eq_any(reach.institutions.clone()))
        .filter(stays::ends_at.is_null().or(stays::ends_at.gt(since)))
        .select(stays::elder_id);
    let held = holds::table
        .filter(holds::institution_id.eq_any(reach.institutions.clone()))
        .filter(holds::ends_at.gt(since))
        .select(holds::elder_id);
    let waiting = waiting_entries::table
        .filter(waiting_entries::state.eq("waiting"))
        .filter(waiting_entries::institution_id.is_not_null())
        .filter(waiting_entries::institution_id.assume_not_null().eq_any(reach.institutions.clone()))
        .select(waiting_entries::elder_id);
    let asked = transfers::table
        .filter(transfers::state.eq("asked"))
        .filter(transfers::to_institution_id.eq_any(reach.institutions.clone()))
        .select(transfers::elder_id);
    let clients = visits::table
        .inner_join(caregivers::table)
        .filter(caregivers::provider_id.eq_any(reach.providers.clone()))
        .filter(visits::window_ends_at.gt(since))
        .select(visits::elder_id);
    Box::new(
        elders::town_code
            .eq_any(reach.towns.clone())
            .or(elders::id.eq_any(residents))
            .or(elders::id.eq_any(held))
            .or(elders::id.eq_any(waiting))
            .or(elders::id.eq_any(asked))
            .or(elders::id.eq_any(clients)),
    )
}

pub fn get_elder(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    id: i64,
    now: Instant,
) -> Result<ElderRow> {
    let reach = scope.reach(permission)?;
    Ok(elders::table
        .filter(elders::id.eq(id))
        .filter(within(&reach, now))
        .select(ElderRow::as_select())
        .first(connection)?)
}

/// The elder for somebody who may change the record; see [`editable`].
pub fn get_elder_to_edit(connection: &mut AnyConnection, scope: &Scope, id: i64) -> Result<ElderRow> {
    let reach = scope.reach(Permission::EditElder)?;
    Ok(elders::table
        .filter(elders::id.eq(id))
        .filter(editable(reach))
        .select(ElderRow::as_select())
        .first(connection)?)
}

/// The part of the table whose records may be changed: of those whose town is within reach, or who live in a house within reach.
/// A visit or an entry in a waiting list gives no such right.
pub(super) fn editable(reach: Reach) -> Condition {
    if reach.city {
        return Box::new(crate::db::always());
    }
    let residents = stays::table
        .filter(stays::institution_id.eq_any(reach.institutions))
        .filter(stays::ends_at.is_null())
        .select(stays::elder_id);
    Box::new(elders::town_code.eq_any(reach.towns).or(elders::id.eq_any(residents)))
}

/// What an admission has to know of a person. For a caller who has reached the elder already.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = elders)]
pub struct PersonRow {
    pub id: i64,
    pub town_code: String,
    pub gender: Gender,
    pub died_at: Option<Instant>,
    pub longitude: f64,
    pub latitude: f64,
}

/// The same of an elder within reach of `permission`.
pub(crate) fn get_person_within(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    id: i64,
    now: Instant,
) -> Result<PersonRow> {
    let reach = scope.reach(permission)?;
    let found = elders::table.filter(elders::id.eq(id)).filter(within(&reach, now));
    Ok(found.select(PersonRow::as_select()).first(connection)?)
}

pub(crate) fn get_person(connection: &mut AnyConnection, id: i64) -> Result<PersonRow> {
    Ok(elders::table.filter(elders::id.eq(id)).select(PersonRow::as_select()).first(connection)?)
}

pub(crate) fn set_died(connection: &mut AnyConnection, id: i64, at: Instant) -> Result<()> {
    diesel::update(elders::table.filter(elders::id.eq(id)))
        .set((elders::died_at.eq(at), elders::version.eq(elders::version + 1)))
        .execute(connection)?;
    Ok(())
}

/// Names of those elders among `ids` that the asker may see; empty for somebody who may see none.
pub fn visible_names(
    connection: &mut AnyConnection,
    scope: &Scope,
    ids: &[i64],
    now: Instant,
) -> Result<HashMap<i64, String>> {
    if !scope.may(Permission::SeeElders) {
        return Ok(HashMap::new());
    }
    let reach = scope.reach(Permission::SeeElders)?;
    let mut names = HashMap::new();
    for part in ids.chunks(IDS_MAX) {
        let found: Vec<(i64, String)> = elders::table
            .filter(elders::id.eq_any(part.to_vec()))
            .filter(within(&reach, now))
            .select((elders::id, elders::name))
            .load(connection)?;
        names.extend(found);
    }
    Ok(names)
}

/// Only for [`super::phone_to_call`].
pub(super) fn sealed_phone(connection: &mut AnyConnection, id: i64) -> Result<Option<Vec<u8>>> {
    Ok(elders::table.filter(elders::id.eq(id)).select(elders::phone_sealed).first(connection)?)
}

/// Number and town of the elder with this blind index, within reach.
pub(super) fn find_by_index(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    index: &[u8],
    now: Instant,
) -> Result<Option<(i64, String)>> {
    let reach = scope.reach(permission)?;
    Ok(elders::table
        .filter(elders::identity_index.eq(index))
        .filter(within(&reach, now))
        .select((elders::id, elders::town_code))
        .first(connection)
        .optional()?)
}

/// The same in the whole city, for whoever has the person and the card in front of them: see [`super::find_by_identity`].
pub(super) fn find_anywhere_by_index(
    connection: &mut AnyConnection,
    index: &[u8],
) -> Result<Option<(i64, String)>> {
    let found =
        elders::table.filter(elders::identity_index.eq(index)).select((elders::id, elders::town_code));
    Ok(found.first(connection).optional()?)
}
