//! The institution's form: its controls, what they sent, and the stored values as they would send them.

use super::model::{InstitutionInput, InstitutionKind, InstitutionState};
use super::pages::Institutions;
use super::store::{InstitutionRow, get_institution};
use super::{add, change};
use crate::access::{Permission, Scope};
use crate::app::Tx;
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::input::number;
use crate::registry::codes;
use crate::registry::parts::{Choices, towns};
use crate::text::Text;
use crate::web::{Context, Create, FormField, Input, RecordForm, Words};

impl RecordForm for Institutions {
    const NEW: Create = ("/institutions/new", "institution.new", Permission::EditInstitution);
    const ONE_PATH: &'static str = "/institutions/{id}";
    const EDIT_PATH: &'static str = "/institutions/{id}/edit";
    const EDIT_HEADING: &'static str = "institution.edit";
    type Values = InstitutionInput;
    type Row = InstitutionRow;
    /// Towns.
    type Offer = Choices;

    fn read(input: &Input) -> Result<InstitutionInput> {
        let choose = |field: &'static str| Error::field(field, Text::new("rule.choose"));
        let day = |field: &'static str| match input.text(field).as_str() {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| Error::field(field, Text::new("rule.date"))),
        };
        Ok(InstitutionInput {
            town_code: input.text("town_code"),
            village_code: Some(input.text("village_code")).filter(|code| !code.is_empty()),
            name: input.text("name"),
            kind: InstitutionKind::parse(&input.text("kind")).ok_or_else(|| choose("kind"))?,
            state: InstitutionState::parse(&input.text("state")).ok_or_else(|| choose("state"))?,
            operator: input.text("operator"),
            phone: input.text("phone"),
            micro_fire_station: input.flag("micro_fire_station"),
            opened_on: day("opened_on")?,
            licence_starts_on: day("licence_starts_on")?,
            licence_ends_on: day("licence_ends_on")?,
            longitude: number(&input.text("longitude")),
            latitude: number(&input.text("latitude")),
        })
    }

    fn typed(row: &InstitutionRow) -> Input {
        let values = row.input();
        let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        Input::of([
            ("town_code", values.town_code),
            ("village_code", values.village_code.unwrap_or_default()),
            ("name", values.name),
            ("kind", values.kind.name().to_owned()),
            ("state", values.state.name().to_owned()),
            ("operator", values.operator),
            ("phone", values.phone),
            ("micro_fire_station", values.micro_fire_station.to_string()),
            ("opened_on", day(values.opened_on)),
            ("licence_starts_on", day(values.licence_starts_on)),
            ("licence_ends_on", day(values.licence_ends_on)),
            ("longitude", values.longitude.to_string()),
            ("latitude", values.latitude.to_string()),
        ])
    }

    fn get(connection: &mut AnyConnection, scope: &Scope, id: i64) -> Result<InstitutionRow> {
        get_institution(connection, scope, Permission::EditInstitution, id)
    }

    fn version(row: &InstitutionRow) -> i64 {
        row.version
    }

    fn add(tx: &mut Tx<'_>, values: &InstitutionInput) -> Result<i64> {
        add(tx, values)
    }

    fn change(tx: &mut Tx<'_>, id: i64, seen: i64, values: &InstitutionInput) -> Result<()> {
        change(tx, id, seen, values)
    }

    fn offer(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Choices> {
        towns(connection, scope, Permission::EditInstitution, words)
    }

    fn fields(
        context: &Context,
        towns: Choices,
        _: Option<&InstitutionRow>,
        input: &Input,
    ) -> Vec<FormField> {
        let field = |name: &'static str, kind: &'static str, required: bool| {
            FormField::of(context, name, kind, input).required(required)
        };
        let kinds = codes::options(context.lang, "institution_kind", InstitutionKind::NAMES);
        let states = codes::options(context.lang, "institution_state", InstitutionState::NAMES);
        vec![
            field("name", "text", true),
            field("town_code", "select", true).options(towns),
            field("kind", "select", true).options(kinds),
            field("state", "select", true).options(states),
            field("operator", "text", false),
            field("phone", "text", false),
            field("micro_fire_station", "checkbox", false),
            field("opened_on", "date", false),
            field("licence_starts_on", "date", false),
            field("licence_ends_on", "date", false).hint(context.t("hint.licence_ends_on")),
            field("village_code", "text", false).hint(context.t("hint.village_code")),
            field("longitude", "number", true).hint(context.t("hint.longitude")),
            field("latitude", "number", true).hint(context.t("hint.latitude")),
        ]
    }
}
