use diesel::prelude::*;

use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::audit_log;
use crate::error::Result;

/// One row of the chain, as stored.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_log, treat_none_as_default_value = false)]
pub struct AuditRow {
    pub id: i64,
    pub at: Instant,
    pub user_id: Option<i64>,
    pub actor: String,
    pub action: String,
    pub entity: String,
    pub entity_id: String,
    pub town_code: Option<String>,
    /// JSON.
    pub detail: String,
    pub mac: Vec<u8>,
}

/// What an auditor looks for.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    pub actor: Option<String>,
    pub action: Option<String>,
    pub entity: Option<String>,
    pub entity_id: Option<String>,
}

/// Number and code of the last row; (0, empty) before the first.
pub fn head(connection: &mut AnyConnection) -> Result<(i64, Vec<u8>)> {
    let last = audit_log::table
        .order(audit_log::id.desc())
        .select((audit_log::id, audit_log::mac))
        .first::<(i64, Vec<u8>)>(connection)
        .optional()?;
    Ok(last.unwrap_or_default())
}

pub fn append(connection: &mut AnyConnection, row: &AuditRow) -> Result<()> {
    diesel::insert_into(audit_log::table).values(row).execute(connection)?;
    Ok(())
}

/// Rows after number `after`, in order, for the verifier.
pub fn page_after(connection: &mut AnyConnection, after: i64, limit: i64) -> Result<Vec<AuditRow>> {
    Ok(audit_log::table
        .filter(audit_log::id.gt(after))
        .order(audit_log::id)
        .limit(limit)
        .select(AuditRow::as_select())
        .load(connection)?)
}

/// Newest first, `limit` rows from `offset`, and how many there are.
pub fn list_entries(
    connection: &mut AnyConnection,
    scope: &Scope,
    filter: &AuditFilter,
    offset: i64,
    limit: i64,
) -> Result<(Vec<AuditRow>, i64)> {
    scope.reach(Permission::SeeAudit)?;
    let query = || {
        let mut query = audit_log::table.into_boxed();
        if let Some(actor) = &filter.actor {
            query = query.filter(audit_log::actor.eq(actor.clone()));
        }
        if let Some(action) = &filter.action {
            query = query.filter(audit_log::action.eq(action.clone()));
        }
        if let Some(entity) = &filter.entity {
            query = query.filter(audit_log::entity.eq(entity.clone()));
        }
        if let Some(entity_id) = &filter.entity_id {
            query = query.filter(audit_log::entity_id.eq(entity_id.clone()));
        }
        query
    };
    let total = query().count().get_result(connection)?;
    let rows = query()
        .order(audit_log::id.desc())
        .offset(offset)
        .limit(limit)
        .select(AuditRow::as_select())
        .load(connection)?;
    Ok((rows, total))
}

/// What happened to one record, oldest first; the caller has already proved that the record is within reach.
pub fn rows_of(connection: &mut AnyConnection, entity: &str, entity_id: &str) -> Result<Vec<AuditRow>> {
    Ok(audit_log::table
        .filter(audit_log::entity.eq(entity))
        .filter(audit_log::entity_id.eq(entity_id))
        .order(audit_log::id)
        .select(AuditRow::as_select())
        .load(connection)?)
}

/// What was done to one record before an instant, newest first: of these actions. The caller has proved that the record is
/// within reach.
pub fn rows_before(
    connection: &mut AnyConnection,
    (entity, entity_id): (&str, &str),
    actions: &[&str],
    (before, limit): (Instant, i64),
) -> Result<Vec<AuditRow>> {
    Ok(audit_log::table
        .filter(audit_log::entity.eq(entity))
        .filter(audit_log::entity_id.eq(entity_id))
        .filter(audit_log::action.eq_any(actions.to_vec()))
        .filter(audit_log::at.lt(before))
        .order(audit_log::id.desc())
        .limit(limit)
        .select(AuditRow::as_select())
        .load(connection)?)
}
