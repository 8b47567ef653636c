//! What kind of picture bytes are, and how large it says it is: read from the header, without decoding anything.

/// Media type, width and height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    pub media: &'static str,
    pub width: u32,
    pub height: u32,
}

impl Picture {
    pub fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

/// Reads the header of a JPEG, PNG or WebP; none for anything else, or for one without a size.
pub fn read(bytes: &[u8]) -> Option<Picture> {
    let (media, (width, height)) = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        ("image/png", png(bytes)?)
    } else if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        ("image/jpeg", jpeg(bytes)?)
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12)? == b"WEBP" {
        ("image/webp", webp(bytes)?)
    } else {
        return None;
    };
    (width > 0 && height > 0).then_some(Picture { media, width, height })
}

fn png(bytes: &[u8]) -> Option<(u32, u32)> {
    (bytes.get(12..16)? == b"IHDR").then_some(())?;
    let number = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    Some((number(16)?, number(20)?))
}

fn jpeg(bytes: &[u8]) -> Option<(u32, u32)> {
    let short = |at: usize| Some(u32::from(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?)));
    let mut at = 2;
    loop {
        (*bytes.get(at)? == 0xff).then_some(())?;
        match *bytes.get(at + 1)? {
            // Fill bytes.
            0xff => at += 1,
            // The frame's head, but not tables (C4), extensions (C8) or arithmetic coding (CC).
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                return Some((short(at + 7)?, short(at + 5)?));
            }
            // The picture's data or end before its size.
            0xd9 | 0xda => return None,
            0x01 | 0xd0..=0xd8 => at += 2,
            _ => at += 2 + short(at + 2)?.max(2) as usize,
        }
    }
}

fn webp(bytes: &[u8]) -> Option<(u32, u32)> {
    let byte = |at: usize| bytes.get(at).map(|byte| u32::from(*byte));
    let little = |at: usize| Some(byte(at)? | byte(at + 1)? << 8);
    match bytes.get(12..16)? {
        b"VP8X" => Some((1 + (little(24)? | byte(26)? << 16), 1 + (little(27)? | byte(29)? << 16))),
        b"VP8L" => {
            (byte(20)? == 0x2f).then_some(())?;
            let bits = little(21)? | little(23)? << 16;
            Some((1 + (bits & 0x3fff), 1 + (bits >> 14 & 0x3fff)))
        }
        b"VP8 " => {
            (bytes.get(23..26)? == [0x9d, 0x01, 0x2a]).then_some(())?;
            Some((little(26)? & 0x3fff, little(28)? & 0x3fff))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn png_of(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes
    }

    #[test]
    fn the_three_kinds_tell_their_size() {
        assert_eq!(read(&png_of(640, 480)), Some(Picture { media: "image/png", width: 640, height: 480 }));
        let jpeg =
            [&[0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xff, 0xc2, 0, 17, 8], &[1, 0xe0, 2, 0x80][..]]
                .concat();
        assert_eq!(read(&jpeg), Some(Picture { media: "image/jpeg", width: 640, height: 480 }));
        let riff = |kind: &[u8], body: &[u8]| [b"RIFF\0\0\0\0WEBP", kind, b"\0\0\0\0", body].concat();
        let extended = riff(b"VP8X", &[0, 0, 0, 0, 0x7f, 2, 0, 0xdf, 1, 0]);
        assert_eq!(read(&extended), Some(Picture { media: "image/webp", width: 640, height: 480 }));
        let bits: u32 = 639 + (479 << 14);
        let lossless = riff(b"VP8L", &[&[0x2f], &bits.to_le_bytes()[..]].concat());
        assert_eq!(read(&lossless), Some(Picture { media: "image/webp", width: 640, height: 480 }));
        let lossy = riff(b"VP8 ", &[0, 0, 0, 0x9d, 1, 0x2a, 0x80, 2, 0xe0, 1]);
        assert_eq!(read(&lossy), Some(Picture { media: "image/webp", width: 640, height: 480 }));
    }

    #[test]
    fn a_bomb_tells_its_size_too() {
        let bomb = read(&png_of(u32::MAX, u32::MAX)).unwrap();
        assert!(bomb.pixels() > super::super::PHOTO_PIXELS_MAX);
    }

    #[test]
    fn what_is_no_picture_is_none() {
        for bytes in [
            &b""[..],
            b"GIF89a\x01\0\x01\0",
            b"\x89PNG\r\n\x1a\n",
            b"<svg/>",
            &[0xff, 0xd8, 0xff, 0xd9],
            &png_of(0, 5),
        ] {
            assert_eq!(read(bytes), None, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fall(head in 0_usize..3, rest in proptest::collection::vec(any::<u8>(), 0..200)) {
            let heads: [&[u8]; 3] = [b"\x89PNG\r\n\x1a\n", &[0xff, 0xd8, 0xff], b"RIFF\0\0\0\0WEBPVP8X"];
            let _ = read(&[heads[head], &rest].concat());
        }
    }
}
