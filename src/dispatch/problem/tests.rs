use chrono::{NaiveDate, TimeDelta};

use super::super::by_hand::ranked;
use super::super::lawful::{broken, entry_at};
use super::super::model::RowChange;
use super::super::rows::{CaregiverFact, DayRows, ElderFact, GroupFact, ModeFact, Place, VisitFact};
use super::super::search::{Proposed, search};
use super::super::solver::{Assigned, Lock, Violation};
use super::{Built, Purpose, build};
use crate::clock::{Calendar, Instant};
use crate::registry::caregivers::{Gender, Language, Skill, TravelMode};
use crate::visits::{CaregiverRule, GroupRelation, VisitState};

const HERE: Place = Place { longitude: 118.55, latitude: 24.82 };
/// Some ten kilometres away.
const FAR: Place = Place { longitude: 118.65, latitude: 24.82 };

fn midnight() -> Instant {
    NaiveDate::from_ymd_opt(2026, 11, 24).unwrap().and_hms_opt(0, 0, 0).unwrap() - TimeDelta::hours(8)
}

fn at(minutes: i64) -> Instant {
    midnight() + TimeDelta::minutes(minutes)
}

fn caregiver(id: i64) -> CaregiverFact {
    CaregiverFact {
        id,
        name: format!("护理员{id}"),
        gender: Gender::Female,
        skills: vec![Skill::Daily],
        languages: vec![Language::Mandarin],
        mode: TravelMode::EBike,
        home: HERE,
        shifts: vec![(at(480), at(1_080))],
        may_take: true,
    }
}

/// A visit of half an hour to the elder of the same number.
fn visit(id: i64, window: (i64, i64)) -> VisitFact {
    VisitFact {
        id,
        version: 1,
        elder_id: id,
        window: (at(window.0), at(window.1)),
        duration_min: 30,
        skill: Skill::Daily,
        state: VisitState::Planned,
        told: None,
        began_at: None,
        ended_at: None,
        is_pinned: false,
        group: None,
        preferred_caregiver_id: None,
        is_asked: true,
    }
}

fn told(visit: VisitFact, caregiver: i64, minutes: i64) -> VisitFact {
    let told =
        Some((caregiver, at(minutes), at(minutes) + TimeDelta::minutes(i64::from(visit.duration_min))));
    VisitFact { told, state: VisitState::Assigned, version: 2, ..visit }
}

fn day(caregivers: Vec<CaregiverFact>, visits: Vec<VisitFact>) -> DayRows {
    let place = |id: i64| if id >= 100 { FAR } else { HERE };
    let elder = |id: i64| ElderFact { place: place(id), ..ElderFact::default() };
    DayRows {
        origin: midnight(),
        now: None,
        elders: visits.iter().map(|visit| (visit.elder_id, elder(visit.elder_id))).collect(),
        modes: vec![ModeFact {
            mode: TravelMode::EBike,
            speed_kmh: 20.0,
            detour_percent: 130,
            settle_min: 2,
            commute_free_min: 60,
        }],
        caregivers,
        visits,
        ..DayRows::default()
    }
}

fn proposed(rows: &DayRows) -> Vec<Proposed> {
    let stop = std::sync::atomic::AtomicBool::new(false);
    search(rows, std::time::Duration::from_millis(200), &stop, &|_| {}).unwrap().rows
}

fn row(rows: &[Proposed], id: i64) -> &Proposed {
    rows.iter().find(|row| row.visit_id == id).unwrap()
}

fn calendar() -> Calendar {
    Calendar::new(chrono_tz::Asia::Shanghai)
}

fn job(built: &Built, rows: &DayRows, id: i64) -> usize {
    built.job_of(rows.visits.iter().position(|visit| visit.id == id).unwrap()).unwrap()
}

#[test]
fn what_was_told_stays_and_what_is_new_begins_on_a_stroke_of_the_clock() {
    let rows = day(
        vec![caregiver(1), caregiver(2)],
        vec![told(visit(1, (540, 660)), 1, 600), visit(2, (543, 700)), visit(3, (540, 570))],
    );
    let found = proposed(&rows);
    assert_eq!((row(&found, 1).change, row(&found, 1).after), (RowChange::Same, Some((1, at(600)))));
    let new = row(&found, 2).after.unwrap().1;
    assert!((new - midnight()).num_minutes() % 5 == 0 && new >= at(543), "{new}");
    assert!(found.iter().all(|row| row.change != RowChange::Unserved && row.reasons.is_empty()));
}

#[test]
fn a_visit_that_nobody_can_make_says_why() {
    let nurse = VisitFact { skill: Skill::Health, ..visit(1, (540, 600)) };
    let rows = day(vec![caregiver(1), caregiver(2)], vec![nurse, visit(2, (1_200, 1_230))]);
    let found = proposed(&rows);
    for (id, key) in [(1, "dispatch.reason.skill"), (2, "dispatch.reason.shift")] {
        let row = row(&found, id);
        assert_eq!((row.change, row.after), (RowChange::Unserved, None));
        let reasons: Vec<&str> = row.reasons.iter().map(|said| said.key.as_str()).collect();
        assert!(reasons.contains(&key) || reasons.contains(&"dispatch.reason.window"), "{id}: {reasons:?}");
        assert!(row.reasons[0].arguments.contains(&("count".to_owned(), "2".to_owned())), "{row:?}");
    }
}

#[test]
fn pinned_visits_and_those_under_way_are_fixed() {
    let pinned = VisitFact { is_pinned: true, ..told(visit(1, (540, 660)), 1, 600) };
    let begun = told(visit(2, (540, 660)), 2, 545);
    let begun = VisitFact { state: VisitState::Arrived, began_at: Some(at(550)), ..begun };
    let mut rows = day(vec![caregiver(1), caregiver(2)], vec![pinned, begun, visit(3, (540, 660))]);
    rows.now = Some(at(555));
    let built = build(&rows, Purpose::WholeDay);
    assert!(matches!(built.problem.visits[0].lock, Lock::Both { start: 36_000, .. }));
    assert!(matches!(built.problem.visits[1].lock, Lock::Fact { start: 33_000, .. }), "when it really began");
    let found = proposed(&rows);
    assert!(row(&found, 1).fixed && row(&found, 2).fixed && !row(&found, 3).fixed);
    assert_eq!(row(&found, 1).after, Some((1, at(600))));
    let (who, new) = row(&found, 3).after.unwrap();
    assert!(new >= at(555), "not before now");
    assert!(who != 2 || new >= at(580), "the visit that goes on lasts its time");
}

#[test]
fn a_caregiver_of_another_town_keeps_what_they_have_and_gets_nothing() {
    let guest = CaregiverFact { may_take: false, ..caregiver(9) };
    let rows = day(vec![guest], vec![told(visit(1, (540, 660)), 9, 600), visit(2, (540, 660))]);
    let found = proposed(&rows);
    assert!(row(&found, 1).fixed);
    assert_eq!(row(&found, 2).change, RowChange::Unserved);
}

#[test]
fn an_engagement_elsewhere_keeps_the_caregiver_busy() {
    let elsewhere = VisitFact { is_asked: false, duration_min: 120, ..told(visit(7, (540, 700)), 1, 540) };
    let rows = day(vec![caregiver(1)], vec![elsewhere, visit(1, (540, 650)), visit(2, (540, 700))]);
    let found = proposed(&rows);
    assert_eq!(row(&found, 1).change, RowChange::Unserved);
    assert_eq!(row(&found, 2).after, Some((1, at(660))));
    assert!(found.iter().all(|row| row.visit_id != 7), "it is not of this day's list");
}

#[test]
fn two_come_at_once_and_the_second_visit_of_a_pair_follows_in_time() {
    let pair = |id, place| VisitFact { group: Some((1, place)), elder_id: 1, ..visit(id, (540, 600)) };
    let mut rows = day(vec![caregiver(1), caregiver(2)], vec![pair(1, 1), pair(2, 2)]);
    let together = GroupFact {
        relation: GroupRelation::Together,
        lag_min_min: 0,
        lag_max_min: 0,
        caregiver_rule: CaregiverRule::Different,
    };
    rows.groups.insert(1, together);
    let found = proposed(&rows);
    let (one, other) = (row(&found, 1).after.unwrap(), row(&found, 2).after.unwrap());
    assert_eq!(one.1, other.1);
    assert_ne!(one.0, other.0);

    let after = GroupFact { relation: GroupRelation::After, lag_min_min: 60, lag_max_min: 90, ..together };
    rows.visits[1].window = (at(540), at(800));
    rows.groups.insert(1, GroupFact { caregiver_rule: CaregiverRule::Any, ..after });
    let found = proposed(&rows);
    let lag = row(&found, 2).after.unwrap().1 - row(&found, 1).after.unwrap().1;
    assert!((90..=120).contains(&lag.num_minutes()), "half an hour, and 60 to 90 minutes: {lag}");

    rows.groups.insert(1, GroupFact { caregiver_rule: CaregiverRule::Same, ..after });
    let built = build(&rows, Purpose::WholeDay);
    assert_eq!((built.problem.visits.len(), built.jobs[0].len()), (1, 2));
    let found = proposed(&rows);
    let (one, other) = (row(&found, 1).after.unwrap(), row(&found, 2).after.unwrap());
    assert_eq!((one.0, other.1 - one.1), (other.0, TimeDelta::minutes(90)));
}

#[test]
fn the_free_visit_of_a_pair_follows_the_one_that_is_fixed() {
    let pair = |id, place| VisitFact { group: Some((1, place)), elder_id: 1, ..visit(id, (540, 800)) };
    let mut rows = day(vec![caregiver(1), caregiver(2)], vec![told(pair(1, 1), 1, 600), pair(2, 2)]);
    rows.groups.insert(
        1,
        GroupFact {
            relation: GroupRelation::Together,
            lag_min_min: 0,
            lag_max_min: 0,
            caregiver_rule: CaregiverRule::Different,
        },
    );
    let found = ranked(&rows, 2, calendar()).unwrap();
    let offers: Vec<_> = found.offers.iter().map(|offer| (offer.caregiver_id, offer.starts_at)).collect();
    assert_eq!(offers, [(2, at(600))]);
    assert_eq!(found.refused.len(), 1);
}

#[test]
fn whom_the_elder_knows_comes_first_and_others_have_reasons() {
    let nurse = CaregiverFact { skills: vec![Skill::Health], ..caregiver(3) };
    let off = CaregiverFact { shifts: Vec::new(), ..caregiver(4) };
    let mut rows = day(vec![caregiver(1), caregiver(2), nurse, off], vec![visit(1, (540, 600))]);
    rows.familiarity.insert(1, vec![(2, 9), (1, 1)]);
    let found = ranked(&rows, 1, calendar()).unwrap();
    let order: Vec<i64> = found.offers.iter().map(|offer| offer.caregiver_id).collect();
    assert_eq!(order, [2, 1]);
    assert_eq!((found.offers[0].visits_before, found.offers[0].visits_of_all), (9, 10));
    let mut refused: Vec<(i64, &str)> =
        found.refused.iter().map(|one| (one.caregiver_id, one.rule.key)).collect();
    refused.sort_unstable();
    assert_eq!(refused, [(3, "dispatch.reason.skill"), (4, "visit.off_shift")]);
    rows.elders.get_mut(&1).unwrap().barred = vec![2];
    let found = ranked(&rows, 1, calendar()).unwrap();
    assert_eq!(found.offers.iter().map(|offer| offer.caregiver_id).collect::<Vec<_>>(), [1]);
}

#[test]
fn nobody_is_sent_where_they_cannot_be_in_time() {
    let rows = day(vec![caregiver(1)], vec![told(visit(1, (540, 660)), 1, 600), visit(100, (540, 720))]);
    let built = build(&rows, Purpose::ByHand(&[100]));
    let job = job(&built, &rows, 100);
    let to = |minutes: i64| {
        let start = (minutes * 60) as i32;
        Assigned { caregiver: entry_at(&built, 0, (start, 1_800)).unwrap(), start }
    };
    // 13 km at 20 km/h are 40 minutes, and two for parking.
    assert_eq!(broken(&built, job, to(690)), None);
    assert!(
        matches!(broken(&built, job, to(650)), Some(Violation::TravelTooShort { visit, .. }) if visit == job)
    );
    assert!(
        matches!(broken(&built, job, to(550)), Some(Violation::TravelTooShort { visit, .. }) if visit != job)
    );
    assert!(matches!(broken(&built, job, to(800)), Some(Violation::OutsideWindows { .. })));
    assert_eq!(entry_at(&built, 0, (17 * 3_600 + 45 * 60, 1_800)), None, "past the shift");
    let offers = ranked(&rows, 100, calendar()).unwrap().offers;
    assert_eq!(offers.iter().map(|offer| offer.starts_at).collect::<Vec<_>>(), [at(672)]);
}

#[test]
fn an_absence_leaves_two_shifts_of_one_person() {
    let mut rows =
        day(vec![caregiver(1)], vec![visit(1, (540, 600)), visit(2, (580, 700)), visit(3, (600, 800))]);
    rows.absences = vec![(1, at(600), at(720)), (2, at(480), at(1_080))];
    let built = build(&rows, Purpose::WholeDay);
    assert_eq!(built.people, [0, 0]);
    let found = proposed(&rows);
    for row in found.iter().filter(|row| row.after.is_some()) {
        let start = row.after.unwrap().1;
        assert!(start + TimeDelta::minutes(30) <= at(600) || start >= at(720), "{row:?}");
    }
    assert!(row(&found, 3).after.is_some());
}
