//! The form of an elder's own record: who, where, wishes. What is sealed is never put into it.

use super::model::{CoordinateSource, ElderInput, Gender, Language};
use super::pages::Elders;
use super::store::{ElderRow, get_elder_to_edit};
use super::{change, look_for_known, register};
use crate::access::{Permission, Scope};
use crate::app::Tx;
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::input::number;
use crate::registry::codes;
use crate::registry::village_names_in_towns;
use crate::text::Text;
use crate::web::{Context, Create, FormField, Input, RecordForm, Words};

type Choices = Vec<(String, String)>;

impl RecordForm for Elders {
    const NEW: Create = ("/elders/new", "elder.new", Permission::EditElder);
    const ONE_PATH: &'static str = "/elders/{id}";
    const EDIT_PATH: &'static str = "/elders/{id}/edit";
    const EDIT_HEADING: &'static str = "elder.edit";
    const LOOKS: bool = true;
    type Values = ElderInput;
    type Row = ElderRow;
    /// Villages.
    type Offer = Choices;

    fn read(input: &Input) -> Result<ElderInput> {
        let born_on = match input.text("born_on").as_str() {
            "" => None,
            text => Some(text.parse().map_err(|_| Error::field("born_on", Text::new("rule.date")))?),
        };
        let sealed = |name: &str, remove: &str| match input.text(name) {
            typed if !typed.is_empty() => Some(typed),
            _ => input.flag(remove).then(String::new),
        };
        let degrees =
            |name: &str| Some(input.text(name)).filter(|text| !text.is_empty()).map(|text| number(&text));
        Ok(ElderInput {
            name: input.text("name"),
            gender: optional(input, "gender", Gender::parse)?,
            born_on,
            village_code: input.text("village_code"),
            identity: sealed("identity", "remove_identity"),
            phone: sealed("phone", "remove_phone"),
            address: sealed("address", "remove_address"),
            door_note: sealed("door_note", "remove_door_note"),
            home_visits: input.flag("home_visits"),
            longitude: degrees("longitude"),
            latitude: degrees("latitude"),
            coordinate_source: optional(input, "coordinate_source", CoordinateSource::parse)?
                .unwrap_or_default(),
            languages: codes::read("languages", &input.many("languages"))?,
            gender_wish: optional(input, "gender_wish", Gender::parse)?,
            gender_wish_hard: input.flag("gender_wish_hard"),
            language_wish: optional(input, "language_wish", Language::parse)?,
            language_wish_hard: input.flag("language_wish_hard"),
        })
    }

    fn typed(row: &ElderRow) -> Input {
        let values = row.input();
        let gender = |gender: Option<Gender>| gender.map(Gender::name).unwrap_or_default().to_owned();
        Input::of([
            ("name", values.name),
            ("gender", gender(values.gender)),
            ("born_on", values.born_on.map(|day| day.to_string()).unwrap_or_default()),
            ("village_code", values.village_code),
            ("home_visits", values.home_visits.to_string()),
            ("longitude", row.longitude.to_string()),
            ("latitude", row.latitude.to_string()),
            ("coordinate_source", CoordinateSource::Wgs84.name().to_owned()),
            ("gender_wish", gender(values.gender_wish)),
            ("gender_wish_hard", values.gender_wish_hard.to_string()),
            ("language_wish", values.language_wish.map(Language::name).unwrap_or_default().to_owned()),
            ("language_wish_hard", values.language_wish_hard.to_string()),
        ])
        .with("languages", codes::names(&values.languages))
    }

    fn fresh() -> Input {
        Input::of([
            ("coordinate_source", CoordinateSource::Wgs84.name().to_owned()),
            ("home_visits", "true".to_owned()),
        ])
        .with("languages", vec![Language::Minnan.name().to_owned()])
    }

    fn get(connection: &mut AnyConnection, scope: &Scope, id: i64) -> Result<ElderRow> {
        get_elder_to_edit(connection, scope, id)
    }

    fn version(row: &ElderRow) -> i64 {
        row.version
    }

    fn look(tx: &mut Tx<'_>, id: Option<i64>, values: &ElderInput) -> Result<Option<Error>> {
        look_for_known(tx, id, values)
    }

    fn add(tx: &mut Tx<'_>, values: &ElderInput) -> Result<i64> {
        register(tx, values)
    }

    fn change(tx: &mut Tx<'_>, id: i64, seen: i64, values: &ElderInput) -> Result<()> {
        change(tx, id, seen, values)
    }

    fn offer(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Choices> {
        village_names_in_towns(connection, scope, Permission::EditElder, words)
    }

    fn fields(
        context: &Context,
        villages: Choices,
        known: Option<&ElderRow>,
        input: &Input,
    ) -> Vec<FormField> {
        let field = |name: &'static str, kind: &'static str| FormField::of(context, name, kind, input);
        let select = |name: &'static str, first: &str, values: Choices| {
            let choices = std::iter::once((String::new(), context.t(first).into_owned())).chain(values);
            field(name, "select").options(choices.collect())
        };
        let names = |kind: &str, values: &[&str]| codes::options(context.lang, kind, values);
        let languages = names("language", Language::NAMES);
        let sealed = |name, remove, on_file: fn(&ElderRow) -> bool, hint: &str| {
            sealed_fields(context, input, (name, remove), known.is_some_and(on_file), hint)
        };
        let mut name = field("name", "text").required(true);
        name.label = context.t("field.person_name").into_owned();
        let mut fields = vec![name];
        fields.extend(sealed(
            "identity",
            "remove_identity",
            |row| row.identity_sealed.is_some(),
            "hint.identity",
        ));
        fields.extend([
            select("gender", "form.choose", names("gender", Gender::NAMES))
                .hint(context.t("hint.from_identity")),
            field("born_on", "date").hint(context.t("hint.from_identity")),
        ]);
        fields.extend(sealed(
            "phone",
            "remove_phone",
            |row| row.phone_sealed.is_some(),
            "hint.phone_callable",
        ));
        let mut village = select("village_code", "form.choose", villages).required(true);
        village.label = context.t("field.village").into_owned();
        fields.push(village);
        fields.extend(sealed(
            "address",
            "remove_address",
            |row| row.address_sealed.is_some(),
            "hint.phone_sealed",
        ));
        fields.extend(sealed(
            "door_note",
            "remove_door_note",
            |row| row.door_note_sealed.is_some(),
            "hint.door_note",
        ));
        fields.extend([
            coordinate_field(context, "longitude", input).hint(context.t("hint.degrees_of_elder")),
            coordinate_field(context, "latitude", input),
            field("coordinate_source", "select")
                .options(names("coordinate_source", CoordinateSource::NAMES))
                .hint(context.t("hint.coordinate_source")),
            field("home_visits", "checkbox"),
            field("languages", "checks").boxes(languages.clone(), &input.many("languages")),
            select("gender_wish", "elder.no_wish", names("gender", Gender::NAMES)),
            field("gender_wish_hard", "checkbox").hint(context.t("hint.wish_hard")),
            select("language_wish", "elder.no_wish", languages),
            field("language_wish_hard", "checkbox").hint(context.t("hint.wish_hard")),
        ]);
        fields
    }
}

/// A control for degrees in the system that another control names.
pub(super) fn coordinate_field(context: &Context, name: &'static str, input: &Input) -> FormField {
    let label = context.t(if name == "longitude" { "elder.longitude" } else { "elder.latitude" });
    let field = FormField::of(context, name, "number", input);
    FormField { label: label.into_owned(), ..field }
}

/// One of an enum's values, or none where the field is empty.
fn optional<T>(input: &Input, name: &'static str, parse: fn(&str) -> Option<T>) -> Result<Option<T>> {
    match input.text(name).as_str() {
        "" => Ok(None),
        text => parse(text).map(Some).ok_or_else(|| Error::field(name, Text::new("rule.choose"))),
    }
}

/// A value on file is never put into the form: an empty field keeps it, a box removes it.
fn sealed_fields(
    context: &Context,
    input: &Input,
    (name, remove): (&'static str, &'static str),
    is_on_file: bool,
    hint: &str,
) -> Vec<FormField> {
    let field = FormField::of(context, name, "text", input);
    if is_on_file {
        let field = field.hint(context.t("hint.sealed_kept"));
        return vec![field, FormField::of(context, remove, "checkbox", input)];
    }
    vec![field.hint(context.t(hint))]
}
