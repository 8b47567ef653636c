//! Golden bytes: every file of `vectors/v1` decodes to the message named here, and that message encodes to the file.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::fs;
use std::path::PathBuf;

use songhe_firmware_protocol::downlink::{Ack, Time};
use songhe_firmware_protocol::limits::{FRAME_BYTES_MAX, SAMPLES_MAX};
use songhe_firmware_protocol::{
    Alarm, AlarmKind, Birth, Channel, DecodeError, DeviceKind, Header, Lane, Readings, Sample, State,
};

/// Reads a vector: hexadecimal bytes, blanks between them, comments after `#`.
fn vector(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors/v1").join(format!("{name}.hex"));
    let text = fs::read_to_string(&path).unwrap();
    let digits: String =
        text.lines().map(|line| line.split('#').next().unwrap()).flat_map(str::split_whitespace).collect();
    assert!(digits.len().is_multiple_of(2), "{}: half a byte", path.display());
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

fn header(lane: Lane, seq: u64) -> Header {
    Header { boot_id: 0x1122_3344_5566_7788, lane, seq, monotonic_ms: 61_000, wall_ms: None, flags: 0 }
}

fn synced(seq: u64) -> Header {
    Header { wall_ms: Some(1_790_000_000_000), flags: Header::CLOCK_SYNCED, ..header(Lane::Live, seq) }
}

fn encoded(write: impl FnOnce(&mut [u8]) -> usize) -> Vec<u8> {
    let mut out = vec![0; FRAME_BYTES_MAX];
    let length = write(&mut out);
    out.truncate(length);
    out
}

fn assert_readings(name: &str, header: Header, samples: &[Sample]) {
    let bytes = vector(name);
    let readings = Readings::decode(&bytes).unwrap();
    assert_eq!(readings.header, header, "{name}");
    assert_eq!(readings.samples().collect::<Vec<_>>(), samples, "{name}");
    assert_eq!(readings.len(), samples.len());
    assert_eq!(encoded(|out| Readings::encode(&header, samples, out).unwrap()), bytes, "{name}");
}

#[test]
fn readings_vectors_hold() {
    assert_readings("readings-one", header(Lane::Live, 0), &[Sample::new(Channel::RoomTemperature, 215)]);
    assert_readings(
        "readings-six",
        synced(4_711),
        &[
            Sample::new(Channel::BloodPressureSystolic, 128),
            Sample::new(Channel::BloodPressureDiastolic, 76),
            Sample::new(Channel::Pulse, 71),
            Sample::new(Channel::RoomTemperature, -5),
            Sample::new(Channel::RoomHumidity, 612),
            Sample { age_ms: 1_500, ..Sample::new(Channel::Door, 1) },
        ],
    );
    assert_readings("readings-backfill-empty", header(Lane::Backfill, 9), &[]);
}

#[test]
fn fields_of_a_newer_sender_are_skipped() {
    let bytes = vector("readings-newer-sender");
    let readings = Readings::decode(&bytes).unwrap();
    assert_eq!(readings.header, header(Lane::Live, 1));
    let samples: Vec<_> = readings.samples().collect();
    assert_eq!(samples, [Sample { channel_code: 65_535, value_scaled: -7, age_ms: 2 }]);
    assert_eq!(samples[0].channel(), None, "an unknown channel is kept by its code");
}

#[test]
fn alarm_vectors_hold() {
    let sos =
        Alarm { header: synced(3), kind_code: AlarmKind::Sos.code(), raised: true, cause: None, attempt: 0 };
    let smoke = Alarm {
        header: header(Lane::Live, 18),
        kind_code: AlarmKind::Smoke.code(),
        raised: false,
        cause: Some((Channel::Smoke.code(), 12)),
        attempt: 4,
    };
    for (name, alarm) in [("alarm-sos", sos), ("alarm-smoke-over", smoke)] {
        let bytes = vector(name);
        assert_eq!(Alarm::decode(&bytes).unwrap(), alarm, "{name}");
        assert_eq!(encoded(|out| alarm.encode(out).unwrap()), bytes, "{name}");
    }
}

#[test]
fn birth_and_state_vectors_hold() {
    let bytes = vector("birth-station");
    let codes = [Channel::RoomTemperature.code(), Channel::Sos.code()];
    let birth = Birth::decode(&bytes).unwrap();
    assert_eq!(birth.header, header(Lane::Live, 0));
    assert_eq!(DeviceKind::from_code(birth.kind_code), Some(DeviceKind::Station));
    assert_eq!((birth.firmware_version, birth.heartbeat_s), ("2.4.1", 30));
    assert_eq!(birth.channel_codes().collect::<Vec<_>>(), codes);
    let again = encoded(|out| {
        Birth::encode(&header(Lane::Live, 0), DeviceKind::Station.code(), "2.4.1", 30, &codes, out).unwrap()
    });
    assert_eq!(again, bytes);

    let bytes = vector("state-will");
    let state = State { header: header(Lane::Live, 0), online: false, connection: 2 };
    assert_eq!(State::decode(&bytes).unwrap(), state);
    assert_eq!(encoded(|out| state.encode(out).unwrap()), bytes);
}

#[test]
fn downlink_vectors_hold() {
    let bytes = vector("ack");
    let ack = Ack { boot_id: 0x1122_3344_5566_7788, lane: Lane::Backfill, seq: 300 };
    assert_eq!(Ack::decode(&bytes).unwrap(), ack);
    assert_eq!(encoded(|out| ack.encode(out).unwrap()), bytes);

    let bytes = vector("time");
    let time = Time { wall_ms: 1_790_000_000_000 };
    assert_eq!(Time::decode(&bytes).unwrap(), time);
    assert_eq!(encoded(|out| time.encode(out).unwrap()), bytes);
}

#[test]
fn broken_messages_are_refused_with_their_reason() {
    let good = vector("readings-one");
    for length in 0..good.len() {
        assert!(Readings::decode(&good[..length]).is_err(), "cut at {length}");
    }
    let mut longer = good.clone();
    longer.push(0);
    assert_eq!(Readings::decode(&longer).err(), Some(DecodeError::TrailingBytes));
    for (name, reason) in [
        ("refused-version", DecodeError::Version(2)),
        ("refused-lane", DecodeError::Lane(2)),
        ("refused-indefinite", DecodeError::Malformed),
        ("refused-short-header", DecodeError::MissingField),
        ("refused-sample-count", DecodeError::TooMany),
    ] {
        assert_eq!(Readings::decode(&vector(name)).err(), Some(reason), "{name}");
    }
    assert_eq!(Readings::decode(&vec![0; FRAME_BYTES_MAX + 1]).err(), Some(DecodeError::TooLong));
}

#[test]
fn the_widest_message_fits_and_one_more_sample_does_not() {
    let widest = Sample { channel_code: u16::MAX, value_scaled: i32::MIN, age_ms: 86_400_000 };
    let header = Header {
        boot_id: u64::MAX,
        lane: Lane::Backfill,
        seq: u64::MAX,
        monotonic_ms: u64::MAX,
        wall_ms: Some(u64::MAX),
        flags: u16::MAX,
    };
    let mut samples = vec![widest; SAMPLES_MAX];
    let bytes = encoded(|out| Readings::encode(&header, &samples, out).unwrap());
    assert_eq!(Readings::decode(&bytes).unwrap().samples().collect::<Vec<_>>(), samples);
    samples.push(widest);
    assert!(Readings::encode(&header, &samples, &mut vec![0; 2 * FRAME_BYTES_MAX]).is_err());
    let old = Sample { age_ms: 86_400_001, ..widest };
    assert!(Readings::encode(&header, &[old], &mut [0; 128]).is_err());
}
