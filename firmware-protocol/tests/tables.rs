//! The tables of the protocol: codes and names are unique, scales invert, limits are sound, topics refuse what they must.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::collections::BTreeSet;

use songhe_firmware_protocol::topic::TopicError;
use songhe_firmware_protocol::{
    AlarmKind, Channel, Command, CommandKind, DeviceKind, Judgement, Limit, Outcome, Threshold, Topic,
    TopicKind,
};

#[test]
fn codes_and_names_are_unique_and_lead_back() {
    let mut names = BTreeSet::new();
    for channel in Channel::ALL {
        assert_eq!(Channel::from_code(channel.code()), Some(*channel));
        assert_eq!(Channel::from_name(channel.name()), Some(*channel));
        assert_eq!(channel.facts().code, channel.code());
        assert!(names.insert(channel.name()));
    }
    for kind in AlarmKind::ALL {
        assert_eq!(AlarmKind::from_code(kind.code()), Some(kind));
        assert_eq!(AlarmKind::from_name(kind.name()), Some(kind));
    }
    for kind in DeviceKind::ALL {
        assert_eq!(DeviceKind::from_code(kind.code()), Some(kind));
        assert_eq!(DeviceKind::from_name(kind.name()), Some(kind));
    }
    for kind in CommandKind::ALL {
        assert_eq!(CommandKind::from_code(kind.code()), Some(kind));
        assert_eq!(CommandKind::from_name(kind.name()), Some(kind));
    }
    for outcome in Outcome::ALL {
        assert_eq!(Outcome::from_code(outcome.code()), Some(outcome));
        assert_eq!(Outcome::from_name(outcome.name()), Some(outcome));
    }
    assert_eq!(Channel::from_code(0), None);
    assert_eq!(AlarmKind::from_code(0), None);
    assert_eq!(CommandKind::from_code(0), None);
}

#[test]
fn codes_in_the_field_do_not_move() {
    let codes: Vec<_> = Channel::ALL.iter().map(|channel| channel.code()).collect();
    assert_eq!(codes, [1, 2, 3, 4, 5, 6, 7, 32, 33, 34, 35, 36, 64, 65, 66, 67, 68, 69, 70, 71, 72]);
    let codes: Vec<_> = AlarmKind::ALL.iter().map(|kind| kind.code()).collect();
    assert_eq!(codes, [1, 2, 16, 17, 18, 19, 20, 21, 32, 33, 34, 35, 48, 49]);
    assert_eq!(DeviceKind::ALL.map(DeviceKind::code), [1, 2, 3, 4]);
    assert_eq!(CommandKind::ALL.map(CommandKind::code), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(Outcome::ALL.map(Outcome::code), [0, 1, 2, 3, 4]);
}

#[test]
fn scaling_inverts_over_the_plausible_range() {
    for channel in Channel::ALL {
        let (low, high) = channel.facts().plausible_scaled;
        assert!(low < high);
        for value_scaled in low..=high {
            assert_eq!(channel.scaled(channel.value(value_scaled)), value_scaled, "{}", channel.name());
        }
        assert!(channel.is_plausible(low) && channel.is_plausible(high));
        assert!(!channel.is_plausible(low - 1) && !channel.is_plausible(high + 1));
    }
    assert!((Channel::BodyTemperature.value(366) - 36.6).abs() < 1e-12);
    assert_eq!(Channel::Glucose.scaled(f64::NAN), 0);
    assert_eq!(Channel::Glucose.scaled(f64::INFINITY), i32::MAX);
}

#[test]
fn every_default_can_raise_and_clear_within_what_is_plausible() {
    for channel in Channel::ALL {
        let Some(threshold) = Threshold::default_of(*channel) else { continue };
        assert!(threshold.is_sound(), "{}", channel.name());
        for limit in [threshold.low, threshold.high].into_iter().flatten() {
            assert!(channel.is_plausible(limit.raise_scaled), "{}", channel.name());
            assert!(channel.is_plausible(limit.clear_scaled), "{}", channel.name());
            assert_eq!(threshold.judge(limit.raise_scaled), Judgement::Raise, "{}", channel.name());
            assert_eq!(threshold.judge(limit.clear_scaled), Judgement::Clear, "{}", channel.name());
        }
    }
}

#[test]
fn between_limit_and_all_clear_nothing_changes() {
    use Judgement::{Clear, Keep, Raise};
    let smoke = Threshold::default_of(Channel::Smoke).unwrap();
    let judged: Vec<_> = [30, 31, 49, 50].iter().map(|value| smoke.judge(*value)).collect();
    assert_eq!(judged, [Clear, Keep, Keep, Raise]);
    let room = Threshold::default_of(Channel::RoomTemperature).unwrap();
    let judged: Vec<_> =
        [80, 81, 99, 100, 330, 331, 349, 350].iter().map(|value| room.judge(*value)).collect();
    assert_eq!(judged, [Raise, Keep, Keep, Clear, Clear, Keep, Keep, Raise]);

    let limit = |raise_scaled, clear_scaled| Some(Limit { raise_scaled, clear_scaled });
    for (low, high, is_sound) in [
        (None, None, false),
        (limit(1, 2), None, true),
        (limit(2, 2), None, false),
        (None, limit(2, 1), true),
        (None, limit(1, 1), false),
        (limit(1, 2), limit(4, 2), true),
        (limit(1, 3), limit(4, 2), false),
    ] {
        assert_eq!(Threshold { low, high }.is_sound(), is_sound, "{low:?} {high:?}");
    }
}

#[test]
fn a_command_expires_by_a_clock_only() {
    let arguments = songhe_firmware_protocol::command::Arguments::default();
    let command = |expires_wall_ms| Command { id: 1, kind_code: 1, arguments, expires_wall_ms };
    assert!(!command(None).is_expired(Some(u64::MAX)));
    assert!(!command(Some(5)).is_expired(None));
    assert!(!command(Some(5)).is_expired(Some(4)));
    assert!(command(Some(5)).is_expired(Some(5)));
    assert_eq!(CommandKind::ALL.map(CommandKind::arguments_min), [1, 0, 2, 1, 0, 0, 2]);
}

#[test]
fn a_topic_of_another_device_or_with_a_wildcard_is_refused() {
    assert_eq!(Topic::parse_own("songhe/v1/ST-1/up", "ST-1").unwrap().kind(), TopicKind::Up);
    assert_eq!(Topic::parse_own("songhe/v1/ST-1/json", "ST-1").unwrap().kind(), TopicKind::Json);
    assert_eq!(Topic::parse_own("songhe/v1/ST-1/json-down", "ST-1").unwrap().kind(), TopicKind::JsonDown);
    assert_eq!(Topic::parse_own("songhe/v1/ST-2/up", "ST-1"), Err(TopicError::Foreign));
    assert_eq!(Topic::parse_own("songhe/v1/ST-12/up", "ST-1"), Err(TopicError::Foreign));
    for device in ["", "+", "#", "a/b", "a b", "\u{8001}", &"x".repeat(49)] {
        assert_eq!(Topic::new(device, TopicKind::Up), Err(TopicError::DeviceId), "{device}");
    }
    for text in [
        "",
        "songhe/v1/",
        "songhe/v1/ST-1",
        "songhe/v1/ST-1/",
        "songhe/v1/ST-1/up/",
        "songhe/v1/ST-1/+",
        "songhe/v1/ST-1/#",
        "songhe/v1/+/up",
        "songhe/v2/ST-1/up",
        "/songhe/v1/ST-1/up",
        "$SYS/up",
        "#",
    ] {
        assert!(Topic::parse(text).is_err(), "{text}");
    }
}

fn row<'t>(table: &'t str, begin: &str) -> &'t str {
    table
        .lines()
        .find(|line| line.starts_with(begin))
        .unwrap_or_else(|| panic!("{begin} is not in the specification"))
}

/// The table under a heading of the specification.
fn table(heading: &str) -> &'static str {
    let text = include_str!("../README.md").split(&format!("\n## {heading}\n")).nth(1);
    text.unwrap_or_else(|| panic!("no section {heading}")).split("\n## ").next().unwrap()
}

fn rows(table: &str) -> usize {
    table.lines().filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit()).count()
}

#[test]
fn the_specification_lists_every_channel_as_it_is() {
    let channels = table("10. Channels");
    assert_eq!(rows(channels), Channel::ALL.len());
    for channel in Channel::ALL {
        let facts = channel.facts();
        let row = row(channels, &format!("| {} | {} |", facts.code, facts.name));
        let (low, high) = facts.plausible_scaled;
        assert!(row.ends_with(&format!("| {} | {low} .. {high} |", facts.decimals)), "{row}");
        assert!(row.contains(facts.unit.symbol()), "{row}");
    }
}

#[test]
fn the_specification_lists_every_default_limit_with_its_reason() {
    let limits = table("11. Limits for alerts");
    assert_eq!(rows(limits), Channel::ALL.len());
    for channel in Channel::ALL {
        let facts = channel.facts();
        let shown = |scaled: i32| format!("{:.*}", usize::from(facts.decimals), channel.value(scaled));
        let side = |limit: Option<Limit>| {
            let both =
                limit.map(|limit| format!("{} / {}", shown(limit.raise_scaled), shown(limit.clear_scaled)));
            both.unwrap_or_else(|| "-".to_owned())
        };
        let threshold = Threshold::default_of(*channel).unwrap_or(Threshold { low: None, high: None });
        let (low, high) = (side(threshold.low), side(threshold.high));
        let row = row(limits, &format!("| {} | {} | {low} | {high} | ", facts.code, facts.name));
        let reason = row.trim_end_matches('|').rsplit('|').next().unwrap().trim();
        assert!(reason.len() > 10, "{row}");
    }
}

#[test]
fn the_specification_lists_every_kind() {
    let kinds = table("12. Kinds of alarms, devices and outcomes").replace('\n', " ");
    let alarms = AlarmKind::ALL.map(|kind| (kind.code(), kind.name()));
    let devices = DeviceKind::ALL.map(|kind| (kind.code(), kind.name()));
    let outcomes = Outcome::ALL.map(|outcome| (outcome.code(), outcome.name()));
    for (code, name) in alarms.iter().chain(&devices).chain(&outcomes) {
        assert!(kinds.contains(&format!("{code} {name}")), "{code} {name}");
    }
    let commands = table("13. Commands");
    assert_eq!(
        commands.lines().filter(|line| line.starts_with("| ")).count(),
        1 + 1 + CommandKind::ALL.len()
    );
    for kind in CommandKind::ALL {
        row(commands, &format!("| {} | {} |", kind.code(), kind.name()));
    }
}

#[test]
fn the_specification_lists_every_topic_with_who_publishes_to_it() {
    let topics = table("2. Topics");
    assert_eq!(topics.lines().filter(|line| line.starts_with("| `")).count(), TopicKind::ALL.len());
    for kind in TopicKind::ALL {
        let who = if kind.is_upward() { "device" } else { "server" };
        let row = row(topics, &format!("| `{}` | {who}", kind.level()));
        assert!(row.ends_with("| 1 | no |"), "{row}");
    }
}

/// Bytes of a fenced block: hexadecimal before `#`.
fn bytes_of(block: &str) -> Option<Vec<u8>> {
    let digits: String =
        block.lines().filter_map(|line| line.split('#').next()).flat_map(str::split_whitespace).collect();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()).collect()
}

#[test]
fn the_examples_of_the_specification_are_messages() {
    let specification = include_str!("../README.md");
    let blocks: Vec<&str> = specification.split("\n```").collect();
    // Opening and closing fences take turns.
    let examples: Vec<&str> = blocks.iter().skip(1).step_by(2).copied().collect();
    let mut kinds = [0, 0];
    for example in examples {
        let (language, text) = example.split_once('\n').unwrap();
        match language {
            "json" => {
                let message = songhe_firmware_protocol::json::decode(text.as_bytes());
                assert!(message.is_ok(), "{text}: {message:?}");
                kinds[0] += 1;
            }
            "" => {
                let bytes = bytes_of(text).unwrap_or_else(|| panic!("{text}"));
                let is_message = |kind| songhe_firmware_protocol::Message::decode(kind, &bytes).is_ok();
                // The header alone is none.
                assert!(bytes[0] == 0x87 || TopicKind::ALL.into_iter().any(is_message), "{text}");
                kinds[1] += 1;
            }
            _ => {}
        }
    }
    assert_eq!(kinds, [9, 9], "examples as JSON and as bytes");
}

/// Firmware builds the crate without `json`; the compiler sees that only there.
#[test]
fn only_what_is_behind_the_feature_needs_an_allocator_or_the_standard_library() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let lib = std::fs::read_to_string(source.join("lib.rs")).unwrap();
    assert!(lib.contains("\n#![no_std]\n"));
    for line in ["extern crate alloc;", "pub mod json;", "pub mod message;", "pub use message::Message;"] {
        assert!(lib.contains(&format!("#[cfg(feature = \"json\")]\n{line}\n")), "{line}");
    }
    let mut files = 0;
    for file in std::fs::read_dir(source).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_file() && name != "lib.rs" && name != "message.rs" {
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(!text.contains("alloc::") && !text.contains("std::"), "{name}");
            files += 1;
        }
    }
    assert!(files >= 15, "{files}");
}
