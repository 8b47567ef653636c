//! The short code of a visit: printed on the day's sheet, checked at arrival.

use crate::access::seal::Keys;
use crate::error::{Error, Result};
use crate::text::Text;

/// Letters that nobody mistakes for one another.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 6;

/// Such as `V482-7K3Q9D`: the visit's number, and letters that only this city's key gives.
pub fn visit_code(keys: &Keys, id: i64) -> String {
    let code = keys.index("visit_code", &id.to_string());
    let letters = code.iter().take(LENGTH).map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    format!("V{id}-{}", letters.collect::<String>())
}

/// Refuses a code that is not the visit's; how it is written does not matter.
pub fn check_code(keys: &Keys, id: i64, code: &str) -> Result<()> {
    if visit_code(keys, id).eq_ignore_ascii_case(code.trim()) {
        return Ok(());
    }
    Err(Error::field("code", Text::new("visit.wrong_code")))
}
