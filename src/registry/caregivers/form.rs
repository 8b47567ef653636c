//! The caregiver's form: its controls, what they sent, and the stored values as they would send them.

use super::model::{
    CaregiverInput, Gender, Language, Skill, TravelMode, Weekday, clock_minutes, clock_text, shift_end,
};
use super::pages::Caregivers;
use super::store::{CaregiverRow, get_caregiver};
use super::{add, change};
use crate::access::{Permission, Scope};
use crate::app::Tx;
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::input::number;
use crate::registry::codes;
use crate::registry::parts::{Choices, or_none, providers, towns};
use crate::text::Text;
use crate::web::{Context, Create, FormField, Input, RecordForm, Words};

impl RecordForm for Caregivers {
    const NEW: Create = ("/caregivers/new", "caregiver.new", Permission::EditCaregiver);
    const ONE_PATH: &'static str = "/caregivers/{id}";
    const EDIT_PATH: &'static str = "/caregivers/{id}/edit";
    const EDIT_HEADING: &'static str = "caregiver.edit";
    type Values = CaregiverInput;
    type Row = CaregiverRow;
    /// Towns and providers.
    type Offer = (Choices, Choices);

    fn read(input: &Input) -> Result<CaregiverInput> {
        let choose = |field: &'static str| Error::field(field, Text::new("rule.choose"));
        let clock = |field: &'static str| {
            clock_minutes(&input.text(field))
                .ok_or_else(|| Error::field(field, Text::new("rule.time_of_day")))
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
            travel_mode: TravelMode::parse(&input.text("travel_mode"))
                .ok_or_else(|| choose("travel_mode"))?,
            longitude: number(&input.text("longitude")),
            latitude: number(&input.text("latitude")),
            active: input.flag("active"),
        })
    }

    /// The phone is not among them.
    fn typed(row: &CaregiverRow) -> Input {
        let values = row.input();
        Input::of([
            ("name", values.name),
            ("gender", values.gender.name().to_owned()),
            ("provider_id", values.provider_id.to_string()),
            ("town_code", values.town_code),
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

    /// An ordinary working week.
    fn fresh() -> Input {
        let working_week = Weekday::ALL[..5].iter().map(|day| day.name().to_owned()).collect();
        Input::of([
            ("shift_starts_min", "08:00".to_owned()),
            ("shift_ends_min", "17:00".to_owned()),
            ("active", "true".to_owned()),
        ])
        .with("shift_days", working_week)
    }

    fn get(connection: &mut AnyConnection, scope: &Scope, id: i64) -> Result<CaregiverRow> {
        get_caregiver(connection, scope, Permission::EditCaregiver, id)
    }

    fn version(row: &CaregiverRow) -> i64 {
        row.version
    }

    fn add(tx: &mut Tx<'_>, values: &CaregiverInput) -> Result<i64> {
        add(tx, values)
    }

    fn change(tx: &mut Tx<'_>, id: i64, seen: i64, values: &CaregiverInput) -> Result<()> {
        change(tx, id, seen, values)
    }

    fn offer(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<(Choices, Choices)> {
        let towns = towns(connection, scope, Permission::EditCaregiver, words)?;
        Ok((towns, providers(connection, scope)?))
    }

    fn fields(
        context: &Context,
        (towns, providers): (Choices, Choices),
        known: Option<&CaregiverRow>,
        input: &Input,
    ) -> Vec<FormField> {
        let choose = || context.t("form.choose").into_owned();
        let field = |name: &'static str, kind: &'static str| FormField::of(context, name, kind, input);
        let select = |name: &'static str, values: Choices| {
            field(name, "select").required(true).options(or_none(choose(), values))
        };
        let boxes = |name: &'static str, kind: &str, values: &[&str]| {
            let options = codes::options(context.lang, kind, values);
            field(name, "checks").required(true).boxes(options, &input.many(name))
        };
        let mut name = field("name", "text").required(true);
        name.label = context.t("caregiver.name").into_owned();
        let mut fields = vec![
            name,
            select("gender", codes::options(context.lang, "gender", Gender::NAMES)),
            select("provider_id", providers),
            select("town_code", towns),
        ];
        fields.extend(phone_fields(context, known, input));
        fields.extend([
            boxes("skills", "skill", Skill::NAMES),
            boxes("languages", "language", Language::NAMES),
            boxes("shift_days", "weekday", Weekday::NAMES),
            field("shift_starts_min", "time").required(true),
            field("shift_ends_min", "time").required(true).hint(context.t("hint.shift_ends")),
            select("travel_mode", codes::options(context.lang, "travel_mode", TravelMode::NAMES)),
            field("active", "checkbox").hint(context.t("hint.active")),
            field("longitude", "number").required(true).hint(context.t("hint.home_point")),
            field("latitude", "number").required(true).hint(context.t("hint.latitude")),
        ]);
        fields
    }
}

/// The number on file is never put into a form: an empty field keeps it, a box removes it.
fn phone_fields(context: &Context, known: Option<&CaregiverRow>, input: &Input) -> Vec<FormField> {
    let phone = FormField::of(context, "phone", "text", input);
    if known.is_some_and(|row| row.phone_sealed.is_some()) {
        let remove = FormField::of(context, "remove_phone", "checkbox", input);
        return vec![phone.hint(context.t("hint.phone_kept")), remove];
    }
    vec![phone.hint(context.t("hint.phone_sealed"))]
}
