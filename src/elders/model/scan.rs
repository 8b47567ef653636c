//! Scans of documents: what kind a file is, said by its first bytes, and whether opening it would be safe. Nothing is decoded.

use crate::error::{Code, Error, Result};
use crate::text::Text;

/// Bytes of a scan at most.
pub const SCAN_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Points of a picture at most: more than any scanner's page, less than what fills a phone's memory.
const PIXELS_MAX: u64 = 50_000_000;

crate::text_enum! {
    pub enum ScanKind {
        Pdf = "application/pdf",
        Jpeg = "image/jpeg",
        Png = "image/png",
    }
}

/// The kind of a file that may be kept.
pub fn check_scan(bytes: &[u8]) -> Result<ScanKind> {
    if bytes.len() > SCAN_BYTES_MAX {
        let limit = format!("{} MB", SCAN_BYTES_MAX / 1024 / 1024);
        return Err(Error::new(Code::TooLarge, Text::new("error.too_large").with("limit", limit)));
    }
    let unknown = || Error::field("scan", Text::new("rule.scan_kind"));
    let kind = if bytes.starts_with(b"%PDF-") {
        return Ok(ScanKind::Pdf);
    } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        ScanKind::Png
    } else if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
        ScanKind::Jpeg
    } else {
        return Err(unknown());
    };
    let size = if kind == ScanKind::Png { png_size(bytes) } else { jpeg_size(bytes) };
    let (width, height) = size.ok_or_else(unknown)?;
    if width == 0 || height == 0 {
        return Err(unknown());
    }
    if u64::from(width) * u64::from(height) > PIXELS_MAX {
        let rule = Text::new("rule.scan_pixels").with("width", width).with("height", height);
        return Err(Error::field("scan", rule.with("max", PIXELS_MAX / 1_000_000)));
    }
    Ok(kind)
}

fn number(bytes: &[u8], at: usize, length: usize) -> Option<u32> {
    let part = bytes.get(at..at.checked_add(length)?)?;
    Some(part.iter().fold(0, |number, byte| (number << 8) | u32::from(*byte)))
}

fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    (bytes.get(12..16)? == b"IHDR").then_some(())?;
    Some((number(bytes, 16, 4)?, number(bytes, 20, 4)?))
}

/// Walks from segment to segment to the frame's head.
fn jpeg_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2;
    loop {
        (*bytes.get(at)? == 0xFF).then_some(())?;
        let marker = *bytes.get(at + 1)?;
        match marker {
            0xFF => at += 1,
            0x01 | 0xD0..=0xD7 => at += 2,
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                return Some((number(bytes, at + 7, 2)?, number(bytes, at + 5, 2)?));
            }
            // The picture begins, or ends, without a frame's head.
            0xD9 | 0xDA => return None,
            _ => at += 2 + number(bytes, at + 2, 2).filter(|length| *length >= 2)? as usize,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes
    }

    fn jpeg(width: u16, height: u16) -> Vec<u8> {
        let mut bytes = vec![0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2, 0xFF, 0xC2, 0, 11, 8];
        bytes.extend(height.to_be_bytes());
        bytes.extend(width.to_be_bytes());
        bytes
    }

    fn fault(bytes: &[u8]) -> &'static str {
        check_scan(bytes).err().map_or("", |error| error.text.key)
    }

    #[test]
    fn kinds_are_told_by_their_first_bytes() {
        assert_eq!(check_scan(b"%PDF-1.7\n").ok(), Some(ScanKind::Pdf));
        assert_eq!(check_scan(&png(2_480, 3_508)).ok(), Some(ScanKind::Png));
        assert_eq!(check_scan(&jpeg(2_480, 3_508)).ok(), Some(ScanKind::Jpeg));
        for wrong in [&b""[..], b"<svg/>", b"GIF89a", b"PK\x03\x04", &png(10, 10)[..20], &jpeg(10, 10)[..14]]
        {
            assert_eq!(fault(wrong), "rule.scan_kind", "{wrong:?}");
        }
    }

    #[test]
    fn a_bomb_is_refused_by_what_it_claims() {
        assert_eq!(fault(&png(60_000, 60_000)), "rule.scan_pixels");
        assert_eq!(fault(&png(u32::MAX, u32::MAX)), "rule.scan_pixels");
        assert_eq!(fault(&jpeg(65_535, 65_535)), "rule.scan_pixels");
        assert_eq!(fault(&png(0, 5)), "rule.scan_kind");
        let mut large = png(10, 10);
        large.resize(SCAN_BYTES_MAX + 1, 0);
        assert_eq!(fault(&large), "error.too_large");
    }

    proptest! {
        #[test]
        fn no_file_brings_it_down(tail in proptest::collection::vec(any::<u8>(), 0..200), kind in 0_usize..3) {
            let head: &[u8] = [&[0xFF, 0xD8, 0xFF][..], b"\x89PNG\r\n\x1a\n", b""][kind];
            let _ = check_scan(&[head, &tail].concat());
        }
    }
}
