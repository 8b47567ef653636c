//! Giving the rows of a proposal that touch the same caregivers, at once: they are judged as the day will be with all of them, not
//! as it is between one and the next. What breaks a rule is taken out and refused, with whatever has to go with it.

use super::accept::Tally;
use super::ask::wrong_state;
use super::by_hand::find;
use super::lawful::{broken_by, entry_at};
use super::model::{RowDecision, Said};
use super::order::{Move, batches};
use super::problem::{Purpose, build};
use super::rows::DayRows;
use super::solver::Assigned;
use super::store::day::{Ask, What, load_day};
use super::store::lines;
use super::store::proposals::{ProposalRow, get_proposal};
use super::words;
use crate::access::Permission;
use crate::app::Tx;
use crate::clock::{Calendar, Instant};
use crate::error::{Code, Result};
use crate::text::Text;
use crate::visits::store::get_visit;
use crate::visits::{VisitEvent, assign, release};

/// A row to be applied.
#[derive(Clone, Copy, Debug)]
pub(super) struct Given {
    pub visit_id: i64,
    pub seen: i64,
    pub movement: Move,
}

impl Given {
    fn caregiver_id(&self) -> i64 {
        self.movement.then.0
    }

    fn starts_at(&self) -> Instant {
        self.movement.then.1
    }
}

/// A visit, and the rule that keeps it from being given.
type Blamed = (i64, Text);

/// Gives what is legal of the rows, and writes down what became of each.
pub(super) fn give_part(tx: &mut Tx<'_>, id: i64, rows: &[Given]) -> Result<Tally> {
    let proposal = get_proposal(tx.connection, tx.scope, id)?.proposal;
    if !proposal.state.is_open() {
        return Err(wrong_state(&proposal));
    }
    let mut open = Vec::new();
    for row in rows {
        // Somebody else may have accepted it meanwhile.
        if lines::decision_of(tx.connection, id, row.visit_id)? != RowDecision::Accepted {
            open.push(*row);
        }
    }
    let day = day_of(tx, &proposal, &open)?;
    let mut refused: Vec<(i64, Said)> = Vec::new();
    let mut blamed = outdated(tx, &open)?;
    loop {
        take_out(&mut open, &mut refused, &blamed);
        blamed = judge(&day, &open, tx.calendar);
        if blamed.is_empty() {
            match give(tx, &open)? {
                None => break,
                Some(one) => blamed.push(one),
            }
        }
    }
    let who = tx.scope.actor.clone();
    for row in &open {
        let decision = (RowDecision::Accepted, "");
        lines::decide(tx.connection, (id, row.visit_id), decision, (&who, tx.now))?;
    }
    for (visit_id, said) in &refused {
        let said = serde_json::to_string(said).unwrap_or_default();
        let decision = (RowDecision::Refused, said.as_str());
        lines::decide(tx.connection, (id, *visit_id), decision, (&who, tx.now))?;
    }
    let refused = refused.len() as i64;
    Ok(Tally { accepted: rows.len() as i64 - refused, refused })
}

/// The day as it is now, with everybody whom the rows touch.
fn day_of(tx: &mut Tx<'_>, proposal: &ProposalRow, rows: &[Given]) -> Result<DayRows> {
    let told = rows.iter().filter_map(|row| row.movement.now).map(|(caregiver, ..)| caregiver);
    let caregivers: Vec<i64> = rows.iter().map(Given::caregiver_id).chain(told).collect();
    let what = What::Town(&proposal.town_code);
    load_day(tx.connection, &Ask { day: proposal.day, what, caregivers: &caregivers }, (tx.calendar, tx.now))
}

/// Rows whose visit is not as it was when it was planned.
fn outdated(tx: &mut Tx<'_>, rows: &[Given]) -> Result<Vec<Blamed>> {
    let mut found = Vec::new();
    for row in rows {
        let at = (tx.calendar, tx.now);
        let visit = get_visit(tx.connection, tx.scope, Permission::AssignVisits, row.visit_id, at)?;
        if visit.version != row.seen || !visit.state.allows(VisitEvent::Assign) {
            // Says who was first, or that it is too late.
            if let Some(one) = give(tx, &[*row])? {
                found.push(one);
            }
        } else if let Some(reason) = &visit.pinned_reason {
            found.push((row.visit_id, Text::new("dispatch.rule.pinned").with("reason", reason)));
        }
    }
    Ok(found)
}

/// Refuses rows, and those of their groups with them.
fn take_out(open: &mut Vec<Given>, refused: &mut Vec<(i64, Said)>, blamed: &[Blamed]) {
    let rule = |row: &Given| blamed.iter().find(|(id, _)| *id == row.visit_id).map(|(_, text)| text);
    let mates: Vec<(i64, i64)> = open
        .iter()
        .filter(|row| rule(row).is_some())
        .filter_map(|row| row.movement.group.map(|group| (group, row.visit_id)))
        .collect();
    open.retain(|row| {
        let mate = mates.iter().find(|(group, _)| row.movement.group == Some(*group));
        let with = mate.map(|(_, id)| Text::new("proposal.refused_with").with("number", *id));
        let why = rule(row).cloned().or(with);
        refused.extend(why.iter().map(|text| (row.visit_id, Said::of(text))));
        why.is_none()
    });
}

/// The rows that break a rule of the day once all of them are given.
fn judge(day: &DayRows, rows: &[Given], calendar: Calendar) -> Vec<Blamed> {
    let ids: Vec<i64> = rows.iter().map(|row| row.visit_id).collect();
    let built = build(day, Purpose::ByHand(&ids));
    let mut blamed = Vec::new();
    let (mut placed, mut whose) = (Vec::new(), Vec::new());
    for row in rows {
        let Some((visit, job)) = find(day, &built, row.visit_id) else { continue };
        let offset = built.jobs[job].iter().find(|part| part.visit == visit).map_or(0, |part| part.offset);
        let start = built.time(row.starts_at()) - offset;
        let who = day.caregivers.iter().position(|who| who.id == row.caregiver_id());
        let entry = who.and_then(|who| entry_at(&built, who, (start, built.problem.visits[job].duration)));
        let Some(caregiver) = entry else {
            let name = who.map(|who| day.caregivers[who].name.clone()).unwrap_or_default();
            blamed.push((row.visit_id, Text::new("visit.off_shift").with("caregiver", name)));
            continue;
        };
        let to = Assigned { caregiver, start };
        // Visits that one caregiver makes one after the other are one for the solver.
        match placed.iter().find(|(known, _)| *known == job) {
            None => {
                placed.push((job, to));
                whose.push(row.visit_id);
            }
            Some((_, known)) if *known == to => {}
            Some(_) => blamed.push((row.visit_id, words::reason(super::solver::Reason::Group))),
        }
    }
    for (at, violation) in broken_by(&built, &placed) {
        blamed.push((whose[at], words::rule(day, &built, calendar, (placed[at].0, &violation))));
    }
    blamed
}

/// Gives all rows or none; who is in the way where it is none.
fn give(tx: &mut Tx<'_>, rows: &[Given]) -> Result<Option<Blamed>> {
    let mut failing = 0;
    match tx.part(|tx| give_in_order(tx, rows, &mut failing)) {
        Ok(()) => Ok(None),
        Err(error) if error.try_again || matches!(error.code, Code::Internal | Code::Busy) => Err(error),
        Err(error) => Ok(Some((failing, error.text))),
    }
}

/// Each after what it takes the place of; what changes places is taken away first.
fn give_in_order(tx: &mut Tx<'_>, rows: &[Given], failing: &mut i64) -> Result<()> {
    let moves: Vec<Move> = rows.iter().map(|row| row.movement).collect();
    for batch in batches(&moves) {
        let mut batch: Vec<Given> = batch.into_iter().map(|row| rows[row]).collect();
        if batch.len() > 1 {
            for row in batch.iter_mut().filter(|row| row.movement.now.is_some()) {
                *failing = row.visit_id;
                release(tx, row.visit_id, row.seen)?;
                row.seen += 1;
            }
        }
        for row in &batch {
            *failing = row.visit_id;
            assign(tx, row.visit_id, row.seen, row.caregiver_id(), Some(row.starts_at()))?;
        }
    }
    Ok(())
}
