//! Cards at most doors that are visited.

use super::city::City;
use super::dice::{Dice, percentile};
use super::store::{self, CardRow, insert_cards};
use crate::access::seal::Cell;
use crate::db::AnyConnection;
use crate::elders::cards::{card_index, code_of_number};
use crate::error::Result;

/// Percent of the doors that have one.
const WITH_CARD: i64 = 85;
/// Without a factor in common with the codes there are: each elder gets another.
const SPREAD: u64 = 48_271_207;

pub(super) fn make(connection: &mut AnyConnection, city: &City<'_>) -> Result<()> {
    let seed = city.options.seed;
    let first = Dice::new(seed, "cards").within(0, 100_000_000) as u64;
    let mut rows = Vec::new();
    for (elder_id, _) in store::visited_at_home(connection)? {
        if percentile(seed, "card", elder_id) >= WITH_CARD {
            continue;
        }
        let (id, code) = (rows.len() as i64 + 1, code_of_number(elder_id as u64 * SPREAD + first));
        rows.push(CardRow {
            id,
            elder_id,
            code_sealed: city.keys.seal(Cell { table: "door_cards", row: id, column: "code" }, &code)?,
            code_index: card_index(city.keys, &code),
            issued_at: city.now - chrono::TimeDelta::days(percentile(seed, "issued", elder_id) + 20),
            issued_by: "demo".to_owned(),
        });
    }
    insert_cards(connection, &rows)
}
