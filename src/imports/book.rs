//! The rows that were refused, as a workbook to be mended and sent again.

use serde_json::json;

use super::model::{Problem, RowOutcome};
use super::store::{self, BatchRow};
use super::work::{PART_ROWS, open_part};
use crate::access::Scope;
use crate::access::audit::Entry;
use crate::app::{App, Tx};
use crate::error::{Code, Error, Result};
use crate::text::{Lang, Text};

/// The refused rows of a batch as they came, with sheet, row and reason in front. Only for whoever sent the file: it may hold
/// personal data in clear.
pub async fn errors_book(app: &App, scope: &Scope, id: i64, lang: Lang) -> Result<Vec<u8>> {
    let system = scope.user_id.is_none();
    app.write(scope, move |tx| {
        let batch = store::get_batch(tx.connection, tx.scope, id)?;
        if !system && batch.user_id != tx.scope.user_id {
            return Err(Error::forbidden().context("somebody else's file"));
        }
        if batch.wiped_at.is_some() {
            return Err(Error::new(Code::IllegalMove, Text::new("import.wiped")));
        }
        let bytes = workbook(tx, &batch, lang)?;
        tx.audit(&Entry {
            action: "import.errors",
            entity: "import",
            entity_id: id.to_string(),
            town_code: None,
            detail: json!({}),
        })?;
        Ok(bytes)
    })
    .await
}

fn workbook(tx: &mut Tx<'_>, batch: &BatchRow, lang: Lang) -> Result<Vec<u8>> {
    let fault = |error: rust_xlsxwriter::XlsxError| Error::internal("workbook").because(error);
    let headings: Vec<String> = serde_json::from_str(&batch.headings)
        .map_err(|error| Error::internal("a stored batch").because(error))?;
    let mut book = rust_xlsxwriter::Workbook::new();
    let bold = rust_xlsxwriter::Format::new().set_bold();
    let sheet = book.add_worksheet();
    let front = ["import.sheet", "import.sheet_row", "import.reason"].map(|key| lang.t(key).into_owned());
    for (column, heading) in front.iter().chain(&headings).enumerate() {
        sheet.write_string_with_format(0, column as u16, heading, &bold).map_err(fault)?;
    }
    let mut line = 0;
    for number in 0..store::parts(tx.connection, batch.id)? {
        let (after, last) = (number * PART_ROWS, (number + 1) * PART_ROWS);
        let refused = [RowOutcome::Refused, RowOutcome::Failed];
        let mut rows = store::list_rows(tx.connection, batch.id, &refused, after, PART_ROWS)?;
        rows.retain(|row| row.number <= last);
        if rows.is_empty() {
            continue;
        }
        let sealed = store::part(tx.connection, batch.id, number)?;
        let raw = open_part(tx.keys, batch.id, number, &sealed)?;
        for row in rows {
            let Some(cells) = raw.get((row.number - after - 1) as usize) else { continue };
            line += 1;
            let reason = reasons(batch, &row.problems, lang)?;
            sheet.write_string(line, 0, &row.sheet).map_err(fault)?;
            sheet.write_number(line, 1, row.sheet_row as f64).map_err(fault)?;
            sheet.write_string(line, 2, reason).map_err(fault)?;
            // As text: no cell can become a formula.
            for (column, cell) in cells.cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                sheet.write_string(line, column as u16 + 3, cell).map_err(fault)?;
            }
        }
    }
    sheet.set_freeze_panes(1, 0).map_err(fault)?;
    book.save_to_buffer().map_err(fault)
}

/// Each problem with its column in front.
pub(super) fn reasons(batch: &BatchRow, stored: &str, lang: Lang) -> Result<String> {
    let problems: Vec<Problem> =
        serde_json::from_str(stored).map_err(|error| Error::internal("a stored problem").because(error))?;
    let columns = super::kinds::columns_of(batch.kind);
    let said = problems.iter().map(|problem| {
        let text = problem.text(lang);
        match columns.iter().find(|column| column.key == problem.column) {
            Some(column) => {
                lang.fill("import.problem", &[("column", &lang.t(column.label)), ("text", &text)])
            }
            None => text,
        }
    });
    Ok(said.collect::<Vec<_>>().join(" "))
}
