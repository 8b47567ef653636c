//! Both live schemas have the tables and columns that the program names, of the same types.

use std::collections::BTreeMap;
use std::path::Path;

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use songhe::db::{AnyConnection, Db, Kind, Options};

use crate::support::database::Database;

/// `table.column` with its type as `src/db/schema.rs` writes it.
type Columns = BTreeMap<String, String>;

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    place: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
}

const SQLITE: &str = "SELECT m.name || '.' || c.name AS place, \
    CASE WHEN c.pk > 0 AND c.type = 'INTEGER' \
        AND (SELECT max(k.pk) FROM pragma_table_info(m.name) AS k) = 1 THEN 'BIGINT' ELSE c.type END AS kind, \
    c.\"notnull\" = 0 AS nullable FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c \
    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> '__diesel_schema_migrations'";
const POSTGRES: &str = "SELECT table_name || '.' || column_name AS place, upper(data_type::text) AS kind, \
    is_nullable = 'YES' AS nullable FROM information_schema.columns \
    WHERE table_schema = 'public' AND table_name <> '__diesel_schema_migrations' \
    AND NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = table_name AND relispartition)";

/// The columns of a freshly migrated database; none where there is no server for it.
fn live(kind: Kind) -> Option<Columns> {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::bare(kind, folder.path())?;
    let (db, _) = Db::open(database.source(), &Options::default()).unwrap();
    let columns = db.read_now(|connection| Ok(read(connection))).unwrap();
    Some(columns)
}

fn read(connection: &mut AnyConnection) -> Columns {
    let query = match connection {
        AnyConnection::Sqlite(_) => SQLITE,
        AnyConnection::Postgres(_) => POSTGRES,
    };
    let columns: Vec<Column> = diesel::sql_query(query).load(connection).unwrap();
    columns
        .into_iter()
        .map(|column| {
            let kind = diesel_name(&column.kind);
            (column.place, if column.nullable { format!("Nullable<{kind}>") } else { kind.to_owned() })
        })
        .collect()
}

fn diesel_name(kind: &str) -> &'static str {
    match kind {
        "BIGINT" => "BigInt",
        "INTEGER" => "Integer",
        "SMALLINT" => "SmallInt",
        "TEXT" => "Text",
        "BLOB" | "BYTEA" => "Binary",
        "BOOLEAN" => "Bool",
        "TIMESTAMP" | "TIMESTAMP WITHOUT TIME ZONE" => "Timestamp",
        "DATE" => "Date",
        "DOUBLE PRECISION" => "Double",
        other => panic!("a column of the type {other}, which has no equal in the other database"),
    }
}

/// What the `table!` blocks declare.
fn declared(text: &str) -> Columns {
    let mut table = "";
    let mut columns = Columns::new();
    for line in text.lines().map(str::trim) {
        if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with('{')) {
            table = name;
        } else if let Some((name, kind)) = line.trim_end_matches(',').split_once(" -> ")
            && !line.starts_with("diesel::")
        {
            columns.insert(format!("{table}.{name}"), kind.to_owned());
        }
    }
    columns
}

fn program() -> Columns {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/db/schema.rs");
    declared(&std::fs::read_to_string(file).unwrap())
}

/// What only one of the two has, or what they have differently.
fn differences(live: &Columns, program: &Columns) -> Vec<String> {
    let places = live.keys().chain(program.keys().filter(|place| !live.contains_key(*place)));
    places
        .filter(|place| live.get(*place) != program.get(*place))
        .map(|place| format!("{place}: database {:?}, program {:?}", live.get(place), program.get(place)))
        .collect()
}

#[test]
fn sqlite_has_the_tables_that_the_program_names() {
    let columns = live(Kind::Sqlite).unwrap();
    assert!(columns.len() > 150, "{} columns", columns.len());
    assert_eq!(differences(&columns, &program()), Vec::<String>::new());
}

#[test]
fn postgres_has_the_tables_that_the_program_names() {
    let Some(columns) = live(Kind::Postgres) else { return };
    assert_eq!(differences(&columns, &program()), Vec::<String>::new());
}

#[test]
fn a_column_that_differs_in_anything_is_found() {
    let text =
        |kind: &str| format!("diesel::table! {{\n    beds (id) {{\n        id -> {kind},\n    }}\n}}\n");
    let columns = declared(&text("BigInt"));
    assert_eq!(columns, Columns::from([("beds.id".to_owned(), "BigInt".to_owned())]));
    assert_eq!(differences(&columns, &declared(&text("Nullable<BigInt>"))).len(), 1);
    assert_eq!(differences(&columns, &Columns::new()).len(), 1);
    assert_eq!(differences(&Columns::new(), &columns).len(), 1);
}
