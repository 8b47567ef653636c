//! An elder's month: entitled, planned, done.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate, TimeDelta};

use super::store::rules;
use crate::assessments::{ABILITY_SCALE, levels_on};
use crate::clock::{Calendar, Instant};
use crate::db::AnyConnection;
use crate::elders::store::{Category, categories_within};
use crate::error::Result;
use crate::plans::demand::{DAYS_AHEAD, PLANS_AT_ONCE};
use crate::plans::model::{AbilityLevel, Amount, Balance, PlanState, entitled, last_of_month, level_of};
use crate::plans::store::{ClientRow, known_from, live_plans, sources};
use crate::plans::wanted::{Surroundings, wanted};
use crate::visits::VisitState;
use crate::visits::store::month_totals;

/// The month of `day` for clients whom the caller reaches. A category counts that is held on some day of the month, and the
/// assessment that is in force at its end, or now. Days that are not generated yet count as their plans ask for them.
pub fn balances(
    connection: &mut AnyConnection,
    clients: &[ClientRow],
    day: NaiveDate,
    (calendar, now): (Calendar, Instant),
) -> Result<HashMap<i64, Balance>> {
    let first = day.with_day(1).unwrap_or(day);
    let next = last_of_month(first).succ_opt().unwrap_or(first);
    let ids: Vec<i64> = clients.iter().map(|client| client.id).collect();
    let totals = month_totals(connection, &ids, (first, next))?;
    let generated_to = calendar.day_of(now) + TimeDelta::days(DAYS_AHEAD);
    let to_come = to_come(connection, &ids, (generated_to.max(first), next), calendar)?;
    let rules = rules(connection)?;
    let held = categories_within(connection, &ids, (first, next))?;
    let assessed = levels_on(connection, &ids, ABILITY_SCALE, last_of_month(first))?;
    let balance = |client: &ClientRow| {
        let held: &[Category] = held.get(&client.id).map_or(&[], Vec::as_slice);
        let codes: Vec<&str> = held.iter().map(|one| one.code.as_str()).collect();
        let spoken_of: Vec<AbilityLevel> =
            held.iter().filter_map(|one| AbilityLevel::parse(one.ability.as_deref()?)).collect();
        let level = level_of(assessed.get(&client.id).map(String::as_str), &spoken_of);
        let rows = totals.get(&client.id).map_or(&[][..], Vec::as_slice);
        let sum = |done_only: bool| {
            let counted = rows.iter().filter(|(state, ..)| {
                !done_only || matches!(state, VisitState::Done | VisitState::Confirmed)
            });
            counted.fold(Amount::default(), |sum, (_, visits, minutes)| {
                sum.plus(Amount { visits: *visits, minutes: *minutes })
            })
        };
        let balance = Balance {
            entitled: entitled(&rules, &codes, level, first),
            planned: sum(false).plus(to_come.get(&client.id).copied().unwrap_or_default()),
            done: sum(true),
        };
        (client.id, balance)
    };
    Ok(clients.iter().map(balance).collect())
}

/// Numbers of the clients of whom more is planned than they are entitled to.
pub(in crate::plans) fn over_entitlement(balances: &HashMap<i64, Balance>) -> Vec<i64> {
    let mut over: Vec<i64> =
        balances.iter().filter(|(_, balance)| balance.over() > 0).map(|(id, _)| *id).collect();
    over.sort_unstable();
    over
}

/// What active plans ask for in `[from, to)` that is not generated yet, by elder.
fn to_come(
    connection: &mut AnyConnection,
    elders: &[i64],
    (from, to): (NaiveDate, NaiveDate),
    calendar: Calendar,
) -> Result<HashMap<i64, Amount>> {
    let mut found: HashMap<i64, Amount> = HashMap::new();
    // Further ahead than a year nobody asks.
    if from >= to || to.year() > from.year() + 1 {
        return Ok(found);
    }
    let around = Surroundings::load(connection, calendar)?;
    let known = known_from(connection, from)?;
    let plans = live_plans(connection, elders, PlanState::Active)?;
    for part in plans.chunks(PLANS_AT_ONCE) {
        for source in sources(connection, part)? {
            let sum = found.entry(source.client.id).or_default();
            for (key, content) in wanted(&around, &source, (from, to)).contents {
                if !known.contains(&key) {
                    *sum = sum.plus(Amount { visits: 1, minutes: i64::from(content.duration_min) });
                }
            }
        }
    }
    Ok(found)
}
