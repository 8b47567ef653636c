//! The list of what devices saw acknowledged, which a test compares with the database.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use songhe_firmware_protocol::Lane;

/// One acknowledged message.
#[derive(Serialize)]
struct Line<'a> {
    device: &'a str,
    boot: u64,
    lane: u8,
    seq: u64,
}

pub(super) struct Oracle(Mutex<File>);

impl Oracle {
    /// Appends to the file, so that a test may simulate in several runs.
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(Self(Mutex::new(OpenOptions::new().create(true).append(true).open(path)?)))
    }

    /// Whole lines, unbuffered: a kill may lose the last acknowledgement but never claim one that was not seen.
    pub fn write(&self, device: &str, boot: u64, lane: Lane, seq: u64) -> io::Result<()> {
        self.write_line(&Line { device, boot, lane: lane.code(), seq })
    }

    /// Any other identity.
    pub fn write_line(&self, line: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(line)?;
        line.push(b'\n');
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line)
    }
}
