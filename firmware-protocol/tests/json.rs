//! The JSON twin: what may be left out, what is read in two forms, and what is refused with the member and its rule.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use serde_json::{Value, json};
use songhe_firmware_protocol::json::{JsonError, decode, encode};
use songhe_firmware_protocol::message::ReadingsMessage;
use songhe_firmware_protocol::{Channel, Header, Lane, Message, Sample};

fn readings() -> Value {
    json!({"version": 1, "message": "readings", "boot_id": 7, "lane": 0, "seq": 1, "monotonic_ms": 2,
        "samples": [{"channel": "body_temperature", "value": 36.6}]})
}

fn decoded(value: &Value) -> Result<Message, JsonError> {
    decode(value.to_string().as_bytes())
}

fn sample_of(channel: Value, value: Value) -> Result<Sample, JsonError> {
    let mut message = readings();
    message["samples"] = json!([{"channel": channel, "value": value}]);
    let Message::Readings(readings) = decoded(&message)? else { panic!("other message") };
    Ok(readings.samples[0])
}

#[test]
fn what_is_null_or_zero_may_be_left_out() {
    let header = Header { boot_id: 7, lane: Lane::Live, seq: 1, monotonic_ms: 2, wall_ms: None, flags: 0 };
    let samples = vec![Sample::new(Channel::BodyTemperature, 366)];
    let expected = Message::Readings(ReadingsMessage { header, samples, card: None });
    assert_eq!(decoded(&readings()).as_ref(), Ok(&expected));
    let mut whole = readings();
    for name in ["wall_ms", "card", "flags"] {
        whole[name] = Value::Null;
    }
    whole["samples"][0]["age_ms"] = json!(0);
    assert_eq!(decoded(&whole).as_ref(), Ok(&expected));
    let alarm = json!({"version": 1, "message": "alarm", "boot_id": 7, "lane": 0, "seq": 1, "monotonic_ms": 2,
        "kind": "sos", "raised": true});
    let Ok(Message::Alarm(alarm)) = decoded(&alarm) else { panic!("{alarm}") };
    assert_eq!((alarm.raised, alarm.cause, alarm.attempt), (true, None, 0));
    let command = json!({"version": 1, "message": "command", "id": 5, "kind": "report"});
    assert!(
        matches!(decoded(&command), Ok(Message::Command(command)) if command.arguments.as_slice().is_empty())
    );
}

#[test]
fn a_large_number_is_text_and_both_forms_are_read() {
    for (boot_id, shown) in [
        (9_007_199_254_740_991_u64, "9007199254740991"),
        (9_007_199_254_740_992, "\"9007199254740992\""),
        (u64::MAX, "\"18446744073709551615\""),
    ] {
        for value in [json!(boot_id), json!(boot_id.to_string())] {
            let mut message = readings();
            message["boot_id"] = value;
            let read = decoded(&message).unwrap();
            assert_eq!(read.header().unwrap().boot_id, boot_id);
            assert!(encode(&read).unwrap().contains(&format!("\"boot_id\":{shown},")), "{shown}");
        }
    }
}

#[test]
fn a_value_is_in_the_channels_unit() {
    for (channel, value, scaled) in [
        (json!("body_temperature"), json!(36.6), 366),
        (json!("body_temperature"), json!(37), 370),
        (json!(6), json!(36.64), 366),
        (json!("room_temperature"), json!(-0.05), -1),
        (json!("water_pressure"), json!(0.352), 352),
        (json!("door"), json!(1), 1),
        (json!("weight"), json!(214_748_364.7), i32::MAX),
        (json!("weight"), json!(-214_748_364.8), i32::MIN),
        (json!(901), json!(-7), -7),
    ] {
        assert_eq!(
            sample_of(channel.clone(), value.clone()).unwrap().value_scaled,
            scaled,
            "{channel} {value}"
        );
    }
    let fault = JsonError::Member { name: "value", rule: "is not a number of its range" };
    for (channel, value) in [
        (json!("weight"), json!(214_748_364.8)),
        (json!("weight"), json!(-214_748_364.9)),
        (json!("weight"), json!(1e300)),
        (json!("weight"), json!("70")),
        (json!("door"), json!(true)),
        (json!(901), json!(0.5)),
        (json!(901), json!(2_147_483_648_i64)),
    ] {
        assert_eq!(sample_of(channel.clone(), value.clone()), Err(fault), "{channel} {value}");
    }
}

/// A message with one member changed, and what is said of it.
fn refused(member: &str, value: Value) -> String {
    let mut message = json!({"version": 1, "boot_id": 7, "lane": 0, "seq": 1, "monotonic_ms": 2, "kind": "sos",
        "raised": true, "firmware": "1", "heartbeat_s": 30, "channels": [], "commands": [], "online": true,
        "connection": 1, "wall_ms": 3, "id": 4, "arguments": [], "samples": []});
    let (kind, member) = member.split_once('.').unwrap();
    message["message"] = kind.into();
    message["kind"] = match kind {
        "birth" => "station",
        "command" => "report",
        _ => "sos",
    }
    .into();
    assert!(decoded(&message).is_ok(), "{kind} is good before");
    message[member] = value;
    decoded(&message).unwrap_err().to_string()
}

#[test]
fn what_breaks_a_rule_is_refused_with_its_member() {
    let whole = "is not a whole number of its range";
    for (member, value, said) in [
        ("readings.version", json!(2), "version is not known".to_owned()),
        ("readings.message", json!("reading"), "message is a name that is not known".to_owned()),
        ("readings.boot_id", Value::Null, "boot_id is missing".to_owned()),
        ("readings.boot_id", json!("1e3"), format!("boot_id {whole}")),
        ("readings.boot_id", json!(""), format!("boot_id {whole}")),
        ("readings.boot_id", json!("+1"), format!("boot_id {whole}")),
        ("readings.boot_id", json!("18446744073709551616"), format!("boot_id {whole}")),
        ("readings.seq", json!(-1), format!("seq {whole}")),
        ("readings.seq", json!(1.5), format!("seq {whole}")),
        ("readings.lane", json!(2), "lane is neither 0 nor 1".to_owned()),
        ("readings.flags", json!(65_536), format!("flags {whole}")),
        ("readings.samples", json!({}), "samples is not a list of its length".to_owned()),
        ("readings.samples", json!([1]), "samples is not an object".to_owned()),
        ("readings.samples", json!([{"value": 1}]), "channel is missing".to_owned()),
        (
            "readings.samples",
            json!([{"channel": "mood", "value": 1}]),
            "channel is a name that is not known".to_owned(),
        ),
        (
            "readings.samples",
            json!([{"channel": "32", "value": 1}]),
            "channel is a name that is not known".to_owned(),
        ),
        ("readings.samples", json!([{"channel": 1}]), "value is missing".to_owned()),
        (
            "readings.samples",
            json!([{"channel": 1, "value": 1, "age_ms": 86_400_001}]),
            format!("age_ms {whole}"),
        ),
        ("readings.card", json!("a b"), "card is not 1 to 32 of A-Z a-z 0-9 -".to_owned()),
        ("readings.card", json!(42), "card is not 1 to 32 of A-Z a-z 0-9 -".to_owned()),
        ("alarm.raised", json!(1), "raised is neither true nor false".to_owned()),
        ("alarm.channel", json!("sos"), "value is missing".to_owned()),
        ("alarm.value", json!(1), "channel is missing".to_owned()),
        ("alarm.kind", json!(65_536), format!("kind {whole}")),
        ("birth.firmware", json!("1".repeat(33)), "firmware is not a text of its length".to_owned()),
        ("birth.channels", json!(vec![1; 65]), "channels is not a list of its length".to_owned()),
        ("birth.commands", json!(["dance"]), "commands is a name that is not known".to_owned()),
        ("state.connection", json!(4_294_967_296_u64), format!("connection {whole}")),
        ("state.answer", json!(true), "answer is not an object".to_owned()),
        ("state.answer", json!({"command": 1}), "outcome is missing".to_owned()),
        ("command.arguments", json!(vec![1; 9]), "arguments is not a list of its length".to_owned()),
        ("command.arguments", json!([0.5]), format!("arguments {whole}")),
        ("command.arguments", json!([2_147_483_648_i64]), format!("arguments {whole}")),
        ("time.wall_ms", json!(-1), format!("wall_ms {whole}")),
    ] {
        assert_eq!(refused(member, value.clone()), said, "{member} {value}");
    }
}

#[test]
fn what_is_no_object_is_refused() {
    for text in ["", "[]", "5", "null", "{", "{}x", "\u{feff}{}", "{\"a\": NaN}"] {
        assert_eq!(decode(text.as_bytes()), Err(JsonError::Syntax), "{text}");
    }
    assert_eq!(decode(&[0xff, 0xfe]), Err(JsonError::Syntax));
    let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    assert_eq!(decode(deep.as_bytes()), Err(JsonError::Syntax));
    assert_eq!(JsonError::TooLong.to_string(), "message is too long");
    assert_eq!(JsonError::Syntax.to_string(), "not a JSON object");
}
