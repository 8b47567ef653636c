//! Versioned edits: which fields changed, and who changed what under a loser.

use serde_json::{Map, Value, json};

use crate::access::audit::Entry;
use crate::access::store as access_store;
use crate::app::Tx;
use crate::bus::{Event, Topic};
use crate::db::AnyConnection;
use crate::error::{Conflict, Error, Result};
use crate::text::Text;

/// What an edit did, for its audit row and event.
pub struct Edit<'a> {
    pub entity: &'static str,
    pub id: i64,
    pub town_code: &'a str,
    pub institution_id: Option<i64>,
    pub version: i64,
}

/// The fields whose values differ, as `{"field": [before, after]}`; both sides are objects of the same shape.
pub fn differences(before: &Value, after: &Value) -> Map<String, Value> {
    let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else { return Map::new() };
    after
        .iter()
        .filter(|(field, value)| before.get(*field) != Some(value))
        .map(|(field, value)| (field.clone(), json!([before.get(field), value])))
        .collect()
}

/// Writes an edit down: audit row with version and changes, event for the pages that show it.
pub fn record(tx: &mut Tx<'_>, action: &str, edit: &Edit<'_>, changes: Map<String, Value>) -> Result<()> {
    tx.audit(&Entry {
        action,
        entity: edit.entity,
        entity_id: edit.id.to_string(),
        town_code: Some(edit.town_code),
        detail: json!({ "version": edit.version, "changes": changes }),
    })?;
    let payload = json!({ "entity": edit.entity, "id": edit.id });
    let event = Event::new(Topic::Registry, edit.town_code, edit.id, payload);
    tx.publish(&event.of_institution(edit.institution_id))
}

/// The same for what holds in the whole city.
pub fn record_for_city(
    tx: &mut Tx<'_>,
    action: &str,
    (entity, id, version): (&'static str, i64, i64),
    changes: Map<String, Value>,
) -> Result<()> {
    tx.audit(&Entry {
        action,
        entity,
        entity_id: id.to_string(),
        town_code: None,
        detail: json!({ "version": version, "changes": changes }),
    })?;
    tx.publish(&Event {
        topic: Topic::Registry,
        town_code: None,
        institution_id: None,
        provider_id: None,
        entity_id: id.to_string(),
        payload: json!({ "entity": entity, "id": id }),
    })
}

/// The same for a record of the city that has a code instead of a number, told on a topic.
pub fn record_coded(
    tx: &mut Tx<'_>,
    (action, topic): (&str, Topic),
    (entity, code, version): (&'static str, &str, i64),
    changes: &Map<String, Value>,
) -> Result<()> {
    tx.audit(&Entry {
        action,
        entity,
        entity_id: code.to_owned(),
        town_code: None,
        detail: json!({ "version": version, "changes": changes }),
    })?;
    tx.publish(&Event::of_the_city(topic, code, json!({ "entity": entity, "code": code })))
}

/// Moves the record of a code behind that of another, or to the front.
pub fn put_behind<T>(
    mut order: Vec<T>,
    code_of: impl Fn(&T) -> &str,
    (code, after): (&str, Option<&str>),
) -> Result<Vec<T>> {
    let place_of = |order: &[T], code: &str| order.iter().position(|one| code_of(one) == code);
    let moved = order.remove(place_of(&order, code).ok_or_else(Error::not_found)?);
    let place = match after {
        None => 0,
        Some(after) => {
            let unknown = || Error::field("after", Text::new("rule.choose"));
            place_of(&order, after).ok_or_else(unknown)? + 1
        }
    };
    order.insert(place, moved);
    Ok(order)
}

/// The error of an edit that came second: who changed what since version `seen`.
pub fn stale(connection: &mut AnyConnection, entity: &str, id: i64, seen: i64) -> Result<Error> {
    stale_of(connection, entity, &id.to_string(), seen)
}

/// The same for a record that has a code instead of a number.
pub fn stale_of(connection: &mut AnyConnection, entity: &str, id: &str, seen: i64) -> Result<Error> {
    let mut conflict = Conflict::default();
    for row in access_store::rows_of(connection, entity, id)? {
        let detail: Value = serde_json::from_str(&row.detail).unwrap_or_default();
        if detail["version"].as_i64().is_none_or(|version| version <= seen) {
            continue;
        }
        conflict.who = row.actor;
        conflict.when = Some(row.at);
        for (field, pair) in detail["changes"].as_object().into_iter().flatten() {
            conflict.changes.retain(|(known, _, _)| known != field);
            conflict.changes.push((field.clone(), plain(&pair[0]), plain(&pair[1])));
        }
    }
    Ok(Error::stale(conflict))
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fields_that_differ_are_changes() {
        let changes =
            differences(&json!({ "name": "a", "phone": "1" }), &json!({ "name": "b", "phone": "1" }));
        assert_eq!(Value::Object(changes), json!({ "name": ["a", "b"] }));
    }
}
