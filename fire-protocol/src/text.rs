use encoding_rs::GB18030;

/// Bytes of a component's text, GB 18030, filled up with zeros.
pub const TEXT_BYTES: usize = 31;

/// Reads a GB 18030 text up to its filling.
pub fn text_of(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let (text, _, _) = GB18030.decode(&bytes[..end]);
    text.chars().filter(|letter| !letter.is_control()).collect::<String>().trim().to_owned()
}

/// A text without filling.
pub fn text_in_gb18030(text: &str) -> Vec<u8> {
    GB18030.encode(text).0.into_owned()
}

/// A text as it is sent; characters that find no room are left out.
pub fn text_bytes(text: &str) -> [u8; TEXT_BYTES] {
    let mut bytes = [0; TEXT_BYTES];
    let mut at = 0;
    for letter in text.chars() {
        let mut buffer = [0; 4];
        let (encoded, _, _) = GB18030.encode(letter.encode_utf8(&mut buffer));
        let Some(room) = bytes.get_mut(at..at + encoded.len()) else { break };
        room.copy_from_slice(&encoded);
        at += encoded.len();
    }
    bytes
}
