//! What happened stays, the past is over, and what people were told breaks no rule.

use songhe::dispatch::solver::*;

fn base(visits: Vec<Visit>, caregivers: usize) -> Problem {
    Problem {
        visits,
        caregivers: (0..caregivers).map(|_| Caregiver::at(0, Window { from: 0, to: 200 })).collect(),
        travel: vec![Matrix { size: 1, ticks: vec![0] }],
        ..Problem::default()
    }
}

fn visit(from: Time, to: Time) -> Visit {
    Visit::at(0, 5, Window { from, to })
}

fn holds(problem: &Problem) {
    let options = Options { iterations: Some(200), seed: 1, ..Options::default() };
    let plan = solve(problem, &options).unwrap().plan;
    assert_eq!(check(problem, &plan), []);
}

fn rest(from: Time, to: Time) -> Rest {
    Rest { window: Window { from, to }, duration: 5, place: RestPlace::OnTheWay, skippable: false }
}

fn told(problem: &mut Problem, caregivers: &[Option<usize>]) {
    let assigned = caregivers.iter().map(|who| who.map(|caregiver| Assigned { caregiver, start: 20 }));
    problem.baseline = Some(Baseline { assigned: assigned.collect() });
}

fn begun() -> Problem {
    let mut fact = visit(0, 100);
    fact.lock = Lock::Fact { caregiver: 0, start: 10 };
    let mut problem = base(vec![fact, visit(60, 100)], 1);
    problem.rules.now = Some(50);
    problem
}

/// Who was there at night works in the shift all the same: in a plain problem, and in one with a group.
#[test]
fn a_fact_before_the_shift_is_no_reason_to_begin_early() {
    let starts = |problem: &Problem| {
        let options = Options { iterations: Some(200), seed: 1, ..Options::default() };
        let plan = solve(problem, &options).unwrap().plan;
        assert_eq!(check(problem, &plan), []);
        let stops = plan.routes.iter().flat_map(|route| &route.stops);
        let mut starts: Vec<Time> = stops.map(|stop| stop.start).collect();
        starts.sort_unstable();
        starts
    };
    let mut problem = begun();
    problem.caregivers[0].shift.from = 80;
    assert_eq!(starts(&problem), [10, 80]);
    problem.rules.now = None;
    assert_eq!(starts(&problem), [10, 80]);
    problem.visits.push(visit(60, 100));
    problem.caregivers.push(Caregiver::at(0, Window { from: 90, to: 200 }));
    problem.groups.push(Group { members: vec![1, 2], relation: Relation::Together });
    assert_eq!(starts(&problem), [10, 90, 90]);
    problem.visits[1].windows = vec![Window { from: 60, to: 79 }];
    problem.visits[2].windows = vec![Window { from: 60, to: 79 }];
    assert_eq!(starts(&problem), [10], "nobody is at work in their window");
}

/// A plan that begins before the shift is found out, whatever happened before.
#[test]
fn the_check_asks_for_the_shift_after_a_fact_too() {
    let mut problem = begun();
    let options = Options { iterations: Some(200), seed: 1, ..Options::default() };
    let plan = solve(&problem, &options).unwrap().plan;
    assert_eq!(check(&problem, &plan), []);
    problem.caregivers[0].shift.from = 80;
    let found: Vec<&str> = check(&problem, &plan).iter().map(Violation::code).collect();
    assert_eq!(
        found,
        ["travel-too-short", "component-wrong"],
        "the shorter shift changes what the plan costs as well"
    );
}

#[test]
fn a_break_after_a_fact_is_not_in_the_past() {
    let mut problem = begun();
    problem.caregivers[0].rest = Some(rest(30, 80));
    holds(&problem);
}

#[test]
fn a_break_whose_window_is_over_keeps_a_later_visit_out() {
    let mut problem = begun();
    problem.caregivers[0].rest = Some(rest(0, 12));
    holds(&problem);
}

#[test]
fn facts_above_the_capacity_alone_are_kept() {
    let mut problem = begun();
    problem.visits[0].load = 3;
    problem.caregivers[0].capacity = Some(1);
    holds(&problem);
}

#[test]
fn facts_above_the_work_allowed_alone_are_kept_among_soft_visits() {
    let mut problem = begun();
    problem.visits[1].lateness = Lateness::Soft { factor: 1 };
    problem.caregivers[0].work_max = Some(2);
    holds(&problem);
}

#[test]
fn a_barred_caregiver_does_not_come_though_it_was_told() {
    let mut problem = base(vec![visit(0, 100)], 1);
    problem.visits[0].barred = vec![0];
    told(&mut problem, &[Some(0)]);
    holds(&problem);
}

#[test]
fn a_visit_outside_its_window_is_not_kept_though_it_was_told() {
    let mut problem = base(vec![visit(0, 20), visit(0, 20), visit(5, 7), visit(5, 7)], 1);
    told(&mut problem, &[Some(0); 4]);
    holds(&problem);
}

#[test]
fn half_a_group_is_not_kept_though_it_was_told() {
    let mut problem = base(vec![visit(0, 100), visit(0, 100)], 2);
    problem.groups = vec![Group { members: vec![0, 1], relation: Relation::Together }];
    told(&mut problem, &[Some(0), None]);
    holds(&problem);
}

#[test]
fn one_caregiver_for_a_whole_group_is_not_kept_though_it_was_told() {
    let mut problem = base(vec![visit(0, 100), visit(0, 100)], 2);
    problem.groups = vec![Group { members: vec![0, 1], relation: Relation::Independent }];
    told(&mut problem, &[Some(0), Some(0)]);
    holds(&problem);
}
