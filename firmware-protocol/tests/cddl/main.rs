//! `songhe.cddl` says what the crate does: the same messages, fields and codes, and nothing else.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod check;
#[path = "../common/mod.rs"]
mod common;
mod grammar;

use std::collections::{BTreeMap, BTreeSet};

use check::{Grammar, Value};
use common::{any, encoded, hex, names, topic_of, vector};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use songhe_firmware_protocol::command::Arguments;
use songhe_firmware_protocol::message::{BirthMessage, ReadingsMessage};
use songhe_firmware_protocol::{
    Alarm, AlarmKind, Answer, CardNumber, Channel, Command, CommandKind, DeviceKind, Header, Lane, Message,
    Outcome, Sample, State, TopicKind, json,
};

fn songhe() -> Grammar {
    Grammar(grammar::parse(include_str!("../../songhe.cddl")))
}

fn rule_of(kind: TopicKind) -> &'static str {
    match kind {
        TopicKind::Up => "readings-message",
        TopicKind::Backfill => "backfill-message",
        TopicKind::Alarm => "alarm-message",
        TopicKind::Birth => "birth-message",
        TopicKind::State => "state-message",
        TopicKind::Ack => "ack-message",
        TopicKind::Time => "time-message",
        TopicKind::Command => "command-message",
        TopicKind::Json | TopicKind::JsonDown => "",
    }
}

#[test]
fn every_vector_is_what_the_grammar_says() {
    let grammar = songhe();
    for name in names(".hex") {
        let value = Value::read(&vector(&name));
        let is_taken = value.is_some_and(|value| grammar.is(rule_of(topic_of(&name)), &value));
        assert_eq!(is_taken, !name.starts_with("refused-"), "{name}");
    }
}

#[test]
fn there_is_a_rule_for_every_topic_of_cbor_and_no_other_message() {
    let grammar = songhe();
    let rules: BTreeSet<&str> =
        grammar.0.keys().map(String::as_str).filter(|name| name.ends_with("-message")).collect();
    let topics: BTreeSet<&str> =
        TopicKind::ALL.into_iter().map(rule_of).filter(|rule| !rule.is_empty()).collect();
    assert_eq!(rules, topics);
    for name in names(".json") {
        assert!(grammar.is("message", &Value::read(&vector(&name)).unwrap()), "{name}");
    }
}

fn codes(all: impl IntoIterator<Item = (&'static str, u16)>) -> BTreeMap<String, i128> {
    all.into_iter().map(|(name, code)| (name.to_owned(), code.into())).collect()
}

#[test]
fn the_codes_are_the_crates() {
    let grammar = songhe();
    let channels = Channel::ALL.iter().map(|channel| (channel.name(), channel.code()));
    assert_eq!(grammar.codes("channels"), codes(channels));
    assert_eq!(grammar.codes("alarm-kinds"), codes(AlarmKind::ALL.map(|kind| (kind.name(), kind.code()))));
    assert_eq!(grammar.codes("device-kinds"), codes(DeviceKind::ALL.map(|kind| (kind.name(), kind.code()))));
    assert_eq!(
        grammar.codes("command-kinds"),
        codes(CommandKind::ALL.map(|kind| (kind.name(), kind.code())))
    );
    assert_eq!(
        grammar.codes("outcomes"),
        codes(Outcome::ALL.map(|outcome| (outcome.name(), outcome.code())))
    );
}

/// One message of each kind in which no two fields are equal. Codes that nobody knows are numbers in JSON too.
fn distinct() -> Vec<Message> {
    let header = Header {
        boot_id: 1_001,
        lane: Lane::Live,
        seq: 1_002,
        monotonic_ms: 1_003,
        wall_ms: Some(1_004),
        flags: 1_005,
    };
    let samples = vec![Sample { channel_code: 2_001, value_scaled: 2_002, age_ms: 2_003 }];
    let alarm = Alarm { header, kind_code: 3_001, raised: true, cause: Some((3_002, 3_003)), attempt: 3_004 };
    let birth = BirthMessage {
        header,
        kind_code: 4_001,
        firmware_version: "4.002".to_owned(),
        heartbeat_s: 4_003,
        channel_codes: vec![4_004],
        command_codes: vec![4_005],
    };
    let answer = Some(Answer { command_id: 5_002, outcome_code: 5_003 });
    let command = Command {
        id: 6_001,
        kind_code: 6_002,
        arguments: Arguments::new(&[6_003]).unwrap(),
        expires_wall_ms: Some(6_004),
    };
    let ack = songhe_firmware_protocol::downlink::Ack { boot_id: 7_001, lane: Lane::Backfill, seq: 7_002 };
    vec![
        Message::Readings(ReadingsMessage { header, samples, card: CardNumber::parse("2-004") }),
        Message::Alarm(alarm),
        Message::Birth(birth),
        Message::State(State { header, online: true, connection: 5_001, answer }),
        Message::Command(command),
        Message::Ack(ack),
        Message::Time(songhe_firmware_protocol::downlink::Time { wall_ms: 8_001 }),
    ]
}

/// The fields of an array by the names that the grammar gives them.
fn named(grammar: &Grammar, rule: &str, value: &Value) -> Vec<(String, Value)> {
    let Value::Array(items) = value else { panic!("{rule} is no array") };
    let names = grammar.fields(rule);
    assert_eq!(names.len(), items.len(), "{rule} {names:?} {items:?}");
    names.into_iter().zip(items.clone()).collect()
}

fn flat(grammar: &Grammar, rule: &str, value: &Value) -> Vec<(String, Value)> {
    let fields = named(grammar, rule, value).into_iter().flat_map(|(name, value)| match name.as_str() {
        "header" | "alarm-body" | "birth-body" | "state-body" | "answer" => flat(grammar, &name, &value),
        // The list of samples has no name: its one sample is looked into.
        "" => match &value {
            Value::Array(samples) => flat(grammar, "sample", &samples[0]),
            _ => panic!("no samples"),
        },
        _ => vec![(name, value)],
    });
    fields.collect()
}

fn of_json(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Number(number) => Value::Number(number.as_i64().unwrap().into()),
        serde_json::Value::Bool(is) => Value::Bool(*is),
        serde_json::Value::String(text) => Value::Text(text.clone()),
        serde_json::Value::Array(items) => Value::Array(items.iter().map(of_json).collect()),
        other => panic!("{other}"),
    }
}

/// The crate writes a field where the grammar has its name, and JSON calls it the same.
#[test]
fn every_field_has_the_same_place_and_name_everywhere() {
    let grammar = songhe();
    for message in distinct() {
        let rule = rule_of(any::topic_of(&message));
        let mut fields: BTreeMap<String, Value> =
            flat(&grammar, rule, &Value::read(&encoded(&message)).unwrap()).into_iter().collect();
        fields.remove("reserved");
        let text = json::encode(&message).unwrap();
        let serde_json::Value::Object(members) = serde_json::from_str(&text).unwrap() else {
            panic!("{text}")
        };
        let mut twins = BTreeMap::new();
        for (name, value) in &members {
            match (name.as_str(), value) {
                ("message", _) => {}
                ("samples", serde_json::Value::Array(samples)) => {
                    let sample = samples[0].as_object().unwrap();
                    twins.extend(sample.iter().map(|(name, value)| (name.clone(), of_json(value))));
                }
                ("answer", serde_json::Value::Object(answer)) => {
                    twins.extend(answer.iter().map(|(name, value)| (name.clone(), of_json(value))));
                }
                _ => drop(twins.insert(name.clone(), of_json(value))),
            }
        }
        assert_eq!(fields, twins, "{rule}");
    }
}

/// Whatever comes, the crate takes it exactly when the grammar does.
#[test]
fn the_crate_and_the_grammar_take_the_same() {
    let grammar = songhe();
    let mut runner = TestRunner::deterministic();
    let damage =
        (any::<prop::sample::Index>(), any::<u8>(), 0_u8..5, proptest::collection::vec(any::<u8>(), 0..9));
    let strategy = (any::message(), damage);
    let mut taken = [0, 0];
    for _ in 0..8_000 {
        let (message, (at, byte, way, tail)) = strategy.new_tree(&mut runner).unwrap().current();
        let mut bytes = encoded(&message);
        match way {
            0 => {
                let position = at.index(bytes.len());
                bytes[position] = byte;
            }
            // The structure lies in the first bytes: damage them as often as all the others.
            1 => {
                let position = at.index(bytes.len().min(12));
                bytes[position] = bytes[position].wrapping_add(byte % 7).wrapping_sub(3);
            }
            2 => {
                bytes[0] += byte % 3;
                bytes.extend(tail);
            }
            3 => {
                let position = at.index(bytes.len());
                bytes.remove(position);
            }
            _ => {}
        }
        let kind = any::topic_of(&message);
        let by_grammar = Value::read(&bytes).is_some_and(|value| grammar.is(rule_of(kind), &value));
        let by_crate = Message::decode(kind, &bytes).is_ok();
        let hex = hex(&bytes);
        assert_eq!(by_crate, by_grammar, "{kind:?} {hex} {:?}", Message::decode(kind, &bytes).err());
        taken[usize::from(by_crate)] += 1;
    }
    assert!(taken[0] > 1_000 && taken[1] > 2_000, "{taken:?}");
}
