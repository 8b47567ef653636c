use crate::frame::{END, Frame, FrameFault, START, length_of};

/// What a stream of bytes holds, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Frame {
        frame: Frame,
        raw: Vec<u8>,
    },
    /// The lengths agree and the checksum does not: whose it is and its number may be read, and nothing in it believed.
    Corrupt {
        raw: Vec<u8>,
        fault: FrameFault,
    },
    /// Bytes that belong to no frame.
    Skipped {
        count: usize,
    },
}

/// Takes bytes as they arrive and gives frames: several may come at once, one in many parts, with anything between them.
///
/// Bytes that look like a beginning and do not lead to an end are looked through again from their second byte, so that a
/// broken frame costs none of those behind it. A frame whose end is in its place and whose checksum is wrong is passed over
/// whole: what its data looks like is never taken for a frame.
#[derive(Debug, Default)]
pub struct Reader {
    bytes: Vec<u8>,
    /// Everything before it is done with.
    at: usize,
    skipped: usize,
}

impl Reader {
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.at);
        self.at = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// Bytes of a frame that has begun and not ended.
    pub fn pending(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The next piece; none until more bytes come.
    pub fn next_piece(&mut self) -> Option<Piece> {
        loop {
            let rest = &self.bytes[self.at..];
            let Some(start) = rest.windows(2).position(|pair| pair == START) else {
                // The last byte may be the first of a beginning.
                let kept = usize::from(rest.last() == Some(&START[0]));
                self.skip(rest.len() - kept);
                return self.told();
            };
            let rest = &rest[start..];
            let whole = match length_of(rest) {
                Err(FrameFault::Short) => None,
                Ok(length) if rest.len() < length => None,
                Ok(length) if rest[length - END.len()..length] == END => Some(length),
                // Not a beginning after all.
                _ => {
                    self.skip(start + 1);
                    continue;
                }
            };
            self.skip(start);
            return self.told().or_else(|| whole.map(|length| self.take(length)));
        }
    }

    /// Nothing more is expected of the frame that has begun: looks for others behind its beginning.
    pub fn give_up(&mut self) {
        self.skip(self.pending().min(1));
    }

    fn take(&mut self, length: usize) -> Piece {
        let raw = self.bytes[self.at..self.at + length].to_vec();
        self.at += length;
        match Frame::decode(&raw) {
            Ok(frame) => Piece::Frame { frame, raw },
            Err(fault) => Piece::Corrupt { raw, fault },
        }
    }

    fn skip(&mut self, count: usize) {
        self.at += count;
        self.skipped += count;
    }

    /// How much was skipped since this was told last.
    fn told(&mut self) -> Option<Piece> {
        let count = std::mem::take(&mut self.skipped);
        (count > 0).then_some(Piece::Skipped { count })
    }
}
