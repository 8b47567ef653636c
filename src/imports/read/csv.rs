//! Text files with separated values, in UTF-8 (with or without mark), UTF-16 with its mark, or GB 18030.

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030};

use super::{ROWS_MAX, Sheet, not_a_workbook, put, refused, too_many_rows};
use crate::error::Result;
use crate::text::Text;

/// What can stand between two values.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];
/// A file has no sheets; messages name it so.
const SHEET: &str = "csv";

pub fn sheets(bytes: &[u8]) -> Result<Vec<Sheet>> {
    let text = decode(bytes)?;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(&text))
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut sheet = Sheet { name: SHEET.to_owned(), ..Sheet::default() };
    for record in reader.records() {
        let record = record.map_err(|error| not_a_workbook().because(error))?;
        let row = record.position().map_or(0, csv::Position::line) as i64;
        let mut cells = Vec::new();
        for (column, value) in record.iter().enumerate() {
            put(&mut cells, SHEET, row, column, harmless(value).trim().to_owned())?;
        }
        if cells.is_empty() {
            continue;
        }
        if sheet.rows.len() > ROWS_MAX + 10 {
            return Err(too_many_rows());
        }
        sheet.rows.push((row, cells));
    }
    Ok(vec![sheet])
}

fn decode(bytes: &[u8]) -> Result<Cow<'_, str>> {
    let text = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => {
            encoding.decode_without_bom_handling_and_without_replacement(&bytes[length..])
        }
        None => match std::str::from_utf8(bytes) {
            Ok(text) => Some(Cow::Borrowed(text)),
            Err(_) => GB18030.decode_without_bom_handling_and_without_replacement(bytes),
        },
    };
    let text = text.ok_or_else(|| refused(Text::new("import.file.encoding")))?;
    // A picture or a document read as text.
    if text.contains('\0') { Err(not_a_workbook()) } else { Ok(text) }
}

/// The mark that stands most often outside of quotes in the first line with a value.
fn delimiter(text: &str) -> u8 {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut is_quoted = false;
    for byte in line.bytes() {
        if byte == b'"' {
            is_quoted = !is_quoted;
        } else if let Some(index) = DELIMITERS.iter().position(|mark| *mark == byte && !is_quoted) {
            counts[index] += 1;
        }
    }
    let most = (0..DELIMITERS.len()).rev().max_by_key(|index| counts[*index]);
    DELIMITERS[most.unwrap_or_default()]
}

/// Without the quote that keeps a program from calculating the cell.
fn harmless(value: &str) -> &str {
    match value.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t']) => rest,
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(bytes: &[u8]) -> Vec<Vec<String>> {
        sheets(bytes).unwrap().remove(0).rows.into_iter().map(|(_, cells)| cells).collect()
    }

    #[test]
    fn encodings_and_delimiters_are_found() {
        let wanted = [["名称", "电话"], ["安海站", "0595"]];
        let (gb, _, _) = GB18030.encode("名称,电话\n安海站,0595\n");
        let utf16: Vec<u8> = [0xFF, 0xFE]
            .into_iter()
            .chain("名称\t电话\n安海站\t0595\n".encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        for bytes in [
            "名称,电话\n安海站,0595\n".as_bytes(),
            "\u{feff}名称;电话\r\n安海站;0595\r\n".as_bytes(),
            "\n名称\t电话\n\n安海站\t0595".as_bytes(),
            "\"名称\",\"电话\"\n\"安海站\",'0595".replace('\'', "").as_bytes(),
            &gb,
            &utf16,
        ] {
            assert_eq!(rows(bytes), wanted);
        }
    }

    #[test]
    fn a_quoted_mark_is_part_of_its_value_and_a_defused_cell_is_itself() {
        assert_eq!(rows(b"a,b\n\"1;2;3\",'=1+1"), [["a", "b"], ["1;2;3", "=1+1"]]);
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        for bytes in [&b"a,b\n\xff\xff\xff"[..], b"\x89PNG\r\n\0\0"] {
            assert!(sheets(bytes).is_err(), "{bytes:?}");
        }
    }
}
