//! The program killed in the middle of its work: what devices saw acknowledged is in the database, once.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use diesel::prelude::*;
use songhe::clock::Clock;
use songhe::db::schema::{device_gaps, device_windows, devices, readings};
use songhe::devices::DeviceKind;
use songhe::devices::ingest::window::{Verdict, Window};
use songhe::devices::simulator::{Credential, SimulatorSettings, simulate};
use songhe_firmware_protocol::DeviceKind as Simulated;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::rig::{TOKEN, add_device};
use crate::devices::gate::within;
use crate::devices::storage::compact;
use crate::support::app::{TestApp, both};
use crate::support::poll::until_async;
use crate::support::process::Songhe;

const ROUNDS: usize = 5;
const DEVICES: usize = 8;
const LIMIT: Duration = Duration::from_mins(1);

/// (device, boot, lane, seq), boot and seq as they are stored.
type Identity = (String, i64, i16, i64);

/// An address that stays while the program behind it moves.
async fn forwarder(target: watch::Receiver<SocketAddr>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut device, _)) = listener.accept().await {
            let server = *target.borrow();
            tokio::spawn(async move {
                if let Ok(mut server) = TcpStream::connect(server).await {
                    let _ = tokio::io::copy_bidirectional(&mut device, &mut server).await;
                }
            });
        }
    });
    address
}

fn acknowledged(oracle: &std::path::Path) -> Vec<Identity> {
    let text = std::fs::read_to_string(oracle).unwrap_or_default();
    let identity = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        let number = |key: &str| line[key].as_u64().unwrap() as i64;
        let lane = i16::try_from(number("lane")).unwrap();
        Some((line["device"].as_str()?.to_owned(), number("boot"), lane, number("seq")))
    };
    text.lines().filter_map(identity).collect()
}

fn settings(broker: SocketAddr, oracle: &std::path::Path) -> SimulatorSettings {
    let credential = |number: usize| Credential {
        device: format!("D-{number}"),
        token: TOKEN.to_owned(),
        kind: if number.is_multiple_of(2) { Simulated::Fire } else { Simulated::Station },
    };
    SimulatorSettings {
        broker,
        credentials: (1..=DEVICES).map(credential).collect(),
        rate: 50.0,
        seed: 5,
        sos_per_hour: 2_000.0,
        smoke_per_hour: 2_000.0,
        oracle: Some(oracle.to_owned()),
        clock: Clock::system(),
    }
}

both!(nothing_acknowledged_is_lost_or_stored_twice, |app| async {
    app.add_towns();
    for number in 1..=DEVICES {
        add_device(app, &format!("D-{number}"), DeviceKind::SmartStation, 1);
    }
    let folder = tempfile::tempdir().unwrap();
    let oracle = folder.path().join("acknowledged.jsonl");
    let url = app.app.config.database.url.expose().to_owned();
    let mut program = tokio::task::spawn_blocking(move || Songhe::start(&["serve", "--database", &url], &[]))
        .await
        .unwrap();
    let (moved, target) = watch::channel(program.addresses.mqtt.unwrap());
    let settings = settings(forwarder(target).await, &oracle);
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(simulate(settings, stopped));

    let oracle = Arc::new(oracle);
    for round in 1..=ROUNDS {
        let before = acknowledged(&oracle).len();
        until_async(LIMIT, "devices are acknowledged", || {
            let oracle = Arc::clone(&oracle);
            async move { acknowledged(&oracle).len() >= before + 150 + 37 * round }
        })
        .await;
        program.kill();
        program = tokio::task::spawn_blocking(move || {
            program.restart();
            program
        })
        .await
        .unwrap();
        moved.send_replace(program.addresses.mqtt.unwrap());
    }
    let before = acknowledged(&oracle).len();
    until_async(LIMIT, "devices are acknowledged after the last start", || {
        let oracle = Arc::clone(&oracle);
        async move { acknowledged(&oracle).len() >= before + 100 }
    })
    .await;
    stop.send_replace(true);
    let report = within(running).await.unwrap().unwrap();
    let status = tokio::task::spawn_blocking(move || program.stop()).await.unwrap();
    assert!(status.success());
    compare(app, &acknowledged(&oracle), report.connects);
    // What was summed up before each kill counts, and what was not is summed up now: each reading once.
    compact::drain(app);
    compact::assert_summed_up(app);
    assert!(report.failures >= ROUNDS as u64, "{report}");
});

fn compare(app: &TestApp, acknowledged: &[Identity], connects: u64) {
    let rows: Vec<(String, i64, i16, i64, i16)> = app.read(|connection| {
        Ok(readings::table
            .inner_join(devices::table.on(devices::id.eq(readings::device_id)))
            .select((devices::code, readings::boot_id, readings::lane, readings::seq, readings::channel))
            .load(connection)?)
    });
    let distinct: BTreeSet<_> = rows.iter().cloned().collect();
    assert_eq!(distinct.len(), rows.len(), "a message was stored twice");

    let with_rows: BTreeSet<Identity> =
        rows.into_iter().map(|(device, boot, lane, seq, _)| (device, boot, lane, seq)).collect();
    let without: Vec<&Identity> =
        acknowledged.iter().filter(|identity| !with_rows.contains(*identity)).collect();
    // Only a birth, one a connection, carries no sample.
    assert!(without.len() as u64 <= connects, "{} acknowledged without rows", without.len());
    assert!(without.iter().all(|identity| identity.2 == 0));
    for identity in acknowledged {
        assert!(is_known(app, identity), "{identity:?} is acknowledged and would be taken again");
    }
    let unique: BTreeSet<&Identity> = acknowledged.iter().collect();
    assert!(unique.len() > 1_000, "{}", unique.len());
}

/// Whether the stored window and gaps say that the message was stored.
fn is_known(app: &TestApp, (code, boot, lane, seq): &Identity) -> bool {
    app.read(|connection| {
        let device: i64 =
            devices::table.filter(devices::code.eq(code)).select(devices::id).first(connection)?;
        let row: Option<(i64, i64)> = device_windows::table
            .find((device, *boot, *lane))
            .select((device_windows::next_seq, device_windows::window_bits))
            .first(connection)
            .optional()?;
        let Some((next_seq, bits)) = row else { return Ok(false) };
        let gap: i64 = device_gaps::table
            .filter(device_gaps::device_id.eq(device))
            .filter(device_gaps::boot_id.eq(*boot))
            .filter(device_gaps::lane.eq(*lane))
            .filter(device_gaps::from_seq.le(*seq))
            .filter(device_gaps::to_seq.gt(*seq))
            .count()
            .get_result(connection)?;
        let verdict = Window::restore((next_seq - 1) as u64, bits as u64).offer(*seq as u64);
        Ok(verdict == Verdict::Duplicate || (verdict == Verdict::TooOld && gap == 0))
    })
}
