//! What devices saw acknowledged, compared with what is stored.

use std::collections::BTreeSet;
use std::path::Path;

use diesel::prelude::*;
use songhe::clock::Clock;
use songhe::db::AnyConnection;
use songhe::db::schema::{device_gaps, device_windows, devices, readings};
use songhe::devices::ingest::window::{Verdict, Window};
use songhe::devices::simulator::{Credential, DeviceFaults, SimulatorSettings};
use songhe_firmware_protocol::DeviceKind as Simulated;

use crate::devices::live::rig::TOKEN;

/// (device, boot, lane, seq), boot and seq as they are stored.
pub type Identity = (String, i64, i16, i64);

/// Devices `D-1` to `D-n`, stations and fire gateways by turns, that send fast and call often.
pub fn devices(broker: std::net::SocketAddr, count: usize, oracle: &Path, seed: u64) -> SimulatorSettings {
    let credential = |number: usize| Credential {
        device: format!("D-{number}"),
        token: TOKEN.to_owned(),
        kind: if number.is_multiple_of(2) { Simulated::Fire } else { Simulated::Station },
    };
    SimulatorSettings {
        broker,
        credentials: (1..=count).map(credential).collect(),
        rate: 50.0,
        seed,
        sos_per_hour: 2_000.0,
        smoke_per_hour: 2_000.0,
        oracle: Some(oracle.to_owned()),
        faults: DeviceFaults::each(0.02),
        clock_skew_s: 7_200,
        clock: Clock::system(),
    }
}

pub fn acknowledged(oracle: &Path) -> Vec<Identity> {
    let text = std::fs::read_to_string(oracle).unwrap_or_default();
    let identity = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        let number = |key: &str| line[key].as_u64().unwrap() as i64;
        let lane = i16::try_from(number("lane")).unwrap();
        Some((line["device"].as_str()?.to_owned(), number("boot"), lane, number("seq")))
    };
    text.lines().filter_map(identity).collect()
}

/// Everything acknowledged is stored, and nothing twice. `connects`: how often devices introduced themselves at the most.
pub fn compare(connection: &mut AnyConnection, acknowledged: &[Identity], connects: u64) {
    let rows: Vec<(String, i64, i16, i64, i16)> = readings::table
        .inner_join(devices::table.on(devices::id.eq(readings::device_id)))
        .select((devices::code, readings::boot_id, readings::lane, readings::seq, readings::channel))
        .load(connection)
        .unwrap();
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
        assert!(is_known(connection, identity), "{identity:?} is acknowledged and would be taken again");
    }
    let unique: BTreeSet<&Identity> = acknowledged.iter().collect();
    assert_eq!(unique.len(), acknowledged.len(), "no identity is acknowledged for two messages");
}

/// Whether the stored window and gaps say that the message was stored.
fn is_known(connection: &mut AnyConnection, (code, boot, lane, seq): &Identity) -> bool {
    let device: i64 =
        devices::table.filter(devices::code.eq(code)).select(devices::id).first(connection).unwrap();
    let row: Option<(i64, i64)> = device_windows::table
        .find((device, *boot, *lane))
        .select((device_windows::next_seq, device_windows::window_bits))
        .first(connection)
        .optional()
        .unwrap();
    let Some((next_seq, bits)) = row else { return false };
    let gap: i64 = device_gaps::table
        .filter(device_gaps::device_id.eq(device))
        .filter(device_gaps::boot_id.eq(*boot))
        .filter(device_gaps::lane.eq(*lane))
        .filter(device_gaps::from_seq.le(*seq))
        .filter(device_gaps::to_seq.gt(*seq))
        .count()
        .get_result(connection)
        .unwrap();
    let verdict = Window::restore((next_seq - 1) as u64, bits as u64).offer(*seq as u64);
    verdict == Verdict::Duplicate || (verdict == Verdict::TooOld && gap == 0)
}
