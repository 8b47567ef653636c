use std::collections::HashMap;

use diesel::prelude::*;

use super::grants::{grants_of, numbered_grants_of};
use crate::access::{Grant, Permission, Role, Scope};
use crate::clock::Instant;
use crate::db::schema::{user_grants, users};
use crate::db::{AnyConnection, Backend, is_unique};
use crate::error::{Error, Result};
use crate::listing::{ListRequest, Listed};
use crate::text::Text;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct UserRow {
    pub id: i64,
    pub login: String,
    pub name: String,
    pub password_hash: Option<String>,
    /// Somebody else has seen the password: the user must choose another first.
    pub password_once: bool,
    pub disabled_at: Option<Instant>,
    pub created_at: Instant,
    pub version: i64,
    /// Where colleagues call; empty where there is none.
    pub work_phone: String,
}

/// Whether anybody can sign in yet; without a user the first start offers the set-up link.
pub fn any_user(connection: &mut AnyConnection) -> Result<bool> {
    Ok(users::table.count().get_result::<i64>(connection)? > 0)
}

/// For signing in: no scope yet, so this is the one look-up without one.
pub fn find_by_login(connection: &mut AnyConnection, login: &str) -> Result<Option<UserRow>> {
    let found = users::table.filter(users::login.eq(login)).select(UserRow::as_select()).first(connection);
    Ok(found.optional()?)
}

/// For a session that names its user.
pub fn get_user(connection: &mut AnyConnection, id: i64) -> Result<UserRow> {
    Ok(users::table.filter(users::id.eq(id)).select(UserRow::as_select()).first(connection)?)
}

/// Filters: q (login or name), state (active, disabled), role. Sorts: login, name, created_at. Users are the city's:
/// system administrators manage them, security administrators grant to them.
pub fn list_users(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
) -> Result<Listed<(UserRow, Vec<Grant>)>> {
    check_may_see(scope)?;
    let total = filtered(request).count().get_result(connection)?;
    let query = match request.sort_or("login") {
        ("name", false) => filtered(request).order(users::name.asc()),
        ("name", true) => filtered(request).order(users::name.desc()),
        ("created_at", false) => filtered(request).order(users::created_at.asc()),
        ("created_at", true) => filtered(request).order(users::created_at.desc()),
        (_, true) => filtered(request).order(users::login.desc()),
        (_, false) => filtered(request).order(users::login.asc()),
    };
    let rows: Vec<UserRow> = query
        .then_order_by(users::id)
        .offset(request.offset)
        .limit(request.limit)
        .select(UserRow::as_select())
        .load(connection)?;
    let mut listed = Vec::new();
    for row in rows {
        let grants = grants_of(connection, row.id)?;
        listed.push((row, grants));
    }
    Ok(Listed { rows: listed, total })
}

/// One user with their grants and the grants' numbers, for those who manage users or grant roles.
pub fn get_user_of(
    connection: &mut AnyConnection,
    scope: &Scope,
    id: i64,
) -> Result<(UserRow, Vec<(i64, Grant)>)> {
    check_may_see(scope)?;
    let user = get_user(connection, id)?;
    Ok((user, numbered_grants_of(connection, id)?))
}

fn check_may_see(scope: &Scope) -> Result<()> {
    if scope.may(Permission::ManageUsers) {
        return Ok(());
    }
    scope.reach(Permission::GrantRoles).map(drop)
}

fn filtered<'a>(request: &ListRequest) -> users::BoxedQuery<'a, Backend> {
    let mut query = users::table.into_boxed();
    if let Some(pattern) = request.search_pattern() {
        let name = users::name.like(pattern.clone()).escape('\\');
        query = query.filter(users::login.like(pattern).escape('\\').or(name));
    }
    match request.filter("state") {
        Some("active") => query = query.filter(users::disabled_at.is_null()),
        Some("disabled") => query = query.filter(users::disabled_at.is_not_null()),
        Some(_) => query = query.filter(users::id.eq(-1)),
        None => {}
    }
    if let Some(role) = request.filter("role") {
        let holders =
            user_grants::table.filter(user_grants::role.eq(role.to_owned())).select(user_grants::user_id);
        query = query.filter(users::id.eq_any(holders));
    }
    query
}

/// A new user without rights. `login` is taken as given: lower-case it first.
pub fn insert_user(
    connection: &mut AnyConnection,
    login: &str,
    name: &str,
    password_hash: Option<&str>,
    now: Instant,
) -> Result<i64> {
    diesel::insert_into(users::table)
        .values((
            users::login.eq(login),
            users::name.eq(name),
            users::password_hash.eq(password_hash),
            users::created_at.eq(now),
        ))
        .returning(users::id)
        .get_result(connection)
        .map_err(|failure| {
            if is_unique(&failure) {
                Error::field("login", Text::new("rule.login_taken").with("login", login))
            } else {
                failure.into()
            }
        })
}

/// `once`: somebody else has seen it, so it is good for choosing another one only.
pub fn set_password(connection: &mut AnyConnection, user_id: i64, hash: &str, once: bool) -> Result<()> {
    diesel::update(users::table.filter(users::id.eq(user_id)))
        .set((
            users::password_hash.eq(hash),
            users::password_once.eq(once),
            users::version.eq(users::version + 1),
        ))
        .execute(connection)?;
    Ok(())
}

pub fn set_work_phone(connection: &mut AnyConnection, user_id: i64, phone: &str) -> Result<()> {
    diesel::update(users::table.filter(users::id.eq(user_id)))
        .set((users::work_phone.eq(phone), users::version.eq(users::version + 1)))
        .execute(connection)?;
    Ok(())
}

/// Where a town's coordinator is called; of several, the one who was there first.
pub fn phone_of_coordinator(connection: &mut AnyConnection, town_code: &str) -> Result<Option<String>> {
    let coordinators = user_grants::table
        .filter(user_grants::role.eq(Role::Coordinator.name()))
        .filter(user_grants::place_kind.eq("town"))
        .filter(user_grants::place_id.eq(town_code.to_owned()))
        .select(user_grants::user_id);
    let found = users::table
        .filter(users::id.eq_any(coordinators))
        .filter(users::disabled_at.is_null())
        .filter(users::work_phone.ne(""))
        .order(users::id)
        .select(users::work_phone)
        .first(connection);
    Ok(found.optional()?)
}

/// A disabled user cannot sign in; their sessions are closed by the caller in the same transaction.
pub fn disable_user(connection: &mut AnyConnection, user_id: i64, at: Option<Instant>) -> Result<()> {
    diesel::update(users::table.filter(users::id.eq(user_id)))
        .set((users::disabled_at.eq(at), users::version.eq(users::version + 1)))
        .execute(connection)?;
    Ok(())
}

/// Number, login and name of the users who can sign in and hold a permission for the records of a town, or of a provider, in
/// order of their names.
pub fn users_who_may(
    connection: &mut AnyConnection,
    permission: Permission,
    town_code: &str,
    provider_id: Option<i64>,
) -> Result<Vec<(i64, String, String)>> {
    let roles = Role::ALL.into_iter().filter(|role| role.may(permission));
    let provider = provider_id.map(|id| id.to_string()).unwrap_or_default();
    let in_city = user_grants::place_kind.eq("city");
    let in_town = user_grants::place_kind.eq("town").and(user_grants::place_id.eq(town_code.to_owned()));
    let at_provider = user_grants::place_kind.eq("provider").and(user_grants::place_id.eq(provider));
    let holders = user_grants::table
        .filter(user_grants::role.eq_any(roles.map(Role::name).collect::<Vec<_>>()))
        .filter(in_city.or(in_town).or(at_provider))
        .select(user_grants::user_id);
    Ok(users::table
        .filter(users::id.eq_any(holders))
        .filter(users::disabled_at.is_null())
        .order((users::name, users::id))
        .select((users::id, users::login, users::name))
        .load(connection)?)
}

/// Login and name of users that records within reach refer to.
pub fn user_names(connection: &mut AnyConnection, ids: &[i64]) -> Result<HashMap<i64, (String, String)>> {
    let named = users::table.filter(users::id.eq_any(ids.to_vec()));
    let rows: Vec<(i64, String, String)> =
        named.select((users::id, users::login, users::name)).load(connection)?;
    Ok(rows.into_iter().map(|(id, login, name)| (id, (login, name))).collect())
}
