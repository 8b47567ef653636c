//! What devices sign in with: only hashes, the present one and for a while the one before it.

use diesel::prelude::*;

use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::devices;
use crate::error::Result;

/// What a device that may connect signs in with.
#[derive(Clone, Debug, Queryable)]
pub struct Credential {
    pub id: i64,
    /// Empty where it has none.
    pub token_hash: Vec<u8>,
    pub former_hash: Option<Vec<u8>>,
    pub former_until: Option<Instant>,
}

/// The credential of a device in service.
pub fn credential_of(connection: &mut AnyConnection, code: &str) -> Result<Option<Credential>> {
    Ok(devices::table
        .filter(devices::code.eq(code))
        .filter(devices::disabled_at.is_null())
        .select((devices::id, devices::token_hash, devices::former_token_hash, devices::former_until))
        .first(connection)
        .optional()?)
}

/// Codes of the devices that may not connect.
pub fn codes_without_credential(connection: &mut AnyConnection) -> Result<Vec<String>> {
    Ok(devices::table
        .filter(devices::disabled_at.is_not_null().or(devices::token_hash.eq(Vec::<u8>::new())))
        .order(devices::code)
        .select(devices::code)
        .load(connection)?)
}

/// What [`set_credential`] writes.
pub(in crate::devices) struct NewCredential<'a> {
    pub token_hash: &'a [u8],
    /// Hash of what still counts beside it, and until when.
    pub former: Option<(Vec<u8>, Instant)>,
    pub now: Instant,
}

/// Gives a device another credential; it is claimed from then on at the latest.
pub(in crate::devices) fn set_credential(
    connection: &mut AnyConnection,
    id: i64,
    new: &NewCredential<'_>,
) -> Result<()> {
    let claimed: Option<Instant> =
        devices::table.filter(devices::id.eq(id)).select(devices::claimed_at).first(connection)?;
    let (hash, until) = new.former.clone().unzip();
    diesel::update(devices::table.filter(devices::id.eq(id)))
        .set((
            devices::token_hash.eq(new.token_hash),
            devices::token_set_at.eq(new.now),
            devices::claimed_at.eq(claimed.unwrap_or(new.now)),
            devices::former_token_hash.eq(hash),
            devices::former_until.eq(until),
            devices::version.eq(devices::version + 1),
        ))
        .execute(connection)?;
    Ok(())
}

/// Takes a device's credentials away; false where it has none.
pub(in crate::devices) fn drop_credentials(connection: &mut AnyConnection, id: i64) -> Result<bool> {
    let with_one = devices::table.filter(devices::id.eq(id)).filter(devices::token_hash.ne(Vec::<u8>::new()));
    let changed = diesel::update(with_one)
        .set((
            devices::token_hash.eq(Vec::<u8>::new()),
            devices::former_token_hash.eq(None::<Vec<u8>>),
            devices::former_until.eq(None::<Instant>),
            devices::version.eq(devices::version + 1),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}

/// The credential with this hash was used: the one before it is worth nothing from now on.
pub(in crate::devices) fn drop_former(connection: &mut AnyConnection, id: i64, used: &[u8]) -> Result<bool> {
    let rotated = devices::table
        .filter(devices::id.eq(id))
        .filter(devices::token_hash.eq(used))
        .filter(devices::former_token_hash.is_not_null());
    let changed = diesel::update(rotated)
        .set((devices::former_token_hash.eq(None::<Vec<u8>>), devices::former_until.eq(None::<Instant>)))
        .execute(connection)?;
    Ok(changed == 1)
}
