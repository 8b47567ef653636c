//! Proposals and their rows.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::access::{Permission, Reach, Scope};
use crate::clock::Instant;
use crate::db::schema::{day_proposals, towns};
use crate::db::{AnyConnection, Backend, is_unique};
use crate::dispatch::model::ProposalState;
use crate::dispatch::search::Best;
use crate::error::{Error, Result};
use crate::listing::{ListRequest, Listed};
use crate::text::Text;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = day_proposals)]
pub struct ProposalRow {
    pub id: i64,
    pub town_code: String,
    pub day: NaiveDate,
    pub state: ProposalState,
    pub asked_by: String,
    pub asked_at: Instant,
    pub seconds_max: i32,
    pub stop_asked: bool,
    pub started_at: Option<Instant>,
    pub ended_at: Option<Instant>,
    pub elapsed_ms: i64,
    pub best_cost: Option<i64>,
    pub visit_count: i64,
    pub served_count: i64,
    pub travel_s: i64,
    pub problem_digest: String,
    /// Text key of why it ended as it did; empty where its state says all.
    pub note: String,
}

/// A proposal with the names of its town.
#[derive(Clone, Debug)]
pub struct ProposalListed {
    pub proposal: ProposalRow,
    pub town_zh: String,
    pub town_en: String,
}

type Condition = Box<dyn BoxableExpression<day_proposals::table, Backend, SqlType = Bool>>;

fn within(reach: &Reach) -> Condition {
    if reach.city {
        return Box::new(crate::db::always());
    }
    Box::new(day_proposals::town_code.eq_any(reach.towns.clone()))
}

pub fn get_proposal(connection: &mut AnyConnection, scope: &Scope, id: i64) -> Result<ProposalListed> {
    let reach = scope.reach(Permission::AssignVisits)?;
    let proposal = day_proposals::table
        .filter(day_proposals::id.eq(id))
        .filter(within(&reach))
        .select(ProposalRow::as_select())
        .first(connection)?;
    with_towns(connection, vec![proposal])?.pop().ok_or_else(Error::not_found)
}

fn with_towns(connection: &mut AnyConnection, rows: Vec<ProposalRow>) -> Result<Vec<ProposalListed>> {
    let names: Vec<(String, String, String)> =
        towns::table.select((towns::code, towns::name_zh, towns::name_en)).load(connection)?;
    let listed = rows.into_iter().map(|proposal| {
        let found = names.iter().find(|(code, ..)| *code == proposal.town_code);
        let (town_zh, town_en) =
            found.map(|(_, chinese, english)| (chinese.clone(), english.clone())).unwrap_or_default();
        ProposalListed { proposal, town_zh, town_en }
    });
    Ok(listed.collect())
}

/// Filters: day, town, state. Newest first.
pub fn list_proposals(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
) -> Result<Listed<ProposalListed>> {
    let reach = scope.reach(Permission::AssignVisits)?;
    let query = || {
        let mut query = day_proposals::table.filter(within(&reach)).into_boxed();
        if let Some(day) = request.filter("day").and_then(|day| day.parse::<NaiveDate>().ok()) {
            query = query.filter(day_proposals::day.eq(day));
        }
        if let Some(town) = request.filter("town") {
            query = query.filter(day_proposals::town_code.eq(town.to_owned()));
        }
        if let Some(state) = request.filter("state") {
            query = query.filter(day_proposals::state.eq(state.to_owned()));
        }
        query
    };
    let total = query().count().get_result(connection)?;
    let rows = match request.after_id {
        Some(after) => query().filter(day_proposals::id.gt(after)).order(day_proposals::id.asc()),
        None => query().order(day_proposals::id.desc()).offset(request.offset),
    };
    let rows = rows.limit(request.limit).select(ProposalRow::as_select()).load(connection)?;
    Ok(Listed { rows: with_towns(connection, rows)?, total })
}

/// A new search; refused while another one for the same town and day goes on.
pub(in crate::dispatch) fn insert_proposal(
    connection: &mut AnyConnection,
    (town_code, day, seconds_max): (&str, NaiveDate, i32),
    (asked_by, asked_at): (&str, Instant),
) -> Result<i64> {
    diesel::insert_into(day_proposals::table)
        .values((
            day_proposals::town_code.eq(town_code),
            day_proposals::day.eq(day),
            day_proposals::state.eq(ProposalState::Waiting),
            day_proposals::asked_by.eq(asked_by),
            day_proposals::asked_at.eq(asked_at),
            day_proposals::seconds_max.eq(seconds_max),
        ))
        .returning(day_proposals::id)
        .get_result(connection)
        .map_err(|failure| {
            if is_unique(&failure) {
                Error::taken(Text::new("proposal.searching")).because(failure)
            } else {
                failure.into()
            }
        })
}

/// Number of the search that is under way for a town and day.
pub fn searching(connection: &mut AnyConnection, town_code: &str, day: NaiveDate) -> Result<Option<i64>> {
    Ok(day_proposals::table
        .filter(day_proposals::town_code.eq(town_code))
        .filter(day_proposals::day.eq(day))
        .filter(day_proposals::state.eq_any([ProposalState::Waiting, ProposalState::Running]))
        .select(day_proposals::id)
        .first(connection)
        .optional()?)
}

/// The search that has waited longest.
pub(in crate::dispatch) fn next_waiting(connection: &mut AnyConnection) -> Result<Option<i64>> {
    Ok(day_proposals::table
        .filter(day_proposals::state.eq(ProposalState::Waiting))
        .order(day_proposals::id)
        .select(day_proposals::id)
        .first(connection)
        .optional()?)
}

/// Takes a search that waits.
pub(in crate::dispatch) fn claim(
    connection: &mut AnyConnection,
    (id, holder): (i64, &str),
    (now, until): (Instant, Instant),
) -> Result<ProposalRow> {
    diesel::update(day_proposals::table.filter(day_proposals::id.eq(id)))
        .set((
            day_proposals::state.eq(ProposalState::Running),
            day_proposals::holder.eq(holder),
            day_proposals::leased_until.eq(until),
            day_proposals::started_at.eq(now),
        ))
        .execute(connection)?;
    Ok(day_proposals::table
        .filter(day_proposals::id.eq(id))
        .select(ProposalRow::as_select())
        .first(connection)?)
}

/// Writes down how far the holder's search is; gives whether it is to go on.
pub(in crate::dispatch) fn beat(
    connection: &mut AnyConnection,
    (id, holder): (i64, &str),
    (best, elapsed_ms): (Best, i64),
    until: Instant,
) -> Result<bool> {
    let held = day_proposals::table
        .filter(day_proposals::id.eq(id))
        .filter(day_proposals::holder.eq(holder))
        .filter(day_proposals::state.eq(ProposalState::Running));
    let stop: Option<bool> = diesel::update(held)
        .set((
            day_proposals::leased_until.eq(until),
            day_proposals::elapsed_ms.eq(elapsed_ms),
            day_proposals::best_cost.eq(best.cost),
            day_proposals::visit_count.eq(best.visit_count),
            day_proposals::served_count.eq(best.served_count),
            day_proposals::travel_s.eq(best.travel_s),
        ))
        .returning(day_proposals::stop_asked)
        .get_result(connection)
        .optional()?;
    Ok(stop == Some(false))
}

/// Ends the holder's search with what was found; false where it is no longer the holder's.
pub(in crate::dispatch) fn finish(
    connection: &mut AnyConnection,
    (id, holder): (i64, &str),
    (state, note): (ProposalState, &str),
    (elapsed_ms, now): (i64, Instant),
) -> Result<bool> {
    let nobody: Option<Instant> = None;
    let held = day_proposals::table
        .filter(day_proposals::id.eq(id))
        .filter(day_proposals::holder.eq(holder))
        .filter(day_proposals::state.eq(ProposalState::Running));
    let ended = diesel::update(held)
        .set((
            day_proposals::state.eq(state),
            day_proposals::note.eq(note),
            day_proposals::elapsed_ms.eq(elapsed_ms),
            day_proposals::ended_at.eq(now),
            day_proposals::leased_until.eq(nobody),
        ))
        .execute(connection)?;
    Ok(ended == 1)
}

/// Searches whose process is gone; gives those that were ended by this.
pub(in crate::dispatch) fn reap(
    connection: &mut AnyConnection,
    now: Instant,
    note: &str,
) -> Result<Vec<(i64, String)>> {
    let gone = day_proposals::table
        .filter(day_proposals::state.eq(ProposalState::Running))
        .filter(day_proposals::leased_until.lt(now));
    let found: Vec<(i64, String)> =
        gone.select((day_proposals::id, day_proposals::town_code)).load(connection)?;
    let ids: Vec<i64> = found.iter().map(|(id, _)| *id).collect();
    diesel::update(day_proposals::table.filter(day_proposals::id.eq_any(ids)))
        .set((
            day_proposals::state.eq(ProposalState::Stopped),
            day_proposals::note.eq(note),
            day_proposals::ended_at.eq(now),
        ))
        .execute(connection)?;
    Ok(found)
}

/// Asks a search to end.
pub(in crate::dispatch) fn ask_to_stop(connection: &mut AnyConnection, id: i64) -> Result<()> {
    diesel::update(day_proposals::table.filter(day_proposals::id.eq(id)))
        .set(day_proposals::stop_asked.eq(true))
        .execute(connection)?;
    Ok(())
}

/// Moves a proposal on from one state; false where it is in another.
pub(in crate::dispatch) fn set_state(
    connection: &mut AnyConnection,
    id: i64,
    (from, to): (ProposalState, ProposalState),
    (note, ended_at): (&str, Option<Instant>),
) -> Result<bool> {
    let row = day_proposals::table.filter(day_proposals::id.eq(id)).filter(day_proposals::state.eq(from));
    let changed = diesel::update(row)
        .set((day_proposals::state.eq(to), day_proposals::note.eq(note)))
        .execute(connection)?;
    if let Some(at) = ended_at {
        diesel::update(day_proposals::table.filter(day_proposals::id.eq(id)))
            .set(day_proposals::ended_at.eq(at))
            .execute(connection)?;
    }
    Ok(changed == 1)
}

/// Whether a search has lost its process, and whether one waits.
pub(in crate::dispatch) fn pending(connection: &mut AnyConnection, now: Instant) -> Result<(bool, bool)> {
    let open: Vec<(ProposalState, Option<Instant>)> = day_proposals::table
        .filter(day_proposals::state.eq_any([ProposalState::Waiting, ProposalState::Running]))
        .select((day_proposals::state, day_proposals::leased_until))
        .load(connection)?;
    let is_gone = |until: &Option<Instant>| until.is_some_and(|until| until < now);
    let gone = open.iter().any(|(state, until)| *state == ProposalState::Running && is_gone(until));
    Ok((gone, open.iter().any(|(state, _)| *state == ProposalState::Waiting)))
}
