//! Short ways to do and to look, for the tests of beds.

use songhe::access::{Grant, Place, Role, Scope};
use songhe::beds::store::{self, HouseCounts};
use songhe::beds::{Admission, BedState, Counts, Waiting, Whom, admit};
use songhe::clock::Instant;
use songhe::error::{Error, Result};

use crate::support::app::TestApp;

/// A small generator with a fixed seed: the same days in every run.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end
    }

    pub fn pick(&mut self, from: &[i64]) -> i64 {
        from[self.below(from.len())]
    }
}

pub fn now(app: &TestApp) -> Instant {
    app.app.clock.now()
}

pub fn counts(app: &TestApp) -> Counts {
    let at = now(app);
    let rows: Vec<HouseCounts> = app.read(|connection| store::counts_at(connection, &Scope::system(), at));
    rows.into_iter().fold(Counts::default(), |mut sum, row| {
        sum += row.counts;
        sum
    })
}

pub fn state(app: &TestApp, bed: i64) -> BedState {
    let at = now(app);
    app.read(|connection| {
        let filled = store::filled_at(connection, &[bed], at)?;
        Ok(filled.get(&bed).map_or(BedState::Free, store::Filled::state))
    })
}

pub fn version_of(app: &TestApp, table: &str, id: i64) -> i64 {
    app.count(&format!("SELECT version AS n FROM {table} WHERE id = {id}"))
}

pub fn stay_in(app: &TestApp, elder: i64, bed: i64) -> i64 {
    app.write(|tx| admit(tx, &Admission::now(Whom::Elder(elder), bed)))
}

#[track_caller]
pub fn refusal<T: std::fmt::Debug>(outcome: Result<T>) -> Error {
    outcome.unwrap_err()
}

pub fn try_write<T>(app: &TestApp, work: impl FnMut(&mut songhe::app::Tx<'_>) -> Result<T>) -> Result<T> {
    app.app.write_now(&Scope::system(), work)
}

pub fn field(error: &Error) -> &str {
    error.fields.first().map_or("", |broken| broken.field)
}

pub fn waiting(elder: i64, institution_id: Option<i64>) -> Waiting {
    Waiting {
        whom: Whom::Elder(elder),
        institution_id,
        bed_kind: None,
        care_level: None,
        class_code: None,
        note: String::new(),
    }
}

pub fn manager(id: i64, institution: i64) -> Scope {
    Scope::new(
        id,
        format!("manager{id}"),
        vec![Grant { role: Role::InstitutionManager, place: Place::Institution(institution) }],
    )
}
