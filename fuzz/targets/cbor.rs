//! Payloads of every topic: an answer and never a panic; what is read is written and read again as the same, and never longer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use songhe_firmware_protocol::limits::FRAME_BYTES_MAX;
use songhe_firmware_protocol::{Message, TopicKind, json};

fuzz_target!(|payload: &[u8]| {
    for kind in TopicKind::ALL {
        let number = Message::header_of_unread(kind, payload);
        let Ok(message) = Message::decode(kind, payload) else { continue };
        assert!(
            number.is_none() || number.as_ref() == message.header(),
            "the header of what can be read is the same"
        );
        let mut out = vec![0; FRAME_BYTES_MAX.max(payload.len())];
        let length = message.encode(&mut out).expect("what was read can be written");
        assert!(length <= payload.len(), "the shortest form is no longer than any other");
        assert_eq!(Message::decode(kind, &out[..length]), Ok(message.clone()));
        // The twin says the same wherever it can say it.
        if let Ok(text) = json::encode(&message) {
            assert_eq!(json::decode(text.as_bytes()), Ok(message), "{text}");
        }
    }
});
