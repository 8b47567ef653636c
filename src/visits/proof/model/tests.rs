use chrono::{NaiveDateTime, TimeDelta};
use proptest::prelude::*;

use super::*;

fn at(minutes: i64) -> NaiveDateTime {
    let nine: NaiveDateTime = "2026-11-23T01:00:00".parse().unwrap();
    nine + TimeDelta::minutes(minutes)
}

const HOME: Point = Point { longitude: 118.55, latitude: 24.82 };

/// So many metres north of home.
fn north(metres: f64) -> Point {
    Point { latitude: HOME.latitude + metres / 111_195.0, ..HOME }
}

fn report(metres: f64, accuracy_m: f64) -> Report {
    Report { position: Some((north(metres), accuracy_m)), ..Report::default() }
}

/// Came at 9:05 and went at 9:50, for a visit of 45 minutes between 9 and 10:30.
fn good() -> Evidence {
    Evidence {
        window: (at(0), at(90)),
        duration_min: 45,
        has_caregiver: true,
        is_done: true,
        home: Some(HOME),
        arrived_at: Some(at(5)),
        ended_at: Some(at(50)),
        arrive: Some(report(30.0, 20.0)),
        finish: Some(report(40.0, 20.0)),
        has_photo: false,
        photo_is_repeated: false,
        has_signature: false,
        before: None,
        after: None,
        kept: Vec::new(),
    }
}

fn judged(change: impl FnOnce(&mut Evidence)) -> (Strength, Vec<Element>) {
    let mut evidence = good();
    change(&mut evidence);
    let found = assess(&evidence, &Rules::default());
    (found.strength, found.causes())
}

#[expect(clippy::unnecessary_wraps, reason = "as the evidence holds it")]
fn elsewhere(metres: f64, from_min: i64, to_min: i64) -> Option<Neighbour> {
    Some(Neighbour { arrived_at: at(from_min), ended_at: Some(at(to_min)), home: north(metres) })
}

type Case = (&'static str, fn(&mut Evidence), Strength, &'static [Element]);

fn hold(cases: &[Case]) {
    for (name, change, strength, causes) in cases {
        assert_eq!(judged(change), (*strength, causes.to_vec()), "{name}");
    }
}

#[test]
fn places_and_codes_by_hand() {
    hold(&[
        ("all well", |_| {}, Strength::Strong, &[]),
        ("at the fence's edge", |one| one.arrive = Some(report(165.0, 20.0)), Strength::Strong, &[]),
        ("outside", |one| one.arrive = Some(report(400.0, 20.0)), Strength::Weak, &[Element::Place]),
        (
            "in another town",
            |one| one.arrive = Some(report(9_000.0, 20.0)),
            Strength::Contradictory,
            &[Element::Place],
        ),
        ("a vague fix", |one| one.arrive = Some(report(300.0, 900.0)), Strength::Fair, &[]),
        (
            "left from elsewhere",
            |one| one.finish = Some(report(900.0, 20.0)),
            Strength::Weak,
            &[Element::Leaving],
        ),
        ("no fix on leaving", |one| one.finish = Some(Report::default()), Strength::Fair, &[]),
        (
            "no fix at all",
            |one| {
                one.arrive = Some(Report { no_position: Some("denied"), ..Report::default() });
                one.finish = Some(Report { no_position: Some("denied"), ..Report::default() });
            },
            Strength::Weak,
            &[Element::Place, Element::Missing],
        ),
        (
            "no fix but the code",
            |one| {
                one.arrive = Some(Report { code: Some(CodeFound::Right), ..Report::default() });
                one.has_signature = true;
            },
            Strength::Strong,
            &[],
        ),
        (
            "a code of no card",
            |one| one.arrive = Some(Report { code: Some(CodeFound::Unknown), ..report(10.0, 10.0) }),
            Strength::Weak,
            &[Element::Code],
        ),
        (
            "somebody else's card",
            |one| one.arrive = Some(Report { code: Some(CodeFound::Foreign), ..report(10.0, 10.0) }),
            Strength::Weak,
            &[Element::Code],
        ),
        (
            "an old card, at the place",
            |one| one.arrive = Some(Report { code: Some(CodeFound::Old), ..report(10.0, 10.0) }),
            Strength::Strong,
            &[],
        ),
        (
            "an old card proves no place",
            |one| one.arrive = Some(Report { code: Some(CodeFound::Old), ..Report::default() }),
            Strength::Weak,
            &[Element::Place],
        ),
        ("by the office", |one| (one.arrive, one.finish) = (None, None), Strength::Weak, &[Element::Source]),
    ]);
}

#[test]
fn times_by_hand() {
    hold(&[
        (
            "late",
            |one| (one.arrived_at, one.ended_at) = (Some(at(180)), Some(at(225))),
            Strength::Strong,
            &[],
        ),
        (
            "another day",
            |one| (one.arrived_at, one.ended_at) = (Some(at(1_000)), Some(at(1_045))),
            Strength::Weak,
            &[Element::Time],
        ),
        ("a little short", |one| one.ended_at = Some(at(35)), Strength::Fair, &[]),
        ("too short", |one| one.ended_at = Some(at(15)), Strength::Weak, &[Element::Duration]),
        (
            "ended before it began",
            |one| one.ended_at = Some(at(1)),
            Strength::Contradictory,
            &[Element::Duration],
        ),
        ("far too long", |one| one.ended_at = Some(at(300)), Strength::Fair, &[]),
    ]);
}

#[test]
fn neighbours_pictures_and_clocks_by_hand() {
    hold(&[
        (
            "the same photo",
            |one| (one.has_photo, one.photo_is_repeated) = (true, true),
            Strength::Contradictory,
            &[Element::Photo],
        ),
        (
            "flown here",
            |one| one.before = elsewhere(30_000.0, -60, 4),
            Strength::Contradictory,
            &[Element::Travel],
        ),
        ("raced here", |one| one.before = elsewhere(20_000.0, -60, -5), Strength::Weak, &[Element::Travel]),
        (
            "two places at once",
            |one| one.after = elsewhere(500.0, 20, 60),
            Strength::Contradictory,
            &[Element::Travel],
        ),
        ("walked next door", |one| one.after = elsewhere(300.0, 50, 90), Strength::Strong, &[]),
        (
            "the clock was set",
            |one| {
                one.finish = Some(Report { clock_jumped: true, ..report(10.0, 10.0) });
            },
            Strength::Weak,
            &[Element::Clock],
        ),
        (
            "a step that does not fit",
            |one| one.kept = vec!["fail"],
            Strength::Contradictory,
            &[Element::Sequence],
        ),
    ]);
}

#[test]
fn a_clock_that_is_wrong_does_no_harm() {
    let off =
        |one: &mut Evidence| one.arrive = Some(Report { clock_off_ms: 7_200_000, ..report(10.0, 10.0) });
    assert_eq!(judged(off).0, Strength::Strong);
    let mut evidence = good();
    off(&mut evidence);
    let found = assess(&evidence, &Rules::default());
    assert!(found.findings.iter().any(|finding| finding.key == "clock_off"), "but it is told");
}

#[test]
fn the_worst_cause_comes_first() {
    let (strength, causes) = judged(|one| {
        one.ended_at = Some(at(15));
        one.kept = vec!["finish"];
    });
    assert_eq!((strength, causes), (Strength::Contradictory, vec![Element::Sequence, Element::Duration]));
}

#[test]
fn every_finding_has_words_in_both_languages() {
    let mut seen = 0;
    for change in [
        |_: &mut Evidence| {},
        |one: &mut Evidence| one.arrive = None,
        |one: &mut Evidence| {
            one.kept = vec!["finish"];
            one.arrive = Some(Report { no_position: Some("denied"), ..Report::default() });
        },
    ] {
        let mut evidence = good();
        change(&mut evidence);
        for finding in assess(&evidence, &Rules::default()).findings {
            for lang in [Lang::Chinese, Lang::English] {
                let text = finding.text(lang);
                assert!(!text.starts_with("proof.") && !text.contains(['{', '@']), "{finding:?}: {text}");
                seen += 1;
            }
        }
    }
    assert!(seen > 30);
}

proptest! {
    #[test]
    fn a_place_farther_away_never_proves_more(near in 0.0_f64..20_000.0, more in 0.0_f64..20_000.0, accuracy in 0.0_f64..2_000.0) {
        let strength = |metres: f64| judged(|one| one.arrive = Some(report(metres, accuracy))).0;
        prop_assert!(strength(near) <= strength(near + more));
    }

    #[test]
    fn weak_and_contradictory_have_a_cause_and_others_have_none(
        metres in 0.0_f64..5_000.0, ended in -50_i64..200, photo in any::<bool>(), kept in any::<bool>(),
    ) {
        let (strength, causes) = judged(|one| {
            one.arrive = Some(report(metres, 20.0));
            one.ended_at = Some(at(ended));
            (one.has_photo, one.photo_is_repeated) = (photo, photo);
            one.kept = if kept { vec!["arrive"] } else { Vec::new() };
        });
        prop_assert_eq!(causes.is_empty(), matches!(strength, Strength::Strong | Strength::Fair));
    }
}
