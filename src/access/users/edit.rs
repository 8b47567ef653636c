//! What the system administrator and the security administrator do to users.

use serde_json::{Value, json};

use crate::access::audit::Entry;
use crate::access::store::{self, UserRow};
use crate::access::{Grant, Permission, add_user, check_login, close, disable, seal};
use crate::app::Tx;
use crate::error::{Error, Result};
use crate::input::Checks;
use crate::text::Text;

/// 32 letters and digits that are not taken for one another.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const LETTERS: usize = 16;

/// A password of 16 random letters in groups of four, for its first sign-in.
pub fn first_password() -> Result<String> {
    let letters: Vec<char> =
        seal::random::<LETTERS>()?.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    Ok(groups.join("-"))
}

/// A user without rights and with a password that is good once; gives the number.
pub fn add(tx: &mut Tx<'_>, login: &str, name: &str, password_hash: &str) -> Result<i64> {
    tx.scope.reach(Permission::ManageUsers)?;
    let mut checks = Checks::default();
    checks.text("name", name, 1, 40);
    checks.finish()?;
    let id = add_user(tx, &check_login(login)?, name.trim(), Some(password_hash), &[])?;
    store::set_password(tx.connection, id, password_hash, true)?;
    Ok(id)
}

/// Disables a user and ends all their sessions at once.
pub fn retire(tx: &mut Tx<'_>, id: i64) -> Result<()> {
    let user = other_user(tx, Permission::ManageUsers, id)?;
    if user.disabled_at.is_some() {
        return Ok(());
    }
    disable(tx, &user)
}

pub fn enable(tx: &mut Tx<'_>, id: i64) -> Result<()> {
    let user = other_user(tx, Permission::ManageUsers, id)?;
    store::disable_user(tx.connection, id, None)?;
    record(tx, "user.enable", &user, json!({}))
}

/// Gives a user a new password that is good once, and ends their sessions. An administrator's is not given by another
/// administrator, who could then act as both: whoever holds the machine does that on the command line.
pub fn reset_password(tx: &mut Tx<'_>, id: i64, password_hash: &str) -> Result<()> {
    let user = other_user(tx, Permission::ManageUsers, id)?;
    let grants = store::grants_of(tx.connection, id)?;
    if tx.scope.user_id.is_some() && grants.iter().any(|grant| grant.role.is_administrator()) {
        return Err(Error::field("user", Text::new("rule.administrators_password")));
    }
    store::set_password(tx.connection, id, password_hash, true)?;
    record(tx, "user.reset_password", &user, json!({}))?;
    end_sessions(tx, id)
}

/// Gives a user a role at a place.
pub fn grant(tx: &mut Tx<'_>, id: i64, grant: &Grant) -> Result<()> {
    let user = other_user(tx, Permission::GrantRoles, id)?;
    let places = store::places_for(tx.connection, grant.role)?;
    if !places.iter().any(|known| known.place == grant.place) {
        return Err(Error::field("place", Text::new("rule.place_of_role")));
    }
    let held = store::grants_of(tx.connection, id)?;
    if grant.role.is_administrator() && held.iter().any(|held| held.role.is_administrator()) {
        return Err(Error::field("role", Text::new("rule.one_administrator")));
    }
    store::insert_grant(tx.connection, id, grant)?;
    record(tx, "user.grant", &user, described(grant))
}

/// Takes a role at a place from a user. Whoever takes one is a security administrator and keeps their own, so that one
/// always remains.
pub fn revoke_grant(tx: &mut Tx<'_>, id: i64, grant_id: i64) -> Result<()> {
    let user = other_user(tx, Permission::GrantRoles, id)?;
    let held = store::numbered_grants_of(tx.connection, id)?;
    let (_, grant) = held.into_iter().find(|(number, _)| *number == grant_id).ok_or_else(Error::not_found)?;
    store::remove_grant(tx.connection, grant_id)?;
    record(tx, "user.revoke", &user, described(&grant))?;
    // A live stream keeps the rights that it began with: the user signs in again with those that are left.
    end_sessions(tx, id)
}

/// Ends all of a user's sessions.
pub(in crate::access) fn end_sessions(tx: &mut Tx<'_>, user_id: i64) -> Result<()> {
    for session in store::open_sessions_of(tx.connection, user_id)? {
        close(tx, session, "session.revoke")?;
    }
    Ok(())
}

/// A user to be changed by somebody who holds `need` and is not that user.
fn other_user(tx: &mut Tx<'_>, need: Permission, id: i64) -> Result<UserRow> {
    tx.scope.reach(need)?;
    let user = store::get_user(tx.connection, id)?;
    if tx.scope.user_id == Some(id) {
        return Err(Error::field("user", Text::new("rule.not_oneself")));
    }
    Ok(user)
}

fn described(grant: &Grant) -> Value {
    json!({ "role": grant.role.name(), "place": grant.place.kind(), "place_id": grant.place.id() })
}

fn record(tx: &mut Tx<'_>, action: &str, user: &UserRow, mut detail: Value) -> Result<()> {
    detail["login"] = user.login.clone().into();
    tx.audit(&Entry { action, entity: "user", entity_id: user.id.to_string(), town_code: None, detail })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_password_is_long_enough_and_never_the_same() {
        let (one, other) = (first_password().unwrap(), first_password().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.len(), 19);
        assert!(crate::access::check_length(&one).is_ok());
    }
}
