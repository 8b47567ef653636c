//! For any message: what is written is read back. For any bytes: an answer, never a panic.

mod common;

use common::any;
use common::encoded;
use proptest::collection::vec;
use proptest::prelude::*;
use songhe_firmware_protocol::limits::{CHANNELS_MAX, COMMANDS_MAX, TOPIC_BYTES_MAX};
use songhe_firmware_protocol::topic::is_device_id;
use songhe_firmware_protocol::{Birth, CardNumber, Message, Readings, Topic, TopicKind, json};

/// Tries every decoder and walks what it gives. What was read is written and read again as the same.
fn decode_everything(payload: &[u8]) {
    if let Ok(readings) = Readings::decode(payload) {
        assert_eq!(readings.samples().count(), readings.len(), "a checked message gives all of its samples");
    }
    if let Ok(birth) = Birth::decode(payload) {
        assert!(birth.channel_codes().count() <= CHANNELS_MAX);
        assert!(birth.command_codes().count() <= COMMANDS_MAX);
    }
    for kind in TopicKind::ALL {
        if let Ok(message) = Message::decode(kind, payload) {
            let bytes = encoded(&message);
            assert!(bytes.len() <= payload.len(), "the shortest form is no longer than any other");
            assert_eq!(Message::decode(kind, &bytes), Ok(message));
        }
    }
    let _ = json::decode(payload);
}

proptest! {
    #[test]
    fn any_message_round_trips(message in any::message()) {
        let bytes = encoded(&message);
        prop_assert_eq!(Message::decode(any::topic_of(&message), &bytes), Ok(message));
    }

    #[test]
    fn long_readings_round_trip(message in any::readings(1_000)) {
        let bytes = encoded(&message);
        prop_assert_eq!(Message::decode(TopicKind::Up, &bytes), Ok(message));
    }

    #[test]
    fn a_buffer_that_is_too_small_is_an_error_and_one_that_fits_is_enough(
        message in any::message(), spare in 0_usize..3, cut: prop::sample::Index,
    ) {
        let bytes = encoded(&message);
        let mut small = vec![0xee; cut.index(bytes.len())];
        prop_assert!(message.encode(&mut small).is_err());
        let mut fitting = vec![0xee; bytes.len() + spare];
        prop_assert_eq!(message.encode(&mut fitting), Ok(bytes.len()));
        prop_assert_eq!(&fitting[..bytes.len()], &bytes);
        prop_assert!(fitting[bytes.len()..].iter().all(|byte| *byte == 0xee));
    }

    #[test]
    fn json_says_the_same(message in any::message()) {
        let text = json::encode(&message).unwrap();
        prop_assert_eq!(json::decode(text.as_bytes()), Ok(message), "{}", text);
    }

    #[test]
    fn json_keeps_every_value_of_every_channel(sample in any::known_sample()) {
        let samples = vec![sample];
        let readings = songhe_firmware_protocol::message::ReadingsMessage {
            header: songhe_firmware_protocol::Header {
                boot_id: 0, lane: songhe_firmware_protocol::Lane::Live, seq: 0, monotonic_ms: 0, wall_ms: None, flags: 0,
            },
            samples,
            card: None,
        };
        let message = Message::Readings(readings);
        let text = json::encode(&message).unwrap();
        prop_assert_eq!(json::decode(text.as_bytes()), Ok(message), "{}", text);
    }

    #[test]
    fn any_bytes_are_answered(payload in vec(any::<u8>(), 0..600)) {
        decode_everything(&payload);
    }

    #[test]
    fn bytes_that_look_like_cbor_are_answered(
        payload in vec(prop_oneof![0x80_u8..0x88, 0_u8..8, Just(0xf6), Just(0x18), Just(0x61), any::<u8>()], 0..60),
    ) {
        decode_everything(&payload);
    }

    #[test]
    fn a_damaged_message_is_answered(
        message in any::message(), at: prop::sample::Index, byte: u8, cut: prop::sample::Index,
    ) {
        let mut bytes = encoded(&message);
        let position = at.index(bytes.len());
        bytes[position] = byte;
        decode_everything(&bytes);
        decode_everything(&bytes[..cut.index(bytes.len())]);
    }

    #[test]
    fn damaged_json_is_answered(
        message in any::message(), at: prop::sample::Index, byte: u8, cut: prop::sample::Index,
    ) {
        let mut text = json::encode(&message).unwrap().into_bytes();
        let position = at.index(text.len());
        text[position] = byte;
        let _ = json::decode(&text);
        let _ = json::decode(&text[..cut.index(text.len())]);
    }

    /// Whatever a newer version puts behind the known fields of a message is skipped.
    #[test]
    fn added_fields_are_skipped(message in any::message(), added in vec(any_item(), 1..6)) {
        let bytes = encoded(&message);
        // The last two fields of readings are the reserved one and the card: without a card both are filled first.
        let filler: &[u8] = match &message {
            Message::Readings(readings) if readings.card.is_none() => &[0xf6, 0xf6],
            _ => &[],
        };
        let fillers = filler.len() as u8;
        let mut longer = vec![bytes[0] + fillers + added.len() as u8];
        longer.extend(&bytes[1..]);
        longer.extend(filler);
        longer.extend(added.concat());
        prop_assert_eq!(Message::decode(any::topic_of(&message), &longer), Ok(message));
    }

    #[test]
    fn topic_round_trips(device in "[A-Za-z0-9._-]{1,48}", kind in prop::sample::select(TopicKind::ALL.to_vec())) {
        let topic = Topic::new(&device, kind).unwrap();
        let text = topic.to_string();
        let mut out = [0; TOPIC_BYTES_MAX];
        prop_assert_eq!(topic.write(&mut out), text.as_str());
        prop_assert_eq!(Topic::parse_own(&text, &device).unwrap(), topic);
    }

    #[test]
    fn a_parsed_topic_names_one_device(text in "(songhe/v1/)?[A-Za-z0-9+#/$ -]{0,20}(/up|/ack|/#)?") {
        if let Ok(topic) = Topic::parse(&text) {
            prop_assert!(is_device_id(topic.device()));
            prop_assert!(!text.contains(['+', '#']));
            prop_assert_eq!(topic.to_string(), text);
        }
    }

    #[test]
    fn a_card_number_is_kept_whole_and_never_printed(text in "[ -~]{0,34}") {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let good = (1..=32).contains(&text.len()) && text.bytes().all(allowed);
        let card = CardNumber::parse(&text);
        prop_assert_eq!(card.is_some(), good);
        if let Some(card) = card {
            prop_assert_eq!(card.expose(), text.as_str());
            prop_assert_eq!(format!("{card:?}"), "CardNumber(..)");
        }
    }
}

/// Any CBOR item of definite length.
fn any_item() -> impl Strategy<Value = Vec<u8>> {
    let head = |major: u8, argument: u64| -> Vec<u8> {
        let bytes = argument.to_be_bytes();
        match argument {
            0..=23 => vec![major << 5 | argument as u8],
            24..=0xff => vec![major << 5 | 0x18, bytes[7]],
            0x100..=0xffff => [&[major << 5 | 0x19], &bytes[6..]].concat(),
            0x1_0000..=0xffff_ffff => [&[major << 5 | 0x1a], &bytes[4..]].concat(),
            _ => [&[major << 5 | 0x1b], &bytes[..]].concat(),
        }
    };
    let leaf = prop_oneof![
        any::<u64>().prop_map(move |value| head(0, value)),
        any::<u32>().prop_map(move |value| head(1, value.into())),
        vec(any::<u8>(), 0..40).prop_map(move |bytes| [head(2, bytes.len() as u64), bytes].concat()),
        "[a-z]{0,30}".prop_map(move |text| [head(3, text.len() as u64), text.into_bytes()].concat()),
        any::<u64>().prop_map(|bits| [&[0xfb][..], &bits.to_be_bytes()].concat()),
        any::<u16>().prop_map(|bits| [&[0xf9][..], &bits.to_be_bytes()].concat()),
        prop::sample::select(vec![vec![0xf4], vec![0xf5], vec![0xf6], vec![0xf7], vec![0xf8, 0xff]]),
    ];
    leaf.prop_recursive(4, 30, 5, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5)
                .prop_map(move |items| [head(4, items.len() as u64), items.concat()].concat()),
            vec((inner.clone(), inner.clone()), 0..3).prop_map(move |pairs| {
                let items: Vec<u8> =
                    pairs.iter().flat_map(|(key, value)| [&key[..], value].concat()).collect();
                [head(5, pairs.len() as u64), items].concat()
            }),
            (any::<u16>(), inner).prop_map(move |(tag, item)| [head(6, tag.into()), item].concat()),
        ]
    })
}
