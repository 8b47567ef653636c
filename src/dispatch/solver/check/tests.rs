//! A tiny day in which every rule of the model has something to say, and one violation of each.

mod allowed;

use super::*;
use crate::dispatch::solver::plan::{Components, Cost, RestAt, RestStop, Stop};
use crate::dispatch::solver::problem::*;

type Spoil = fn(&mut Problem, &mut Plan);

fn window(from: Time, to: Time) -> Window {
    Window { from, to }
}

fn stop(visit: usize, start: Time, end: Time) -> Stop {
    Stop { visit, start, end }
}

/// Four places on a line, ten ticks apart; place 0 is home.
fn line() -> Matrix {
    let ticks = (0..16_i32).map(|at| 10 * (at / 4 - at % 4).abs()).collect();
    Matrix { size: 4, ticks }
}

/// Caregiver 0: visit 0 has happened; visits 1 and 2 follow, with a break between. Caregiver 1: visits 3 and 4, each tied to one of the
/// other's. Visit 5 stays out. Caregiver 2 stays at home.
fn day() -> (Problem, Plan) {
    let mut fact = Visit::at(1, 20, window(500, 510));
    fact.lock = Lock::Fact { caregiver: 0, start: 95 };
    let mut wishes = Visit::at(2, 20, window(100, 160));
    wishes.skills = vec![0];
    wishes.gender = Some(Wish { value: Gender::Female, hard: true });
    wishes.languages = Some(Wish { value: vec![7, 8], hard: true });
    wishes.lock = Lock::Caregiver(0);
    wishes.load = 3;
    let mut late = Visit::at(3, 20, window(120, 150));
    late.windows.push(window(160, 180));
    late.lateness = Lateness::Soft { factor: 2 };
    late.preferred = vec![Preferred { caregiver: 1, familiarity: 60 }];
    late.gender = Some(Wish { value: Gender::Male, hard: false });
    late.load = 2;
    let mut together = Visit::at(2, 20, window(100, 200));
    together.barred = vec![0, 2];
    let mut after = Visit::at(3, 20, window(100, 300));
    after.lock = Lock::Both { caregiver: 1, start: 210 };
    let mut out = Visit::at(1, 30, window(0, 40));
    out.priority = 3;
    let mut first = Caregiver::at(0, window(80, 260));
    first.overtime_max = 20;
    first.skills = vec![0];
    first.gender = Some(Gender::Female);
    first.languages = vec![8];
    first.work_max = Some(140);
    first.capacity = Some(5);
    first.rest =
        Some(Rest { window: window(140, 170), duration: 15, place: RestPlace::AtStop, skippable: false });
    let mut third = Caregiver::at(0, window(80, 200));
    third.rest = first.rest;
    let told = |caregiver| Some(Assigned { caregiver, start: 0 });
    let problem = Problem {
        visits: vec![fact, wishes, late, together, after, out],
        caregivers: vec![first, Caregiver::at(0, window(80, 280)), third],
        groups: vec![
            Group { members: vec![1, 3], relation: Relation::Together },
            Group { members: vec![2, 4], relation: Relation::After { lag_min: 20, lag_max: 25 } },
        ],
        travel: vec![line()],
        skills: vec!["washing".to_owned()],
        rules: Rules { now: Some(100), changes_max: Some(2), ..Rules::default() },
        weights: Weights { fairness: 1, idle_max: 1, waiting: 1, lateness_max: 1, ..Weights::default() },
        baseline: Some(Baseline { assigned: vec![told(0), told(0), told(1), told(1), None, told(2)] }),
    };
    let rest = RestStop { before: 2, start: 150, end: 165, at: RestAt::Previous };
    let mut plan = Plan {
        routes: vec![
            Route {
                stops: vec![stop(0, 95, 115), stop(1, 130, 150), stop(2, 185, 205)],
                rest: Some(rest),
                departs_at: 85,
                returns_at: 235,
            },
            Route {
                stops: vec![stop(3, 130, 150), stop(4, 210, 230)],
                rest: None,
                departs_at: 110,
                returns_at: 260,
            },
            Route { departs_at: 80, returns_at: 80, ..Route::default() },
        ],
        unserved: vec![5],
        cost: Cost::default(),
    };
    state_cost(&problem, &mut plan);
    (problem, plan)
}

/// Writes the right cost into a plan whose starts were changed.
fn state_cost(problem: &Problem, plan: &mut Plan) {
    let components = cost::components(problem, plan, &served(problem, plan));
    plan.cost = Cost { total: components.total(&problem.weights), components };
}

fn codes(problem: &Problem, plan: &Plan) -> Vec<&'static str> {
    check(problem, plan).iter().map(Violation::code).collect()
}

fn rest(problem: &mut Problem) -> &mut Rest {
    problem.caregivers[0].rest.as_mut().unwrap()
}

fn taken(plan: &mut Plan) -> &mut RestStop {
    plan.routes[0].rest.as_mut().unwrap()
}

/// Shifts a stop, as it would be stated.
fn start_at(plan: &mut Plan, route: usize, index: usize, start: Time) {
    let stop = &mut plan.routes[route].stops[index];
    *stop = Stop { start, end: start + stop.end - stop.start, ..*stop };
}

#[test]
fn the_day_is_valid_and_costs_what_it_should() {
    let (problem, plan) = day();
    assert_eq!(super::super::refuse::validate(&problem), Ok(()));
    assert_eq!(check(&problem, &plan), []);
    let expected = Components {
        unserved_mandatory: 0,
        unserved: 3,
        // 5 ticks after 180, twice.
        lateness: 10,
        lateness_max: 5,
        overtime: 0,
        missed_rests: 0,
        // 100 for an unknown caregiver, visit 2 being told to another.
        continuity: 100,
        wishes: 1,
        // 130 ticks of service in all, shared by 180, 200 and 120 of 500: 46 and 52; work is 120 and 100.
        unfair: 74 + 48,
        // 180 - 120 - 15, 200 - 100, 120 - 15.
        idle_max: 105,
        // 5 before visit 1, none at the break, 10 before visit 2; 50 before visit 4.
        waiting: 5 + 10 + 50,
        changes: 2,
        travel: 60 + 60,
    };
    assert_eq!(plan.cost.components, expected);
    let tiers = 3 * 100_000 + 10 * 10 + 5 + 100 * 6 + 900 + 122 + 105 + 65 + 2 * 1_800 + 120;
    assert_eq!(plan.cost.total, tiers);
}

#[test]
fn an_empty_plan_of_an_empty_problem_is_valid() {
    let empty = Plan { routes: Vec::new(), unserved: Vec::new(), cost: Cost::default() };
    assert_eq!(check(&Problem::default(), &empty), []);
}

/// What is changed in the day, and the violations that must come of it, in their order, costs apart.
const CASES: &[(&[&str], Spoil)] = &[
    (&["route-count"], |_, plan| plan.routes.truncate(2)),
    (&["visit-unknown"], |_, plan| plan.unserved.push(6)),
    (&["visit-unknown", "visit-missing"], |_, plan| plan.routes[1].stops[1].visit = 9),
    (&["visit-twice", "visit-missing"], |_, plan| plan.routes[1].stops[1].visit = 3),
    (&["visit-missing"], |_, plan| plan.unserved.clear()),
    (&["visit-both"], |_, plan| plan.unserved = vec![4, 5]),
    (&["unserved-unordered"], |_, plan| plan.unserved.push(5)),
    (&["skill-missing"], |problem, _| problem.caregivers[0].skills.clear()),
    (&["gender-wish"], |problem, _| problem.caregivers[0].gender = None),
    (&["language-wish"], |problem, _| problem.caregivers[0].languages = vec![9]),
    (&["barred"], |problem, _| problem.visits[1].barred.push(0)),
    (&["locked-caregiver"], |problem, _| problem.visits[1].lock = Lock::Caregiver(1)),
    (&["locked-caregiver"], |problem, _| problem.visits[4].lock = Lock::Both { caregiver: 0, start: 210 }),
    (&["outside-windows"], |problem, _| problem.visits[1].windows = vec![window(100, 129), window(131, 160)]),
    (&["outside-windows"], |problem, _| {
        problem.rules.due = Due::End;
        problem.visits[1].windows = vec![window(100, 149)];
    }),
    (&["before-windows"], |problem, _| problem.visits[2].windows = vec![window(186, 300)]),
    (&["locked-start"], |problem, _| problem.visits[4].lock = Lock::Start(211)),
    (&["locked-start"], |problem, _| problem.visits[4].lock = Lock::Both { caregiver: 1, start: 211 }),
    // Nobody is where he would have to be: the first should have left the fact, the second home, before the present.
    (&["before-now", "before-now", "travel-too-short", "departs-early"], |problem, _| {
        problem.rules.now = Some(131);
    }),
    (&["before-now", "before-now", "rest-before-now", "travel-too-short", "departs-early"], |problem, _| {
        problem.rules.now = Some(151);
    }),
    (&["departs-early"], |problem, _| problem.rules.now = Some(111)),
    (&["end-wrong"], |_, plan| plan.routes[1].stops[0].end = 149),
    (&["fact-unserved"], |_, plan| {
        plan.routes[0].stops.remove(0);
        plan.routes[0].departs_at = 110;
        taken(plan).before = 1;
        plan.unserved.insert(0, 0);
    }),
    (&["fact-moved", "departs-wrong"], |_, plan| start_at(plan, 0, 0, 94)),
    (&["fact-moved"], |problem, _| problem.visits[0].lock = Lock::Fact { caregiver: 1, start: 95 }),
    (&["fact-not-first", "departs-wrong", "travel-too-short"], |_, plan| {
        plan.routes[0].stops.swap(0, 1);
    }),
    (&["rest-misplaced"], |problem, plan| {
        // Nothing is put before what has happened, not even a break.
        problem.rules.now = Some(0);
        rest(problem).window.from = 0;
        *taken(plan) = RestStop { before: 0, start: 75, end: 90, at: RestAt::Next };
        plan.routes[0].departs_at = 65;
    }),
    (&["travel-too-short"], |problem, plan| {
        problem.groups.pop();
        plan.routes[0].stops[2] = stop(2, 174, 194);
        plan.routes[0].returns_at = 224;
    }),
    (&["travel-too-short"], |problem, plan| {
        problem.groups.remove(0);
        start_at(plan, 0, 1, 124);
    }),
    (&["departs-wrong"], |_, plan| plan.routes[1].departs_at = 109),
    (&["departs-wrong"], |_, plan| plan.routes[2].departs_at = 79),
    (&["departs-early"], |problem, _| problem.caregivers[1].shift.from = 111),
    (&["returns-wrong"], |_, plan| plan.routes[1].returns_at = 261),
    (&["returns-late"], |problem, _| problem.caregivers[1].shift.to = 259),
    (&["returns-late"], |problem, _| {
        problem.caregivers[0].shift.to = 224;
        problem.caregivers[0].overtime_max = 10;
    }),
    (&["work-too-long"], |problem, _| problem.caregivers[0].work_max = Some(119)),
    (&["load-too-large"], |problem, _| problem.caregivers[0].capacity = Some(4)),
    (&["rest-missing"], |_, plan| plan.routes[0].rest = None),
    (&["rest-undue"], |problem, _| problem.caregivers[0].rest = None),
    (&["rest-misplaced"], |_, plan| taken(plan).at = RestAt::Leg),
    (&["rest-misplaced"], |_, plan| taken(plan).before = 4),
    (&["rest-misplaced"], |_, plan| plan.routes[2].rest = plan.routes[0].rest),
    (&["rest-outside-window"], |problem, _| rest(problem).window.from = 151),
    (&["rest-outside-window"], |problem, _| rest(problem).window.to = 149),
    (&["rest-length"], |_, plan| taken(plan).end = 164),
    (&["rest-too-early"], |_, plan| {
        let rest = taken(plan);
        (rest.start, rest.end) = (149, 164);
    }),
    (&["rest-too-early"], |_, plan| {
        let rest = taken(plan);
        (rest.start, rest.end, rest.at) = (159, 174, RestAt::Next);
    }),
    (&["group-split"], |_, plan| {
        plan.routes[1].stops.remove(1);
        plan.routes[1].returns_at = 170;
        plan.unserved.insert(0, 4);
    }),
    (&["group-caregiver"], |problem, _| {
        problem.groups = vec![Group { members: vec![4, 3], relation: Relation::Independent }];
    }),
    (&["not-together"], |_, plan| {
        start_at(plan, 1, 0, 131);
        plan.routes[1].departs_at = 111;
    }),
    (&["lag-outside"], |problem, _| {
        problem.groups[1].relation = Relation::After { lag_min: 26, lag_max: 30 }
    }),
    (&["lag-outside"], |problem, _| problem.groups[1].relation = Relation::After { lag_min: 0, lag_max: 24 }),
    (&["changes-too-many"], |problem, _| problem.rules.changes_max = Some(1)),
];

#[test]
fn a_violation_of_every_rule_is_caught_and_nothing_else_is_said() {
    let mut surprises = Vec::new();
    for (index, (expected, spoil)) in CASES.iter().enumerate() {
        let (mut problem, mut plan) = day();
        spoil(&mut problem, &mut plan);
        let mut found = codes(&problem, &plan);
        found.retain(|code| !["component-wrong", "total-wrong"].contains(code));
        if found != *expected {
            surprises.push((index, *expected, found));
        }
    }
    assert_eq!(surprises, []);
}

#[test]
fn a_wrong_cost_is_caught_in_every_component() {
    let (problem, right) = day();
    for (component, _) in right.cost.components.named() {
        let mut plan = right.clone();
        let stated = &mut plan.cost.components;
        let value = match component {
            "unserved_mandatory" => &mut stated.unserved_mandatory,
            "unserved" => &mut stated.unserved,
            "lateness" => &mut stated.lateness,
            "lateness_max" => &mut stated.lateness_max,
            "overtime" => &mut stated.overtime,
            "missed_rests" => &mut stated.missed_rests,
            "continuity" => &mut stated.continuity,
            "wishes" => &mut stated.wishes,
            "unfair" => &mut stated.unfair,
            "idle_max" => &mut stated.idle_max,
            "waiting" => &mut stated.waiting,
            "changes" => &mut stated.changes,
            _ => &mut stated.travel,
        };
        *value += 1;
        assert_eq!(codes(&problem, &plan), ["component-wrong"], "{component}");
    }
    let mut plan = right.clone();
    plan.cost.total += 1;
    let found = check(&problem, &plan);
    let (stated, computed) = (plan.cost.total, right.cost.total);
    assert_eq!(found, [Violation::TotalWrong { stated, computed }]);
    assert_eq!(found[0].to_string(), format!("the cost is {computed}, not {stated}"));
}

#[test]
fn every_code_is_unique_and_has_a_case() {
    let costs = ["component-wrong", "total-wrong"];
    for (index, code) in Violation::CODES.iter().enumerate() {
        assert!(!Violation::CODES[..index].contains(code), "{code}");
        let is_tried = CASES.iter().any(|(expected, _)| expected.contains(code));
        assert!(is_tried || costs.contains(code), "{code}");
    }
}
