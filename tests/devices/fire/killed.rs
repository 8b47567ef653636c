//! The program killed while panels on bad lines send to it: what they saw confirmed is in the database, once.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use diesel::prelude::*;
use sha2::{Digest, Sha256};
use songhe::clock::Clock;
use songhe::db::schema::{alerts, fire_frames};
use songhe::devices::gb26875::model::{Address, Content, Frame};
use songhe::devices::simulator::{Faults, PanelSettings, simulate_panels};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::panel::add_panel;
use crate::devices::gate::within;
use crate::support::app::{TestApp, both};
use crate::support::poll::until_async;
use crate::support::process::Songhe;

const ROUNDS: usize = 4;
const PANELS: usize = 4;
const LIMIT: Duration = Duration::from_mins(2);

/// (source, seq, hash)
type Identity = (String, i32, String);

/// (device, source, seq, hash, raw)
type Stored = (i64, String, i32, Vec<u8>, Vec<u8>);

/// An address that stays while the program behind it moves.
async fn forwarder(target: watch::Receiver<SocketAddr>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut panel, _)) = listener.accept().await {
            let server = *target.borrow();
            tokio::spawn(async move {
                if let Ok(mut server) = TcpStream::connect(server).await {
                    let _ = tokio::io::copy_bidirectional(&mut panel, &mut server).await;
                }
            });
        }
    });
    address
}

fn confirmed(oracle: &Path) -> Vec<Identity> {
    let text = std::fs::read_to_string(oracle).unwrap_or_default();
    let identity = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        let text = |key: &str| line[key].as_str().map(str::to_owned);
        Some((text("source")?, i32::try_from(line["seq"].as_i64()?).ok()?, text("hash")?))
    };
    text.lines().filter_map(identity).collect()
}

fn address(number: usize) -> String {
    format!("a0b0c0d0e0{number:02x}")
}

fn settings(app: &TestApp, gateway: SocketAddr, oracle: &Path) -> PanelSettings {
    PanelSettings {
        gateway,
        panels: (1..=PANELS).map(|number| Address::parse(&address(number)).unwrap()).collect(),
        rate: 20.0,
        seed: 11,
        fire_per_hour: 20_000.0,
        faults: Faults { split: 0.1, glue: 0.2, repeat: 0.1, corrupt: 0.1, cut: 0.02 },
        answers_guard_checks: true,
        clock_ahead_s: 90,
        oracle: Some(oracle.to_owned()),
        clock: Clock::system(),
        calendar: app.app.calendar,
    }
}

both!(nothing_confirmed_is_lost_or_stored_twice, |app| async {
    app.add_towns();
    for number in 1..=PANELS {
        add_panel(app, &format!("FR-{number}"), &address(number), 1);
    }
    let folder = tempfile::tempdir().unwrap();
    let oracle: Arc<PathBuf> = Arc::new(folder.path().join("confirmed.jsonl"));
    let url = app.app.config.database.url.expose().to_owned();
    let variables = [("SONGHE_FIRE__LISTEN", "127.0.0.1:0"), ("SONGHE_FIRE__FRAMES_PER_S", "1000")];
    let keys = app.data_dir().to_owned();
    let start = move || Songhe::start_with_keys(&keys, &["serve", "--database", &url], &variables);
    let mut program = tokio::task::spawn_blocking(start).await.unwrap();
    let (moved, target) = watch::channel(program.addresses.fire.unwrap());
    let settings = settings(app, forwarder(target).await, &oracle);
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(simulate_panels(settings, stopped));
    for round in 1..=ROUNDS {
        let before = confirmed(&oracle).len();
        until_async(LIMIT, "panels are confirmed", || {
            let oracle = Arc::clone(&oracle);
            async move { confirmed(&oracle).len() >= before + 40 + 17 * round }
        })
        .await;
        program.kill();
        program = tokio::task::spawn_blocking(move || {
            program.restart();
            program
        })
        .await
        .unwrap();
        moved.send_replace(program.addresses.fire.unwrap());
    }
    let before = confirmed(&oracle).len();
    until_async(LIMIT, "panels are confirmed after the last start", || {
        let oracle = Arc::clone(&oracle);
        async move { confirmed(&oracle).len() >= before + 60 }
    })
    .await;
    stop.send_replace(true);
    let report = within(running).await.unwrap().unwrap();
    let status = tokio::task::spawn_blocking(move || program.stop()).await.unwrap();
    assert!(status.success());
    assert!(report.failures >= ROUNDS as u64 && report.fires > 0 && report.clocks_set > 0, "{report}");
    assert!(report.repeated > 0 && report.corrupted > 0, "{report}");
    compare(app, &confirmed(&oracle));
});

fn compare(app: &TestApp, confirmed: &[Identity]) {
    let rows: Vec<Stored> = app.read(|connection| {
        Ok(fire_frames::table
            .select((
                fire_frames::device_id,
                fire_frames::source,
                fire_frames::seq,
                fire_frames::hash,
                fire_frames::raw,
            ))
            .load(connection)?)
    });
    let stored: BTreeSet<Identity> = rows
        .iter()
        .map(|(_, source, seq, hash, raw)| {
            assert_eq!(*hash, Sha256::digest(raw).to_vec(), "the frame as it was sent");
            (source.clone(), *seq, hex::encode(hash))
        })
        .collect();
    assert_eq!(stored.len(), rows.len(), "a frame was stored twice");
    let lost: Vec<&Identity> = confirmed.iter().filter(|identity| !stored.contains(identity)).collect();
    assert!(lost.is_empty(), "confirmed and not stored: {lost:?}");
    assert!(confirmed.len() > 300, "{}", confirmed.len());

    // Every stored fire has its alert, and no part has more alerts than it told of fires.
    let mut fires: BTreeMap<(i64, String), usize> = BTreeMap::new();
    for (device, _, _, _, raw) in &rows {
        let content = Content::decode(&Frame::decode(raw).unwrap().data).unwrap();
        let Content::ComponentStates(all) = content else { continue };
        for one in all.iter().filter(|one| one.of.state & 2 != 0) {
            let [a, b, c, d] = one.of.part.address;
            let place = format!("{}-{}", u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
            *fires.entry((*device, place)).or_default() += 1;
        }
    }
    let raised: Vec<(i64, String)> = app.read(|connection| {
        Ok(alerts::table
            .filter(alerts::kind.eq("smoke"))
            .select((alerts::device_id.assume_not_null(), alerts::detail))
            .load(connection)?)
    });
    let mut counted: BTreeMap<(i64, String), usize> = BTreeMap::new();
    for (device, detail) in raised {
        let place = detail.split(' ').next().unwrap_or_default().to_owned();
        *counted.entry((device, place)).or_default() += 1;
    }
    assert!(!fires.is_empty());
    assert_eq!(fires.keys().collect::<Vec<_>>(), counted.keys().collect::<Vec<_>>());
    assert!(counted.iter().all(|(part, count)| count <= &fires[part]), "{counted:?} of {fires:?}");
}
