//! What the rules allow, and what it costs.

use super::*;

/// Changes that leave the day valid once its cost is stated anew.
const VALID: &[Spoil] = &[
    // Breaks: skipped, on the way, at the next stop, at either end of the route, at home on the way out and back.
    |problem, plan| {
        rest(problem).skippable = true;
        plan.routes[0].rest = None;
    },
    |problem, plan| {
        rest(problem).place = RestPlace::OnTheWay;
        *taken(plan) = RestStop { before: 2, start: 155, end: 170, at: RestAt::Leg };
    },
    |_, plan| *taken(plan) = RestStop { before: 2, start: 165, end: 180, at: RestAt::Next },
    |problem, plan| {
        rest(problem).window.to = 300;
        *taken(plan) = RestStop { before: 3, start: 210, end: 225, at: RestAt::Previous };
        plan.routes[0].returns_at = 255;
    },
    |problem, plan| {
        (rest(problem).window.to, rest(problem).place) = (300, RestPlace::OnTheWay);
        *taken(plan) = RestStop { before: 3, start: 240, end: 255, at: RestAt::Next };
        plan.routes[0].returns_at = 255;
    },
    |problem, plan| {
        (rest(problem).window.to, rest(problem).place) = (300, RestPlace::OnTheWay);
        *taken(plan) = RestStop { before: 3, start: 207, end: 222, at: RestAt::Leg };
        plan.routes[0].returns_at = 250;
    },
    |problem, plan| {
        let due = Rest { window: window(100, 200), duration: 10, place: RestPlace::AtStop, skippable: false };
        problem.caregivers[1].rest = Some(due);
        problem.rules.now = None;
        plan.routes[1].rest = Some(RestStop { before: 0, start: 118, end: 128, at: RestAt::Next });
        plan.routes[1].departs_at = 98;
    },
    |problem, plan| {
        let due =
            Rest { window: window(90, 200), duration: 10, place: RestPlace::OnTheWay, skippable: false };
        problem.caregivers[1].rest = Some(due);
        problem.rules.now = None;
        plan.routes[1].rest = Some(RestStop { before: 0, start: 95, end: 105, at: RestAt::Previous });
    },
    |problem, plan| {
        let due =
            Rest { window: window(90, 200), duration: 10, place: RestPlace::OnTheWay, skippable: false };
        problem.caregivers[1].rest = Some(due);
        plan.routes[1].rest = Some(RestStop { before: 0, start: 112, end: 122, at: RestAt::Leg });
        plan.routes[1].departs_at = 100;
    },
    // A gap between soft windows may be used, late.
    |problem, _| problem.visits[2].windows = vec![window(120, 150), window(186, 190)],
    // Facts obey nothing: neither skills, windows, travel nor the shift.
    |problem, _| {
        problem.visits[0].skills = vec![0];
        problem.caregivers[0].shift.from = 100;
    },
    |problem, plan| {
        problem.visits[1].lock = Lock::Fact { caregiver: 0, start: 130 };
        problem.visits[1].barred = vec![0];
        problem.travel[0].ticks[6] = 1_000;
        problem.caregivers[0].work_max = None;
        plan.routes[0].departs_at = 85;
    },
    // Half of a group has happened, the other half cannot any more.
    |problem, plan| {
        problem.groups[0] = Group { members: vec![0, 5], relation: Relation::Together };
        plan.unserved = vec![5];
    },
    // A visit without anybody told is no change.
    |problem, _| problem.baseline.as_mut().unwrap().assigned[5] = None,
    |problem, _| problem.rules.due = Due::End,
    |problem, _| problem.visits[0].mandatory = true,
    // Who is on the way already left before the present.
    |problem, _| {
        problem.rules.now = Some(111);
        problem.caregivers[1].on_the_way = Some(OnTheWay { visit: 3, arrives_at: 130 });
    },
];

#[test]
fn what_the_rules_allow_is_not_held_against_a_plan() {
    for (index, change) in VALID.iter().enumerate() {
        let (mut problem, mut plan) = day();
        change(&mut problem, &mut plan);
        state_cost(&problem, &mut plan);
        assert_eq!(check(&problem, &plan), [], "case {index}");
    }
}

/// A change of the day and a component that it brings to a value.
const COSTS: &[(&str, i64, Spoil)] = &[
    ("missed_rests", 1, |problem, plan| {
        rest(problem).skippable = true;
        plan.routes[0].rest = None;
    }),
    ("waiting", 5 + 25 + 50, |problem, plan| {
        rest(problem).skippable = true;
        plan.routes[0].rest = None;
    }),
    // The wait at the stop after a break that opens the route is not counted.
    ("waiting", 65, VALID[6]),
    ("waiting", 5 + 25 + 5 + 50, VALID[3]),
    ("lateness", 2 * (205 - 180), |problem, _| problem.rules.due = Due::End),
    ("lateness", 2 * (185 - 150), VALID[9]),
    ("overtime", 5, |problem, _| problem.caregivers[0].shift.to = 230),
    ("unserved_mandatory", 3, |problem, _| problem.visits[5].mandatory = true),
    ("unserved", 0, |problem, _| problem.visits[5].priority = 0),
    ("continuity", 40, |problem, _| problem.visits[2].preferred[0].caregiver = 0),
    ("continuity", 0, |problem, _| problem.visits[2].preferred.clear()),
    ("wishes", 2, |problem, _| problem.visits[2].languages = Some(Wish { value: vec![3], hard: false })),
    ("idle_max", 120, |problem, _| problem.caregivers[2].rest = None),
    ("unfair", 61 + 34, |problem, _| problem.visits[5].duration = 66),
];

#[test]
fn components_are_what_the_day_says() {
    for (index, (component, expected, change)) in COSTS.iter().enumerate() {
        let (mut problem, mut plan) = day();
        change(&mut problem, &mut plan);
        state_cost(&problem, &mut plan);
        let named = plan.cost.components.named();
        let value = named.iter().find(|(name, _)| name == component).map(|(_, value)| *value);
        assert_eq!(value, Some(*expected), "case {index}: {component}");
    }
}
