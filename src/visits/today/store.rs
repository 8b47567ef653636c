//! What the visits of a day are about, and who comes as well.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::db::AnyConnection;
use crate::db::schema::{caregivers, plan_items, visit_groups, visits};
use crate::error::Result;
use crate::visits::model::{GroupRelation, VisitState};
use crate::visits::store::VisitListed;

/// Notes of the plan items that visits within reach follow from, by item.
pub(super) fn tasks(connection: &mut AnyConnection, listed: &[VisitListed]) -> Result<HashMap<i64, String>> {
    let items: Vec<i64> = listed.iter().filter_map(|listed| listed.visit.plan_item_id).collect();
    let noted = plan_items::table.filter(plan_items::id.eq_any(items)).filter(plan_items::note.ne(""));
    let pairs: Vec<(i64, String)> = noted.select((plan_items::id, plan_items::note)).load(connection)?;
    Ok(pairs.into_iter().collect())
}

/// The caregivers of the visits that are done together with those within reach, by visit.
pub(super) fn partners(
    connection: &mut AnyConnection,
    listed: &[VisitListed],
) -> Result<HashMap<i64, Vec<String>>> {
    let groups: Vec<i64> = listed.iter().filter_map(|listed| listed.visit.group_id).collect();
    if groups.is_empty() {
        return Ok(HashMap::new());
    }
    let together = visit_groups::table
        .filter(visit_groups::id.eq_any(groups))
        .filter(visit_groups::relation.eq(GroupRelation::Together))
        .select(visit_groups::id.nullable());
    let others: Vec<(Option<i64>, i64, String)> = visits::table
        .inner_join(caregivers::table)
        .filter(visits::group_id.eq_any(together))
        .filter(visits::state.ne_all([VisitState::Unplanned, VisitState::NotDone]))
        .order(visits::id)
        .select((visits::group_id, visits::id, caregivers::name))
        .load(connection)?;
    let mut found: HashMap<i64, Vec<String>> = HashMap::new();
    for own in listed.iter().map(|listed| &listed.visit).filter(|visit| visit.group_id.is_some()) {
        let names = others.iter().filter(|(group, id, _)| *group == own.group_id && *id != own.id);
        found.insert(own.id, names.map(|(_, _, name)| name.clone()).collect());
    }
    Ok(found)
}
