//! Demand: the visits that plans ask for, generated for the days to come.
//!
//! The same days can be generated any number of times, by any number of processes: a visit is known by its item, the day of the
//! rule and its part, where two come at once, which the database keeps unique.

use std::collections::{BTreeMap, HashMap};

use chrono::{NaiveDate, TimeDelta};
use serde::Serialize;
use serde_json::json;

use super::model::{Action, Content, Key, Known, PlanState, reconcile};
use super::store::{self, Sources, sources};
use super::wanted::{Surroundings, Wanted, wanted};
use crate::access::Scope;
use crate::access::audit::Entry;
use crate::app::{App, Tx};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::visits::store::{Followed, PlannedRow, followed};
use crate::visits::{
    Group, GroupRelation, VisitState, WithdrawReason, Withdrawal, plan_again, plan_many, put_groups,
    withdraw_many,
};

/// How far ahead visits are generated, in days.
pub const DAYS_AHEAD: i64 = 14;
/// Furthest that somebody can ask for.
pub const DAYS_AHEAD_MAX: i64 = 62;
/// Plans of one transaction: few enough that nobody waits long for it.
pub(super) const PLANS_AT_ONCE: usize = 250;
/// How far a visit can be from the day of its rule, and a little more.
const AROUND_DAYS: i64 = 31;

/// What a generation did, in visits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    pub plans: i64,
    pub planned: i64,
    /// Withdrawn and planned anew, since the plan or the calendar changed.
    pub replaced: i64,
    pub withdrawn: i64,
    /// Given to a caregiver already: a coordinator decides.
    pub to_settle: i64,
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.plans += other.plans;
        self.planned += other.planned;
        self.replaced += other.replaced;
        self.withdrawn += other.withdrawn;
        self.to_settle += other.to_settle;
    }

    pub fn changes(&self) -> i64 {
        self.planned + self.replaced + self.withdrawn
    }
}

/// A visit that a caregiver has been told of and that its plan no longer asks for in this way.
#[derive(Clone, Debug)]
pub struct ToSettle {
    pub visit: Followed,
    /// When the plan wants it now; none where it does not.
    pub wanted: Option<(Instant, Instant)>,
}

/// What is to be done for one plan.
struct Assessed {
    source: Sources,
    known: HashMap<Key, Followed>,
    wanted: Wanted,
    actions: Vec<(Key, Action)>,
}

/// Generates the visits of every active plan for `days` days from today, some plans in each transaction, until `is_stopped`.
/// With `dry_run` nothing is written.
pub fn generate(app: &App, days: i64, dry_run: bool, is_stopped: impl Fn() -> bool) -> Result<Tally> {
    if !dry_run {
        end_over(app)?;
    }
    let plans = app.db.read_now(store::active_plans)?;
    let mut tally = Tally::default();
    for part in plans.chunks(PLANS_AT_ONCE) {
        if is_stopped() {
            break;
        }
        tally.add(if dry_run {
            let (calendar, now) = (app.calendar, app.clock.now());
            app.db.read_now(|connection| {
                let around = Surroundings::load(connection, calendar)?;
                let assessed = assess(connection, &around, part, (now, days))?;
                Ok(assessed.iter().map(count).fold(Tally::default(), |mut sum, one| {
                    sum.add(one);
                    sum
                }))
            })?
        } else {
            app.write_now(&Scope::system(), |tx| generate_plans(tx, part, days))?
        });
    }
    Ok(tally)
}

/// Plans whose last day is over are ended.
fn end_over(app: &App) -> Result<()> {
    app.write_now(&Scope::system(), |tx| {
        let today = tx.calendar.day_of(tx.now);
        for (id, version, last, town) in store::over_plans(tx.connection, today)? {
            if store::set_state(tx.connection, (id, version), PlanState::Ended, Some(last), tx.now)? {
                super::edit::record(tx, "plan.end", ("plan", id, version + 1), &town, json!({}))?;
            }
        }
        Ok(())
    })
}

/// Generates the visits of these plans in the caller's transaction. The caller reaches them.
pub fn generate_plans(tx: &mut Tx<'_>, plans: &[i64], days: i64) -> Result<Tally> {
    let around = Surroundings::load(tx.connection, tx.calendar)?;
    let assessed = assess(tx.connection, &around, plans, (tx.now, days))?;
    let mut tally = Tally::default();
    let mut by_town: BTreeMap<String, Tally> = BTreeMap::new();
    let (mut fresh, mut again, mut gone) = (Vec::new(), Vec::new(), Vec::new());
    for one in &assessed {
        let counted = count(one);
        tally.add(counted);
        by_town.entry(one.source.client.town_code.clone()).or_default().add(counted);
        sort_out(one, &around, (&mut fresh, &mut again, &mut gone));
    }
    withdraw_many(tx, &gone)?;
    plan_again(tx, &again)?;
    plan_many(tx, &mut fresh)?;
    let changed: Vec<&Assessed> = assessed.iter().filter(|one| !one.actions.is_empty()).collect();
    group(tx, &changed)?;
    let until = tx.calendar.day_of(tx.now) + TimeDelta::days(days);
    for (town, done) in by_town.into_iter().filter(|(_, done)| done.changes() > 0) {
        tx.audit(&Entry {
            action: "demand.generate",
            entity: "demand",
            entity_id: until.to_string(),
            town_code: Some(&town),
            detail: json!({
                "plans": done.plans,
                "planned": done.planned,
                "replaced": done.replaced,
                "withdrawn": done.withdrawn,
            }),
        })?;
    }
    Ok(tally)
}

/// What a coordinator has to decide about a plan that the caller reaches.
pub(super) fn to_settle(
    connection: &mut AnyConnection,
    around: &Surroundings,
    plan: i64,
    now: Instant,
) -> Result<Vec<ToSettle>> {
    let assessed = assess(connection, around, &[plan], (now, DAYS_AHEAD))?;
    let mut found = Vec::new();
    for mut one in assessed {
        for (key, _) in one.actions.iter().filter(|(_, action)| *action == Action::Settle) {
            let wanted = one.wanted.contents.get(key).map(|content| content.window);
            found.extend(one.known.remove(key).map(|visit| ToSettle { visit, wanted }));
        }
    }
    found.sort_by_key(|one| one.visit.window_starts_at);
    Ok(found)
}

fn assess(
    connection: &mut AnyConnection,
    around: &Surroundings,
    plans: &[i64],
    (now, days): (Instant, i64),
) -> Result<Vec<Assessed>> {
    let today = around.calendar.day_of(now);
    let until = today + TimeDelta::days(days);
    let sources = sources(connection, plans)?;
    let items: Vec<i64> = sources.iter().flat_map(|source| source.items.iter().map(|item| item.id)).collect();
    let mut by_item: HashMap<i64, Vec<Followed>> = HashMap::new();
    for visit in followed(connection, &items, today - TimeDelta::days(AROUND_DAYS))? {
        by_item.entry(visit.plan_item_id).or_default().push(visit);
    }
    let assessed = sources.into_iter().map(|source| {
        let visits = source.items.iter().filter_map(|item| by_item.remove(&item.id)).flatten();
        let known: HashMap<Key, Followed> = visits.map(|visit| (key_of(&visit), visit)).collect();
        // What was generated further ahead is looked at as well.
        let last = known.values().map(|visit| visit.service_on).max().unwrap_or(today);
        let end = until.max(last.succ_opt().unwrap_or(last));
        let wanted = match source.plan.state {
            PlanState::Active => wanted(around, &source, (today, end)),
            PlanState::Draft | PlanState::Ended => wanted_of_ended(around, &source, (today, end)),
        };
        let is: BTreeMap<Key, Known> = known.iter().map(|(key, visit)| (*key, known_of(visit))).collect();
        let actions = reconcile(&wanted.contents, &is, now, until);
        Assessed { source, known, wanted, actions }
    });
    Ok(assessed.collect())
}

/// An ended plan keeps what lies before its end; a draft asks for nothing.
fn wanted_of_ended(around: &Surroundings, source: &Sources, days: (NaiveDate, NaiveDate)) -> Wanted {
    match source.plan.state {
        PlanState::Ended => wanted(around, source, days),
        PlanState::Draft | PlanState::Active => Wanted::default(),
    }
}

fn key_of(visit: &Followed) -> Key {
    (visit.plan_item_id, visit.occurrence_on, visit.occurrence_part)
}

fn known_of(visit: &Followed) -> Known {
    Known {
        content: Content {
            item_version: visit.plan_item_version,
            service_code: visit.service_code.clone(),
            service_on: visit.service_on,
            window: (visit.window_starts_at, visit.window_ends_at),
            duration_min: visit.duration_min,
        },
        state: visit.state,
        starts_at: visit.starts_at,
    }
}

fn count(one: &Assessed) -> Tally {
    let of =
        |wanted: &[Action]| one.actions.iter().filter(|(_, action)| wanted.contains(action)).count() as i64;
    Tally {
        plans: 1,
        planned: of(&[Action::Add, Action::AddAgain]),
        replaced: of(&[Action::Replace]),
        withdrawn: of(&[Action::Withdraw]),
        to_settle: of(&[Action::Settle]),
    }
}

type Work<'a> = (&'a mut Vec<PlannedRow>, &'a mut Vec<(i64, i64, PlannedRow)>, &'a mut Vec<Withdrawal>);

/// Turns the actions into rows to add, to plan again and to withdraw.
fn sort_out(one: &Assessed, around: &Surroundings, (fresh, again, gone): Work<'_>) {
    for (key, action) in &one.actions {
        let row = one.wanted.contents.get(key).map(|content| around.row(&one.source.client, *key, content));
        let known = one.known.get(key);
        match (action, row, known) {
            (Action::Add, Some(row), _) => fresh.push(row),
            (Action::AddAgain, Some(row), Some(visit)) => again.push((visit.id, visit.version, row)),
            (Action::Replace, Some(row), Some(visit)) => {
                gone.push(withdrawal(visit, WithdrawReason::Plan));
                again.push((visit.id, visit.version + 1, row));
            }
            (Action::Withdraw, _, Some(visit)) => {
                let reason = one.wanted.left_out.get(key).copied().unwrap_or(WithdrawReason::Plan);
                gone.push(withdrawal(visit, reason));
            }
            _ => {}
        }
    }
}

fn withdrawal(visit: &Followed, reason: WithdrawReason) -> Withdrawal {
    Withdrawal { id: visit.id, version: visit.version, town_code: visit.town_code.clone(), reason }
}

/// Puts the visits that belong together into groups, where they are not in one yet.
fn group(tx: &mut Tx<'_>, changed: &[&Assessed]) -> Result<()> {
    let pairs = |one: &&&Assessed| {
        one.source.items.iter().any(|item| item.caregivers == 2 || item.after_item_id.is_some())
    };
    let with_pairs: Vec<&&Assessed> = changed.iter().filter(pairs).collect();
    let items: Vec<i64> =
        with_pairs.iter().flat_map(|one| one.source.items.iter().map(|item| item.id)).collect();
    if items.is_empty() {
        return Ok(());
    }
    let today = tx.calendar.day_of(tx.now);
    let visits = followed(tx.connection, &items, today - TimeDelta::days(AROUND_DAYS))?;
    let open: HashMap<Key, &Followed> = visits
        .iter()
        .filter(|visit| {
            matches!(visit.state, VisitState::Planned | VisitState::Offered | VisitState::Assigned)
        })
        .map(|visit| (key_of(visit), visit))
        .collect();
    let mut groups = Vec::new();
    for one in with_pairs {
        for item in &one.source.items {
            groups.extend(together(item, &open));
            groups.extend(one_after_another(item, &open));
        }
    }
    put_groups(tx, &groups)
}

fn together(item: &store::ItemRow, open: &HashMap<Key, &Followed>) -> Vec<Group> {
    let firsts = open.iter().filter(|(key, _)| item.caregivers == 2 && key.0 == item.id && key.2 == 1);
    let pairs = firsts.filter_map(|(key, first)| Some((*first, *open.get(&(key.0, key.1, 2))?)));
    let mut groups: Vec<Group> = pairs
        .filter(|(first, second)| first.group_id.is_none() || first.group_id != second.group_id)
        .map(|(first, second)| Group {
            relation: GroupRelation::Together,
            lag_min_min: 0,
            lag_max_min: 0,
            caregiver_rule: crate::visits::CaregiverRule::Different,
            visits: [first.id, second.id],
        })
        .collect();
    groups.sort_by_key(|group| group.visits);
    groups
}

fn one_after_another(item: &store::ItemRow, open: &HashMap<Key, &Followed>) -> Vec<Group> {
    let Some(before) = item.after_item_id else { return Vec::new() };
    let of = |id: i64| open.values().filter(move |visit| visit.plan_item_id == id);
    let mut groups = Vec::new();
    for second in of(item.id) {
        let first = of(before).find(|first| first.service_on == second.service_on);
        if let Some(first) =
            first.filter(|first| first.group_id.is_none() || first.group_id != second.group_id)
        {
            groups.push(Group {
                relation: GroupRelation::After,
                lag_min_min: item.lag_min_min.unwrap_or(0),
                lag_max_min: item.lag_max_min.unwrap_or(0),
                caregiver_rule: item.caregiver_rule,
                visits: [first.id, second.id],
            });
        }
    }
    groups.sort_by_key(|group| group.visits);
    groups
}
