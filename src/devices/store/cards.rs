//! What people measured at shared devices with their cards.

use std::collections::HashMap;

use diesel::dsl::{count, count_star, max, min};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::registry::within;
use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::schema::{card_readings, devices};
use crate::db::{AnyConnection, Backend};
use crate::devices::model::CardState;
use crate::elders::store::visible_names;
use crate::error::Result;
use crate::listing::{ListRequest, Listed};

/// Numbers in one statement.
const IDS_MAX: usize = 1_000;

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
/// Number, name and town of a device.
type Named = (i64, String, String);

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

/// Cards that were read by devices where the asker may change records of elders, the oldest first; of claimed ones those of elders
/// whom the asker may see.
/// Filters: state (open unless given).
pub fn open_cards(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
    now: Instant,
) -> Result<Listed<OpenCard>> {
    let state = request.filter("state").and_then(CardState::parse).unwrap_or(CardState::Open);
    let here = read_within(connection, scope, state)?;
    let seen = claimed_within(connection, scope, (state, now))?;
    let cards = || {
        card_readings::table
            .filter(card_readings::device_id.eq_any(here.clone()))
            .filter(in_state(state))
            .filter(of_elders(seen.as_deref()))
    };
    let offset = if request.after_id.is_some() { 0 } else { request.offset };
    let page: Vec<Grouped> = cards()
        .group_by(card_readings::card_index)
        .having(min(card_readings::id).gt(request.after_id.unwrap_or(0)))
        .order(min(card_readings::id))
        .limit(request.limit)
        .offset(offset)
        .select((min(card_readings::id), count_star(), min(card_readings::at), max(card_readings::at)))
        .load(connection)?;
    let each = count(card_readings::card_index).aggregate_distinct();
    let total = cards().select(each).first(connection)?;
    let ids: Vec<i64> = page.iter().filter_map(|card| card.0).collect();
    let mut named: HashMap<i64, Named> = HashMap::new();
    for part in ids.chunks(IDS_MAX) {
        let found: Vec<(i64, Named)> = card_readings::table
            .inner_join(devices::table)
            .filter(card_readings::id.eq_any(part.to_vec()))
            .select((card_readings::id, (devices::id, devices::name, devices::town_code)))
            .load(connection)?;
        named.extend(found);
    }
    let rows = page.into_iter().filter_map(|(id, readings, first_at, last_at)| {
        let (id, first_at, last_at) = (id?, first_at?, last_at?);
        let (device_id, device, town_code) = named.remove(&id)?;
        Some(OpenCard { id, device_id, device, town_code, readings, first_at, last_at })
    });
    Ok(Listed { rows: rows.collect(), total })
}

/// Devices that have read cards, where the asker may change records of elders.
fn read_within(connection: &mut AnyConnection, scope: &Scope, state: CardState) -> Result<Vec<i64>> {
    let reach = scope.reach(Permission::EditElder)?;
    let read_by: Vec<i64> = card_readings::table
        .filter(in_state(state))
        .select(card_readings::device_id)
        .distinct()
        .load(connection)?;
    Ok(devices::table
        .filter(devices::id.eq_any(read_by))
        .filter(within(&reach))
        .select(devices::id)
        .load(connection)?)
}

/// Of whom cards are said to be, as far as the asker may see them; none where that is no question.
fn claimed_within(
    connection: &mut AnyConnection,
    scope: &Scope,
    (state, now): (CardState, Instant),
) -> Result<Option<Vec<i64>>> {
    if state != CardState::Claimed || scope.reach(Permission::SeeElders).is_ok_and(|reach| reach.city) {
        return Ok(None);
    }
    let elders: Vec<Option<i64>> = card_readings::table
        .filter(in_state(state))
        .select(card_readings::elder_id)
        .distinct()
        .load(connection)?;
    let elders: Vec<i64> = elders.into_iter().flatten().collect();
    Ok(Some(visible_names(connection, scope, &elders, now)?.into_keys().collect()))
}

fn of_elders(seen: Option<&[i64]>) -> Condition {
    match seen {
        None => Box::new(crate::db::always()),
        Some(ids) => {
            let ids: Vec<Option<i64>> = ids.iter().copied().map(Some).collect();
            Box::new(card_readings::elder_id.eq_any(ids).assume_not_null())
        }
    }
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

/// Everything that was measured with a card and is in one state, in order of time.
pub fn readings_of_card(
    connection: &mut AnyConnection,
    (index, state): (&[u8], CardState),
) -> Result<Vec<CardReading>> {
    Ok(card_readings::table
        .filter(card_readings::card_index.eq(index))
        .filter(in_state(state))
        .order((card_readings::at, card_readings::id))
        .select(CardReading::as_select())
        .load(connection)?)
}

/// The newest of what was measured with the card of a reading and is in its state, with the devices' names; and how much there is.
pub fn newest_of_card(
    connection: &mut AnyConnection,
    (one, state): (&CardReading, CardState),
    limit: i64,
) -> Result<(Vec<(CardReading, String)>, i64)> {
    let of_one = one.elder_id.map(|elder| vec![elder]);
    let all = || {
        card_readings::table
            .filter(card_readings::card_index.eq(one.card_index.clone()))
            .filter(in_state(state))
            .filter(of_elders(of_one.as_deref()))
    };
    let total = all().count().get_result(connection)?;
    let rows: Vec<CardReading> = all()
        .order((card_readings::at.desc(), card_readings::id.desc()))
        .limit(limit)
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
    Ok((rows.into_iter().map(named).collect(), total))
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

/// A reading stays its elder's, and by nobody's word any more.
pub(in crate::devices) fn leave_with_elder(connection: &mut AnyConnection, id: i64) -> Result<()> {
    let (when, who): (Option<Instant>, Option<String>) = (None, None);
    diesel::update(card_readings::table.filter(card_readings::id.eq(id)))
        .set((card_readings::settled_at.eq(when), card_readings::settled_by.eq(who)))
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
