//! Asking for a proposal, stopping its search, and putting it aside.

use chrono::{NaiveDate, TimeDelta};
use serde_json::json;

use super::model::{ProposalState, SECONDS_MAX};
use super::store::day::check_town;
use super::store::proposals::{self, ProposalRow, get_proposal, insert_proposal, searching};
use crate::access::audit::Entry;
use crate::app::Tx;
use crate::bus::{Event, Topic};
use crate::error::{Code, Error, Result};
use crate::input::Checks;
use crate::text::Text;

/// How far ahead a day can be planned, in days.
const DAYS_AHEAD_MAX: i64 = 60;

/// What is to be planned, and how long to search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub town_code: String,
    pub day: NaiveDate,
    pub seconds: i32,
}

/// Asks for a proposal for a town's day; gives its number. The search begins as soon as there is room for it.
pub fn ask(tx: &mut Tx<'_>, asked: &Asked) -> Result<i64> {
    let today = tx.calendar.day_of(tx.now);
    let mut checks = Checks::default();
    let is_near = (today..=today + TimeDelta::days(DAYS_AHEAD_MAX)).contains(&asked.day);
    checks.require("day", is_near, || Text::new("rule.plan_day").with("days", DAYS_AHEAD_MAX));
    checks.range("seconds", f64::from(asked.seconds), 1.0, f64::from(SECONDS_MAX));
    checks.finish()?;
    check_town(tx.connection, tx.scope, &asked.town_code)?;
    if searching(tx.connection, &asked.town_code, asked.day)?.is_some() {
        return Err(Error::taken(Text::new("proposal.searching")));
    }
    let who = tx.scope.actor.clone();
    let what = (asked.town_code.as_str(), asked.day, asked.seconds);
    let id = insert_proposal(tx.connection, what, (&who, tx.now))?;
    write_down(
        tx,
        "proposal.ask",
        id,
        &asked.town_code,
        json!({ "day": asked.day, "seconds": asked.seconds }),
    )?;
    Ok(id)
}

/// Ends a search; the best that it has found by then is kept.
pub fn stop(tx: &mut Tx<'_>, id: i64) -> Result<()> {
    let proposal = get_proposal(tx.connection, tx.scope, id)?.proposal;
    match proposal.state {
        ProposalState::Waiting => {
            let step = (ProposalState::Waiting, ProposalState::Stopped);
            proposals::set_state(tx.connection, id, step, ("proposal.note_not_begun", Some(tx.now)))?;
        }
        ProposalState::Running => proposals::ask_to_stop(tx.connection, id)?,
        _ => return Err(wrong_state(&proposal)),
    }
    write_down(tx, "proposal.stop", id, &proposal.town_code, json!({}))
}

/// Puts a proposal aside: nothing of it can be accepted any more.
pub fn discard(tx: &mut Tx<'_>, id: i64) -> Result<()> {
    let proposal = get_proposal(tx.connection, tx.scope, id)?.proposal;
    let step = (proposal.state, ProposalState::Discarded);
    let may = proposal.state.is_open() || proposal.state == ProposalState::Failed;
    if !may || !proposals::set_state(tx.connection, id, step, (&proposal.note, None))? {
        return Err(wrong_state(&proposal));
    }
    write_down(tx, "proposal.discard", id, &proposal.town_code, json!({}))
}

pub(super) fn wrong_state(proposal: &ProposalRow) -> Error {
    let state = format!("@enums.proposal_state.{}", proposal.state.name());
    Error::new(Code::IllegalMove, Text::new("proposal.wrong_state").with("state", state))
}

pub(super) fn write_down(
    tx: &mut Tx<'_>,
    action: &'static str,
    id: i64,
    town_code: &str,
    detail: serde_json::Value,
) -> Result<()> {
    tx.audit(&Entry {
        action,
        entity: "proposal",
        entity_id: id.to_string(),
        town_code: Some(town_code),
        detail,
    })?;
    tx.publish(&Event::new(Topic::Visit, town_code, id, json!({ "proposal": id })))
}
