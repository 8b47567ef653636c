//! The station's form: its controls, what they sent, and the stored values as they would send them.

use super::model::{StationInput, StationService};
use super::pages::Stations;
use super::store::{StationRow, get_station};
use super::{add, change};
use crate::access::{Permission, Scope};
use crate::app::Tx;
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::input::number;
use crate::registry::codes;
use crate::registry::parts::{Choices, or_none, providers, villages};
use crate::text::Text;
use crate::web::{Context, Create, FormField, Input, RecordForm, Words};

impl RecordForm for Stations {
    const NEW: Create = ("/stations/new", "station.new", Permission::EditStation);
    const ONE_PATH: &'static str = "/stations/{id}";
    const EDIT_PATH: &'static str = "/stations/{id}/edit";
    const EDIT_HEADING: &'static str = "station.edit";
    type Values = StationInput;
    type Row = StationRow;
    /// Villages and providers.
    type Offer = (Choices, Choices);

    fn read(input: &Input) -> Result<StationInput> {
        let provider_id = match input.text("provider_id").as_str() {
            "" => None,
            text => Some(text.parse().map_err(|_| Error::field("provider_id", Text::new("rule.choose")))?),
        };
        Ok(StationInput {
            village_code: input.text("village_code"),
            provider_id,
            name: input.text("name"),
            smart: input.flag("smart"),
            services: codes::read("services", &input.many("services"))?,
            phone: input.text("phone"),
            longitude: number(&input.text("longitude")),
            latitude: number(&input.text("latitude")),
        })
    }

    fn typed(row: &StationRow) -> Input {
        let values = row.input();
        Input::of([
            ("village_code", values.village_code),
            ("provider_id", values.provider_id.map(|id| id.to_string()).unwrap_or_default()),
            ("name", values.name),
            ("smart", values.smart.to_string()),
            ("phone", values.phone),
            ("longitude", values.longitude.to_string()),
            ("latitude", values.latitude.to_string()),
        ])
        .with("services", codes::names(&values.services))
    }

    fn get(connection: &mut AnyConnection, scope: &Scope, id: i64) -> Result<StationRow> {
        get_station(connection, scope, Permission::EditStation, id)
    }

    fn version(row: &StationRow) -> i64 {
        row.version
    }

    fn add(tx: &mut Tx<'_>, values: &StationInput) -> Result<i64> {
        add(tx, values)
    }

    fn change(tx: &mut Tx<'_>, id: i64, seen: i64, values: &StationInput) -> Result<()> {
        change(tx, id, seen, values)
    }

    fn offer(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<(Choices, Choices)> {
        let villages = villages(connection, scope, Permission::EditStation, words)?;
        Ok((villages, providers(connection, scope)?))
    }

    fn fields(
        context: &Context,
        (villages, providers): (Choices, Choices),
        _: Option<&StationRow>,
        input: &Input,
    ) -> Vec<FormField> {
        let field = |name: &'static str, kind: &'static str, required: bool| {
            FormField::of(context, name, kind, input).required(required)
        };
        let mut village =
            field("village_code", "select", true).options(or_none(context.t("form.choose"), villages));
        village.label = context.t("field.village").into_owned();
        let services = codes::options(context.lang, "station_service", StationService::NAMES);
        vec![
            field("name", "text", true),
            village,
            field("provider_id", "select", false).options(or_none(context.t("form.none"), providers)),
            field("phone", "text", false),
            field("services", "checks", false).boxes(services, &input.many("services")),
            field("longitude", "number", true).hint(context.t("hint.longitude")),
            field("latitude", "number", true).hint(context.t("hint.latitude")),
            field("smart", "checkbox", false).hint(context.t("hint.smart")),
        ]
    }
}
