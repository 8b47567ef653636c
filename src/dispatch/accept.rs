//! Accepting a proposal, whole or in part. Rows that touch the same caregivers are given in one transaction with their decisions:
//! whatever ends the program in the middle, what is accepted is exactly what was told.

use chrono::TimeDelta;
use serde_json::json;

use super::ask::{write_down, wrong_state};
use super::model::{ProposalState, RowDecision};
use super::order::{Move, parts};
use super::part::{Given, give_part};
use super::store::lines::{self, LineRow, lines_of};
use super::store::proposals::{self, get_proposal};
use crate::access::Scope;
use crate::app::{App, Tx};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::text::Text;
use crate::visits::store::{VisitRow, get_visits};

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

/// Applies rows, each legal at its moment beside the others or refused with its rule.
pub async fn accept(app: &App, scope: &Scope, id: i64, which: Which) -> Result<Tally> {
    let asker = scope.clone();
    let plan = app.db.read(move |connection| chosen(connection, &asker, id, &which)).await?;
    let mut tally = Tally::default();
    for part in plan {
        let given = app.write(scope, move |tx| give_part(tx, id, &part)).await?;
        tally.accepted += given.accepted;
        tally.refused += given.refused;
    }
    app.write(scope, move |tx| close(tx, id, tally)).await?;
    Ok(tally)
}

/// The rows in parts that do not touch each other.
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
    let mut rows = Vec::new();
    for line in &chosen {
        let (Some(caregiver_id), Some(starts_at)) = (line.caregiver_after_id, line.starts_after_at) else {
            continue;
        };
        let Some(visit) = visits.iter().find(|visit| visit.id == line.visit_id) else { continue };
        let movement = movement(visit, caregiver_id, starts_at);
        rows.push(Given { visit_id: line.visit_id, seen: line.visit_version, movement });
    }
    let moves: Vec<Move> = rows.iter().map(|row| row.movement).collect();
    Ok(parts(&moves).into_iter().map(|part| part.into_iter().map(|row| rows[row]).collect()).collect())
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
