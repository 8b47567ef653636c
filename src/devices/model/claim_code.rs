//! The code that an installer types once: nine letters of Crockford's alphabet, which has no look-alikes, and one that checks
//! them, so that a slip of the finger is told from a wrong code.

const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const RANDOM_LETTERS: usize = 9;
const BITS_OF_LETTER: usize = 5;

/// The code of a number, of which the lowest 45 bits count.
pub fn code_of_number(number: u64) -> String {
    let values =
        (0..RANDOM_LETTERS).map(|place| (number >> (BITS_OF_LETTER * place)) as usize % LETTERS.len());
    let values: Vec<usize> = values.collect();
    let check = check_of(&values);
    values.into_iter().chain([check]).map(|value| char::from(LETTERS[value])).collect()
}

/// What was typed as the code is written: whatever the case, whatever stands between, O for 0, I and L for 1, wide letters of an
/// input method. None where a letter is missing, too many or wrong.
pub fn normal(typed: &str) -> Option<String> {
    let narrow = |letter: char| match letter {
        '！'..='～' => char::from_u32(u32::from(letter) - 0xFEE0).unwrap_or(letter),
        other => other,
    };
    let is_between = |letter: &char| letter.is_whitespace() || ['-', '—', '·', '.', '_'].contains(letter);
    let letters = typed.chars().map(narrow).filter(|letter| !is_between(letter));
    let letters = letters.map(|letter| match letter.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    });
    let values: Option<Vec<usize>> =
        letters.map(|letter| LETTERS.iter().position(|known| char::from(*known) == letter)).collect();
    let values = values.filter(|values| values.len() == RANDOM_LETTERS + 1)?;
    let (check, random) = values.split_last()?;
    (check_of(random) == *check).then(|| values.iter().map(|value| char::from(LETTERS[*value])).collect())
}

/// `ABCDE-FGHJK`, as it is printed and read aloud.
pub fn grouped(code: &str) -> String {
    let (first, second) = code.split_at_checked(code.len() / 2).unwrap_or((code, ""));
    format!("{first}-{second}")
}

/// Luhn's check for an alphabet of 32: finds every wrong letter and nearly every pair that changed places.
fn check_of(values: &[usize]) -> usize {
    let count = LETTERS.len();
    let sum: usize = values
        .iter()
        .rev()
        .enumerate()
        .map(|(place, value)| if place % 2 == 0 { value * 2 } else { *value })
        .map(|addend| addend / count + addend % count)
        .sum();
    (count - sum % count) % count
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_code_is_read_however_it_is_written() {
        let code = code_of_number(0x1234_5678_9ABC);
        assert_eq!(code.len(), 10);
        let wide: String =
            code.chars().filter_map(|letter| char::from_u32(u32::from(letter) + 0xFEE0)).collect();
        for typed in
            [code.clone(), grouped(&code), code.to_lowercase(), format!(" {} ", grouped(&code)), wide]
        {
            assert_eq!(normal(&typed), Some(code.clone()), "{typed}");
        }
        let zeros = code_of_number(0);
        assert_eq!(normal(&zeros.replace('0', "O")), Some(zeros));
        for wrong in ["", "U", "ABC", "00000-0000U", "00000-00000-0"] {
            assert_eq!(normal(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn one_wrong_letter_is_always_found(number in any::<u64>(), place in 0_usize..10, by in 1_usize..32) {
            let code = code_of_number(number);
            prop_assert_eq!(normal(&code), Some(code.clone()));
            let mut letters: Vec<u8> = code.into_bytes();
            let value = LETTERS.iter().position(|letter| *letter == letters[place]).unwrap();
            letters[place] = LETTERS[(value + by) % LETTERS.len()];
            prop_assert_eq!(normal(&String::from_utf8(letters).unwrap()), None);
        }
    }
}
