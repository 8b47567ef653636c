//! A condition that a number is one of many, in a statement whose text is the same for any number of them: it is prepared once for
//! each connection. diesel's own has a text for each count on SQLite, and is prepared anew each time.

use diesel::expression::{AppearsOnTable, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bool, Text};
use diesel::sqlite::Sqlite;

/// Whether `column` is one of the numbers. It asks one database at a time: see [`crate::on_backend!`].
#[derive(Clone, Debug)]
pub struct OneOf<C> {
    column: C,
    numbers: Vec<i64>,
    /// The same for SQLite, which takes lists as JSON.
    json: String,
}

impl<C> OneOf<C> {
    pub fn new(column: C, numbers: Vec<i64>) -> OneOf<C> {
        let json = format!("{numbers:?}");
        OneOf { column, numbers, json }
    }
}

impl<C: Expression> Expression for OneOf<C> {
    type SqlType = Bool;
}

impl<C: SelectableExpression<Q>, Q> SelectableExpression<Q> for OneOf<C> where OneOf<C>: AppearsOnTable<Q> {}

impl<C: AppearsOnTable<Q>, Q> AppearsOnTable<Q> for OneOf<C> where OneOf<C>: Expression {}

impl<C: ValidGrouping<()>> ValidGrouping<()> for OneOf<C> {
    type IsAggregate = is_aggregate::No;
}

impl<C: QueryId> QueryId for OneOf<C> {
    type QueryId = OneOf<C::QueryId>;

    const HAS_STATIC_QUERY_ID: bool = C::HAS_STATIC_QUERY_ID;
}

impl<C: QueryFragment<Pg>> QueryFragment<Pg> for OneOf<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" = ANY(");
        out.push_bind_param::<Array<BigInt>, _>(&self.numbers)?;
        out.push_sql(")");
        Ok(())
    }
}

impl<C: QueryFragment<Sqlite>> QueryFragment<Sqlite> for OneOf<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" IN (SELECT value FROM json_each(");
        out.push_bind_param::<Text, _>(&self.json)?;
        out.push_sql("))");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::schema::device_windows;

    #[test]
    fn numbers_of_64_bits_are_found_by_a_statement_that_is_prepared_once() {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        diesel::sql_query("CREATE TABLE device_windows (boot_id BIGINT)").execute(&mut connection).unwrap();
        let ends = [i64::MIN, -1, 0, (1 << 53) + 1, i64::MAX];
        for boot_id in ends {
            let row = device_windows::boot_id.eq(boot_id);
            diesel::insert_into(device_windows::table).values(row).execute(&mut connection).unwrap();
        }
        let all = |numbers: Vec<i64>| {
            device_windows::table
                .filter(OneOf::new(device_windows::boot_id, numbers))
                .order(device_windows::boot_id)
                .select(device_windows::boot_id)
        };
        for (numbers, found) in [
            (ends.to_vec(), ends.to_vec()),
            (vec![i64::MAX, 7], vec![i64::MAX]),
            (vec![1 << 53], vec![]),
            (vec![], vec![]),
        ] {
            assert_eq!(all(numbers).load::<i64>(&mut connection).unwrap(), found);
        }
        assert!(<_ as QueryFragment<Sqlite>>::is_safe_to_cache_prepared(&all(vec![1]), &Sqlite).unwrap());
        assert!(<_ as QueryFragment<Pg>>::is_safe_to_cache_prepared(&all(vec![1]), &Pg).unwrap());
    }
}
