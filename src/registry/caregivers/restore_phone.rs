//! The sealed number compared and put back, for whoever takes a change back.

use super::edit::phone_cell;
use super::store::{self, CaregiverRow};
use crate::app::Tx;
use crate::error::{Error, Result};

/// Whether the number on file is this one; one that is not given changes nothing. Tells nothing of the number itself.
pub fn is_same(tx: &mut Tx<'_>, row: &CaregiverRow, given: Option<&str>) -> Result<bool> {
    let Some(given) = given else { return Ok(true) };
    match &row.phone_sealed {
        Some(sealed) => Ok(tx.keys.open(phone_cell(row.id), sealed)? == given),
        None => Ok(given.is_empty()),
    }
}

/// Puts a sealed number back, in hexadecimal digits; none where there was none.
pub fn put(tx: &mut Tx<'_>, id: i64, sealed: Option<&str>) -> Result<()> {
    let sealed = sealed
        .map(|text| hex::decode(text).map_err(|error| Error::internal("a kept number").because(error)))
        .transpose()?;
    store::set_phone(tx.connection, id, sealed.as_deref())
}
