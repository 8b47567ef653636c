use std::collections::HashSet;

use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;

use super::model::LateKind;
use crate::access::{Permission, Scope};
use crate::clock::{Calendar, Instant};
use crate::db::AnyConnection;
use crate::db::schema::{caregivers, elders, visit_notices, visits};
use crate::error::Result;
use crate::visits::model::VisitState;
use crate::visits::reasons::store::fail_reasons;
use crate::visits::settings::{Setting, value_on};
use crate::visits::store::{VisitRow, within};

/// A visit of an earlier day than yesterday is missed, and no longer late.
const BACK_DAYS: i64 = 1;
const IDS_MAX: usize = 10_000;

/// A threshold that was passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub town_code: String,
    pub visit_id: i64,
    pub kind: LateKind,
    pub base_at: Instant,
    pub due_at: Instant,
}

impl Notice {
    pub(super) fn new(
        town_code: &str,
        visit_id: i64,
        kind: LateKind,
        base_at: Instant,
        due_at: Instant,
    ) -> Notice {
        Notice { town_code: town_code.to_owned(), visit_id, kind, base_at, due_at }
    }
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = visit_notices)]
pub struct NoticeRow {
    pub visit_id: i64,
    pub kind: LateKind,
    pub base_at: Instant,
    pub due_at: Instant,
    pub noticed_at: Instant,
}

/// Number and name of an elder, and the day of their last visit.
pub type Unseen = (i64, String, Option<NaiveDate>);

const UNFINISHED: [VisitState; 5] = [
    VisitState::Planned,
    VisitState::Offered,
    VisitState::Assigned,
    VisitState::OnTheWay,
    VisitState::Arrived,
];

/// Visits of today and yesterday that should have begun by now and are not over, in the whole city: for the timer.
pub(super) fn unfinished(
    connection: &mut AnyConnection,
    today: NaiveDate,
    now: Instant,
) -> Result<Vec<VisitRow>> {
    Ok(visits::table
        .filter(visits::service_on.between(today - TimeDelta::days(BACK_DAYS), today))
        .filter(visits::state.eq_any(UNFINISHED))
        .filter(visits::window_starts_at.le(now))
        .select(VisitRow::as_select())
        .load(connection)?)
}

/// The same within reach, for people: those that are late or take too long, by how long.
pub fn late_visits(
    connection: &mut AnyConnection,
    scope: &Scope,
    town: Option<&str>,
    (calendar, now): (Calendar, Instant),
) -> Result<Vec<VisitRow>> {
    let today = calendar.day_of(now);
    let reach = scope.reach(Permission::SeeVisits)?;
    let overrun = TimeDelta::minutes(overrun_min(connection, today)?);
    let mut query = visits::table
        .filter(visits::service_on.between(today - TimeDelta::days(BACK_DAYS), today))
        .filter(visits::state.eq_any(UNFINISHED))
        .filter(visits::window_starts_at.le(now))
        .filter(within(&reach, calendar, now))
        .into_boxed();
    if let Some(town) = town {
        query = query.filter(visits::town_code.eq(town.to_owned()));
    }
    let mut rows: Vec<VisitRow> = query.select(VisitRow::as_select()).load(connection)?;
    rows.retain(|visit| match visit.state {
        VisitState::Arrived => visit.ends_at.is_some_and(|ends| ends + overrun <= now),
        _ => super::late_min(visit.expected_at(), now).is_some(),
    });
    rows.sort_by_key(VisitRow::expected_at);
    Ok(rows)
}

/// Visits of the last days that were missed, may be made up for, and are not yet: within reach, the oldest first.
pub fn to_make_up(
    connection: &mut AnyConnection,
    scope: &Scope,
    town: Option<&str>,
    (calendar, now): (Calendar, Instant),
    limit: i64,
) -> Result<Vec<VisitRow>> {
    const DAYS: i64 = 7;
    let reach = scope.reach(Permission::SeeVisits)?;
    let reasons = fail_reasons(connection)?;
    let codes: Vec<Option<String>> =
        reasons.into_iter().filter(|reason| reason.may_make_up).map(|reason| Some(reason.code)).collect();
    let made_up = diesel::alias!(visits as made_up);
    let missing = diesel::dsl::not(diesel::dsl::exists(
        made_up.filter(made_up.field(visits::makes_up_id).eq(visits::id.nullable())),
    ));
    let mut query = visits::table
        .filter(visits::service_on.ge(calendar.day_of(now) - TimeDelta::days(DAYS)))
        .filter(visits::state.eq(VisitState::NotDone))
        .filter(visits::fail_reason.eq_any(codes).assume_not_null())
        .filter(within(&reach, calendar, now))
        .filter(missing)
        .into_boxed();
    if let Some(town) = town {
        query = query.filter(visits::town_code.eq(town.to_owned()));
    }
    let query = query.order(visits::window_starts_at).limit(limit);
    Ok(query.select(VisitRow::as_select()).load(connection)?)
}

/// Clients whom nobody has visited for so many days, with the day of the last visit; for whom a visit was planned since.
pub fn unseen(
    connection: &mut AnyConnection,
    scope: &Scope,
    town: Option<&str>,
    (calendar, now): (Calendar, Instant),
    limit: i64,
) -> Result<(i64, Vec<Unseen>)> {
    let today = calendar.day_of(now);
    let days = value_on(connection, Setting::UnseenDays, today)?;
    let since = today - TimeDelta::days(days);
    let reach = scope.reach(Permission::SeeVisits)?;
    let seen = visits::table
        .filter(visits::service_on.ge(since))
        .filter(visits::state.eq_any([VisitState::Done, VisitState::Confirmed]))
        .select(visits::elder_id);
    let expected = visits::table
        .filter(visits::service_on.between(since, today))
        .filter(visits::state.ne(VisitState::Unplanned))
        .select(visits::elder_id);
    let mut query = elders::table
        .filter(elders::home_visits.eq(true))
        .filter(elders::id.eq_any(expected))
        .filter(diesel::dsl::not(elders::id.eq_any(seen)))
        .into_boxed();
    if !reach.city {
        let colleagues = caregivers::table
            .filter(caregivers::provider_id.eq_any(reach.providers.clone()))
            .select(caregivers::id.nullable());
        let theirs = visits::table
            .filter(visits::service_on.between(since, today))
            .filter(visits::caregiver_id.eq_any(colleagues))
            .select(visits::elder_id);
        query = query.filter(elders::town_code.eq_any(reach.towns.clone()).or(elders::id.eq_any(theirs)));
    }
    if let Some(town) = town {
        query = query.filter(elders::town_code.eq(town.to_owned()));
    }
    let people: Vec<(i64, String)> =
        query.order(elders::id).limit(limit).select((elders::id, elders::name)).load(connection)?;
    let ids: Vec<i64> = people.iter().map(|(id, _)| *id).collect();
    let last: Vec<(i64, Option<NaiveDate>)> = visits::table
        .filter(visits::elder_id.eq_any(ids))
        .filter(visits::state.eq_any([VisitState::Done, VisitState::Confirmed]))
        .group_by(visits::elder_id)
        .select((visits::elder_id, diesel::dsl::max(visits::service_on)))
        .load(connection)?;
    let day_of = |id: i64| last.iter().find(|(elder, _)| *elder == id).and_then(|(_, day)| *day);
    Ok((days, people.into_iter().map(|(id, name)| (id, name, day_of(id))).collect()))
}

/// How long a visit may go on after its planned end, in minutes.
pub fn overrun_min(connection: &mut AnyConnection, day: NaiveDate) -> Result<i64> {
    value_on(connection, Setting::OverrunMin, day)
}

/// Those that were not written down yet.
pub(super) fn unnoticed(connection: &mut AnyConnection, notices: Vec<Notice>) -> Result<Vec<Notice>> {
    let mut known = HashSet::new();
    let ids: Vec<i64> = notices.iter().map(|notice| notice.visit_id).collect();
    for part in ids.chunks(IDS_MAX) {
        let rows: Vec<(i64, LateKind, Instant)> = visit_notices::table
            .filter(visit_notices::visit_id.eq_any(part.to_vec()))
            .select((visit_notices::visit_id, visit_notices::kind, visit_notices::base_at))
            .load(connection)?;
        known.extend(rows);
    }
    let is_new = |notice: &Notice| !known.contains(&(notice.visit_id, notice.kind, notice.base_at));
    Ok(notices.into_iter().filter(is_new).collect())
}

pub(super) fn insert(connection: &mut AnyConnection, notice: &Notice, now: Instant) -> Result<()> {
    diesel::insert_into(visit_notices::table)
        .values((
            visit_notices::visit_id.eq(notice.visit_id),
            visit_notices::kind.eq(notice.kind),
            visit_notices::base_at.eq(notice.base_at),
            visit_notices::due_at.eq(notice.due_at),
            visit_notices::noticed_at.eq(now),
        ))
        .execute(connection)?;
    Ok(())
}

/// What was noticed of a visit that the caller has within reach.
pub fn notices_of(connection: &mut AnyConnection, visit_id: i64) -> Result<Vec<NoticeRow>> {
    Ok(visit_notices::table
        .filter(visit_notices::visit_id.eq(visit_id))
        .order(visit_notices::due_at)
        .select(NoticeRow::as_select())
        .load(connection)?)
}
