//! The tables of the protocol: codes and names are unique, scales invert, topics refuse what they must.

use std::collections::BTreeSet;

use songhe_firmware_protocol::topic::TopicError;
use songhe_firmware_protocol::{AlarmKind, Channel, DeviceKind, Topic, TopicKind};

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
    }
    for kind in DeviceKind::ALL {
        assert_eq!(DeviceKind::from_code(kind.code()), Some(kind));
        assert_eq!(DeviceKind::from_name(kind.name()), Some(kind));
    }
    assert_eq!(Channel::from_code(0), None);
    assert_eq!(AlarmKind::from_code(0), None);
}

#[test]
fn codes_in_the_field_do_not_move() {
    let codes: Vec<_> = Channel::ALL.iter().map(|channel| channel.code()).collect();
    assert_eq!(codes, [1, 2, 3, 4, 5, 6, 7, 32, 33, 34, 35, 36, 64, 65, 66, 67, 68, 69, 70, 71, 72]);
    let codes: Vec<_> = AlarmKind::ALL.iter().map(|kind| kind.code()).collect();
    assert_eq!(codes, [1, 2, 16, 17, 18, 19, 20, 21, 32, 33, 34, 35, 48, 49]);
    assert_eq!(DeviceKind::ALL.map(DeviceKind::code), [1, 2, 3, 4]);
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
fn a_topic_of_another_device_or_with_a_wildcard_is_refused() {
    assert_eq!(Topic::parse_own("songhe/v1/ST-1/up", "ST-1").unwrap().kind(), TopicKind::Up);
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

#[test]
fn the_specification_lists_every_channel_as_it_is() {
    let specification = include_str!("../README.md");
    for channel in Channel::ALL {
        let facts = channel.facts();
        let row = specification
            .lines()
            .find(|line| line.starts_with(&format!("| {} | {} |", facts.code, facts.name)))
            .unwrap_or_else(|| panic!("{} is not in the specification", facts.name));
        let (low, high) = facts.plausible_scaled;
        assert!(row.ends_with(&format!("| {} | {low} .. {high} |", facts.decimals)), "{row}");
        assert!(row.contains(facts.unit.symbol()), "{row}");
    }
    for kind in AlarmKind::ALL {
        assert!(specification.contains(&format!("{} {}", kind.code(), kind.name())), "{}", kind.name());
    }
}
