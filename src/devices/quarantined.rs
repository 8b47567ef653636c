//! Looking at a message that could not be read. It may hold anything, so that each look is written down.

use serde_json::json;

use super::ingest::message::refusal;
use super::store::{self, QuarantineRow, get_device};
use crate::access::audit::Entry;
use crate::app::Tx;
use crate::error::Result;
use crate::text::Lang;

/// A kind of unreadable message, and the first of them.
pub struct Opened {
    pub row: QuarantineRow,
    pub payload: Vec<u8>,
}

/// Opens the payload for somebody who manages its device.
pub fn open_message(tx: &mut Tx<'_>, id: i64) -> Result<Opened> {
    let row = store::get_quarantined(tx.connection, tx.scope, id)?;
    let payload = store::open_quarantined(tx.connection, tx.keys, &row)?;
    let device = get_device(tx.connection, tx.scope, row.device_id)?.device;
    tx.audit(&Entry {
        action: "device.open_quarantine",
        entity: "device",
        entity_id: device.id.to_string(),
        town_code: Some(&device.town_code),
        detail: json!({ "code": device.code, "quarantine": id, "topic": row.topic }),
    })?;
    Ok(Opened { row, payload })
}

/// Why a message could not be read, in the language of whoever asks. What is stored is what the decoder said; details of a JSON
/// text stay as they are.
pub fn why(lang: Lang, stored: &str) -> String {
    let fill = |key: &str, n: &str| lang.fill(&format!("decode_error.{key}"), &[("n", n)]);
    let plain = PLAIN.iter().find(|(said, _)| *said == stored).map(|(_, key)| fill(key, ""));
    let counted = || COUNTED.iter().find_map(|(said, key)| stored.strip_prefix(said).map(|n| fill(key, n)));
    plain.or_else(counted).unwrap_or_else(|| stored.to_owned())
}

/// What the decoders say, and its key.
const PLAIN: [(&str, &str); 11] = [
    ("not a message of this protocol", "malformed"),
    ("message is too long", "too_long"),
    ("a required field is missing", "missing_field"),
    ("too many items", "too_many"),
    ("a field is out of its range", "out_of_range"),
    ("bytes after the end of the message", "trailing_bytes"),
    (refusal::NOT_OF_DEVICES, "not_of_devices"),
    (refusal::LANE_OF_TOPIC, "lane_of_topic"),
    (refusal::SEQ_OUT_OF_RANGE, "seq_out_of_range"),
    (refusal::REFUSED, "refused"),
    (refusal::BLURRED, "blurred"),
];

/// The same with a number behind it.
const COUNTED: [(&str, &str); 2] = [("unknown version ", "version"), ("unknown lane ", "lane")];

/// Bytes as a dump: offset, sixteen bytes, and what of them is text.
pub fn dump(bytes: &[u8]) -> String {
    let line = |(number, part): (usize, &[u8])| {
        let hex: Vec<String> = part.iter().map(|byte| format!("{byte:02x}")).collect();
        let text: String = part
            .iter()
            .map(|byte| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' })
            .collect();
        format!("{:06x}  {:<47}  {text}", number * 16, hex.join(" "))
    };
    bytes.chunks(16).enumerate().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use songhe_firmware_protocol::{DecodeError, TopicKind};

    use super::{dump, why};
    use crate::devices::ingest::message::{Decoded, refusal};
    use crate::text::Lang;

    #[test]
    fn what_a_decoder_says_is_told_in_both_languages() {
        let all = [
            DecodeError::Malformed,
            DecodeError::TooLong,
            DecodeError::Version(9),
            DecodeError::MissingField,
            DecodeError::Lane(7),
            DecodeError::TooMany,
            DecodeError::OutOfRange,
            DecodeError::TrailingBytes,
        ];
        for error in all {
            let told = why(Lang::Chinese, &error.to_string());
            assert!(!told.bytes().any(|byte| byte.is_ascii_alphabetic()), "{error}: {told}");
        }
        assert_eq!(why(Lang::English, &DecodeError::Version(9).to_string()), "Unknown version 9");
        assert_eq!(why(Lang::Chinese, "samples is missing"), "samples is missing");
    }

    #[test]
    fn whatever_a_message_is_put_aside_for_is_told_in_both_languages() {
        let said = |kind: TopicKind, message: &str| {
            let header = r#""version":1,"boot_id":7,"monotonic_ms":2"#;
            Decoded::read(kind, format!("{{{header},{message}}}").as_bytes()).unwrap_err()
        };
        let seq = format!(r#""lane":0,"message":"readings","samples":[],"seq":"{}""#, u64::MAX);
        let all = [
            said(TopicKind::Json, r#""lane":0,"seq":1,"message":"time","wall_ms":5"#),
            said(TopicKind::Json, r#""lane":1,"seq":1,"message":"alarm","kind":"sos","raised":true"#),
            said(TopicKind::Json, &seq),
            refusal::REFUSED.to_owned(),
            refusal::BLURRED.to_owned(),
        ];
        for error in all {
            let told = why(Lang::Chinese, &error);
            assert!(!told.bytes().any(|byte| byte.is_ascii_alphabetic()), "{error}: {told}");
            assert_ne!(why(Lang::English, &error), error, "in words of its own");
        }
    }

    #[test]
    fn a_dump_has_offset_bytes_and_text() {
        assert_eq!(dump(b""), "");
        let said = dump(b"songhe \x00\xff of sixteen+");
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines[0], "000000  73 6f 6e 67 68 65 20 00 ff 20 6f 66 20 73 69 78  songhe .. of six");
        assert!(lines[1].starts_with("000010  74 65 65 6e 2b ") && lines[1].ends_with("  teen+"));
    }
}
