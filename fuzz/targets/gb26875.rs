//! A stream of a fire panel, in pieces of any size: the same frames however it is cut, an answer and never a panic; what is read
//! is written and read again as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use songhe_fire_protocol::{Content, Frame, Piece, Profiles, Reader, Request};

/// What a reader makes of a stream that comes in pieces of so many bytes.
fn pieces(stream: &[u8], size: usize) -> Vec<Piece> {
    let mut reader = Reader::default();
    let mut found = Vec::new();
    for part in stream.chunks(size) {
        reader.push(part);
        while let Some(piece) = reader.next_piece() {
            found.push(piece);
        }
    }
    found
}

/// The bytes of the frames, sound ones and those with a wrong checksum.
fn frames(pieces: &[Piece]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    for piece in pieces {
        if let Piece::Frame { raw, .. } | Piece::Corrupt { raw, .. } = piece {
            found.push(raw.as_slice());
        }
    }
    found
}

fn read(bytes: &[u8]) {
    let Ok(frame) = Frame::decode(bytes) else {
        let _ = Frame::of_corrupt(bytes);
        return;
    };
    assert_eq!(frame.encode(), bytes);
    if let Ok(content) = Content::decode(&frame.data) {
        assert_eq!(Content::decode(&content.encode()), Ok(content));
    }
    // Bytes that the standard keeps free are written as zeros.
    if let Some(request) = Request::decode(&frame.data) {
        assert_eq!(Request::decode(&request.encode()), Some(request));
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((&size, stream)) = input.split_first() else { return };
    let whole = pieces(stream, stream.len().max(1));
    let cut = pieces(stream, usize::from(size).max(1));
    assert_eq!(frames(&whole), frames(&cut), "how a stream is cut says nothing");
    for raw in frames(&whole) {
        read(raw);
    }
    read(stream);
    if let Ok(text) = std::str::from_utf8(stream) {
        let _ = Profiles::read(Some(text));
    }
});
