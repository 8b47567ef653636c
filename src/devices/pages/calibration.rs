//! Calibrations of a device: what is on record, and the form for another.

use std::sync::Arc;

use actix_web::{HttpResponse, web};

use super::form::day;
use crate::access::Permission;
use crate::devices::calibrate::record_calibration;
use crate::devices::model::Calibration;
use crate::devices::store::{CalibrationRow, get_to};
use crate::error::{Error, Result};
use crate::text::Text;
use crate::web::{Cell, Column, Form, FormField, Input, Row, Visitor, form_page, is_for_form, redirect};

pub const CALIBRATION_COLUMNS: &[Column] = &[
    Column::text("done_on", "field.done_on"),
    Column::text("done_by", "field.done_by"),
    Column::text("next_due_on", "field.next_due_on"),
    Column::text("note", "field.note"),
    Column::text("recorded_by", "field.recorded_by"),
];

pub fn calibration_row(row: &CalibrationRow) -> Row {
    Row {
        href: None,
        cells: vec![
            Cell::text(row.done_on.to_string()),
            Cell::text(&row.done_by),
            Cell::text(row.next_due_on.map(|day| day.to_string()).unwrap_or_default()),
            Cell::text(&row.note),
            Cell::text(&row.recorded_by),
        ],
    }
}

pub async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let input = Input::of([("done_on", visitor.today().to_string())]);
    let form = form(&visitor, id.into_inner(), &input).await?;
    form_page(&visitor, form, None)
}

pub async fn save(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let (id, input) = (id.into_inner(), Input::parse(&body)?);
    let outcome = match read(&input) {
        Ok(done) => {
            let done = Arc::new(done);
            visitor.app.write(&visitor.scope(), move |tx| record_calibration(tx, id, &done)).await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok(_) => Ok(redirect(&format!("/devices/{id}"))),
        Err(error) if is_for_form(&error) => {
            let form = form(&visitor, id, &input).await?;
            form_page(&visitor, form, Some((&error, None)))
        }
        Err(error) => Err(error),
    }
}

fn read(input: &Input) -> Result<Calibration> {
    Ok(Calibration {
        done_on: day(input, "done_on")?.ok_or_else(|| Error::field("done_on", Text::new("rule.date")))?,
        done_by: input.text("done_by"),
        next_due_on: day(input, "next_due_on")?,
        note: input.text("note"),
    })
}

async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
    let scope = visitor.scope();
    let find = move |connection: &mut _| get_to(connection, &scope, Permission::ManageDevice, id);
    let device = visitor.app.db.read(find).await?;
    let field = |name: &'static str, kind: &'static str| FormField::of(visitor, name, kind, input);
    Ok(Form {
        heading: format!("{} · {}", device.name, visitor.t("device_office.calibrate")),
        action: format!("/devices/{id}/calibrations"),
        version: None,
        fields: vec![
            field("done_on", "date").required(true),
            field("done_by", "text").required(true),
            field("next_due_on", "date").hint(visitor.t("hint.next_due_on")),
            field("note", "textarea"),
        ],
        submit_label: visitor.t("action.save").into_owned(),
        cancel_href: format!("/devices/{id}"),
    })
}
