use std::collections::HashMap;

use diesel::prelude::*;

use super::model::CardEnding;
use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::schema::{door_cards, elders, villages};
use crate::db::{AnyConnection, Backend};
use crate::elders::store::editable;
use crate::error::Result;
use crate::listing::{ListRequest, Listed};

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = door_cards)]
pub(super) struct CardRow {
    pub id: i64,
    pub elder_id: i64,
    pub code_sealed: Vec<u8>,
    pub issued_at: Instant,
    pub issued_by: String,
    pub ended_at: Option<Instant>,
    pub ended_by: Option<String>,
    pub ending: Option<CardEnding>,
}

/// All cards of an elder within the caller's reach, the newest first.
pub(super) fn cards_of(connection: &mut AnyConnection, elder_id: i64) -> Result<Vec<CardRow>> {
    Ok(door_cards::table
        .filter(door_cards::elder_id.eq(elder_id))
        .order(door_cards::id.desc())
        .select(CardRow::as_select())
        .load(connection)?)
}

/// The cards that count, by elder.
pub(super) fn valid_cards(
    connection: &mut AnyConnection,
    elder_ids: &[i64],
) -> Result<HashMap<i64, CardRow>> {
    let rows: Vec<CardRow> = door_cards::table
        .filter(door_cards::elder_id.eq_any(elder_ids.to_vec()))
        .filter(door_cards::ended_at.is_null())
        .select(CardRow::as_select())
        .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.elder_id, row)).collect())
}

/// The card of anybody's with this code, whether it counts or not.
pub(super) fn find_by_index(connection: &mut AnyConnection, index: &[u8]) -> Result<Option<CardRow>> {
    let found = door_cards::table.filter(door_cards::code_index.eq(index)).select(CardRow::as_select());
    Ok(found.first(connection).optional()?)
}

/// A card whose code follows: the seal names the row, so the row comes first.
pub(super) fn insert(
    connection: &mut AnyConnection,
    elder_id: i64,
    index: &[u8],
    (now, actor): (Instant, &str),
) -> Result<i64> {
    Ok(diesel::insert_into(door_cards::table)
        .values((
            door_cards::elder_id.eq(elder_id),
            door_cards::code_sealed.eq(Vec::<u8>::new()),
            door_cards::code_index.eq(index),
            door_cards::issued_at.eq(now),
            door_cards::issued_by.eq(actor),
        ))
        .returning(door_cards::id)
        .get_result(connection)?)
}

pub(super) fn set_code(connection: &mut AnyConnection, id: i64, sealed: Vec<u8>) -> Result<()> {
    diesel::update(door_cards::table.filter(door_cards::id.eq(id)))
        .set(door_cards::code_sealed.eq(sealed))
        .execute(connection)?;
    Ok(())
}

pub(super) fn end(
    connection: &mut AnyConnection,
    id: i64,
    ending: CardEnding,
    (now, actor): (Instant, &str),
) -> Result<()> {
    diesel::update(door_cards::table.filter(door_cards::id.eq(id)))
        .set((door_cards::ended_at.eq(now), door_cards::ended_by.eq(actor), door_cards::ending.eq(ending)))
        .execute(connection)?;
    Ok(())
}

/// Somebody who is visited at home, for the list of cards.
#[derive(Clone, Debug)]
pub(super) struct CardListed {
    pub elder_id: i64,
    pub name: String,
    pub town_code: String,
    pub village: String,
    pub card: Option<CardRow>,
}

/// Elders whose record the asker may change and who are visited at home, by village and name. Filters: q (name), town, card
/// (whether they have one that counts), and the numbers of `chosen` where there are some.
pub(super) fn list(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
    chosen: &[i64],
) -> Result<Listed<CardListed>> {
    let total = filtered(scope, request, chosen)?.count().get_result(connection)?;
    let rows: Vec<(i64, String, String, String)> = filtered(scope, request, chosen)?
        .order((elders::town_code, elders::village_code, elders::name, elders::id))
        .offset(request.offset)
        .limit(request.limit)
        .select((elders::id, elders::name, elders::town_code, elders::village_code))
        .load(connection)?;
    let ids: Vec<i64> = rows.iter().map(|(id, ..)| *id).collect();
    let mut cards = valid_cards(connection, &ids)?;
    let codes: Vec<String> = rows.iter().map(|(_, _, _, village)| village.clone()).collect();
    let names: Vec<(String, String)> = villages::table
        .filter(villages::code.eq_any(codes))
        .select((villages::code, villages::name_zh))
        .load(connection)?;
    let names: HashMap<String, String> = names.into_iter().collect();
    let listed = rows.into_iter().map(|(id, name, town_code, village)| CardListed {
        elder_id: id,
        name,
        town_code,
        village: names.get(&village).cloned().unwrap_or(village),
        card: cards.remove(&id),
    });
    Ok(Listed { rows: listed.collect(), total })
}

fn filtered<'a>(
    scope: &Scope,
    request: &ListRequest,
    chosen: &[i64],
) -> Result<elders::BoxedQuery<'a, Backend>> {
    let reach = scope.reach(Permission::EditElder)?;
    let mut query = elders::table.filter(editable(reach)).filter(elders::home_visits.eq(true)).into_boxed();
    if !chosen.is_empty() {
        query = query.filter(elders::id.eq_any(chosen.to_vec()));
    }
    if let Some(pattern) = request.search_pattern() {
        query = query.filter(elders::name.like(pattern).escape('\\'));
    }
    if let Some(town) = request.filter("town") {
        query = query.filter(elders::town_code.eq(town.to_owned()));
    }
    let held = || door_cards::table.filter(door_cards::ended_at.is_null()).select(door_cards::elder_id);
    match request.filter("card") {
        Some("true") => query = query.filter(elders::id.eq_any(held())),
        Some("false") => query = query.filter(elders::id.ne_all(held())),
        _ => {}
    }
    Ok(query)
}
