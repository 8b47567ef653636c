//! The caregiver's form: its controls, what they sent, and the stored values as they would send them.

use super::model::{
    CaregiverInput, Gender, Language, Skill, TravelMode, Weekday, clock_minutes, clock_text, shift_end,
};
use crate::access::Permission;
use crate::error::{Error, Result};
use crate::input::number;
use crate::registry::codes;
use crate::registry::parts::{or_none, providers, towns};
use crate::text::Text;
use crate::web::{Form, FormField, Input, Visitor, Words};

/// What a form changes: which caregiver, which version of them, and whether a phone number is on file.
#[derive(Clone, Copy)]
pub struct Known {
    pub id: i64,
    pub version: i64,
    pub has_phone: bool,
}

pub fn read(input: &Input) -> Result<CaregiverInput> {
    let choose = |field: &'static str| Error::field(field, Text::new("rule.choose"));
    let clock = |field: &'static str| {
        clock_minutes(&input.text(field)).ok_or_else(|| Error::field(field, Text::new("rule.time_of_day")))
    };
    let shift_starts_min = clock("shift_starts_min")?;
    let phone = match input.text("phone") {
        typed if !typed.is_empty() => Some(typed),
        _ => input.flag("remove_phone").then(String::new),
    };
    Ok(CaregiverInput {
        name: input.text("name"),
        gender: Gender::parse(&input.text("gender")).ok_or_else(|| choose("gender"))?,
        provider_id: input.text("provider_id").parse().map_err(|_| choose("provider_id"))?,
        town_code: input.text("town_code"),
        phone,
        skills: codes::read("skills", &input.many("skills"))?,
        languages: codes::read("languages", &input.many("languages"))?,
        shift_days: codes::read("shift_days", &input.many("shift_days"))?,
        shift_starts_min,
        shift_ends_min: shift_end(shift_starts_min, clock("shift_ends_min")?),
        travel_mode: TravelMode::parse(&input.text("travel_mode")).ok_or_else(|| choose("travel_mode"))?,
        longitude: number(&input.text("longitude")),
        latitude: number(&input.text("latitude")),
        active: input.flag("active"),
    })
}

/// The stored values as a form would send them; the phone is not among them.
pub fn typed(values: &CaregiverInput) -> Input {
    Input::of([
        ("name", values.name.clone()),
        ("gender", values.gender.name().to_owned()),
        ("provider_id", values.provider_id.to_string()),
        ("town_code", values.town_code.clone()),
        ("shift_starts_min", clock_text(values.shift_starts_min)),
        ("shift_ends_min", clock_text(values.shift_ends_min)),
        ("travel_mode", values.travel_mode.name().to_owned()),
        ("longitude", values.longitude.to_string()),
        ("latitude", values.latitude.to_string()),
        ("active", values.active.to_string()),
    ])
    .with("skills", codes::names(&values.skills))
    .with("languages", codes::names(&values.languages))
    .with("shift_days", codes::names(&values.shift_days))
}

/// What a new form starts with: an ordinary working week.
pub fn fresh() -> Input {
    let working_week = Weekday::ALL[..5].iter().map(|day| day.name().to_owned()).collect();
    Input::of([
        ("shift_starts_min", "08:00".to_owned()),
        ("shift_ends_min", "17:00".to_owned()),
        ("active", "true".to_owned()),
    ])
    .with("shift_days", working_week)
}

/// The form for a new caregiver, or for the known one.
pub async fn form(visitor: &Visitor, known: Option<Known>, input: &Input) -> Result<Form> {
    let (scope, words) = (visitor.scope(), Words::of(visitor));
    let (towns, providers) = visitor
        .app
        .db
        .read(move |connection| {
            let towns = towns(connection, &scope, Permission::EditCaregiver, &words)?;
            Ok((towns, providers(connection, &scope)?))
        })
        .await?;
    let (heading, action) = match known {
        Some(known) => ("caregiver.edit", format!("/caregivers/{}", known.id)),
        None => ("caregiver.new", "/caregivers".to_owned()),
    };
    let choose = || visitor.t("form.choose").into_owned();
    let field = |name: &'static str, kind: &'static str| FormField::of(visitor, name, kind, input);
    let select = |name: &'static str, values: Vec<(String, String)>| {
        field(name, "select").required(true).options(or_none(choose(), values))
    };
    let boxes = |name: &'static str, kind: &str, values: &[&str]| {
        let options = codes::options(visitor.lang, kind, values);
        field(name, "checks").required(true).boxes(options, &input.many(name))
    };
    let mut name = field("name", "text").required(true);
    name.label = visitor.t("caregiver.name").into_owned();
    let mut fields = vec![
        name,
        select("gender", codes::options(visitor.lang, "gender", Gender::NAMES)),
        select("provider_id", providers),
        select("town_code", towns),
        boxes("skills", "skill", Skill::NAMES),
        boxes("languages", "language", Language::NAMES),
        boxes("shift_days", "weekday", Weekday::NAMES),
        field("shift_starts_min", "time").required(true),
        field("shift_ends_min", "time").required(true).hint(visitor.t("hint.shift_ends")),
        select("travel_mode", codes::options(visitor.lang, "travel_mode", TravelMode::NAMES)),
        field("active", "checkbox").hint(visitor.t("hint.active")),
        field("longitude", "number").required(true).hint(visitor.t("hint.home_point")),
        field("latitude", "number").required(true).hint(visitor.t("hint.latitude")),
    ];
    fields.splice(4..4, phone_fields(visitor, known, input));
    Ok(Form {
        heading: visitor.t(heading).into_owned(),
        cancel_href: action.clone(),
        action,
        version: known.map(|known| known.version),
        fields,
        submit_label: visitor.t("action.save").into_owned(),
    })
}

/// The number on file is never put into a form: an empty field keeps it, a box removes it.
fn phone_fields(visitor: &Visitor, known: Option<Known>, input: &Input) -> Vec<FormField> {
    let phone = FormField::of(visitor, "phone", "text", input);
    if known.is_some_and(|known| known.has_phone) {
        let remove = FormField::of(visitor, "remove_phone", "checkbox", input);
        return vec![phone.hint(visitor.t("hint.phone_kept")), remove];
    }
    vec![phone.hint(visitor.t("hint.phone_sealed"))]
}
