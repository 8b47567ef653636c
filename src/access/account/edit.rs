use crate::access::audit::Entry;
use crate::access::sessions::revoke_others;
use crate::access::{check_length, store};
use crate::app::{App, Tx};
use crate::error::{Error, Result};
use crate::input::Checks;
use crate::text::Text;

/// Chooses another password for `user_id`, who proves the present one, and ends their sessions but `kept`.
pub async fn change_password(
    app: &App,
    scope: &crate::access::Scope,
    kept: i64,
    current: String,
    new: String,
) -> Result<()> {
    check_length(&new)?;
    let id = scope.user_id.ok_or_else(Error::not_found)?;
    let user = app.db.read(move |connection| store::get_user(connection, id)).await?;
    if !app.passwords.verify(current.clone(), user.password_hash).await? {
        return Err(Error::field("current_password", Text::new("rule.current_password")));
    }
    if current == new {
        return Err(Error::field("password", Text::new("rule.another_password")));
    }
    let hash = app.passwords.hash(new).await?;
    app.write(scope, move |tx| store_password(tx, id, &hash, kept)).await
}

/// Where colleagues call the asker; empty for nowhere.
pub fn set_work_phone(tx: &mut Tx<'_>, phone: &str) -> Result<()> {
    let (id, phone) = (tx.scope.user_id.ok_or_else(Error::not_found)?, phone.trim());
    let mut checks = Checks::default();
    checks.phone("work_phone", phone);
    checks.finish()?;
    store::set_work_phone(tx.connection, id, phone)?;
    tx.audit(&Entry {
        action: "user.work_phone",
        entity: "user",
        entity_id: id.to_string(),
        town_code: None,
        detail: serde_json::json!({}),
    })
}

fn store_password(tx: &mut Tx<'_>, id: i64, hash: &str, kept: i64) -> Result<()> {
    store::set_password(tx.connection, id, hash, false)?;
    tx.audit(&Entry {
        action: "user.change_password",
        entity: "user",
        entity_id: id.to_string(),
        town_code: None,
        detail: serde_json::json!({}),
    })?;
    revoke_others(tx, kept)
}
