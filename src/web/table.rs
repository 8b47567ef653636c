//! Tables: columns, cells and rows, the same in lists, detail pages and workbooks.

use super::context::Context;

/// A column of a list.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub key: &'static str,
    /// Text key of its head.
    pub label: &'static str,
    pub numeric: bool,
    pub sortable: bool,
    /// In the workbook and not on the page, where it would push the others together.
    pub export_only: bool,
}

impl Column {
    pub const fn text(key: &'static str, label: &'static str) -> Column {
        Column { key, label, numeric: false, sortable: true, export_only: false }
    }

    pub const fn number(key: &'static str, label: &'static str) -> Column {
        Column { numeric: true, ..Column::text(key, label) }
    }

    #[must_use]
    pub const fn export_only(mut self) -> Column {
        self.export_only = true;
        self
    }

    #[must_use]
    pub const fn unsorted(mut self) -> Column {
        self.sortable = false;
        self
    }
}

/// One cell: what a person reads, and the number behind it for the workbook.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    pub text: String,
    pub numeric: bool,
    pub number: Option<f64>,
    /// Tone: ok, warn, bad, info, live, note, off, wait.
    pub chip: Option<&'static str>,
    pub icon: Option<&'static str>,
    pub href: Option<String>,
    /// `reading:DEVICE:CHANNEL`, kept current by the live link.
    pub live: Option<String>,
    /// RFC 3339, shown as an age.
    pub at: Option<String>,
    pub live_at: Option<String>,
    /// Address that a button with the cell's text posts to.
    pub post: Option<String>,
    /// Stays on one line.
    /// Kept on one line: a name of few characters.
    pub nowrap: bool,
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), ..Cell::default() }
    }

    /// A whole number.
    pub fn count(number: i64) -> Cell {
        Cell { text: group_digits(number), numeric: true, number: Some(number as f64), ..Cell::default() }
    }

    /// A number shown as `text`.
    pub fn number(number: f64, text: impl Into<String>) -> Cell {
        Cell { text: text.into(), numeric: true, number: Some(number), ..Cell::default() }
    }

    pub fn chip(text: impl Into<String>, tone: &'static str) -> Cell {
        Cell { text: text.into(), chip: Some(tone), ..Cell::default() }
    }

    /// A button that posts.
    pub fn button(text: impl Into<String>, post: impl Into<String>) -> Cell {
        Cell { text: text.into(), post: Some(post.into()), ..Cell::default() }
    }

    /// An instant, shown as an age where scripts run.
    pub fn at(text: impl Into<String>, rfc3339: impl Into<String>) -> Cell {
        Cell { text: text.into(), at: Some(rfc3339.into()), ..Cell::default() }
    }

    /// Keeps it on one line.
    #[must_use]
    pub fn nowrap(mut self) -> Cell {
        self.nowrap = true;
        self
    }

    /// Dates, phones and codes are read as one and stay on one line without being told.
    pub fn keeps_together(&self) -> bool {
        self.nowrap || (self.text.len() <= 20 && self.text.starts_with(|first: char| first.is_ascii_digit()))
    }

    /// A word longer than a column may break anywhere.
    pub fn has_long_word(&self) -> bool {
        let ends = |letter: char| letter.is_whitespace() || !letter.is_ascii();
        self.text.split(ends).any(|word| word.len() > 30)
    }

    #[must_use]
    pub fn link(mut self, href: impl Into<String>) -> Cell {
        self.href = Some(href.into());
        self
    }
}

/// 6726 as `6,726`.
pub fn group_digits(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if number < 0 { format!("-{grouped}") } else { grouped }
}

#[derive(Clone, Debug, Default)]
pub struct Row {
    pub href: Option<String>,
    pub cells: Vec<Cell>,
}

/// A table inside another page.
#[derive(Clone, Debug, Default)]
pub struct TableView {
    pub columns: Vec<HeadView>,
    pub rows: Vec<Row>,
}

#[derive(Clone, Debug)]
pub struct HeadView {
    pub label: String,
    pub numeric: bool,
    pub sort_href: Option<String>,
    pub sorted: &'static str,
}

/// A table without sorting, for detail pages and the board.
pub fn table(context: &Context, columns: &[Column], rows: Vec<Row>) -> TableView {
    let columns = columns
        .iter()
        .map(|column| HeadView {
            label: context.t(column.label).into_owned(),
            numeric: column.numeric,
            sort_href: None,
            sorted: "",
        })
        .collect();
    TableView { columns, rows }
}

#[cfg(test)]
mod tests {
    use super::group_digits;

    #[test]
    fn digits_are_grouped_by_three() {
        let shown: Vec<String> = [0, 999, 1_000, 6_726, -1_234_567].map(group_digits).into();
        assert_eq!(shown, ["0", "999", "1,000", "6,726", "-1,234,567"]);
    }
}
