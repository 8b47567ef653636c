//! Words of the phone's reports.

pub mod device_time;
pub mod image;

crate::text_enum! {
    pub enum StepKind {
        Depart = "depart",
        Arrive = "arrive",
        Finish = "finish",
        Fail = "fail",
    }
}

crate::text_enum! {
    /// How it was found out when a step happened.
    pub enum TimeBasis {
        /// By a clock of the phone that nobody can set.
        Monotonic = "monotonic",
        /// By the phone's own clock, put right by how far it is off.
        Offset = "offset",
        /// When we heard of it: the phone's times contradict each other.
        Received = "received",
    }
}

crate::text_enum! {
    /// Why there is no position.
    pub enum NoPosition {
        Denied = "denied",
        Unavailable = "unavailable",
        Timeout = "timeout",
        Unsupported = "unsupported",
    }
}

crate::text_enum! {
    /// Whether a step moved the visit, or is only kept.
    pub enum Outcome {
        Taken = "taken",
        Kept = "kept",
    }
}

crate::text_enum! {
    pub enum FileKind {
        Photo = "photo",
        Signature = "signature",
    }
}

/// Bytes of a photo.
pub const PHOTO_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Pixels of a photo: more is a bomb for whoever looks at it.
pub const PHOTO_PIXELS_MAX: u64 = 40_000_000;
/// Bytes and pixels of a drawn signature.
pub const SIGNATURE_BYTES_MAX: usize = 64 * 1024;
pub const SIGNATURE_PIXELS_MAX: u64 = 2_000_000;

/// Whether a signature's path holds nothing but moves and lines with numbers.
pub fn is_path(path: &str) -> bool {
    let legal = |letter: char| letter.is_ascii_digit() || "MLQCZmlqcz .,-\n".contains(letter);
    path.starts_with(['M', 'm']) && path.chars().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_drawing_and_nothing_else() {
        assert!(is_path("M10 10 L20.5,-3 q1 2 3 4Z"));
        for wrong in ["", "L1 1", "M1 1\"/><script>", "M1 1 url(x)", "<svg>"] {
            assert!(!is_path(wrong), "{wrong}");
        }
    }
}
