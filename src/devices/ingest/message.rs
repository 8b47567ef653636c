//! A device's message, decoded: everything that can be known without the database.

use songhe_firmware_protocol::limits::SEQ_MAX;
use songhe_firmware_protocol::{CardNumber, Header, Lane, Message, Sample, TopicKind, json};

/// Why a message is put aside, as it is stored; told to people in their language by `devices::quarantined`.
pub(in crate::devices) mod refusal {
    pub const NOT_OF_DEVICES: &str = "not a message of devices";
    pub const LANE_OF_TOPIC: &str = "the lane is not the topic's";
    pub const SEQ_OUT_OF_RANGE: &str = "seq is above 2^63 - 2";
    pub const REFUSED: &str = "the database refused it";
    pub const BLURRED: &str =
        "too many numbers are missing: whether this one was stored is not known any more";
}

/// A whole message of this protocol.
#[derive(Clone, Debug)]
pub struct Decoded {
    pub header: Header,
    pub content: Content,
    /// Whose samples they are, where a device that many share has read a card.
    pub card: Option<CardNumber>,
    /// What a birth says of its device.
    pub born: Option<Born>,
}

/// What a device says of itself when it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Born {
    pub firmware: String,
    pub heartbeat_s: u16,
}

#[derive(Clone, Debug)]
pub enum Content {
    Samples(Vec<Sample>),
    Alarm { kind_code: u16, raised: bool, cause: Option<Sample> },
    Birth,
    State { online: bool, connection: u32 },
}

impl Decoded {
    /// Reads a payload, or says why it is none of this topic.
    pub fn read(kind: TopicKind, payload: &[u8]) -> Result<Decoded, String> {
        let message = match kind {
            TopicKind::Json => json::decode(payload).map_err(|error| error.to_string())?,
            kind => Message::decode(kind, payload).map_err(|error| error.to_string())?,
        };
        // JSON has one topic for all: only its readings may be of either lane.
        let lane = match (kind, &message) {
            (TopicKind::Json, Message::Readings(readings)) => readings.header.lane,
            (TopicKind::Backfill, _) => Lane::Backfill,
            _ => Lane::Live,
        };
        let card = match &message {
            Message::Readings(readings) => readings.card,
            _ => None,
        };
        let mut born = None;
        let (header, content) = match message {
            Message::Readings(readings) => (readings.header, Content::Samples(readings.samples)),
            Message::Alarm(alarm) => {
                let cause = alarm.cause.map(|(channel_code, value_scaled)| Sample {
                    channel_code,
                    value_scaled,
                    age_ms: 0,
                });
                let content = Content::Alarm { kind_code: alarm.kind_code, raised: alarm.raised, cause };
                (alarm.header, content)
            }
            Message::Birth(birth) => {
                born = Some(Born { firmware: birth.firmware_version, heartbeat_s: birth.heartbeat_s });
                (birth.header, Content::Birth)
            }
            Message::State(state) => {
                (state.header, Content::State { online: state.online, connection: state.connection })
            }
            Message::Ack(_) | Message::Time(_) | Message::Command(_) => {
                return Err(refusal::NOT_OF_DEVICES.to_owned());
            }
        };
        if header.lane != lane {
            return Err(refusal::LANE_OF_TOPIC.to_owned());
        }
        if header.seq > SEQ_MAX {
            return Err(refusal::SEQ_OUT_OF_RANGE.to_owned());
        }
        Ok(Decoded { header, content, card, born })
    }

    /// The header of a payload that is none of its topic, where its number is used up all the same.
    pub fn header_of_unread(kind: TopicKind, payload: &[u8]) -> Option<Header> {
        let header = match kind {
            TopicKind::Json => json::header_of_unread(payload),
            kind => Message::header_of_unread(kind, payload),
        };
        header.filter(|header| header.seq <= SEQ_MAX)
    }

    /// Whether it speaks of now: only such a message changes latest values and alerts.
    pub fn is_live(&self) -> bool {
        self.header.lane == Lane::Live && !self.header.is_historical()
    }

    /// A message that uses its number up; a will only names the next one.
    pub fn is_numbered(&self) -> bool {
        !matches!(self.content, Content::State { online: false, .. })
    }

    /// Rows that it will make.
    pub fn sample_count(&self) -> usize {
        match &self.content {
            Content::Samples(samples) => samples.len(),
            Content::Alarm { cause, .. } => usize::from(cause.is_some()),
            Content::Birth | Content::State { .. } => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(message: &str, lane: u8) -> Result<Decoded, String> {
        let header = format!(r#""version":1,"boot_id":7,"lane":{lane},"seq":1,"monotonic_ms":2"#);
        Decoded::read(TopicKind::Json, format!("{{{header},{message}}}").as_bytes())
    }

    #[test]
    fn json_is_the_same_message_on_its_own_topic() {
        let readings = r#""message":"readings","samples":[{"channel":"pulse","value":72}]"#;
        for (lane, is_live) in [(0, true), (1, false)] {
            let decoded = json(readings, lane).unwrap();
            assert_eq!((decoded.is_live(), decoded.sample_count()), (is_live, 1));
        }
        let alarm = r#""message":"alarm","kind":"sos","raised":true"#;
        assert!(matches!(json(alarm, 0).unwrap().content, Content::Alarm { kind_code: 1, raised: true, .. }));
        assert_eq!(json(alarm, 1).unwrap_err(), "the lane is not the topic's");
        assert_eq!(json(r#""message":"time","wall_ms":5"#, 0).unwrap_err(), "not a message of devices");
        assert_eq!(json(r#""message":"readings""#, 0).unwrap_err(), "samples is missing");
    }

    #[test]
    fn the_highest_number_leaves_room_for_the_one_after_it() {
        let read = |seq: u64| {
            let header =
                r#""version":1,"message":"readings","boot_id":7,"lane":0,"monotonic_ms":2,"samples":[]"#;
            let payload = format!(r#"{{{header},"seq":"{seq}"}}"#);
            let read = Decoded::read(TopicKind::Json, payload.as_bytes()).map(|read| read.header.seq);
            (read, Decoded::header_of_unread(TopicKind::Json, payload.as_bytes()).is_some())
        };
        let highest = i64::MAX as u64 - 1;
        assert_eq!(read(highest), (Ok(highest), true));
        for seq in [highest + 1, highest + 2, u64::MAX] {
            assert_eq!(read(seq), (Err("seq is above 2^63 - 2".to_owned()), false), "{seq}");
        }
    }

    #[test]
    fn of_what_cannot_be_read_only_a_number_that_is_used_up_is_taken() {
        let seq = |message: &str, lane: u8| {
            let header = format!(r#""version":1,"boot_id":7,"lane":{lane},"seq":9,"monotonic_ms":2"#);
            let payload = format!(r#"{{{header},"message":{message}}}"#);
            assert!(Decoded::read(TopicKind::Json, payload.as_bytes()).is_err(), "{message}");
            Decoded::header_of_unread(TopicKind::Json, payload.as_bytes()).map(|header| header.seq)
        };
        for numbered in [r#""readings""#, r#""alarm""#, r#""birth""#, r#""state","online":true"#] {
            assert_eq!(seq(numbered, 0), Some(9), "{numbered}");
        }
        assert_eq!(seq(r#""readings""#, 1), Some(9));
        for other in [r#""alarm","kind":"sos","raised":true"#, r#""state","online":true"#] {
            assert_eq!(seq(other, 1), None, "the lane is not the topic's");
        }
        for other in [r#""state""#, r#""state","online":false"#, r#""ack""#, r#""newer""#, "5"] {
            assert_eq!(seq(other, 0), None, "{other}");
        }
    }
}
