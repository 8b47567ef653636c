//! Every stated maximum: one below it and at it is taken, one beyond it is refused, by the writer and by the reader.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use common::{encoded, written};
use songhe_firmware_protocol::command::Arguments;
use songhe_firmware_protocol::downlink::{Ack, Time};
use songhe_firmware_protocol::json::JsonError;
use songhe_firmware_protocol::limits::{
    ARGUMENTS_MAX, CARD_NUMBER_BYTES_MAX, CHANNELS_MAX, COMMANDS_MAX, DEVICE_ID_BYTES_MAX,
    FIRMWARE_VERSION_BYTES_MAX, FRAME_BYTES_MAX, JSON_BYTES_MAX, SAMPLE_AGE_MS_MAX, SAMPLES_MAX,
    TOPIC_BYTES_MAX,
};
use songhe_firmware_protocol::message::{BirthMessage, ReadingsMessage};
use songhe_firmware_protocol::{
    Alarm, Answer, Birth, CardNumber, Command, DecodeError, EncodeError, Header, Lane, Message, Readings,
    Sample, State, Topic, TopicKind, json,
};

const WIDEST_HEADER: Header = Header {
    boot_id: u64::MAX,
    lane: Lane::Backfill,
    seq: u64::MAX,
    monotonic_ms: u64::MAX,
    wall_ms: Some(u64::MAX),
    flags: u16::MAX,
};
const WIDEST_SAMPLE: Sample =
    Sample { channel_code: u16::MAX, value_scaled: i32::MIN, age_ms: SAMPLE_AGE_MS_MAX };

/// One below a limit, the limit, one beyond it.
const fn around(limit: usize) -> [(usize, bool); 3] {
    [(limit - 1, true), (limit, true), (limit + 1, false)]
}

fn widest_card() -> CardNumber {
    CardNumber::parse(&"9".repeat(CARD_NUMBER_BYTES_MAX)).unwrap()
}

/// The head of an array of more than 23 items, as a writer without limits would make it.
fn array_head(count: usize) -> Vec<u8> {
    match u8::try_from(count) {
        Ok(count) if count < 24 => vec![0x80 | count],
        Ok(count) => vec![0x98, count],
        Err(_) => [&[0x99][..], &u16::try_from(count).unwrap().to_be_bytes()].concat(),
    }
}

fn header_bytes() -> Vec<u8> {
    let empty = written(|out| Readings::encode(&WIDEST_HEADER, &[], out)).unwrap();
    empty[1..empty.len() - 1].to_vec()
}

#[test]
fn samples() {
    for (count, is_taken) in around(SAMPLES_MAX) {
        let samples = vec![WIDEST_SAMPLE; count];
        let card = widest_card();
        let bytes = written(|out| Readings::encode_of(&WIDEST_HEADER, &samples, Some(&card), out));
        assert_eq!(bytes.is_ok(), is_taken, "{count}");
        let sample = [0x82, 1, 0].repeat(count);
        let by_hand = [&[0x82], &header_bytes()[..], &array_head(count), &sample].concat();
        let read = Readings::decode(&by_hand).map(|readings| readings.len());
        assert_eq!(read, if is_taken { Ok(count) } else { Err(DecodeError::TooMany) });
    }
}

#[test]
fn age_of_a_sample() {
    for (age_ms, is_taken) in around(SAMPLE_AGE_MS_MAX as usize) {
        let sample = Sample { age_ms: u32::try_from(age_ms).unwrap(), ..WIDEST_SAMPLE };
        let bytes = written(|out| Readings::encode(&WIDEST_HEADER, &[sample], out));
        assert_eq!(bytes.is_ok(), is_taken, "{age_ms}");
        let age = u32::try_from(age_ms).unwrap().to_be_bytes();
        let by_hand = [&[0x82], &header_bytes()[..], &[0x81, 0x83, 1, 0, 0x1a], &age].concat();
        assert_eq!(Readings::decode(&by_hand).is_ok(), is_taken, "{age_ms}");
    }
}

#[test]
fn channels_commands_and_firmware_of_a_birth() {
    let birth = |firmware: usize, channels: usize, commands: usize| {
        let (firmware, channels, commands) = ("v".repeat(firmware), vec![1; channels], vec![1; commands]);
        written(|out| {
            Birth::encode_with_commands(&WIDEST_HEADER, 1, &firmware, 30, &channels, &commands, out)
        })
    };
    let by_hand = |firmware: usize, channels: usize, commands: usize| {
        let text = [&[0x78, u8::try_from(firmware).unwrap()][..], &vec![b'v'; firmware]].concat();
        let codes = |count: usize| [array_head(count), vec![1; count]].concat();
        [&[0x82], &header_bytes()[..], &[0x85, 1], &text, &[0x18, 30], &codes(channels), &codes(commands)]
            .concat()
    };
    let check = |firmware: usize, channels: usize, commands: usize, is_taken: bool| {
        assert_eq!(birth(firmware, channels, commands).is_ok(), is_taken, "{firmware} {channels} {commands}");
        let is_read = Birth::decode(&by_hand(firmware, channels, commands)).is_ok();
        assert_eq!(is_read, is_taken, "{firmware} {channels} {commands}");
    };
    for (count, is_taken) in around(FIRMWARE_VERSION_BYTES_MAX) {
        check(count, 1, 1, is_taken);
    }
    for (count, is_taken) in around(CHANNELS_MAX) {
        check(1, count, 1, is_taken);
    }
    for (count, is_taken) in around(COMMANDS_MAX) {
        check(1, 1, count, is_taken);
    }
}

#[test]
fn arguments_of_a_command() {
    for (count, is_taken) in around(ARGUMENTS_MAX) {
        assert_eq!(Arguments::new(&vec![7; count]).is_ok(), is_taken, "{count}");
        let by_hand = [&[0x85, 1, 1, 1][..], &array_head(count), &vec![7; count], &[0xf6]].concat();
        assert_eq!(Command::decode(&by_hand).is_ok(), is_taken, "{count}");
    }
}

#[test]
fn names_of_cards_and_devices() {
    for (length, is_taken) in around(CARD_NUMBER_BYTES_MAX) {
        assert_eq!(CardNumber::parse(&"9".repeat(length)).is_some(), is_taken, "{length}");
    }
    for (length, is_taken) in around(DEVICE_ID_BYTES_MAX) {
        let device = "d".repeat(length);
        assert_eq!(Topic::new(&device, TopicKind::Up).is_ok(), is_taken, "{length}");
    }
    let device = "d".repeat(DEVICE_ID_BYTES_MAX);
    let longest = TopicKind::ALL.map(|kind| Topic::new(&device, kind).unwrap().to_string().len());
    assert_eq!(longest.iter().max(), Some(&TOPIC_BYTES_MAX));
}

#[test]
fn bytes_of_a_message() {
    // A sender may add a field that makes the message as long as a message may be.
    let message = written(|out| Readings::encode(&WIDEST_HEADER, &[], out)).unwrap();
    for (length, is_taken) in around(FRAME_BYTES_MAX) {
        let added = length - message.len() - 3;
        let text = [&[0x59][..], &u16::try_from(added).unwrap().to_be_bytes(), &vec![0; added]].concat();
        let longer = [&[0x83], &message[1..], &text].concat();
        assert_eq!(longer.len(), length);
        let read = Readings::decode(&longer).map(|readings| readings.len());
        assert_eq!(read, if is_taken { Ok(0) } else { Err(DecodeError::TooLong) });
    }
    for (length, is_taken) in around(JSON_BYTES_MAX) {
        let mut text = r#"{"version":1,"message":"time","wall_ms":5"#.to_owned();
        text.push_str(&" ".repeat(length - text.len() - 1));
        text.push('}');
        let expected =
            if is_taken { Ok(Message::Time(Time { wall_ms: 5 })) } else { Err(JsonError::TooLong) };
        assert_eq!(json::decode(text.as_bytes()), expected);
    }
}

#[test]
fn readings_that_are_too_long_as_json_are_refused_not_cut() {
    let channel = songhe_firmware_protocol::Channel::BloodPressureDiastolic;
    let sample = Sample { age_ms: SAMPLE_AGE_MS_MAX, ..Sample::new(channel, i32::MIN) };
    let message = |count: usize| {
        Message::Readings(ReadingsMessage { header: WIDEST_HEADER, samples: vec![sample; count], card: None })
    };
    let text = json::encode(&message(700)).unwrap();
    assert_eq!(json::decode(text.as_bytes()), Ok(message(700)));
    assert!(written(|out| message(SAMPLES_MAX).encode(out)).is_ok());
    assert_eq!(json::encode(&message(SAMPLES_MAX)), Err(EncodeError::OutOfRange));
    assert_eq!(json::encode(&message(SAMPLES_MAX + 1)), Err(EncodeError::OutOfRange));
}

/// The largest message of each kind.
fn largest() -> Vec<(&'static str, Message)> {
    let header = WIDEST_HEADER;
    let samples = |count| vec![WIDEST_SAMPLE; count];
    let readings = |count, card| Message::Readings(ReadingsMessage { header, samples: samples(count), card });
    let birth = BirthMessage {
        header,
        kind_code: u16::MAX,
        firmware_version: "v".repeat(FIRMWARE_VERSION_BYTES_MAX),
        heartbeat_s: u16::MAX,
        channel_codes: vec![u16::MAX; CHANNELS_MAX],
        command_codes: vec![u16::MAX; COMMANDS_MAX],
    };
    let alarm = Alarm {
        header,
        kind_code: u16::MAX,
        raised: true,
        cause: Some((u16::MAX, i32::MIN)),
        attempt: u16::MAX,
    };
    let answer = Answer { command_id: u64::MAX, outcome_code: u16::MAX };
    let state = State { header, online: true, connection: u32::MAX, answer: Some(answer) };
    let command = Command {
        id: u64::MAX,
        kind_code: u16::MAX,
        arguments: Arguments::new(&[i32::MIN; ARGUMENTS_MAX]).unwrap(),
        expires_wall_ms: Some(u64::MAX),
    };
    vec![
        ("readings, 1 sample", readings(1, None)),
        ("readings, 100 samples", readings(100, None)),
        ("readings, 1000 samples and a card", readings(SAMPLES_MAX, Some(widest_card()))),
        ("alarm", Message::Alarm(alarm)),
        ("birth", Message::Birth(birth)),
        ("state", Message::State(state)),
        ("ack", Message::Ack(Ack { boot_id: u64::MAX, lane: Lane::Backfill, seq: u64::MAX })),
        ("time", Message::Time(Time { wall_ms: u64::MAX })),
        ("command", Message::Command(command)),
    ]
}

#[test]
fn the_table_of_sizes_in_the_specification_is_measured() {
    let specification = include_str!("../README.md");
    let largest = largest();
    for (name, message) in &largest {
        let length = encoded(message).len();
        assert!(specification.contains(&format!("| {name} | {length} |")), "| {name} | {length} |");
    }
    let table = specification.split("| message | largest, bytes |").nth(1).unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|')).count();
    assert_eq!(rows, largest.len(), "rows of the table");

    let table = specification.split("| vector | bytes |").nth(1).unwrap();
    let rows: Vec<&str> = table.lines().skip(2).take_while(|line| line.starts_with('|')).collect();
    assert!(rows.len() >= 8, "{rows:?}");
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let name = cells[0].trim_matches('`');
        assert_eq!(cells[1].parse(), Ok(common::vector(name).len()), "{row}");
    }
}

#[test]
fn the_table_of_limits_in_the_specification_is_the_crates() {
    let table = include_str!("../README.md").split("\n## 14. Sizes\n").nth(1).unwrap();
    for (name, limit, unit) in [
        ("CBOR message", FRAME_BYTES_MAX, " bytes"),
        ("JSON message", JSON_BYTES_MAX, " bytes"),
        ("samples in a message", SAMPLES_MAX, ""),
        ("channels in a birth", CHANNELS_MAX, ""),
        ("commands in a birth", COMMANDS_MAX, ""),
        ("arguments of a command", ARGUMENTS_MAX, ""),
        ("firmware text", FIRMWARE_VERSION_BYTES_MAX, " bytes"),
        ("card number", CARD_NUMBER_BYTES_MAX, " bytes"),
        ("age of a sample", SAMPLE_AGE_MS_MAX as usize, " ms"),
        ("topic", TOPIC_BYTES_MAX, " bytes"),
    ] {
        let row = format!("| {name} | {limit}{unit} |");
        assert!(table.replace(',', "").contains(&row), "{row}");
    }
}
