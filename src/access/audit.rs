//! The audit chain: every row's code is an HMAC over the row and the code before it, so that a changed, missing, moved or
//! cut-off row shows.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Scope;
use super::seal::Keys;
use super::store::{self, AuditRow};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::text::Text;

/// What to write down about a change.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// What was done, such as `institution.edit`.
    pub action: &'a str,
    pub entity: &'a str,
    pub entity_id: String,
    pub town_code: Option<&'a str>,
    /// Facts of the change, never personal data.
    pub detail: serde_json::Value,
}

/// What the verifier found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All rows fit; how many there are.
    Whole { rows: i64 },
    /// The first row that does not fit, and why.
    Broken { row: i64, why: Text },
}

/// The head of the chain at some moment, kept in a file beside the database, so that a cut tail shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    pub row: i64,
    pub mac: String,
}

const PAGE_ROWS: i64 = 5_000;

/// Adds one row in the caller's transaction.
pub fn record(
    connection: &mut AnyConnection,
    keys: &Keys,
    scope: &Scope,
    at: Instant,
    entry: &Entry<'_>,
) -> Result<()> {
    let (last, previous) = store::head(connection)?;
    let mut row = AuditRow {
        id: last + 1,
        at,
        user_id: scope.user_id,
        actor: scope.actor.clone(),
        action: entry.action.to_owned(),
        entity: entry.entity.to_owned(),
        entity_id: entry.entity_id.clone(),
        town_code: entry.town_code.map(str::to_owned),
        detail: entry.detail.to_string(),
        mac: Vec::new(),
    };
    row.mac = link(keys, &previous, &row);
    store::append(connection, &row)
}

/// Walks the whole chain, and compares it with the anchor where there is one.
pub fn verify(connection: &mut AnyConnection, keys: &Keys, anchor: Option<&Anchor>) -> Result<Verdict> {
    let mut last = 0;
    let mut previous = Vec::new();
    loop {
        let rows = store::page_after(connection, last, PAGE_ROWS)?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            if row.id != last + 1 {
                return Ok(broken(last + 1, Text::new("audit.fault.missing")));
            }
            if row.mac != link(keys, &previous, &row) {
                return Ok(broken(row.id, Text::new("audit.fault.changed")));
            }
            if anchor.is_some_and(|anchor| anchor.row == row.id && anchor.mac != hex::encode(&row.mac)) {
                return Ok(broken(row.id, Text::new("audit.fault.anchor")));
            }
            last = row.id;
            previous = row.mac;
        }
    }
    match anchor {
        Some(anchor) if anchor.row > last => {
            Ok(broken(last + 1, Text::new("audit.fault.cut").with("row", anchor.row)))
        }
        _ => Ok(Verdict::Whole { rows: last }),
    }
}

/// The present head, to be written to the anchor file.
pub fn anchor(connection: &mut AnyConnection) -> Result<Anchor> {
    let (row, mac) = store::head(connection)?;
    Ok(Anchor { row, mac: hex::encode(mac) })
}

/// Replaces the anchor file whole, or leaves it as it was.
pub fn write_anchor(path: &Path, anchor: &Anchor) -> Result<()> {
    let fault =
        |error: std::io::Error| Error::internal(format!("cannot write {}", path.display())).because(error);
    let text = serde_json::to_vec(anchor).map_err(|error| Error::internal("anchor").because(error))?;
    let fresh = path.with_extension("new");
    std::fs::write(&fresh, text).map_err(fault)?;
    std::fs::rename(&fresh, path).map_err(fault)
}

/// The anchor file's content; none where there is no file yet.
pub fn read_anchor(path: &Path) -> Result<Option<Anchor>> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| {
            Error::internal(format!("{} is not an anchor file", path.display())).because(error)
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::internal(format!("cannot read {}", path.display())).because(error)),
    }
}

fn broken(row: i64, why: Text) -> Verdict {
    Verdict::Broken { row, why }
}

fn link(keys: &Keys, previous: &[u8], row: &AuditRow) -> Vec<u8> {
    let user = row.user_id.map(|id| id.to_string()).unwrap_or_default();
    let town = row.town_code.as_deref().unwrap_or_default();
    keys.audit_mac(&[
        previous,
        &row.id.to_be_bytes(),
        &crate::clock::to_millis(row.at).to_be_bytes(),
        user.as_bytes(),
        row.actor.as_bytes(),
        row.action.as_bytes(),
        row.entity.as_bytes(),
        row.entity_id.as_bytes(),
        town.as_bytes(),
        row.detail.as_bytes(),
    ])
}
