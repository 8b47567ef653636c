//! Towns, villages, providers and institutions by name, as lists call them; by code or number as well.

use crate::access::Permission;
use crate::app::Tx;
use crate::error::{Error, Result};
use crate::registry::institutions::store as institutions;
use crate::registry::providers::store as providers;
use crate::registry::store::{self, VillageCalled};
use crate::text::Text;

/// The code of a town.
pub fn town(tx: &mut Tx<'_>, text: &str) -> Result<String> {
    store::town_called(tx.connection, text)?
        .ok_or_else(|| Error::field("town_code", Text::new("import.no_town").with("value", text)))
}

/// A village, of the town where it is given: villages of two towns may share a name.
pub fn village(tx: &mut Tx<'_>, town_code: Option<&str>, text: &str) -> Result<VillageCalled> {
    let mut found = store::villages_called(tx.connection, town_code, text)?;
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(Error::field("village_code", Text::new("import.no_village").with("value", text))),
        _ => Err(Error::field("village_code", Text::new("import.village_of_which_town").with("value", text))),
    }
}

/// The number of a provider within reach.
pub fn provider(tx: &mut Tx<'_>, text: &str) -> Result<i64> {
    providers::provider_called(tx.connection, tx.scope, text)?
        .ok_or_else(|| Error::field("provider_id", Text::new("import.no_provider").with("value", text)))
}

/// The number of an institution where the asker may do what `permission` allows; others do not exist.
pub fn institution(tx: &mut Tx<'_>, permission: Permission, text: &str) -> Result<i64> {
    institutions::find_called(tx.connection, tx.scope, permission, text)?
        .map(|row| row.id)
        .ok_or_else(|| Error::field("institution", Text::new("import.no_institution").with("value", text)))
}
