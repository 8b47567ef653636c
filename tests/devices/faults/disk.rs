//! A disk that is full, and freed again: the program stays up, acknowledges nothing that it cannot store, and goes on by itself.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use diesel::{Connection, SqliteConnection};
use songhe::db::AnyConnection;
use songhe::devices::DeviceKind;
use songhe::devices::simulator::simulate;
use tokio::sync::watch;

use super::line::forwarder;
use super::oracle::{acknowledged, compare, devices};
use crate::devices::gate::within;
use crate::devices::live::rig::add_device;
use crate::support::app::TestApp;
use crate::support::poll::until_async;
use crate::support::process::Songhe;
use crate::support::services;

const DEVICES: usize = 4;
const DISK_MIB: u32 = 48;
const LIMIT: Duration = Duration::from_mins(2);

/// Whether this machine lets a test have a disk of its own.
fn can_mount() -> bool {
    let folder = tempfile::tempdir().unwrap();
    let mut try_it = Command::new("unshare");
    try_it.args(["-m", "--", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(folder.path());
    try_it.output().is_ok_and(|output| output.status.success())
}

#[test]
fn a_full_disk_acknowledges_nothing_and_loses_nothing() {
    if !can_mount() {
        services::left_out("a small disk: this machine lets nobody mount one");
        return;
    }
    // Made here and copied onto the small disk before the program begins.
    let Some(mut made) = TestApp::start(songhe::db::Kind::Sqlite) else { return };
    made.add_towns();
    for number in 1..=DEVICES {
        add_device(&made, &format!("D-{number}"), DeviceKind::SmartStation, 1);
    }
    made.stop();
    // The guard would refuse backfill on so small a disk long before it is full.
    let unguarded = [("SONGHE_DISK__FREE_MIN_PERCENT", "0"), ("SONGHE_DISK__FREE_MIN_MB", "0")];
    let program = Songhe::start_on_small_disk(made.data_dir(), DISK_MIB, &unguarded);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(fill_and_free(program));
}

async fn fill_and_free(mut program: Songhe) {
    let folder = tempfile::tempdir().unwrap();
    let oracle = Arc::new(folder.path().join("acknowledged.jsonl"));
    let (_moved, target) = watch::channel(program.addresses.mqtt.unwrap());
    let (broker, _line) = forwarder(target).await;
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(simulate(devices(broker, DEVICES, &oracle, 5), stopped));
    goes_on(&oracle, 100, "devices are acknowledged").await;

    let filler = program.data_dir().join("filler");
    fill(&filler);
    until_async(LIMIT, "nothing more is acknowledged", || {
        let oracle = Arc::clone(&oracle);
        async move {
            let before = acknowledged(&oracle).len();
            tokio::time::sleep(Duration::from_secs(1)).await;
            acknowledged(&oracle).len() == before
        }
    })
    .await;
    std::fs::remove_file(&filler).unwrap();
    goes_on(&oracle, 100, "devices are acknowledged after the disk has room").await;

    stop.send_replace(true);
    let report = within(running).await.unwrap().unwrap();
    let acknowledged = acknowledged(&oracle);
    assert!(report.refused + report.failures > 0, "{report}");
    // The disk goes with the program.
    program.freeze();
    for name in ["songhe.db", "songhe.db-wal"] {
        std::fs::copy(program.data_dir().join(name), folder.path().join(name)).unwrap();
    }
    program.kill();
    let copy = folder.path().join("songhe.db");
    let connection = SqliteConnection::establish(&copy.to_string_lossy()).unwrap();
    compare(&mut AnyConnection::Sqlite(connection), &acknowledged, report.dropped);
}

/// Takes all room that there is.
fn fill(filler: &PathBuf) {
    let mut file = std::fs::File::create(filler).unwrap();
    let block = vec![0; 64 * 1024];
    while std::io::Write::write_all(&mut file, &block).is_ok() {}
    assert!(file.metadata().unwrap().size() > 1024 * 1024, "there was room before");
}

async fn goes_on(oracle: &Arc<PathBuf>, more: usize, what: &str) {
    let before = acknowledged(oracle).len();
    until_async(LIMIT, what, || {
        let oracle = Arc::clone(oracle);
        async move { acknowledged(&oracle).len() >= before + more }
    })
    .await;
}
