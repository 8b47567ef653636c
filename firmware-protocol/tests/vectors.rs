//! Golden bytes: every vector decodes to the message that it stands for, and that message encodes to the vector.

mod common;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use common::{FOLDERS, encoded, folder, golden, names, topic_of, vector};
use songhe_firmware_protocol::limits::FRAME_BYTES_MAX;
use songhe_firmware_protocol::{DecodeError, Lane, Message, Readings, TopicKind, json};

#[test]
fn every_vector_is_the_message_it_stands_for() {
    for one in golden() {
        let bytes = vector(one.name);
        assert_eq!(Message::decode(topic_of(one.name), &bytes).as_ref(), Ok(&one.message), "{}", one.name);
        if one.is_written {
            assert_eq!(encoded(&one.message), bytes, "{}", one.name);
        } else {
            // What a newer sender added is gone; the rest is the same message.
            let known = encoded(&one.message);
            assert!(known.len() < bytes.len(), "{}", one.name);
            assert_eq!(Message::decode(topic_of(one.name), &known), Ok(one.message), "{}", one.name);
        }
    }
}

#[test]
fn the_json_beside_a_vector_is_the_same_message() {
    for one in golden() {
        let path = FOLDERS.map(|version| folder(version).join(format!("{}.json", one.name)));
        let path = path.iter().find(|path| path.exists());
        let text = fs::read(path.unwrap_or_else(|| panic!("{} has no JSON", one.name))).unwrap();
        assert_eq!(json::decode(&text).as_ref(), Ok(&one.message), "{}", one.name);
        let written = json::encode(&one.message).unwrap();
        if one.is_written {
            let value = |text: &[u8]| serde_json::from_slice::<serde_json::Value>(text).unwrap();
            assert_eq!(value(written.as_bytes()), value(&text), "{}", one.name);
        }
        assert_eq!(json::decode(written.as_bytes()), Ok(one.message), "{}", one.name);
    }
}

#[test]
fn no_vector_is_left_out() {
    let known: BTreeSet<String> = golden().iter().map(|one| one.name.to_owned()).collect();
    let (refused, good): (BTreeSet<_>, BTreeSet<_>) =
        names(".hex").into_iter().partition(|name| name.starts_with("refused-"));
    assert_eq!(good, known);
    assert_eq!(names(".json"), known);
    assert_eq!(refused.len(), REFUSED.len());
    // A file of the same name in both folders would hide one of them.
    let files = FOLDERS.iter().map(|version| fs::read_dir(folder(version)).unwrap().count()).sum::<usize>();
    assert_eq!(files, 2 * known.len() + refused.len());
}

/// Vectors that are no messages, and why.
const REFUSED: [(&str, DecodeError); 36] = [
    ("version", DecodeError::Version(2)),
    ("lane", DecodeError::Lane(2)),
    ("indefinite", DecodeError::Malformed),
    ("short-header", DecodeError::MissingField),
    ("sample-count", DecodeError::TooMany),
    ("readings-card-empty", DecodeError::OutOfRange),
    ("readings-card-long", DecodeError::OutOfRange),
    ("readings-card-character", DecodeError::OutOfRange),
    ("readings-card-type", DecodeError::Malformed),
    ("readings-age", DecodeError::OutOfRange),
    ("readings-value", DecodeError::Malformed),
    ("readings-float", DecodeError::Malformed),
    ("readings-trailing", DecodeError::TrailingBytes),
    ("readings-skip-indefinite", DecodeError::Malformed),
    ("readings-skip-break", DecodeError::Malformed),
    ("alarm-half-cause", DecodeError::MissingField),
    ("alarm-raised", DecodeError::Malformed),
    ("birth-firmware-long", DecodeError::OutOfRange),
    ("birth-channels", DecodeError::TooMany),
    ("birth-commands", DecodeError::TooMany),
    ("state-answer", DecodeError::Malformed),
    ("state-answer-short", DecodeError::MissingField),
    ("ack-lane", DecodeError::Lane(2)),
    ("ack-version", DecodeError::Version(2)),
    ("ack-short", DecodeError::MissingField),
    ("time-version", DecodeError::Version(0)),
    ("time-negative", DecodeError::Malformed),
    ("time-trailing", DecodeError::TrailingBytes),
    ("command-arguments", DecodeError::TooMany),
    ("command-argument", DecodeError::Malformed),
    ("command-short", DecodeError::MissingField),
    ("command-skip-cut", DecodeError::Malformed),
    ("command-skip-depth", DecodeError::Malformed),
    ("command-skip-simple", DecodeError::Malformed),
    ("command-kind-wide", DecodeError::Malformed),
    ("command-text", DecodeError::Malformed),
];

#[test]
fn broken_messages_are_refused_with_their_reason() {
    for (name, reason) in REFUSED {
        let name = format!("refused-{name}");
        assert_eq!(Message::decode(topic_of(&name), &vector(&name)), Err(reason), "{name}");
    }
    assert_eq!(Readings::decode(&vec![0; FRAME_BYTES_MAX + 1]).err(), Some(DecodeError::TooLong));
    assert_eq!(Message::decode(TopicKind::Json, &vector("ack")), Err(DecodeError::Malformed));
}

#[test]
fn a_message_that_is_cut_or_too_long_is_refused() {
    for one in golden() {
        let kind = topic_of(one.name);
        let mut bytes = vector(one.name);
        for length in 0..bytes.len() {
            assert!(Message::decode(kind, &bytes[..length]).is_err(), "{} cut at {length}", one.name);
        }
        bytes.push(0);
        assert_eq!(Message::decode(kind, &bytes), Err(DecodeError::TrailingBytes), "{}", one.name);
    }
}

/// FNV-1a of a file's text.
fn print_of(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

/// Devices in the field speak these bytes: a released vector is never edited, what is new goes into a folder of its own.
#[test]
fn released_vectors_are_as_they_were() {
    let mut prints = String::new();
    let mut paths: Vec<_> = fs::read_dir(folder("v1")).unwrap().map(|file| file.unwrap().path()).collect();
    paths.sort();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|ending| ending == "hex")) {
        let bytes = common::bytes_of(&fs::read_to_string(path).unwrap());
        let name = path.file_stem().unwrap().to_str().unwrap();
        writeln!(prints, "{name} {:016x}", print_of(&bytes)).unwrap();
    }
    assert_eq!(prints, RELEASED);
}

const RELEASED: &str = "\
ack a0d2e1c89ff970c4
alarm-smoke-over 4eb8ae594f6e015b
alarm-sos 84b22a87cd15074c
birth-station 92d4676fa7b078ce
readings-backfill-empty dd57bc2bb0658b69
readings-newer-sender b3735d99e01913e1
readings-one e414f3a586423ac7
readings-six 5b81d9e71fb6faf7
refused-indefinite 5eca6dece5dd18f7
refused-lane beb9bbebcdd31109
refused-sample-count b9ede58a784384b0
refused-short-header 5bcb97541f0e5200
refused-version de5a2a6a8049f1cc
state-will a700cb8aff730fd7
time 0be71304c15ae004
";

/// Each file whole: comments and the JSON beside it say what the bytes mean.
#[test]
fn every_file_of_a_released_folder_is_as_it_was() {
    let mut prints = String::new();
    for version in FOLDERS {
        let mut paths: Vec<_> =
            fs::read_dir(folder(version)).unwrap().map(|file| file.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap().to_str().unwrap();
            writeln!(prints, "{version}/{name} {:016x}", print_of(&fs::read(&path).unwrap())).unwrap();
        }
    }
    assert_eq!(prints, include_str!("released.txt"));
}

#[test]
fn the_number_of_what_cannot_be_read_is_found_in_front_of_it() {
    let mut found = 0;
    for one in golden() {
        let kind = topic_of(one.name);
        let mut bytes = vector(one.name);
        bytes.push(0);
        let lane = if kind == TopicKind::Backfill { Lane::Backfill } else { Lane::Live };
        // A will names the number that comes next.
        let is_will = matches!(one.message, Message::State(state) if !state.online);
        let whole = one.message.header().copied().filter(|header| header.lane == lane && !is_will);
        assert_eq!(Message::header_of_unread(kind, &bytes), whole, "{}", one.name);
        found += usize::from(whole.is_some());
        for length in 0..bytes.len() {
            let cut = Message::header_of_unread(kind, &bytes[..length]);
            assert!(cut.is_none() || cut == whole, "{} cut at {length}", one.name);
        }
    }
    assert!(found > 15, "{found}");
    for name in ["version", "lane", "short-header"] {
        assert_eq!(
            Message::header_of_unread(TopicKind::Up, &vector(&format!("refused-{name}"))),
            None,
            "{name}"
        );
    }
    assert!(Message::header_of_unread(TopicKind::Up, &vec![0x80; FRAME_BYTES_MAX + 1]).is_none());
}

#[test]
fn what_was_added_leaves_older_messages_as_they_were() {
    // Without a card, commands or an answer a message of now is a message of version 1.0, byte for byte.
    let old: Vec<_> =
        golden().into_iter().filter(|one| folder("v1").join(format!("{}.hex", one.name)).exists()).collect();
    assert_eq!(old.iter().filter(|one| one.is_written).count(), 9);
    for one in old.iter().filter(|one| one.is_written) {
        assert_eq!(encoded(&one.message), vector(one.name), "{}", one.name);
    }
    // With them, the fields of 1.0 keep their places: cut back to its count of fields, it is the older message.
    let card = golden().into_iter().find(|one| one.name == "readings-card").unwrap();
    let Message::Readings(mut readings) = card.message else { panic!("no readings") };
    readings.card = None;
    let new = vector("readings-card");
    let added = 1 + 1 + "JJ-0000-0042".len();
    let old = encoded(&Message::Readings(readings));
    assert_eq!((old[0], &old[1..]), (0x82, &new[1..new.len() - added]));
}

#[test]
fn an_unknown_channel_is_kept_by_its_code() {
    let bytes = vector("readings-newer-sender");
    let readings = Readings::decode(&bytes).unwrap();
    let samples: Vec<_> = readings.samples().collect();
    assert_eq!((samples.len(), readings.len(), readings.header.lane), (1, 1, Lane::Live));
    assert_eq!(samples[0].channel(), None);
}
