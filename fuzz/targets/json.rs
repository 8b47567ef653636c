//! The JSON twin: an answer and never a panic; what is read is written and read again as the same, in both encodings.
#![no_main]

use libfuzzer_sys::fuzz_target;
use songhe_firmware_protocol::limits::FRAME_BYTES_MAX;
use songhe_firmware_protocol::{Message, TopicKind, json};

fuzz_target!(|payload: &[u8]| {
    let number = json::header_of_unread(payload);
    let Ok(message) = json::decode(payload) else { return };
    assert!(
        number.is_none() || number.as_ref() == message.header(),
        "the header of what can be read is the same"
    );
    let text = json::encode(&message).expect("what was read can be written");
    assert_eq!(json::decode(text.as_bytes()), Ok(message.clone()), "{text}");
    let mut out = vec![0; FRAME_BYTES_MAX];
    // A text of JSON may hold more samples than a frame of CBOR.
    let Ok(length) = message.encode(&mut out) else { return };
    let again = |kind| Message::decode(kind, &out[..length]) == Ok(message.clone());
    assert!(TopicKind::ALL.into_iter().any(again), "no topic carries it");
});
