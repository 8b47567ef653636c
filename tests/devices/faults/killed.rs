//! The program killed in the middle of its work: what devices saw acknowledged is in the database, once. `SONGHE_TEST_SOAK`: 200
//! kills.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use songhe::devices::DeviceKind;
use songhe::devices::simulator::simulate;
use tokio::sync::watch;

use super::line::forwarder;
use super::oracle::{acknowledged, compare, devices};
use crate::devices::gate::within;
use crate::devices::live::rig::add_device;
use crate::devices::storage::compact;
use crate::support::app::both;
use crate::support::poll::until_async;
use crate::support::process::Songhe;

const DEVICES: usize = 8;
const LIMIT: Duration = Duration::from_mins(1);

both!(nothing_acknowledged_is_lost_or_stored_twice, |app| async {
    let rounds = if std::env::var_os("SONGHE_TEST_SOAK").is_some() { 200 } else { 5 };
    let seed: u64 = rand::random();
    // Past the test runner's capture: a failure must be able to happen again.
    writeln!(std::io::stderr().lock(), "{rounds} kills, seed {seed}").unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    app.add_towns();
    for number in 1..=DEVICES {
        add_device(app, &format!("D-{number}"), DeviceKind::SmartStation, 1);
    }
    let folder = tempfile::tempdir().unwrap();
    let oracle = Arc::new(folder.path().join("acknowledged.jsonl"));
    let url = app.app.config.database.url.expose().to_owned();
    let mut program = tokio::task::spawn_blocking(move || Songhe::start(&["serve", "--database", &url], &[]))
        .await
        .unwrap();
    let (moved, target) = watch::channel(program.addresses.mqtt.unwrap());
    let (broker, _line) = forwarder(target).await;
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(simulate(devices(broker, DEVICES, &oracle, seed), stopped));

    for _ in 0..rounds {
        let more = random.random_range(190..400);
        let pause = Duration::from_micros(random.random_range(0..20_000));
        wait_for(&oracle, more, "devices are acknowledged").await;
        tokio::time::sleep(pause).await;
        program.kill();
        program = tokio::task::spawn_blocking(move || {
            program.restart();
            program
        })
        .await
        .unwrap();
        moved.send_replace(program.addresses.mqtt.unwrap());
    }
    wait_for(&oracle, 100, "devices are acknowledged after the last start").await;
    stop.send_replace(true);
    let report = within(running).await.unwrap().unwrap();
    let status = tokio::task::spawn_blocking(move || program.stop()).await.unwrap();
    assert!(status.success());
    let acknowledged = acknowledged(&oracle);
    app.read(|connection| {
        compare(connection, &acknowledged, report.dropped);
        Ok(())
    });
    // What was summed up before each kill counts, and what was not is summed up now: each reading once.
    compact::drain(app);
    compact::assert_summed_up(app);
    assert!(acknowledged.len() > 1_000, "{}", acknowledged.len());
    assert!(report.failures >= rounds as u64, "{report}");
    writeln!(std::io::stderr().lock(), "{report}").unwrap();
});

async fn wait_for(oracle: &Arc<std::path::PathBuf>, more: usize, what: &str) {
    let before = acknowledged(oracle).len();
    until_async(LIMIT, what, || {
        let oracle = Arc::clone(oracle);
        async move { acknowledged(&oracle).len() >= before + more }
    })
    .await;
}
