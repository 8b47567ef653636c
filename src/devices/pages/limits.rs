//! What raises an alert on a device's channels: the list, and the form of one channel.

use actix_web::web::{self, Query};
use actix_web::{HttpRequest, HttpResponse};
use songhe_firmware_protocol::threshold::Limit;
use songhe_firmware_protocol::{Channel, Threshold};

use super::{channel_name, value_text};
use crate::access::{Permission, Scope};
use crate::db::AnyConnection;
use crate::devices::limits::{Holding, LimitInput, Values, holding, set_limit};
use crate::devices::model::LimitChoice;
use crate::devices::store::{DeviceListed, get_device, get_to, limits_of};
use crate::error::{Code, Error, Result};
use crate::input::number;
use crate::text::Text;
use crate::web::{
    Action, Cell, Column, Detail, Form, FormField, Input, Row, Section, Visitor, Words, detail_page,
    form_page, redirect, table,
};

const COLUMNS: &[Column] = &[
    Column::text("channel", "field.channel"),
    Column::text("low", "field.low_raise"),
    Column::text("high", "field.high_raise"),
    Column::text("choice", "field.limit_choice"),
];

fn look_up(
    connection: &mut AnyConnection,
    scope: &Scope,
    id: i64,
) -> Result<(DeviceListed, Vec<Holding>, bool)> {
    let listed = get_device(connection, scope, id)?;
    let may_set = get_to(connection, scope, Permission::PlaceDevice, id).is_ok();
    Ok((listed, holding(&limits_of(connection, &[id])?), may_set))
}

pub async fn list(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let (scope, id) = (visitor.scope(), id.into_inner());
    let found = visitor.app.db.read(move |connection| look_up(connection, &scope, id)).await?;
    let (listed, held, may_set) = found;
    let words = Words::of(&visitor);
    let rows = held.iter().map(|one| row(&words, (id, may_set), one)).collect();
    detail_page(
        &visitor,
        Detail {
            heading: format!("{} · {}", listed.device.name, visitor.t("device.limits")),
            subheading: visitor.t("device.limits_about").into_owned(),
            actions: vec![Action::link(format!("/devices/{id}"), visitor.t("device.back"), "arrow-left")],
            sections: vec![Section {
                heading: visitor.t("device.limits").into_owned(),
                fields: Vec::new(),
                table: Some(table(&visitor, COLUMNS, rows)),
            }],
            topic: None,
        },
    )
}

fn row(words: &Words, (id, may_set): (i64, bool), one: &Holding) -> Row {
    let name = Cell::text(channel_name(words, one.channel.code() as i16));
    let choice = words.name_of("limit_choice", one.choice.name());
    let text =
        |limit: Option<Limit>| limit.map(|limit| limit_text(words, one.channel, limit)).unwrap_or_default();
    let Threshold { low, high } = one.threshold.unwrap_or(Threshold { low: None, high: None });
    let form = || format!("/devices/{id}/limit?channel={}", one.channel.name());
    Row {
        href: may_set.then(form),
        cells: vec![
            name,
            Cell::text(text(low)),
            Cell::text(text(high)),
            if one.choice == LimitChoice::Default { Cell::text(choice) } else { Cell::chip(choice, "note") },
        ],
    }
}

/// From which value on, and where it is over.
fn limit_text(words: &Words, channel: Channel, limit: Limit) -> String {
    let value = |scaled: i32| value_text(words, channel.code() as i16, channel.value(scaled));
    words.lang.fill(
        "device.limit_text",
        &[("raise", &value(limit.raise_scaled)), ("clear", &value(limit.clear_scaled))],
    )
}

/// The channel of an address; the first one without.
fn channel_of(http: &HttpRequest) -> Result<Channel> {
    let pairs = Query::<Vec<(String, String)>>::from_query(http.query_string())
        .map_err(|error| Error::field("query", Text::new("error.malformed")).because(error))?;
    match pairs.0.iter().find(|(name, _)| name == "channel") {
        None => Channel::ALL.first().copied().ok_or_else(Error::not_found),
        Some((_, name)) => Channel::from_name(name).ok_or_else(Error::not_found),
    }
}

pub async fn show(visitor: Visitor, http: HttpRequest, id: web::Path<i64>) -> Result<HttpResponse> {
    let channel = channel_of(&http)?;
    let (form, _) = form(&visitor, (id.into_inner(), channel), None).await?;
    form_page(&visitor, form, None)
}

pub async fn save(
    visitor: Visitor,
    http: HttpRequest,
    id: web::Path<i64>,
    body: String,
) -> Result<HttpResponse> {
    let (id, channel, input) = (id.into_inner(), channel_of(&http)?, Input::parse(&body)?);
    let seen = input.version()?;
    let wanted = input.clone();
    let work = move |tx: &mut crate::app::Tx<'_>| {
        // Whose device it is comes before what is wrong with the form.
        get_to(tx.connection, tx.scope, Permission::PlaceDevice, id)?;
        set_limit(tx, id, seen, &read(channel, &wanted)?)
    };
    match visitor.app.write(&visitor.scope(), work).await {
        Ok(()) => Ok(redirect(&format!("/devices/{id}/limits"))),
        Err(error) if matches!(error.code, Code::Invalid | Code::Stale) => {
            let (form, current) = form(&visitor, (id, channel), Some((seen, &input))).await?;
            form_page(&visitor, form, Some((&error, Some(current))))
        }
        Err(error) => Err(error),
    }
}

/// Values count for limits of the device's own only: a form keeps them beside any choice.
fn read(channel: Channel, input: &Input) -> Result<LimitInput> {
    let choice = LimitChoice::parse(&input.text("limit_choice"))
        .ok_or_else(|| Error::field("limit_choice", Text::new("rule.choose")))?;
    let value = |name: &str| {
        let text = input.text(name);
        (choice == LimitChoice::Own && !text.is_empty()).then(|| number(&text))
    };
    let values = Values {
        low_raise: value("low_raise"),
        low_clear: value("low_clear"),
        high_raise: value("high_raise"),
        high_clear: value("high_clear"),
    };
    Ok(LimitInput { channel, choice, values })
}

/// The form, and the version that is stored now.
async fn form(
    visitor: &Visitor,
    (id, channel): (i64, Channel),
    typed: Option<(i64, &Input)>,
) -> Result<(Form, i64)> {
    let scope = visitor.scope();
    let found = visitor.app.db.read(move |connection| {
        get_to(connection, &scope, Permission::PlaceDevice, id)?;
        look_up(connection, &scope, id)
    });
    let (listed, held, _) = found.await?;
    let one = held.into_iter().find(|one| one.channel == channel).ok_or_else(Error::not_found)?;
    let stored = stored(&one);
    let (seen, input) = typed.unwrap_or((one.version, &stored));
    let choices = LimitChoice::NAMES.iter();
    let choices = choices.map(|name| ((*name).to_owned(), visitor.name_of("limit_choice", name)));
    let unit = channel.unit().symbol();
    let value = |name: &'static str| FormField::of(visitor, name, "text", input).hint(unit);
    let fields = vec![
        FormField::of(visitor, "limit_choice", "select", input)
            .options(choices.collect())
            .required(true)
            .hint(visitor.t("hint.limit_choice")),
        value("low_raise"),
        value("low_clear"),
        value("high_raise"),
        value("high_clear"),
    ];
    let words = Words::of(visitor);
    let form = Form {
        heading: format!("{} · {}", listed.device.name, channel_name(&words, channel.code() as i16)),
        action: format!("/devices/{id}/limit?channel={}", channel.name()),
        version: Some(seen),
        fields,
        submit_label: visitor.t("action.save").into_owned(),
        cancel_href: format!("/devices/{id}/limits"),
    };
    Ok((form, one.version))
}

fn stored(one: &Holding) -> Input {
    let decimals = usize::from(one.channel.facts().decimals);
    let text = |scaled: Option<i32>| {
        scaled.map(|scaled| format!("{:.decimals$}", one.channel.value(scaled))).unwrap_or_default()
    };
    let Threshold { low, high } = one.threshold.unwrap_or(Threshold { low: None, high: None });
    Input::of([
        ("limit_choice", one.choice.name().to_owned()),
        ("low_raise", text(low.map(|limit| limit.raise_scaled))),
        ("low_clear", text(low.map(|limit| limit.clear_scaled))),
        ("high_raise", text(high.map(|limit| limit.raise_scaled))),
        ("high_clear", text(high.map(|limit| limit.clear_scaled))),
    ])
}
