//! Workbooks, cell by cell: what a sheet says of its own size is never asked.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, ExcelDateTime, Reader, Xlsx};

use super::{ROWS_MAX, SHEETS_MAX, Sheet, not_a_workbook, put, refused, too_many_rows};
use crate::error::{Error, Result};
use crate::text::Text;

/// From here on a number has lost digits: Excel keeps fifteen.
const EXACT_BELOW: f64 = 1e15;
/// Merged ranges of a sheet.
const MERGED_MAX: usize = 100_000;

/// Every sheet with a value, in the order of the workbook.
pub fn sheets(bytes: &[u8]) -> Result<Vec<Sheet>> {
    // The reader of workbooks trusts some of what a file says of itself; where that makes it panic, the file is no workbook.
    let outcome = catch_unwind(AssertUnwindSafe(|| read(bytes)));
    outcome.unwrap_or_else(|_| Err(not_a_workbook()))
}

fn read(bytes: &[u8]) -> Result<Vec<Sheet>> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(broken)?;
    let names = book.sheet_names();
    if names.len() > SHEETS_MAX {
        return Err(refused(Text::new("import.file.sheets").with("max", SHEETS_MAX)));
    }
    let mut sheets = Vec::new();
    let mut rows = 0;
    for name in names {
        let mut sheet = Sheet { name, ..Sheet::default() };
        if !read_cells(&mut book, &mut sheet, &mut rows)? {
            continue;
        }
        sheet.merged = merged(&mut book, &sheet.name)?;
        sheets.push(sheet);
    }
    Ok(sheets)
}

fn broken(error: calamine::XlsxError) -> Error {
    not_a_workbook().because(error)
}

/// False for what is no sheet of cells, such as a chart.
fn read_cells(book: &mut Xlsx<Cursor<&[u8]>>, sheet: &mut Sheet, rows: &mut usize) -> Result<bool> {
    let mut reader = match book.worksheet_cells_reader(&sheet.name) {
        Ok(reader) => reader,
        Err(calamine::XlsxError::NotAWorksheet(_)) => return Ok(false),
        Err(error) => return Err(broken(error)),
    };
    while let Some(cell) = reader.next_cell().map_err(broken)? {
        let value = text_of(cell.get_value());
        if value.is_empty() {
            continue;
        }
        let (row, column) = cell.get_position();
        let row = i64::from(row) + 1;
        match sheet.rows.last_mut() {
            Some((last, cells)) if *last == row => {
                put(cells, &sheet.name, row, column as usize, value)?;
                continue;
            }
            // Rows out of order would have to be sorted, and no program writes them so.
            Some((last, _)) if *last > row => return Err(not_a_workbook()),
            _ => {}
        }
        *rows += 1;
        // Headings and titles are rows too.
        if *rows > ROWS_MAX + 10 * SHEETS_MAX {
            return Err(too_many_rows());
        }
        let mut cells = Vec::new();
        put(&mut cells, &sheet.name, row, column as usize, value)?;
        sheet.rows.push((row, cells));
    }
    Ok(true)
}

/// Ranges of more than one row, by column and row; none overlaps another.
fn merged(book: &mut Xlsx<Cursor<&[u8]>>, name: &str) -> Result<Vec<(i64, i64, usize)>> {
    let ranges = book.merge_cells_by_sheet_name(name).map_err(broken)?;
    if ranges.len() > MERGED_MAX {
        return Err(refused(Text::new("import.file.merged").with("max", MERGED_MAX)));
    }
    let mut found: Vec<(i64, i64, usize)> = ranges
        .into_iter()
        .filter(|range| range.end.0 > range.start.0)
        .map(|range| (i64::from(range.start.0) + 1, i64::from(range.end.0) + 1, range.start.1 as usize))
        .collect();
    found.sort_unstable_by_key(|(first, _, column)| (*column, *first));
    let overlaps = |pair: &[(i64, i64, usize)]| pair[0].2 == pair[1].2 && pair[1].0 <= pair[0].1;
    if found.windows(2).any(overlaps) { Err(not_a_workbook()) } else { Ok(found) }
}

fn text_of(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) => text.trim().to_owned(),
        DataRef::SharedString(text) => text.trim().to_owned(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number_text(*number),
        DataRef::Bool(true) => "true".to_owned(),
        DataRef::Bool(false) => "false".to_owned(),
        DataRef::DateTime(at) => moment_text(at),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.replace('T', " "),
        DataRef::Error(fault) => fault.to_string(),
    }
}

/// A whole number without a point; one that has lost digits as what it is.
fn number_text(number: f64) -> String {
    if number.abs() >= EXACT_BELOW { format!("{number:E}") } else { number.to_string() }
}

fn moment_text(at: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
    if at.is_duration() || at.as_f64() < 1.0 {
        return format!("{hour:02}:{minute:02}:{second:02}");
    }
    let day = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute, second) == (0, 0, 0) { day } else { format!("{day} {hour:02}:{minute:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_reads_as_it_was_typed_as_long_as_it_is_exact() {
        assert_eq!([3.0, 118.5, -1.0].map(number_text), ["3", "118.5", "-1"]);
        assert_eq!(number_text(350_582_194_013_011_234.0), "3.5058219401301126E17");
    }
}
