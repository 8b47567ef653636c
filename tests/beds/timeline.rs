//! Random months of two small houses against a model of periods: admissions, moves, transfers, holds, outages, leaves and
//! corrections, now and written down late, while the clock stands on midnights of the city's zone, jumps ahead and jumps back.
//! The program refuses exactly what the model refuses; at every instant each bed is what the model says, the five states add up
//! to the beds, and the occupancy of each day is the model's.

use chrono::TimeDelta;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use songhe::access::Scope;
use songhe::beds::store::{self, Filled};
use songhe::beds::{BedState, Counts, reports};
use songhe::clock::Instant;

use super::contest::OVERLAPS;
use super::help::now;
use super::periods::{Doing, Houses};
use crate::support::app::{TestApp, both, first_instant};

/// How the clock goes on before a step.
#[derive(Clone, Copy, Debug)]
enum Tick {
    Minutes(i64),
    /// To the city's next midnight and this many milliseconds beyond or before.
    Midnight(i64),
    /// A clock that was set right.
    Back(i64),
}

fn ticks() -> impl Strategy<Value = Tick> {
    prop_oneof![
        6 => prop::sample::select(vec![1_i64, 47, 360, 1_441, 4_000]).prop_map(Tick::Minutes),
        2 => prop::sample::select(vec![-1_i64, 0, 1]).prop_map(Tick::Midnight),
        1 => (1_i64..2_000).prop_map(Tick::Back),
    ]
}

fn doings() -> impl Strategy<Value = Doing> {
    // Mostly now, often minutes or days late.
    let back = || prop_oneof![3 => Just(0_i64), 1 => 1_i64..600, 1 => 600_i64..20_000];
    let (bed, elder) = (|| 0_usize..6, || 0_usize..5);
    prop_oneof![
        6 => (elder(), bed(), back()).prop_map(|(elder, bed, back)| Doing::Admit { elder, bed, back }),
        3 => (bed(), back()).prop_map(|(bed, back)| Doing::Discharge { bed, back }),
        3 => (bed(), bed(), back()).prop_map(|(from, to, back)| Doing::Move { from, to, back }),
        3 => (elder(), bed(), 1_i64..4_000).prop_map(|(elder, bed, ahead)| Doing::Hold { elder, bed, ahead }),
        1 => bed().prop_map(|bed| Doing::Release { bed }),
        2 => (bed(), back()).prop_map(|(bed, back)| Doing::TakeOut { bed, back }),
        2 => (bed(), back()).prop_map(|(bed, back)| Doing::PutBack { bed, back }),
        2 => (bed(), back()).prop_map(|(bed, back)| Doing::GoOnLeave { bed, back }),
        2 => (bed(), back()).prop_map(|(bed, back)| Doing::ComeBack { bed, back }),
        2 => (0_usize..20, -3_000_i64..3_000, -3_000_i64..3_000)
            .prop_map(|(stay, from, to)| Doing::Correct { stay, from, to }),
    ]
}

fn tick(app: &TestApp, tick: Tick) {
    let at = now(app);
    match tick {
        Tick::Minutes(minutes) => app.hand.advance(TimeDelta::minutes(minutes)),
        Tick::Back(minutes) => app.hand.set(at - TimeDelta::minutes(minutes)),
        Tick::Midnight(beyond_ms) => {
            let midnight = app.app.calendar.bounds(app.app.calendar.day_of(at)).1;
            app.hand.set(midnight + TimeDelta::milliseconds(beyond_ms));
        }
    }
}

fn state_at(app: &TestApp, bed: i64, at: Instant) -> BedState {
    let filled = app.read(|connection| store::filled_at(connection, &[bed], at));
    filled.get(&bed).map_or(BedState::Free, Filled::state)
}

fn counts_at(app: &TestApp, houses: &Houses, at: Instant) -> Counts {
    let rows = app.read(|connection| store::counts_at(connection, &Scope::system(), at));
    let mut sum = Counts::default();
    rows.into_iter()
        .filter(|row| houses.institutions.contains(&row.institution_id))
        .for_each(|row| sum += row.counts);
    sum
}

/// Now, the bounds of the day, and an instant somewhere behind.
fn agrees_at_instants(app: &TestApp, houses: &Houses, behind: i64) -> Result<(), TestCaseError> {
    let at = now(app);
    let (start, end) = app.app.calendar.bounds(app.app.calendar.day_of(at));
    let millisecond = TimeDelta::milliseconds(1);
    for at in [at, start, start - millisecond, end, end - millisecond, at - TimeDelta::minutes(behind)] {
        let mut expected = Counts::default();
        for bed in &houses.beds {
            let wanted = houses.state(*bed, at);
            prop_assert_eq!(state_at(app, *bed, at), wanted, "bed {} at {}", bed, at);
            expected.add(wanted, 1);
        }
        let counted = counts_at(app, houses, at);
        prop_assert_eq!(counted, expected, "at {}", at);
        prop_assert_eq!(counted.beds(), houses.beds.len() as i64);
    }
    Ok(())
}

/// The trend of the year counts each day at its end, which is the next midnight of the zone; today as it stands.
fn agrees_by_day(app: &TestApp, houses: &Houses) -> Result<(), TestCaseError> {
    let (at, calendar) = (now(app), app.app.calendar);
    for house in houses.institutions {
        let found =
            app.read(|connection| reports::report(connection, &Scope::system(), Some(house), calendar, at));
        for day in found.year.iter().rev().take(30) {
            let end = if day.day == calendar.day_of(at) { at } else { calendar.bounds(day.day).1 };
            prop_assert_eq!(day.lived_in, houses.lived_in(house, end), "{} of house {}", day.day, house);
        }
        prop_assert_eq!(found.year.len(), 365);
    }
    Ok(())
}

fn live(app: &TestApp, steps: &[(Tick, Doing)]) -> Result<(), TestCaseError> {
    app.hand.set(first_instant());
    let mut houses = Houses::found(app);
    for (index, (time, doing)) in steps.iter().enumerate() {
        tick(app, *time);
        houses.expire(app);
        houses.run(app, *doing).map_err(|fault| TestCaseError::fail(format!("step {index}: {fault}")))?;
        agrees_at_instants(app, &houses, (index as i64 * 977) % 15_000)?;
    }
    agrees_by_day(app, &houses)?;
    for query in OVERLAPS {
        prop_assert_eq!(app.count(query), 0, "{}", query);
    }
    Ok(())
}

both!(random_months_keep_to_the_model_of_periods, |app| async {
    app.add_towns();
    let is_soak = std::env::var_os("SONGHE_TEST_SOAK").is_some();
    let config =
        Config { cases: if is_soak { 200 } else { 6 }, failure_persistence: None, ..Config::default() };
    // The same months in every run; what fails is shrunk to few steps.
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, random);
    let months = prop::collection::vec((ticks(), doings()), 25..50);
    let outcome = runner.run(&months, |steps| live(app, &steps));
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
});
