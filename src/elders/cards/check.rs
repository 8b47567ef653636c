//! What a code that somebody gave is, and which one would be right.

use super::model::{CodeFound, normal};
use super::store::{self, CardRow};
use crate::access::seal::{Cell, Keys};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::error::Result;

pub(super) fn cell(id: i64) -> Cell {
    Cell { table: "door_cards", row: id, column: "code" }
}

/// By which a code is found.
pub fn card_index(keys: &Keys, code: &str) -> Vec<u8> {
    keys.index("door_card", code)
}

/// Six digits that count for an elder who has never had a card: an office may have told them by word of mouth.
pub fn early_code(keys: &Keys, elder_id: i64) -> String {
    let digest = keys.index("visits.door_code", &elder_id.to_string());
    let number = digest.iter().take(6).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{:06}", number % 1_000_000)
}

/// The code that is right at an elder's door now; none where the card was revoked.
pub fn code_of(connection: &mut AnyConnection, keys: &Keys, elder_id: i64) -> Result<Option<String>> {
    let cards = store::cards_of(connection, elder_id)?;
    match cards.first() {
        None => Ok(Some(early_code(keys, elder_id))),
        Some(card) if card.ended_at.is_none() => open(keys, card).map(Some),
        Some(_) => Ok(None),
    }
}

pub(super) fn open(keys: &Keys, card: &CardRow) -> Result<String> {
    keys.open(cell(card.id), &card.code_sealed)
}

/// What a code is at an elder's door that was read there at `at`: a card may have been replaced before the report arrived.
pub fn check_code(
    connection: &mut AnyConnection,
    keys: &Keys,
    elder_id: i64,
    (code, at): (&str, Instant),
) -> Result<CodeFound> {
    let code = normal(code);
    if let Some(card) = store::find_by_index(connection, &card_index(keys, &code))? {
        let counted = card.ended_at.is_none_or(|ended| ended > at);
        return Ok(match (card.elder_id == elder_id, counted) {
            (false, _) => CodeFound::Foreign,
            (true, true) => CodeFound::Right,
            (true, false) => CodeFound::Old,
        });
    }
    if code != early_code(keys, elder_id) {
        return Ok(CodeFound::Unknown);
    }
    let first = store::cards_of(connection, elder_id)?.pop();
    let counted = first.is_none_or(|first| first.issued_at > at);
    Ok(if counted { CodeFound::Right } else { CodeFound::Old })
}

/// The elder on whose card this code stood at `at`, of anywhere: the caller sees to who may know. A card that has ended counts for
/// what was read from it before.
pub fn holder_at(connection: &mut AnyConnection, index: &[u8], at: Instant) -> Result<Held> {
    Ok(match store::find_by_index(connection, index)? {
        None => Held::Unknown,
        Some(card) if card.ended_at.is_none_or(|ended| ended > at) => Held::By(card.elder_id),
        Some(_) => Held::Ended,
    })
}

/// What a code was at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    By(i64),
    /// The card did not count any more.
    Ended,
    /// Of no card of ours.
    Unknown,
}

/// By which a card is found, however people write its number.
pub fn index_of_typed(keys: &Keys, code: &str) -> Vec<u8> {
    card_index(keys, &normal(code))
}

/// Whose card it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardOf {
    pub elder_id: i64,
    /// It has not been replaced or revoked.
    pub counts: bool,
}

/// The elder whose card has this code, of anywhere: the caller sees to who may know.
pub fn find_card(connection: &mut AnyConnection, keys: &Keys, code: &str) -> Result<Option<CardOf>> {
    let found = store::find_by_index(connection, &card_index(keys, &normal(code)))?;
    Ok(found.map(|card| CardOf { elder_id: card.elder_id, counts: card.ended_at.is_none() }))
}
