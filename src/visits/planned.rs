//! Visits that follow from care plans: planned, withdrawn and planned again by the hundred. Who asks for them writes the audit row.

use std::collections::BTreeMap;

use serde_json::json;

use super::model::{CaregiverRule, GroupRelation, WithdrawReason};
use super::store::{self, PlannedRow};
use crate::app::Tx;
use crate::bus::{Event, Topic};
use crate::db::store::continue_numbers;
use crate::error::Result;

/// Two visits that belong together, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub relation: GroupRelation,
    pub lag_min_min: i32,
    pub lag_max_min: i32,
    pub caregiver_rule: CaregiverRule,
    pub visits: [i64; 2],
}

/// Plans visits; gives each its number.
pub fn plan_many(tx: &mut Tx<'_>, rows: &mut [PlannedRow]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let actor = tx.scope.actor.clone();
    store::insert_planned(tx.connection, rows, (tx.now, &actor))?;
    continue_numbers(tx.connection, &["visits"])?;
    tell(tx, rows.iter().map(|row| row.town_code.as_str()))
}

/// A visit that is only planned and is to be withdrawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    pub id: i64,
    pub version: i64,
    pub town_code: String,
    pub reason: WithdrawReason,
}

/// Withdraws visits; the reason stands in their events.
pub fn withdraw_many(tx: &mut Tx<'_>, visits: &[Withdrawal]) -> Result<()> {
    if visits.is_empty() {
        return Ok(());
    }
    let actor = tx.scope.actor.clone();
    let steps: Vec<(i64, i64, &str)> =
        visits.iter().map(|visit| (visit.id, visit.version, visit.reason.name())).collect();
    store::withdraw(tx.connection, &steps, (tx.now, &actor))?;
    tell(tx, visits.iter().map(|visit| visit.town_code.as_str()))
}

/// Plans withdrawn visits again, each with what it is now to be, after the named version.
pub fn plan_again(tx: &mut Tx<'_>, visits: &[(i64, i64, PlannedRow)]) -> Result<()> {
    if visits.is_empty() {
        return Ok(());
    }
    for (id, _, row) in visits {
        store::rewrite(tx.connection, *id, row)?;
    }
    let actor = tx.scope.actor.clone();
    let steps: Vec<(i64, i64, &str)> = visits.iter().map(|(id, version, _)| (*id, *version, "")).collect();
    store::write_planned(tx.connection, &steps, (tx.now, &actor))?;
    tell(tx, visits.iter().map(|(_, _, row)| row.town_code.as_str()))
}

/// Puts pairs of visits into groups of their own.
pub fn put_groups(tx: &mut Tx<'_>, groups: &[Group]) -> Result<()> {
    if groups.is_empty() {
        return Ok(());
    }
    store::put_groups(tx.connection, groups)?;
    continue_numbers(tx.connection, &["visit_groups"])
}

/// One event for each town: a page fetches what it shows, however many visits changed.
fn tell<'a>(tx: &mut Tx<'_>, towns: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    for town in towns {
        *counts.entry(town).or_default() += 1;
    }
    for (town, count) in counts {
        tx.publish(&Event::new(Topic::Visit, town, town, json!({ "planned": count })))?;
    }
    Ok(())
}
