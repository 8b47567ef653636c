//! The rules: each looks at one element and says what it finds.

use chrono::TimeDelta;

use super::place::{Point, distance_m};
use super::{Assessment, Element, Evidence, Finding, Neighbour, Report, Rules, Strength, Verdict};
use crate::elders::cards::CodeFound;

/// Outside the fence by so much is not a weak fix but another place.
const FAR_M: f64 = 2_000.0;
const LONG_PERCENT: i64 = 200;
/// Two visits may overlap by so much before they contradict each other: reports are not made at the door.
const OVERLAP_MAX: TimeDelta = TimeDelta::minutes(5);
/// Shorter ways than this say nothing about speed.
const WAY_MIN_M: f64 = 1_000.0;

pub fn assess(evidence: &Evidence, rules: &Rules) -> Assessment {
    let mut findings = Vec::new();
    findings.extend(source(evidence));
    findings.extend(place(evidence, rules, Element::Place));
    if evidence.is_done {
        findings.extend(place(evidence, rules, Element::Leaving));
        findings.extend(time(evidence, rules));
        findings.extend(duration(evidence, rules));
    }
    findings.push(code(evidence));
    findings.extend(pictures(evidence));
    findings.extend(travel(evidence, rules));
    findings.extend(clock(evidence, rules));
    findings.extend(evidence.kept.iter().map(|kind| {
        found(
            Element::Sequence,
            Verdict::Contradictory,
            "kept_step",
            vec![("step", format!("@enums.step_kind.{kind}"))],
        )
    }));
    findings.extend(missing(evidence));
    Assessment { strength: strength(evidence, &findings), findings }
}

fn found(element: Element, verdict: Verdict, key: &str, values: Vec<(&str, String)>) -> Finding {
    let values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Finding { element, verdict, key: key.to_owned(), values }
}

fn strength(evidence: &Evidence, findings: &[Finding]) -> Strength {
    let has = |verdict| findings.iter().any(|finding| finding.verdict == verdict);
    let good = |element| {
        findings.iter().any(|finding| finding.element == element && finding.verdict == Verdict::Good)
    };
    if has(Verdict::Contradictory) {
        return Strength::Contradictory;
    }
    if has(Verdict::Weak) {
        return Strength::Weak;
    }
    let was_there = good(Element::Place) || good(Element::Code);
    let lasted = !evidence.is_done || good(Element::Duration);
    let seconded = !evidence.is_done
        || [Element::Leaving, Element::Signature, Element::Photo].into_iter().any(good)
        || (good(Element::Place) && good(Element::Code));
    if was_there && lasted && seconded { Strength::Strong } else { Strength::Fair }
}

/// Whether the phone reported it at all.
fn source(evidence: &Evidence) -> Option<Finding> {
    let by_office = evidence.arrive.is_none() && evidence.finish.is_none();
    by_office.then(|| found(Element::Source, Verdict::Weak, "by_office", Vec::new()))
}

fn place(evidence: &Evidence, rules: &Rules, element: Element) -> Option<Finding> {
    let report = match element {
        Element::Leaving => evidence.finish.as_ref()?,
        _ => evidence.arrive.as_ref().or(evidence.finish.as_ref().filter(|_| !evidence.is_done))?,
    };
    // Leaving without a fix says less than coming without one.
    let worse = if element == Element::Leaving { Verdict::Fair } else { Verdict::Weak };
    let Some((seen, accuracy_m)) = report.position else {
        let known = report.code == Some(CodeFound::Right);
        let why = report.no_position.unwrap_or("unavailable");
        let why = vec![("why", format!("@enums.no_position.{why}"))];
        return Some(found(element, if known { Verdict::Fair } else { worse }, "no_position", why));
    };
    let home = evidence.home?;
    let away_m = distance_m(home, seen);
    let (fence, key) =
        (rules.fence_m + accuracy_m, if element == Element::Leaving { "leaving" } else { "place" });
    let values = vec![
        ("distance", format!("{away_m:.0}")),
        ("accuracy", format!("{accuracy_m:.0}")),
        ("fence", format!("{:.0}", rules.fence_m)),
    ];
    let (verdict, end) = if away_m > fence + FAR_M {
        (Verdict::Contradictory, "far")
    } else if away_m > fence {
        (Verdict::Weak, "outside")
    } else if accuracy_m > rules.accuracy_max_m {
        (Verdict::Fair, "vague")
    } else {
        (Verdict::Good, "inside")
    };
    Some(found(element, verdict, &format!("{key}_{end}"), values))
}

fn time(evidence: &Evidence, rules: &Rules) -> Option<Finding> {
    let arrived = evidence.arrived_at?;
    let (from, to) = evidence.window;
    let early = (from - arrived).num_minutes();
    let late = (arrived - to).num_minutes();
    let day = 12 * 60;
    let (verdict, key, minutes) = if early > day || late > day {
        (Verdict::Weak, "time_other_day", early.max(late))
    } else if early > rules.early_min {
        (Verdict::Fair, "time_early", early)
    } else if late > rules.early_min {
        (Verdict::Fair, "time_late", late)
    } else {
        (Verdict::Good, "time_inside", 0)
    };
    Some(found(Element::Time, verdict, key, vec![("minutes", minutes.to_string())]))
}

fn duration(evidence: &Evidence, rules: &Rules) -> Option<Finding> {
    let (arrived, ended) = evidence.arrived_at.zip(evidence.ended_at)?;
    let (minutes, plan) = ((ended - arrived).num_minutes(), evidence.duration_min.max(1));
    let percent = minutes * 100 / plan;
    let values = vec![("minutes", minutes.to_string()), ("plan", plan.to_string())];
    let (verdict, key) = if ended < arrived {
        (Verdict::Contradictory, "duration_negative")
    } else if percent < rules.duration_weak_percent {
        (Verdict::Weak, "duration_short")
    } else if percent < rules.duration_fair_percent {
        (Verdict::Fair, "duration_short")
    } else if percent > LONG_PERCENT {
        (Verdict::Fair, "duration_long")
    } else {
        (Verdict::Good, "duration_right")
    };
    Some(found(Element::Duration, verdict, key, values))
}

fn reports(evidence: &Evidence) -> impl Iterator<Item = &Report> {
    evidence.arrive.iter().chain(evidence.finish.iter())
}

fn code(evidence: &Evidence) -> Finding {
    // The worst of what was read. An old card still hangs at a door: it proves nothing, and speaks against nobody.
    let (verdict, key) = match reports(evidence).filter_map(|report| report.code).max() {
        None => (Verdict::Open, "code_none"),
        Some(CodeFound::Right) => (Verdict::Good, "code_right"),
        Some(CodeFound::Old) => (Verdict::Fair, "code_old"),
        Some(CodeFound::Foreign) => (Verdict::Weak, "code_foreign"),
        Some(CodeFound::Unknown) => (Verdict::Weak, "code_wrong"),
    };
    found(Element::Code, verdict, key, Vec::new())
}

fn pictures(evidence: &Evidence) -> Vec<Finding> {
    let (photo, key) = match (evidence.has_photo, evidence.photo_is_repeated) {
        (true, true) => (Verdict::Contradictory, "photo_twice"),
        (true, false) => (Verdict::Good, "photo_there"),
        (false, _) => (Verdict::Open, "photo_none"),
    };
    let signature = if evidence.has_signature {
        found(Element::Signature, Verdict::Good, "signature_there", Vec::new())
    } else {
        found(Element::Signature, Verdict::Open, "signature_none", Vec::new())
    };
    vec![found(Element::Photo, photo, key, Vec::new()), signature]
}

/// Whether the caregiver could have come from the visit before, and gone to the one after.
fn travel(evidence: &Evidence, rules: &Rules) -> Option<Finding> {
    let (home, arrived) = (evidence.home?, evidence.arrived_at?);
    let before = evidence.before.map(|one| {
        let left = one.ended_at.unwrap_or(one.arrived_at);
        judged(arrived - left, way_m(one, home), rules)
    });
    let after = evidence.after.map(|one| {
        let left = evidence.ended_at.unwrap_or(arrived);
        judged(one.arrived_at - left, way_m(one, home), rules)
    });
    [before, after].into_iter().flatten().max_by_key(|finding| severity(finding.verdict))
}

fn way_m(one: Neighbour, home: Point) -> f64 {
    distance_m(one.home, home)
}

fn judged(gap: TimeDelta, way_m: f64, rules: &Rules) -> Finding {
    let minutes = gap.num_minutes();
    let values = vec![("km", format!("{:.1}", way_m / 1_000.0)), ("minutes", minutes.to_string())];
    if gap < -OVERLAP_MAX {
        return found(Element::Travel, Verdict::Contradictory, "travel_overlap", values);
    }
    if way_m < WAY_MIN_M {
        return found(Element::Travel, Verdict::Good, "travel_possible", values);
    }
    let speed_km_h = way_m / 1_000.0 / (gap.num_seconds().max(1) as f64 / 3_600.0);
    let (verdict, key) = if speed_km_h > 2.0 * rules.speed_max_km_h {
        (Verdict::Contradictory, "travel_impossible")
    } else if speed_km_h > rules.speed_max_km_h {
        (Verdict::Weak, "travel_impossible")
    } else {
        (Verdict::Good, "travel_possible")
    };
    found(Element::Travel, verdict, key, values)
}

fn severity(verdict: Verdict) -> usize {
    Verdict::ALL.iter().position(|one| *one == verdict).unwrap_or_default()
}

fn clock(evidence: &Evidence, rules: &Rules) -> Option<Finding> {
    if reports(evidence).any(|report| report.clock_jumped) {
        return Some(found(Element::Clock, Verdict::Weak, "clock_jumped", Vec::new()));
    }
    let off_s = reports(evidence).map(|report| report.clock_off_ms / 1_000).max_by_key(|off| off.abs())?;
    let values = vec![("minutes", (off_s.abs() / 60).to_string())];
    let (verdict, key) = if off_s.abs() > rules.clock_max_s {
        (Verdict::Fair, "clock_off")
    } else {
        (Verdict::Good, "clock_right")
    };
    Some(found(Element::Clock, verdict, key, values))
}

/// Service, elder and date are always there; the other three of the six elements may be missing.
fn missing(evidence: &Evidence) -> Vec<Finding> {
    let has_place =
        reports(evidence).any(|report| report.position.is_some() || report.code == Some(CodeFound::Right));
    let reported = reports(evidence).next().is_some();
    let elements = [
        ("caregiver", evidence.has_caregiver),
        // Without any report that is said once already.
        ("place", has_place || !reported),
        ("start", evidence.arrived_at.is_some() || !evidence.is_done),
        ("end", evidence.ended_at.is_some() || !evidence.is_done),
    ];
    let absent = elements.into_iter().filter(|(_, there)| !there);
    absent
        .map(|(name, _)| {
            let values = vec![("element", format!("@proof.six.{name}"))];
            found(Element::Missing, Verdict::Weak, "element_missing", values)
        })
        .collect()
}
