//! Where the headings of each sheet are, and the rows below them under one set of headings.

use super::{ROWS_MAX, RawRow, Remark, Sheet, Table, column_name, refused, too_many_rows};
use crate::error::Result;
use crate::imports::model::{fold, moment, normal_heading, plain_number};
use crate::text::Text;

/// Rows above the headings: titles, dates, who made the list.
const TITLE_ROWS_MAX: usize = 20;

/// Sheets without a known heading are left out where others have some, and told of.
pub fn table(sheets: Vec<Sheet>, is_known: &dyn Fn(&str) -> bool) -> Result<Table> {
    let sheets: Vec<Sheet> = sheets.into_iter().filter(|sheet| !sheet.rows.is_empty()).collect();
    if sheets.is_empty() {
        return Err(refused(Text::new("import.file.empty")));
    }
    let found: Vec<Option<usize>> = sheets.iter().map(|sheet| known_headings(sheet, is_known)).collect();
    let mut table = Table::default();
    if found.iter().all(Option::is_none) {
        // Nobody knows these headings: the sender says what they are.
        let first = &sheets[0];
        if !looks_like_headings(&first.rows[0].1) {
            return Err(refused(Text::new("import.file.headings").with("sheet", &first.name)));
        }
        add(&mut table, &sheets[0], 0)?;
    }
    for (sheet, headings) in sheets.iter().zip(&found) {
        match headings {
            Some(place) => add(&mut table, sheet, *place)?,
            None if found.iter().any(Option::is_some) => table.remarks.push(Remark {
                key: "import.note.sheet_left_out".to_owned(),
                arguments: vec![("sheet".to_owned(), sheet.name.clone())],
            }),
            None => {}
        }
    }
    if table.rows.is_empty() {
        return Err(refused(Text::new("import.file.no_rows")));
    }
    Ok(table)
}

/// The row among the first ones with most known headings; two at least, or the only one of a sheet of one column.
fn known_headings(sheet: &Sheet, is_known: &dyn Fn(&str) -> bool) -> Option<usize> {
    let width = sheet.rows.iter().map(|(_, cells)| cells.len()).max().unwrap_or_default();
    let counted = sheet.rows.iter().take(TITLE_ROWS_MAX).enumerate().map(|(place, (_, cells))| {
        (cells.iter().filter(|cell| !cell.is_empty() && is_known(cell)).count(), place)
    });
    let (count, place) = counted.max_by_key(|(count, place)| (*count, std::cmp::Reverse(*place)))?;
    (count >= width.min(2) && count > 0).then_some(place)
}

/// Words, and no numbers or days among them.
fn looks_like_headings(cells: &[String]) -> bool {
    let is_word = |cell: &&String| plain_number(cell).is_none() && moment(cell).is_none();
    let filled: Vec<&String> = cells.iter().filter(|cell| !cell.is_empty()).collect();
    filled.len() >= 2 && filled.iter().all(is_word)
}

/// Adds the rows of a sheet below its headings.
fn add(table: &mut Table, sheet: &Sheet, place: usize) -> Result<()> {
    let (heading_row, headings) = &sheet.rows[place];
    let mut places = Vec::new();
    for (column, heading) in headings.iter().enumerate() {
        let heading = fold(heading);
        if heading.is_empty() {
            places.push(None);
            continue;
        }
        let normal = normal_heading(&heading);
        let first = headings[..column].iter().position(|other| normal_heading(other) == normal);
        if let Some(first) = first {
            let text = Text::new("import.file.same_heading").with("heading", &heading);
            let text = text.with("one", column_name(first)).with("other", column_name(column));
            return Err(refused(text.with("sheet", &sheet.name)));
        }
        let known = table.headings.iter().position(|other| normal_heading(other) == normal);
        places.push(Some(known.unwrap_or_else(|| {
            table.headings.push(heading);
            table.headings.len() - 1
        })));
    }
    let values = merged_values(sheet);
    for (row, cells) in sheet.rows.iter().skip(place + 1) {
        debug_assert!(row > heading_row);
        let mut raw = RawRow { sheet: sheet.name.clone(), sheet_row: *row, ..RawRow::default() };
        raw.cells = vec![String::new(); table.headings.len()];
        for (cell, place) in cells.iter().zip(&places) {
            if let Some(place) = place {
                raw.cells[*place].clone_from(cell);
            }
        }
        for (column, place) in places.iter().enumerate() {
            let Some(place) = place.filter(|place| raw.cells[*place].is_empty()) else { continue };
            if let Some(value) = value_at(&values, column, *row) {
                raw.merged.push((place, value.to_owned()));
            }
        }
        if raw.cells.iter().all(String::is_empty) {
            continue;
        }
        if table.rows.len() >= ROWS_MAX {
            return Err(too_many_rows());
        }
        table.rows.push(raw);
    }
    Ok(())
}

/// Column, first row, last row and value of the merged ranges that hold one, in order.
fn merged_values(sheet: &Sheet) -> Vec<(usize, i64, i64, &str)> {
    let value = |row: i64, column: usize| -> Option<&str> {
        let index = sheet.rows.binary_search_by_key(&row, |(number, _)| *number).ok()?;
        sheet.rows[index].1.get(column).map(String::as_str).filter(|value| !value.is_empty())
    };
    let ranges = sheet.merged.iter();
    ranges
        .filter_map(|(first, last, column)| Some((*column, *first, *last, value(*first, *column)?)))
        .collect()
}

fn value_at<'a>(values: &[(usize, i64, i64, &'a str)], column: usize, row: i64) -> Option<&'a str> {
    let after = values.partition_point(|(at, first, _, _)| (*at, *first) <= (column, row));
    let (at, first, last, value) = values.get(after.checked_sub(1)?)?;
    (*at == column && (*first..=*last).contains(&row)).then_some(*value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(name: &str, rows: &[&[&str]]) -> Sheet {
        let rows = rows.iter().enumerate();
        let rows = rows
            .map(|(index, cells)| (index as i64 + 1, cells.iter().map(|&cell| cell.to_owned()).collect()));
        Sheet { name: name.to_owned(), rows: rows.collect(), merged: Vec::new() }
    }

    fn known(heading: &str) -> bool {
        ["房间", "床位", "楼层"].contains(&heading)
    }

    fn refusal(sheets: Vec<Sheet>) -> &'static str {
        table(sheets, &known).unwrap_err().fields[0].rule.key
    }

    #[test]
    fn a_title_above_the_headings_is_passed_over() {
        let found = table(
            vec![sheet("A", &[&["某院床位表"], &["2026-11-23"], &["房间", "床位"], &["201", "1"]])],
            &known,
        );
        let found = found.unwrap();
        assert_eq!(found.headings, ["房间", "床位"]);
        assert_eq!((found.rows.len(), found.rows[0].sheet_row), (1, 4));
    }

    #[test]
    fn sheets_are_joined_under_one_set_of_headings() {
        let sheets = vec![
            sheet("rooms", &[&["房间", "楼层"], &["201", "2"]]),
            sheet("notes", &[&["x", "y"]]),
            sheet("beds", &[&["床位", "房间"], &["1", "201"]]),
        ];
        let found = table(sheets, &known).unwrap();
        assert_eq!(found.headings, ["房间", "楼层", "床位"]);
        assert_eq!(found.rows[1].cells, ["201", "", "1"]);
        assert_eq!(found.remarks[0].arguments[0].1, "notes");
    }

    #[test]
    fn a_merged_value_is_offered_to_the_rows_of_its_range() {
        let mut merged = sheet("A", &[&["房间", "床位"], &["201", "1"], &["", "2"], &["", "3"], &["", "4"]]);
        merged.merged = vec![(2, 4, 0)];
        let found = table(vec![merged], &known).unwrap();
        let offered: Vec<usize> = found.rows.iter().map(|row| row.merged.len()).collect();
        assert_eq!(offered, [0, 1, 1, 0]);
        assert_eq!(found.rows[1].merged, [(0, "201".to_owned())]);
    }

    #[test]
    fn what_has_no_headings_or_the_same_twice_is_refused() {
        assert_eq!(refusal(vec![sheet("A", &[&["201", "1"], &["202", "1"]])]), "import.file.headings");
        assert_eq!(refusal(vec![sheet("A", &[&["房间", "房 间"], &["1", "2"]])]), "import.file.same_heading");
        assert_eq!(refusal(vec![sheet("A", &[&["房间", "床位"]])]), "import.file.no_rows");
        assert_eq!(refusal(vec![sheet("A", &[])]), "import.file.empty");
    }

    #[test]
    fn unknown_words_are_left_to_the_sender() {
        let found = table(vec![sheet("A", &[&["甲", "乙"], &["1", "2"]])], &known).unwrap();
        assert_eq!(found.headings, ["甲", "乙"]);
    }
}
