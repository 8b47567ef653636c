//! Deadlines, cancellation, threads and seeds; days without visits, without caregivers, without a chance.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use songhe::dispatch::solver::*;

use super::draws::{Draw, Shape, problem, run};
use super::{planned, window};

/// A town: so many visits on a grid, a caregiver for every eight.
fn town(visits: usize) -> Problem {
    let caregivers = (visits / 8).max(1);
    let at = |place: usize| ((place * 37 % 101) as Time, (place * 53 % 97) as Time);
    let size = visits + caregivers;
    let leg = |from: usize, to: usize| {
        let (a, b) = (at(from), at(to));
        10 * ((a.0 - b.0).abs() + (a.1 - b.1).abs())
    };
    let ticks = (0..size * size).map(|index| leg(index / size, index % size)).collect();
    let opens = |visit: usize| (visit * 7919 % 28_800) as Time;
    let visit = |visit: usize| {
        let from = opens(visit);
        Visit::at(visit, 1800, window(from, from + 5400))
    };
    Problem {
        visits: (0..visits).map(visit).collect(),
        caregivers: (0..caregivers)
            .map(|caregiver| Caregiver::at(visits + caregiver, window(0, 32_400)))
            .collect(),
        travel: vec![Matrix { size, ticks }],
        ..Problem::default()
    }
}

/// The same town, where the first two visits take two caregivers at once.
fn paired(visits: usize) -> Problem {
    let group = Group { members: vec![0, 1], relation: Relation::Together };
    let mut day = town(visits);
    let windows = day.visits[0].windows.clone();
    day.visits[1].windows = windows;
    Problem { groups: vec![group], ..day }
}

#[test]
fn the_same_seed_gives_the_same_plan_and_every_plan_is_valid() {
    run(30, |numbers| {
        let mut draw = Draw::new(numbers);
        let plain = draw.one_in(2);
        let seed = draw.up_to(usize::from(u16::MAX)) as u64;
        let shape = Shape { visits: 30, caregivers: 6, day: 200, plain, waiting: true };
        let day = problem(&mut draw, shape);
        let plan = planned(&day, 150, seed);
        prop_assert_eq!(check(&day, &plan), []);
        prop_assert_eq!(plan, planned(&day, 150, seed));
        Ok(())
    });
}

/// So few visits and so many steps that the search begins anew several times and puts known routes together.
#[test]
fn rounds_give_the_same_plan_for_the_same_seed_and_none_is_worse_than_the_plan_to_start_from() {
    run(20, |numbers| {
        let mut draw = Draw::new(numbers);
        let seed = draw.up_to(usize::from(u16::MAX)) as u64;
        let shape = Shape { visits: 9, caregivers: 3, day: 100, plain: true, waiting: false };
        let day = problem(&mut draw, shape);
        let start = planned(&day, 100, seed);
        let options = Options { iterations: Some(6000), seed, start: Some(&start), ..Options::default() };
        let plan = solve(&day, &options).unwrap().plan;
        prop_assert_eq!(check(&day, &plan), []);
        prop_assert!(plan.cost.total <= start.cost.total);
        prop_assert_eq!(plan, solve(&day, &options).unwrap().plan);
        Ok(())
    });
}

#[test]
fn two_threads_and_a_plan_to_start_from_give_valid_plans_that_are_no_worse() {
    run(30, |numbers| {
        let mut draw = Draw::new(numbers);
        let plain = draw.one_in(2);
        let shape = Shape { visits: 20, caregivers: 5, day: 150, plain, waiting: false };
        let mut day = problem(&mut draw, shape);
        day.rules.changes_max = day.baseline.as_ref().filter(|_| draw.one_in(2)).map(|_| draw.up_to(8));
        let start = planned(&day, 40, 1);
        let options =
            Options { iterations: Some(40), seed: 1, threads: 2, start: Some(&start), ..Options::default() };
        let plan = solve(&day, &options).unwrap().plan;
        prop_assert_eq!(check(&day, &plan), []);
        prop_assert!(plan.cost.total <= start.cost.total);
        Ok(())
    });
}

#[test]
fn a_larger_day_is_planned_by_one_thread_and_by_two() {
    let day = town(240);
    for threads in [1, 2] {
        let options = Options { iterations: Some(2000), seed: 3, threads, ..Options::default() };
        let solved = solve(&day, &options).unwrap();
        assert_eq!(check(&day, &solved.plan), []);
        assert!(solved.plan.unserved.len() < 24, "{} unserved", solved.plan.unserved.len());
        assert!(solved.progress.windows(2).all(|two| two[1].cost <= two[0].cost));
        assert_eq!(solved.progress.last().map(|last| last.cost), Some(solved.plan.cost.total));
    }
}

/// Cancelled from another thread, the best plan comes back. The bound tells "at once" from "at the deadline"; `songhe bench repair` tells
/// how soon.
#[test]
fn a_cancelled_search_comes_back_with_a_plan_long_before_its_deadline() {
    let day = town(200);
    let cancel = AtomicBool::new(false);
    let heard = AtomicBool::new(false);
    let progress = |_: Progress| heard.store(true, Ordering::Relaxed);
    // Two threads cut the day anew thousands of times before so far a deadline, and are not to go through them.
    for (threads, whole) in [(1, Duration::from_mins(10)), (2, Duration::from_hours(10))] {
        cancel.store(false, Ordering::Relaxed);
        heard.store(false, Ordering::Relaxed);
        let deadline = Some(Instant::now() + whole);
        let options = Options {
            deadline,
            threads,
            cancel: Some(&cancel),
            progress: Some(&progress),
            ..Options::default()
        };
        std::thread::scope(|scope| {
            let search = scope.spawn(|| solve(&day, &options).unwrap().plan);
            while !heard.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
            cancel.store(true, Ordering::Relaxed);
            let cancelled = Instant::now();
            let plan = search.join().unwrap();
            assert!(cancelled.elapsed() < Duration::from_secs(10));
            assert_eq!(check(&day, &plan), []);
        });
    }
}

/// Whoever cancels waits for no first plan and for no step: what is cancelled before it begins serves nobody.
#[test]
fn what_is_cancelled_before_it_begins_does_nothing() {
    let cancel = AtomicBool::new(true);
    for (day, threads) in [(town(200), 1), (town(200), 2), (paired(200), 1)] {
        let deadline = Some(Instant::now() + Duration::from_mins(10));
        let options = Options { deadline, threads, cancel: Some(&cancel), ..Options::default() };
        let solved = solve(&day, &options).unwrap();
        assert_eq!((solved.iterations, solved.plan.unserved.len()), (0, day.visits.len()));
        assert_eq!(check(&day, &solved.plan), []);
    }
}

#[test]
fn without_deadline_and_iterations_the_first_plan_is_the_last() {
    let day = town(200);
    for threads in [1, 2] {
        let solved = solve(&day, &Options { threads, ..Options::default() }).unwrap();
        assert_eq!(solved.iterations, 0);
        assert!(solved.plan.unserved.len() < 40, "{} unserved", solved.plan.unserved.len());
    }
}

#[test]
fn days_without_visits_caregivers_or_a_chance_have_a_valid_plan_with_reasons() {
    let empty = Problem::default();
    let plan = planned(&empty, 10, 1);
    assert_eq!((plan.routes.len(), plan.unserved.len(), plan.cost.total), (0, 0, 0));
    assert_eq!(check(&empty, &plan), []);

    let mut idle = town(8);
    idle.visits.clear();
    let plan = planned(&idle, 10, 1);
    assert_eq!((plan.routes.len(), plan.unserved.len()), (1, 0));
    assert_eq!(check(&idle, &plan), []);

    let mut alone = town(8);
    alone.caregivers.clear();
    let plan = planned(&alone, 10, 1);
    assert_eq!(plan.unserved.len(), 8);
    assert_eq!(check(&alone, &plan), []);
    let reasons = explain_unserved(&alone, &plan).unwrap();
    assert!(reasons.iter().all(|one| one.candidates.is_empty() && one.rejected.is_empty()));

    let mut hopeless = town(8);
    for visit in &mut hopeless.visits {
        visit.windows = vec![window(-500, -400)];
    }
    let plan = planned(&hopeless, 10, 1);
    assert_eq!(plan.unserved.len(), 8);
    assert_eq!(check(&hopeless, &plan), []);
    let reasons = explain_unserved(&hopeless, &plan).unwrap();
    assert!(reasons.iter().all(|one| one.rejected[0].reason == Reason::Window));
}
