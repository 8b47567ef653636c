//! One frame, in words and in bytes.

use std::sync::Arc;

use actix_web::{HttpResponse, web};

use super::words::{Said, kind, said};
use super::{load, read, spaced};
use crate::clock::Instant;
use crate::devices::gb26875::store;
use crate::error::{Error, Result};
use crate::web::{Action, Cell, Column, Detail, Field, Row, Section, Visitor, Words, detail_page, table};

const OBJECT_COLUMNS: [Column; 3] = [
    Column::text("part", "field.panel_part"),
    Column::text("says", "field.frame_says"),
    Column::text("at", "field.panel_time"),
];

pub(super) async fn frame(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let (scope, id) = (visitor.scope(), id.into_inner());
    let profiles = Arc::clone(&visitor.app.fire_profiles);
    let default = visitor.app.config.fire.profile.clone();
    let (row, view, device) = visitor
        .app
        .db
        .read(move |connection| {
            let row = store::get_frame(connection, &scope, id)?;
            let device = crate::devices::store::get_device(connection, &scope, row.device_id)?.device;
            let view = load(connection, (&profiles, &default), row.device_id, false)?;
            Ok((row, view.ok_or_else(Error::not_found)?, device))
        })
        .await?;
    let words = Words::of(&visitor);
    let field = |key: &str, value: String| Field::new(words.t(key), value);
    let at = |at: Option<Instant>| at.map(|at| words.calendar.show_to_second(at)).unwrap_or_default();
    let mut fields = vec![
        field("field.device", device.name.clone()).link(format!("/devices/{}", device.id)),
        field("field.received_at", at(Some(row.received_at))),
        field("field.panel_time", at(row.panel_at)),
        field("field.frame_number", row.seq.to_string()),
    ];
    let mut rows = Vec::new();
    if let Some((frame, content)) = read(&row) {
        fields.push(field("field.source_address", frame.source.to_string()));
        fields.push(field("field.frame_kind", kind(&words, &frame, content.as_ref())));
        if let (Some(profile), Some(content)) = (&view.profile, &content) {
            let object = |one: Said| Row {
                href: None,
                cells: vec![Cell::text(one.what), Cell::text(one.says), Cell::text(one.at)],
            };
            rows = said(&words, profile, content).into_iter().map(object).collect();
        }
    }
    if row.is_test {
        fields.push(field("field.panel_mode", words.t("panel.test_raises_nothing")).chip("note"));
    }
    fields.push(field("field.frame_hex", spaced(&row.raw)));
    let objects = Section {
        heading: words.t("panel.objects"),
        fields: Vec::new(),
        table: Some(table(&visitor, &OBJECT_COLUMNS, rows)),
    };
    let head = Section { heading: words.t("detail.facts"), fields, table: None };
    detail_page(
        &visitor,
        Detail {
            heading: words.t("panel.frame"),
            subheading: format!("{} · {}", device.name, row.seq),
            actions: vec![Action::link(
                format!("/devices/{}", device.id),
                visitor.t("panel.back"),
                "arrow-left",
            )],
            sections: vec![head, objects],
            topic: None,
        },
    )
}
