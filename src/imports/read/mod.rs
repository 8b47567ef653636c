//! Files as tables: xlsx and csv, read with a limit on everything, since a file can be made to look small and be huge.
//!
//! Invariant: nothing of a file is unpacked before every entry of it was counted; a broken limit refuses the file as a whole,
//! with one message that names the limit.

mod csv;
mod guard;
mod headings;
mod xlsx;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::text::Text;

/// Bytes of a file.
pub const FILE_BYTES_MAX: usize = 10 * 1024 * 1024;
/// Rows of data in a file.
pub const ROWS_MAX: usize = 100_000;
/// Columns of a sheet.
pub const COLUMNS_MAX: usize = 200;
/// Bytes of a cell.
pub const CELL_BYTES_MAX: usize = 4 * 1024;
/// Sheets of a workbook.
const SHEETS_MAX: usize = 50;

/// A file as it was read: one set of headings for all its sheets, and the rows below them.
#[derive(Clone, Debug, Default)]
pub struct Table {
    pub headings: Vec<String>,
    pub rows: Vec<RawRow>,
    pub remarks: Vec<Remark>,
}

/// A row of cells in the order of the headings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawRow {
    pub sheet: String,
    /// As the program that made the file counts rows, from 1.
    pub sheet_row: i64,
    pub cells: Vec<String>,
    /// Places of empty cells inside a merged range, with the range's value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<(usize, String)>,
}

/// Something that the sender should know of the file: text key and arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    pub key: String,
    pub arguments: Vec<(String, String)>,
}

/// A sheet before its headings are looked for.
#[derive(Debug, Default)]
struct Sheet {
    name: String,
    /// Number of the row in the file from 1, and its cells; rows without a value are left out.
    rows: Vec<(i64, Vec<String>)>,
    /// Ranges of several rows: first and last row from 1, first column from 0.
    merged: Vec<(i64, i64, usize)>,
}

/// Reads a file; `is_known` says whether a text is a heading of the kind.
pub fn read(bytes: &[u8], is_known: &dyn Fn(&str) -> bool) -> Result<Table> {
    if bytes.is_empty() {
        return Err(refused(Text::new("import.file.empty")));
    }
    if bytes.len() > FILE_BYTES_MAX {
        return Err(too_large());
    }
    let sheets = match bytes {
        [b'P', b'K', 3 | 5, 4 | 6, ..] => {
            guard::check(bytes)?;
            xlsx::sheets(bytes)?
        }
        // The container of workbooks with a password, and of those before 2007.
        [0xD0, 0xCF, 0x11, 0xE0, ..] => return Err(refused(Text::new("import.file.locked"))),
        _ => csv::sheets(bytes)?,
    };
    headings::table(sheets, is_known)
}

/// The file is larger than [`FILE_BYTES_MAX`].
pub fn too_large() -> Error {
    refused(Text::new("import.file.too_large").with("max", "10 MB"))
}

fn refused(text: Text) -> Error {
    Error::field("file", text)
}

fn not_a_workbook() -> Error {
    refused(Text::new("import.file.not_a_workbook"))
}

fn too_many_rows() -> Error {
    refused(Text::new("import.file.rows").with("max", "100,000"))
}

/// Puts a value into a row of cells, within the limits; `row` counts from 1, `column` from 0.
fn put(cells: &mut Vec<String>, sheet: &str, row: i64, column: usize, value: String) -> Result<()> {
    if value.is_empty() {
        return Ok(());
    }
    if column >= COLUMNS_MAX {
        let text = Text::new("import.file.columns").with("max", COLUMNS_MAX).with("sheet", sheet);
        return Err(refused(text));
    }
    if value.len() > CELL_BYTES_MAX {
        let place = format!("{sheet}!{}{row}", column_name(column));
        return Err(refused(Text::new("import.file.cell").with("max", "4 kB").with("place", place)));
    }
    if cells.len() <= column {
        cells.resize(column + 1, String::new());
    }
    cells[column] = value;
    Ok(())
}

/// `A`, `B` ... `AA` for 0, 1 ... 26.
fn column_name(column: usize) -> String {
    let mut name = String::new();
    let mut rest = column + 1;
    while rest > 0 {
        rest -= 1;
        name.insert(0, char::from(b'A' + (rest % 26) as u8));
        rest /= 26;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_called_as_in_a_workbook() {
        assert_eq!([0, 25, 26, 199, 701, 702].map(column_name), ["A", "Z", "AA", "GR", "ZZ", "AAA"]);
    }

    #[test]
    fn no_bytes_make_the_reader_panic() {
        let known = |heading: &str| heading == "name";
        for bytes in
            [&b"PK\x03\x04"[..], b"PK\x05\x06", b"\xd0\xcf\x11\xe0", b"\xff\xfe", b"\0", b"\"", b"name"]
        {
            assert!(read(bytes, &known).is_err(), "{bytes:?}");
        }
        assert_eq!(read(b"name\nA", &known).unwrap().rows[0].cells, ["A"]);
    }
}
