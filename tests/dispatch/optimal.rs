//! Tiny problems: the solver against trying everything.

use std::cell::Cell;

use songhe::dispatch::solver::*;

use super::brute::cheapest;
use super::draws::{Draw, Shape, problem, run};
use super::{baseline_of, planned};

/// How many of how many cases reached the optimum.
fn compare(cases: u32, iterations: u64, draw_problem: impl Fn(&mut Draw) -> Problem) -> (u32, u32) {
    let (found, all) = (Cell::new(0), Cell::new(0));
    run(cases, |numbers| {
        let problem = draw_problem(&mut Draw::new(numbers));
        let solved = std::panic::catch_unwind(|| planned(&problem, iterations, 7));
        proptest::prop_assert!(solved.is_ok(), "the solver panicked\n{problem:#?}");
        let Ok(solved) = solved else { return Ok(()) };
        let wrong = check(&problem, &solved);
        let text = || format!("{problem:#?}\n{solved:#?}");
        proptest::prop_assert!(wrong.is_empty(), "{wrong:?}\n{}", text());
        let best = cheapest(&problem);
        proptest::prop_assert!(best.is_some(), "trying everything found no plan\n{}", text());
        let best = best.unwrap_or(0);
        proptest::prop_assert!(solved.cost.total >= best, "cheaper than {best}\n{}", text());
        all.set(all.get() + 1);
        found.set(found.get() + u32::from(solved.cost.total == best));
        Ok(())
    });
    (found.get(), all.get())
}

fn tiny(draw: &mut Draw, plain: bool) -> Problem {
    let caregivers = 2 + draw.up_to(1);
    let visits = 1 + draw.up_to(if caregivers == 2 { 4 } else { 3 });
    problem(draw, Shape { visits, caregivers, day: 100, plain, waiting: false })
}

#[test]
fn tiny_problems_of_feasible_times_are_planned_at_least_cost() {
    let (found, all) = compare(100, 2000, |draw| tiny(draw, true));
    assert!(found * 100 >= all * 95, "{found} of {all}");
}

#[test]
fn tiny_problems_of_starts_and_groups_are_planned_at_least_cost() {
    let (found, all) = compare(120, 2000, |draw| tiny(draw, false));
    assert!(found * 100 >= all * 95, "{found} of {all}");
}

#[test]
fn tiny_problems_with_few_changes_allowed_are_planned_at_least_cost() {
    let (found, all) = compare(60, 2000, |draw| {
        let plain = draw.one_in(2);
        let mut problem = tiny(draw, plain);
        problem.baseline = Some(baseline_of(&problem, &planned(&problem, 0, 1)));
        problem.rules.changes_max = Some(draw.up_to(2));
        problem
    });
    assert!(found * 100 >= all * 95, "{found} of {all}");
}

#[test]
fn a_detour_shorter_than_the_direct_way_brings_a_pair_forward_together() {
    // From home the pair's place is 100 away, by way of the third visit only 10; waiting for each other, both could stay where they were.
    let window = Window { from: 0, to: 500 };
    let locked = |place: usize, caregiver: usize| Visit {
        lock: Lock::Caregiver(caregiver),
        lateness: Lateness::Soft { factor: 1 },
        ..Visit::at(place, 1, window)
    };
    let problem = Problem {
        visits: vec![locked(1, 0), locked(1, 1), locked(2, 0)],
        caregivers: vec![Caregiver::at(0, window), Caregiver::at(1, window)],
        travel: vec![Matrix { size: 3, ticks: vec![0, 100, 5, 5, 0, 5, 5, 5, 0] }],
        groups: vec![Group { members: vec![0, 1], relation: Relation::Together }],
        ..Problem::default()
    };
    for seed in 0..5 {
        let plan = planned(&problem, 300, seed);
        assert_eq!(check(&problem, &plan), []);
        let starts: Vec<Time> =
            plan.routes.iter().flat_map(|route| &route.stops).map(|stop| stop.start).collect();
        assert_eq!(starts, [5, 11, 11]);
    }
}
