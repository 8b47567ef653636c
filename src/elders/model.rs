mod identity;
mod input;
mod kinds;
mod point;
mod scan;

use chrono::{Datelike, NaiveDate};

pub use crate::registry::caregivers::{Gender, Language};
pub use identity::{Identity, IdentityFault, is_phone, parse_identity};
pub use input::{ElderInput, check_identity};
pub use kinds::{ConsentKind, CoordinateSource, DocumentKind, PlaceKind, Relation, Stance};
pub use point::to_wgs84;
pub use scan::{SCAN_BYTES_MAX, ScanKind, check_scan};

/// Full years on `today`.
pub fn age_years(born_on: NaiveDate, today: NaiveDate) -> i64 {
    let years = i64::from(today.year() - born_on.year());
    let birthday_is_to_come = (today.month(), today.day()) < (born_on.month(), born_on.day());
    years - i64::from(birthday_is_to_come)
}

/// Whether a text has the shape of an identity number: 17 digits, then a digit or X.
pub fn is_identity(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    let Some((last, digits)) = letters.split_last() else { return false };
    digits.len() == 17 && digits.iter().all(char::is_ascii_digit) && (last.is_ascii_digit() || *last == 'X')
}

/// `350582********1234`: region and last four places.
pub fn mask_identity(identity: &str) -> String {
    mask(identity, 6, 4)
}

/// `138****1234`.
pub fn mask_phone(phone: &str) -> String {
    mask(phone, 3, 4)
}

/// Keeps `head` and `tail` letters where at least four stay hidden, else none.
fn mask(text: &str, head: usize, tail: usize) -> String {
    let letters: Vec<char> = text.chars().collect();
    let hidden = letters.len().saturating_sub(head + tail);
    if hidden < 4 {
        return "*".repeat(letters.len());
    }
    let shown = |part: &[char]| part.iter().collect::<String>();
    format!("{}{}{}", shown(&letters[..head]), "*".repeat(hidden), shown(&letters[letters.len() - tail..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn an_age_grows_on_the_birthday() {
        assert_eq!(age_years(day("1940-11-23"), day("2026-11-22")), 85);
        assert_eq!(age_years(day("1940-11-23"), day("2026-11-23")), 86);
        assert_eq!(age_years(day("1940-02-29"), day("2026-02-28")), 85);
        assert_eq!(age_years(day("1940-02-29"), day("2026-03-01")), 86);
    }

    #[test]
    fn masks_hide_what_identifies() {
        assert_eq!(mask_identity("350582194001011234"), "350582********1234");
        assert_eq!(mask_phone("13800001234"), "138****1234");
        assert_eq!(mask_phone("8568123"), "*******");
        assert_eq!(mask_phone(""), "");
    }

    #[test]
    fn an_identity_number_has_eighteen_places() {
        assert!(is_identity("35058219400101123X") && is_identity("350582194001011234"));
        for wrong in
            ["", "35058219400101123", "35058219400101123x", "3505821940010112345", "35058219400101X234"]
        {
            assert!(!is_identity(wrong), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_mask_keeps_the_length_and_hides_four_letters_or_all(text in "[0-9A-Z一-龟]{0,24}") {
            for masked in [mask_identity(&text), mask_phone(&text)] {
                let length = text.chars().count();
                prop_assert_eq!(masked.chars().count(), length);
                prop_assert!(masked.chars().filter(|letter| *letter == '*').count() >= length.min(4));
            }
        }
    }
}
