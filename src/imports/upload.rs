//! A file comes in: read within the limits, its rows sealed, its headings matched.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::Semaphore;

use super::kinds::kind_of;
use super::model::{self, ImportKind};
use super::read::{self, Table};
use super::store::{self, NewBatch};
use super::work::{PART_ROWS, part_cell, seal_json};
use crate::access::audit::Entry;
use crate::access::{Permission, Scope};
use crate::app::App;
use crate::error::{Error, Result};
use crate::registry::institutions::store::get_institution;
use crate::text::Text;

/// Files that are read at once: each may cost some hundred megabytes for a moment.
static READING: Semaphore = Semaphore::const_new(2);

/// Characters of a file's name that are kept.
const NAME_MAX: usize = 120;

/// A file, and what its rows are.
pub struct Upload {
    pub kind: ImportKind,
    pub file_name: String,
    /// To which rows belong that name no institution.
    pub institution_id: Option<i64>,
    pub bytes: Vec<u8>,
}

/// Reads a file into a new batch; gives its number. Nothing but the batch is changed.
pub async fn upload(app: &App, scope: &Scope, upload: Upload) -> Result<i64> {
    let Upload { kind, file_name, institution_id, bytes } = upload;
    let importer = kind_of(kind);
    scope.reach(Permission::ImportRecords)?;
    scope.reach(importer.need())?;
    let columns = importer.columns();
    let turn = READING.acquire().await.map_err(|error| Error::busy().because(error))?;
    let reading =
        tokio::task::spawn_blocking(move || read::read(&bytes, &|heading| model::knows(columns, heading)));
    let table = reading.await.map_err(|error| Error::internal("reading a file").because(error))??;
    drop(turn);
    let institution_id = institution_id.or_else(|| only_house(scope, kind));
    let file_name: String = file_name.chars().filter(|letter| !letter.is_control()).take(NAME_MAX).collect();
    let fault = |error: serde_json::Error| Error::internal("import").because(error);
    let headings = serde_json::to_string(&table.headings).map_err(fault)?;
    let mapping = serde_json::to_string(&model::guess(columns, &table.headings)).map_err(fault)?;
    let remarks = serde_json::to_string(&table.remarks).map_err(fault)?;
    let (total_rows, parts) = parts_of(table)?;
    let parts = Arc::new(parts);
    app.write(scope, move |tx| {
        if let Some(house) = institution_id
            && let Err(error) = get_institution(tx.connection, tx.scope, importer.need(), house)
        {
            let unknown = || Error::field("institution", Text::new("rule.no_such_institution"));
            return Err(if error.code == crate::error::Code::NotFound { unknown() } else { error });
        }
        let new = NewBatch {
            kind,
            file_name: &file_name,
            institution_id,
            headings: &headings,
            mapping: &mapping,
            remarks: &remarks,
            total_rows,
        };
        let id = store::insert_batch(tx.connection, tx.scope, &new, tx.now)?;
        for (number, part) in parts.iter().enumerate() {
            let number = number as i64;
            let sealed = tx.keys.seal(part_cell(id, number), part)?;
            store::add_part(tx.connection, id, number, &sealed)?;
        }
        tx.audit(&Entry {
            action: "import.upload",
            entity: "import",
            entity_id: id.to_string(),
            town_code: None,
            detail: json!({ "kind": kind.name(), "rows": total_rows }),
        })?;
        Ok(id)
    })
    .await
}

fn parts_of(table: Table) -> Result<(i64, Vec<String>)> {
    let total = table.rows.len() as i64;
    let parts: Result<Vec<String>> = table.rows.chunks(PART_ROWS as usize).map(seal_json).collect();
    Ok((total, parts?))
}

/// The institution of somebody who works for one only.
fn only_house(scope: &Scope, kind: ImportKind) -> Option<i64> {
    let reach = scope.reach(kind_of(kind).need()).ok().filter(|_| kind == ImportKind::House)?;
    match reach.institutions[..] {
        [only] if !reach.city && reach.towns.is_empty() => Some(only),
        _ => None,
    }
}
