mod claims;
mod classes;
mod furnish;
mod house;
mod offers;
mod periods;
mod rules;
mod stay_list;
mod stay_rows;
mod transfers;
mod waiting;

use std::collections::HashMap;

use diesel::dsl::{InnerJoin, InnerJoinQuerySource, IntoBoxed};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::model::{BedKind, BedState, ClaimKind, GenderRule, ShownState};
use crate::access::{Permission, Reach, Scope};
use crate::clock::Instant;
use crate::db::schema::{bed_claims, beds, institutions, leaves, rooms, stays, towns};
use crate::db::{AnyConnection, Backend};
use crate::elders::store::visible_names;
use crate::error::Result;
use crate::listing::{ListRequest, Listed};

pub(super) use claims::blocking_claim;
pub use claims::{ClaimRow, Filled, claims_between, filled_at};
pub use classes::{ClassListed, ClassRow, all_classes, classes, classes_listed};
pub(super) use classes::{insert_class, put_in_order, update_class, waiting_in};
pub use furnish::{
    RoomListed, RoomRow, beds_of_room, get_room, list_rooms, residents_of_room, rooms_of_house,
};
pub(super) use furnish::{
    bed_closed_at, delete_bed, delete_room, find_bed, find_room, insert_bed, insert_room, set_bed_closed,
    set_room_closed, update_bed, update_room,
};
pub use house::{
    ConfirmationRow, HouseCounts, STAYS_LIMIT, claims_within, counts_at, insert_confirmation,
    latest_confirmations, lived_in_between,
};
pub use offers::{HouseFacts, Offered, offers};
pub(super) use offers::{facts_of, house_of};
pub use periods::{
    HoldRow, LeaveRow, OutageRow, get_hold, get_leave, get_outage, leaves_between, leaves_of, open_holds,
};
pub(super) use periods::{
    close_hold, due_holds, end_leave, end_outage, holds_of_elder, insert_hold, insert_leave, insert_outage,
    leave_after, reopen_hold,
};
pub use rules::admission_rules;
pub(super) use rules::set_rule;
pub use stay_list::{list_stays, visible_elder};
pub(super) use stay_rows::{
    NewStay, answer_risks, correct_period, delete_stay, end_stay, find_stay, insert_stay, plan_end,
    put_contact, set_agreed, set_contact, stay_of_elder_in,
};
pub use stay_rows::{
    StayListed, StayRow, answered_risks, get_stay, risks_of, stays_of_bed, stays_of_elder, with_names,
};
pub use transfers::{TransferRow, get_transfer, open_transfers};
pub(super) use transfers::{answer_transfer, insert_transfer};
pub use waiting::{EntryListed, EntryRow, get_entry, list_entries};
pub(super) use waiting::{
    close_entry, delete_entry, entry_of_elder, find_entry, insert_entry, jump_before, reopen_entry,
};

/// Rows per statement where numbers are listed one by one.
const IDS_MAX: usize = 10_000;
/// Stays shown of one bed or elder.
const HISTORY_MAX: i64 = 100;

/// A bed with its room.
#[derive(Clone, Debug, Queryable)]
pub struct BedRow {
    pub id: i64,
    pub institution_id: i64,
    pub town_code: String,
    pub label: String,
    pub kind: BedKind,
    pub building: String,
    pub floor: i32,
    /// Room number.
    pub room: String,
    pub room_id: i64,
    pub gender_rule: GenderRule,
    pub is_couple_room: bool,
    pub is_isolation: bool,
    /// Since when it takes nobody any more.
    pub closed_at: Option<Instant>,
    pub version: i64,
}

/// A bed as it stands at an instant.
#[derive(Clone, Debug)]
pub struct BedListed {
    pub bed: BedRow,
    pub institution: String,
    /// What fills it; none where it is free.
    pub filled: Option<Filled>,
    pub stay: Option<StayRow>,
    /// The name of who lives there or for whom it is held, where the asker may see the elder.
    pub resident: Option<String>,
    /// For whom it is held.
    pub hold: Option<HoldRow>,
    /// Risks that nobody answered yet of whoever lives there.
    pub risks_open: i64,
}

impl BedListed {
    pub fn state(&self) -> BedState {
        self.filled.as_ref().map_or(BedState::Free, Filled::state)
    }

    /// The same for a reader, to whom a closed bed is not free.
    pub fn shown_state(&self) -> ShownState {
        match self.bed.closed_at {
            Some(_) if self.filled.is_none() => ShownState::Closed,
            _ => self.state().into(),
        }
    }
}

type Rooms = InnerJoinQuerySource<beds::table, rooms::table>;
type Condition = Box<dyn BoxableExpression<Rooms, Backend, SqlType = Bool>>;
type BedQuery<'a> = IntoBoxed<'a, InnerJoin<beds::table, rooms::table>, Backend>;

/// What is read of a bed, in the order of [`BedRow`].
#[expect(clippy::type_complexity, reason = "the columns of one row")]
const BED: (
    beds::id,
    beds::institution_id,
    beds::town_code,
    beds::label,
    beds::kind,
    rooms::building,
    rooms::floor,
    rooms::number,
    rooms::id,
    rooms::gender_rule,
    rooms::couple,
    rooms::isolation,
    beds::closed_at,
    beds::version,
) = (
    beds::id,
    beds::institution_id,
    beds::town_code,
    beds::label,
    beds::kind,
    rooms::building,
    rooms::floor,
    rooms::number,
    rooms::id,
    rooms::gender_rule,
    rooms::couple,
    rooms::isolation,
    beds::closed_at,
    beds::version,
);

fn within(reach: &Reach) -> Condition {
    if reach.city {
        return Box::new(crate::db::always());
    }
    Box::new(
        beds::town_code
            .eq_any(reach.towns.clone())
            .or(beds::institution_id.eq_any(reach.institutions.clone())),
    )
}

pub fn get_bed(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    id: i64,
) -> Result<BedRow> {
    let reach = scope.reach(permission)?;
    let bed = beds::table.inner_join(rooms::table).filter(beds::id.eq(id)).filter(within(&reach)).select(BED);
    Ok(bed.first(connection)?)
}

/// Filters: institution, town, kind, state at `now`, closed (those that are not, unless told otherwise).
/// Sorts: institution, building, floor, room, label, kind.
pub fn list_beds(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
    now: Instant,
) -> Result<Listed<BedListed>> {
    let reach = scope.reach(Permission::SeeBeds)?;
    let total = filtered(&reach, request, now).count().get_result(connection)?;
    let mut query = filtered(&reach, request, now);
    if let Some(after) = request.after_id {
        query = query.filter(beds::id.gt(after)).order(beds::id);
    } else {
        query = ordered(query, request).offset(request.offset);
    }
    let rows: Vec<BedRow> = query.limit(request.limit).select(BED).load(connection)?;
    Ok(Listed { rows: with_stays(connection, scope, rows, now)?, total })
}

fn filtered<'a>(reach: &Reach, request: &ListRequest, now: Instant) -> BedQuery<'a> {
    let mut query = beds::table.inner_join(rooms::table).filter(within(reach)).into_boxed();
    let state = request.filter("state").map(ShownState::parse);
    let is_closed = request.filter_flag("closed") == Some(true) || state == Some(Some(ShownState::Closed));
    query = if is_closed {
        query.filter(beds::closed_at.is_not_null())
    } else {
        query.filter(beds::closed_at.is_null())
    };
    if let Some(institution) = request.filter_id("institution") {
        query = query.filter(beds::institution_id.eq(institution));
    }
    if let Some(town) = request.filter("town") {
        query = query.filter(beds::town_code.eq(town.to_owned()));
    }
    if let Some(kind) = request.filter("kind") {
        query = query.filter(beds::kind.eq(kind.to_owned()));
    }
    let filling = |kinds: &[ClaimKind]| {
        bed_claims::table
            .filter(bed_claims::starts_at.le(now))
            .filter(bed_claims::ends_at.is_null().or(bed_claims::ends_at.gt(now)))
            .filter(bed_claims::kind.eq_any(kinds.to_vec()))
            .select(bed_claims::bed_id)
    };
    if let Some(lived_in) = request.filter_flag("lived_in") {
        let homes = filling(&[ClaimKind::Stay]);
        query = if lived_in {
            query.filter(beds::id.eq_any(homes))
        } else {
            query.filter(beds::id.ne_all(homes))
        };
    }
    let away = || {
        let on_leave = leaves::table
            .filter(leaves::starts_at.le(now))
            .filter(leaves::ends_at.is_null().or(leaves::ends_at.gt(now)))
            .select(leaves::stay_id);
        stays::table.filter(stays::id.eq_any(on_leave)).select(stays::bed_id)
    };
    match state {
        Some(Some(ShownState::Occupied)) => {
            query.filter(beds::id.eq_any(filling(&[ClaimKind::Stay]))).filter(beds::id.ne_all(away()))
        }
        Some(Some(ShownState::OnLeave)) => query.filter(beds::id.eq_any(away())),
        Some(Some(ShownState::Reserved)) => query.filter(beds::id.eq_any(filling(&[ClaimKind::Hold]))),
        Some(Some(ShownState::OutOfService)) => query.filter(beds::id.eq_any(filling(&[ClaimKind::Outage]))),
        Some(Some(ShownState::Free)) if !is_closed => query.filter(beds::id.ne_all(filling(ClaimKind::ALL))),
        Some(None | Some(ShownState::Free)) => query.filter(diesel::dsl::sql::<Bool>("FALSE")),
        Some(Some(ShownState::Closed)) | None => query,
    }
}

fn ordered<'a>(query: BedQuery<'a>, request: &ListRequest) -> BedQuery<'a> {
    let query = match request.sort_or("institution") {
        ("building", false) => query.order(rooms::building.asc()),
        ("building", true) => query.order(rooms::building.desc()),
        ("floor", false) => query.order(rooms::floor.asc()),
        ("floor", true) => query.order(rooms::floor.desc()),
        ("room", false) => query.order(rooms::number.asc()),
        ("room", true) => query.order(rooms::number.desc()),
        ("label", false) => query.order(beds::label.asc()),
        ("label", true) => query.order(beds::label.desc()),
        ("kind", false) => query.order(beds::kind.asc()),
        ("kind", true) => query.order(beds::kind.desc()),
        (_, true) => query.order(beds::institution_id.desc()),
        (_, false) => query.order(beds::institution_id.asc()),
    };
    query.then_order_by((
        beds::institution_id,
        rooms::building,
        rooms::floor,
        rooms::number,
        beds::label,
        beds::id,
    ))
}

/// The beds with what fills them at `now`.
pub fn with_stays(
    connection: &mut AnyConnection,
    scope: &Scope,
    rows: Vec<BedRow>,
    now: Instant,
) -> Result<Vec<BedListed>> {
    let ids: Vec<i64> = rows.iter().map(|bed| bed.id).collect();
    let mut filled = filled_at(connection, &ids, now)?;
    let sources = |kind: ClaimKind| -> Vec<i64> {
        filled.values().filter(|found| found.claim.kind == kind).map(|found| found.claim.source_id).collect()
    };
    let (stay_ids, hold_ids) = (sources(ClaimKind::Stay), sources(ClaimKind::Hold));
    let mut stay_of: HashMap<i64, StayRow> = HashMap::new();
    for part in stay_ids.chunks(IDS_MAX) {
        let query = stays::table.filter(stays::id.eq_any(part.to_vec())).select(StayRow::as_select());
        stay_of.extend(query.load(connection)?.into_iter().map(|stay: StayRow| (stay.bed_id, stay)));
    }
    let mut hold_of: HashMap<i64, HoldRow> = HashMap::new();
    for part in hold_ids.chunks(IDS_MAX) {
        let found = periods::holds_by_number(connection, part)?;
        hold_of.extend(found.into_iter().map(|hold| (hold.bed_id, hold)));
    }
    let answered = answered_risks(connection, &stay_ids)?;
    let mut elder_ids: Vec<i64> = stay_of.values().map(|stay| stay.elder_id).collect();
    elder_ids.extend(hold_of.values().map(|hold| hold.elder_id));
    let names = visible_names(connection, scope, &elder_ids, now)?;
    let institutions = institution_names(connection)?;
    let risks = super::model::Risk::ALL.len() as i64;
    let listed = rows.into_iter().map(|bed| {
        let (stay, hold) = (stay_of.remove(&bed.id), hold_of.remove(&bed.id));
        let elder_id = stay.as_ref().map(|stay| stay.elder_id).or(hold.as_ref().map(|hold| hold.elder_id));
        BedListed {
            institution: institutions.get(&bed.institution_id).cloned().unwrap_or_default(),
            resident: elder_id.and_then(|id| names.get(&id).cloned()),
            risks_open: stay
                .as_ref()
                .map_or(0, |stay| risks - answered.get(&stay.id).copied().unwrap_or_default()),
            filled: filled.remove(&bed.id),
            stay,
            hold,
            bed,
        }
    });
    Ok(listed.collect())
}

/// Every open bed of an institution within reach, in the order of the house.
pub fn beds_of_house(
    connection: &mut AnyConnection,
    scope: &Scope,
    institution: i64,
    at: Instant,
) -> Result<Vec<BedListed>> {
    let reach = scope.reach(Permission::SeeBeds)?;
    let rows: Vec<BedRow> = beds::table
        .inner_join(rooms::table)
        .filter(beds::institution_id.eq(institution))
        .filter(beds::closed_at.is_null())
        .filter(within(&reach))
        .order((rooms::building, rooms::floor, rooms::number, beds::label, beds::id))
        .select(BED)
        .load(connection)?;
    with_stays(connection, scope, rows, at)
}

fn institution_names(connection: &mut AnyConnection) -> Result<HashMap<i64, String>> {
    let names: Vec<(i64, String)> =
        institutions::table.select((institutions::id, institutions::name)).load(connection)?;
    Ok(names.into_iter().collect())
}

/// Number and name of the institutions with beds within reach, by town.
pub fn institutions_with_beds(connection: &mut AnyConnection, scope: &Scope) -> Result<Vec<(i64, String)>> {
    let reach = scope.reach(Permission::SeeBeds)?;
    Ok(institutions::table
        .filter(crate::registry::institutions::store::within(&reach))
        .filter(
            institutions::id
                .eq_any(beds::table.filter(beds::closed_at.is_null()).select(beds::institution_id)),
        )
        .order((institutions::town_code, institutions::id))
        .select((institutions::id, institutions::name))
        .load(connection)?)
}

/// Number and name of every institution of the city that operates: to whom a transfer can be asked.
pub fn operating_institutions(connection: &mut AnyConnection) -> Result<Vec<(i64, String)>> {
    Ok(institutions::table
        .filter(institutions::state.eq("operating"))
        .order((institutions::town_code, institutions::id))
        .select((institutions::id, institutions::name))
        .load(connection)?)
}

/// Both names of a town.
pub fn town_name(connection: &mut AnyConnection, code: &str) -> Result<(String, String)> {
    Ok(towns::table
        .filter(towns::code.eq(code))
        .select((towns::name_zh, towns::name_en))
        .first(connection)?)
}
