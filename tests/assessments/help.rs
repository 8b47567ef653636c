//! Answers, and steps as one of several users.

use songhe::access::{Grant, Place, Role, Scope};
use songhe::app::Tx;
use songhe::assessments::store::{AssessmentRow, get_assessment};
use songhe::assessments::{Answers, Order, Practice, Reason, Values, finish, order, review};
use songhe::error::{Error, Result};

use crate::support::app::TestApp;
use crate::support::seed::town;

pub const ABILITY: &str = "gbt42195";
pub const HARDSHIP: &str = "hardship";

/// A user of town 1 who assesses and reviews.
pub fn coordinator(name: &str) -> Scope {
    Scope::new(1, name, vec![Grant { role: Role::Coordinator, place: town(1) }])
}

pub fn city(name: &str) -> Scope {
    Scope::new(2, name, vec![Grant { role: Role::CityManager, place: Place::City }])
}

pub fn practice(app: &TestApp) -> &Practice {
    &app.app.assessing
}

/// Every item at its best, apart from some.
pub fn answers(app: &TestApp, scale: &str, other: &[(&str, i32)]) -> Values {
    let today = app.app.calendar.day_of(app.app.clock.now());
    let package = practice(app).scales.current(scale, today).unwrap();
    let mut answers: Values = package.items().map(|item| (item.key.clone(), item.maximum)).collect();
    for (key, points) in other {
        assert!(answers.insert((*key).to_owned(), *points).is_some(), "{key}");
    }
    answers
}

pub fn sheet(app: &TestApp, scale: &str, other: &[(&str, i32)]) -> Answers {
    Answers { answers: answers(app, scale, other), ..Answers::default() }
}

pub fn wanted(elder_id: i64, scale: &str) -> Order {
    Order {
        elder_id,
        scale: scale.to_owned(),
        reason: Reason::Other,
        changed_on: None,
        due_on: None,
        note: "试点".to_owned(),
    }
}

/// One transaction as somebody.
pub fn by<T>(app: &TestApp, scope: &Scope, work: impl FnMut(&mut Tx<'_>) -> Result<T>) -> Result<T> {
    app.app.write_now(scope, work)
}

#[track_caller]
pub fn refusal<T>(outcome: Result<T>) -> Error {
    match outcome {
        Ok(_) => panic!("it was done and should not have been"),
        Err(error) => error,
    }
}

pub fn row(app: &TestApp, id: i64) -> AssessmentRow {
    let now = app.app.clock.now();
    app.read(|connection| {
        let permission = songhe::access::Permission::SeeAssessments;
        get_assessment(connection, &Scope::system(), permission, id, now)
    })
}

pub fn ordered(app: &TestApp, elder: i64, scale: &str) -> i64 {
    by(app, &coordinator("lin"), |tx| order(tx, practice(app), &wanted(elder, scale))).unwrap()
}

/// Ordered and answered by lin.
pub fn done(app: &TestApp, elder: i64, scale: &str, other: &[(&str, i32)]) -> i64 {
    let id = ordered(app, elder, scale);
    let given = sheet(app, scale, other);
    by(app, &coordinator("lin"), |tx| finish(tx, practice(app), id, 1, &given)).unwrap();
    id
}

/// The same, reviewed by wang and in force.
pub fn in_force(app: &TestApp, elder: i64, scale: &str, other: &[(&str, i32)]) -> i64 {
    let id = done(app, elder, scale, other);
    by(app, &coordinator("wang"), |tx| review(tx, id, 2, "", true)).unwrap();
    id
}
