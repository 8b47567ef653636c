//! Transfers between institutions that were asked for.

use diesel::prelude::*;

use super::StayRow;
use crate::access::{Permission, Reach, Scope};
use crate::beds::model::TransferState;
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::transfers;
use crate::error::{Error, Result};

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = transfers)]
pub struct TransferRow {
    pub id: i64,
    pub stay_id: i64,
    pub elder_id: i64,
    pub institution_id: i64,
    pub town_code: String,
    pub to_institution_id: i64,
    pub to_town_code: String,
    pub state: TransferState,
    pub reason: String,
    pub answer: String,
    pub asked_at: Instant,
    pub answered_at: Option<Instant>,
    pub new_stay_id: Option<i64>,
    pub version: i64,
}

impl TransferRow {
    /// Whether the end that gives the elder away is within reach.
    pub fn is_from(&self, reach: &Reach) -> bool {
        reach.covers(Some(&self.town_code), Some(self.institution_id))
    }

    /// Whether the end that takes the elder in is within reach.
    pub fn is_to(&self, reach: &Reach) -> bool {
        reach.covers(Some(&self.to_town_code), Some(self.to_institution_id))
    }
}

/// A transfer of which one end is within reach.
pub fn get_transfer(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    id: i64,
) -> Result<TransferRow> {
    let reach = scope.reach(permission)?;
    let row: TransferRow =
        transfers::table.filter(transfers::id.eq(id)).select(TransferRow::as_select()).first(connection)?;
    if row.is_from(&reach) || row.is_to(&reach) { Ok(row) } else { Err(Error::not_found()) }
}

/// Open transfers of which one end is within reach, the oldest first.
pub fn open_transfers(connection: &mut AnyConnection, scope: &Scope) -> Result<Vec<TransferRow>> {
    let reach = scope.reach(Permission::SeeBeds)?;
    let rows: Vec<TransferRow> = transfers::table
        .filter(transfers::state.eq(TransferState::Asked))
        .order((transfers::asked_at, transfers::id))
        .select(TransferRow::as_select())
        .load(connection)?;
    Ok(rows.into_iter().filter(|row| row.is_from(&reach) || row.is_to(&reach)).collect())
}

pub(in crate::beds) fn insert_transfer(
    connection: &mut AnyConnection,
    stay: &StayRow,
    to: (i64, &str),
    reason: &str,
    now: Instant,
) -> Result<i64> {
    Ok(diesel::insert_into(transfers::table)
        .values((
            transfers::stay_id.eq(stay.id),
            transfers::elder_id.eq(stay.elder_id),
            transfers::institution_id.eq(stay.institution_id),
            transfers::town_code.eq(&stay.town_code),
            transfers::to_institution_id.eq(to.0),
            transfers::to_town_code.eq(to.1),
            transfers::state.eq(TransferState::Asked),
            transfers::reason.eq(reason),
            transfers::answer.eq(""),
            transfers::asked_at.eq(now),
        ))
        .returning(transfers::id)
        .get_result(connection)?)
}

/// Answers version `seen` of an open transfer.
pub(in crate::beds) fn answer_transfer(
    connection: &mut AnyConnection,
    id: i64,
    seen: i64,
    state: TransferState,
    answer: &str,
    new_stay_id: Option<i64>,
    now: Instant,
) -> Result<bool> {
    let open = transfers::table
        .filter(transfers::id.eq(id))
        .filter(transfers::version.eq(seen))
        .filter(transfers::state.eq(TransferState::Asked));
    let changed = diesel::update(open)
        .set((
            transfers::state.eq(state),
            transfers::answer.eq(answer),
            transfers::new_stay_id.eq(new_stay_id),
            transfers::answered_at.eq(now),
            transfers::version.eq(seen + 1),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}
