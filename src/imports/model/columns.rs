use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::cells::fold;
use crate::text::Lang;

/// A column that a kind of record knows.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// As the record's own rules name the field.
    pub key: &'static str,
    /// Text key of its heading, which counts in both languages.
    pub label: &'static str,
    /// Further headings.
    pub aliases: &'static [&'static str],
    /// Nothing can be done without it.
    pub required: bool,
    /// Holds personal data: what a mask covers is not given.
    pub personal: bool,
    /// A value in a merged range holds for all its rows.
    pub fills_down: bool,
    /// Stands in an export for the reader only.
    pub informs: bool,
    /// Free text: kept as it is written.
    pub verbatim: bool,
    /// A value on file may be emptied by the word for it.
    pub may_be_emptied: bool,
}

impl Column {
    pub const fn new(key: &'static str, label: &'static str, aliases: &'static [&'static str]) -> Column {
        Column {
            key,
            label,
            aliases,
            required: false,
            personal: false,
            fills_down: false,
            informs: false,
            verbatim: false,
            may_be_emptied: false,
        }
    }

    #[must_use]
    pub const fn required(mut self) -> Column {
        self.required = true;
        self
    }

    #[must_use]
    pub const fn personal(mut self) -> Column {
        self.personal = true;
        self
    }

    #[must_use]
    pub const fn fills_down(mut self) -> Column {
        self.fills_down = true;
        self
    }

    #[must_use]
    pub const fn informs(mut self) -> Column {
        self.informs = true;
        self
    }

    #[must_use]
    pub const fn verbatim(mut self) -> Column {
        self.verbatim = true;
        self
    }

    #[must_use]
    pub const fn may_be_emptied(mut self) -> Column {
        self.may_be_emptied = true;
        self
    }

    fn is_called(&self, heading: &str) -> bool {
        let heading = normal_heading(heading);
        let labels = [Lang::Chinese, Lang::English].map(|lang| lang.t(self.label));
        heading == normal_heading(self.key)
            || labels.iter().any(|label| normal_heading(label) == heading)
            || self.aliases.iter().any(|alias| normal_heading(alias) == heading)
    }
}

/// A heading without what differs from file to file: width, case, white space, marks and what stands in brackets.
pub fn normal_heading(heading: &str) -> String {
    let mut depth = 0_u32;
    let mut normal = String::new();
    for letter in fold(heading).to_lowercase().chars() {
        match letter {
            '(' | '（' | '[' | '【' => depth += 1,
            ')' | '）' | ']' | '】' => depth = depth.saturating_sub(1),
            '*' | ':' | '：' | '_' | '-' | '\'' | '’' => {}
            _ if depth > 0 || letter.is_whitespace() => {}
            _ => normal.push(letter),
        }
    }
    normal
}

/// Which heading each column is taken from: column key to the heading's place in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping(pub BTreeMap<String, usize>);

/// Whether some column is called so.
pub fn knows(columns: &[Column], heading: &str) -> bool {
    columns.iter().any(|column| column.is_called(heading))
}

/// The mapping that the headings say; the first heading of a column counts.
pub fn guess(columns: &[Column], headings: &[String]) -> Mapping {
    let mut mapping = BTreeMap::new();
    for column in columns {
        if let Some(place) = headings.iter().position(|heading| column.is_called(heading)) {
            mapping.insert(column.key.to_owned(), place);
        }
    }
    Mapping(mapping)
}

/// A row by columns, with where it stands in the file. An empty cell is a value that is not given.
#[derive(Clone, Debug, Default)]
pub struct Values {
    /// Place in the batch, from 1.
    pub number: i64,
    pub sheet: String,
    pub sheet_row: i64,
    pub cells: BTreeMap<&'static str, String>,
    /// Columns whose value on file is to be emptied.
    pub emptied: Vec<&'static str>,
    /// Columns that took the value of the merged range their empty cell lies in.
    pub filled: Vec<&'static str>,
    /// Columns in which it says otherwise than an earlier row about the same thing.
    pub contradicts: Vec<&'static str>,
}

impl Values {
    /// The text of a column; empty where it is not given.
    pub fn get(&self, key: &str) -> &str {
        self.cells.get(key).map_or("", String::as_str)
    }

    pub fn has(&self, key: &str) -> bool {
        !self.get(key).is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column::new("name", "field.name", &["站点名称"]),
        Column::new("phone", "field.phone", &["联系电话", "Telephone"]),
    ];

    fn place(headings: &[&str], key: &str) -> Option<usize> {
        let headings: Vec<String> = headings.iter().map(|heading| (*heading).to_owned()).collect();
        guess(COLUMNS, &headings).0.get(key).copied()
    }

    #[test]
    fn a_heading_is_known_in_both_languages_and_by_its_other_names() {
        for heading in ["名称", " 名 称 ", "名称（必填）", "*Name", "NAME", "站点名称", "ｎａｍｅ", "name:"]
        {
            assert_eq!(place(&["x", heading], "name"), Some(1), "{heading}");
        }
        assert_eq!(place(&["telephone"], "phone"), Some(0));
        assert_eq!(place(&["名称2"], "name"), None);
    }

    #[test]
    fn the_first_of_two_headings_of_a_column_counts() {
        assert_eq!(place(&["名称", "Name"], "name"), Some(0));
    }
}
