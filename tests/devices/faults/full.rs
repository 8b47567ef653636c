//! A table that takes nothing more, as on a full disk: at once, and on both databases.

use diesel::connection::SimpleConnection;
use songhe::db::AnyConnection;

use crate::support::app::TestApp;

/// Every row that is added or changed is refused from now on.
pub fn fill_up(test: &TestApp, table: &str) {
    let sql = match test.kind() {
        songhe::db::Kind::Sqlite => ["INSERT", "UPDATE"]
            .map(|step| {
                format!(
                    "CREATE TRIGGER full_{step} BEFORE {step} ON {table} \
                     BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END;"
                )
            })
            .concat(),
        songhe::db::Kind::Postgres => format!(
            "CREATE FUNCTION full_disk() RETURNS trigger AS \
             $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device'; END $$ LANGUAGE plpgsql; \
             CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION full_disk()"
        ),
    };
    test.write(|tx| Ok(tx.connection.batch_execute(&sql)?));
}

/// There is room again.
pub fn make_room(test: &TestApp, table: &str) {
    test.write(|tx| {
        let sql = match tx.connection {
            AnyConnection::Sqlite(_) => "DROP TRIGGER full_INSERT; DROP TRIGGER full_UPDATE".to_owned(),
            AnyConnection::Postgres(_) => {
                format!("DROP TRIGGER full_disk ON {table}; DROP FUNCTION full_disk()")
            }
        };
        Ok(tx.connection.batch_execute(&sql)?)
    });
}
