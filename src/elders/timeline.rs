//! What happened to an elder, from every slice that knows something.

use serde_json::Value;

use super::store::get_elder;
use crate::access::store::rows_before;
use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::timeline::{Happening, asked, merged};
use crate::web::Words;

/// The kinds that can be chosen; each is one slice's.
pub(super) const KINDS: &[&str] = &["assessment", "visit", "stay", "reading", "alert", "call", "record"];

/// Changes of the record; who looked at it is the auditor's to know.
const ACTIONS: &[&str] = &[
    "elder.add",
    "elder.change",
    "elder.add_part",
    "elder.change_part",
    "elder.remove_part",
    "elder.issue_card",
    "elder.revoke_card",
];

/// A page of what happened before an instant, newest first, and whether more follows. Of one kind, or of all.
pub(super) fn page(
    connection: &mut AnyConnection,
    scope: &Scope,
    words: &Words,
    elder_id: i64,
    (kind, before, limit): (Option<&str>, Instant, usize),
) -> Result<(Vec<Happening>, bool)> {
    get_elder(connection, scope, Permission::SeeElders, elder_id, words.now)?;
    let until = (before, asked(limit));
    let wants = |name: &str| kind.is_none_or(|kind| kind == name);
    let mut all = Vec::new();
    if wants("assessment") {
        all.extend(crate::assessments::timeline(connection, scope, words, elder_id, until)?);
    }
    if wants("call") {
        all.extend(crate::visits::follow_ups::timeline(connection, scope, words, elder_id, until)?);
    }
    if wants("visit") {
        all.extend(crate::visits::timeline(connection, scope, words, elder_id, until)?);
    }
    if wants("stay") {
        all.extend(crate::beds::timeline(connection, scope, words, elder_id, until)?);
    }
    if wants("reading") {
        all.extend(crate::devices::timeline(connection, scope, words, elder_id, until)?);
    }
    if wants("alert") {
        all.extend(crate::alerts::timeline(connection, scope, words, elder_id, until)?);
    }
    if wants("record") {
        all.extend(of_record(connection, words, elder_id, until)?);
    }
    Ok(merged(all, limit))
}

fn of_record(
    connection: &mut AnyConnection,
    words: &Words,
    elder_id: i64,
    until: (Instant, i64),
) -> Result<Vec<Happening>> {
    let rows = rows_before(connection, ("elder", &elder_id.to_string()), ACTIONS, until)?;
    let happening = |row: crate::access::store::AuditRow| {
        let detail: Value = serde_json::from_str(&row.detail).unwrap_or_default();
        let action = words.t(&format!("enums.audit_action.{}", row.action));
        let what = match detail["part"].as_str() {
            Some(part) => format!("{action} · {}", words.t(&format!("elder.{part}"))),
            None => action,
        };
        Happening { at: row.at, kind: "record", what, who: row.actor, href: None }
    };
    Ok(rows.into_iter().map(happening).collect())
}
