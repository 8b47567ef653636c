//! Assessments of those who are visited at home: most in force, some growing old, some ordered, doubted or to be reviewed.

mod people;

use std::collections::HashSet;

use chrono::{NaiveDate, TimeDelta};
use serde_json::json;

use self::people::{Able, hardship, screening};
use super::city::City;
use super::dice::Dice;
use super::store::{self, AssessmentEventRow, AssessmentRow};
use crate::assessments::{AssessmentEvent, AssessmentState, Package, Practice, Reason, Values, score};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::error::{Error, Result};

const ABILITY: &str = "gbt42195";
const HARDSHIP: &str = "hardship";
const SCREENING: &str = "ltci_gate";
const ASSESSOR: &str = "coordinator";
const REVIEWER: &str = "city";
/// Percent of the clients who have never been assessed, and who were assessed twice.
const NEVER: i64 = 3;
const TWICE: i64 = 8;
/// Where the last assessment of those who have one stands, in percent; the others are in force.
const ORDERED: i64 = 4;
const DONE: i64 = 3;
const REVIEWED: i64 = 1;
const DISPUTED: i64 = 1;
/// Days ago that a result in force was found at most: some are due for renewal.
const AGE_DAYS_MAX: i64 = 380;
/// Rows held at once.
const ROWS_MAX: usize = 400;

/// What is inserted, and the next number.
struct Heap {
    next_id: i64,
    rows: Vec<AssessmentRow>,
    events: Vec<AssessmentEventRow>,
    /// Those that follow an earlier one.
    later: HashSet<i64>,
}

/// One assessment to be laid down.
#[derive(Clone, Copy)]
struct Plan<'a> {
    elder_id: i64,
    town_code: &'a str,
    package: &'a Package,
    reason: Reason,
    follows_id: Option<i64>,
    assessed_on: NaiveDate,
    answers: &'a Values,
    facts: &'a Values,
    state: AssessmentState,
    /// When a newer one took the place of this one.
    replaced_on: Option<NaiveDate>,
}

/// Everything follows from the seed and the clients that are there; gives how many assessments were made.
pub(super) fn make(connection: &mut AnyConnection, city: &City<'_>, practice: &Practice) -> Result<i64> {
    let mut dice = Dice::new(city.options.seed, "assessments");
    let mut heap = Heap { next_id: 1, rows: Vec::new(), events: Vec::new(), later: HashSet::new() };
    let scale = |code: &str| {
        let found = practice.scales.current(code, city.today());
        found.ok_or_else(|| Error::internal(format!("there is no scale {code}")))
    };
    let (ability, indicators, gate) = (scale(ABILITY)?, scale(HARDSHIP)?, scale(SCREENING)?);
    for (elder_id, town_code, categories) in store::clients_with_categories(connection, city.today())? {
        let able = Able::draw(&mut dice, &categories);
        let (answers, facts) = (able.answers(&mut dice, ability), able.facts(&mut dice));
        let ability = Plan {
            elder_id,
            town_code: &town_code,
            package: ability,
            reason: Reason::First,
            follows_id: None,
            assessed_on: city.today(),
            answers: &answers,
            facts: &facts,
            state: AssessmentState::InForce,
            replaced_on: None,
        };
        if !dice.hits(NEVER) {
            lay_ability(city, practice, &mut dice, &mut heap, ability)?;
        }
        let none = Values::new();
        if categories.split(',').any(|one| one == "extreme_hardship") {
            let found = hardship(&mut dice, indicators, &answers);
            let is_open = dice.hits(8);
            let plan = Plan {
                package: indicators,
                reason: if is_open { Reason::Immediate } else { Reason::First },
                assessed_on: city.today() - TimeDelta::days(dice.within(5, 300)),
                answers: &found,
                facts: &none,
                state: if is_open { AssessmentState::Ordered } else { AssessmentState::InForce },
                ..ability
            };
            heap.lay(city, practice, &mut dice, &plan)?;
        }
        if categories.contains("disabled") && dice.hits(45) {
            let found = screening(&mut dice, gate, &answers);
            let assessed_on = city.today() - TimeDelta::days(dice.within(5, 200));
            let plan = Plan { package: gate, assessed_on, answers: &found, facts: &none, ..ability };
            heap.lay(city, practice, &mut dice, &plan)?;
        }
        if heap.rows.len() >= ROWS_MAX {
            heap.store(connection)?;
        }
    }
    heap.store(connection)?;
    Ok(heap.next_id - 1)
}

/// The assessment of ability, for some with an earlier one that it replaced or is to replace.
fn lay_ability(
    city: &City<'_>,
    practice: &Practice,
    dice: &mut Dice,
    heap: &mut Heap,
    plan: Plan<'_>,
) -> Result<()> {
    let draw = dice.within(0, 100);
    let ends = [
        (AssessmentState::Ordered, ORDERED),
        (AssessmentState::Done, DONE),
        (AssessmentState::Reviewed, REVIEWED),
        (AssessmentState::Disputed, DISPUTED),
    ];
    let mut sum = 0;
    let open = ends.into_iter().find(|(_, percent)| {
        sum += percent;
        draw < sum
    });
    let state = open.map_or(AssessmentState::InForce, |(state, _)| state);
    let recent = state != AssessmentState::InForce;
    let age = if recent { dice.within(1, 12) } else { dice.within(3, AGE_DAYS_MAX) };
    let assessed_on = city.today() - TimeDelta::days(age);
    let mut last = Plan { assessed_on, state, ..plan };
    if recent || dice.hits(TWICE) {
        let before = assessed_on - TimeDelta::days(dice.within(150, 400));
        let replaced = matches!(state, AssessmentState::InForce | AssessmentState::Disputed);
        let earlier = Plan {
            state: if replaced { AssessmentState::Superseded } else { AssessmentState::InForce },
            assessed_on: before,
            answers: last.answers,
            facts: last.facts,
            reason: Reason::First,
            follows_id: None,
            replaced_on: replaced.then_some(assessed_on),
            ..last
        };
        let better = people::better(dice, earlier.package, earlier.answers);
        let id = heap.lay(city, practice, dice, &Plan { answers: &better, ..earlier })?;
        last.follows_id = Some(id);
        last.reason = *dice.pick(&[Reason::Routine, Reason::Routine, Reason::Immediate, Reason::Doubt]);
    }
    heap.lay(city, practice, dice, &last)?;
    Ok(())
}

impl Heap {
    fn store(&mut self, connection: &mut AnyConnection) -> Result<()> {
        store::insert_assessments(connection, &self.rows)?;
        store::insert_assessment_events(connection, std::mem::take(&mut self.events), &self.later)?;
        self.rows.clear();
        Ok(())
    }

    /// The row, and the events that lead to its state; gives its number.
    fn lay(&mut self, city: &City<'_>, practice: &Practice, dice: &mut Dice, plan: &Plan<'_>) -> Result<i64> {
        let id = self.next_id;
        self.next_id += 1;
        if plan.follows_id.is_some() {
            self.later.insert(id);
        }
        let is_scored = plan.state != AssessmentState::Ordered;
        let reported = if is_scored { plan.assessed_on } else { city.today() };
        let ordered_on = reported - TimeDelta::days(dice.within(1, 8));
        let outcome = score(plan.package, plan.answers, plan.facts, practice.worsening_steps_max)
            .map_err(|refusal| Error::internal(format!("a demo assessment: {refusal:?}")))?;
        let (answers, facts) = (json!(plan.answers).to_string(), json!(plan.facts).to_string());
        let notes = json!(people::notes(dice, plan.package));
        let content = json!({
            "scale_version": plan.package.version, "assessed_on": plan.assessed_on, "answers": plan.answers,
            "facts": plan.facts, "notes": notes, "total": outcome.total, "level": outcome.level,
        });
        let path = path(plan.state);
        let is_reviewed = path.contains(&AssessmentEvent::Review);
        let is_enacted = path.contains(&AssessmentEvent::Enact);
        let changed_on = (plan.reason == Reason::Immediate).then_some(ordered_on);
        let text = |text: String| is_scored.then_some(text);
        self.rows.push(AssessmentRow {
            id,
            elder_id: plan.elder_id,
            town_code: plan.town_code.to_owned(),
            scale: plan.package.code.clone(),
            scale_version: text(plan.package.version.clone()),
            reason: plan.reason,
            follows_id: plan.follows_id,
            ordered_on,
            changed_on,
            due_on: (!is_scored).then(|| city.today() + TimeDelta::days(dice.within(-6, 12))),
            answers: text(answers),
            facts: text(facts),
            notes: text(notes.to_string()),
            parts: text(json!(outcome.parts).to_string()),
            total: is_scored.then_some(outcome.total),
            unadjusted: text(outcome.unadjusted),
            level: text(outcome.level),
            adjustments: text(json!(outcome.adjustments).to_string()),
            assessed_on: is_scored.then_some(plan.assessed_on),
            assessor: is_scored.then(|| ASSESSOR.to_owned()),
            reviewer: is_reviewed.then(|| REVIEWER.to_owned()),
            in_force_on: is_enacted.then_some(plan.assessed_on),
        });
        self.walk(city, dice, (id, ordered_on, plan), &content.to_string())?;
        Ok(id)
    }

    /// The events that lead to the plan's state.
    fn walk(
        &mut self,
        city: &City<'_>,
        dice: &mut Dice,
        (id, ordered_on, plan): (i64, NaiveDate, &Plan<'_>),
        content: &str,
    ) -> Result<()> {
        let when = |day: NaiveDate, dice: &mut Dice| {
            city.calendar.at(day, 9 * 60 + dice.within(0, 8 * 60) as i32).min(city.now)
        };
        let mut state = AssessmentState::Unordered;
        let mut at = when(ordered_on, dice);
        for (seq, event) in (1_i64..).zip(path(plan.state)) {
            let next = state.apply(event)?;
            if event == AssessmentEvent::Finish {
                at = when(plan.assessed_on, dice).max(at);
            }
            if let (AssessmentEvent::Supersede, Some(day)) = (event, plan.replaced_on) {
                at = when(day, dice).max(at);
            }
            self.events.push(AssessmentEventRow {
                assessment_id: id,
                seq,
                prev_seq: (seq > 1).then_some(seq - 1),
                kind: event,
                from_state: state,
                to_state: next,
                at,
                actor: if is_of_reviewer(event) { REVIEWER } else { ASSESSOR },
                note: note(event),
                content: (event == AssessmentEvent::Finish).then(|| content.to_owned()),
            });
            state = next;
            at = later(at, dice, city.now);
        }
        Ok(())
    }
}

fn later(at: Instant, dice: &mut Dice, now: Instant) -> Instant {
    (at + TimeDelta::minutes(dice.within(20, 400))).min(now)
}

fn is_of_reviewer(event: AssessmentEvent) -> bool {
    matches!(event, AssessmentEvent::Review | AssessmentEvent::Enact | AssessmentEvent::Supersede)
}

fn note(event: AssessmentEvent) -> &'static str {
    if event == AssessmentEvent::Dispute {
        "家属认为老人近期行走能力下降，结果偏高。"
    } else {
        ""
    }
}

/// The shortest way to a state.
fn path(state: AssessmentState) -> Vec<AssessmentEvent> {
    use AssessmentEvent as E;
    use AssessmentState as S;
    let mut path = vec![E::Order, E::Finish, E::Review, E::Enact];
    match state {
        S::Disputed => path.push(E::Dispute),
        S::Superseded => path.push(E::Supersede),
        S::Ordered => path.truncate(1),
        S::Done => path.truncate(2),
        S::Reviewed => path.truncate(3),
        S::InForce | S::Unordered | S::Withdrawn => {}
    }
    path
}
