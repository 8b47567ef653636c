//! Accepting a proposal, whole or in part. Each row is given through the same use case as by hand, with its decision in the same
//! transaction: whatever ends the program in the middle, what is accepted is exactly what was told.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::TimeDelta;
use serde_json::json;

use super::ask::{write_down, wrong_state};
use super::by_hand::{How, give_by_hand};
use super::model::{ProposalState, RowDecision, Said};
use super::order::{Move, batches};
use super::store::lines::{self, LineRow, lines_of};
use super::store::proposals::{self, get_proposal};
use crate::access::{Permission, Scope};
use crate::app::{App, Tx};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::error::{Code, Error, Result};
use crate::text::Text;
use crate::visits::store::{VisitRow, get_visit, get_visits};
use crate::visits::{VisitEvent, release};

/// Which rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    All,
    Visits(Vec<i64>),
}

/// What became of the chosen rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub accepted: i64,
    pub refused: i64,
}

/// A row to be applied.
#[derive(Clone, Copy, Debug)]
struct Given {
    visit_id: i64,
    seen: i64,
    caregiver_id: i64,
    starts_at: Instant,
}

/// Applies rows one after the other, each legal at its moment or refused with its rule.
pub async fn accept(app: &App, scope: &Scope, id: i64, which: Which) -> Result<Tally> {
    let asker = scope.clone();
    let plan = app.db.read(move |connection| chosen(connection, &asker, id, &which)).await?;
    let mut tally = Tally::default();
    for batch in plan {
        let failed = Arc::new(AtomicI64::new(0));
        let (rows, failing) = (batch.clone(), Arc::clone(&failed));
        let outcome = app.write(scope, move |tx| apply(tx, id, &rows, &failing)).await;
        match outcome {
            Ok(accepted) => tally.accepted += accepted,
            Err(error) if matches!(error.code, Code::Internal | Code::Busy) => return Err(error),
            Err(error) => {
                let culprit = failed.load(Ordering::SeqCst);
                tally.refused += batch.len() as i64;
                let text = Said::of(&error.text);
                app.write(scope, move |tx| refuse(tx, id, &batch, (culprit, &text))).await?;
            }
        }
    }
    app.write(scope, move |tx| close(tx, id, tally)).await?;
    Ok(tally)
}

/// The rows in the order in which they can be applied.
fn chosen(connection: &mut AnyConnection, scope: &Scope, id: i64, which: &Which) -> Result<Vec<Vec<Given>>> {
    let proposal = get_proposal(connection, scope, id)?.proposal;
    if !proposal.state.is_open() {
        return Err(wrong_state(&proposal));
    }
    let all = lines_of(connection, id)?;
    if let Which::Visits(ids) = which {
        let is_known = |id: &i64| all.iter().any(|line| line.visit_id == *id && line.change.is_change());
        if ids.is_empty() || !ids.iter().all(is_known) {
            return Err(Error::field("visits", Text::new("proposal.choose_rows")));
        }
    }
    let is_wanted = |line: &&LineRow| match which {
        Which::All => true,
        Which::Visits(ids) => ids.contains(&line.visit_id),
    };
    let open = |line: &&LineRow| line.change.is_change() && line.decision != RowDecision::Accepted;
    let chosen: Vec<LineRow> = all.iter().filter(open).filter(is_wanted).cloned().collect();
    let ids: Vec<i64> = chosen.iter().map(|line| line.visit_id).collect();
    let visits = get_visits(connection, &ids)?;
    let (mut rows, mut moves) = (Vec::new(), Vec::new());
    for line in &chosen {
        let (Some(caregiver_id), Some(starts_at)) = (line.caregiver_after_id, line.starts_after_at) else {
            continue;
        };
        let Some(visit) = visits.iter().find(|visit| visit.id == line.visit_id) else { continue };
        rows.push(Given { visit_id: line.visit_id, seen: line.visit_version, caregiver_id, starts_at });
        moves.push(movement(visit, caregiver_id, starts_at));
    }
    let in_order = batches(&moves).into_iter();
    Ok(in_order.map(|batch| batch.into_iter().map(|row| rows[row]).collect()).collect())
}

fn movement(visit: &VisitRow, caregiver_id: i64, starts_at: Instant) -> Move {
    let now = visit.caregiver_id.zip(visit.starts_at).zip(visit.ends_at);
    let ends_at = starts_at + TimeDelta::minutes(i64::from(visit.duration_min));
    Move {
        now: now.map(|((id, from), to)| (id, from, to)),
        then: (caregiver_id, starts_at, ends_at),
        group: visit.group_id,
    }
}

/// Applies rows that go at once; `failing` names the visit at which it ended.
fn apply(tx: &mut Tx<'_>, id: i64, batch: &[Given], failing: &AtomicI64) -> Result<i64> {
    let proposal = get_proposal(tx.connection, tx.scope, id)?.proposal;
    if !proposal.state.is_open() {
        return Err(wrong_state(&proposal));
    }
    let mut rows = Vec::new();
    for row in batch {
        // Somebody else may have accepted it meanwhile.
        if lines::decision_of(tx.connection, id, row.visit_id)? != RowDecision::Accepted {
            rows.push(*row);
        }
    }
    if rows.len() > 1 {
        for row in &mut rows {
            failing.store(row.visit_id, Ordering::SeqCst);
            make_room(tx, row)?;
        }
        rows.sort_by_key(|row| (row.starts_at, row.visit_id));
    }
    let who = tx.scope.actor.clone();
    for row in &rows {
        failing.store(row.visit_id, Ordering::SeqCst);
        let at = Some(row.starts_at);
        give_by_hand(tx, (row.visit_id, row.seen), row.caregiver_id, at, How::Assign)?;
        let decision = (RowDecision::Accepted, "");
        lines::decide(tx.connection, (id, row.visit_id), decision, (&who, tx.now))?;
    }
    Ok(batch.len() as i64)
}

/// Takes a visit that is to move from its caregiver, so that another one can have the time.
fn make_room(tx: &mut Tx<'_>, row: &mut Given) -> Result<()> {
    let at = (tx.calendar, tx.now);
    let visit = get_visit(tx.connection, tx.scope, Permission::AssignVisits, row.visit_id, at)?;
    if visit.version != row.seen || !visit.state.allows(VisitEvent::Release) {
        return Ok(());
    }
    if let Some(reason) = &visit.pinned_reason {
        return Err(Error::taken(Text::new("dispatch.rule.pinned").with("reason", reason)));
    }
    release(tx, row.visit_id, row.seen)?;
    row.seen += 1;
    Ok(())
}

/// Writes the rule down for the row that broke it, and for those that had to go with it.
fn refuse(tx: &mut Tx<'_>, id: i64, batch: &[Given], (culprit, text): (i64, &Said)) -> Result<()> {
    get_proposal(tx.connection, tx.scope, id)?;
    let who = tx.scope.actor.clone();
    let with = Said::of(&Text::new("proposal.refused_with").with("number", culprit));
    for row in batch {
        if lines::decision_of(tx.connection, id, row.visit_id)? == RowDecision::Accepted {
            continue;
        }
        let said = if row.visit_id == culprit || batch.len() == 1 { text } else { &with };
        let said = serde_json::to_string(said).unwrap_or_default();
        let decision = (RowDecision::Refused, said.as_str());
        lines::decide(tx.connection, (id, row.visit_id), decision, (&who, tx.now))?;
    }
    Ok(())
}

/// The state that follows from the rows.
fn close(tx: &mut Tx<'_>, id: i64, tally: Tally) -> Result<()> {
    let proposal = get_proposal(tx.connection, tx.scope, id)?.proposal;
    let is_left = lines::decisions(tx.connection, id)?
        .iter()
        .any(|(decision, count)| *decision != RowDecision::Accepted && *count > 0);
    let state = if is_left { ProposalState::PartlyAccepted } else { ProposalState::Accepted };
    if proposal.state.is_open() {
        proposals::set_state(tx.connection, id, (proposal.state, state), (&proposal.note, None))?;
    }
    let detail = json!({ "accepted": tally.accepted, "refused": tally.refused });
    write_down(tx, "proposal.accept", id, &proposal.town_code, detail)
}
