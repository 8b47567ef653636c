//! Files made in code, and short ways to send, check and run them.

use std::io::{Cursor, Write};

use rust_xlsxwriter::{Format, Workbook};
use songhe::access::Scope;
use songhe::error::{Error, Result};
use songhe::imports::store::{self, BatchRow, Counts};
use songhe::imports::{self, ImportKind, Problem, RowOutcome, Upload};
use songhe::text::Lang;

use crate::support::app::TestApp;

pub type Rows<'a> = &'a [&'a [&'a str]];

/// A workbook of one sheet of texts.
pub fn book(rows: Rows<'_>) -> Vec<u8> {
    sheets(&[("Sheet1", rows)])
}

pub fn sheets(sheets: &[(&str, Rows<'_>)]) -> Vec<u8> {
    let mut book = Workbook::new();
    for (name, rows) in sheets {
        let sheet = book.add_worksheet().set_name(*name).unwrap();
        for (row, cells) in rows.iter().enumerate() {
            for (column, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                sheet.write_string(row as u32, column as u16, *cell).unwrap();
            }
        }
    }
    book.save_to_buffer().unwrap()
}

/// The same with ranges merged: first row, column, last row, column from 0, and the text.
pub fn merged(rows: Rows<'_>, ranges: &[(u32, u16, u32, u16, &str)]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in rows.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            sheet.write_string(row as u32, column as u16, *cell).unwrap();
        }
    }
    for (row, column, last_row, last_column, text) in ranges {
        sheet.merge_range(*row, *column, *last_row, *last_column, text, &Format::new()).unwrap();
    }
    book.save_to_buffer().unwrap()
}

pub fn csv(rows: Rows<'_>) -> String {
    rows.iter().map(|row| row.join(",") + "\n").collect()
}

/// A zip archive of these entries.
pub fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for (name, content) in entries {
        writer.start_file(*name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The least that makes a workbook of one sheet.
pub fn handmade(sheet: &str) -> Vec<u8> {
    archive(&handmade_entries(sheet))
}

pub fn handmade_entries(sheet: &str) -> Vec<(&str, &[u8])> {
    vec![
        ("[Content_Types].xml", br#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>"#),
        ("_rels/.rels", br#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#),
        ("xl/workbook.xml", br#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>"#),
        ("xl/_rels/workbook.xml.rels", br#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ]
}

/// Well-formed, and impossible as real numbers: there is no region 000000. Named by gender and the year of birth.
pub const SHE_1935: &str = "000000193505051262";
pub const SHE_1940: &str = "000000194005011226";
pub const SHE_1941: &str = "000000194105021245";
pub const HE_1935: &str = "000000193505051254";
pub const HE_1940: &str = "000000194005011218";
pub const HE_1941: &str = "000000194105021237";
pub const HE_1946: &str = "000000194605011270";

/// A flat sheet of rooms, beds and residents; the cells of a row are parted by bars.
pub fn flat(rows: &[&str]) -> Vec<u8> {
    const HEADINGS: &str = "楼栋|楼层|房间|性别规定|床位|床位类型|入住老人|身份证号|性别|出生日期|电话|入住日期|照护等级|紧急联系人";
    let all: Vec<Vec<&str>> =
        std::iter::once(&HEADINGS).chain(rows).map(|row| row.split('|').collect()).collect();
    let all: Vec<&[&str]> = all.iter().map(Vec::as_slice).collect();
    book(&all)
}

/// Rooms, beds, elders, stays.
pub fn stored(app: &TestApp) -> [i64; 4] {
    ["rooms", "beds", "elders", "stays"].map(|table| app.count(&format!("SELECT count(*) AS n FROM {table}")))
}

/// Uploads; gives the batch's number or the refusal.
pub async fn send(
    app: &TestApp,
    scope: &Scope,
    kind: ImportKind,
    institution_id: Option<i64>,
    bytes: Vec<u8>,
) -> Result<i64> {
    let upload = Upload { kind, file_name: "test.xlsx".to_owned(), institution_id, bytes };
    imports::upload(&app.app, scope, upload).await
}

/// Uploads and checks as the program itself; gives the batch's number.
pub async fn checked(app: &TestApp, kind: ImportKind, institution: Option<i64>, bytes: Vec<u8>) -> i64 {
    let scope = Scope::system();
    let id =
        send(app, &scope, kind, institution, bytes).await.unwrap_or_else(|error| panic!("{}", shown(&error)));
    imports::check(&app.app, &scope, id, None).await.unwrap_or_else(|error| panic!("{}", shown(&error)));
    id
}

/// The same, and runs it.
pub async fn imported(app: &TestApp, kind: ImportKind, institution: Option<i64>, bytes: Vec<u8>) -> i64 {
    let id = checked(app, kind, institution, bytes).await;
    run(app, id).await;
    id
}

pub async fn run(app: &TestApp, id: i64) {
    imports::run(&app.app, &Scope::system(), id).await.unwrap_or_else(|error| panic!("{}", shown(&error)));
}

pub async fn undo(app: &TestApp, id: i64) {
    imports::undo(&app.app, &Scope::system(), id).await.unwrap_or_else(|error| panic!("{}", shown(&error)));
}

/// A refusal with everything that a log would hold.
pub fn shown(error: &Error) -> String {
    format!("{error} / {} / {:?}", error.for_log(), error.fields)
}

pub fn counts(app: &TestApp, id: i64) -> Counts {
    app.read(|connection| store::counts(connection, id))
}

pub fn batch(app: &TestApp, id: i64) -> BatchRow {
    app.read(|connection| store::get_batch(connection, &Scope::system(), id))
}

/// Row of the sheet, column and rule of each problem.
pub fn problems(app: &TestApp, id: i64) -> Vec<(i64, String, String)> {
    let outcomes = [RowOutcome::Refused, RowOutcome::Failed, RowOutcome::Kept];
    let rows = app.read(|connection| store::list_rows(connection, id, &outcomes, 0, 1_000));
    rows.into_iter()
        .flat_map(|row| {
            let problems: Vec<Problem> = serde_json::from_str(&row.problems).unwrap();
            for problem in &problems {
                for lang in [Lang::Chinese, Lang::English] {
                    let text = problem.text(lang);
                    assert!(
                        !text.is_empty() && text != problem.key && !text.contains('{'),
                        "{problem:?}: {text}"
                    );
                }
            }
            problems.into_iter().map(move |problem| (row.sheet_row, problem.column, problem.key))
        })
        .collect()
}

/// Problems as short texts.
pub fn said(app: &TestApp, id: i64) -> Vec<String> {
    problems(app, id).into_iter().map(|(row, column, key)| format!("{row} {column} {key}")).collect()
}
