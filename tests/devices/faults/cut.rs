//! Connections to the database that are cut under the writer: no message is held to be at fault for that.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use songhe::db::Kind;
use songhe::devices::DeviceKind;
use songhe::devices::ingest::{Health, Work, Writer};
use songhe_firmware_protocol::{Channel, Header, Lane, Sample, TopicKind};

use crate::devices::live::rig::{add_device, quarantined, samples, stored};
use crate::support::app::{TestApp, drive};

const MESSAGES: u64 = 150;

/// Cuts every connection to the database again and again until it is told to stop; gives how often.
fn cut(url: &str, stop: &Arc<AtomicBool>) -> std::thread::JoinHandle<u32> {
    let (before, name) = url.rsplit_once('/').unwrap();
    let mut server = PgConnection::establish(&format!("{before}/postgres")).unwrap();
    let cut = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    let stop = Arc::clone(stop);
    std::thread::spawn(move || {
        let mut rounds = 0;
        while !stop.load(Ordering::SeqCst) {
            server.batch_execute(&cut).unwrap();
            rounds += 1;
            std::thread::sleep(Duration::from_millis(25));
        }
        rounds
    })
}

async fn cut_connections(app: &TestApp) {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let health = Health::new(app.app.parts.clone(), "test");
    let (writer, ingest, _to_devices) = Writer::start(&app.app, &health);
    let stop = Arc::new(AtomicBool::new(false));
    let cutting = cut(app.app.config.database.url.expose(), &stop);
    // One device that waits for each answer: batches of one.
    for seq in 0..MESSAGES {
        let header = Header { boot_id: 1, lane: Lane::Live, seq, monotonic_ms: seq, wall_ms: None, flags: 0 };
        let payload = samples(&header, &[Sample::new(Channel::Pulse, 70)]);
        let work = Work::read(id, TopicKind::Up, payload.into(), app.app.clock.now());
        while ingest.submit(work.clone()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    stop.store(true, Ordering::SeqCst);
    assert!(cutting.join().unwrap() > 5);
    assert_eq!(ingest.settle().await, Ok(()));
    let rows = stored(app, id);
    let seqs: BTreeSet<i64> = rows.iter().map(|row| row.2).collect();
    assert_eq!((rows.len(), seqs.len()), (MESSAGES as usize, MESSAGES as usize), "all stored, and once");
    assert_eq!(quarantined(app), [], "nothing is held against a message");
    writer.stop().await;
}

#[test]
fn a_connection_that_is_cut_puts_no_message_aside() {
    drive(Kind::Postgres, cut_connections);
}
