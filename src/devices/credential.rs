//! Exchanging a device's credential for another, and taking it away.

use chrono::TimeDelta;
use serde_json::json;

use super::provision::{new_token, record, record_with};
use super::store::{self, NewCredential};
use crate::access::Permission;
use crate::app::Tx;
use crate::error::{Code, Error, Result};
use crate::text::Text;

/// For so many hours a credential that was exchanged counts at most: then the device has the new one, or is visited.
pub const FORMER_HOURS: i64 = 24;

/// Gives a device a new credential, which is shown this once. The one before counts until the new one is first used, and for
/// [`FORMER_HOURS`] at most; an open claim code is worth nothing any more.
pub fn rotate(tx: &mut Tx<'_>, id: i64) -> Result<(String, String)> {
    let device = store::get_to(tx.connection, tx.scope, Permission::ManageDevice, id)?;
    if device.disabled_at.is_some() {
        return Err(Error::new(Code::IllegalMove, Text::new("rule.device_disabled")));
    }
    let (token, hash) = new_token()?;
    let known = store::credential_of(tx.connection, &device.code)?.ok_or_else(Error::not_found)?;
    let until = tx.now + TimeDelta::hours(FORMER_HOURS);
    // Where the exchange before was not taken up, the device still has the one before that.
    let still_used = known.former_hash.zip(known.former_until).filter(|(_, until)| *until > tx.now);
    let present = Some(known.token_hash).filter(|hash| !hash.is_empty());
    let former = still_used.map(|(hash, _)| hash).or(present).map(|hash| (hash, until));
    let counts_beside = former.is_some();
    store::set_credential(tx.connection, id, &NewCredential { token_hash: &hash, former, now: tx.now })?;
    let actor = tx.scope.actor.clone();
    store::end_claims(tx.connection, id, tx.now, &actor)?;
    let until = counts_beside.then(|| tx.calendar.rfc3339(until));
    record_with(
        tx,
        "device.rotate",
        (id, &device.code),
        &device.placement(),
        json!({ "former_until": until }),
    )?;
    Ok((device.code, token))
}

/// Takes every credential of a device away: it is refused from now on, and its connection is ended by the process that holds it.
pub fn revoke(tx: &mut Tx<'_>, id: i64) -> Result<()> {
    let device = store::get_to(tx.connection, tx.scope, Permission::ManageDevice, id)?;
    let actor = tx.scope.actor.clone();
    store::end_claims(tx.connection, id, tx.now, &actor)?;
    if store::drop_credentials(tx.connection, id)? {
        record(tx, "device.revoke", (id, &device.code), &device.placement())?;
    }
    Ok(())
}
