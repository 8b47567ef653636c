//! Saying whose a card is that nobody has: everything that was measured with it, and will be, is theirs.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::ingest::batch::with_elder::{Hours, add_to};
use super::model::CardState;
use super::store::{self, CardReading, Latest};
use crate::access::audit::Entry;
use crate::access::seal::Cell;
use crate::app::Tx;
use crate::elders::cards::{Held, holder_at};
use crate::elders::store::{get_elder_to_edit, visible_names};
use crate::error::{Code, Error, Result};
use crate::input::Checks;
use crate::text::Text;

/// Digits of a card's number that are shown.
const SHOWN: usize = 4;

/// What was measured with a card that nobody had.
pub struct CardLook {
    /// The end of the number; the rest is for nobody's eyes.
    pub card: String,
    pub state: CardState,
    /// One of the readings, which tells who said whose it is.
    pub one: CardReading,
    /// The name of whose it is, where the asker may see the elder.
    pub elder: Option<String>,
    /// With the name of the device.
    pub readings: Vec<(CardReading, String)>,
}

/// Looks at what was measured with a card, which is written down: it is somebody's health.
pub fn show(tx: &mut Tx<'_>, id: i64) -> Result<CardLook> {
    let (one, town_code) = store::get_card_reading(tx.connection, tx.scope, id)?;
    let state = one.state().ok_or_else(Error::not_found)?;
    let readings = store::readings_of_card(tx.connection, (&one.card_index, state))?;
    write_down(tx, "card_reading.show", (id, &town_code), json!({ "readings": readings.len() }))?;
    let number = number_of(tx, &one)?;
    let shown = number.chars().count().saturating_sub(SHOWN);
    let elders: Vec<i64> = one.elder_id.into_iter().collect();
    let elder = visible_names(tx.connection, tx.scope, &elders, tx.now)?.into_values().next();
    let card = format!("…{}", number.chars().skip(shown).collect::<String>());
    Ok(CardLook { card, state, one, elder, readings })
}

fn number_of(tx: &Tx<'_>, one: &CardReading) -> Result<String> {
    match &one.card_sealed {
        Some(sealed) => tx.keys.open(Cell { table: "card_readings", row: one.id, column: "card" }, sealed),
        None => Ok(String::new()),
    }
}

/// Everything that was measured with the card is an elder's whose record the asker may change; gives how many values that were.
pub fn claim(tx: &mut Tx<'_>, id: i64, elder_id: i64) -> Result<usize> {
    let (one, town_code) = open(tx, id)?;
    let elder = get_elder_to_edit(tx.connection, tx.scope, elder_id).map_err(|error| match error.code {
        Code::NotFound | Code::Forbidden => Error::field("elder_id", Text::new("rule.device_place")),
        _ => error,
    })?;
    let mut hours = Hours::new();
    for (reading, _) in store::readings_of_card(tx.connection, (&one.card_index, CardState::Open))? {
        add_to(&mut hours, tx.calendar, elder.id, latest(&reading));
    }
    store::add_hours(tx.connection, &hours.into_values().collect::<Vec<_>>())?;
    let actor = tx.scope.actor.clone();
    let settled =
        store::settle_card(tx.connection, &one.card_index, (Some(elder.id), None), (tx.now, &actor))?;
    let detail = json!({ "elder_id": elder.id, "readings": settled });
    write_down(tx, "card_reading.claim", (id, &town_code), detail)?;
    Ok(settled)
}

/// What was measured with the card is nobody's: a trial, or a card that was found.
pub fn dismiss(tx: &mut Tx<'_>, id: i64, reason: &str) -> Result<usize> {
    let (one, town_code) = open(tx, id)?;
    let mut checks = Checks::default();
    checks.text("reason", reason, 1, 200);
    checks.finish()?;
    let reason = reason.trim();
    let actor = tx.scope.actor.clone();
    let settled = store::settle_card(tx.connection, &one.card_index, (None, Some(reason)), (tx.now, &actor))?;
    let detail = json!({ "reason": reason, "readings": settled });
    write_down(tx, "card_reading.dismiss", (id, &town_code), detail)?;
    Ok(settled)
}

/// What was said of a card was wrong: all that followed from it is undone, and somebody has to say anew whose it is. What an elder
/// measured with a card that is theirs on record stays theirs. Gives how many values are nobody's again.
pub fn take_back(tx: &mut Tx<'_>, id: i64) -> Result<usize> {
    let (one, town_code) = store::get_card_reading(tx.connection, tx.scope, id)?;
    let readings = match one.state().ok_or_else(Error::not_found)? {
        CardState::Open => return Err(Error::new(Code::Taken, Text::new("card_reading.still_open"))),
        CardState::Dismissed => {
            let settled = store::readings_of_card(tx.connection, (&one.card_index, CardState::Dismissed))?;
            settled.into_iter().map(|(reading, _)| reading).collect()
        }
        CardState::Claimed => wrongly_counted(tx, &one)?,
    };
    let number = number_of(tx, &one)?;
    for reading in &readings {
        store::reopen(tx.connection, reading.id)?;
        if reading.card_sealed.is_none() {
            let cell = Cell { table: "card_readings", row: reading.id, column: "card" };
            let sealed = tx.keys.seal(cell, &number)?;
            store::set_card(tx.connection, reading.id, sealed)?;
        }
    }
    if let Some(elder) = one.elder_id {
        count_anew(tx, elder, &readings)?;
    }
    let detail = json!({ "elder_id": one.elder_id, "readings": readings.len() });
    write_down(tx, "card_reading.take_back", (id, &town_code), detail)?;
    Ok(readings.len())
}

/// What counts as an elder's only since somebody said that the card is theirs.
fn wrongly_counted(tx: &mut Tx<'_>, one: &CardReading) -> Result<Vec<CardReading>> {
    let elder = one.elder_id.ok_or_else(Error::not_found)?;
    get_elder_to_edit(tx.connection, tx.scope, elder).map_err(|error| match error.code {
        Code::NotFound => Error::forbidden(),
        _ => error,
    })?;
    let mut found = store::readings_with(tx.connection, (&one.card_index, elder))?;
    let mut failed = None;
    found.retain(|reading| match holder_at(tx.connection, &reading.card_index, reading.at) {
        Ok(held) => !matches!(held, Held::By(holder) if holder == elder),
        Err(error) => failed.replace(error).is_some(),
    });
    failed.map_or(Ok(found), Err)
}

/// Counts the hours of an elder anew in which readings stood that are not the elder's.
fn count_anew(tx: &mut Tx<'_>, elder: i64, gone: &[CardReading]) -> Result<()> {
    let mut touched = Hours::new();
    for reading in gone {
        add_to(&mut touched, tx.calendar, elder, latest(reading));
    }
    let devices: BTreeSet<i64> = gone.iter().map(|reading| reading.device_id).collect();
    let devices: Vec<i64> = devices.into_iter().collect();
    let places = store::with_elders(tx.connection, &devices)?;
    let mut hours = Hours::new();
    for ((_, device, channel, hour_at), hour) in touched {
        let until = hour_at + TimeDelta::hours(1);
        // Then the hour holds what the device measured with the elder, which no card tells apart.
        let stood = places.iter().any(|place| {
            place.device_id == device
                && place.elder_id == Some(elder)
                && place.from_at < until
                && place.to_at.is_none_or(|to| hour_at < to)
        });
        if stood {
            return Err(Error::new(Code::Taken, Text::new("card_reading.mixed")));
        }
        store::drop_hour(tx.connection, (elder, hour.day), (device, channel, hour_at))?;
        let left = store::card_values(tx.connection, (elder, device, channel), (hour_at, until))?;
        for reading in &left {
            add_to(&mut hours, tx.calendar, elder, latest(reading));
        }
    }
    store::add_hours(tx.connection, &hours.into_values().collect::<Vec<_>>())
}

fn latest(reading: &CardReading) -> Latest {
    let CardReading { device_id, channel, value, at, .. } = *reading;
    Latest { device_id, channel, value, at }
}

/// A reading within reach that is nobody's yet, and the town of its device.
pub fn open(tx: &mut Tx<'_>, id: i64) -> Result<(CardReading, String)> {
    let (one, town_code) = store::get_card_reading(tx.connection, tx.scope, id)?;
    match (&one.settled_by, one.elder_id) {
        (None, None) => Ok((one, town_code)),
        (Some(who), _) => {
            let when = one.settled_at.map(|at| tx.calendar.show_time(at)).unwrap_or_default();
            let text = Text::new("card_reading.settled").with("who", who).with("when", when);
            Err(Error::new(Code::Taken, text))
        }
        // Whose card it is was known when it came: then it was never open.
        (None, Some(_)) => Err(Error::not_found()),
    }
}

fn write_down(
    tx: &mut Tx<'_>,
    action: &'static str,
    (id, town_code): (i64, &str),
    detail: Value,
) -> Result<()> {
    tx.audit(&Entry {
        action,
        entity: "card_reading",
        entity_id: id.to_string(),
        town_code: Some(town_code),
        detail,
    })
}
