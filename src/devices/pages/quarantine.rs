//! Messages that could not be read: the list, and one of them byte by byte.

use actix_web::{HttpResponse, web};
use askama::Template;

use crate::access::{Permission, Scope};
use crate::db::AnyConnection;
use crate::devices::model::notation_of;
use crate::devices::quarantined::{Opened, dump, open_message, why};
use crate::devices::store::{QuarantineRow, get_quarantined, list_quarantine};
use crate::error::Result;
use crate::listing::{ListRequest, Listed};
use crate::web::{Cell, Column, Filter, FilterKind, List, Page, Row, Visitor, Words, html, redirect};

pub(super) struct Quarantine;

impl List for Quarantine {
    const PATH: &'static str = "/quarantine";
    const EXPORT_PATH: &'static str = "/quarantine.xlsx";
    const HEADING: &'static str = "quarantine.heading";
    const EMPTY: &'static str = "quarantine.empty";
    const NEED: Permission = Permission::ManageDevice;
    const LINKS: &'static [(&'static str, &'static str, &'static str)] =
        &[("/devices/health", "ingest.heading", "activity")];
    const COLUMNS: &'static [Column] = &[
        Column::text("device", "field.device").unsorted(),
        Column::text("topic", "field.mqtt_topic").unsorted(),
        Column::text("error", "field.decode_error").unsorted(),
        Column::number("occurrences", "field.occurrences").unsorted(),
        Column::text("first_at", "field.first_at").unsorted(),
        Column::text("last_at", "field.last_at").unsorted(),
        Column::text("open", "field.payload").unsorted(),
    ];

    fn filters(_: &mut AnyConnection, _: &Scope, _: &Words) -> Result<Vec<Filter>> {
        Ok(vec![Filter { name: "q", label: "filter.device", kind: FilterKind::Text }])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let listed = list_quarantine(connection, scope, request)?;
        Ok(Listed { rows: listed.rows.iter().map(|row| cells(row, words)).collect(), total: listed.total })
    }
}

fn cells(row: &QuarantineRow, words: &Words) -> Row {
    let at = |at| Cell::at(words.calendar.show(at), words.calendar.rfc3339(at));
    Row {
        href: Some(format!("/devices/{}", row.device_id)),
        cells: vec![
            Cell::text(format!("{} · {}", row.device_code, row.device_name)),
            Cell::text(&row.topic),
            Cell::text(why(words.lang, &row.error)),
            Cell::count(row.occurrences),
            at(row.first_at),
            at(row.last_at),
            // Looking inside is written down: a button, not a link.
            Cell::button(words.t("quarantine.open"), format!("/quarantine/{}", row.id)),
        ],
    }
}

#[derive(Template)]
#[template(path = "quarantine.html")]
struct QuarantinePage {
    page: Page,
    heading: String,
    subheading: String,
    facts: Vec<(String, String)>,
    views: Vec<(String, String)>,
}

pub async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let id = id.into_inner();
    let Opened { row, payload } = visitor.app.write(&visitor.scope(), move |tx| open_message(tx, id)).await?;
    let t = |key: &str| visitor.t(key).into_owned();
    let (notation, trouble) = notation_of(&payload);
    let trouble = trouble.map(|(trouble, place)| {
        let why = visitor.name_of("cbor_trouble", trouble.name());
        visitor.lang.fill("quarantine.stops", &[("why", &why), ("at", &place.to_string())])
    });
    let notation = [Some(notation).filter(|text| !text.is_empty()), trouble];
    let notation: Vec<String> = notation.into_iter().flatten().collect();
    let facts = vec![
        (t("field.mqtt_topic"), row.topic.clone()),
        (t("field.decode_error"), why(visitor.lang, &row.error)),
        (t("field.occurrences"), row.occurrences.to_string()),
        (t("field.first_at"), visitor.show(row.first_at)),
        (t("field.last_at"), visitor.show(row.last_at)),
        (t("quarantine.bytes"), payload.len().to_string()),
    ];
    let mut views = vec![(t("quarantine.cbor"), notation.join("\n"))];
    if let Ok(text) = std::str::from_utf8(&payload)
        && !text.is_empty()
    {
        views.push((t("quarantine.text"), text.to_owned()));
    }
    views.push((t("quarantine.hex"), dump(&payload)));
    html(&QuarantinePage {
        page: Page::new(&visitor, &t("quarantine.heading")),
        heading: format!("{} · {}", row.device_code, t("quarantine.one")),
        subheading: row.device_name.clone(),
        facts,
        views,
    })
}

/// A reload asks for the address of the button again: it leads back to the list.
pub async fn back(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let (scope, id) = (visitor.scope(), id.into_inner());
    visitor.app.db.read(move |connection| get_quarantined(connection, &scope, id).map(drop)).await?;
    Ok(redirect("/quarantine"))
}
