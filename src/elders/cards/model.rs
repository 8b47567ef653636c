//! Codes of cards, and what somebody's reading of one is found to be.

crate::text_enum! {
    /// Why a card does not count any more.
    pub enum CardEnding {
        Replaced = "replaced",
        Revoked = "revoked",
    }
}

crate::text_enum! {
    /// What a code that somebody gave is found to be, from the best to the worst.
    pub enum CodeFound {
        /// Of the card that counts.
        Right = "right",
        /// Of an earlier card of the same elder.
        Old = "old",
        /// Of somebody else's card.
        Foreign = "foreign",
        /// Of no card.
        Unknown = "unknown",
    }
}

/// So many that a guess hits nothing, and so few that they are typed at a door.
const DIGITS: usize = 8;

/// The code that a number stands for.
pub fn code_of_number(number: u64) -> String {
    format!("{:0width$}", number % 10_u64.pow(DIGITS as u32), width = DIGITS)
}

/// What was typed or scanned without what people put between digits; an input method may write them wide.
pub fn normal(typed: &str) -> String {
    let narrow = |letter: char| match letter {
        '０'..='９' => char::from_digit(letter as u32 - '０' as u32, 10).unwrap_or(letter),
        other => other,
    };
    let between = |letter: &char| !letter.is_whitespace() && !['-', '－', '—', '·', '.'].contains(letter);
    typed.chars().filter(between).map(narrow).collect()
}

/// `1234 5678`, as it is read aloud.
pub fn grouped(code: &str) -> String {
    let letters: Vec<char> = code.chars().collect();
    let group = letters.len().div_ceil(2).max(1);
    letters.chunks(group).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// What a card says of whose it is: the first letter of a name, which in Chinese is the family's.
pub fn masked_name(name: &str) -> String {
    let first: String = name.chars().take(1).collect();
    format!("{first}**")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_code_is_read_however_it_is_written() {
        for typed in ["12345678", "1234 5678", " 1234-5678 ", "１２３４　５６７８", "1234·5678"] {
            assert_eq!(normal(typed), "12345678", "{typed}");
        }
        assert_eq!((normal("12a4"), normal("")), ("12a4".to_owned(), String::new()));
        assert_eq!(
            (grouped("12345678"), grouped("123456"), grouped("")),
            ("1234 5678".into(), "123 456".into(), String::new())
        );
        assert_eq!((masked_name("陈阿婆"), masked_name("")), ("陈**".to_owned(), "**".to_owned()));
    }

    proptest! {
        #[test]
        fn every_code_has_eight_digits_and_is_found_again(number in any::<u64>()) {
            let code = code_of_number(number);
            prop_assert!(code.len() == DIGITS && code.chars().all(|letter| letter.is_ascii_digit()));
            prop_assert_eq!(normal(&grouped(&code)), code);
        }
    }
}
