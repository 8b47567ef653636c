//! Saying whose a card is that nobody has: everything that was measured with it, and will be, is theirs.

use serde_json::{Value, json};

use super::ingest::batch::with_elder::{Hours, add_to};
use super::store::{self, CardReading, Latest};
use crate::access::audit::Entry;
use crate::access::seal::Cell;
use crate::app::Tx;
use crate::elders::store::get_elder_to_edit;
use crate::error::{Code, Error, Result};
use crate::input::Checks;
use crate::text::Text;

/// Digits of a card's number that are shown.
const SHOWN: usize = 4;

/// What was measured with a card that nobody has.
pub struct Unclaimed {
    /// The end of the number; the rest is for nobody's eyes.
    pub card: String,
    /// With the name of the device.
    pub readings: Vec<(CardReading, String)>,
}

/// Looks at what was measured with a card, which is written down: it is somebody's health.
pub fn show(tx: &mut Tx<'_>, id: i64) -> Result<Unclaimed> {
    let (one, town_code) = open(tx, id)?;
    let readings = store::open_readings(tx.connection, &one.card_index)?;
    write_down(tx, "card_reading.show", (id, &town_code), json!({ "readings": readings.len() }))?;
    let number = match &one.card_sealed {
        Some(sealed) => tx.keys.open(Cell { table: "card_readings", row: id, column: "card" }, sealed)?,
        None => String::new(),
    };
    let shown = number.chars().count().saturating_sub(SHOWN);
    Ok(Unclaimed { card: format!("…{}", number.chars().skip(shown).collect::<String>()), readings })
}

/// Everything that was measured with the card is an elder's whose record the asker may change; gives how many values that were.
pub fn claim(tx: &mut Tx<'_>, id: i64, elder_id: i64) -> Result<usize> {
    let (one, town_code) = open(tx, id)?;
    let elder = get_elder_to_edit(tx.connection, tx.scope, elder_id).map_err(|error| match error.code {
        Code::NotFound | Code::Forbidden => Error::field("elder_id", Text::new("rule.device_place")),
        _ => error,
    })?;
    let mut hours = Hours::new();
    for (reading, _) in store::open_readings(tx.connection, &one.card_index)? {
        let CardReading { device_id, channel, value, at, .. } = reading;
        add_to(&mut hours, tx.calendar, elder.id, Latest { device_id, channel, value, at });
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
