//! What an identity number says and whether it can exist (GB 11643), and which phone numbers can be called.

use chrono::NaiveDate;

use super::{Gender, is_identity};

/// What stands in a number: birthday in places 7 to 14, gender in place 17.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    pub born_on: NaiveDate,
    pub gender: Gender,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityFault {
    /// Not 17 digits and a digit or X.
    Shape,
    /// Places 7 to 14 are no day.
    Day,
    /// The last place does not follow from the others.
    CheckSign,
}

/// Reads a number; it comes without white space and with a capital X.
pub fn parse_identity(number: &str) -> Result<Identity, IdentityFault> {
    if !is_identity(number) {
        return Err(IdentityFault::Shape);
    }
    let born_on = NaiveDate::parse_from_str(&number[6..14], "%Y%m%d").map_err(|_| IdentityFault::Day)?;
    if !number.ends_with(check_sign(&number[..17])) {
        return Err(IdentityFault::CheckSign);
    }
    let is_male = number.as_bytes()[16] % 2 == 1;
    Ok(Identity { born_on, gender: if is_male { Gender::Male } else { Gender::Female } })
}

/// ISO 7064 MOD 11-2 over the first 17 digits.
fn check_sign(body: &str) -> char {
    let rest = body.bytes().fold(0_u32, |rest, digit| (rest + u32::from(digit - b'0')) * 2 % 11);
    match (12 - rest) % 11 {
        10 => 'X',
        digit => char::from(b'0' + digit as u8),
    }
}

/// A mobile number, or a landline's with its area code; spaces, dashes and +86 in front do not matter.
pub fn is_phone(text: &str) -> bool {
    let plain: String = text.chars().filter(|letter| !" -".contains(*letter)).collect();
    let digits = plain.strip_prefix("+86").unwrap_or(&plain);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let second = digits.as_bytes().get(1).copied().unwrap_or_default();
    match digits.as_bytes()[0] {
        b'1' => digits.len() == 11 && (b'3'..=b'9').contains(&second),
        b'0' => (10..=12).contains(&digits.len()) && second != b'0',
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standards_example_is_read() {
        let born_on = NaiveDate::from_ymd_opt(1949, 12, 31).unwrap();
        assert_eq!(parse_identity("11010519491231002X"), Ok(Identity { born_on, gender: Gender::Female }));
        let born_on = NaiveDate::from_ymd_opt(1880, 1, 1).unwrap();
        assert_eq!(parse_identity("440524188001010014"), Ok(Identity { born_on, gender: Gender::Male }));
    }

    #[test]
    fn each_fault_is_named() {
        for (number, fault) in [
            ("", IdentityFault::Shape),
            ("1101051949123100", IdentityFault::Shape),
            ("11010519491231002x", IdentityFault::Shape),
            ("1101051949123100２X", IdentityFault::Shape),
            ("11010519491331002X", IdentityFault::Day),
            ("110105194902290020", IdentityFault::Day),
            ("110105194912310020", IdentityFault::CheckSign),
            ("11010519491231003X", IdentityFault::CheckSign),
        ] {
            assert_eq!(parse_identity(number), Err(fault), "{number}");
        }
    }

    #[test]
    fn one_wrong_digit_never_passes() {
        let right = "11010519491231002X";
        for place in (0..6).chain(14..17) {
            for digit in b'0'..=b'9' {
                let mut wrong = right.as_bytes().to_vec();
                wrong[place] = digit;
                let wrong = String::from_utf8(wrong).unwrap();
                assert_eq!(parse_identity(&wrong).is_ok(), wrong == right, "{wrong}");
            }
        }
    }

    #[test]
    fn phones_are_mobiles_or_landlines_with_their_area() {
        for right in ["13800001234", "+86 138-0000-1234", "0595-85680000", "010 6255 1234"] {
            assert!(is_phone(right), "{right}");
        }
        for wrong in
            ["", "12800001234", "1380000123", "85680000", "00595-8568000", "1380000123a", "+", "１3800001234"]
        {
            assert!(!is_phone(wrong), "{wrong}");
        }
    }
}
