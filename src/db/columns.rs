//! Many rows in one statement on PostgreSQL: it takes them as columns, so that the text of a statement is the same for any number
//! of rows and is prepared once for each connection. It also reads arrays faster than single values.

use std::marker::PhantomData;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, HasSqlType};

/// A statement over rows of equally long columns.
pub struct Columns {
    before: [&'static str; 2],
    values: Vec<Box<dyn QueryFragment<Pg> + Send>>,
    after: &'static str,
}

struct Column<ST, T> {
    values: Vec<T>,
    kind: PhantomData<fn() -> ST>,
}

impl Columns {
    /// `INSERT INTO table (columns) ` and what follows the rows.
    pub fn insert(into: &'static str, after: &'static str) -> Columns {
        Columns { before: [into, "SELECT * FROM "], values: Vec::new(), after }
    }

    /// `UPDATE table SET column = name.column FROM ` and what follows the rows, their name first.
    pub fn update(from: &'static str, after: &'static str) -> Columns {
        Columns { before: [from, ""], values: Vec::new(), after }
    }

    /// The next column, of rows in their order.
    #[must_use]
    pub fn with<ST, T>(mut self, values: impl Iterator<Item = T>) -> Columns
    where
        ST: 'static,
        T: Send + 'static,
        Vec<T>: ToSql<Array<ST>, Pg>,
        Pg: HasSqlType<Array<ST>>,
    {
        self.values.push(Box::new(Column::<ST, T> { values: values.collect(), kind: PhantomData }));
        self
    }
}

impl<ST: 'static, T> QueryFragment<Pg> for Column<ST, T>
where
    Vec<T>: ToSql<Array<ST>, Pg>,
    Pg: HasSqlType<Array<ST>>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_bind_param::<Array<ST>, _>(&self.values)
    }
}

/// Found again by its text.
impl QueryId for Columns {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<PgConnection> for Columns {}

impl QueryFragment<Pg> for Columns {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        for part in self.before {
            out.push_sql(part);
        }
        out.push_sql("unnest(");
        for (index, column) in self.values.iter().enumerate() {
            if index > 0 {
                out.push_sql(", ");
            }
            column.walk_ast(out.reborrow())?;
        }
        out.push_sql(")");
        out.push_sql(self.after);
        Ok(())
    }
}

/// Statements over rows of different tables on one way to the database. None sees what another one does.
pub struct Together<const N: usize>(pub [Columns; N]);

impl<const N: usize> QueryId for Together<N> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<const N: usize> RunQueryDsl<PgConnection> for Together<N> {}

impl<const N: usize> QueryFragment<Pg> for Together<N> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        for (index, one) in self.0.iter().enumerate() {
            let before = match (index, index + 1 == N) {
                (0, true) => "",
                (0, false) => "WITH s0 AS (",
                (_, true) => ") ",
                (_, false) => "), ",
            };
            out.push_sql(before);
            if index > 0 && index + 1 < N {
                out.push_sql("s");
                out.push_sql(&index.to_string());
                out.push_sql(" AS (");
            }
            one.walk_ast(out.reborrow())?;
        }
        Ok(())
    }
}
