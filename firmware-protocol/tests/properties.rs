//! For any message: what is written is read back. For any bytes: an answer, never a panic.

use proptest::collection::vec;
use proptest::prelude::*;
use songhe_firmware_protocol::downlink::{Ack, Time};
use songhe_firmware_protocol::limits::{
    CHANNELS_MAX, FRAME_BYTES_MAX, SAMPLE_AGE_MS_MAX, SAMPLES_MAX, TOPIC_BYTES_MAX,
};
use songhe_firmware_protocol::topic::is_device_id;
use songhe_firmware_protocol::{Alarm, Birth, Header, Lane, Readings, Sample, State, Topic, TopicKind};

fn any_header() -> impl Strategy<Value = Header> {
    (any::<u64>(), any::<bool>(), any::<u64>(), any::<u64>(), any::<Option<u64>>(), any::<u16>()).prop_map(
        |(boot_id, live, seq, monotonic_ms, wall_ms, flags)| Header {
            boot_id,
            lane: if live { Lane::Live } else { Lane::Backfill },
            seq,
            monotonic_ms,
            wall_ms,
            flags,
        },
    )
}

fn any_sample() -> impl Strategy<Value = Sample> {
    (any::<u16>(), any::<i32>(), 0..=SAMPLE_AGE_MS_MAX)
        .prop_map(|(channel_code, value_scaled, age_ms)| Sample { channel_code, value_scaled, age_ms })
}

/// Tries every decoder and walks what it gives.
fn decode_everything(payload: &[u8]) {
    if let Ok(readings) = Readings::decode(payload) {
        assert_eq!(readings.samples().count(), readings.len(), "a checked message gives all of its samples");
    }
    if let Ok(birth) = Birth::decode(payload) {
        assert!(birth.channel_codes().count() <= CHANNELS_MAX);
    }
    let _ = Alarm::decode(payload);
    let _ = State::decode(payload);
    let _ = Ack::decode(payload);
    let _ = Time::decode(payload);
}

proptest! {
    #[test]
    fn readings_round_trip(header in any_header(), samples in vec(any_sample(), 0..=SAMPLES_MAX)) {
        let mut out = vec![0; FRAME_BYTES_MAX];
        let length = Readings::encode(&header, &samples, &mut out).unwrap();
        let readings = Readings::decode(&out[..length]).unwrap();
        prop_assert_eq!(readings.header, header);
        prop_assert_eq!(readings.samples().collect::<Vec<_>>(), samples);
    }

    #[test]
    fn a_small_buffer_is_an_error(header in any_header(), samples in vec(any_sample(), 0..20), size in 0_usize..400) {
        let mut whole = vec![0; FRAME_BYTES_MAX];
        let length = Readings::encode(&header, &samples, &mut whole).unwrap();
        let mut out = vec![0; size];
        prop_assert_eq!(Readings::encode(&header, &samples, &mut out).is_ok(), size >= length);
    }

    #[test]
    fn alarm_round_trips(
        header in any_header(), kind_code: u16, raised: bool, cause: Option<(u16, i32)>, attempt: u16,
    ) {
        let alarm = Alarm { header, kind_code, raised, cause, attempt };
        let mut out = [0; 128];
        let length = alarm.encode(&mut out).unwrap();
        prop_assert_eq!(Alarm::decode(&out[..length]).unwrap(), alarm);
    }

    #[test]
    fn birth_round_trips(
        header in any_header(), kind_code: u16, version in "[ -~]{0,32}", heartbeat_s: u16,
        channel_codes in vec(any::<u16>(), 0..=CHANNELS_MAX),
    ) {
        let mut out = [0; 512];
        let length =
            Birth::encode(&header, kind_code, &version, heartbeat_s, &channel_codes, &mut out).unwrap();
        let birth = Birth::decode(&out[..length]).unwrap();
        prop_assert_eq!((birth.header, birth.kind_code, birth.heartbeat_s), (header, kind_code, heartbeat_s));
        prop_assert_eq!(birth.firmware_version, version.as_str());
        prop_assert_eq!(birth.channel_codes().collect::<Vec<_>>(), channel_codes);
    }

    #[test]
    fn any_bytes_are_answered(payload in vec(any::<u8>(), 0..600)) {
        decode_everything(&payload);
    }

    #[test]
    fn a_damaged_message_is_answered(
        header in any_header(), samples in vec(any_sample(), 0..30), at: prop::sample::Index, byte: u8, cut: prop::sample::Index,
    ) {
        let mut out = vec![0; FRAME_BYTES_MAX];
        let length = Readings::encode(&header, &samples, &mut out).unwrap();
        out.truncate(length);
        let position = at.index(length);
        out[position] = byte;
        decode_everything(&out);
        decode_everything(&out[..cut.index(length)]);
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
}
