//! What a zip archive would unpack to, counted entry by entry without keeping any of it.

use std::io::{Cursor, Read};

use super::{not_a_workbook, refused};
use crate::error::Result;
use crate::text::Text;

/// Entries of a workbook.
const ENTRIES_MAX: usize = 200;
/// Bytes of all entries unpacked.
const UNPACKED_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// How many times larger an entry may be unpacked than packed.
const RATIO_MAX: u64 = 100;
/// An entry below this is not judged by its ratio: a short text of one letter packs well.
const RATIO_FROM_BYTES: u64 = 1024 * 1024;
/// Texts that cells share; each costs memory that its five bytes do not show.
const SHARED_TEXTS_MAX: u64 = 2_000_000;
const PIECE_BYTES: usize = 64 * 1024;

/// Refuses an archive that breaks a limit. The same crate in the same version then reads it, so that both see the same
/// entries.
pub fn check(bytes: &[u8]) -> Result<()> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| not_a_workbook())?;
    if archive.len() > ENTRIES_MAX {
        return Err(refused(Text::new("import.file.entries").with("max", ENTRIES_MAX)));
    }
    let mut total = 0_u64;
    let mut piece = vec![0; PIECE_BYTES];
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|_| not_a_workbook())?;
        let packed = entry.compressed_size().max(1);
        let has_texts = entry.name().to_ascii_lowercase().ends_with("sharedstrings.xml");
        let (mut unpacked, mut texts) = (0_u64, Texts::default());
        loop {
            let length = entry.read(&mut piece).map_err(|_| not_a_workbook())?;
            if length == 0 {
                break;
            }
            unpacked += length as u64;
            total += length as u64;
            if has_texts {
                texts.look(&piece[..length]);
            }
            if total > UNPACKED_BYTES_MAX || texts.found > SHARED_TEXTS_MAX {
                return Err(refused(Text::new("import.file.unpacked").with("max", "64 MB")));
            }
            if unpacked > RATIO_FROM_BYTES && unpacked / packed > RATIO_MAX {
                return Err(refused(Text::new("import.file.ratio").with("max", RATIO_MAX)));
            }
        }
    }
    Ok(())
}

/// Counts `<si` in pieces that may cut it.
#[derive(Default)]
struct Texts {
    found: u64,
    matched: usize,
}

impl Texts {
    fn look(&mut self, piece: &[u8]) {
        for byte in piece {
            self.matched = match (self.matched, byte) {
                (_, b'<') => 1,
                (1, b's') => 2,
                (2, b'i') => {
                    self.found += 1;
                    0
                }
                _ => 0,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_texts_are_counted_across_pieces() {
        let mut texts = Texts::default();
        for piece in [&b"<sst><s"[..], b"i/><", b"si>a</si><<si>", b"<s i>"] {
            texts.look(piece);
        }
        assert_eq!(texts.found, 3);
    }
}
