use actix_web::{HttpResponse, web};

use super::sheet::{PartSheet, Shown, adjustments, contradiction_lines, facts, load, notes, parts, sum_text};
use super::words::{level_name, level_tone, package_of, scale_name, tone};
use crate::access::Permission;
use crate::assessments::model::AssessmentEvent;
use crate::bus::Topic;
use crate::error::Result;
use crate::web::{
    Action, Cell, Column, Detail, Field, History, Row, Section, Step, Visitor, Words, detail_page_with, table,
};

pub async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let shown = load(&visitor, id.into_inner()).await?;
    let words = Words::of(&visitor);
    let mut sections = vec![section(&visitor, "detail.facts", record(&words, &shown))];
    if shown.written.is_some() {
        sections.push(section(&visitor, "assessment.result", result(&words, &shown)));
    }
    if !shown.contradictions.is_empty() {
        sections.push(contradictions(&visitor, &words, &shown));
    }
    if shown.written.is_some() {
        sections.extend(parts(&words, &shown).iter().map(|part| part_section(&visitor, part)));
        for (heading, pairs) in
            [("assessment.facts", facts(&words, &shown)), ("assessment.notes", notes(&words, &shown))]
        {
            if !pairs.is_empty() {
                let fields = pairs.into_iter().map(|(label, value)| Field::new(label, value)).collect();
                sections.push(section(&visitor, heading, fields));
            }
        }
    }
    let row = shown.row();
    let detail = Detail {
        heading: format!("{} · {}", shown.listed.elder, scale_name(&words, &row.scale)),
        subheading: visitor.lang.fill("assessment.number", &[("number", &row.id.to_string())]),
        actions: actions(&visitor, &shown),
        sections,
        topic: Some(Topic::Assessment),
    };
    let steps = shown.events.iter().map(|event| Step {
        at: words.calendar.rfc3339(event.at),
        at_text: words.calendar.show(event.at),
        what: words.name_of("assessment_event", event.kind.name()),
        who: [shown.person(Some(&event.actor)), event.note.clone()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" · "),
    });
    let history = History { heading: visitor.t("assessment.history").into_owned(), steps: steps.collect() };
    detail_page_with(&visitor, detail, Some(history))
}

fn section(visitor: &Visitor, heading: &str, fields: Vec<Field>) -> Section {
    Section { heading: visitor.t(heading).into_owned(), fields, table: None }
}

fn record(words: &Words, shown: &Shown) -> Vec<Field> {
    let row = shown.row();
    let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let source = package_of(words, row).map(|package| package.source.to(words.lang).to_owned());
    let mut fields = vec![
        Field::new(words.t("field.elder_name"), &shown.listed.elder)
            .link(format!("/elders/{}", row.elder_id)),
        Field::new(words.t("field.state"), words.name_of("assessment_state", row.state.name()))
            .chip(tone(row.state)),
        Field::new(words.t("field.town_code"), words.pick(&shown.listed.town_zh, &shown.listed.town_en)),
        Field::new(words.t("field.reason"), words.name_of("assessment_reason", row.reason.name())),
        Field::new(words.t("field.ordered_on"), row.ordered_on.to_string()),
        Field::new(words.t("field.assess_by"), day(row.due_on)),
        Field::new(words.t("field.scale_source"), source.unwrap_or_default()),
    ];
    if row.changed_on.is_some() {
        fields.push(Field::new(words.t("field.changed_on"), day(row.changed_on)));
    }
    if let Some(before) = row.follows_id {
        let label = words.lang.fill("assessment.number", &[("number", &before.to_string())]);
        fields.push(Field::new(words.t("field.follows"), label).link(format!("/assessments/{before}")));
    }
    fields
}

fn result(words: &Words, shown: &Shown) -> Vec<Field> {
    let row = shown.row();
    let Some(written) = &shown.written else { return Vec::new() };
    let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let package = package_of(words, row);
    let total = package.map(|package| sum_text(words, package, written.total, package.maximum()));
    let applied = adjustments(words, shown).join(&words.t("list.separator"));
    let mut fields =
        vec![
            Field::new(words.t("field.assessed_level"), level_name(words, row, &written.level))
                .chip(level_tone(words, row, &written.level)),
            Field::new(words.t("field.total"), total.unwrap_or_else(|| written.total.to_string())),
            Field::new(words.t("field.unadjusted"), level_name(words, row, &written.unadjusted)),
            Field::new(
                words.t("field.adjustments"),
                if applied.is_empty() { words.t("assessment.no_adjustment") } else { applied },
            ),
            Field::new(words.t("field.assessed_on"), day(row.assessed_on)),
            Field::new(words.t("field.assessor"), shown.person(row.assessor.as_ref())),
            Field::new(words.t("field.reviewer"), shown.person(row.reviewer.as_ref())),
            Field::new(words.t("field.in_force_on"), day(row.in_force_on)),
        ];
    if let Some((before, before_written)) = &shown.previous {
        let level = level_name(words, before, &before_written.level);
        let text = format!("{level} · {} · {}", before_written.total, day(before.assessed_on));
        let field = Field::new(words.t("field.previous_result"), text);
        fields.push(field.link(format!("/assessments/{}", before.id)));
    }
    let unconfirmed = package.map(|package| package.unconfirmed.as_slice()).unwrap_or_default();
    if !unconfirmed.is_empty() {
        let texts: Vec<&str> = unconfirmed.iter().map(|one| one.to(words.lang)).collect();
        fields.push(Field::new(words.t("field.unconfirmed"), texts.join(" ")));
    }
    fields
}

const CONTRADICTION_COLUMNS: &[Column] =
    &[Column::text("text", "field.contradiction"), Column::text("other", "field.other_assessment")];

fn contradictions(visitor: &Visitor, words: &Words, shown: &Shown) -> Section {
    let rows = contradiction_lines(words, shown).into_iter().map(|(text, href, label)| {
        let other = Cell::text(label);
        let other = if let Some(href) = href { other.link(href) } else { other };
        Row { href: None, cells: vec![Cell { icon: Some("triangle-alert"), ..Cell::text(text) }, other] }
    });
    Section {
        heading: visitor.t("assessment.contradictions").into_owned(),
        fields: Vec::new(),
        table: Some(table(visitor, CONTRADICTION_COLUMNS, rows.collect())),
    }
}

const ITEM_COLUMNS: &[Column] = &[
    Column::text("item", "field.scale_item"),
    Column::text("answer", "field.scale_answer"),
    Column::number("points", "field.points"),
    Column::number("previous", "field.points_before"),
];

fn part_section(visitor: &Visitor, part: &PartSheet) -> Section {
    // Without a result before there is no column for it.
    let shown = if part.previous_sum.is_empty() { ITEM_COLUMNS.len() - 1 } else { ITEM_COLUMNS.len() };
    let rows = part.items.iter().map(|item| {
        let points =
            |points: Option<i32>| points.map(|points| Cell::count(i64::from(points))).unwrap_or_default();
        Row {
            href: None,
            cells: vec![
                Cell::text(format!("{} {}", item.number, item.name)),
                Cell::text(&item.answer),
                points(item.points),
                points(item.previous_points),
            ],
        }
    });
    Section {
        heading: format!("{} · {}", part.heading, part.sum),
        fields: Vec::new(),
        table: Some(table(visitor, &ITEM_COLUMNS[..shown], rows.collect())),
    }
}

fn actions(visitor: &Visitor, shown: &Shown) -> Vec<Action> {
    use AssessmentEvent as E;
    let row = shown.row();
    let path = |step: &str| format!("/assessments/{}/{step}", row.id);
    let link = |step: &str, label: &str, icon| Action::link(path(step), visitor.t(label), icon);
    let (assess, review) = (visitor.may(Permission::Assess), visitor.may(Permission::ReviewAssessment));
    let offers = |event: E, may: bool| may && row.state.allows(event);
    let mut actions = vec![link("print", "assessment.print", "printer")];
    if offers(E::Withdraw, assess) {
        actions.push(link("withdraw", "assessment.withdraw", "x"));
    }
    if offers(E::Dispute, assess || review) {
        actions.push(link("dispute", "assessment.dispute", "octagon-alert"));
    }
    if offers(E::Correct, assess) {
        actions.push(link("correct", "assessment.correct", "pencil"));
    }
    if offers(E::GiveBack, review) {
        actions.push(link("give-back", "assessment.give_back", "arrow-left"));
    }
    if offers(E::Uphold, review) {
        actions.push(link("uphold", "assessment.uphold", "shield-check"));
    }
    if offers(E::Finish, assess) {
        let label = if row.draft.is_some() { "assessment.go_on" } else { "assessment.fill" };
        actions.push(link("fill", label, "clipboard-list").primary());
    }
    if offers(E::Review, review) {
        actions.push(link("review", "assessment.review", "check").primary());
    }
    if offers(E::Enact, review) {
        let asked = visitor.lang.fill("assessment.enact_confirm", &[("elder", &shown.listed.elder)]);
        let action = Action::post(path("enact"), visitor.t("assessment.enact"), "circle-check");
        actions.push(action.primary().confirm(asked).with("version", row.version));
    }
    let again = row.state.is_open() || row.state == crate::assessments::AssessmentState::Withdrawn;
    if assess && !again {
        let href = format!("/assessments/new?elder={}&scale={}", row.elder_id, row.scale);
        actions.push(Action::link(href, visitor.t("assessment.again"), "refresh-cw"));
    }
    actions
}
