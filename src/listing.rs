//! What every list is asked for, and what it answers: the same for pages, workbooks and the API.

use std::collections::BTreeMap;

/// Rows of one page at most.
pub const PAGE_ROWS_MAX: i64 = 200;
/// Rows of one export at most.
pub const EXPORT_ROWS_MAX: i64 = 100_000;

/// Which rows, in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListRequest {
    /// Filters by name; empty values are left out.
    pub filters: BTreeMap<String, String>,
    /// Column key, and whether descending.
    pub sort: Option<(String, bool)>,
    pub offset: i64,
    pub limit: i64,
    /// Only rows whose number is above this, in order of numbers; for cursors.
    pub after_id: Option<i64>,
    /// For a workbook, which holds columns that no page shows.
    pub is_export: bool,
}

impl ListRequest {
    pub fn filter(&self, name: &str) -> Option<&str> {
        self.filters.get(name).map(String::as_str)
    }

    /// A filter as a number; text that is no number matches nothing.
    pub fn filter_id(&self, name: &str) -> Option<i64> {
        self.filter(name).map(|text| text.parse().unwrap_or(-1))
    }

    /// A filter as yes or no.
    pub fn filter_flag(&self, name: &str) -> Option<bool> {
        self.filter(name).map(|text| text == "true")
    }

    /// The `q` filter as a LIKE pattern whose special characters stand for themselves (escape character `\`).
    pub fn search_pattern(&self) -> Option<String> {
        let text = self.filter("q")?.trim();
        let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        (!text.is_empty()).then(|| format!("%{escaped}%"))
    }

    /// The sort column and direction, or the given one.
    pub fn sort_or<'a>(&'a self, key: &'a str) -> (&'a str, bool) {
        self.sort.as_ref().map_or((key, false), |(key, descending)| (key.as_str(), *descending))
    }
}

/// Some rows, and how many there are in all.
#[derive(Clone, Debug)]
pub struct Listed<T> {
    pub rows: Vec<T>,
    pub total: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_takes_its_characters_literally() {
        let mut request = ListRequest::default();
        request.filters.insert("q".into(), " 50%_\\ ".into());
        assert_eq!(request.search_pattern().unwrap(), "%50\\%\\_\\\\%");
    }

    #[test]
    fn a_number_filter_that_is_no_number_matches_nothing() {
        let mut request = ListRequest::default();
        request.filters.insert("station".into(), "x".into());
        assert_eq!(request.filter_id("station"), Some(-1));
    }
}
