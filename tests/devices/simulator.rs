//! Simulated devices against the embedded broker: what they saw acknowledged is what was committed, through refusals and
//! restarts, and nothing they made is lost.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use songhe::cli::simulate::{Acks, PanelArgs, SimulateArgs, run};
use songhe::clock::Clock;
use songhe::devices::broker::{Broker, Departure, Presence};
use songhe::devices::simulator::{
    Credential, DeviceFaults, Report, SimulatorError, SimulatorSettings, Word, simulate,
};
use songhe_firmware_protocol::{Alarm, AlarmKind, Birth, Channel, DeviceKind, Header, Lane, Readings, State};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::gate::{Mode, RecordingGate, TOKEN, noon, settings, start, within};

/// (device, boot, lane, seq)
type Identity = (String, u64, u8, u64);

fn simulation(broker: &Broker, oracle: &Path, devices: u32) -> SimulatorSettings {
    let credential = |number: u32| Credential {
        device: format!("ST-{number}"),
        token: TOKEN.to_owned(),
        kind: if number.is_multiple_of(2) { DeviceKind::Fire } else { DeviceKind::Station },
    };
    SimulatorSettings {
        broker: broker.address(),
        credentials: (1..=devices).map(credential).collect(),
        rate: 40.0,
        seed: 7,
        sos_per_hour: 40_000.0,
        smoke_per_hour: 40_000.0,
        oracle: Some(oracle.to_owned()),
        faults: DeviceFaults::default(),
        word: Word::Broker,
        // What was kept must be handed over before a test ends.
        backfill_rate: 1_000.0,
        clockless: 0.0,
        clock_skew_s: 0,
        clock: Clock::manual(noon()).0,
    }
}

fn begin(settings: SimulatorSettings) -> (watch::Sender<bool>, JoinHandle<Result<Report, SimulatorError>>) {
    let (stop, stopped) = watch::channel(false);
    (stop, tokio::spawn(simulate(settings, stopped)))
}

async fn end(stop: watch::Sender<bool>, running: JoinHandle<Result<Report, SimulatorError>>) -> Report {
    stop.send_replace(true);
    within(running).await.unwrap().unwrap()
}

fn header_of(level: &str, payload: &[u8]) -> Header {
    match level {
        "up" | "bf" => Readings::decode(payload).unwrap().header,
        "alarm" => Alarm::decode(payload).unwrap().header,
        "birth" => Birth::decode(payload).unwrap().header,
        "state" => State::decode(payload).unwrap().header,
        other => panic!("unexpected topic {other}"),
    }
}

fn committed(gate: &RecordingGate) -> BTreeSet<Identity> {
    let identity = |(device, level, payload): (String, &str, Vec<u8>)| {
        let header = header_of(level, &payload);
        assert_eq!(level == "bf", header.lane == Lane::Backfill, "each lane has its topic");
        (device, header.boot_id, header.lane.code(), header.seq)
    };
    gate.taken().into_iter().map(identity).collect()
}

fn acknowledged(oracle: &Path) -> Vec<Identity> {
    let text = std::fs::read_to_string(oracle).unwrap();
    let identity = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let number = |key: &str| line[key].as_u64().unwrap();
        let lane = u8::try_from(number("lane")).unwrap();
        (line["device"].as_str().unwrap().to_owned(), number("boot"), lane, number("seq"))
    };
    text.lines().map(identity).collect()
}

#[tokio::test]
async fn devices_introduce_themselves_then_send_readings_and_alarms() {
    let folder = tempfile::tempdir().unwrap();
    let gate = RecordingGate::new(Mode::Open);
    let broker = start(&gate).await;
    let (stop, running) = begin(simulation(&broker, &folder.path().join("oracle"), 2));
    gate.wait_for_arrivals(40).await;
    let report = end(stop, running).await;
    broker.stop().await;

    let taken = gate.taken();
    for (device, kind) in [("ST-1", DeviceKind::Station), ("ST-2", DeviceKind::Fire)] {
        let own: Vec<_> = taken.iter().filter(|message| message.0 == device).collect();
        let birth = Birth::decode(&own[0].2).unwrap();
        assert_eq!((own[0].1, birth.kind_code), ("birth", kind.code()));
        let announced: BTreeSet<u16> = birth.channel_codes().collect();
        for message in own.iter().filter(|message| message.1 == "up") {
            let readings = Readings::decode(&message.2).unwrap();
            assert!(readings.header.is_clock_synced());
            for sample in readings.samples() {
                assert!(announced.contains(&sample.channel_code));
                assert!(sample.channel().is_some_and(|channel| channel.is_plausible(sample.value_scaled)));
            }
        }
    }
    let alarms: Vec<_> =
        taken.iter().filter(|message| message.1 == "alarm").map(|m| Alarm::decode(&m.2).unwrap()).collect();
    assert!(alarms.iter().any(|alarm| alarm.kind() == Some(AlarmKind::Sos) && alarm.raised));
    assert!(alarms.iter().any(|alarm| alarm.kind() == Some(AlarmKind::Smoke)
        && alarm.raised
        && alarm.cause.is_some_and(|(code, value)| code == Channel::Smoke.code() && value > 20)));
    assert_eq!(report.alarms, alarms.len() as u64);
    assert_eq!((report.acknowledged, report.kept, report.failures), (report.made, 0, 0));
}

#[tokio::test]
async fn nothing_is_lost_through_refusals_and_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let oracle = folder.path().join("oracle");
    let gate = RecordingGate::new(Mode::Open);
    let broker = start(&gate).await;
    let address = broker.address();
    let (stop, running) = begin(simulation(&broker, &oracle, 4));
    gate.wait_for_arrivals(60).await;
    gate.set(Mode::Refusing);
    gate.wait_for_arrivals(gate.arrived() + 4).await;
    broker.stop().await;
    // Away long enough for backfill.
    tokio::time::sleep(Duration::from_millis(400)).await;
    gate.set(Mode::Open);
    let broker = Broker::start(Arc::clone(&gate), settings(address)).await.unwrap();
    gate.wait_for_arrivals(gate.arrived() + 200).await;
    let report = end(stop, running).await;
    broker.stop().await;

    let acknowledged = acknowledged(&oracle);
    let distinct: BTreeSet<Identity> = acknowledged.iter().cloned().collect();
    assert_eq!(distinct.len(), acknowledged.len(), "no identity is acknowledged for two messages");
    let committed = committed(&gate);
    assert!(distinct.is_subset(&committed), "acknowledged without a commit");
    assert_eq!(report.acknowledged, acknowledged.len() as u64);
    assert_eq!(report.made, report.acknowledged + report.dropped + report.kept);
    assert!(report.refused > 0 && report.failures >= 4 && report.connects >= 8, "{report}");
    assert!(
        acknowledged.iter().any(|identity| identity.2 == Lane::Backfill.code()),
        "offline readings came later"
    );
    assert_eq!(report.kept, 0, "{report}");
}

#[tokio::test]
async fn the_same_seed_gives_the_same_values() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let folder = tempfile::tempdir().unwrap();
        let gate = RecordingGate::new(Mode::Open);
        let broker = start(&gate).await;
        let (stop, running) = begin(simulation(&broker, &folder.path().join("oracle"), 1));
        gate.wait_for_arrivals(30).await;
        end(stop, running).await;
        broker.stop().await;
        let readings = gate.taken().into_iter().filter(|message| message.1 == "up" || message.1 == "bf");
        let mut values: Vec<_> = readings
            .map(|message| {
                let readings = Readings::decode(&message.2).unwrap();
                (readings.header.monotonic_ms, readings.samples().collect::<Vec<_>>())
            })
            .collect();
        values.sort_by_key(|(monotonic_ms, _)| *monotonic_ms);
        runs.push(values.into_iter().map(|(_, samples)| samples).take(20).collect::<Vec<_>>());
    }
    assert_eq!(runs[0].len(), 20);
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn a_rate_that_cannot_be_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(&RecordingGate::new(Mode::Open)).await;
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 1_000.5] {
        let settings = SimulatorSettings { rate, ..simulation(&broker, &folder.path().join("oracle"), 1) };
        let (_stop, running) = begin(settings);
        assert!(matches!(within(running).await.unwrap(), Err(SimulatorError::Rate)), "{rate}");
    }
    broker.stop().await;
}

#[tokio::test]
async fn the_command_simulates_for_the_time_asked_and_says_what_it_did() {
    let folder = tempfile::tempdir().unwrap();
    let gate = RecordingGate::new(Mode::Open);
    let broker = start(&gate).await;
    let credentials = folder.path().join("devices.json");
    let device = serde_json::json!([{ "device": "ST-1", "token": TOKEN, "kind": "station" }]);
    std::fs::write(&credentials, device.to_string()).unwrap();
    let args = SimulateArgs {
        broker: broker.address(),
        credentials: Some(credentials),
        stations: Some(1),
        fire: Some(0),
        faults: 0.0,
        clock_skew: 0,
        acks: Acks::Broker,
        clockless: 0.0,
        rate: 20.0,
        seed: 1,
        sos_per_hour: 0.0,
        smoke_per_hour: 0.0,
        seconds: Some(1),
        oracle: None,
        until_stdin_closes: false,
        panels: PanelArgs::default(),
    };
    let report = within(tokio::task::spawn_blocking(move || run(args))).await.unwrap().unwrap();
    assert_eq!(report.acknowledged, gate.taken().len() as u64);
    assert!(report.acknowledged > 5 && report.alarms == 0, "{report}");
    let events = gate.presence_until(|events| events.len() == 2).await;
    assert!(matches!(events[1], Presence::Disconnected { departure: Departure::Said, .. }), "{events:?}");
    broker.stop().await;
}
