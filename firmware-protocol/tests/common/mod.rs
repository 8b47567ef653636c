//! The golden vectors: their bytes, and the messages that they must mean.
#![allow(dead_code, unused_imports, reason = "each test program uses its part")]
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

pub mod any;
mod golden;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use songhe_firmware_protocol::limits::FRAME_BYTES_MAX;
use songhe_firmware_protocol::{EncodeError, Message, TopicKind};

pub use golden::{Golden, golden};

pub const FOLDERS: [&str; 2] = ["v1", "v1.1"];

pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(name)
}

/// Reads a vector: hexadecimal bytes, blanks between them, comments after `#`.
pub fn vector(name: &str) -> Vec<u8> {
    let path = FOLDERS.iter().map(|version| folder(version).join(format!("{name}.hex")));
    let path = path.into_iter().find(|path| path.exists()).unwrap_or_else(|| panic!("no vector {name}"));
    bytes_of(&fs::read_to_string(&path).unwrap())
}

pub fn bytes_of(text: &str) -> Vec<u8> {
    let digits: String =
        text.lines().map(|line| line.split('#').next().unwrap()).flat_map(str::split_whitespace).collect();
    assert!(digits.len().is_multiple_of(2), "half a byte: {digits}");
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// Names of all files with this ending, without it.
pub fn names(ending: &str) -> BTreeSet<String> {
    let files = FOLDERS.iter().flat_map(|version| fs::read_dir(folder(version)).unwrap());
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter_map(|name| Some(name.strip_suffix(ending)?.to_owned())).collect()
}

/// The topic of a vector: its name begins with the message. The first vectors that are refused are all readings.
pub fn topic_of(name: &str) -> TopicKind {
    let name = name.strip_prefix("refused-").unwrap_or(name);
    match name.split('-').next().unwrap() {
        "backfill" => TopicKind::Backfill,
        "alarm" => TopicKind::Alarm,
        "birth" => TopicKind::Birth,
        "state" => TopicKind::State,
        "ack" => TopicKind::Ack,
        "time" => TopicKind::Time,
        "command" => TopicKind::Command,
        _ => TopicKind::Up,
    }
}

pub fn encoded(message: &Message) -> Vec<u8> {
    written(|out| message.encode(out)).unwrap()
}

/// What an encoder writes into a buffer of the largest message's size.
pub fn written(encode: impl FnOnce(&mut [u8]) -> Result<usize, EncodeError>) -> Result<Vec<u8>, EncodeError> {
    let mut out = vec![0; FRAME_BYTES_MAX];
    let length = encode(&mut out)?;
    out.truncate(length);
    Ok(out)
}
