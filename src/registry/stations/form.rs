//! The station's form: its controls, what they sent, and the stored values as they would send them.

use super::model::{StationInput, StationService};
use crate::access::Permission;
use crate::error::{Error, Result};
use crate::input::number;
use crate::registry::codes;
use crate::registry::parts::{or_none, providers, villages};
use crate::text::Text;
use crate::web::{Form, FormField, Input, Visitor, Words};

pub fn read(input: &Input) -> Result<StationInput> {
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

/// The stored values as a form would send them.
pub fn typed(values: &StationInput) -> Input {
    Input::of([
        ("village_code", values.village_code.clone()),
        ("provider_id", values.provider_id.map(|id| id.to_string()).unwrap_or_default()),
        ("name", values.name.clone()),
        ("smart", values.smart.to_string()),
        ("phone", values.phone.clone()),
        ("longitude", values.longitude.to_string()),
        ("latitude", values.latitude.to_string()),
    ])
    .with("services", codes::names(&values.services))
}

/// The form; `known` is the number and version of the station that it changes.
pub async fn form(visitor: &Visitor, known: Option<(i64, i64)>, input: &Input) -> Result<Form> {
    let (scope, words) = (visitor.scope(), Words::of(visitor));
    let (villages, providers) = visitor
        .app
        .db
        .read(move |connection| {
            let villages = villages(connection, &scope, Permission::EditStation, &words)?;
            Ok((villages, providers(connection, &scope)?))
        })
        .await?;
    let field = |name: &'static str, kind: &'static str, required: bool| {
        FormField::of(visitor, name, kind, input).required(required)
    };
    let mut village =
        field("village_code", "select", true).options(or_none(visitor.t("form.choose"), villages));
    village.label = visitor.t("field.village").into_owned();
    let services = codes::options(visitor.lang, "station_service", StationService::NAMES);
    let fields = vec![
        field("name", "text", true),
        village,
        field("provider_id", "select", false).options(or_none(visitor.t("form.none"), providers)),
        field("phone", "text", false),
        field("services", "checks", false).boxes(services, &input.many("services")),
        field("longitude", "number", true).hint(visitor.t("hint.longitude")),
        field("latitude", "number", true).hint(visitor.t("hint.latitude")),
        field("smart", "checkbox", false).hint(visitor.t("hint.smart")),
    ];
    let (heading, action) = match known {
        Some((id, _)) => ("station.edit", format!("/stations/{id}")),
        None => ("station.new", "/stations".to_owned()),
    };
    Ok(Form {
        heading: visitor.t(heading).into_owned(),
        cancel_href: action.clone(),
        action,
        version: known.map(|(_, version)| version),
        fields,
        submit_label: visitor.t("action.save").into_owned(),
    })
}
