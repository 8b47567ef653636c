//! The C implementation: built strictly, checked against the vectors, and compared with the crate on whatever comes.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Output, Stdio};

use common::{FOLDERS, any, encoded, folder, hex, names};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use songhe_firmware_protocol::downlink::{Ack, Time};
use songhe_firmware_protocol::{
    AlarmKind, Channel, Command, CommandKind, DecodeError, DeviceKind, Header, Lane, Message, Outcome, limits,
};

const STRICT: [&str; 5] = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"];
const SANITIZED: [&str; 3] = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

fn c(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("c").join(name)
}

/// Builds a test program beside the library; a machine without a C compiler fails the test.
fn built(test: &str, flags: &[&str], name: &str) -> PathBuf {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    let mut compiler = Process::new("cc");
    compiler.args(STRICT).args(flags).arg(c("songhe_protocol.c")).arg(c(test)).arg("-o").arg(&program);
    let output = compiler.output().unwrap_or_else(|error| panic!("cc (Debian: build-essential): {error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    program
}

fn run(program: &Path, arguments: &[&str], input: &str) -> String {
    let mut command = Process::new(program);
    // What a leak is, is decided by the programs that use the library; it allocates nothing.
    command.args(arguments).env("ASAN_OPTIONS", "detect_leaks=0");
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writing = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    assert!(status.success(), "{status}: {}", String::from_utf8_lossy(&stderr));
    writing.join().unwrap().unwrap();
    String::from_utf8(stdout).unwrap()
}

#[test]
fn the_c_library_writes_and_reads_every_vector_of_a_device() {
    for (flags, name) in [(&["-O2"][..], "vectors-fast"), (&SANITIZED[..], "vectors-sanitized")] {
        let program = built("test_vectors.c", flags, name);
        let folders = FOLDERS.map(|version| folder(version).to_str().unwrap().to_owned());
        let output = run(&program, &folders.each_ref().map(String::as_str), "");
        let checked: BTreeSet<String> = output.lines().map(str::to_owned).collect();
        // A device writes no newer sender's messages, and no answer that is null; it reads what comes down.
        let is_downward = |name: &str| ["ack", "time", "command"].iter().any(|kind| name.starts_with(kind));
        let is_foreign = |name: &str| name.contains("newer-sender") || name == "state-answer-null";
        let expected = names(".json").into_iter().filter(|name| is_downward(name) || !is_foreign(name));
        assert_eq!(checked, expected.collect());
        std::fs::remove_file(program).unwrap();
    }
}

#[test]
fn the_c_library_warns_of_nothing_when_asked_for_more() {
    let flags = ["-Wconversion", "-Wshadow", "-Wstrict-prototypes", "-Wcast-qual", "-Os"];
    std::fs::remove_file(built("test_vectors.c", &flags, "warnings")).unwrap();
}

fn word(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// The example of the specification compiles beside what it leaves to the device.
#[test]
fn the_example_of_the_specification_compiles() {
    let specification = include_str!("../README.md");
    let example = specification.split("\n```c\n").nth(1).unwrap().split("\n```").next().unwrap();
    let device =
        "static void keep_until_stored(const uint8_t *bytes, size_t length) { (void)bytes; (void)length; }\n";
    let (include, code) = example.split_once('\n').unwrap();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("example-{}.c", std::process::id()));
    std::fs::write(&path, format!("{include}\n{device}{code}\n")).unwrap();
    let output = Process::new("cc")
        .args(STRICT)
        .arg("-fsyntax-only")
        .arg("-I")
        .arg(c(""))
        .arg(&path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::remove_file(path).unwrap();
}

/// A message as `test_lines encode` reads it, if a device may write it.
fn line(message: &Message) -> Option<String> {
    let header = message.header()?;
    let kind = match message {
        Message::Readings(_) if header.lane == Lane::Backfill => "backfill",
        Message::Readings(_) => "readings",
        Message::Alarm(_) => "alarm",
        Message::Birth(_) => "birth",
        _ => "state",
    };
    let mut line = format!(
        "{kind} {} {} {} {} {} {}",
        header.boot_id,
        header.lane.code(),
        header.seq,
        header.monotonic_ms,
        word(header.wall_ms),
        header.flags
    );
    match message {
        Message::Readings(readings) => {
            let card = readings.card.map_or_else(|| ".".to_owned(), |card| card.expose().to_owned());
            write!(line, " {card} {}", readings.samples.len()).unwrap();
            for sample in &readings.samples {
                write!(line, " {} {} {}", sample.channel_code, sample.value_scaled, sample.age_ms).unwrap();
            }
        }
        Message::Alarm(alarm) => {
            write!(line, " {} {}", alarm.kind_code, u8::from(alarm.raised)).unwrap();
            match alarm.cause {
                Some((channel, value)) => write!(line, " {channel} {value}").unwrap(),
                None => line.push_str(" -"),
            }
            write!(line, " {}", alarm.attempt).unwrap();
        }
        Message::Birth(birth) => {
            let firmware = hex(birth.firmware_version.as_bytes());
            let firmware = if firmware.is_empty() { "-".to_owned() } else { firmware };
            write!(line, " {} {firmware} {}", birth.kind_code, birth.heartbeat_s).unwrap();
            for codes in [&birth.channel_codes, &birth.command_codes] {
                write!(line, " {}", codes.len()).unwrap();
                for code in codes {
                    write!(line, " {code}").unwrap();
                }
            }
        }
        Message::State(state) => {
            write!(line, " {} {}", u8::from(state.online), state.connection).unwrap();
            match state.answer {
                Some(answer) => write!(line, " {} {}", answer.command_id, answer.outcome_code).unwrap(),
                None => line.push_str(" -"),
            }
        }
        _ => return None,
    }
    Some(line)
}

/// What the C library makes of a message: the same bytes, or a refusal by the two rules that it adds.
fn expected_of(message: &Message) -> String {
    match message {
        Message::Birth(birth) if birth.header.lane == Lane::Live => {
            let is_plain = birth.firmware_version.bytes().all(|byte| (b' '..=b'~').contains(&byte));
            if is_plain { hex(&encoded(message)) } else { "error 2".to_owned() }
        }
        Message::Readings(_) => hex(&encoded(message)),
        other if other.header().is_some_and(|header| header.lane == Lane::Live) => hex(&encoded(other)),
        _ => "error 7".to_owned(),
    }
}

#[test]
fn both_libraries_write_the_same_bytes() {
    let program = built("test_lines.c", &SANITIZED, "encode");
    let mut runner = TestRunner::deterministic();
    let messages: Vec<Message> =
        (0..3_000).map(|_| any::message().new_tree(&mut runner).unwrap().current()).collect();
    let messages: Vec<Message> = messages.into_iter().filter(|message| message.header().is_some()).collect();
    let input: String = messages.iter().map(|message| line(message).unwrap() + "\n").collect();
    let output = run(&program, &["encode"], &input);
    assert_eq!(output.lines().count(), messages.len());
    for (message, written) in messages.iter().zip(output.lines()) {
        assert_eq!(written, expected_of(message), "{message:?}");
    }
    let refused = output.lines().filter(|line| line.starts_with("error")).count();
    assert!(refused > 100 && refused < messages.len() / 2, "{refused} of {}", messages.len());
    std::fs::remove_file(program).unwrap();
}

/// Number of an error in the C library.
fn number(error: DecodeError) -> u8 {
    match error {
        DecodeError::OutOfRange => 2,
        DecodeError::Malformed => 3,
        DecodeError::TooLong => 4,
        DecodeError::Version(_) => 5,
        DecodeError::MissingField => 6,
        DecodeError::Lane(_) => 7,
        DecodeError::TooMany => 8,
        DecodeError::TrailingBytes => 9,
    }
}

/// What `test_lines decode` says of a payload.
fn said(kind: &str, payload: &[u8]) -> String {
    let outcome = match kind {
        "ack" => {
            Ack::decode(payload).map(|ack| format!("ack {} {} {}", ack.boot_id, ack.lane.code(), ack.seq))
        }
        "time" => Time::decode(payload).map(|time| format!("time {}", time.wall_ms)),
        _ => Command::decode(payload).map(|command| {
            let arguments: Vec<String> = command.arguments.as_slice().iter().map(i32::to_string).collect();
            let arguments = arguments.join(" ");
            let expiry = word(command.expires_wall_ms);
            format!("command {} {} [{arguments}] {expiry}", command.id, command.kind_code)
        }),
    };
    outcome.unwrap_or_else(|error| format!("error {}", number(error)))
}

#[test]
fn both_libraries_take_the_same_messages_and_refuse_the_same_for_the_same_reason() {
    let program = built("test_lines.c", &SANITIZED, "decode");
    let mut runner = TestRunner::deterministic();
    let damage = (any::<prop::sample::Index>(), any::<u8>(), any::<prop::sample::Index>(), 0_u8..4);
    let strategy = (any::downward(), damage, proptest::collection::vec(any::<u8>(), 0..12));
    let mut lines = Vec::new();
    for _ in 0..6_000 {
        let (message, (at, byte, cut, way), tail) = strategy.new_tree(&mut runner).unwrap().current();
        let mut payload = encoded(&message);
        match way {
            0 => {
                let position = at.index(payload.len());
                payload[position] = byte;
            }
            1 => payload.truncate(cut.index(payload.len())),
            // A longer array, with anything in the added places.
            2 => {
                payload[0] += byte % 4;
                payload.extend(tail);
            }
            _ => {}
        }
        let kind = match message {
            Message::Ack(_) => "ack",
            Message::Time(_) => "time",
            _ => "command",
        };
        lines.push((kind, payload));
    }
    lines.push(("time", vec![0x82; limits::FRAME_BYTES_MAX]));
    lines.push(("time", vec![0x82; limits::FRAME_BYTES_MAX + 1]));
    for name in names(".hex") {
        for kind in ["ack", "time", "command"].into_iter().filter(|kind| name.contains(kind)) {
            lines.push((kind, common::vector(&name)));
        }
    }
    let mut input = String::new();
    for (kind, payload) in &lines {
        writeln!(input, "{kind} {}", hex(payload)).unwrap();
    }
    let output = run(&program, &["decode"], &input);
    assert_eq!(output.lines().count(), lines.len());
    for ((kind, payload), answer) in lines.iter().zip(output.lines()) {
        assert_eq!(answer, said(kind, payload), "{kind} {}", hex(payload));
    }
    let kinds: BTreeSet<&str> = output.lines().filter(|line| line.starts_with("error")).collect();
    assert_eq!(kinds.len(), 7, "every reason occurs: {kinds:?}");
    std::fs::remove_file(program).unwrap();
}

/// `#define SONGHE_{group}_{NAME} number` of the header.
fn defined(group: &str) -> BTreeMap<String, u64> {
    let header = std::fs::read_to_string(c("songhe_protocol.h")).unwrap();
    let prefix = format!("#define SONGHE_{group}");
    let defined = header.lines().filter_map(|line| line.strip_prefix(&prefix)).filter_map(|rest| {
        let mut words = rest.split_whitespace();
        let name = words.next()?.to_lowercase();
        // The guard against a second inclusion has no number.
        Some((name, words.next()?.parse().unwrap()))
    });
    defined.collect()
}

fn codes(all: impl IntoIterator<Item = (&'static str, u16)>) -> BTreeMap<String, u64> {
    all.into_iter().map(|(name, code)| (name.to_owned(), code.into())).collect()
}

#[test]
fn the_header_names_the_same_codes_and_limits() {
    let channels = Channel::ALL.iter().map(|channel| (channel.name(), channel.code()));
    assert_eq!(defined("CHANNEL_"), codes(channels));
    let mut alarms = defined("ALARM_");
    // How large the message may be.
    assert!(alarms.remove("bytes").is_some());
    assert_eq!(alarms, codes(AlarmKind::ALL.map(|kind| (kind.name(), kind.code()))));
    let mut devices = defined("DEVICE_");
    assert_eq!(devices.remove("id_bytes_max"), Some(limits::DEVICE_ID_BYTES_MAX as u64));
    assert_eq!(devices, codes(DeviceKind::ALL.map(|kind| (kind.name(), kind.code()))));
    assert_eq!(defined("COMMAND_"), codes(CommandKind::ALL.map(|kind| (kind.name(), kind.code()))));
    assert_eq!(defined("OUTCOME_"), codes(Outcome::ALL.map(|outcome| (outcome.name(), outcome.code()))));
    let flags = [("clock_synced", Header::CLOCK_SYNCED), ("historical", Header::HISTORICAL)];
    assert_eq!(defined("FLAG_"), codes(flags));
    let all = defined("");
    let maxima: BTreeMap<&str, u64> = all
        .iter()
        .filter(|(name, _)| name.ends_with("_max"))
        .map(|(name, value)| (name.as_str(), *value))
        .collect();
    let expected = [
        ("frame_bytes_max", limits::FRAME_BYTES_MAX),
        ("samples_max", limits::SAMPLES_MAX),
        ("channels_max", limits::CHANNELS_MAX),
        ("commands_max", limits::COMMANDS_MAX),
        ("arguments_max", limits::ARGUMENTS_MAX),
        ("device_id_bytes_max", limits::DEVICE_ID_BYTES_MAX),
        ("topic_bytes_max", limits::TOPIC_BYTES_MAX),
        ("firmware_version_bytes_max", limits::FIRMWARE_VERSION_BYTES_MAX),
        ("card_number_bytes_max", limits::CARD_NUMBER_BYTES_MAX),
        ("sample_age_ms_max", limits::SAMPLE_AGE_MS_MAX as usize),
    ];
    let mut expected: BTreeMap<&str, u64> = expected.map(|(name, value)| (name, value as u64)).into();
    expected.insert("seq_max", limits::SEQ_MAX);
    assert_eq!(maxima, expected);
    assert_eq!(all["protocol_version"], u64::from(limits::PROTOCOL_VERSION));
}

#[test]
fn the_header_says_each_channels_unit_and_decimals() {
    let header = std::fs::read_to_string(c("songhe_protocol.h")).unwrap();
    for channel in Channel::ALL {
        let define = format!("#define SONGHE_CHANNEL_{} ", channel.name().to_uppercase());
        let line = header.lines().find(|line| line.starts_with(&define)).unwrap();
        let facts = channel.facts();
        let unit = match facts.unit.symbol() {
            "" => "/* 1 = ".to_owned(),
            symbol => format!("/* {symbol}, {} */", facts.decimals),
        };
        assert!(line.contains(&unit), "{line}");
    }
}
