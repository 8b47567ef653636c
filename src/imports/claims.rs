//! The claim codes of the devices that a batch put on file, as a workbook to print: made when it is asked for, and stored as
//! hashes only, so that nobody can ask for the same ones twice.

use super::model::{ImportKind, Made, RowOutcome};
use super::store;
use crate::access::audit::Entry;
use crate::access::{Permission, Scope};
use crate::app::{App, Tx};
use crate::devices::store::{DeviceListed, get_device};
use crate::devices::{grouped_code, issue_claim};
use crate::error::{Code, Error, Result};
use crate::text::{Lang, Text};

/// Rows looked at in one go.
const STEP_ROWS: i64 = 500;

/// Issues a code for each device of a batch that nobody has claimed; those that were issued before are worth nothing any more.
pub async fn claim_codes_book(app: &App, scope: &Scope, id: i64, lang: Lang) -> Result<Vec<u8>> {
    app.write(scope, move |tx| {
        let batch = store::get_batch(tx.connection, tx.scope, id)?;
        tx.scope.reach(Permission::ManageDevice)?;
        if batch.kind != ImportKind::Devices {
            return Err(Error::not_found());
        }
        let mut codes = Vec::new();
        for device in added(tx, id)? {
            let Ok(listed) = get_device(tx.connection, tx.scope, device) else { continue };
            if !listed.device.is_unclaimed() || listed.device.disabled_at.is_some() {
                continue;
            }
            let (code, until) = issue_claim(tx, device)?;
            codes.push((listed, code, tx.calendar.show(until)));
        }
        if codes.is_empty() {
            return Err(Error::new(Code::IllegalMove, Text::new("import.no_claim_codes")));
        }
        tx.audit(&Entry {
            action: "import.claim_codes",
            entity: "import",
            entity_id: id.to_string(),
            town_code: None,
            detail: serde_json::json!({ "rows": codes.len() }),
        })?;
        workbook(&codes, lang)
    })
    .await
}

/// The devices that the batch's applied rows put on file.
fn added(tx: &mut Tx<'_>, id: i64) -> Result<Vec<i64>> {
    let mut devices = Vec::new();
    let mut after = 0;
    loop {
        let rows = store::list_rows(tx.connection, id, &[RowOutcome::Applied], after, STEP_ROWS)?;
        let Some(last) = rows.last() else { return Ok(devices) };
        after = last.number;
        for row in &rows {
            let made: Vec<Made> = serde_json::from_str(&store::made_of(tx.connection, id, row.number)?)
                .map_err(|error| Error::internal("what a row made").because(error))?;
            let new = made.iter().filter(|made| made.entity == "device" && made.before.is_none());
            devices.extend(new.map(|made| made.id));
        }
    }
}

fn workbook(codes: &[(DeviceListed, String, String)], lang: Lang) -> Result<Vec<u8>> {
    let fault = |error: rust_xlsxwriter::XlsxError| Error::internal("workbook").because(error);
    let mut book = rust_xlsxwriter::Workbook::new();
    let bold = rust_xlsxwriter::Format::new().set_bold();
    let sheet = book.add_worksheet();
    let heads =
        ["field.device_code", "field.name", "field.device_place", "field.claim_code", "field.expires_at"];
    for (column, key) in heads.into_iter().enumerate() {
        sheet.write_string_with_format(0, column as u16, lang.t(key), &bold).map_err(fault)?;
    }
    for (line, (listed, code, until)) in codes.iter().enumerate() {
        let town = if lang == Lang::Chinese { &listed.town_zh } else { &listed.town_en };
        let place = format!("{town} · {}", listed.place);
        let cells = [&listed.device.code, &listed.device.name, &place, &grouped_code(code), until];
        // As text: no cell can become a formula.
        for (column, cell) in cells.into_iter().enumerate() {
            sheet.write_string(line as u32 + 1, column as u16, cell).map_err(fault)?;
        }
    }
    sheet.set_freeze_panes(1, 0).map_err(fault)?;
    for (column, width) in [(0, 22), (1, 26), (2, 36), (3, 16), (4, 18)] {
        sheet.set_column_width(column, width).map_err(fault)?;
    }
    sheet.set_landscape().set_repeat_rows(0, 0).map_err(fault)?;
    book.save_to_buffer().map_err(fault)
}
