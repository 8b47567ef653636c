//! Which cells took the value of a merged range: shown with the outcome, since nobody sees it in the file.

use super::batch::SHOWN_MAX;
use crate::error::{Error, Result};
use crate::imports::columns_of;
use crate::imports::store::{BatchRow, RowRow};
use crate::web::{Cell, Column, Row, TableView, Visitor, group_digits, table};

const COLUMNS: &[Column] = &[
    Column::text("sheet", "import.sheet").unsorted(),
    Column::number("row", "import.sheet_row").unsorted(),
    Column::text("filled", "import.filled_columns").unsorted(),
];

/// Rows with cells inside merged ranges.
pub struct MergedView {
    pub heading: String,
    pub table: TableView,
    pub more: Option<String>,
}

/// None where no row has one.
pub fn merged_view(
    visitor: &Visitor,
    batch: &BatchRow,
    (total, rows): &(i64, Vec<RowRow>),
) -> Result<Option<MergedView>> {
    if *total == 0 {
        return Ok(None);
    }
    let shown: Result<Vec<Row>> = rows.iter().map(|row| merged_row(visitor, batch, row)).collect();
    let count = |n: i64, key: &str| visitor.lang.fill(key, &[("n", &group_digits(n))]);
    Ok(Some(MergedView {
        heading: count(*total, "import.filled"),
        table: table(visitor, COLUMNS, shown?),
        more: (*total > SHOWN_MAX).then(|| count(*total - SHOWN_MAX, "import.filled_more")),
    }))
}

fn merged_row(visitor: &Visitor, batch: &BatchRow, row: &RowRow) -> Result<Row> {
    let filled: Vec<String> = serde_json::from_str(&row.filled)
        .map_err(|error| Error::internal("stored columns of a row").because(error))?;
    let columns = columns_of(batch.kind).iter().filter(|column| filled.iter().any(|key| key == column.key));
    let names: Vec<_> = columns.map(|column| visitor.t(column.label)).collect();
    let cells = vec![
        Cell::text(row.sheet.clone()),
        Cell::count(row.sheet_row),
        Cell::text(names.join(&visitor.t("list.separator"))),
    ];
    Ok(Row { href: None, cells })
}
