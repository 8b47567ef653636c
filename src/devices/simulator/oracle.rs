//! The list of what devices saw acknowledged, which a test compares with the database.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use songhe_firmware_protocol::{Message, TopicKind};

/// One acknowledged message.
#[derive(Serialize)]
struct Line<'a> {
    device: &'a str,
    boot: u64,
    lane: u8,
    seq: u64,
    /// Last level of its topic.
    kind: &'a str,
    /// What the device's clock said.
    wall_ms: Option<u64>,
    /// Channel, value in its smallest step, and age in milliseconds of what must be stored.
    samples: Vec<(u16, i32, u32)>,
}

pub(super) struct Oracle(Mutex<File>);

impl Oracle {
    /// Appends to the file, so that a test may simulate in several runs.
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(Self(Mutex::new(OpenOptions::new().create(true).append(true).open(path)?)))
    }

    /// Whole lines, unbuffered: a kill may lose the last acknowledgement but never claim one that was not seen.
    pub fn write(&self, device: &str, kind: TopicKind, payload: &[u8]) -> io::Result<()> {
        let message = Message::decode(kind, payload).map_err(io::Error::other)?;
        let header = *message.header().ok_or_else(|| io::Error::other("no message of a device"))?;
        let samples = match message {
            Message::Readings(readings) => {
                readings.samples.iter().map(|one| (one.channel_code, one.value_scaled, one.age_ms)).collect()
            }
            Message::Alarm(alarm) => {
                alarm.cause.iter().map(|&(channel, value)| (channel, value, 0)).collect()
            }
            _ => Vec::new(),
        };
        self.write_line(&Line {
            device,
            boot: header.boot_id,
            lane: header.lane.code(),
            seq: header.seq,
            kind: kind.level(),
            wall_ms: header.wall_ms,
            samples,
        })
    }

    /// Any other identity.
    pub fn write_line(&self, line: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(line)?;
        line.push(b'\n');
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line)
    }
}
