//! A day is planned in the background, accepted row by row, and never breaks a rule; a choice by hand neither.

mod by_hand;
mod killed;
mod pages;
mod race;
mod wishes;
mod work;

use std::time::Duration;

use songhe::access::Scope;
use songhe::dispatch::store::lines::{LineRow, lines_of};
use songhe::dispatch::store::proposals::{ProposalRow, get_proposal};
use songhe::dispatch::{Asked, ProposalState, ask};
use songhe::visits::store::{VisitRow, get_visit};
use songhe::visits::{Plan, plan};

use crate::support::app::TestApp;
use crate::support::poll;
use crate::support::seed::town_code;

/// Tuesday; the clock stands on Monday.
pub const DAY: &str = "2026-11-24";

/// A visit of that day, within minutes after midnight.
pub fn planned(app: &TestApp, elder: i64, service: &str, (from, to): (i32, i32)) -> i64 {
    let wanted = Plan {
        elder_id: elder,
        service_code: service.to_owned(),
        service_on: DAY.parse().unwrap(),
        window_starts_min: from,
        window_ends_min: to,
    };
    app.write(|tx| plan(tx, &wanted))
}

pub fn asked(seconds: i32) -> Asked {
    Asked { town_code: town_code(1).to_owned(), day: DAY.parse().unwrap(), seconds }
}

pub fn minute(app: &TestApp, minutes: i32) -> songhe::clock::Instant {
    app.app.calendar.at(DAY.parse().unwrap(), minutes)
}

pub fn visit(app: &TestApp, id: i64) -> VisitRow {
    let at = (app.app.calendar, app.app.clock.now());
    let need = songhe::access::Permission::SeeVisits;
    app.read(|connection| get_visit(connection, &Scope::system(), need, id, at))
}

pub fn proposal(app: &TestApp, id: i64) -> ProposalRow {
    app.read(|connection| get_proposal(connection, &Scope::system(), id)).proposal
}

pub fn lines(app: &TestApp, id: i64) -> Vec<LineRow> {
    app.read(|connection| lines_of(connection, id))
}

pub fn line(app: &TestApp, id: i64, visit: i64) -> LineRow {
    lines(app, id).into_iter().find(|line| line.visit_id == visit).unwrap()
}

/// Asks, and waits until the background has found something.
pub fn searched(app: &TestApp) -> i64 {
    let id = app.write(|tx| ask(tx, &asked(1)));
    app.app.planner.wake();
    poll::until(Duration::from_mins(1), "the search is over", || {
        !matches!(proposal(app, id).state, ProposalState::Waiting | ProposalState::Running)
    });
    id
}
