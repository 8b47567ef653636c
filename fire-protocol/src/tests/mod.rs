//! Bytes as the standard writes them, made by another program, and what must hold for all bytes.

// Before the files that use it.
macro_rules! golden {
    ($name:literal) => {
        bytes_of(include_str!(concat!("../../golden/", $name, ".hex")))
    };
}

mod facts;
mod properties;
mod stream;

use chrono::NaiveDate;

use super::*;

/// The bytes of a golden file: comments say what they mean.
fn bytes_of(text: &str) -> Vec<u8> {
    let digits: String = text.lines().filter(|line| !line.starts_with('#')).collect();
    hex::decode(digits.replace(' ', "")).unwrap()
}

fn stamp() -> Stamp {
    Stamp::new(NaiveDate::from_ymd_opt(2026, 11, 23).unwrap().and_hms_opt(9, 30, 5).unwrap())
}

const FIRE_SYSTEM: System = System { system_type: 1, address: 1 };

fn detector() -> Part {
    Part { system: FIRE_SYSTEM, component_type: 42, address: [1, 0, 15, 0] }
}

fn timed<T>(of: T) -> Timed<T> {
    Timed { of, at: stamp() }
}

fn state(part: Part, state: u16, text: &str) -> Timed<ComponentState> {
    timed(ComponentState { part, state, text: text_bytes(text) })
}

/// Every upward golden file with its number and what it means.
fn upward() -> Vec<(Vec<u8>, u16, Content)> {
    let call_point = Part { system: FIRE_SYSTEM, component_type: 23, address: [2, 0, 7, 0] };
    let switch =
        Part { system: System { system_type: 12, address: 1 }, component_type: 99, address: [1, 0, 2, 0] };
    let heat = Part { system: FIRE_SYSTEM, component_type: 31, address: [1, 0, 9, 0] };
    let hall = "三楼东走廊";
    let described = |text: &str| encoding_rs::GB18030.encode(text).0.into_owned();
    vec![
        (golden!("heartbeat"), 1, Content::Heartbeat),
        (
            golden!("system_state"),
            2,
            Content::SystemStates(vec![timed(SystemState { system: FIRE_SYSTEM, state: 0x0103 })]),
        ),
        (golden!("smoke_fire"), 3, Content::ComponentStates(vec![state(detector(), 3, hall)])),
        (golden!("smoke_test"), 4, Content::ComponentStates(vec![state(detector(), 2, hall)])),
        (
            golden!("two_components"),
            5,
            Content::ComponentStates(vec![state(detector(), 1, hall), state(call_point, 5, "西楼梯")]),
        ),
        (
            golden!("analog"),
            6,
            Content::Analogs(vec![
                timed(Analog { part: switch, analog_type: 4, value: 3 }),
                timed(Analog { part: heat, analog_type: 3, value: 215 }),
            ]),
        ),
        (
            golden!("operation"),
            7,
            Content::Operations(vec![timed(Operation { system: FIRE_SYSTEM, flags: 2, operator: 3 })]),
        ),
        (golden!("version"), 8, Content::Versions(vec![Version { system: FIRE_SYSTEM, version: [2, 7] }])),
        (golden!("system_config"), 9, Content::SystemConfigs(vec![(FIRE_SYSTEM, described("联动主机"))])),
        (
            golden!("component_config"),
            10,
            Content::Components(vec![Labelled { part: detector(), text: text_bytes(hall) }]),
        ),
        (golden!("system_time"), 11, Content::SystemTimes(vec![timed(FIRE_SYSTEM)])),
        (golden!("device_state"), 12, Content::DeviceStates(vec![timed(0x11)])),
        (
            golden!("device_operation"),
            13,
            Content::DeviceOperations(vec![timed(DeviceOperation { flags: 0x20, operator: 9 })]),
        ),
        (golden!("device_version"), 14, Content::DeviceVersions(vec![[1, 4]])),
        (golden!("device_config"), 15, Content::DeviceConfigs(vec![described("传输装置一号")])),
        (golden!("device_time"), 16, Content::DeviceTimes(vec![stamp()])),
    ]
}

#[test]
fn golden_frames_mean_what_they_say_and_are_made_again_to_the_byte() {
    for (bytes, seq, content) in upward() {
        let frame = Frame::decode(&bytes).unwrap();
        assert_eq!((frame.seq, frame.version, frame.command), (seq, [1, 0], Command::Send));
        assert_eq!(frame.time, stamp());
        assert_eq!(frame.source.reversed().to_string(), "010203040506");
        assert_eq!(Content::decode(&frame.data).as_ref(), Ok(&content), "number {seq}");
        assert_eq!(Frame { data: content.encode(), ..frame }.encode(), bytes, "number {seq}");
    }
    let confirm = Frame::decode(&golden!("heartbeat")).unwrap().answer(Command::Confirm, stamp());
    assert_eq!(confirm.encode(), golden!("confirm"));
}

#[test]
fn golden_requests_mean_what_they_say() {
    let at = Stamp::new(NaiveDate::from_ymd_opt(2026, 11, 23).unwrap().and_hms_opt(9, 31, 0).unwrap());
    for (bytes, request) in [
        (golden!("clock_sync"), Request::SetClock(at)),
        (golden!("guard_check"), Request::GuardCheck { minutes: 5 }),
    ] {
        let frame = Frame::decode(&bytes).unwrap();
        assert_eq!(frame.command, request.command());
        assert_eq!(Request::decode(&frame.data), Some(request.clone()));
        assert_eq!(Frame { data: request.encode(), ..frame }.encode(), bytes);
    }
}

#[test]
fn a_fire_bit_is_believed_only_where_every_length_agrees() {
    let frame = Frame::decode(&golden!("count_too_high")).unwrap();
    let fault = ContentFault::Size { kind: 2, count: 2, expected: 92, found: 46 };
    assert_eq!(Content::decode(&frame.data), Err(fault));
    assert!(matches!(Frame::decode(&golden!("wrong_checksum")), Err(FrameFault::Checksum { .. })));
    assert_eq!(Content::decode(&[2]), Err(ContentFault::Short));
    assert_eq!(Content::decode(&[2, 0]), Err(ContentFault::Empty { kind: 2 }));
    // As many as find room, one fewer, one more.
    for (kind, size, max) in [(1, 10, 102), (2, 46, 22), (3, 16, 63)] {
        for count in [max - 1, max] {
            let data = [&[kind, count as u8], vec![0; size * count].as_slice()].concat();
            assert!(data.len() <= DATA_BYTES_MAX && Content::decode(&data).is_ok(), "{kind} {count}");
        }
        assert!(2 + size * (max + 1) > DATA_BYTES_MAX);
    }
    // A description in another layout, a vendor's type: kept as it is.
    for data in [vec![6, 1, 1, 1, 9, 65], vec![200, 7, 7], vec![26, 2, 1, 65]] {
        let content = Content::decode(&data).unwrap();
        assert!(matches!(content, Content::Other { .. }), "{data:?}");
        assert_eq!(content.encode(), data);
    }
}

#[test]
fn a_length_is_believed_up_to_its_limit() {
    let frame = Frame::decode(&golden!("heartbeat")).unwrap();
    for length in [DATA_BYTES_MAX - 1, DATA_BYTES_MAX] {
        let bytes = Frame { data: vec![9; length], ..frame.clone() }.encode();
        assert_eq!(bytes.len(), OVERHEAD_BYTES + length);
        assert_eq!(Frame::decode(&bytes).unwrap().data.len(), length);
    }
    let mut bytes = Frame { data: vec![9; DATA_BYTES_MAX], ..frame }.encode();
    bytes[24..26].copy_from_slice(&1025_u16.to_le_bytes());
    assert_eq!(Frame::decode(&bytes), Err(FrameFault::TooLong(1025)));
    assert_eq!(Frame::decode(&bytes[..29]), Err(FrameFault::Short));
}
