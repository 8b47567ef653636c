use chrono::TimeDelta;
use diesel::prelude::*;

use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::request_keys;
use crate::error::Result;

/// How long a key is remembered at least, in days.
const KEPT_DAYS: i64 = 7;
/// Old keys are looked for once in so many: the search reads all of them.
const FORGET_EVERY: i64 = 128;

/// Digest and answer of a key that was used.
pub(super) fn find_key(
    connection: &mut AnyConnection,
    user_id: i64,
    key: &str,
) -> Result<Option<(String, i64)>> {
    Ok(request_keys::table
        .filter(request_keys::user_id.eq(user_id))
        .filter(request_keys::key.eq(key))
        .select((request_keys::digest, request_keys::answer))
        .first(connection)
        .optional()?)
}

/// Remembers a key with its answer, and now and then forgets the old ones.
pub(super) fn insert_key(
    connection: &mut AnyConnection,
    user_id: i64,
    key: &str,
    digest: &str,
    answer: i64,
    now: Instant,
) -> Result<()> {
    if answer % FORGET_EVERY == 0 {
        let old = request_keys::table.filter(request_keys::at.lt(now - TimeDelta::days(KEPT_DAYS)));
        diesel::delete(old).execute(connection)?;
    }
    diesel::insert_into(request_keys::table)
        .values((
            request_keys::user_id.eq(user_id),
            request_keys::key.eq(key),
            request_keys::digest.eq(digest),
            request_keys::answer.eq(answer),
            request_keys::at.eq(now),
        ))
        .execute(connection)?;
    Ok(())
}
