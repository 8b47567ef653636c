//! The packages and their vectors, without a database.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::{Value, json};
use songhe::assessments::{Library, Package, Values, VectorFile, check_file, score};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/assessments/scales")
}

fn library() -> Library {
    Library::open(None).unwrap()
}

fn package(code: &str) -> Package {
    library().current(code, "2026-11-23".parse().unwrap()).unwrap().clone()
}

/// The first items give as much as is missing to the maximum.
fn totalling(package: &Package, total: i32) -> Values {
    let mut to_lose = package.maximum() - total;
    let mut answers = Values::new();
    for item in package.items() {
        let lost = to_lose.min(item.maximum);
        to_lose -= lost;
        answers.insert(item.key.clone(), item.maximum - lost);
    }
    answers
}

#[test]
fn every_scale_has_vectors_and_every_vector_holds() {
    let library = library();
    for package in library.packages() {
        let file = folder().join(format!("{}-{}.vectors.json", package.code, package.version));
        let (count, failures) = check_file(&library, &file).unwrap();
        assert!(count > 60, "{}: {count} vectors", file.display());
        assert!(failures.is_empty(), "{failures:?}");
    }
}

#[test]
fn a_vector_that_says_otherwise_is_found() {
    let text = std::fs::read_to_string(folder().join("hardship-2021.vectors.json")).unwrap();
    let mut file: VectorFile = serde_json::from_str(&text).unwrap();
    file.vectors[0].expect.as_mut().unwrap().level = "full_care".to_owned();
    file.vectors[1].refuse = Some(songhe::assessments::Unscored::default());
    let failures = file.run(&package("hardship"));
    assert_eq!(failures.len(), 2);
    assert!(
        failures[0].found.contains("self_care") && failures[0].wanted.contains("full_care"),
        "{failures:?}"
    );
}

#[test]
fn the_ability_scale_is_the_standards() {
    let package = package("gbt42195");
    let maxima: Vec<i32> = package.parts.iter().map(|part| part.maximum).collect();
    assert_eq!((maxima, package.maximum(), package.items().count()), (vec![32, 15, 28, 15], 90, 26));
    for (total, level) in [
        (90, "intact"),
        (89, "mild"),
        (66, "mild"),
        (65, "moderate"),
        (46, "moderate"),
        (45, "severe"),
        (30, "severe"),
        (29, "total_loss"),
        (0, "total_loss"),
    ] {
        let outcome = score(&package, &totalling(&package, total), &Values::new(), 1).unwrap();
        assert_eq!((outcome.total, outcome.level.as_str()), (total, level));
    }
}

#[test]
fn every_cut_off_divides_exactly_there() {
    for package in library().packages() {
        for level in &package.levels {
            let (Some(from), Some(to)) = (level.from, level.to) else { continue };
            let all_right = |total: i32| package.maximum() - total;
            let points = package.rule == songhe::assessments::Rule::Points;
            let level_of = |total: i32| {
                let answers = totalling(package, if points { total } else { all_right(total) });
                score(package, &answers, &Values::new(), 1).unwrap().level
            };
            assert_eq!((level_of(from), level_of(to)), (level.key.clone(), level.key.clone()));
            for outside in [from - 1, to + 1] {
                if (0..=package.maximum()).contains(&outside) {
                    assert_ne!(level_of(outside), level.key, "{} {outside}", package.code);
                }
            }
        }
    }
}

#[test]
fn an_answer_outside_its_range_is_refused_by_name() {
    for package in library().packages() {
        let full = totalling(package, package.maximum());
        for item in package.items() {
            for points in [-1, item.maximum + 1, i32::MAX] {
                let mut answers = full.clone();
                answers.insert(item.key.clone(), points);
                let refused = score(package, &answers, &Values::new(), 1).unwrap_err();
                assert_eq!(refused.out_of_range, std::slice::from_ref(&item.key));
            }
            let mut answers = full.clone();
            answers.remove(&item.key);
            assert_eq!(
                score(package, &answers, &Values::new(), 1).unwrap_err().missing,
                std::slice::from_ref(&item.key)
            );
        }
        for fact in &package.facts {
            let facts = Values::from([(fact.key.clone(), fact.highest() + 1)]);
            assert_eq!(
                score(package, &full, &facts, 1).unwrap_err().out_of_range,
                std::slice::from_ref(&fact.key)
            );
        }
    }
}

proptest! {
    #[test]
    fn a_worse_answer_or_one_more_finding_never_gives_a_better_level(
        which in 0_usize..3, seed in proptest::collection::vec(0_i32..100, 60), at in 0_usize..60, steps in 1_u32..4,
    ) {
        let library = library();
        let package = &library.packages()[which];
        let mut draws = seed.iter().copied();
        let answers: Values =
            package.items().map(|item| (item.key.clone(), draws.next().unwrap() % (item.maximum + 1))).collect();
        let facts: Values =
            package.facts.iter().map(|fact| (fact.key.clone(), draws.next().unwrap() % (fact.highest().min(3) + 1))).collect();
        let rank = |answers: &Values, facts: &Values| {
            let outcome = score(package, answers, facts, steps).unwrap();
            let (base, level) = (package.rank(&outcome.unadjusted).unwrap(), package.rank(&outcome.level).unwrap());
            assert!(level >= base && outcome.adjustments.is_empty() == (level == base), "{outcome:?}");
            assert_eq!(outcome.parts.values().sum::<i32>(), outcome.total);
            level
        };
        let before = rank(&answers, &facts);
        let items: Vec<_> = package.items().collect();
        let item = items[at % items.len()];
        let mut worse = answers.clone();
        let points = worse.get_mut(&item.key).unwrap();
        *points = (*points - 1).max(0);
        prop_assert!(rank(&worse, &facts) >= before, "{} one point less", item.key);
        if !package.facts.is_empty() {
            let fact = &package.facts[at % package.facts.len()];
            let mut more = facts.clone();
            let count = more.entry(fact.key.clone()).or_default();
            *count = (*count + 1).min(fact.highest());
            prop_assert!(rank(&answers, &more) >= before, "{} one more", fact.key);
        }
    }
}

/// A change of a package's JSON, and what the refusal must name.
type Hole = (fn(&mut Value), &'static str);

#[test]
fn a_package_with_a_hole_is_refused_and_the_hole_named() {
    let text = std::fs::read_to_string(folder().join("gbt42195-2022.json")).unwrap();
    let whole: Value = serde_json::from_str(&text).unwrap();
    let holes: [Hole; 10] = [
        (|p| drop(p["parts"][1]["items"][3]["answers"].as_array_mut().unwrap().remove(1)), "item stairs"),
        (|p| drop(p["parts"][1]["items"].as_array_mut().unwrap().pop()), "part mobility"),
        (|p| p["parts"][0]["items"][2]["maximum"] = json!(5), "item bathing"),
        (|p| p["parts"][0]["items"][2]["name"]["en"] = json!(" "), "item bathing"),
        (|p| p["parts"][2]["items"][0]["key"] = json!("eating"), "item eating"),
        (|p| p["levels"][2]["from"] = json!(47), "levels"),
        (|p| p["levels"][0]["to"] = json!(89), "levels"),
        (|p| p["adjustments"][0]["level"] = json!("gone"), "adjustment coma"),
        (|p| p["adjustments"][2]["sum_of"] = json!(["trips"]), "adjustment care_risk_events"),
        (|p| p["notes"][0]["options"] = json!([]), "note pressure_injury"),
    ];
    for (make, place) in holes {
        let mut broken = whole.clone();
        make(&mut broken);
        let package: Package = serde_json::from_value(broken).unwrap();
        let hole = package.check().unwrap_err();
        assert!(hole.place.starts_with("gbt42195 2022") && hole.place.contains(place), "{hole}");
    }
    assert!(serde_json::from_value::<Package>(whole).unwrap().check().is_ok());
}

#[test]
fn a_gate_that_rewards_what_is_not_met_is_refused() {
    let text = std::fs::read_to_string(folder().join("ltci_gate-2021.json")).unwrap();
    let mut gate: Value = serde_json::from_str(&text).unwrap();
    gate["rule"]["table"][3][3] = json!("A");
    let hole = serde_json::from_value::<Package>(gate.clone()).unwrap().check().unwrap_err();
    assert!(hole.place.contains("table"), "{hole}");
    gate["rule"]["table"][3] = json!(["E", "F"]);
    assert!(serde_json::from_value::<Package>(gate).unwrap().check().is_err());
}

#[test]
fn an_offices_own_scales_stand_beside_ours_and_a_hole_in_them_stops_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(folder().join("hardship-2021.json")).unwrap();
    let mut own: Value = serde_json::from_str(&text).unwrap();
    own["version"] = json!("2027");
    own["effective_from"] = json!("2027-01-01");
    own["after_change_working_days"] = json!(5);
    std::fs::write(dir.path().join("hardship-2027.json"), own.to_string()).unwrap();
    let library = Library::open(Some(dir.path())).unwrap();
    let on = |day: &str| library.current("hardship", day.parse().unwrap()).unwrap().version.clone();
    assert_eq!((on("2026-12-31"), on("2027-01-01")), ("2021".to_owned(), "2027".to_owned()));
    assert!(library.get("hardship", "2021").is_some(), "records of before are read as they were scored");

    std::fs::write(dir.path().join("hardship-2028.json"), own.to_string()).unwrap();
    assert!(
        Library::open(Some(dir.path())).unwrap_err().for_operator().contains("hardship 2027: stands twice")
    );
    own["version"] = json!("2028");
    own["effective_from"] = json!("2028-01-01");
    own["parts"][0]["items"][5]["answers"].as_array_mut().unwrap().pop();
    std::fs::write(dir.path().join("hardship-2028.json"), own.to_string()).unwrap();
    let refused = Library::open(Some(dir.path())).unwrap_err().for_operator();
    assert!(refused.contains("hardship 2028, item bathing"), "{refused}");
    std::fs::remove_file(dir.path().join("hardship-2028.json")).unwrap();

    let rules = json!({ "about": { "zh": "甲", "en": "a" }, "rules": [{ "key": "x", "text": { "zh": "甲", "en": "a" },
        "one": { "scale": "hardship", "item": "cooking", "points": [1] },
        "other": { "scale": "gbt42195", "item": "walking", "points": [0] } }] });
    std::fs::write(dir.path().join("contradictions.json"), rules.to_string()).unwrap();
    let refused = Library::open(Some(dir.path())).unwrap_err().for_operator();
    assert!(refused.contains("contradiction x"), "{refused}");
}
