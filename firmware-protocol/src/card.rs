//! The number of an elder's card, read by a device that many people share.

use core::fmt;

use crate::limits::CARD_NUMBER_BYTES_MAX;

/// A card number: 1 to 32 of `A-Z a-z 0-9 -`. It names a person, so printing it for a log shows nothing of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CardNumber {
    bytes: [u8; CARD_NUMBER_BYTES_MAX],
    length: u8,
}

impl CardNumber {
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if text.is_empty() || text.len() > CARD_NUMBER_BYTES_MAX || !text.bytes().all(allowed) {
            return None;
        }
        let mut bytes = [0; CARD_NUMBER_BYTES_MAX];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Some(Self { bytes, length: text.len() as u8 })
    }

    /// The number itself: to be sealed, not to be logged.
    pub fn expose(&self) -> &str {
        // Only ASCII gets in, so the text is whole.
        core::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }
}

impl fmt::Debug for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardNumber(..)")
    }
}
