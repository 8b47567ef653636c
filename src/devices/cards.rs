//! Saying whose a card is that nobody has: everything that was measured with it, and will be, is theirs.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::ingest::batch::with_elder::{Hours, add_to, hour_of};
use super::model::CardState;
use super::readings::note_look;
use super::store::{self, CardReading, Latest};
use crate::access::Permission;
use crate::access::audit::Entry;
use crate::access::seal::Cell;
use crate::app::Tx;
use crate::clock::Instant;
use crate::elders::cards::{Held, holder_at};
use crate::elders::store::{ElderRow, get_elder, get_elder_to_edit};
use crate::error::{Code, Error, Result};
use crate::input::Checks;
use crate::text::Text;

/// Digits of a card's number that are shown.
const SHOWN: usize = 4;

/// Values that are shown of one card.
pub const SHOWN_MAX: i64 = 200;

/// What was measured with a card that nobody had.
pub struct CardLook {
    /// The end of the number; the rest is for nobody's eyes.
    pub card: String,
    pub state: CardState,
    /// One of the readings, which tells who said whose it is.
    pub one: CardReading,
    /// The name of whose it is.
    pub elder: Option<String>,
    /// The newest, with the name of the device.
    pub readings: Vec<(CardReading, String)>,
    /// How many there are.
    pub total: i64,
}

/// Looks at what was measured with a card, which is written down: it is somebody's health. Once it is known whose, it is for those
/// who may see that elder, and the look is one at the elder's readings.
pub fn show(tx: &mut Tx<'_>, id: i64) -> Result<CardLook> {
    let (one, town_code) = store::get_card_reading(tx.connection, tx.scope, id)?;
    let state = one.state().ok_or_else(Error::not_found)?;
    let elder = match one.elder_id {
        Some(elder) => Some(seen_elder(tx, elder)?),
        None => None,
    };
    let (readings, total) = store::newest_of_card(tx.connection, (&one, state), SHOWN_MAX)?;
    write_down(tx, "card_reading.show", (id, &town_code), json!({ "readings": readings.len() }))?;
    if let Some(elder) = &elder {
        note_look(tx, elder.id, Some(&elder.town_code), json!({ "card_reading": id }))?;
    }
    let number = number_of(tx, &one)?;
    let shown = number.chars().count().saturating_sub(SHOWN);
    let card = format!("…{}", number.chars().skip(shown).collect::<String>());
    Ok(CardLook { card, state, one, elder: elder.map(|elder| elder.name), readings, total })
}

/// Whose values they are, for somebody who may see the elder; to others they are not there.
fn seen_elder(tx: &mut Tx<'_>, elder: i64) -> Result<ElderRow> {
    get_elder(tx.connection, tx.scope, Permission::SeeElders, elder, tx.now).map_err(|error| {
        match error.code {
            Code::Forbidden => Error::not_found(),
            _ => error,
        }
    })
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
    for reading in store::readings_of_card(tx.connection, (&one.card_index, CardState::Open))? {
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

/// What became of a card of which something wrong was said.
pub struct TakenBack {
    /// Values that are nobody's again.
    pub readings: usize,
    /// Values that stay the elder's: of their hours not every single value is kept any more.
    pub kept: usize,
    /// Whether the one that it was said of is nobody's again.
    pub is_open: bool,
}

/// What was said of a card was wrong: all that followed from it is undone, and somebody has to say anew whose it is. What an elder
/// measured with a card that is theirs on record stays theirs, as do hours of which single values are forgotten.
pub fn take_back(tx: &mut Tx<'_>, id: i64) -> Result<TakenBack> {
    let (one, town_code) = store::get_card_reading(tx.connection, tx.scope, id)?;
    let (readings, kept) = match one.state().ok_or_else(Error::not_found)? {
        CardState::Open => return Err(Error::new(Code::Taken, Text::new("card_reading.still_open"))),
        CardState::Dismissed => {
            let dismissed = store::readings_of_card(tx.connection, (&one.card_index, CardState::Dismissed))?;
            (dismissed, Vec::new())
        }
        CardState::Claimed => {
            let (elder, wrong) = wrongly_counted(tx, &one)?;
            count_anew(tx, elder, wrong)?
        }
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
    for reading in &kept {
        store::leave_with_elder(tx.connection, reading.id)?;
    }
    let is_open = readings.iter().any(|reading| reading.id == id);
    let (readings, kept) = (readings.len(), kept.len());
    let detail = json!({ "elder_id": one.elder_id, "readings": readings, "kept": kept });
    write_down(tx, "card_reading.take_back", (id, &town_code), detail)?;
    Ok(TakenBack { readings, kept, is_open })
}

/// What counts as an elder's only since somebody said that the card is theirs.
fn wrongly_counted(tx: &mut Tx<'_>, one: &CardReading) -> Result<(i64, Vec<CardReading>)> {
    let elder = one.elder_id.ok_or_else(Error::not_found)?;
    seen_elder(tx, elder)?;
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
    failed.map_or(Ok((elder, found)), Err)
}

/// Counts the hours of an elder anew in which readings stood that are not the elder's. Gives those that are gone from them, and those
/// that stay: an hour of which single values are forgotten cannot be counted anew without losing what is rightly the elder's.
fn count_anew(
    tx: &mut Tx<'_>,
    elder: i64,
    wrong: Vec<CardReading>,
) -> Result<(Vec<CardReading>, Vec<CardReading>)> {
    let devices: BTreeSet<i64> = wrong.iter().map(|reading| reading.device_id).collect();
    let devices: Vec<i64> = devices.into_iter().collect();
    let places = store::with_elders(tx.connection, &devices)?;
    let mut touched: BTreeMap<(i64, i16, Instant), Vec<CardReading>> = BTreeMap::new();
    for reading in wrong {
        let (_, hour_at) = hour_of(tx.calendar, reading.at);
        touched.entry((reading.device_id, reading.channel, hour_at)).or_default().push(reading);
    }
    let (mut gone, mut kept, mut hours) = (Vec::new(), Vec::new(), Hours::new());
    for ((device, channel, hour_at), wrong) in touched {
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
        let of_elder = (elder, tx.calendar.day_of(hour_at));
        let single = store::card_values(tx.connection, (elder, device, channel), (hour_at, until))?;
        let counted = store::counted(tx.connection, of_elder, (device, channel, hour_at))?;
        if counted > single.len() as i64 {
            kept.extend(wrong);
            continue;
        }
        store::drop_hour(tx.connection, of_elder, (device, channel, hour_at))?;
        let left = single.iter().filter(|one| wrong.iter().all(|other| other.id != one.id));
        for reading in left {
            add_to(&mut hours, tx.calendar, elder, latest(reading));
        }
        gone.extend(wrong);
    }
    store::add_hours(tx.connection, &hours.into_values().collect::<Vec<_>>())?;
    Ok((gone, kept))
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
