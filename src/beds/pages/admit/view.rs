//! The two steps as pages.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use super::person::{Choice, Known, PERSON_FIELDS};
use super::reasons;
use crate::access::Permission;
use crate::beds::Candidate;
use crate::beds::model::{BedKind, CareLevel};
use crate::beds::pages::bed_steps::{agreement_fields, risk_fields};
use crate::beds::pages::steps::{at_fields, names, reason_field};
use crate::elders::Gender;
use crate::error::{Error, Result};
use crate::registry::institutions::store::InstitutionRow;
use crate::registry::store::{names_of_towns, village_choices};
use crate::web::{FormField, Input, Page, Visitor};

/// Beds shown with the reason why they are not offered.
const OTHERS_MAX: usize = 60;

#[derive(Template)]
#[template(path = "bed_admit.html")]
struct AdmitPage {
    page: Page,
    admit: AdmitView,
}

struct AdmitView {
    heading: String,
    action: String,
    cancel_href: String,
    restart_href: String,
    error: Option<String>,
    /// 1 or 2.
    step: u8,
    /// Those of the same name: address and label.
    choices: Vec<(String, String)>,
    parts: Vec<PartView>,
    /// What the second step carries along: name and value.
    hidden: Vec<(&'static str, String)>,
    who: String,
    who_about: String,
    beds: Vec<BedChoice>,
    beds_error: Option<String>,
    no_bed_href: Option<String>,
    others: Vec<(String, String)>,
    others_heading: String,
    submit_label: String,
}

struct PartView {
    heading: String,
    about: String,
    /// Shown only when it is opened.
    is_folded: bool,
    is_open: bool,
    fields: Vec<FormField>,
}

struct BedChoice {
    id: i64,
    label: String,
    about: String,
    warning: String,
    is_chosen: bool,
}

fn frame(visitor: &Visitor, house: &InstitutionRow, step: u8) -> AdmitView {
    let back = format!("/institutions/{}/beds", house.id);
    AdmitView {
        heading: visitor.lang.fill("admit.heading", &[("institution", &house.name)]),
        action: format!("/institutions/{}/admit", house.id),
        restart_href: format!("/institutions/{}/admit", house.id),
        cancel_href: back,
        error: None,
        step,
        choices: Vec::new(),
        parts: Vec::new(),
        hidden: Vec::new(),
        who: String::new(),
        who_about: String::new(),
        beds: Vec::new(),
        beds_error: None,
        no_bed_href: None,
        others: Vec::new(),
        others_heading: String::new(),
        submit_label: String::new(),
    }
}

fn answer(visitor: &Visitor, view: AdmitView, error: Option<&Error>) -> Result<HttpResponse> {
    let status = error.map_or(StatusCode::OK, |error| {
        StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY)
    });
    let page = AdmitPage { page: Page::new(visitor, &view.heading), admit: view };
    let body = page.render().map_err(|error| Error::internal("template").because(error))?;
    Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(body))
}

/// Puts each broken rule beside its field; gives the message that belongs to none.
fn place_error(visitor: &Visitor, parts: &mut [PartView], error: Option<&Error>) -> Option<String> {
    let error = error?;
    let mut is_placed = false;
    for part in parts.iter_mut() {
        for field in &mut part.fields {
            let broken = error.fields.iter().find(|broken| broken.field == field.name);
            field.error = broken.map(|broken| broken.rule.to(visitor.lang));
            part.is_open |= field.error.is_some();
            is_placed |= field.error.is_some();
        }
    }
    (!is_placed).then(|| {
        let rules: Vec<String> = error.fields.iter().map(|broken| broken.rule.to(visitor.lang)).collect();
        if rules.is_empty() { error.text.to(visitor.lang) } else { rules.join(" ") }
    })
}

/// Every village with its town's name in front.
async fn villages(visitor: &Visitor) -> Result<Vec<(String, String)>> {
    let (scope, lang) = (visitor.scope(), visitor.lang);
    let villages = visitor.app.db.read(move |connection| {
        let towns = names_of_towns(connection)?;
        let rows = village_choices(connection, &scope, Permission::SeeBeds)?;
        let town = |code: &str| towns.get(code).map_or("", |name| name.in_lang(lang)).to_owned();
        Ok(rows
            .into_iter()
            .map(|(code, of, name)| (code, format!("{} · {name}", town(&of))))
            .collect::<Vec<_>>())
    });
    Ok(std::iter::once((String::new(), "—".to_owned())).chain(villages.await?).collect())
}

/// The first step.
pub async fn who(
    visitor: &Visitor,
    house: &InstitutionRow,
    input: &Input,
    error: Option<&Error>,
    choices: &[Choice],
) -> Result<HttpResponse> {
    let field = |name: &'static str, kind: &'static str| FormField::of(visitor, name, kind, input);
    let villages = villages(visitor).await?;
    let genders = names(visitor, "gender", Gender::NAMES, true);
    let mut parts = vec![
        PartView {
            heading: visitor.t("admit.on_file").into_owned(),
            about: String::new(),
            is_folded: false,
            is_open: true,
            fields: vec![field("elder", "text").hint(visitor.t("hint.admit_elder"))],
        },
        PartView {
            heading: visitor.t("admit.not_on_file").into_owned(),
            about: visitor.t("admit.not_on_file_about").into_owned(),
            is_folded: true,
            is_open: !input.text("person_name").is_empty(),
            fields: vec![
                field("person_name", "text").required(true),
                field("identity", "text").hint(visitor.t("hint.new_identity")),
                field("gender", "select").required(true).options(genders),
                field("born_on", "date").required(true),
                field("village", "select").required(true).options(villages),
                field("phone", "text"),
                field("address", "text").hint(visitor.t("hint.sealed")),
            ],
        },
        PartView {
            heading: visitor.t("admit.needs").into_owned(),
            about: visitor.t("admit.needs_about").into_owned(),
            is_folded: false,
            is_open: true,
            fields: vec![
                field("care_level", "select").options(names(visitor, "care_level", CareLevel::NAMES, true)),
                field("bed_kind", "select").options(names(visitor, "bed_kind", BedKind::NAMES, true)),
                field("isolation", "checkbox"),
            ],
        },
    ];
    let general = place_error(visitor, &mut parts, error);
    let kept: Vec<String> = ["care_level", "bed_kind", "isolation", "bed"]
        .into_iter()
        .map(|name| (name, input.text(name)))
        .filter(|(_, value)| value.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_'))
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("&{name}={value}"))
        .collect();
    let kept = kept.concat();
    let choices = choices
        .iter()
        .map(|one| (format!("/institutions/{}/admit?elder={}{kept}", house.id, one.id), one.label.clone()));
    let view = AdmitView {
        choices: choices.collect(),
        hidden: vec![("step", "who".to_owned()), ("bed", input.text("bed"))],
        submit_label: visitor.t("admit.next").into_owned(),
        parts,
        error: general,
        ..frame(visitor, house, 1)
    };
    answer(visitor, view, error)
}

/// The second step.
pub fn beds(
    visitor: &Visitor,
    house: &InstitutionRow,
    input: &Input,
    known: &Known,
    (fitting, others): (Vec<Candidate>, Vec<Candidate>),
    error: Option<&Error>,
) -> Result<HttpResponse> {
    let chosen: Option<i64> = input.text("bed").parse().ok();
    let mut parts =
        agreement(visitor, input, fitting.iter().any(|one| one.offered.bed.kind == BedKind::DayPlace));
    let mut general = place_error(visitor, &mut parts, error);
    let of_bed = error.and_then(|error| error.fields.iter().find(|broken| broken.field == "bed"));
    let beds_error = of_bed.map(|broken| broken.rule.to(visitor.lang));
    general = general.filter(|_| beds_error.is_none());
    let place = |one: &Candidate| {
        let bed = &one.offered.bed;
        format!("{} {}-{}", bed.building, bed.room, bed.label)
    };
    let choices: Vec<BedChoice> = fitting
        .iter()
        .map(|one| BedChoice {
            id: one.offered.bed.id,
            label: place(one),
            about: bed_about(visitor, one),
            warning: reasons(visitor, &one.misfits),
            is_chosen: chosen == Some(one.offered.bed.id),
        })
        .collect();
    let whom = match &known.whom {
        crate::beds::Whom::Elder(id) => format!("?elder={id}"),
        _ => String::new(),
    };
    let hidden = PERSON_FIELDS
        .iter()
        .filter(|name| !matches!(**name, "care_level" | "bed"))
        .map(|name| (*name, input.text(name)));
    let total = others.len().to_string();
    let view = AdmitView {
        hidden: std::iter::once(("step", "admit".to_owned())).chain(hidden).collect(),
        who: known.name.clone(),
        who_about: known.about.clone(),
        no_bed_href: choices.is_empty().then(|| format!("/waiting/new{whom}")),
        beds: choices,
        beds_error,
        others: others
            .iter()
            .take(OTHERS_MAX)
            .map(|one| (place(one), reasons(visitor, &one.misfits)))
            .collect(),
        others_heading: visitor.lang.fill("admit.others", &[("n", &total)]),
        submit_label: visitor.t("bed.admit").into_owned(),
        parts,
        error: general,
        ..frame(visitor, house, 2)
    };
    answer(visitor, view, error)
}

fn bed_about(visitor: &Visitor, one: &Candidate) -> String {
    let bed = &one.offered.bed;
    let mut parts = vec![
        visitor.name_of("bed_kind", bed.kind.name()),
        visitor.name_of("gender_rule", bed.gender_rule.name()),
    ];
    if bed.is_couple_room {
        parts.push(visitor.t("field.couple_room").into_owned());
    }
    if bed.is_isolation {
        parts.push(visitor.t("field.isolation_room").into_owned());
    }
    parts.join(" · ")
}

fn agreement(visitor: &Visitor, input: &Input, has_day_place: bool) -> Vec<PartView> {
    let part = |heading: &str, about: &str, fields: Vec<FormField>| PartView {
        heading: visitor.t(heading).into_owned(),
        about: if about.is_empty() { String::new() } else { visitor.t(about).into_owned() },
        is_folded: false,
        is_open: true,
        fields,
    };
    let mut from = at_fields(visitor, input, "from_on", "from_time", true).to_vec();
    if has_day_place {
        from.push(FormField::of(visitor, "until_on", "date", input).hint(visitor.t("hint.day_place_only")));
    }
    from.push(reason_field(visitor, input, false));
    vec![
        part("bed.risks", "admit.risks_about", risk_fields(visitor, input)),
        part("bed.agreed", "", agreement_fields(visitor, input)),
        part("admit.from", "", from),
    ]
}
