//! What people measured at shared devices with their cards.

use std::collections::HashMap;

use diesel::dsl::{count_star, max, min};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::registry::within;
use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::schema::{card_readings, devices};
use crate::db::{AnyConnection, Backend};
use crate::devices::model::CardState;
use crate::error::Result;
use crate::listing::{ListRequest, Listed};

#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = card_readings, treat_none_as_default_value = false)]
pub struct NewCardReading {
    pub device_id: i64,
    pub boot_id: i64,
    pub lane: i16,
    pub seq: i64,
    pub channel: i16,
    pub value: f64,
    pub at: Instant,
    pub received_at: Instant,
    pub card_index: Vec<u8>,
    /// Whoever has the card.
    pub elder_id: Option<i64>,
}

pub fn insert_card_reading(connection: &mut AnyConnection, row: &NewCardReading) -> Result<i64> {
    Ok(diesel::insert_into(card_readings::table)
        .values(row.clone())
        .returning(card_readings::id)
        .get_result(connection)?)
}

/// The sealed number of a card that nobody has: the seal names the row, so the row comes first.
pub fn set_card(connection: &mut AnyConnection, id: i64, sealed: Vec<u8>) -> Result<()> {
    diesel::update(card_readings::table.filter(card_readings::id.eq(id)))
        .set(card_readings::card_sealed.eq(sealed))
        .execute(connection)?;
    Ok(())
}

/// Of whom somebody last said that the card is theirs.
pub fn claimed_by(connection: &mut AnyConnection, index: &[u8]) -> Result<Option<i64>> {
    let found: Option<Option<i64>> = card_readings::table
        .filter(card_readings::card_index.eq(index))
        .filter(card_readings::settled_at.is_not_null())
        .filter(card_readings::elder_id.is_not_null())
        .order(card_readings::settled_at.desc())
        .select(card_readings::elder_id)
        .first(connection)
        .optional()?;
    Ok(found.flatten())
}

/// A value with a card.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = card_readings)]
pub struct CardReading {
    pub id: i64,
    pub device_id: i64,
    pub channel: i16,
    pub value: f64,
    pub at: Instant,
    pub card_index: Vec<u8>,
    pub card_sealed: Option<Vec<u8>>,
    pub elder_id: Option<i64>,
    pub settled_at: Option<Instant>,
    pub settled_by: Option<String>,
    pub dismissed_reason: Option<String>,
}

impl CardReading {
    /// None where whose card it is was known when it came: then nobody was ever asked.
    pub fn state(&self) -> Option<CardState> {
        match (self.elder_id, self.settled_at) {
            (None, None) => Some(CardState::Open),
            (Some(_), Some(_)) => Some(CardState::Claimed),
            (None, Some(_)) => Some(CardState::Dismissed),
            (Some(_), None) => None,
        }
    }
}

/// A card that nobody had, with what was measured with it in one state.
#[derive(Clone, Debug)]
pub struct OpenCard {
    /// The first of its readings: by it the card is named.
    pub id: i64,
    pub device_id: i64,
    pub device: String,
    pub town_code: String,
    pub readings: i64,
    pub first_at: Instant,
    pub last_at: Instant,
}

type Grouped = (Option<i64>, i64, Option<Instant>, Option<Instant>);
type Named = (i64, i64, String, String);

type Condition = Box<dyn BoxableExpression<card_readings::table, Backend, SqlType = Bool>>;

fn in_state(state: CardState) -> Condition {
    let settled = card_readings::settled_at.is_not_null();
    match state {
        CardState::Open => {
            Box::new(card_readings::elder_id.is_null().and(card_readings::settled_at.is_null()))
        }
        CardState::Claimed => Box::new(card_readings::elder_id.is_not_null().and(settled)),
        CardState::Dismissed => Box::new(card_readings::elder_id.is_null().and(settled)),
    }
}

/// Cards that were read by devices where the asker may change records of elders, the oldest first.
/// Filters: state (open unless given).
pub fn open_cards(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
) -> Result<Listed<OpenCard>> {
    let reach = scope.reach(Permission::EditElder)?;
    let state = request.filter("state").and_then(CardState::parse).unwrap_or(CardState::Open);
    let read_by: Vec<i64> = card_readings::table
        .filter(in_state(state))
        .select(card_readings::device_id)
        .distinct()
        .load(connection)?;
    let here: Vec<i64> = devices::table
        .filter(devices::id.eq_any(read_by))
        .filter(within(&reach))
        .select(devices::id)
        .load(connection)?;
    let grouped: Vec<Grouped> = card_readings::table
        .filter(card_readings::device_id.eq_any(here))
        .filter(in_state(state))
        .group_by(card_readings::card_index)
        .select((min(card_readings::id), count_star(), min(card_readings::at), max(card_readings::at)))
        .load(connection)?;
    let mut cards: Vec<(i64, i64, Instant, Instant)> = grouped
        .into_iter()
        .filter_map(|(id, readings, first, last)| Some((id?, readings, first?, last?)))
        .filter(|card| request.after_id.is_none_or(|after| card.0 > after))
        .collect();
    cards.sort_by_key(|card| card.0);
    let total = cards.len() as i64;
    let offset = if request.after_id.is_some() { 0 } else { request.offset };
    let page = cards.into_iter().skip(offset.max(0) as usize).take(request.limit.max(0) as usize);
    let page: Vec<_> = page.collect();
    let named: Vec<Named> = card_readings::table
        .inner_join(devices::table)
        .filter(card_readings::id.eq_any(page.iter().map(|card| card.0).collect::<Vec<_>>()))
        .select((card_readings::id, devices::id, devices::name, devices::town_code))
        .load(connection)?;
    let rows = page.into_iter().filter_map(|(id, readings, first_at, last_at)| {
        let (_, device_id, device, town_code) = named.iter().find(|named| named.0 == id)?.clone();
        Some(OpenCard { id, device_id, device, town_code, readings, first_at, last_at })
    });
    Ok(Listed { rows: rows.collect(), total })
}

/// One reading of a device where the asker may change records of elders, and the device's town; settled or not.
pub fn get_card_reading(
    connection: &mut AnyConnection,
    scope: &Scope,
    id: i64,
) -> Result<(CardReading, String)> {
    let reach = scope.reach(Permission::EditElder)?;
    let reading: CardReading = card_readings::table
        .filter(card_readings::id.eq(id))
        .select(CardReading::as_select())
        .first(connection)?;
    let device = devices::table.filter(devices::id.eq(reading.device_id)).filter(within(&reach));
    let town_code = device.select(devices::town_code).first(connection)?;
    Ok((reading, town_code))
}

/// Everything that was measured with a card and is in one state, in order of time, with the devices' names.
pub fn readings_of_card(
    connection: &mut AnyConnection,
    (index, state): (&[u8], CardState),
) -> Result<Vec<(CardReading, String)>> {
    let rows: Vec<CardReading> = card_readings::table
        .filter(card_readings::card_index.eq(index))
        .filter(in_state(state))
        .order((card_readings::at, card_readings::id))
        .select(CardReading::as_select())
        .load(connection)?;
    let ids: Vec<i64> = rows.iter().map(|row| row.device_id).collect();
    let names: Vec<(i64, String)> = devices::table
        .filter(devices::id.eq_any(ids))
        .select((devices::id, devices::name))
        .load(connection)?;
    let names: HashMap<i64, String> = names.into_iter().collect();
    let named = |row: CardReading| {
        let name = names.get(&row.device_id).cloned().unwrap_or_default();
        (row, name)
    };
    Ok(rows.into_iter().map(named).collect())
}

/// Everything that was measured with a card and counts as an elder's, whoever said so.
pub fn readings_with(
    connection: &mut AnyConnection,
    (index, elder_id): (&[u8], i64),
) -> Result<Vec<CardReading>> {
    Ok(card_readings::table
        .filter(card_readings::card_index.eq(index))
        .filter(card_readings::elder_id.eq(elder_id))
        .order(card_readings::id)
        .select(CardReading::as_select())
        .load(connection)?)
}

/// What an elder measured with cards at a device in `[from, to)`.
pub fn card_values(
    connection: &mut AnyConnection,
    (elder_id, device_id, channel): (i64, i64, i16),
    (from, to): (Instant, Instant),
) -> Result<Vec<CardReading>> {
    Ok(card_readings::table
        .filter(card_readings::elder_id.eq(elder_id))
        .filter(card_readings::device_id.eq(device_id))
        .filter(card_readings::channel.eq(channel))
        .filter(card_readings::at.ge(from))
        .filter(card_readings::at.lt(to))
        .order(card_readings::id)
        .select(CardReading::as_select())
        .load(connection)?)
}

/// A reading is nobody's again, and somebody has to say whose it is.
pub(in crate::devices) fn reopen(connection: &mut AnyConnection, id: i64) -> Result<()> {
    let (elder, when, text): (Option<i64>, Option<Instant>, Option<String>) = (None, None, None);
    diesel::update(card_readings::table.filter(card_readings::id.eq(id)))
        .set((
            card_readings::elder_id.eq(elder),
            card_readings::settled_at.eq(when),
            card_readings::settled_by.eq(text.clone()),
            card_readings::dismissed_reason.eq(text),
        ))
        .execute(connection)?;
    Ok(())
}

/// Says of everything that was measured with a card and is nobody's whose it is, or why it is nobody's.
pub(in crate::devices) fn settle_card(
    connection: &mut AnyConnection,
    index: &[u8],
    (elder_id, reason): (Option<i64>, Option<&str>),
    (now, actor): (Instant, &str),
) -> Result<usize> {
    let open = card_readings::table
        .filter(card_readings::card_index.eq(index))
        .filter(card_readings::elder_id.is_null())
        .filter(card_readings::settled_at.is_null());
    Ok(diesel::update(open)
        .set((
            card_readings::elder_id.eq(elder_id),
            card_readings::settled_at.eq(now),
            card_readings::settled_by.eq(actor),
            card_readings::dismissed_reason.eq(reason),
        ))
        .execute(connection)?)
}
