//! The real server in this process: port 0, a database of its own, a clock that the test moves.
//!
//! `both!(name, |app| async { ... })` makes the tests `name::sqlite` and `name::postgres`; `app` is a [`TestApp`].

use std::sync::mpsc;
use std::thread::JoinHandle;

use songhe::access::Scope;
use songhe::access::seal::Keys;
use songhe::app::{App, Tx};
use songhe::clock::{Clock, Hand, Instant};
use songhe::config::{Config, MqttMode, SecretUrl};
use songhe::db::{AnyConnection, Kind};
use songhe::error::Result;
use songhe::start::{self, Tasks};
use songhe::web;
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::client::{Client, location};
use super::database::Database;
use super::seed::PASSWORD;

/// Makes the tests `NAME::sqlite` and `NAME::postgres` of one body. Without a PostgreSQL the second says that it is
/// left out, and fails where the run must be complete.
macro_rules! both {
    ($name:ident, |$app:ident| async $body:block) => {
        mod $name {
            #[allow(unused_imports, reason = "the body may name nothing of its file")]
            use super::*;

            async fn body($app: &$crate::support::app::TestApp) $body

            #[test]
            fn sqlite() {
                $crate::support::app::drive(songhe::db::Kind::Sqlite, body);
            }

            #[test]
            fn postgres() {
                $crate::support::app::drive(songhe::db::Kind::Postgres, body);
            }
        }
    };
}
pub(crate) use both;

pub struct TestApp {
    /// The program's own state, for use cases without HTTP.
    pub app: App,
    /// Moves the clock, which stands at [`first_instant`].
    pub hand: Hand,
    /// `http://127.0.0.1:PORT`.
    pub base_url: String,
    server: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
    // Dropped in this order: the database after everything that uses it, the folder last.
    database: Option<Database>,
    folder: Option<TempDir>,
}

/// Monday 23 November 2026, 09:00 on the city's clocks.
pub fn first_instant() -> Instant {
    "2026-11-23T01:00:00".parse().unwrap()
}

/// Runs a test's body against a fresh program.
pub fn drive(kind: Kind, body: impl AsyncFn(&TestApp)) {
    // `None` was said aloud by the look for the service.
    let Some(app) = TestApp::start(kind) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(body(&app));
}

impl TestApp {
    /// A running program with an empty database; none where there is no server for the database.
    pub fn start(kind: Kind) -> Option<TestApp> {
        TestApp::start_with(kind, |_| {})
    }

    /// The same with other settings than [`test_config`]'s.
    pub fn start_with(kind: Kind, set: impl FnOnce(&mut Config)) -> Option<TestApp> {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::new(kind, folder.path())?;
        let mut config = test_config(&folder, &database);
        set(&mut config);
        let mut running = TestApp::run(config);
        (running.database, running.folder) = (Some(database), Some(folder));
        Some(running)
    }

    /// Another process, as it were, on the same database and key file, with a clock and cookies of its own. Let it go
    /// before the first one.
    pub fn replica(&self, set: impl FnOnce(&mut Config)) -> TestApp {
        let mut config = (*self.app.config).clone();
        set(&mut config);
        let replica = TestApp::run(config);
        replica.hand.set(self.app.clock.now());
        replica
    }

    fn run(config: Config) -> TestApp {
        let (clock, hand) = Clock::manual(first_instant());
        let app = start::open(config, clock).unwrap_or_else(|error| panic!("{}", error.for_log()));
        let (stop, stopped) = oneshot::channel();
        let (tell, address) = mpsc::channel();
        let served = app.clone();
        let thread = std::thread::spawn(move || serve(served, &tell, stopped));
        let address: std::net::SocketAddr = address.recv().expect("the server starts");
        let base_url = format!("http://{address}");
        TestApp { app, hand, base_url, server: Some((stop, thread)), database: None, folder: None }
    }

    /// The folder of everything this program writes; absent for a replica, which shares it.
    pub fn data_dir(&self) -> &std::path::Path {
        &self.app.config.data_dir
    }

    pub fn kind(&self) -> Kind {
        self.app.db.kind()
    }

    pub fn keys(&self) -> &Keys {
        &self.app.keys
    }

    /// A browser that is not signed in.
    pub fn client(&self) -> Client {
        Client::new(&self.base_url)
    }

    /// A browser in which a user of [`TestApp::add_user`] has signed in.
    pub async fn login(&self, login: &str) -> Client {
        let client = self.client();
        let response = client.post_form("/login", &[("name", login), ("password", PASSWORD)]).await;
        assert_eq!(location(&response), "/", "{login} signs in");
        client
    }

    /// One business transaction of the program itself, on this thread.
    pub fn write<T>(&self, work: impl FnMut(&mut Tx<'_>) -> Result<T>) -> T {
        self.app.write_now(&Scope::system(), work).unwrap_or_else(|error| panic!("{}", error.for_log()))
    }

    /// Reads on this thread.
    pub fn read<T>(&self, work: impl FnOnce(&mut AnyConnection) -> Result<T>) -> T {
        self.app.db.read_now(work).unwrap_or_else(|error| panic!("{}", error.for_log()))
    }

    /// Ends the server and waits for it; the database stays until the value is dropped.
    pub fn stop(&mut self) {
        if let Some((stop, thread)) = self.server.take() {
            let _ = stop.send(());
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the server's thread panicked");
        }
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The shipped defaults, on a free port of the loopback interface, small pools, no broker.
pub fn test_config(folder: &TempDir, database: &Database) -> Config {
    let mut config = Config { data_dir: folder.path().to_owned(), ..Config::default() };
    config.http.listen.set_port(0);
    config.http.workers = 1;
    config.database.url = SecretUrl::new(&database.url);
    config.database.read_connections = 2;
    config.database.pool_size = 6;
    config.mqtt.mode = MqttMode::Off;
    config
}

/// Serves on a runtime of its own, so that a test may use any runtime or none.
fn serve(app: App, tell: &mpsc::Sender<std::net::SocketAddr>, stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let tasks = Tasks::start(&app);
        let bound = web::bind(&app).unwrap_or_else(|error| panic!("{}", error.for_log()));
        let handle = bound.server.handle();
        let serving = tokio::spawn(bound.server);
        tell.send(bound.address).unwrap();
        let _ = stopped.await;
        handle.stop(false).await;
        serving.await.unwrap().unwrap();
        tasks.stop().await;
    });
}

both!(a_program_of_its_own_answers_for_each_test, |app| async {
    app.add_towns();
    app.add_user("lin", songhe::access::Role::Coordinator, crate::support::seed::town(1));
    let lin = app.login("lin").await;
    assert_eq!(location(&lin.get("/").await), "/board");
    assert_eq!(app.client().get_json("/health/ready").await["ready"], true);
});
