//! A visit moves only along legal transitions, and a caregiver is in one place at a time.

mod absences;
mod bulk;
mod cards;
mod constraints;
mod day;
mod desk;
mod holders;
mod machine;
mod office;
mod overview;
mod steps;
mod timers;
mod today;
mod today_shell;

pub(crate) use desk::done;
use songhe::access::Scope;
use songhe::error::Result;
use songhe::visits::store::{VisitRow, get_visit};
use songhe::visits::{Plan, plan};

use crate::support::app::TestApp;

/// The visit as it is stored.
fn visit_of(app: &TestApp, id: i64) -> VisitRow {
    let at = (app.app.calendar, app.app.clock.now());
    let need = songhe::access::Permission::SeeVisits;
    app.read(|connection| get_visit(connection, &Scope::system(), need, id, at))
}

/// A meal of today between two minutes after midnight.
pub(crate) fn planned(app: &TestApp, elder: i64, (from_min, to_min): (i32, i32)) -> i64 {
    let wanted = Plan {
        elder_id: elder,
        service_code: "meal".to_owned(),
        service_on: "2026-11-23".parse().unwrap(),
        window_starts_min: from_min,
        window_ends_min: to_min,
    };
    app.write(|tx| plan(tx, &wanted))
}

/// A write that may be refused.
fn try_write<T>(app: &TestApp, work: impl FnMut(&mut songhe::app::Tx<'_>) -> Result<T>) -> Result<T> {
    app.app.write_now(&Scope::system(), work)
}
