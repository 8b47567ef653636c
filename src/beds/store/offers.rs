//! Beds as they are offered to somebody.

use std::collections::HashMap;

use diesel::prelude::*;

use super::{BED, BedRow, within};
use crate::access::{Permission, Scope};
use crate::beds::model::{BedFacts, BedState, ClaimKind, GenderRule};
use crate::beds::store::filled_at;
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::{beds, elders, institutions, rooms, stays};
use crate::error::Result;
use crate::registry::caregivers::Gender;
use crate::registry::institutions::InstitutionState;

/// A bed with all that decides whether it fits.
#[derive(Clone, Debug)]
pub struct Offered {
    pub bed: BedRow,
    pub facts: BedFacts,
    pub institution: String,
    pub longitude: f64,
    pub latitude: f64,
}

type House = (String, String, Option<chrono::NaiveDate>, f64, f64);

/// Open beds within reach with what decides whether they fit, at `at`: those of one institution, or all.
pub fn offers(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    institution: Option<i64>,
    at: Instant,
) -> Result<Vec<Offered>> {
    let reach = scope.reach(permission)?;
    let mut query = beds::table
        .inner_join(rooms::table)
        .filter(within(&reach))
        .filter(beds::closed_at.is_null())
        .into_boxed();
    if let Some(institution) = institution {
        query = query.filter(beds::institution_id.eq(institution));
    }
    let rows: Vec<BedRow> = query
        .order((beds::institution_id, rooms::building, rooms::floor, rooms::number, beds::label, beds::id))
        .select(BED)
        .load(connection)?;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let filled = filled_at(connection, &ids, at)?;
    let mates = genders(
        connection,
        filled
            .values()
            .filter_map(|found| (found.claim.kind == ClaimKind::Stay).then_some(found.claim.source_id)),
    )?;
    let houses = houses(connection, &rows)?;
    let mut by_room: HashMap<i64, Vec<(i64, Gender)>> = HashMap::new();
    for row in &rows {
        let stay = filled.get(&row.id).filter(|found| found.claim.kind == ClaimKind::Stay);
        if let Some(gender) = stay.and_then(|found| mates.get(&found.claim.source_id)) {
            by_room.entry(row.room_id).or_default().push((row.id, *gender));
        }
    }
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let (name, state, licence_ends_on, longitude, latitude) =
                houses.get(&row.institution_id)?.clone();
            let found = filled.get(&row.id);
            let others = by_room.get(&row.room_id).into_iter().flatten();
            let facts = BedFacts {
                kind: row.kind,
                state: found.map_or(BedState::Free, super::Filled::state),
                state_until: found.and_then(|found| found.claim.ends_at),
                gender_rule: row.gender_rule,
                is_couple_room: row.is_couple_room,
                is_isolation: row.is_isolation,
                room_mates: others.filter(|(id, _)| *id != row.id).map(|(_, gender)| *gender).collect(),
                is_operating: state == "operating",
                licence_ends_on,
            };
            Some(Offered { bed: row, facts, institution: name, longitude, latitude })
        })
        .collect())
}

fn houses(connection: &mut AnyConnection, rows: &[BedRow]) -> Result<HashMap<i64, House>> {
    let ids: std::collections::BTreeSet<i64> = rows.iter().map(|row| row.institution_id).collect();
    Ok(institutions::table
        .filter(institutions::id.eq_any(ids.into_iter().collect::<Vec<_>>()))
        .select((
            institutions::id,
            (
                institutions::name,
                institutions::state,
                institutions::licence_ends_on,
                institutions::longitude,
                institutions::latitude,
            ),
        ))
        .load(connection)?
        .into_iter()
        .collect())
}

/// Genders of the residents of these stays.
fn genders(
    connection: &mut AnyConnection,
    stay_ids: impl Iterator<Item = i64>,
) -> Result<HashMap<i64, Gender>> {
    let ids: Vec<i64> = stay_ids.collect();
    let mut found = HashMap::new();
    for part in ids.chunks(super::IDS_MAX) {
        let rows: Vec<(i64, Gender)> = stays::table
            .inner_join(elders::table)
            .filter(stays::id.eq_any(part.to_vec()))
            .select((stays::id, elders::gender))
            .load(connection)?;
        found.extend(rows);
    }
    Ok(found)
}

/// What of an institution decides whether it takes somebody in.
#[derive(Clone, Debug, Queryable)]
pub struct HouseFacts {
    pub state: InstitutionState,
    pub licence_ends_on: Option<chrono::NaiveDate>,
}

/// For a caller who has reached the institution.
pub(in crate::beds) fn house_of(connection: &mut AnyConnection, institution: i64) -> Result<HouseFacts> {
    let house = institutions::table.find(institution);
    Ok(house.select((institutions::state, institutions::licence_ends_on)).first(connection)?)
}

/// What decides whether somebody fits a bed that is free. For a caller who has reached it.
pub(in crate::beds) fn facts_of(
    connection: &mut AnyConnection,
    bed: &BedRow,
    house: &HouseFacts,
    at: Instant,
) -> Result<BedFacts> {
    let asks_for_mates = bed.gender_rule == GenderRule::Same && !bed.is_couple_room;
    Ok(BedFacts {
        kind: bed.kind,
        state: BedState::Free,
        state_until: None,
        gender_rule: bed.gender_rule,
        is_couple_room: bed.is_couple_room,
        is_isolation: bed.is_isolation,
        room_mates: if asks_for_mates { room_mates(connection, bed, at)? } else { Vec::new() },
        is_operating: house.state == InstitutionState::Operating,
        licence_ends_on: house.licence_ends_on,
    })
}

/// Genders of those who live in the other open beds of the room.
fn room_mates(connection: &mut AnyConnection, bed: &BedRow, at: Instant) -> Result<Vec<Gender>> {
    Ok(stays::table
        .inner_join(beds::table)
        .inner_join(elders::table)
        .filter(beds::room_id.eq(bed.room_id))
        .filter(beds::id.ne(bed.id))
        .filter(beds::closed_at.is_null())
        .filter(stays::starts_at.le(at))
        .filter(stays::ends_at.is_null().or(stays::ends_at.gt(at)))
        .select(elders::gender)
        .load(connection)?)
}
