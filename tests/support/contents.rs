//! All that tables hold, to be compared before and after something that must change nothing.

use diesel::prelude::*;
use diesel::sql_types::Text;
use songhe::db::Kind;

use super::app::TestApp;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

impl TestApp {
    /// Every value of every row of these tables, in an order of its own.
    pub fn contents(&self, tables: &[&str]) -> Vec<(String, Vec<String>)> {
        tables.iter().map(|table| ((*table).to_owned(), self.rows_of(table))).collect()
    }

    fn rows_of(&self, table: &str) -> Vec<String> {
        let columns = match self.kind() {
            Kind::Sqlite => format!("SELECT name AS line FROM pragma_table_info('{table}')"),
            Kind::Postgres => format!(
                "SELECT column_name::text AS line FROM information_schema.columns WHERE table_name = '{table}'"
            ),
        };
        let cell = |column: String| match self.kind() {
            // Bytes as well, which no text can hold.
            Kind::Sqlite => format!("COALESCE(hex({column}), '-')"),
            Kind::Postgres => format!("COALESCE(CAST({column} AS TEXT), '-')"),
        };
        let cells: Vec<String> = self.lines(&columns).into_iter().map(cell).collect();
        assert!(!cells.is_empty(), "{table} is a table");
        self.lines(&format!("SELECT {} AS line FROM {table} ORDER BY 1", cells.join(" || '|' || ")))
    }

    /// The texts `line` of a query.
    pub fn lines(&self, query: &str) -> Vec<String> {
        let rows: Vec<Line> = self.read(|connection| Ok(diesel::sql_query(query).load(connection)?));
        rows.into_iter().map(|row| row.line).collect()
    }
}

super::app::both!(a_changed_value_shows, |app| async {
    app.add_towns();
    let before = app.contents(&["towns", "villages"]);
    assert_eq!(app.contents(&["towns", "villages"]), before);
    app.taken("UPDATE towns SET elders_60plus_est = elders_60plus_est + 1 WHERE code = '350582001'");
    let after = app.contents(&["towns", "villages"]);
    assert!(after[0] != before[0] && after[1] == before[1]);
});
