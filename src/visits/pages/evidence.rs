//! What proves a visit, in words, as a table of reports and as a small drawing.

use std::fmt::Write;

use super::super::checkin::store::{FileRow, StepRow};
use super::super::proof::model::{Assessment, Point, Strength, Verdict};
use crate::elders::cards::CodeFound;
use crate::visits::today::Problem;
use crate::web::{Cell, Column, Field, Row, Section, Visitor, Words, table};

const STEP_COLUMNS: &[Column] = &[
    Column::text("step", "field.step"),
    Column::text("happened", "field.happened_at"),
    Column::text("device", "field.device_at"),
    Column::text("place", "field.place_seen"),
    Column::text("note", "field.note"),
];
const FINDING_COLUMNS: &[Column] = &[
    Column::text("element", "field.element"),
    Column::text("verdict", "field.verdict"),
    Column::text("finding", "field.finding"),
];

/// All that is known of a visit's proof.
pub struct Known {
    pub found: Option<Assessment>,
    pub steps: Vec<StepRow>,
    pub files: Vec<FileRow>,
    pub home: Option<Point>,
    pub fence_m: f64,
    /// For whoever plans visits, and so are the pictures.
    pub door_code: Option<String>,
    pub sees_pictures: bool,
}

pub fn sections(visitor: &Visitor, visit_id: i64, known: &Known) -> Vec<Section> {
    let words = Words::of(visitor);
    let mut fields = Vec::new();
    if let Some(found) = &known.found {
        let name = words.name_of("strength", found.strength.name());
        fields.push(Field::new(words.t("field.strength"), name).chip(strength_tone(found.strength)));
    }
    if let Some(code) = &known.door_code {
        fields.push(Field::new(words.t("visit.door_code"), code));
    }
    let pictures = known.files.iter().filter(|_| known.sees_pictures);
    fields.extend(pictures.map(|file| {
        Field::new(words.t(file_label(file)), words.t("visit.picture"))
            .link(format!("/visits/{visit_id}/files/{}", file.id))
    }));
    fields.extend(drawing(&words, known));
    let mut sections = vec![Section { heading: words.t("visit.evidence"), fields, table: None }];
    if let Some(found) = &known.found {
        let rows = found.findings.iter().map(|finding| Row {
            href: None,
            cells: vec![
                Cell::text(words.name_of("element", finding.element.name())),
                Cell::chip(words.name_of("verdict", finding.verdict.name()), tone(finding.verdict)),
                Cell::text(finding.text(words.lang)),
            ],
        });
        let rows = table(visitor, FINDING_COLUMNS, rows.collect());
        sections[0].table = Some(rows);
    }
    if !known.steps.is_empty() {
        let rows = known.steps.iter().map(|step| step_row(&words, step)).collect();
        sections.push(Section {
            heading: words.t("field.step"),
            fields: Vec::new(),
            table: Some(table(visitor, STEP_COLUMNS, rows)),
        });
    }
    sections
}

fn file_label(file: &FileRow) -> &'static str {
    match file.kind {
        super::super::checkin::FileKind::Photo => "enums.element.photo",
        super::super::checkin::FileKind::Signature => "enums.element.signature",
    }
}

fn step_row(words: &Words, step: &StepRow) -> Row {
    let kind = words.name_of("step_kind", step.kind.name());
    let outcome = words.name_of("outcome", step.outcome.name());
    let place = match (step.longitude, step.latitude, step.accuracy_m) {
        (Some(longitude), Some(latitude), Some(accuracy)) => {
            format!("{longitude:.5}, {latitude:.5} ± {accuracy:.0} m")
        }
        _ => step.no_position.map(|why| words.name_of("no_position", why.name())).unwrap_or_default(),
    };
    Row {
        href: None,
        cells: vec![
            Cell::text(format!("{kind} · {outcome}")),
            Cell::text(words.calendar.show_to_second(step.happened_at)),
            Cell::text(words.calendar.show_to_second(step.device_at)),
            Cell::text(place),
            Cell::text(said(words, step)),
        ],
    }
}

/// The problem that there was, by name where it is one of ours, and the note.
fn said(words: &Words, step: &StepRow) -> String {
    let problem = step.problem.as_deref().map(|code| match Problem::parse(code) {
        Some(known) => words.name_of("visit_problem", known.name()),
        None => code.to_owned(),
    });
    // Of a code that is right the findings tell.
    let code = step.code().filter(|found| *found != CodeFound::Right);
    let code = code.map(|found| words.name_of("code_found", found.name()));
    let parts = [problem, code, Some(step.note.clone())].into_iter().flatten();
    let parts = parts.filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" · ")
}

pub fn strength_tone(strength: Strength) -> &'static str {
    match strength {
        Strength::Strong => "ok",
        Strength::Fair => "info",
        Strength::Weak => "warn",
        Strength::Contradictory => "bad",
    }
}

fn tone(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Good => "ok",
        Verdict::Open => "off",
        Verdict::Fair => "info",
        Verdict::Weak => "warn",
        Verdict::Contradictory => "bad",
    }
}

/// Home with its fence in the middle, and the places that were reported around it.
fn drawing(words: &Words, known: &Known) -> Option<Field> {
    const HALF: f64 = 120.0;
    const METRES_PER_DEGREE: f64 = 111_195.0;
    let home = known.home?;
    let seen: Vec<(f64, f64, f64, &str)> = known
        .steps
        .iter()
        .filter_map(|step| {
            let east =
                (step.longitude? - home.longitude) * METRES_PER_DEGREE * home.latitude.to_radians().cos();
            let north = (step.latitude? - home.latitude) * METRES_PER_DEGREE;
            Some((east, north, step.accuracy_m?, step.kind.name()))
        })
        .collect();
    if seen.is_empty() {
        return None;
    }
    let farthest = seen.iter().map(|(east, north, _, _)| east.hypot(*north)).fold(known.fence_m, f64::max);
    let scale = HALF * 0.85 / farthest;
    let mut svg = format!(
        "<svg viewBox=\"0 0 240 240\" width=\"240\" height=\"240\" role=\"img\" aria-label=\"{}\">\
         <circle cx=\"120\" cy=\"120\" r=\"{:.1}\" fill=\"none\" stroke=\"currentColor\" stroke-dasharray=\"4 3\"/>\
         <path d=\"M112 124 L120 116 L128 124 V132 H112 Z\" fill=\"currentColor\"/>",
        words.t("visit.map"),
        known.fence_m * scale
    );
    for (index, (east, north, accuracy_m, kind)) in seen.iter().enumerate() {
        let (x, y) = (HALF + east * scale, HALF - north * scale);
        let radius = (accuracy_m * scale).clamp(4.0, HALF);
        // Writing to a text cannot fail.
        let _ = write!(
            svg,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\" fill=\"#0072B2\" fill-opacity=\"0.15\"/>\
             <circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"#0072B2\"><title>{} {}</title></circle>",
            index + 1,
            words.name_of("step_kind", kind)
        );
    }
    svg.push_str("</svg>");
    let text = words.lang.fill("visit.map_text", &[("fence", &format!("{:.0}", known.fence_m))]);
    Some(Field { drawing: Some(svg), ..Field::new(words.t("visit.map"), text) })
}
