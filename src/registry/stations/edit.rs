//! Adding and changing a station.

use serde_json::Map;

use super::model::StationInput;
use super::store;
use crate::access::Permission;
use crate::app::Tx;
use crate::devices::{DevicePlace, follow_town};
use crate::error::{Error, Result};
use crate::registry::change::{Edit, differences, record, stale};
use crate::registry::providers::store::may_choose;
use crate::registry::store as places;
use crate::text::Text;

/// Adds a station in a village within reach; gives its number.
pub fn add(tx: &mut Tx<'_>, input: &StationInput) -> Result<i64> {
    let town_code = check(tx, input)?;
    let id = store::insert_station(tx.connection, &town_code, input, tx.now)?;
    record(tx, "station.add", &edit(id, &town_code, 1), Map::new())?;
    Ok(id)
}

/// Changes version `seen` of a station; a newer version wins and is shown to the loser.
pub fn change(tx: &mut Tx<'_>, id: i64, seen: i64, input: &StationInput) -> Result<()> {
    let before = store::get_station(tx.connection, tx.scope, Permission::EditStation, id)?;
    let town_code = check(tx, input)?;
    if before.version != seen || !store::update_station(tx.connection, id, seen, &town_code, input, tx.now)? {
        return Err(stale(tx.connection, "station", id, seen)?);
    }
    if before.town_code != town_code {
        follow_town(tx, DevicePlace::Station(id), &town_code)?;
    }
    let changes = differences(&before.input().written(), &input.written());
    record(tx, "station.change", &edit(id, &town_code, seen + 1), changes)
}

/// Takes version `seen` of a station off the books again, as if it had never been added: for what was added by mistake.
pub fn remove(tx: &mut Tx<'_>, id: i64, seen: i64) -> Result<()> {
    let before = store::get_station(tx.connection, tx.scope, Permission::EditStation, id)?;
    if before.version != seen || !store::delete_station(tx.connection, id, seen)? {
        return Err(stale(tx.connection, "station", id, seen)?);
    }
    record(tx, "station.remove", &edit(id, &before.town_code, seen), Map::new())
}

fn edit(id: i64, town_code: &str, version: i64) -> Edit<'_> {
    Edit { entity: "station", id, town_code, institution_id: None, version }
}

/// Refuses what breaks a rule or would lie outside the editor's reach; gives the town.
fn check(tx: &mut Tx<'_>, input: &StationInput) -> Result<String> {
    input.check()?;
    let town_code = places::town_of_village(tx.connection, &input.village_code)?
        .ok_or_else(|| Error::field("village_code", Text::new("rule.unknown_village")))?;
    if let Some(provider) = input.provider_id
        && !may_choose(tx.connection, tx.scope, provider)?
    {
        return Err(Error::field("provider_id", Text::new("rule.unknown_provider")));
    }
    let reach = tx.scope.reach(Permission::EditStation)?;
    let by_provider = input.provider_id.is_some_and(|provider| reach.providers.contains(&provider));
    if reach.has_town(&town_code) || by_provider {
        return Ok(town_code);
    }
    Err(if reach.towns.is_empty() {
        Error::field("provider_id", Text::new("rule.provider_out_of_reach"))
    } else {
        Error::field("village_code", Text::new("rule.village_out_of_reach"))
    })
}
