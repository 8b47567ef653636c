//! Many rows a statement.

/// SQLite binds 32,766 values a statement; more than this gains nothing.
pub(super) const BINDS_MAX: usize = 16_000;

/// Declares a row and the function that inserts many of it. None is stored as NULL, so that rows share a statement.
macro_rules! bulk {
    ($insert:ident, $table:ident, $row:ident { $($column:ident: $kind:ty),+ $(,)? }) => {
        #[derive(Clone, Debug, Insertable)]
        #[diesel(table_name = $table, treat_none_as_default_value = false)]
        pub(in crate::demo) struct $row { $(pub $column: $kind,)+ }

        pub(in crate::demo) fn $insert(connection: &mut AnyConnection, rows: &[$row]) -> Result<()> {
            const COLUMNS: usize = [$(stringify!($column),)+].len();
            for chunk in rows.chunks(BINDS_MAX / COLUMNS) {
                on_backend!(connection, inner => diesel::insert_into($table::table).values(chunk).execute(inner))?;
            }
            Ok(())
        }
    };
}
