//! Everything that can go wrong between a broker elsewhere and a committed reading. Devices take the program's own word for stored,
//! and what they saw named is in the database, whole and once.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use songhe::db::Kind;
use songhe::devices::DeviceKind;
use songhe::devices::simulator::{Report, SimulatorError, SimulatorSettings, Word, simulate};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::behind;
use crate::devices::faults::oracle::{acknowledged, compare, devices};
use crate::devices::gate::within;
use crate::devices::live::rig::{TOKEN, add_device};
use crate::support::app::{TestApp, both, drive};
use crate::support::client::Client;
use crate::support::mosquitto::Mosquitto;
use crate::support::poll::until_async;
use crate::support::process::Songhe;

const DEVICES: usize = 6;
const LIMIT: Duration = Duration::from_mins(1);

/// Devices that send through a broker of their own.
struct Scene {
    broker: Mosquitto,
    oracle: Arc<PathBuf>,
    _folder: tempfile::TempDir,
}

/// Devices that are sending.
struct Running {
    stop: watch::Sender<bool>,
    devices: JoinHandle<Result<Report, SimulatorError>>,
}

impl Scene {
    fn new(app: &TestApp) -> Option<Scene> {
        let codes: Vec<String> = (1..=DEVICES).map(|number| format!("D-{number}")).collect();
        let broker = Mosquitto::start(&codes, TOKEN)?;
        app.add_towns();
        for code in &codes {
            add_device(app, code, DeviceKind::SmartStation, 1);
        }
        let folder = tempfile::tempdir().unwrap();
        let oracle = Arc::new(folder.path().join("acknowledged.jsonl"));
        Some(Scene { broker, oracle, _folder: folder })
    }

    fn begin(&self, seed: u64) -> Running {
        let settings = SimulatorSettings {
            word: Word::Server,
            ..devices(self.broker.address, DEVICES, &self.oracle, seed)
        };
        let (stop, stopped) = watch::channel(false);
        Running { stop, devices: tokio::spawn(simulate(settings, stopped)) }
    }

    fn count(&self) -> usize {
        acknowledged(&self.oracle).len()
    }

    async fn goes_on(&self, what: &str) {
        let before = self.count();
        until_async(LIMIT, what, || {
            let oracle = Arc::clone(&self.oracle);
            async move { acknowledged(&oracle).len() >= before + 150 }
        })
        .await;
    }

    fn compare(&self, app: &TestApp, report: &Report) {
        let acknowledged = acknowledged(&self.oracle);
        assert!(report.failures > 0 && acknowledged.len() as u64 == report.acknowledged, "{report}");
        app.read(|connection| {
            compare(connection, &acknowledged, report.dropped);
            Ok(())
        });
    }
}

impl Running {
    async fn end(self) -> Report {
        self.stop.send_replace(true);
        within(self.devices).await.unwrap().unwrap()
    }
}

/// The real program behind the broker; its keys are those of the test's program.
async fn program(app: &TestApp, broker: &Mosquitto) -> Songhe {
    let (url, keys) = (app.app.config.database.url.expose().to_owned(), app.data_dir().to_owned());
    let broker = broker.url();
    let start = move || {
        let variables = [("SONGHE_MQTT__MODE", "external"), ("SONGHE_MQTT__EXTERNAL_URL", &broker)];
        Songhe::start_with_keys(&keys, &["serve", "--database", &url], &variables)
    };
    tokio::task::spawn_blocking(start).await.unwrap()
}

/// Messages that a program committed.
async fn taken(program: &Songhe) -> u64 {
    let text = Client::new(&program.url("")).get("/metrics").await.text().await.unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("songhe_ingest_messages_total "));
    line.map_or(0, |count| count.parse().unwrap())
}

async fn stop(mut program: Songhe) {
    let status = tokio::task::spawn_blocking(move || program.stop()).await.unwrap();
    assert!(status.success());
}

both!(a_program_that_is_killed_loses_nothing_that_it_named, |app| async {
    let Some(scene) = Scene::new(app) else { return };
    let mut program = program(app, &scene.broker).await;
    let running = scene.begin(21);
    for _ in 0..4 {
        scene.goes_on("devices are told").await;
        program.kill();
        program = tokio::task::spawn_blocking(move || {
            program.restart();
            program
        })
        .await
        .unwrap();
    }
    scene.goes_on("devices are told after the last start").await;
    let report = running.end().await;
    stop(program).await;
    scene.compare(app, &report);
});

both!(a_broker_that_is_killed_or_started_anew_loses_nothing_that_was_named, |app| async {
    let Some(mut scene) = Scene::new(app) else { return };
    let service = behind(app, &scene.broker, |_| {}).await;
    let running = scene.begin(22);
    for round in 0..4 {
        scene.goes_on("devices are told").await;
        // What it was told to keep, and what it had no time to.
        if round % 2 == 0 {
            scene.broker.stop();
        } else {
            scene.broker.kill();
        }
        // What it had told already is heard.
        tokio::time::sleep(Duration::from_millis(200)).await;
        let before = scene.count();
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(scene.count(), before, "round {round}: nothing is named without a broker");
        scene.broker.run();
    }
    scene.goes_on("devices are told after the last start").await;
    let report = running.end().await;
    service.stop().await;
    scene.compare(app, &report);
});

#[test]
fn two_programs_share_the_messages_and_one_that_leaves_takes_none_away() {
    drive(Kind::Postgres, async |app: &TestApp| {
        let Some(scene) = Scene::new(app) else { return };
        let first = program(app, &scene.broker).await;
        let mut second = program(app, &scene.broker).await;
        let running = scene.begin(23);
        for round in 0..4 {
            scene.goes_on("devices are told").await;
            // One leaves in order, or is killed, and is back later.
            second = tokio::task::spawn_blocking(move || {
                if round % 2 == 0 {
                    assert!(second.stop().success());
                } else {
                    second.kill();
                }
                second
            })
            .await
            .unwrap();
            if round % 2 == 0 {
                // What the broker would still give to the one that left, nobody would be told of.
                scene.goes_on("devices are told by the other alone").await;
            }
            second = tokio::task::spawn_blocking(move || {
                second.restart();
                second
            })
            .await
            .unwrap();
        }
        scene.goes_on("devices are told after the last start").await;
        let report = running.end().await;
        for program in [first, second] {
            assert!(taken(&program).await > 0, "both took messages");
            stop(program).await;
        }
        scene.compare(app, &report);
    });
}
