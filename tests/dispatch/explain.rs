//! Who could make a visit, why others cannot, and what would have to give way.

use proptest::prelude::*;
use songhe::dispatch::solver::*;

use super::draws::{Draw, Shape, problem, run};
use super::{planned, window};

/// Two caregivers at place 0; place 1 is ten ticks away. The first visit, at place 1, is made by the first caregiver at 50.
fn day() -> Problem {
    let mut day = Problem {
        visits: vec![Visit::at(1, 20, window(50, 50)), Visit::at(1, 20, window(50, 60))],
        caregivers: vec![Caregiver::at(0, window(0, 100)); 2],
        travel: vec![Matrix { size: 2, ticks: vec![0, 10, 10, 0] }],
        skills: vec!["nursing".into()],
        ..Problem::default()
    };
    day.visits[0].lock = Lock::Caregiver(0);
    day
}

/// The plan of the day without its last visit.
fn plan_of(day: &Problem) -> Plan {
    let mut rest = day.clone();
    let last = rest.visits.len() - 1;
    rest.visits.truncate(last);
    rest.groups.clear();
    let mut plan = planned(&rest, 50, 1);
    assert_eq!(plan.unserved, [0_usize; 0]);
    plan.unserved.push(last);
    plan
}

fn explained(day: &Problem) -> Explanation {
    explain(day, &plan_of(day), day.visits.len() - 1).unwrap()
}

fn rejected(day: &Problem, caregiver: usize) -> (Reason, Vec<Relaxation>) {
    let explanation = explained(day);
    let found = explanation.rejected.iter().find(|one| one.caregiver == caregiver);
    let found = found.unwrap_or_else(|| panic!("caregiver {caregiver} is no candidate: {explanation:?}"));
    (found.reason, found.relaxations.clone())
}

#[test]
fn candidates_come_with_position_start_and_the_change_of_each_component() {
    let mut day = day();
    day.weights.unserved = 1000;
    let explanation = explained(&day);
    assert_eq!(explanation.assigned, None);
    let [candidate] = explanation.candidates.as_slice() else { panic!("{explanation:?}") };
    assert_eq!((candidate.caregiver, candidate.index, candidate.start), (1, 0, 50));
    // Nobody is idle for 100 any more; half of the 40 ticks of service are her fair share, and she drives 20 as well.
    let expected =
        Components { unserved: -1, travel: 20, unfair: 20, idle_max: -40, ..Components::default() };
    assert_eq!(candidate.components, expected);
    assert_eq!(candidate.cost, -980);
}

#[test]
fn a_visit_that_is_made_is_compared_with_how_it_is_made() {
    let mut day = day();
    day.visits[1].windows = vec![window(70, 75)];
    let mut plan = planned(&day, 200, 1);
    let explanation = explain(&day, &plan, 1).unwrap();
    assert_eq!(explanation.assigned, Some(Assigned { caregiver: 0, start: 70 }));
    let costs: Vec<(usize, i64)> =
        explanation.candidates.iter().map(|candidate| (candidate.caregiver, candidate.cost)).collect();
    assert_eq!(costs, [(0, 0), (1, 20)]);
    assert_eq!(explanation.rejected, []);
    plan.routes.pop();
    assert_eq!(explain(&day, &plan, 1).unwrap_err().rule, Rule::PlanRoutes);
    assert_eq!(explain(&day, &planned(&day, 5, 1), 7).unwrap_err().rule, Rule::NoSuchItem);
}

#[test]
fn who_may_not_come_is_told_by_the_rule() {
    let with = |change: fn(&mut Problem)| {
        let mut day = day();
        change(&mut day);
        rejected(&day, 1)
    };
    assert_eq!(with(|day| day.visits[1].skills = vec![0]), (Reason::Skill(0), vec![]));
    let gender = with(|day| day.visits[1].gender = Some(Wish { value: Gender::Female, hard: true }));
    assert_eq!(gender, (Reason::Gender, vec![]));
    let language = with(|day| day.visits[1].languages = Some(Wish { value: vec![3], hard: true }));
    assert_eq!(language, (Reason::Language, vec![]));
    assert_eq!(with(|day| day.visits[1].barred = vec![1]), (Reason::Barred, vec![]));
    assert_eq!(with(|day| day.visits[1].lock = Lock::Caregiver(0)), (Reason::Locked, vec![]));
    let several = with(|day| {
        day.visits[1].lock = Lock::Caregiver(0);
        day.visits[1].barred = vec![1];
        day.visits[1].skills = vec![0];
    });
    assert_eq!(several, (Reason::Skill(0), vec![]));
}

#[test]
fn a_full_route_names_the_least_window_and_the_visit_to_bump() {
    // Busy from 50 to 70 at the same place: ten too late after it, twenty too early before it.
    let (reason, relaxations) = rejected(&day(), 0);
    assert_eq!(reason, Reason::OtherVisits);
    let expected =
        [Relaxation::Later { by: 10 }, Relaxation::Earlier { by: 20 }, Relaxation::Bump { visit: 0 }];
    assert_eq!(relaxations, expected);
}

#[test]
fn what_is_not_reached_in_its_window_needs_a_later_one() {
    let mut day = day();
    day.visits[1].windows = vec![window(0, 4)];
    assert_eq!(rejected(&day, 1), (Reason::Window, vec![Relaxation::Later { by: 6 }]));
}

#[test]
fn whoever_would_be_back_too_late_needs_overtime_or_an_earlier_window() {
    let mut day = day();
    day.caregivers[1].shift = window(0, 75);
    let expected = vec![Relaxation::Earlier { by: 5 }, Relaxation::Overtime { by: 5 }];
    assert_eq!(rejected(&day, 1), (Reason::Shift, expected));
}

#[test]
fn load_work_and_breaks_are_named() {
    let mut loaded = day();
    loaded.visits[1].load = 3;
    loaded.caregivers[1].capacity = Some(2);
    assert_eq!(rejected(&loaded, 1), (Reason::Load, vec![]));
    let mut worked = day();
    worked.caregivers[1].work_max = Some(39);
    assert_eq!(rejected(&worked, 1), (Reason::Work, vec![]));
    let mut rested = day();
    let rest = Rest { window: window(55, 60), duration: 30, place: RestPlace::OnTheWay, skippable: false };
    rested.caregivers[1].rest = Some(rest);
    // After the break at 55 it is too late, before it there is no time.
    let (reason, relaxations) = rejected(&rested, 1);
    assert_eq!(reason, Reason::Rest);
    assert_eq!(relaxations.first(), Some(&Relaxation::Earlier { by: 10 }));
}

#[test]
fn both_of_a_pair_are_placed_or_the_missing_partner_is_named() {
    let mut day = day();
    day.visits.truncate(1);
    day.visits[0].windows = vec![window(50, 60)];
    day.visits[0].lock = Lock::None;
    day.visits.push(Visit::at(1, 20, window(50, 60)));
    day.groups = vec![Group { members: vec![0, 1], relation: Relation::Together }];
    let nobody = Plan { routes: vec![Route::default(); 2], unserved: vec![0, 1], cost: Cost::default() };
    let pair = explain(&day, &nobody, 1).unwrap();
    assert_eq!(pair.candidates.len(), 2);
    assert!(pair.candidates.iter().all(|candidate| candidate.components.unserved == -2));
    day.visits[0].barred = vec![1];
    let pair = explain(&day, &nobody, 1).unwrap();
    assert_eq!(pair.candidates.iter().map(|one| one.caregiver).collect::<Vec<_>>(), [1]);
    assert_eq!(pair.rejected.iter().map(|one| one.reason).collect::<Vec<_>>(), [Reason::Group]);
    let both = planned(&day, 200, 1);
    let pair = explain(&day, &both, 1).unwrap();
    assert_eq!(pair.rejected.iter().map(|one| one.reason).collect::<Vec<_>>(), [Reason::SameGroup]);
}

#[test]
fn where_only_a_partner_is_missing_nothing_in_the_route_is_to_give_way() {
    let mut day = day();
    day.visits[0].windows = vec![window(10, 10)];
    let pair = Visit::at(1, 20, window(50, 60));
    day.visits[1] = Visit { barred: vec![1], ..pair.clone() };
    day.visits.push(pair);
    day.groups = vec![Group { members: vec![1, 2], relation: Relation::Together }];
    let mut plan = planned(&day, 50, 1);
    plan.unserved = vec![1, 2];
    for route in &mut plan.routes {
        route.stops.retain(|stop| stop.visit == 0);
    }
    assert_eq!(explain(&day, &plan, 2).unwrap().candidates.len(), 1);
    day.caregivers[1].shift = window(0, 5);
    let explanation = explain(&day, &plan, 2).unwrap();
    let own = explanation.rejected.iter().find(|one| one.caregiver == 0).unwrap();
    assert_eq!((own.reason, own.relaxations.as_slice()), (Reason::Group, [].as_slice()));
}

#[test]
fn optional_visits_are_bumped_before_mandatory_ones_of_lower_priority() {
    let mut day = day();
    day.visits[0].mandatory = true;
    let other = Visit { lock: Lock::Caregiver(0), priority: 2, ..Visit::at(1, 20, window(70, 70)) };
    day.visits[1] = other;
    day.visits.push(Visit { mandatory: true, priority: 3, ..Visit::at(1, 20, window(50, 70)) });
    let (_, relaxations) = rejected(&day, 0);
    assert_eq!(relaxations.last(), Some(&Relaxation::Bump { visit: 1 }));
}

#[test]
fn a_visit_that_makes_the_way_to_the_next_one_possible_cannot_be_taken_away() {
    let mut day = day();
    // From home, place 2 is only near by way of place 1.
    day.travel = vec![Matrix { size: 3, ticks: vec![0, 5, 500, 5, 0, 5, 5, 5, 0] }];
    day.visits = vec![Visit::at(1, 10, window(0, 50)), Visit::at(2, 10, window(0, 80))];
    day.visits[1].lock = Lock::Caregiver(0);
    let plan = planned(&day, 200, 1);
    assert_eq!(plan.unserved, [0_usize; 0]);
    let explanation = explain(&day, &plan, 0).unwrap();
    let found: Vec<_> = explanation.rejected.iter().map(|one| (one.caregiver, one.reason)).collect();
    assert_eq!(found, [(1, Reason::Unmovable)]);
    assert_eq!(explanation.rejected[0].relaxations, []);
}

#[test]
fn what_has_happened_stays_and_changes_are_limited() {
    let mut day = day();
    day.visits[1].windows = vec![window(70, 75)];
    let plan = planned(&day, 200, 1);
    let mut over = plan.under_way(&day, 90);
    let explanation = explain(&over, &plan, 1).unwrap();
    assert_eq!((explanation.candidates[0].caregiver, explanation.candidates[0].cost), (0, 0));
    assert_eq!(explanation.rejected[0].reason, Reason::Locked);
    over = plan.under_way(&day, 0);
    over.rules.changes_max = Some(0);
    assert_eq!(explain(&over, &plan, 1).unwrap().rejected[0].reason, Reason::Changes);
}

const SHAPE: Shape = Shape { visits: 10, caregivers: 4, day: 120, plain: true, waiting: false };

/// The problem with what a relaxation gives way.
fn relaxed(day: &Problem, visit: usize, caregiver: usize, relaxation: Relaxation, less: Time) -> Problem {
    let mut day = day.clone();
    let windows = &mut day.visits[visit].windows;
    match relaxation {
        Relaxation::Earlier { by } => {
            for index in (0..windows.len()).rev() {
                let earliest = index.checked_sub(1).map_or(-1000, |before| windows[before].to);
                windows[index].from = (windows[index].from - by + less).max(earliest);
            }
        }
        Relaxation::Later { by } => {
            for index in 0..windows.len() {
                let latest = windows.get(index + 1).map_or(10_000, |after| after.from);
                windows[index].to = (windows[index].to + by - less).min(latest);
            }
        }
        Relaxation::Overtime { by } => day.caregivers[caregiver].overtime_max += by - less,
        Relaxation::Bump { .. } => {}
    }
    day
}

#[test]
fn a_relaxation_is_enough_and_one_tick_less_is_not() {
    run(80, |numbers| {
        let mut draw = Draw::new(numbers);
        let mut day = problem(&mut draw, SHAPE);
        day.baseline = None;
        let plan = planned(&day, 60, 1);
        let may = |day: &Problem, plan: &Plan, visit: usize, caregiver: usize| {
            explain(day, plan, visit).unwrap().candidates.iter().any(|one| one.caregiver == caregiver)
        };
        for explanation in explain_unserved(&day, &plan).unwrap() {
            let visit = explanation.visit;
            prop_assert_eq!(explanation.candidates.len() + explanation.rejected.len(), SHAPE.caregivers);
            for rejected in &explanation.rejected {
                for relaxation in &rejected.relaxations {
                    if let Relaxation::Bump { visit: bumped } = relaxation {
                        let mut without = plan.clone();
                        without.routes[rejected.caregiver].stops.retain(|stop| stop.visit != *bumped);
                        without.unserved.push(*bumped);
                        without.unserved.sort_unstable();
                        prop_assert!(may(&day, &without, visit, rejected.caregiver));
                        continue;
                    }
                    let enough = relaxed(&day, visit, rejected.caregiver, *relaxation, 0);
                    prop_assert!(may(&enough, &plan, visit, rejected.caregiver), "{:?}", relaxation);
                    let short = relaxed(&day, visit, rejected.caregiver, *relaxation, 1);
                    prop_assert!(!may(&short, &plan, visit, rejected.caregiver), "{:?}", relaxation);
                }
            }
        }
        Ok(())
    });
}

#[test]
fn whoever_makes_a_visit_is_among_those_who_can() {
    run(80, |numbers| {
        let mut draw = Draw::new(numbers);
        let plain = draw.one_in(2);
        let mut day = problem(&mut draw, Shape { plain, ..SHAPE });
        day.baseline = None;
        let plan = planned(&day, 60, 1);
        for (caregiver, route) in plan.routes.iter().enumerate() {
            for stop in &route.stops {
                let explanation = explain(&day, &plan, stop.visit).unwrap();
                let own = explanation.candidates.iter().find(|one| one.caregiver == caregiver);
                prop_assert!(own.is_some_and(|own| own.cost <= 0), "visit {}: {:?}", stop.visit, own);
            }
        }
        Ok(())
    });
}
