//! Saying where a device stands from now on, and in which town.

use serde_json::{Value, json};

use super::model::DevicePlace;
use super::store::{self, Placement};
use crate::access::Permission;
use crate::access::audit::Entry;
use crate::alerts::store::{take_along, take_site_along};
use crate::alerts::{AlertKind, close_alerts};
use crate::app::Tx;
use crate::beds::store::get_room;
use crate::bus::{Event, Topic};
use crate::elders::store::get_elder_to_edit;
use crate::error::{Code, Error, Result};
use crate::registry::change::stale;
use crate::registry::institutions::store::get_institution;
use crate::registry::stations::store::get_station;
use crate::text::Text;

/// Moves version `seen` of a device to a place within reach; where it stood before stays on record.
pub fn place_device(tx: &mut Tx<'_>, id: i64, seen: i64, place: DevicePlace) -> Result<()> {
    let device = store::get_to(tx.connection, tx.scope, Permission::PlaceDevice, id)?;
    let to = within_reach(tx, Permission::PlaceDevice, place)?;
    if device.version != seen {
        return Err(stale(tx.connection, "device", id, seen)?);
    }
    let before = device.placement();
    if before == to {
        return Err(Error::field("place", Text::new("rule.device_there_already")));
    }
    if !store::move_device(tx.connection, (id, seen), &to)? {
        return Err(stale(tx.connection, "device", id, seen)?);
    }
    let actor = tx.scope.actor.clone();
    store::end_place(tx.connection, id, tx.now)?;
    store::insert_place(tx.connection, id, &to, (tx.now, &actor))?;
    leave(tx, id, &to)?;
    note_move(tx, (id, &device.code, seen + 1), (&before, &to))?;
    tell_move(tx, (id, &device.code), (&before, &to))
}

fn note_move(
    tx: &mut Tx<'_>,
    (id, code, version): (i64, &str, i64),
    (before, to): (&Placement, &Placement),
) -> Result<()> {
    let mut changes = json!({ "device_place": [written(before), written(to)] });
    if before.town_code != to.town_code {
        changes["town_code"] = json!([before.town_code, to.town_code]);
    }
    tx.audit(&Entry {
        action: "device.place",
        entity: "device",
        entity_id: id.to_string(),
        town_code: Some(&to.town_code),
        detail: json!({ "code": code, "version": version, "changes": changes }),
    })
}

/// Who looks at the place that it left, and who looks at the one that it came to.
fn tell_move(tx: &mut Tx<'_>, (id, code): (i64, &str), (before, to): (&Placement, &Placement)) -> Result<()> {
    for placement in [before, to] {
        let payload = json!({ "id": id, "code": code, "disabled": false });
        publish(tx, Topic::Device, placement, (id, payload))?;
    }
    Ok(())
}

/// A place has come to lie in another town: the devices there go with it, and what they raised and still lasts.
pub fn follow_town(tx: &mut Tx<'_>, place: DevicePlace, town_code: &str) -> Result<()> {
    let actor = tx.scope.actor.clone();
    for (id, code, before) in store::devices_left_behind(tx.connection, place, town_code)? {
        let to = Placement { town_code: town_code.to_owned(), ..before.clone() };
        let version = store::set_town(tx.connection, id, town_code)?;
        store::end_place(tx.connection, id, tx.now)?;
        store::insert_place(tx.connection, id, &to, (tx.now, &actor))?;
        note_move(tx, (id, &code, version), (&before, &to))?;
        tell_move(tx, (id, &code), (&before, &to))?;
        let alerts = take_along(tx.connection, id, town_code)?;
        for placement in [&before, &to] {
            for (alert, kind) in &alerts {
                let payload = json!({ "id": alert, "kind": kind, "device_id": id });
                publish(tx, Topic::Alert, placement, (*alert, payload))?;
            }
        }
    }
    follow_site(tx, place, town_code)
}

/// What lasts of the place as a whole goes with it.
fn follow_site(tx: &mut Tx<'_>, place: DevicePlace, town_code: &str) -> Result<()> {
    let site = match place {
        DevicePlace::Station(id) => (Some(id), None),
        DevicePlace::Institution(id) => (None, Some(id)),
        DevicePlace::Room(_) | DevicePlace::Elder(_) => return Ok(()),
    };
    for (alert, kind, from) in take_site_along(tx.connection, site, town_code)? {
        for town in [from.as_str(), town_code] {
            let at = Placement {
                town_code: town.to_owned(),
                station_id: site.0,
                institution_id: site.1,
                ..Placement::default()
            };
            let payload = json!({ "id": alert, "kind": kind, "device_id": null });
            publish(tx, Topic::Alert, &at, (alert, payload))?;
        }
    }
    Ok(())
}

fn publish(tx: &mut Tx<'_>, topic: Topic, at: &Placement, (id, payload): (i64, Value)) -> Result<()> {
    let told = store::audience_of(tx.connection, at)?;
    tx.publish(&Event::to(topic, &told, id, payload))
}

/// What it raised and last measured belongs to the place that it left.
fn leave(tx: &mut Tx<'_>, id: i64, to: &Placement) -> Result<()> {
    store::delete_latest(tx.connection, id)?;
    let there = store::audience_of(tx.connection, to)?;
    let closed = close_alerts(tx, id, Some(&there))?;
    if closed.contains(&AlertKind::Offline) {
        // It is silent at its new place too, and nobody there was told.
        store::owe_silence(tx.connection, id)?;
    }
    Ok(())
}

fn written(placement: &Placement) -> Value {
    let kinds = [
        ("elder", placement.elder_id),
        ("room", placement.room_id),
        ("station", placement.station_id),
        ("institution", placement.institution_id),
    ];
    let found = kinds.into_iter().find_map(|(kind, id)| Some((kind, id?)));
    found.map_or(Value::Null, |(kind, id)| format!("{kind} {id}").into())
}

/// The place as columns, where the asker may do there what `need` allows.
pub(super) fn within_reach(tx: &mut Tx<'_>, need: Permission, place: DevicePlace) -> Result<Placement> {
    let (connection, scope) = (&mut *tx.connection, tx.scope);
    let (field, found) = match place {
        DevicePlace::Station(id) => ("station_id", get_station(connection, scope, need, id).map(|_| ())),
        DevicePlace::Institution(id) => {
            ("institution_id", get_institution(connection, scope, need, id).map(|_| ()))
        }
        DevicePlace::Room(id) => ("room_id", get_room(connection, scope, need, id).map(|_| ())),
        DevicePlace::Elder(id) => ("elder_id", get_elder_to_edit(connection, scope, id).map(|_| ())),
    };
    let unknown = || Error::field(field, Text::new("rule.device_place"));
    match found {
        Ok(()) => store::placement_of(tx.connection, place)?.ok_or_else(unknown),
        Err(error) if matches!(error.code, Code::NotFound | Code::Forbidden) => Err(unknown()),
        Err(error) => Err(error),
    }
}
