//! Pages of imports: the list of batches, the form for a file, one batch from its columns to its end.

mod batch;
mod export;
mod merged;
mod new;

use actix_web::http::header;
use actix_web::{HttpResponse, web};

use super::model::{BatchState, ImportKind};
use super::store::{BatchRow, list_batches};
use crate::access::{Permission, Scope};
use crate::db::AnyConnection;
use crate::error::Result;
use crate::listing::{ListRequest, Listed};
use crate::web::{Cell, Column, Create, Filter, List, Need, Route, Row, Words, get, list_routes, post};

pub fn routes() -> Vec<Route> {
    let (may, reveal) = (Need::May(Permission::ImportRecords), Need::May(Permission::UnmaskElder));
    let mut routes = list_routes::<Imports>().to_vec();
    routes.extend([
        get("/imports/new", may, || web::to(new::show)),
        get("/imports/elders/export", reveal, || web::to(export::show)),
        post("/imports/elders/export", reveal, || web::to(export::save)),
        post("/imports", may, || web::to(new::save)),
        get("/imports/{id}", may, || web::to(batch::show)),
        // A reload or a change of language asks for the address of a step again: it leads back to the batch.
        get("/imports/{id}/check", may, || web::to(batch::back)),
        get("/imports/{id}/run", may, || web::to(batch::back)),
        get("/imports/{id}/undo", may, || web::to(batch::back)),
        get("/imports/{id}/discard", may, || web::to(batch::back)),
        get("/imports/{id}/errors", may, || web::to(batch::back)),
        get("/imports/{id}/claim-codes", may, || web::to(batch::back)),
        post("/imports/{id}/check", may, || web::to(batch::check)),
        post("/imports/{id}/run", may, || web::to(batch::run)),
        post("/imports/{id}/undo", may, || web::to(batch::undo)),
        post("/imports/{id}/discard", may, || web::to(batch::discard)),
        post("/imports/{id}/errors", may, || web::to(batch::errors)),
        post("/imports/{id}/claim-codes", may, || web::to(batch::claim_codes)),
    ]);
    routes
}

struct Imports;

impl List for Imports {
    const PATH: &'static str = "/imports";
    const EXPORT_PATH: &'static str = "/imports.xlsx";
    const HEADING: &'static str = "import.heading";
    const EMPTY: &'static str = "import.empty";
    const NEED: Permission = Permission::ImportRecords;
    const CREATE: Option<Create> = Some(("/imports/new", "import.new", Permission::ImportRecords));
    const COLUMNS: &'static [Column] = &[
        Column::text("file_name", "field.file_name").unsorted(),
        Column::text("kind", "field.import_kind").unsorted(),
        Column::number("rows", "field.total_rows").unsorted(),
        Column::text("state", "field.state").unsorted(),
        Column::text("actor", "field.uploaded_by").unsorted(),
        Column::text("created_at", "field.uploaded_at").unsorted(),
    ];

    fn filters(_: &mut AnyConnection, _: &Scope, words: &Words) -> Result<Vec<Filter>> {
        let kinds = words.choices("import_kind", ImportKind::NAMES);
        let states = words.choices("batch_state", BatchState::NAMES);
        Ok(vec![
            Filter { name: "kind", label: "field.import_kind", kind: kinds },
            Filter { name: "state", label: "field.state", kind: states },
        ])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let listed = list_batches(connection, scope, request)?;
        let rows = listed.rows.into_iter().map(|batch| cells(batch, words)).collect();
        Ok(Listed { rows, total: listed.total })
    }
}

fn cells(batch: BatchRow, words: &Words) -> Row {
    Row {
        href: Some(format!("/imports/{}", batch.id)),
        cells: vec![
            Cell::text(batch.file_name.clone()),
            Cell::text(words.name_of("import_kind", batch.kind.name())),
            Cell::count(batch.total_rows),
            Cell::chip(words.name_of("batch_state", batch.state.name()), tone(batch.state)),
            Cell::text(batch.actor.clone()),
            Cell::text(words.calendar.show(batch.created_at)).nowrap(),
        ],
    }
}

fn tone(state: BatchState) -> &'static str {
    match state {
        BatchState::Uploaded | BatchState::Checked => "wait",
        BatchState::Checking | BatchState::Running | BatchState::Undoing => "info",
        BatchState::Done => "ok",
        BatchState::Undone | BatchState::Discarded => "off",
    }
}

/// A workbook to be kept as a file.
pub fn workbook_answer(id: i64, what: &str, bytes: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"import-{id}-{what}.xlsx\""),
        ))
        .body(bytes)
}
