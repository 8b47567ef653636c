use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::access::{Permission, Reach, Scope};
use crate::db::schema::{caregivers, elders, service_items};
use crate::db::{AnyConnection, Backend};
use crate::error::Result;
use crate::visits::model::{Shift, Skill};

/// Caregivers considered for one visit.
const CANDIDATES_MAX: i64 = 1_000;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = service_items)]
pub struct Item {
    pub code: String,
    pub name_zh: String,
    pub name_en: String,
    pub duration_min: i32,
    pub skill: Skill,
}

/// What matters of a caregiver for an assignment.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = caregivers)]
pub struct CaregiverRow {
    pub id: i64,
    pub provider_id: i64,
    pub town_code: String,
    pub name: String,
    pub skills: String,
    pub shift_days: String,
    pub shift_starts_min: i32,
    pub shift_ends_min: i32,
    pub longitude: f64,
    pub latitude: f64,
    pub active: bool,
}

impl CaregiverRow {
    pub fn has_skill(&self, skill: Skill) -> bool {
        self.skills.split(',').any(|known| known.trim() == skill.name())
    }

    pub fn shift(&self) -> Shift {
        Shift::new(&self.shift_days, self.shift_starts_min, self.shift_ends_min)
    }
}

/// The catalogue of services.
pub fn items(connection: &mut AnyConnection) -> Result<Vec<Item>> {
    Ok(service_items::table.order(service_items::code).select(Item::as_select()).load(connection)?)
}

pub fn get_item(connection: &mut AnyConnection, code: &str) -> Result<Item> {
    let item = service_items::table.filter(service_items::code.eq(code)).select(Item::as_select());
    Ok(item.first(connection)?)
}

type Condition = Box<dyn BoxableExpression<caregivers::table, Backend, SqlType = Bool>>;

fn within(reach: &Reach) -> Condition {
    if reach.city {
        return Box::new(crate::db::always());
    }
    Box::new(
        caregivers::town_code
            .eq_any(reach.towns.clone())
            .or(caregivers::provider_id.eq_any(reach.providers.clone())),
    )
}

/// A caregiver whom the asker may assign.
pub fn get_caregiver(connection: &mut AnyConnection, scope: &Scope, id: i64) -> Result<CaregiverRow> {
    let reach = scope.reach(Permission::AssignVisits)?;
    let found = caregivers::table.filter(caregivers::id.eq(id)).filter(within(&reach));
    Ok(found.select(CaregiverRow::as_select()).first(connection)?)
}

/// Active caregivers whom the asker may assign, of one town or of a provider within reach.
pub fn caregivers_for(
    connection: &mut AnyConnection,
    scope: &Scope,
    town_code: &str,
) -> Result<Vec<CaregiverRow>> {
    let reach = scope.reach(Permission::AssignVisits)?;
    let near =
        caregivers::town_code.eq(town_code).or(caregivers::provider_id.eq_any(reach.providers.clone()));
    Ok(caregivers::table
        .filter(within(&reach))
        .filter(near)
        .filter(caregivers::active.eq(true))
        .order(caregivers::id)
        .limit(CANDIDATES_MAX)
        .select(CaregiverRow::as_select())
        .load(connection)?)
}

/// Number and name of the caregivers whose visits the asker may see, for choosing one.
pub fn caregivers_in_reach(connection: &mut AnyConnection, scope: &Scope) -> Result<Vec<(i64, String)>> {
    let reach = scope.reach(Permission::SeeVisits)?;
    let found = caregivers::table.filter(within(&reach)).filter(caregivers::active.eq(true));
    let names = found.order((caregivers::town_code, caregivers::name, caregivers::id)).limit(CANDIDATES_MAX);
    Ok(names.select((caregivers::id, caregivers::name)).load(connection)?)
}

/// Number and name of the active caregivers of a town within reach, and of others who have visits there.
pub fn caregivers_in_town(
    connection: &mut AnyConnection,
    scope: &Scope,
    town_code: &str,
    others: &[i64],
) -> Result<Vec<(i64, String)>> {
    let reach = scope.reach(Permission::SeeVisits)?;
    let own = caregivers::town_code.eq(town_code).and(caregivers::active.eq(true)).and(within(&reach));
    let found = caregivers::table.filter(own.or(caregivers::id.eq_any(others.to_vec())));
    let names = found.order((caregivers::name, caregivers::id)).limit(CANDIDATES_MAX);
    Ok(names.select((caregivers::id, caregivers::name)).load(connection)?)
}

/// Names of elders that records within reach refer to.
pub fn elder_names(connection: &mut AnyConnection, ids: &[i64]) -> Result<HashMap<i64, String>> {
    let named = elders::table.filter(elders::id.eq_any(ids.to_vec()));
    let pairs: Vec<(i64, String)> = named.select((elders::id, elders::name)).load(connection)?;
    Ok(pairs.into_iter().collect())
}

/// Names of caregivers that records within reach refer to.
pub fn caregiver_names(connection: &mut AnyConnection, ids: &[i64]) -> Result<Vec<(i64, String)>> {
    let named = caregivers::table.filter(caregivers::id.eq_any(ids.to_vec()));
    Ok(named.select((caregivers::id, caregivers::name)).load(connection)?)
}
