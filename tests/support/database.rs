//! A database for each test, copied from one that was migrated once.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};
use sha2::{Digest, Sha256};
use songhe::db::{Db, Kind, Options, Source, store};

use super::services;

/// A database of one test; on PostgreSQL it is dropped with this value.
pub struct Database {
    pub url: String,
    dropped_with: Option<(String, String)>,
}

impl Database {
    /// A migrated, empty database; none where there is no server for it. An SQLite file is made in `folder`.
    pub fn new(kind: Kind, folder: &Path) -> Option<Database> {
        match kind {
            Kind::Sqlite => {
                let file = folder.join("songhe.db");
                std::fs::write(&file, sqlite_template()).unwrap();
                Some(Database { url: format!("sqlite:{}", file.display()), dropped_with: None })
            }
            Kind::Postgres => {
                let server = services::postgres_url()?;
                Some(from_template(&server, Some(postgres_template(&server))))
            }
        }
    }

    /// A database without any table; none where there is no server for it.
    pub fn bare(kind: Kind, folder: &Path) -> Option<Database> {
        match kind {
            Kind::Sqlite => {
                let url = format!("sqlite:{}", folder.join("songhe.db").display());
                Some(Database { url, dropped_with: None })
            }
            Kind::Postgres => services::postgres_url().map(|server| from_template(&server, None)),
        }
    }

    pub fn source(&self) -> Source {
        match self.url.strip_prefix("sqlite:") {
            Some(file) => Source::Sqlite(PathBuf::from(file)),
            None => Source::Postgres(self.url.clone()),
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some((server, name)) = self.dropped_with.take() {
            // A test that failed must show its own reason, not that of a server that went away.
            if let Ok(mut connection) = PgConnection::establish(&server) {
                let _ = connection.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
            }
        }
    }
}

fn from_template(server: &str, template: Option<&str>) -> Database {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("songhe_test_{}_{number}", std::process::id());
    let template = template.map(|name| format!(" TEMPLATE {name}")).unwrap_or_default();
    let mut connection = PgConnection::establish(server).unwrap();
    connection.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).unwrap();
    connection.batch_execute(&format!("CREATE DATABASE {name}{template}")).unwrap();
    Database { url: beside(server, &name), dropped_with: Some((server.to_owned(), name)) }
}

/// The address of another database of the same server.
fn beside(server: &str, name: &str) -> String {
    let (address, parameters) = server.split_once('?').map_or((server, None), |(a, p)| (a, Some(p)));
    let (host, _) = address.rsplit_once('/').unwrap();
    parameters.map_or_else(|| format!("{host}/{name}"), |parameters| format!("{host}/{name}?{parameters}"))
}

fn sqlite_template() -> &'static [u8] {
    static TEMPLATE: OnceLock<Vec<u8>> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let (db, _) = Db::open(Source::Sqlite(folder.path().join("made.db")), &one_connection()).unwrap();
        let copy = folder.path().join("template.db");
        store::copy_sqlite(&db, &copy).unwrap();
        std::fs::read(copy).unwrap()
    })
}

/// Made once per server and schema: named after the schema's text, so that a run with one process per test shares it
/// too. It stays on the server, as the servers of `tests/run` go with the run.
fn postgres_template(server: &str) -> &'static str {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let name = format!("songhe_template_{}", hex::encode(&schema_digest()[..6]));
        let mut connection = PgConnection::establish(server).unwrap();
        // The lock of the session keeps processes that start together from making it twice.
        connection.batch_execute("SELECT pg_advisory_lock(7100117)").unwrap();
        if count(&mut connection, &format!("SELECT count(*) AS n FROM pg_database WHERE datname = '{name}'"))
            == 0
        {
            make_template(&mut connection, server, &name);
        }
        name
    })
}

/// Under another name until it is whole, so that a run that was killed leaves no half template.
fn make_template(connection: &mut PgConnection, server: &str, name: &str) {
    let draft = format!("{name}_draft");
    connection.batch_execute(&format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)")).unwrap();
    connection.batch_execute(&format!("CREATE DATABASE {draft}")).unwrap();
    drop(Db::open(Source::Postgres(beside(server, &draft)), &one_connection()).unwrap());
    let others = format!("FROM pg_stat_activity WHERE datname = '{draft}'");
    connection.batch_execute(&format!("SELECT pg_terminate_backend(pid) {others}")).unwrap();
    super::poll::until(Duration::from_secs(10), "nobody uses the template", || {
        count(connection, &format!("SELECT count(*) AS n {others}")) == 0
    });
    connection.batch_execute(&format!("ALTER DATABASE {draft} RENAME TO {name}")).unwrap();
}

fn one_connection() -> Options {
    Options { read_connections: 1, write_connections: 1, ..Options::default() }
}

fn schema_digest() -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/postgres");
    let mut steps: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path().join("up.sql")).collect();
    steps.sort();
    let mut digest = Sha256::new();
    for step in steps {
        digest.update(step.display().to_string().as_bytes());
        digest.update(std::fs::read(step).unwrap());
    }
    digest.finalize().to_vec()
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn count(connection: &mut PgConnection, query: &str) -> i64 {
    sql_query(query).get_result::<Count>(connection).unwrap().n
}

#[test]
fn a_database_beside_another_keeps_the_parameters() {
    assert_eq!(beside("postgres://a@h:1/postgres", "x"), "postgres://a@h:1/x");
    assert_eq!(
        beside("postgres://a@h:1/postgres?sslmode=disable", "x"),
        "postgres://a@h:1/x?sslmode=disable"
    );
}
