//! Rows as a workbook.

use actix_web::HttpResponse;
use actix_web::http::header;

use super::context::Context;
use super::table::{Column, Row};
use crate::error::{Error, Result};

/// Columns and rows as a file to keep, named as `name` says.
pub fn workbook_file(
    context: &Context,
    name: &str,
    columns: &[Column],
    rows: &[Row],
) -> Result<HttpResponse> {
    let heads: Vec<String> = columns.iter().map(|column| context.t(column.label).into_owned()).collect();
    Ok(answer(name, workbook(&heads, rows)?))
}

pub(super) fn answer(name: &str, bytes: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .body(bytes)
}

/// An xlsx file of heads and rows. Text is written as text, so no cell can become a formula.
pub(super) fn workbook(heads: &[String], rows: &[Row]) -> Result<Vec<u8>> {
    let fault = |error: rust_xlsxwriter::XlsxError| Error::internal("workbook").because(error);
    let mut book = rust_xlsxwriter::Workbook::new();
    let bold = rust_xlsxwriter::Format::new().set_bold();
    let sheet = book.add_worksheet();
    for (column, head) in heads.iter().enumerate() {
        sheet.write_string_with_format(0, column as u16, head, &bold).map_err(fault)?;
    }
    for (index, row) in rows.iter().enumerate() {
        for (column, cell) in row.cells.iter().enumerate() {
            let at = (index as u32 + 1, column as u16);
            match cell.number {
                Some(number) => sheet.write_number(at.0, at.1, number),
                None => sheet.write_string(at.0, at.1, &cell.text),
            }
            .map_err(fault)?;
        }
    }
    sheet.set_freeze_panes(1, 0).map_err(fault)?;
    book.save_to_buffer().map_err(fault)
}
