//! Answers lost on the way, and a database that stops: devices keep what was not acknowledged, and it is stored once.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use songhe::db::Kind;
use songhe::devices::simulator::{Report, SimulatorError, simulate};
use songhe::devices::{DeviceKind, DeviceService};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::line::{Line, forwarder};
use super::oracle::{acknowledged, compare, devices};
use crate::devices::gate::within;
use crate::devices::live::rig::{add_device, embedded};
use crate::support::app::{TestApp, both};
use crate::support::poll::until_async;

const DEVICES: usize = 6;
const LIMIT: Duration = Duration::from_mins(1);

/// Devices that send over a line to the program in this process.
struct Scene {
    service: DeviceService,
    line: watch::Sender<Line>,
    oracle: Arc<PathBuf>,
    stop: watch::Sender<bool>,
    running: JoinHandle<Result<Report, SimulatorError>>,
    _folder: tempfile::TempDir,
    _target: watch::Sender<SocketAddr>,
}

impl Scene {
    async fn begin(app: &TestApp) -> Scene {
        app.add_towns();
        for number in 1..=DEVICES {
            add_device(app, &format!("D-{number}"), DeviceKind::SmartStation, 1);
        }
        let (service, address) = embedded(app).await;
        let (target, led_to) = watch::channel(address);
        let (broker, line) = forwarder(led_to).await;
        let folder = tempfile::tempdir().unwrap();
        let oracle = Arc::new(folder.path().join("acknowledged.jsonl"));
        let (stop, stopped) = watch::channel(false);
        let running = tokio::spawn(simulate(devices(broker, DEVICES, &oracle, 11), stopped));
        let scene = Scene { service, line, oracle, stop, running, _folder: folder, _target: target };
        scene.goes_on("devices are acknowledged").await;
        scene
    }

    async fn goes_on(&self, what: &str) {
        let before = self.count();
        until_async(LIMIT, what, || {
            let oracle = Arc::clone(&self.oracle);
            async move { acknowledged(&oracle).len() >= before + 150 }
        })
        .await;
    }

    fn count(&self) -> usize {
        acknowledged(&self.oracle).len()
    }

    /// Lets devices hand over what they hold, and compares.
    async fn end(self, app: &TestApp) {
        self.stop.send_replace(true);
        let report = within(self.running).await.unwrap().unwrap();
        self.service.stop().await;
        let acknowledged = acknowledged(&self.oracle);
        app.read(|connection| {
            compare(connection, &acknowledged, report.connects);
            Ok(())
        });
    }
}

both!(an_answer_lost_on_the_way_costs_nothing, |app| async {
    let scene = Scene::begin(app).await;
    for round in 1..=4 {
        scene.line.send_replace(Line::Deaf);
        tokio::time::sleep(Duration::from_millis(60)).await;
        let before = scene.count();
        // What arrives now is stored, and no device learns of it.
        tokio::time::sleep(Duration::from_millis(120)).await;
        assert_eq!(scene.count(), before, "round {round}: nothing is acknowledged over a deaf line");
        scene.line.send_replace(Line::Cut);
        tokio::time::sleep(Duration::from_millis(20)).await;
        scene.line.send_replace(Line::Whole);
        scene.goes_on("devices are acknowledged after the cut").await;
    }
    scene.end(app).await;
});

both!(a_database_that_stops_acknowledges_nothing_and_loses_nothing, |app| async {
    let scene = Scene::begin(app).await;
    let url = app.app.config.database.url.expose().to_owned();
    for round in 1..=2 {
        let stopped = stop_database(app.kind(), &url);
        // What was under way is answered or refused.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let before = scene.count();
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(scene.count(), before, "round {round}: nothing is acknowledged without a database");
        stopped.go_on();
        scene.goes_on("devices are acknowledged after the database is back").await;
    }
    scene.end(app).await;
});

/// A database that answers nobody: the PostgreSQL database lets nobody in and everybody is thrown out; the SQLite file is
/// locked by another program.
pub enum Stopped {
    Postgres { server: String, name: String },
    Sqlite(SqliteConnection),
}

pub fn stop_database(kind: Kind, url: &str) -> Stopped {
    match kind {
        Kind::Sqlite => {
            let mut other = SqliteConnection::establish(url.strip_prefix("sqlite:").unwrap()).unwrap();
            other.batch_execute("PRAGMA busy_timeout = 10000; BEGIN IMMEDIATE").unwrap();
            Stopped::Sqlite(other)
        }
        Kind::Postgres => {
            let (before, name) = url.rsplit_once('/').unwrap();
            let stopped = Stopped::Postgres { server: format!("{before}/postgres"), name: name.to_owned() };
            stopped.on_server(&format!(
                "ALTER DATABASE {name} ALLOW_CONNECTIONS false; \
                 SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
            ));
            stopped
        }
    }
}

impl Stopped {
    fn on_server(&self, statements: &str) {
        if let Stopped::Postgres { server, .. } = self {
            PgConnection::establish(server).unwrap().batch_execute(statements).unwrap();
        }
    }

    pub fn go_on(self) {
        match self {
            Stopped::Postgres { ref name, .. } => {
                self.on_server(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"));
            }
            Stopped::Sqlite(mut other) => other.batch_execute("ROLLBACK").unwrap(),
        }
    }
}
