//! Saying where a device stands from now on.

use serde_json::{Value, json};

use super::model::DevicePlace;
use super::store::{self, Placement};
use crate::access::Permission;
use crate::access::audit::Entry;
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
    tx.audit(&Entry {
        action: "device.place",
        entity: "device",
        entity_id: id.to_string(),
        town_code: Some(&to.town_code),
        detail: json!({
            "code": device.code, "version": seen + 1, "changes": { "device_place": [written(&before), written(&to)] },
        }),
    })?;
    // Who looks at the place that it left, and who looks at the one that it came to.
    for placement in [&before, &to] {
        let payload = json!({ "id": id, "code": device.code, "disabled": false });
        let event = Event::new(Topic::Device, &placement.town_code, id, payload);
        tx.publish(&event.of_institution(placement.institution_id))?;
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
