//! A running day that is repaired: few others notice, and nothing breaks a rule.

use proptest::prelude::*;
use songhe::dispatch::solver::*;

use super::draws::{Draw, Shape, problem, run};
use super::{planned, window};

const SHAPE: Shape = Shape { visits: 14, caregivers: 4, day: 120, plain: false, waiting: false };

fn at_most(changes_max: usize) -> RepairOptions {
    RepairOptions { changes_max, drift_max: 0, deadline: None }
}

fn assigned(plan: &Plan, visit: usize) -> Option<Assigned> {
    plan.routes.iter().enumerate().find_map(|(caregiver, route)| {
        let stop = route.stops.iter().find(|stop| stop.visit == visit)?;
        Some(Assigned { caregiver, start: stop.start })
    })
}

/// A day that runs, a plan of it, and a visit that nobody makes.
fn running(draw: &mut Draw, plain: bool) -> (Problem, Plan, usize) {
    let mut day = problem(draw, Shape { plain, ..SHAPE });
    day.rules.now = None;
    day.baseline = None;
    for visit in &mut day.visits {
        if matches!(visit.lock, Lock::Fact { .. }) {
            visit.lock = Lock::None;
        }
    }
    for caregiver in &mut day.caregivers {
        caregiver.on_the_way = None;
    }
    let mut plan = planned(&day, 60, 1);
    let now = draw.up_to(60) as Time;
    let mut day = plan.under_way(&day, now);
    day.visits.push(Visit { priority: 3, ..Visit::at(1, 5, window(now, now + 50)) });
    if let Some(baseline) = &mut day.baseline {
        baseline.assigned.push(None);
    }
    let urgent = day.visits.len() - 1;
    plan.unserved.push(urgent);
    (day, plan, urgent)
}

/// Valid; whoever is not named stays; who is named has changed.
fn holds(day: &Problem, before: &Plan, repair: &Repair, drift_max: Time) {
    assert_eq!(check(day, &repair.plan), []);
    for visit in 0..day.visits.len() {
        let (told, now) = (assigned(before, visit), assigned(&repair.plan, visit));
        let change = repair.changes.iter().find(|change| change.visit == visit);
        let stays = match (told, now) {
            (Some(told), Some(now)) => {
                told.caregiver == now.caregiver && (told.start - now.start).abs() <= drift_max
            }
            (told, now) => told == now,
        };
        assert_eq!(change.is_none(), stays, "visit {visit}: {told:?} to {now:?}");
        if let Some(change) = change {
            assert_eq!((change.before, change.after), (told, now));
        }
    }
}

/// Other members of a group come and go with the visit they belong to, and whoever was on the way to one that goes has to leave anew.
fn others(day: &Problem, repair: &Repair, meant: &[usize]) -> usize {
    let is_meant = |visit: &usize| {
        meant.contains(visit)
            || day.groups.iter().any(|group| {
                group.members.contains(visit) && group.members.iter().any(|member| meant.contains(member))
            })
    };
    let is_diverted = |told: &Assigned| {
        let to = day.caregivers[told.caregiver].on_the_way.map(|to| to.visit);
        to.is_some_and(|visit| is_meant(&visit) && repair.plan.unserved.contains(&visit))
    };
    let others = repair.changes.iter().filter(|change| !is_meant(&change.visit));
    others.filter(|change| !change.before.as_ref().is_some_and(is_diverted)).count()
}

#[test]
fn an_urgent_visit_changes_no_more_others_than_allowed() {
    run(150, |numbers| {
        let mut draw = Draw::new(numbers);
        let plain = draw.one_in(2);
        let changes_max = draw.up_to(3);
        let (day, plan, urgent) = running(&mut draw, plain);
        let repair = insert(&day, &plan, urgent, &at_most(changes_max)).unwrap();
        holds(&day, &plan, &repair, 0);
        prop_assert!(others(&day, &repair, &[urgent]) <= changes_max);
        Ok(())
    });
}

#[test]
fn a_released_caregiver_makes_nothing_more_and_few_others_change() {
    run(150, |numbers| {
        let mut draw = Draw::new(numbers);
        let plain = draw.one_in(2);
        let changes_max = draw.up_to(3);
        let (day, plan, _) = running(&mut draw, plain);
        let from = day.rules.now.unwrap();
        let repair = release(&day, &plan, 0, from, &at_most(changes_max)).unwrap();
        holds(&day, &plan, &repair, 0);
        prop_assert!(repair.plan.routes[0].stops.iter().all(|stop| stop.start < from));
        let taken: Vec<usize> =
            plan.routes[0].stops.iter().filter(|stop| stop.start >= from).map(|stop| stop.visit).collect();
        prop_assert!(others(&day, &repair, &taken) <= changes_max);
        Ok(())
    });
}

/// Two caregivers at place 0, one of whom is full; only she may make the new visit.
fn full() -> (Problem, Plan) {
    let mut day = Problem {
        visits: vec![Visit::at(0, 10, window(0, 0)), Visit::at(0, 10, window(0, 50))],
        caregivers: vec![Caregiver::at(0, window(0, 10)), Caregiver::at(0, window(0, 60))],
        travel: vec![Matrix { size: 1, ticks: vec![0] }],
        skills: vec!["nursing".into()],
        ..Problem::default()
    };
    day.caregivers[0].skills = vec![0];
    day.visits[0].skills = vec![0];
    day.visits[0].lock = Lock::Start(0);
    let mut plan = planned(&day, 50, 1);
    day.visits[0] = Visit::at(0, 10, window(0, 50));
    day.visits.push(Visit { skills: vec![0], ..Visit::at(0, 10, window(0, 5)) });
    plan.unserved.push(2);
    (day, plan)
}

#[test]
fn one_visit_is_pushed_to_another_caregiver_where_that_is_allowed() {
    let (day, plan) = full();
    let repair = insert(&day, &plan, 2, &at_most(1)).unwrap();
    holds(&day, &plan, &repair, 0);
    assert_eq!(assigned(&repair.plan, 2).unwrap().caregiver, 0);
    assert_eq!(assigned(&repair.plan, 0).unwrap().caregiver, 1);
    let repair = insert(&day, &plan, 2, &at_most(0)).unwrap();
    assert_eq!(repair.plan.unserved, [2]);
    assert_eq!(repair.changes, []);
}

#[test]
fn whoever_is_under_way_to_a_visit_still_makes_it_when_another_comes_in() {
    // 30 ticks away: who has left at 20 for 50 would be late by leaving at 40.
    let day = Problem {
        visits: vec![Visit::at(1, 10, window(50, 55))],
        caregivers: vec![Caregiver::at(0, window(0, 200))],
        travel: vec![Matrix { size: 2, ticks: vec![0, 30, 30, 0] }],
        ..Problem::default()
    };
    let mut plan = planned(&day, 50, 1);
    let mut running = plan.under_way(&day, 40);
    running.visits.push(Visit::at(1, 10, window(0, 100)));
    running.baseline.as_mut().unwrap().assigned.push(None);
    plan.unserved.push(1);
    let repair = insert(&running, &plan, 1, &at_most(0)).unwrap();
    holds(&running, &plan, &repair, 0);
    assert_eq!(repair.plan.unserved, [0_usize; 0]);
    // Anybody else leaves from now on.
    running.caregivers[0].on_the_way = None;
    let later = planned(&running, 50, 1);
    assert_eq!(later.unserved, [0]);
    assert_eq!(check(&running, &repair.plan).first().map(Violation::code), Some("departs-early"));
}

#[test]
fn a_route_that_cannot_be_kept_disturbs_no_other() {
    let pair =
        |caregiver: usize| Visit { lock: Lock::Caregiver(caregiver), ..Visit::at(0, 10, window(20, 30)) };
    let mut day = full().0;
    day.caregivers = vec![Caregiver::at(0, window(0, 60)); 3];
    day.visits =
        vec![Visit { lock: Lock::Caregiver(0), ..Visit::at(0, 10, window(0, 50)) }, pair(1), pair(2)];
    day.groups = vec![Group { members: vec![1, 2], relation: Relation::Together }];
    let mut plan = planned(&day, 50, 1);
    assert_eq!(plan.unserved, [0_usize; 0]);
    // The first visit takes longer than its caregiver has.
    day.visits[0].duration = 500;
    day.visits.push(Visit::at(0, 1, window(0, 50)));
    plan.unserved.push(3);
    let repair = insert(&day, &plan, 3, &at_most(3)).unwrap();
    assert_eq!(check(&day, &repair.plan), []);
    assert_eq!(repair.plan.unserved, [0]);
    for visit in [1, 2] {
        assert_eq!(assigned(&repair.plan, visit), assigned(&plan, visit));
    }
}

#[test]
fn numbers_that_do_not_exist_are_refused() {
    let (day, plan) = full();
    let refused = |item: Item, rule: Rule| Err(Refusal { item, rule });
    let visit = Item::Visit { index: 9, name: String::new() };
    assert_eq!(insert(&day, &plan, 9, &at_most(1)), refused(visit.clone(), Rule::NoSuchItem));
    let caregiver = Item::Caregiver { index: 2, name: String::new() };
    assert_eq!(release(&day, &plan, 2, 0, &at_most(1)), refused(caregiver, Rule::NoSuchItem));
    let mut short = plan.clone();
    short.routes.pop();
    assert_eq!(insert(&day, &short, 2, &at_most(1)), refused(Item::Plan, Rule::PlanRoutes));
    let mut odd = plan.clone();
    odd.unserved.push(9);
    assert_eq!(release(&day, &odd, 0, 0, &at_most(1)), refused(visit, Rule::NoSuchItem));
    let mut lost = day.clone();
    lost.caregivers[0].on_the_way = Some(OnTheWay { visit: 9, arrives_at: 0 });
    let item = Item::Caregiver { index: 0, name: String::new() };
    assert_eq!(validate(&lost), Err(Refusal { item, rule: Rule::UnknownVisit }));
}
