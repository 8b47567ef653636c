//! Bytes as CBOR's diagnostic notation (RFC 8949, section 8), as far as they can be read: for looking at messages that could not
//! be. Never fails: where the bytes stop making sense it says so and where.

use std::fmt::Write as _;

/// Levels of nesting that are followed.
const DEPTH_MAX: usize = 16;
/// Letters of the notation: a payload of 64 KB stays a page that opens.
const LETTERS_MAX: usize = 20_000;

/// The notation of all items in `bytes`, and what is wrong with them, if anything, with its offset.
pub fn notation_of(bytes: &[u8]) -> (String, Option<(Trouble, usize)>) {
    let mut reader = Reader { bytes, place: 0, out: String::new() };
    let mut first = true;
    while reader.place < bytes.len() {
        if !first {
            reader.out.push_str(", ");
        }
        first = false;
        if let Err(trouble) = reader.item(0) {
            return (reader.out, Some((trouble, reader.place)));
        }
    }
    (reader.out, None)
}

/// Why bytes cannot be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// They end within an item.
    Short,
    /// A first byte that no item has.
    Unknown,
    /// A text that is no UTF-8.
    Text,
    /// Nested too deeply, or too long to be shown.
    Large,
}

impl Trouble {
    /// Part of the text key of its name: `enums.cbor_trouble.NAME`.
    pub fn name(self) -> &'static str {
        match self {
            Trouble::Short => "short",
            Trouble::Unknown => "unknown",
            Trouble::Text => "text",
            Trouble::Large => "large",
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    place: usize,
    out: String,
}

/// The argument of an item's head; none for one of indefinite length.
type Argument = Option<u64>;

impl Reader<'_> {
    fn take(&mut self, count: usize) -> Result<&[u8], Trouble> {
        let end =
            self.place.checked_add(count).filter(|end| *end <= self.bytes.len()).ok_or(Trouble::Short)?;
        let taken = &self.bytes[self.place..end];
        self.place = end;
        Ok(taken)
    }

    fn number(&mut self, count: usize) -> Result<u64, Trouble> {
        Ok(self.take(count)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn head(&mut self) -> Result<(u8, u8, Argument), Trouble> {
        let first = self.take(1)?[0];
        let (major, minor) = (first >> 5, first & 0x1f);
        let argument = match minor {
            0..=23 => Some(u64::from(minor)),
            24..=27 => Some(self.number(1 << (minor - 24))?),
            31 if (2..=5).contains(&major) || major == 7 => None,
            _ => {
                self.place -= 1;
                return Err(Trouble::Unknown);
            }
        };
        Ok((major, minor, argument))
    }

    fn item(&mut self, depth: usize) -> Result<(), Trouble> {
        if depth > DEPTH_MAX {
            return Err(Trouble::Large);
        }
        let (major, minor, argument) = self.head()?;
        match (major, argument) {
            (0, Some(value)) => self.say(&value.to_string()),
            (1, Some(value)) => self.say(&(-1 - i128::from(value)).to_string()),
            (2 | 3, Some(length)) => self.string(major == 3, length),
            (2 | 3, None) => self.parts(depth, "(_ ", ")"),
            (4, Some(count)) => self.counted(depth, count, false),
            (4, None) => self.parts(depth, "[_ ", "]"),
            (5, Some(count)) => self.counted(depth, count, true),
            (5, None) => self.pairs(depth),
            (6, Some(tag)) => {
                self.say(&format!("{tag}("))?;
                self.item(depth + 1)?;
                self.say(")")
            }
            (7, Some(value)) => self.simple(minor, value),
            _ => {
                self.place -= 1;
                Err(Trouble::Unknown)
            }
        }
    }

    fn say(&mut self, text: &str) -> Result<(), Trouble> {
        self.out.push_str(text);
        if self.out.len() > LETTERS_MAX { Err(Trouble::Large) } else { Ok(()) }
    }

    fn string(&mut self, is_text: bool, length: u64) -> Result<(), Trouble> {
        let length = usize::try_from(length).map_err(|_| Trouble::Short)?;
        let start = self.place;
        let bytes = self.take(length)?.to_vec();
        if length > LETTERS_MAX {
            return Err(Trouble::Large);
        }
        if !is_text {
            let said = format!("h'{}'", hex::encode(&bytes));
            return self.say(&said);
        }
        let Ok(text) = String::from_utf8(bytes) else {
            self.place = start;
            return Err(Trouble::Text);
        };
        self.say(&format!("{text:?}"))
    }

    fn counted(&mut self, depth: usize, count: u64, is_map: bool) -> Result<(), Trouble> {
        self.say(if is_map { "{" } else { "[" })?;
        for index in 0..count {
            if index > 0 {
                self.say(", ")?;
            }
            self.item(depth + 1)?;
            if is_map {
                self.say(": ")?;
                self.item(depth + 1)?;
            }
        }
        self.say(if is_map { "}" } else { "]" })
    }

    /// Whether the end of an item of indefinite length is here; goes past it.
    fn ends(&mut self) -> bool {
        let ends = self.bytes.get(self.place) == Some(&0xff);
        self.place += usize::from(ends);
        ends
    }

    fn parts(&mut self, depth: usize, open: &str, close: &str) -> Result<(), Trouble> {
        self.say(open)?;
        let mut first = true;
        while !self.ends() {
            if !first {
                self.say(", ")?;
            }
            first = false;
            self.item(depth + 1)?;
        }
        self.say(close)
    }

    fn pairs(&mut self, depth: usize) -> Result<(), Trouble> {
        self.say("{_ ")?;
        let mut first = true;
        while !self.ends() {
            if !first {
                self.say(", ")?;
            }
            first = false;
            self.item(depth + 1)?;
            self.say(": ")?;
            self.item(depth + 1)?;
        }
        self.say("}")
    }

    fn simple(&mut self, minor: u8, value: u64) -> Result<(), Trouble> {
        let said = match (minor, value) {
            (20, _) => "false".to_owned(),
            (21, _) => "true".to_owned(),
            (22, _) => "null".to_owned(),
            (23, _) => "undefined".to_owned(),
            (25, bits) => float(half(bits as u16)),
            (26, bits) => float(f64::from(f32::from_bits(bits as u32))),
            (27, bits) => float(f64::from_bits(bits)),
            (_, value) => format!("simple({value})"),
        };
        self.say(&said)
    }
}

fn float(value: f64) -> String {
    let mut text = String::new();
    if value.is_finite() && value.fract() == 0.0 && value.abs() < 1e15 {
        let _ = write!(text, "{value:.1}");
    } else if value.is_nan() {
        text.push_str("NaN");
    } else if value.is_infinite() {
        text.push_str(if value > 0.0 { "Infinity" } else { "-Infinity" });
    } else {
        let _ = write!(text, "{value}");
    }
    text
}

/// A number of 16 bits, as RFC 8949's appendix D reads it.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    let value = match exponent {
        0 => fraction * 2_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (fraction + 1024.0) * 2_f64.powi(exponent - 25),
    };
    if bits & 0x8000 == 0 { value } else { -value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_the_standard_are_read() {
        for (bytes, said) in [
            ("00", "0"),
            ("1903e8", "1000"),
            ("3863", "-100"),
            ("3bffffffffffffffff", "-18446744073709551616"),
            ("f9c400", "-4.0"),
            ("f97bff", "65504.0"),
            ("fbc010666666666666", "-4.1"),
            ("f97e00", "NaN"),
            ("f9fc00", "-Infinity"),
            ("f4", "false"),
            ("f7", "undefined"),
            ("f8ff", "simple(255)"),
            ("c11a514b67b0", "1(1363896240)"),
            ("4401020304", "h'01020304'"),
            ("6449455446", "\"IETF\""),
            ("83010203", "[1, 2, 3]"),
            ("8301820203820405", "[1, [2, 3], [4, 5]]"),
            ("a201020304", "{1: 2, 3: 4}"),
            ("9f018202039f0405ffff", "[_ 1, [2, 3], [_ 4, 5]]"),
            ("bf61610161629f0203ffff", "{_ \"a\": 1, \"b\": [_ 2, 3]}"),
            ("5f42010243030405ff", "(_ h'0102', h'030405')"),
            ("0001", "0, 1"),
            ("", ""),
        ] {
            assert_eq!(notation_of(&hex::decode(bytes).unwrap()), (said.to_owned(), None), "{bytes}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_where_and_why() {
        for (bytes, said, trouble, at) in [
            ("8301", "[1, ", Trouble::Short, 2),
            ("82011c", "[1, ", Trouble::Unknown, 2),
            ("62ff41", "", Trouble::Text, 1),
            ("44010203", "", Trouble::Short, 1),
            ("ff", "", Trouble::Unknown, 0),
        ] {
            let found = notation_of(&hex::decode(bytes).unwrap());
            assert_eq!(found, (said.to_owned(), Some((trouble, at))), "{bytes}");
        }
        assert_eq!(notation_of(&[0x81; 100]).1.map(|(trouble, _)| trouble), Some(Trouble::Large));
    }

    proptest! {
        #[test]
        fn any_bytes_end_and_stay_short(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            let (said, _) = notation_of(&bytes);
            prop_assert!(said.len() <= LETTERS_MAX + 8 * bytes.len() + 100);
        }
    }
}
