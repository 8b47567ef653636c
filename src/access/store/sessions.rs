use diesel::prelude::*;

use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::{sessions, setup_links, users};
use crate::error::Result;
use crate::listing::{ListRequest, Listed};

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = sessions)]
pub struct SessionRow {
    pub id: i64,
    pub user_id: i64,
    pub created_at: Instant,
    pub last_seen_at: Instant,
    pub expires_at: Instant,
    pub revoked_at: Option<Instant>,
    pub address: String,
    pub user_agent: String,
}

#[derive(Insertable)]
#[diesel(table_name = sessions)]
pub struct NewSession<'a> {
    pub user_id: i64,
    pub token_hash: &'a [u8],
    pub created_at: Instant,
    pub last_seen_at: Instant,
    pub expires_at: Instant,
    pub address: &'a str,
    pub user_agent: &'a str,
}

pub fn insert_session(connection: &mut AnyConnection, session: &NewSession<'_>) -> Result<i64> {
    Ok(diesel::insert_into(sessions::table).values(session).returning(sessions::id).get_result(connection)?)
}

/// The session of a token, whatever its state.
pub fn find_session(connection: &mut AnyConnection, token_hash: &[u8]) -> Result<Option<SessionRow>> {
    let found = sessions::table
        .filter(sessions::token_hash.eq(token_hash))
        .select(SessionRow::as_select())
        .first(connection);
    Ok(found.optional()?)
}

pub fn touch_session(connection: &mut AnyConnection, id: i64, now: Instant) -> Result<()> {
    diesel::update(sessions::table.filter(sessions::id.eq(id)))
        .set(sessions::last_seen_at.eq(now))
        .execute(connection)?;
    Ok(())
}

/// Ends a session; false where it had ended before.
pub fn close_session(connection: &mut AnyConnection, id: i64, now: Instant) -> Result<bool> {
    let closed =
        diesel::update(sessions::table.filter(sessions::id.eq(id)).filter(sessions::revoked_at.is_null()))
            .set(sessions::revoked_at.eq(now))
            .execute(connection)?;
    Ok(closed == 1)
}

pub fn open_sessions_of(connection: &mut AnyConnection, user_id: i64) -> Result<Vec<i64>> {
    Ok(sessions::table
        .filter(sessions::user_id.eq(user_id))
        .filter(sessions::revoked_at.is_null())
        .select(sessions::id)
        .load(connection)?)
}

/// Whether a session still admits its user; idling is judged at requests, not here.
pub fn session_is_open(
    connection: &mut AnyConnection,
    id: i64,
    user_id: Option<i64>,
    now: Instant,
) -> Result<bool> {
    let open: i64 = sessions::table
        .inner_join(users::table)
        .filter(sessions::id.eq(id))
        .filter(sessions::user_id.eq(user_id.unwrap_or_default()))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .filter(users::disabled_at.is_null())
        .count()
        .get_result(connection)?;
    Ok(open == 1)
}

/// Open sessions with their users' logins and names, last heard of first. Filters: q (login, name or address).
pub fn list_sessions(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
    now: Instant,
) -> Result<Listed<(SessionRow, String, String)>> {
    scope.reach(Permission::SeeSessions)?;
    let query = || {
        let mut query = sessions::table
            .inner_join(users::table)
            .filter(sessions::revoked_at.is_null())
            .filter(sessions::expires_at.gt(now))
            .into_boxed();
        if let Some(pattern) = request.search_pattern() {
            let like_name = users::name.like(pattern.clone()).escape('\\');
            let like_address = sessions::address.like(pattern.clone()).escape('\\');
            let like_login = users::login.like(pattern).escape('\\');
            query = query.filter(like_login.or(like_name).or(like_address));
        }
        query
    };
    let total = query().count().get_result(connection)?;
    let rows = query()
        .order((sessions::last_seen_at.desc(), sessions::id.desc()))
        .offset(request.offset)
        .limit(request.limit)
        .select((SessionRow::as_select(), users::login, users::name))
        .load(connection)?;
    Ok(Listed { rows, total })
}

/// One session with its user's login and name, whatever its state.
pub fn get_session(
    connection: &mut AnyConnection,
    scope: &Scope,
    id: i64,
) -> Result<(SessionRow, String, String)> {
    scope.reach(Permission::SeeSessions)?;
    Ok(sessions::table
        .inner_join(users::table)
        .filter(sessions::id.eq(id))
        .select((SessionRow::as_select(), users::login, users::name))
        .first(connection)?)
}

/// The open sessions of one user, last heard of first.
pub fn list_sessions_of(
    connection: &mut AnyConnection,
    user_id: Option<i64>,
    now: Instant,
) -> Result<Vec<SessionRow>> {
    Ok(sessions::table
        .filter(sessions::user_id.eq(user_id.unwrap_or_default()))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .order((sessions::last_seen_at.desc(), sessions::id.desc()))
        .select(SessionRow::as_select())
        .load(connection)?)
}

pub fn insert_setup_link(
    connection: &mut AnyConnection,
    token_hash: &[u8],
    now: Instant,
    expires_at: Instant,
) -> Result<()> {
    // An earlier, unused link stops working: only the one printed last is good.
    diesel::delete(setup_links::table.filter(setup_links::used_at.is_null())).execute(connection)?;
    diesel::insert_into(setup_links::table)
        .values((
            setup_links::token_hash.eq(token_hash),
            setup_links::created_at.eq(now),
            setup_links::expires_at.eq(expires_at),
        ))
        .execute(connection)?;
    Ok(())
}

/// Uses the link up; false where it is unknown, used or too old.
pub fn take_setup_link(connection: &mut AnyConnection, token_hash: &[u8], now: Instant) -> Result<bool> {
    let taken = diesel::update(
        setup_links::table
            .filter(setup_links::token_hash.eq(token_hash))
            .filter(setup_links::used_at.is_null())
            .filter(setup_links::expires_at.gt(now)),
    )
    .set(setup_links::used_at.eq(now))
    .execute(connection)?;
    Ok(taken == 1)
}

/// Whether the link can still be used.
pub fn is_setup_link_open(connection: &mut AnyConnection, token_hash: &[u8], now: Instant) -> Result<bool> {
    let open: i64 = setup_links::table
        .filter(setup_links::token_hash.eq(token_hash))
        .filter(setup_links::used_at.is_null())
        .filter(setup_links::expires_at.gt(now))
        .count()
        .get_result(connection)?;
    Ok(open > 0)
}
