//! A device's message, decoded: everything that can be known without the database.

use songhe_firmware_protocol::{Alarm, Birth, Header, Lane, Readings, Sample, State, TopicKind};

/// A whole message of this protocol.
#[derive(Clone, Debug)]
pub struct Decoded {
    pub header: Header,
    pub content: Content,
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
        let fault = |error: songhe_firmware_protocol::DecodeError| error.to_string();
        let (header, content) = match kind {
            TopicKind::Up | TopicKind::Backfill => {
                let readings = Readings::decode(payload).map_err(fault)?;
                (readings.header, Content::Samples(readings.samples().collect()))
            }
            TopicKind::Alarm => {
                let alarm = Alarm::decode(payload).map_err(fault)?;
                let cause = alarm.cause.map(|(channel_code, value_scaled)| Sample {
                    channel_code,
                    value_scaled,
                    age_ms: 0,
                });
                let content = Content::Alarm { kind_code: alarm.kind_code, raised: alarm.raised, cause };
                (alarm.header, content)
            }
            TopicKind::Birth => (Birth::decode(payload).map_err(fault)?.header, Content::Birth),
            TopicKind::State => {
                let state = State::decode(payload).map_err(fault)?;
                (state.header, Content::State { online: state.online, connection: state.connection })
            }
            TopicKind::Ack | TopicKind::Command | TopicKind::Time => {
                return Err("not a topic of devices".to_owned());
            }
        };
        let lane = if kind == TopicKind::Backfill { Lane::Backfill } else { Lane::Live };
        if header.lane != lane {
            return Err("the lane is not the topic's".to_owned());
        }
        if i64::try_from(header.seq).is_err() {
            return Err("the sequence number is out of range".to_owned());
        }
        Ok(Decoded { header, content })
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
