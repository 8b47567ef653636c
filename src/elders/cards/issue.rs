//! Issuing a card, revoking one, and reading codes for paper.

use serde_json::{Value, json};

use super::check::{card_index, cell, open};
use super::model::{CardEnding, code_of_number};
use super::store::{self, CardListed, CardRow};
use crate::access::audit::Entry;
use crate::access::seal::random;
use crate::app::Tx;
use crate::elders::parts::write_down;
use crate::elders::store::get_elder_to_edit;
use crate::error::{Conflict, Error, Result};
use crate::listing::ListRequest;

/// Codes tried before the program gives up: one in so many is in use.
const TRIES_MAX: usize = 100;
/// Cards of one request.
pub(super) const CARDS_MAX: i64 = 400;

/// Issues a card to an elder in place of the one that the asker saw, whose code stops at once; gives its number.
pub fn issue(tx: &mut Tx<'_>, elder_id: i64, seen: Option<i64>) -> Result<i64> {
    let elder = get_elder_to_edit(tx.connection, tx.scope, elder_id)?;
    let before = newest(tx, elder_id, seen)?;
    if let Some(card) = before.filter(|card| card.ended_at.is_none()) {
        let actor = tx.scope.actor.clone();
        store::end(tx.connection, card.id, CardEnding::Replaced, (tx.now, &actor))?;
    }
    let id = put(tx, elder_id)?;
    write_down(tx, &elder, "elder.issue_card", json!({ "card": id }))?;
    Ok(id)
}

/// Takes the card that the asker saw out of use: no code is right at the door until another card is issued.
pub fn revoke(tx: &mut Tx<'_>, elder_id: i64, seen: i64) -> Result<()> {
    let elder = get_elder_to_edit(tx.connection, tx.scope, elder_id)?;
    newest(tx, elder_id, Some(seen))?;
    let actor = tx.scope.actor.clone();
    store::end(tx.connection, seen, CardEnding::Revoked, (tx.now, &actor))?;
    write_down(tx, &elder, "elder.revoke_card", json!({ "card": seen }))
}

/// The newest card where the one that counts is the one that was seen, or none was seen and none counts.
fn newest(tx: &mut Tx<'_>, elder_id: i64, seen: Option<i64>) -> Result<Option<CardRow>> {
    let card = store::cards_of(tx.connection, elder_id)?.into_iter().next();
    let valid = card.as_ref().filter(|card| card.ended_at.is_none()).map(|card| card.id);
    if valid == seen {
        return Ok(card);
    }
    let mut conflict = Conflict::default();
    if let Some(card) = card {
        conflict.when = card.ended_at.or(Some(card.issued_at));
        conflict.who = card.ended_by.unwrap_or(card.issued_by);
    }
    Err(Error::stale(conflict))
}

/// Issues cards to those of a list who have none; gives how many.
pub fn issue_missing(tx: &mut Tx<'_>, request: &ListRequest, chosen: &[i64]) -> Result<usize> {
    let request = ListRequest { limit: CARDS_MAX, offset: 0, ..request.clone() };
    let request = with_filter(request, "card", "false");
    let rows = store::list(tx.connection, tx.scope, &request, chosen)?.rows;
    for row in &rows {
        issue(tx, row.elder_id, None)?;
    }
    Ok(rows.len())
}

/// A list's cards that count with their codes in clear, for paper; which they were is written down.
pub(super) fn reveal_cards(
    tx: &mut Tx<'_>,
    request: &ListRequest,
    chosen: &[i64],
) -> Result<Vec<(CardListed, String)>> {
    let request = ListRequest { limit: CARDS_MAX, offset: 0, ..request.clone() };
    let request = with_filter(request, "card", "true");
    let rows = store::list(tx.connection, tx.scope, &request, chosen)?.rows;
    let numbers: Vec<i64> = rows.iter().map(|row| row.elder_id).collect();
    if let Some(first) = numbers.first() {
        tx.audit(&entry(*first, None, json!({ "elders": numbers })))?;
    }
    let coded = rows.into_iter().filter_map(|row| {
        let code = open(tx.keys, row.card.as_ref()?);
        Some(code.map(|code| (row, code)))
    });
    coded.collect()
}

/// The code of one elder's card for paper; none where no card counts.
pub(super) fn reveal_card(tx: &mut Tx<'_>, elder_id: i64) -> Result<Option<String>> {
    let elder = get_elder_to_edit(tx.connection, tx.scope, elder_id)?;
    let Some(card) = store::valid_cards(tx.connection, &[elder_id])?.remove(&elder_id) else {
        return Ok(None);
    };
    tx.audit(&entry(elder_id, Some(&elder.town_code), json!({ "card": card.id })))?;
    open(tx.keys, &card).map(Some)
}

fn entry(elder_id: i64, town_code: Option<&str>, detail: Value) -> Entry<'_> {
    Entry { action: "elder.print_card", entity: "elder", entity_id: elder_id.to_string(), town_code, detail }
}

fn with_filter(mut request: ListRequest, name: &str, value: &str) -> ListRequest {
    request.filters.insert(name.to_owned(), value.to_owned());
    request
}

/// A new card with a code that no card has ever had.
fn put(tx: &mut Tx<'_>, elder_id: i64) -> Result<i64> {
    for _ in 0..TRIES_MAX {
        let code = code_of_number(u64::from_be_bytes(random::<8>()?));
        let index = card_index(tx.keys, &code);
        if store::find_by_index(tx.connection, &index)?.is_none() {
            let actor = tx.scope.actor.clone();
            let id = store::insert(tx.connection, elder_id, &index, (tx.now, &actor))?;
            let sealed = tx.keys.seal(cell(id), &code)?;
            store::set_code(tx.connection, id, sealed)?;
            return Ok(id);
        }
    }
    Err(Error::internal("no code is free"))
}
