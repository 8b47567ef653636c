//! Rows that are written all the time: which columns they have is said once for both databases, and each statement is prepared once
//! for each connection. diesel would prepare an upsert anew each time.

use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sqlite::Sqlite;

use super::{AnyConnection, Columns};
use crate::error::Result;
use crate::in_fixed_pieces;

/// A kind of rows, and the statement that writes them. See [`crate::written!`].
pub trait Written: Sized + 'static {
    /// `INSERT INTO table (columns) `
    const INTO: &'static str;
    /// What follows the rows.
    const AFTER: &'static str;

    /// The row's values, with a comma between them.
    fn bind<'b>(&'b self, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()>;

    /// The statement for all rows on PostgreSQL.
    fn columns(rows: &[Self]) -> Columns;
}

/// Says of a type which of its fields are written into which table, as what, and what follows the rows.
#[macro_export]
macro_rules! written {
    ($row:ty, $table:literal, $after:expr, { $first:ident: $first_kind:ty $(, $field:ident: $kind:ty)* $(,)? }) => {
        impl $crate::db::Written for $row {
            const INTO: &'static str =
                concat!("INSERT INTO ", $table, " (", stringify!($first), $(", ", stringify!($field),)* ") ");
            const AFTER: &'static str = $after;

            fn bind<'b>(
                &'b self,
                mut out: diesel::query_builder::AstPass<'_, 'b, diesel::sqlite::Sqlite>,
            ) -> diesel::QueryResult<()> {
                out.push_bind_param::<$first_kind, _>(&self.$first)?;
                $(
                    out.push_sql(", ");
                    out.push_bind_param::<$kind, _>(&self.$field)?;
                )*
                Ok(())
            }

            fn columns(rows: &[Self]) -> $crate::db::Columns {
                $crate::db::Columns::insert(<Self as $crate::db::Written>::INTO, <Self as $crate::db::Written>::AFTER)
                    .with::<$first_kind, _>(rows.iter().map(|row| ToOwned::to_owned(&row.$first)))
                    $(.with::<$kind, _>(rows.iter().map(|row| ToOwned::to_owned(&row.$field))))*
            }
        }
    };
}

/// Writes any number of rows. Where one takes the place of another, each may be among them once.
pub fn write_rows<R: Written>(connection: &mut AnyConnection, rows: &[R]) -> Result<()> {
    match connection {
        AnyConnection::Sqlite(inner) => in_fixed_pieces!(rows, part => Piece(part).execute(inner)?),
        AnyConnection::Postgres(inner) if !rows.is_empty() => drop(R::columns(rows).execute(inner)?),
        AnyConnection::Postgres(_) => {}
    }
    Ok(())
}

/// `N` rows in one statement on SQLite.
struct Piece<'a, R, const N: usize>(&'a [R; N]);

impl<R: Written, const N: usize> QueryId for Piece<'_, R, N> {
    type QueryId = Piece<'static, R, N>;

    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<R: Written, const N: usize> RunQueryDsl<SqliteConnection> for Piece<'_, R, N> {}

impl<R: Written, const N: usize> QueryFragment<Sqlite> for Piece<'_, R, N> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(R::INTO);
        for (index, row) in self.0.iter().enumerate() {
            out.push_sql(if index == 0 { "VALUES (" } else { "), (" });
            row.bind(out.reborrow())?;
        }
        out.push_sql(")");
        out.push_sql(R::AFTER);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use diesel::pg::Pg;
    use diesel::sql_types::{BigInt, Nullable, Text};

    use super::*;

    #[derive(Clone, Debug, PartialEq, QueryableByName)]
    struct Note {
        #[diesel(sql_type = BigInt)]
        id: i64,
        #[diesel(sql_type = Nullable<Text>)]
        note: Option<String>,
    }

    written!(Note, "notes", " ON CONFLICT (id) DO UPDATE SET note = excluded.note", {
        id: BigInt,
        note: Nullable<Text>,
    });

    fn notes(count: i64, note: Option<&str>) -> Vec<Note> {
        (0..count).map(|id| Note { id, note: note.map(str::to_owned) }).collect()
    }

    #[test]
    fn any_number_of_rows_is_written_and_takes_the_place_of_what_is_there() {
        let mut connection = AnyConnection::Sqlite(SqliteConnection::establish(":memory:").unwrap());
        let create = "CREATE TABLE notes (id INTEGER PRIMARY KEY, note TEXT)";
        diesel::sql_query(create).execute(&mut connection).unwrap();
        write_rows::<Note>(&mut connection, &[]).unwrap();
        // Large, small and single pieces.
        write_rows(&mut connection, &notes(75, Some("first"))).unwrap();
        write_rows(&mut connection, &notes(9, None)).unwrap();
        let stored: Vec<Note> =
            diesel::sql_query("SELECT * FROM notes ORDER BY id").load(&mut connection).unwrap();
        assert_eq!(stored[..9], notes(9, None));
        assert_eq!(stored[9..], notes(75, Some("first"))[9..]);
    }

    #[test]
    fn statements_are_prepared_once_whatever_the_number_of_rows() {
        let rows: [Note; 8] = notes(8, None).try_into().unwrap();
        assert!(Piece(&rows).is_safe_to_cache_prepared(&Sqlite).unwrap());
        let text = |count: i64| {
            let columns = Note::columns(&notes(count, None));
            assert!(<_ as QueryFragment<Pg>>::is_safe_to_cache_prepared(&columns, &Pg).unwrap());
            let text = diesel::debug_query::<Pg, _>(&columns).to_string();
            text.split(" -- ").next().map(str::to_owned)
        };
        assert_eq!(text(1), text(4_000));
    }
}
