//! Upper bounds. A message beyond one of them is refused, never cut.

/// Version of the header layout that this crate writes.
pub const PROTOCOL_VERSION: u8 = 1;

/// Longest CBOR message in either direction.
pub const FRAME_BYTES_MAX: usize = 16 * 1024;

/// Longest JSON message in either direction.
pub const JSON_BYTES_MAX: usize = 60 * 1024;

/// Longest MQTT packet the server accepts, any payload.
pub const PACKET_BYTES_MAX: u32 = 64 * 1024;

/// Most samples in one readings message. With the widest sample (14 bytes) and header they fit [`FRAME_BYTES_MAX`].
pub const SAMPLES_MAX: usize = 1_000;

/// Most channels a device may announce in its birth message.
pub const CHANNELS_MAX: usize = 64;

/// Most commands a device may announce in its birth message.
pub const COMMANDS_MAX: usize = 32;

/// Most arguments of a command.
pub const ARGUMENTS_MAX: usize = 8;

/// Longest device id.
pub const DEVICE_ID_BYTES_MAX: usize = 48;

/// Longest topic: prefix, device id, `/` and the longest kind.
pub const TOPIC_BYTES_MAX: usize = 10 + DEVICE_ID_BYTES_MAX + 1 + 9;

/// Longest firmware version text.
pub const FIRMWARE_VERSION_BYTES_MAX: usize = 32;

/// Longest card number.
pub const CARD_NUMBER_BYTES_MAX: usize = 32;

/// Highest number of a message: a server keeps the one after it as a signed number of 64 bits.
pub const SEQ_MAX: u64 = (1 << 63) - 2;

/// Oldest age a sample may have relative to its message: one day.
pub const SAMPLE_AGE_MS_MAX: u32 = 24 * 60 * 60 * 1_000;
