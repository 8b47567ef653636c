//! Any message that the protocol allows.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use songhe_firmware_protocol::command::Arguments;
use songhe_firmware_protocol::downlink::{Ack, Time};
use songhe_firmware_protocol::limits::{ARGUMENTS_MAX, CHANNELS_MAX, COMMANDS_MAX, SAMPLE_AGE_MS_MAX};
use songhe_firmware_protocol::message::{BirthMessage, ReadingsMessage};
use songhe_firmware_protocol::{
    Alarm, Answer, CardNumber, Channel, Command, Header, Lane, Message, Sample, State, TopicKind,
};

fn lane() -> impl Strategy<Value = Lane> {
    prop::sample::select(vec![Lane::Live, Lane::Backfill])
}

/// Small numbers as often as large ones: they have other lengths.
fn wide() -> impl Strategy<Value = u64> {
    prop_oneof![any::<u64>(), any::<u32>().prop_map(u64::from), 0_u64..300]
}

/// Known codes and others.
fn code() -> impl Strategy<Value = u16> {
    prop_oneof![any::<u16>(), 0_u16..100]
}

pub fn header() -> impl Strategy<Value = Header> {
    (wide(), lane(), wide(), wide(), option::of(wide()), any::<u16>()).prop_map(
        |(boot_id, lane, seq, monotonic_ms, wall_ms, flags)| Header {
            boot_id,
            lane,
            seq,
            monotonic_ms,
            wall_ms,
            flags,
        },
    )
}

pub fn sample() -> impl Strategy<Value = Sample> {
    let value = prop_oneof![any::<i32>(), -1_000..1_000];
    let age_ms = prop_oneof![Just(0), 0..=SAMPLE_AGE_MS_MAX];
    (code(), value, age_ms).prop_map(|(channel_code, value_scaled, age_ms)| Sample {
        channel_code,
        value_scaled,
        age_ms,
    })
}

/// A sample of a known channel.
pub fn known_sample() -> impl Strategy<Value = Sample> {
    (prop::sample::select(Channel::ALL), any::<i32>())
        .prop_map(|(channel, value)| Sample::new(channel, value))
}

pub fn card() -> impl Strategy<Value = CardNumber> {
    "[A-Za-z0-9-]{1,32}".prop_map(|text| CardNumber::parse(&text).unwrap())
}

pub fn readings(samples_max: usize) -> impl Strategy<Value = Message> {
    (header(), vec(sample(), 0..=samples_max), option::of(card()))
        .prop_map(|(header, samples, card)| Message::Readings(ReadingsMessage { header, samples, card }))
}

fn alarm() -> impl Strategy<Value = Message> {
    let cause = option::of((code(), any::<i32>()));
    (header(), code(), any::<bool>(), cause, any::<u16>()).prop_map(
        |(header, kind_code, raised, cause, attempt)| {
            Message::Alarm(Alarm { header, kind_code, raised, cause, attempt })
        },
    )
}

fn birth() -> impl Strategy<Value = Message> {
    let codes = (vec(code(), 0..=CHANNELS_MAX), vec(code(), 0..=COMMANDS_MAX));
    (header(), code(), "[ -~]{0,32}|[\u{e9}\u{677e}\"\\\\\n]{0,10}", any::<u16>(), codes).prop_map(
        |(header, kind_code, firmware_version, heartbeat_s, (channel_codes, command_codes))| {
            Message::Birth(BirthMessage {
                header,
                kind_code,
                firmware_version,
                heartbeat_s,
                channel_codes,
                command_codes,
            })
        },
    )
}

fn state() -> impl Strategy<Value = Message> {
    let answer = option::of((wide(), code()));
    let answer = answer
        .prop_map(|answer| answer.map(|(command_id, outcome_code)| Answer { command_id, outcome_code }));
    (header(), any::<bool>(), any::<u32>(), answer).prop_map(|(header, online, connection, answer)| {
        Message::State(State { header, online, connection, answer })
    })
}

fn command() -> impl Strategy<Value = Message> {
    (wide(), code(), vec(any::<i32>(), 0..=ARGUMENTS_MAX), option::of(wide())).prop_map(
        |(id, kind_code, arguments, expires_wall_ms)| {
            let arguments = Arguments::new(&arguments).unwrap();
            Message::Command(Command { id, kind_code, arguments, expires_wall_ms })
        },
    )
}

pub fn downward() -> impl Strategy<Value = Message> {
    prop_oneof![
        (wide(), lane(), wide()).prop_map(|(boot_id, lane, seq)| Message::Ack(Ack { boot_id, lane, seq })),
        wide().prop_map(|wall_ms| Message::Time(Time { wall_ms })),
        command(),
    ]
}

pub fn message() -> impl Strategy<Value = Message> {
    prop_oneof![readings(40), alarm(), birth(), state(), downward()]
}

/// The topic of a message's CBOR.
pub fn topic_of(message: &Message) -> TopicKind {
    match message {
        Message::Readings(readings) if readings.header.lane == Lane::Backfill => TopicKind::Backfill,
        Message::Readings(_) => TopicKind::Up,
        Message::Alarm(_) => TopicKind::Alarm,
        Message::Birth(_) => TopicKind::Birth,
        Message::State(_) => TopicKind::State,
        Message::Ack(_) => TopicKind::Ack,
        Message::Time(_) => TopicKind::Time,
        Message::Command(_) => TopicKind::Command,
    }
}
