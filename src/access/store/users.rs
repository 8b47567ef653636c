use diesel::prelude::*;

use crate::access::{Grant, Permission, Place, Role, Scope};
use crate::clock::Instant;
use crate::db::schema::{user_grants, users};
use crate::db::{AnyConnection, is_unique};
use crate::error::{Error, Result};
use crate::text::Text;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct UserRow {
    pub id: i64,
    pub login: String,
    pub name: String,
    pub password_hash: Option<String>,
    pub disabled_at: Option<Instant>,
    pub created_at: Instant,
    pub version: i64,
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

/// Users are the city's: system administrators manage them, security administrators grant to them.
pub fn list_users(connection: &mut AnyConnection, scope: &Scope) -> Result<Vec<UserRow>> {
    if !scope.may(Permission::ManageUsers) {
        scope.reach(Permission::GrantRoles)?;
    }
    Ok(users::table.order(users::login).select(UserRow::as_select()).load(connection)?)
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

pub fn set_password(connection: &mut AnyConnection, user_id: i64, hash: &str) -> Result<()> {
    diesel::update(users::table.filter(users::id.eq(user_id)))
        .set((users::password_hash.eq(hash), users::version.eq(users::version + 1)))
        .execute(connection)?;
    Ok(())
}

/// A disabled user cannot sign in; their sessions are closed by the caller in the same transaction.
pub fn disable_user(connection: &mut AnyConnection, user_id: i64, at: Option<Instant>) -> Result<()> {
    diesel::update(users::table.filter(users::id.eq(user_id)))
        .set((users::disabled_at.eq(at), users::version.eq(users::version + 1)))
        .execute(connection)?;
    Ok(())
}

pub fn grants_of(connection: &mut AnyConnection, user_id: i64) -> Result<Vec<Grant>> {
    let rows: Vec<(String, String, String)> = user_grants::table
        .filter(user_grants::user_id.eq(user_id))
        .order(user_grants::id)
        .select((user_grants::role, user_grants::place_kind, user_grants::place_id))
        .load(connection)?;
    rows.iter()
        .map(|(role, kind, id)| {
            let role = Role::parse(role).ok_or_else(|| Error::internal(format!("unknown role {role}")))?;
            let place = Place::parse(kind, id)
                .ok_or_else(|| Error::internal(format!("unknown place {kind} {id}")))?;
            Ok(Grant { role, place })
        })
        .collect()
}

/// Refuses a second administrator role: the three are separate people.
pub fn insert_grant(connection: &mut AnyConnection, user_id: i64, grant: &Grant) -> Result<()> {
    if !grant.role.place_kinds().contains(&grant.place.kind()) {
        return Err(Error::field("place", Text::new("rule.place_of_role")));
    }
    diesel::insert_into(user_grants::table)
        .values((
            user_grants::user_id.eq(user_id),
            user_grants::role.eq(grant.role.name()),
            user_grants::place_kind.eq(grant.place.kind()),
            user_grants::place_id.eq(grant.place.id()),
        ))
        .execute(connection)
        .map_err(|failure| {
            if is_unique(&failure) {
                Error::field("role", Text::new("rule.one_administrator"))
            } else {
                failure.into()
            }
        })?;
    Ok(())
}

pub fn remove_grants(connection: &mut AnyConnection, user_id: i64) -> Result<()> {
    diesel::delete(user_grants::table.filter(user_grants::user_id.eq(user_id))).execute(connection)?;
    Ok(())
}
