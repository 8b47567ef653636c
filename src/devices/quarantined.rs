//! Looking at a message that could not be read. It may hold anything, so that each look is written down.

use serde_json::json;

use super::store::{self, QuarantineRow, get_device};
use crate::access::audit::Entry;
use crate::app::Tx;
use crate::error::Result;

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
    use super::dump;

    #[test]
    fn a_dump_has_offset_bytes_and_text() {
        assert_eq!(dump(b""), "");
        let said = dump(b"songhe \x00\xff of sixteen+");
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines[0], "000000  73 6f 6e 67 68 65 20 00 ff 20 6f 66 20 73 69 78  songhe .. of six");
        assert!(lines[1].starts_with("000010  74 65 65 6e 2b ") && lines[1].ends_with("  teen+"));
    }
}
