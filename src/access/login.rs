//! Signing in and out, the question every request asks, and the first user's set-up link.

use chrono::TimeDelta;
use sha2::{Digest, Sha256};

use super::audit::Entry;
use super::store::{self, NewSession, UserRow};
use super::{Grant, Place, Role, Scope, check_length, seal};
use crate::app::{App, Tx};
use crate::bus::Event;
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::error::{Code, Error, Result};
use crate::text::Text;

/// What a person types to sign in, and where from.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub login: String,
    pub password: String,
    pub address: String,
    pub user_agent: String,
}

/// A request's session, its user, and what they may do.
#[derive(Clone, Debug)]
pub struct Admission {
    pub session_id: i64,
    pub user_name: String,
    pub scope: Scope,
    /// The password is good for choosing another one only.
    pub password_due: bool,
    /// When the session ends if nothing more is heard of it.
    pub idle_ends_at: Instant,
    /// When it ends whatever happens.
    pub expires_at: Instant,
}

/// A session is written to at most this often, so that reading pages does not write.
const TOUCH_EVERY: TimeDelta = TimeDelta::seconds(60);
const SETUP_LINK_HOURS: i64 = 24;
const LOGIN_MAX: usize = 64;
const USER_AGENT_MAX: usize = 200;

/// Signs in; gives the token of the new session, which is stored only as its hash.
pub async fn enter(app: &App, credentials: Credentials) -> Result<String> {
    let login = credentials.login.trim().to_lowercase();
    let wanted = login.clone();
    let user = app.db.read(move |connection| store::find_by_login(connection, &wanted)).await?;
    let hash =
        user.as_ref().filter(|user| user.disabled_at.is_none()).and_then(|user| user.password_hash.clone());
    let right = app.passwords.verify(credentials.password.clone(), hash).await?;
    let Some(user) = user.filter(|_| right) else {
        metrics::counter!("songhe_logins_refused_total").increment(1);
        return Err(Error::new(Code::WrongPassword, Text::new("error.wrong_password")));
    };
    let token = hex::encode(seal::random::<32>()?);
    let token_hash = hash_token(&token);
    let lifetime = TimeDelta::hours(i64::from(app.config.sessions.lifetime_h));
    let scope = Scope::new(user.id, &user.login, Vec::new());
    app.write(&scope, move |tx| {
        let agent: String = credentials.user_agent.chars().take(USER_AGENT_MAX).collect();
        let session = NewSession {
            user_id: user.id,
            token_hash: &token_hash,
            created_at: tx.now,
            last_seen_at: tx.now,
            expires_at: tx.now + lifetime,
            address: &credentials.address,
            user_agent: &agent,
        };
        let id = store::insert_session(tx.connection, &session)?;
        tx.audit(&Entry {
            action: "session.open",
            entity: "session",
            entity_id: id.to_string(),
            town_code: None,
            detail: serde_json::json!({ "address": credentials.address }),
        })
    })
    .await?;
    Ok(token)
}

/// The admission of a token; none where the session ended, idled out, or its user was disabled.
pub async fn admit(app: &App, token: &str) -> Result<Option<Admission>> {
    let token_hash = hash_token(token);
    let now = app.clock.now();
    let found = app
        .db
        .read(move |connection| {
            let Some(session) = store::find_session(connection, &token_hash)? else { return Ok(None) };
            let user = store::get_user(connection, session.user_id)?;
            let grants = store::grants_of(connection, user.id)?;
            Ok(Some((session, user, grants)))
        })
        .await?;
    let Some((session, user, grants)) = found else { return Ok(None) };
    let idle = idle_limit(app, &grants);
    if session.revoked_at.is_some()
        || user.disabled_at.is_some()
        || now >= session.expires_at
        || now >= session.last_seen_at + idle
    {
        return Ok(None);
    }
    if now - session.last_seen_at >= TOUCH_EVERY {
        let id = session.id;
        app.db.write(move |connection| store::touch_session(connection, id, now)).await?;
    }
    Ok(Some(Admission {
        session_id: session.id,
        user_name: user.name,
        password_due: user.password_once,
        scope: Scope::new(user.id, user.login, grants),
        idle_ends_at: session.last_seen_at + idle,
        expires_at: session.expires_at,
    }))
}

/// Signs out: the token is worth nothing from here on, and the live streams of the session end.
pub async fn leave(app: &App, admission: &Admission) -> Result<()> {
    let id = admission.session_id;
    app.write(&admission.scope, move |tx| close(tx, id, "session.close")).await
}

/// Ends a session in the caller's transaction.
pub fn close(tx: &mut Tx<'_>, session_id: i64, action: &'static str) -> Result<()> {
    if store::close_session(tx.connection, session_id, tx.now)? {
        tx.audit(&Entry {
            action,
            entity: "session",
            entity_id: session_id.to_string(),
            town_code: None,
            detail: serde_json::json!({}),
        })?;
        tx.publish(&Event::session_ended(session_id))?;
    }
    Ok(())
}

/// The token of a fresh set-up link, where nobody can sign in yet.
pub fn offer_set_up(app: &App) -> Result<Option<String>> {
    let token = hex::encode(seal::random::<32>()?);
    let hash = hash_token(&token);
    let now = app.clock.now();
    app.db.write_now(|connection| {
        if store::any_user(connection)? {
            return Ok(None);
        }
        store::insert_setup_link(connection, &hash, now, now + TimeDelta::hours(SETUP_LINK_HOURS))?;
        Ok(Some(token.clone()))
    })
}

/// Whether a set-up link would still make the first users; its page is not found otherwise.
pub async fn is_set_up_open(app: &App, token: &str) -> Result<bool> {
    let (hash, now) = (hash_token(token), app.clock.now());
    let open = move |connection: &mut AnyConnection| {
        Ok(!store::any_user(connection)? && store::is_setup_link_open(connection, &hash, now)?)
    };
    app.db.read(open).await
}

/// Makes the first users from a set-up link: a system administrator who manages users and, with the same password rule, a
/// security administrator who grants roles; one person cannot be both.
pub async fn set_up(app: &App, token: &str, people: [(String, String, String); 2]) -> Result<()> {
    let roles = [
        (Role::SystemAdministrator, "system_login", "system_password"),
        (Role::SecurityAdministrator, "security_login", "security_password"),
    ];
    let mut prepared = Vec::new();
    for ((login, name, password), (role, login_field, password_field)) in people.into_iter().zip(roles) {
        let login = check_login(&login).map_err(|error| named(error, login_field))?;
        check_length(&password).map_err(|error| named(error, password_field))?;
        prepared.push((login, name.trim().to_owned(), app.passwords.hash(password).await?, role));
    }
    let hash = hash_token(token);
    app.write(&Scope::system(), move |tx| {
        if store::any_user(tx.connection)? || !store::take_setup_link(tx.connection, &hash, tx.now)? {
            return Err(Error::field("token", Text::new("rule.setup_link")));
        }
        for (login, name, password_hash, role) in &prepared {
            add_user(tx, login, name, Some(password_hash), &[Grant { role: *role, place: Place::City }])?;
        }
        Ok(())
    })
    .await
}

/// The same refusal, of the form's field with this name.
fn named(mut error: Error, field: &'static str) -> Error {
    for broken in &mut error.fields {
        broken.field = field;
    }
    error
}

/// A user with their grants, audited, in the caller's transaction.
pub fn add_user(
    tx: &mut Tx<'_>,
    login: &str,
    name: &str,
    password_hash: Option<&str>,
    grants: &[Grant],
) -> Result<i64> {
    let id = store::insert_user(tx.connection, login, name, password_hash, tx.now)?;
    for grant in grants {
        store::insert_grant(tx.connection, id, grant)?;
    }
    let held: Vec<String> = grants
        .iter()
        .map(|grant| format!("{}@{}:{}", grant.role.name(), grant.place.kind(), grant.place.id()))
        .collect();
    tx.audit(&Entry {
        action: "user.add",
        entity: "user",
        entity_id: id.to_string(),
        town_code: None,
        detail: serde_json::json!({ "login": login, "grants": held }),
    })?;
    Ok(id)
}

/// Disables a user and ends all their sessions at once.
pub fn disable(tx: &mut Tx<'_>, user: &UserRow) -> Result<()> {
    store::disable_user(tx.connection, user.id, Some(tx.now))?;
    tx.audit(&Entry {
        action: "user.disable",
        entity: "user",
        entity_id: user.id.to_string(),
        town_code: None,
        detail: serde_json::json!({ "login": user.login }),
    })?;
    for session in store::open_sessions_of(tx.connection, user.id)? {
        close(tx, session, "session.revoke")?;
    }
    Ok(())
}

/// A login is 1 to 64 of a-z, 0-9, dot, dash, underscore.
pub fn check_login(login: &str) -> Result<String> {
    let login = login.trim().to_lowercase();
    let legal = login.chars().all(|letter| letter.is_ascii_alphanumeric() || ".-_".contains(letter));
    if login.is_empty() || login.len() > LOGIN_MAX || !legal {
        return Err(Error::field("login", Text::new("rule.login").with("max", LOGIN_MAX)));
    }
    Ok(login)
}

/// Whoever sits at the duty desk stays signed in through the shift, and so does whoever is with elders: an hour's bath is not the
/// end of the day.
fn idle_limit(app: &App, grants: &[Grant]) -> TimeDelta {
    let sessions = &app.config.sessions;
    if grants.iter().any(|grant| matches!(grant.role, Role::DutyOfficer | Role::Caregiver)) {
        TimeDelta::hours(i64::from(sessions.duty_idle_h))
    } else {
        TimeDelta::minutes(i64::from(sessions.idle_min))
    }
}

fn hash_token(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}
