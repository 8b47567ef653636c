//! What every vector means.

use songhe_firmware_protocol::command::Arguments;
use songhe_firmware_protocol::downlink::{Ack, Time};
use songhe_firmware_protocol::message::{BirthMessage, ReadingsMessage};
use songhe_firmware_protocol::{
    Alarm, AlarmKind, Answer, CardNumber, Channel, Command, CommandKind, DeviceKind, Header, Lane, Message,
    Outcome, Sample, State,
};

/// A vector that is a message.
pub struct Golden {
    pub name: &'static str,
    pub message: Message,
    /// Whether this version writes the same bytes. Not so for a newer sender's.
    pub is_written: bool,
}

const BOOT_ID: u64 = 0x1122_3344_5566_7788;
const WALL_MS: u64 = 1_790_000_000_000;

pub fn header(lane: Lane, seq: u64) -> Header {
    Header { boot_id: BOOT_ID, lane, seq, monotonic_ms: 61_000, wall_ms: None, flags: 0 }
}

pub fn synced(lane: Lane, seq: u64) -> Header {
    Header { wall_ms: Some(WALL_MS), flags: Header::CLOCK_SYNCED, ..header(lane, seq) }
}

fn widest() -> Header {
    Header {
        boot_id: u64::MAX,
        lane: Lane::Live,
        seq: u64::MAX,
        monotonic_ms: u64::MAX,
        wall_ms: Some(u64::MAX),
        flags: u16::MAX,
    }
}

fn readings(header: Header, samples: &[Sample], card: Option<&str>) -> Message {
    let card = card.map(|text| CardNumber::parse(text).unwrap());
    Message::Readings(ReadingsMessage { header, samples: samples.to_vec(), card })
}

fn of(values: &[(Channel, i32)]) -> Vec<Sample> {
    values.iter().map(|(channel, value)| Sample::new(*channel, *value)).collect()
}

fn late(channel: Channel, value_scaled: i32, age_ms: u32) -> Sample {
    Sample { age_ms, ..Sample::new(channel, value_scaled) }
}

fn raw(channel_code: u16, value_scaled: i32, age_ms: u32) -> Sample {
    Sample { channel_code, value_scaled, age_ms }
}

fn alarm(header: Header, kind_code: u16, raised: bool, cause: Option<(u16, i32)>, attempt: u16) -> Message {
    Message::Alarm(Alarm { header, kind_code, raised, cause, attempt })
}

fn birth(
    header: Header,
    kind_code: u16,
    firmware: &str,
    heartbeat_s: u16,
    codes: (&[u16], &[u16]),
) -> Message {
    Message::Birth(BirthMessage {
        header,
        kind_code,
        firmware_version: firmware.to_owned(),
        heartbeat_s,
        channel_codes: codes.0.to_vec(),
        command_codes: codes.1.to_vec(),
    })
}

fn state(seq: u64, online: bool, connection: u32, answer: Option<(u64, Outcome)>) -> Message {
    let answer = answer.map(|(command_id, outcome)| Answer { command_id, outcome_code: outcome.code() });
    Message::State(State { header: header(Lane::Live, seq), online, connection, answer })
}

fn command(id: u64, kind: CommandKind, arguments: &[i32], expires_wall_ms: Option<u64>) -> Message {
    let arguments = Arguments::new(arguments).unwrap();
    Message::Command(Command { id, kind_code: kind.code(), arguments, expires_wall_ms })
}

fn all_channels() -> Message {
    let values = [
        (Channel::BloodPressureSystolic, 128),
        (Channel::BloodPressureDiastolic, 76),
        (Channel::Pulse, 71),
        (Channel::OxygenSaturation, 97),
        (Channel::Glucose, 58),
        (Channel::BodyTemperature, 365),
        (Channel::Weight, 634),
        (Channel::RoomTemperature, 215),
        (Channel::RoomHumidity, 612),
        (Channel::Door, 1),
        (Channel::Presence, 1),
        (Channel::Sos, 0),
        (Channel::Smoke, 3),
        (Channel::Heat, 241),
        (Channel::CarbonMonoxide, 4),
        (Channel::Gas, 0),
        (Channel::WaterPressure, 352),
        (Channel::TankLevel, 185),
        (Channel::ResidualCurrent, 42),
        (Channel::CabinetDoor, 0),
        (Channel::CallPoint, 0),
    ];
    assert_eq!(values.map(|(channel, _)| channel), *Channel::ALL);
    readings(header(Lane::Live, 100), &of(&values), None)
}

fn readings_vectors() -> Vec<(&'static str, Message)> {
    let live = |seq| header(Lane::Live, seq);
    let mut six = of(&[
        (Channel::BloodPressureSystolic, 128),
        (Channel::BloodPressureDiastolic, 76),
        (Channel::Pulse, 71),
        (Channel::RoomTemperature, -5),
        (Channel::RoomHumidity, 612),
    ]);
    six.push(late(Channel::Door, 1, 1_500));
    let kiosk = of(&[
        (Channel::BloodPressureSystolic, 144),
        (Channel::BloodPressureDiastolic, 84),
        (Channel::Pulse, 72),
        (Channel::OxygenSaturation, 97),
        (Channel::BodyTemperature, 366),
    ]);
    let kept = [
        late(Channel::RoomTemperature, -5, 86_400_000),
        late(Channel::RoomHumidity, 612, 3_600_000),
        Sample::new(Channel::Door, 0),
    ];
    let extremes = [raw(u16::MAX, i32::MIN, 86_400_000), raw(1, i32::MAX, 0)];
    vec![
        ("readings-one", readings(live(0), &of(&[(Channel::RoomTemperature, 215)]), None)),
        ("readings-six", readings(synced(Lane::Live, 4_711), &six, None)),
        ("readings-backfill-empty", readings(header(Lane::Backfill, 9), &[], None)),
        ("readings-newer-sender", readings(live(1), &[raw(65_535, -7, 2)], None)),
        ("readings-card", readings(synced(Lane::Live, 42), &kiosk, Some("JJ-0000-0042"))),
        ("readings-all-channels", all_channels()),
        ("backfill-three", readings(synced(Lane::Backfill, 0), &kept, None)),
        ("readings-extremes", readings(widest(), &extremes, None)),
        ("readings-newer-sender-card", readings(live(1), &of(&[(Channel::Pulse, 72)]), Some("K-7"))),
    ]
}

fn other_vectors() -> Vec<(&'static str, Message)> {
    let live = |seq| header(Lane::Live, seq);
    let code = |kind: AlarmKind| kind.code();
    let fire: Vec<u16> = (64..=72).collect();
    let commands: Vec<u16> = CommandKind::ALL.iter().map(|kind| kind.code()).collect();
    let station = DeviceKind::Station.code();
    vec![
        ("alarm-sos", alarm(synced(Lane::Live, 3), code(AlarmKind::Sos), true, None, 0)),
        ("alarm-smoke-over", alarm(live(18), code(AlarmKind::Smoke), false, Some((64, 12)), 4)),
        ("alarm-fall-again", alarm(live(5), code(AlarmKind::Fall), true, None, u16::MAX)),
        ("alarm-unknown-kind", alarm(live(6), 900, true, Some((901, -1)), 0)),
        ("alarm-newer-sender", alarm(live(7), code(AlarmKind::Fire), true, Some((65, 600)), 1)),
        ("birth-station", birth(live(0), station, "2.4.1", 30, (&[32, 36], &[]))),
        ("birth-kiosk", birth(live(0), station, "3.0.0-rc1", 60, (&[1, 2, 3, 4, 6], &commands))),
        ("birth-fire", birth(synced(Lane::Live, 10), DeviceKind::Fire.code(), "", u16::MAX, (&fire, &[]))),
        ("birth-newer-sender", birth(live(0), 900, "9.9.9", 30, (&[901], &[902]))),
        ("state-will", state(0, false, 2, None)),
        ("state-online", state(1, true, 7, None)),
        ("state-answer", state(9, true, 7, Some((17, Outcome::Done)))),
        ("state-newer-sender", state(11, true, 7, Some((18, Outcome::Failed)))),
        ("state-answer-null", state(12, true, 7, None)),
    ]
}

fn downward_vectors() -> Vec<(&'static str, Message)> {
    let limits = [6, 1, 385, 380];
    let extremes = [i32::MIN, i32::MAX, 0, -1, 23, 24, -24, -25];
    let unknown = Command {
        id: u64::MAX,
        kind_code: u16::MAX,
        arguments: Arguments::new(&extremes).unwrap(),
        expires_wall_ms: Some(u64::MAX),
    };
    let ack = |boot_id, lane, seq| Message::Ack(Ack { boot_id, lane, seq });
    let time = |wall_ms| Message::Time(Time { wall_ms });
    vec![
        ("ack", ack(BOOT_ID, Lane::Backfill, 300)),
        ("ack-extremes", ack(u64::MAX, Lane::Live, u64::MAX)),
        ("ack-newer-sender", ack(BOOT_ID, Lane::Live, 5)),
        ("time", time(WALL_MS)),
        ("time-epoch", time(0)),
        ("time-newer-sender", time(WALL_MS)),
        ("command-identify", command(17, CommandKind::Identify, &[30], None)),
        ("command-report", command(18, CommandKind::Report, &[], None)),
        ("command-interval", command(19, CommandKind::Interval, &[32, 60], None)),
        ("command-alarm-answered", command(20, CommandKind::AlarmAnswered, &[1], Some(WALL_MS))),
        ("command-self-test", command(21, CommandKind::SelfTest, &[], None)),
        ("command-restart", command(22, CommandKind::Restart, &[], Some(WALL_MS))),
        ("command-limits", command(23, CommandKind::Limits, &limits, None)),
        ("command-limits-off", command(24, CommandKind::Limits, &limits[..2], None)),
        ("command-unknown", Message::Command(unknown)),
        ("command-newer-sender", command(25, CommandKind::Report, &[], None)),
    ]
}

/// Every vector that is a message.
pub fn golden() -> Vec<Golden> {
    let all = [readings_vectors(), other_vectors(), downward_vectors()].into_iter().flatten();
    let is_written = |name: &str| !name.contains("newer-sender") && name != "state-answer-null";
    all.map(|(name, message)| Golden { name, message, is_written: is_written(name) }).collect()
}
