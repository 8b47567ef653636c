//! What devices saw acknowledged, compared with what is stored.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use diesel::prelude::*;
use songhe::clock::{Clock, Instant, from_millis};
use songhe::db::AnyConnection;
use songhe::db::schema::{device_gaps, device_windows, devices, readings};
use songhe::devices::ingest::window::{Verdict, Window};
use songhe::devices::simulator::{Credential, DeviceFaults, SimulatorSettings, Word};
use songhe_firmware_protocol::{Channel, DeviceKind as Simulated};

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
        word: Word::Broker,
        // A load that is much of it backfill finds more faults than one that is polite.
        backfill_rate: 1_000.0,
        clockless: 0.25,
        clock_skew_s: 7_200,
        clock: Clock::system(),
    }
}

/// A message that a device saw acknowledged.
#[derive(Clone, Debug)]
pub struct Acknowledged {
    pub identity: Identity,
    /// Last level of its topic.
    kind: String,
    rows: Vec<Row>,
}

/// Channel, value and the device's time of a reading, as they are stored.
type Row = (i16, f64, Option<Instant>);

pub fn acknowledged(oracle: &Path) -> Vec<Acknowledged> {
    let text = std::fs::read_to_string(oracle).unwrap_or_default();
    text.lines().filter_map(|line| Some(read(&serde_json::from_str(line).ok()?))).collect()
}

fn read(line: &serde_json::Value) -> Acknowledged {
    let number = |key: &str| line[key].as_u64().unwrap() as i64;
    let text = |key: &str| line[key].as_str().unwrap().to_owned();
    let wall_ms = line["wall_ms"].as_i64();
    let row = |sample: &serde_json::Value| {
        let part = |at: usize| sample[at].as_i64().unwrap();
        let channel = Channel::from_code(part(0) as u16).unwrap();
        let device_at = wall_ms.map(|wall_ms| from_millis(wall_ms - part(2)));
        (channel.code() as i16, channel.value(part(1) as i32), device_at)
    };
    Acknowledged {
        identity: (text("device"), number("boot"), i16::try_from(number("lane")).unwrap(), number("seq")),
        kind: text("kind"),
        rows: line["samples"].as_array().unwrap().iter().map(row).collect(),
    }
}

/// Everything acknowledged is stored whole, and nothing twice. `given_up`: messages in whose place one that says nothing may have
/// gone.
pub fn compare(connection: &mut AnyConnection, acknowledged: &[Acknowledged], given_up: u64) {
    type Stored = (String, i64, i16, i64, i16, f64, Option<Instant>);
    let rows: Vec<Stored> = readings::table
        .inner_join(devices::table.on(devices::id.eq(readings::device_id)))
        .select((
            devices::code,
            readings::boot_id,
            readings::lane,
            readings::seq,
            readings::channel,
            readings::value,
            readings::device_at,
        ))
        .load(connection)
        .unwrap();
    let mut stored: BTreeMap<Identity, Vec<Row>> = BTreeMap::new();
    for (device, boot, lane, seq, channel, value, device_at) in rows {
        stored.entry((device, boot, lane, seq)).or_default().push((channel, value, device_at));
    }
    for (identity, rows) in &mut stored {
        rows.sort_by_key(|row| row.0);
        assert!(rows.is_sorted_by(|one, next| one.0 < next.0), "{identity:?} was stored twice: {rows:?}");
    }
    for one in acknowledged {
        let mut wanted = one.rows.clone();
        wanted.sort_by_key(|row| row.0);
        let found = stored.get(&one.identity).map_or(&[][..], Vec::as_slice);
        assert_eq!(found, wanted, "{:?} of {:?}", one.kind, one.identity);
        assert!(is_known(connection, &one.identity), "{one:?} is acknowledged and would be taken again");
    }
    let says_nothing =
        |one: &&Acknowledged| one.rows.is_empty() && !matches!(one.kind.as_str(), "birth" | "state");
    let empty = acknowledged.iter().filter(says_nothing).count() as u64;
    assert!(empty <= given_up, "{empty} messages say nothing, {given_up} were given up");
    let unique: BTreeSet<&Identity> = acknowledged.iter().map(|one| &one.identity).collect();
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
