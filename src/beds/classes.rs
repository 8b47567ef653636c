//! The classes of the waiting list as the office in charge sets them: names, order, and which are no longer used.

use serde_json::{Map, Value, json};

use super::model::{ClassInput, check_code};
use super::store::{self, ClassRow};
use crate::access::Permission;
use crate::access::audit::Entry;
use crate::app::Tx;
use crate::bus::{Event, Topic};
use crate::error::{Error, Result};
use crate::registry::change::{differences, stale_of};
use crate::text::Text;

/// The fields that an editor can set of a class that stands in `order`.
pub fn class_input(order: &[ClassRow], class: &ClassRow) -> ClassInput {
    let index = order.iter().position(|other| other.code == class.code).unwrap_or_default();
    ClassInput {
        name_zh: class.name_zh.clone(),
        name_en: class.name_en.clone(),
        confirmed: class.confirmed,
        retired: class.retired,
        after: index.checked_sub(1).and_then(|before| order.get(before)).map(|other| other.code.clone()),
    }
}

/// Adds a class at its place in line.
pub fn add_class(tx: &mut Tx<'_>, code: &str, input: &ClassInput) -> Result<()> {
    only_the_city(tx)?;
    check_code(code)?;
    input.check()?;
    store::insert_class(tx.connection, code, input)?;
    put_behind(tx, code, input.after.as_deref())?;
    write_down(tx, "class.add", code, 1, &Map::new())
}

/// Changes version `seen` of a class. One in which somebody waits is not retired, and one is always left.
pub fn change_class(tx: &mut Tx<'_>, code: &str, seen: i64, input: &ClassInput) -> Result<()> {
    only_the_city(tx)?;
    input.check()?;
    let order = store::all_classes(tx.connection)?;
    let class = order.iter().find(|class| class.code == code).ok_or_else(Error::not_found)?;
    if class.version != seen {
        return Err(stale_of(tx.connection, "class", code, seen)?);
    }
    if input.retired && !class.retired {
        let waiting = store::waiting_in(tx.connection, code)?;
        if waiting > 0 {
            return Err(Error::field("retired", Text::new("rule.class_in_use").with("n", waiting)));
        }
        if order.iter().filter(|other| !other.retired).count() == 1 {
            return Err(Error::field("retired", Text::new("rule.last_class")));
        }
    }
    if !store::update_class(tx.connection, code, seen, input)? {
        return Err(stale_of(tx.connection, "class", code, seen)?);
    }
    let before = class_input(&order, class);
    if before.after != input.after {
        put_behind(tx, code, input.after.as_deref())?;
    }
    let changes = differences(&json!(before), &json!(input));
    write_down(tx, "class.change", code, seen + 1, &changes)
}

fn only_the_city(tx: &Tx<'_>) -> Result<()> {
    let reach = tx.scope.reach(Permission::EditInstitution)?;
    if reach.city { Ok(()) } else { Err(Error::forbidden().context("the classes are the city's")) }
}

/// Moves a class behind another one, or to the front of the line.
fn put_behind(tx: &mut Tx<'_>, code: &str, after: Option<&str>) -> Result<()> {
    let mut order = store::all_classes(tx.connection)?;
    let index = order.iter().position(|class| class.code == code).ok_or_else(Error::not_found)?;
    let class = order.remove(index);
    let place = match after {
        None => 0,
        Some(after) => {
            let found = order.iter().position(|other| other.code == after);
            found.map(|index| index + 1).ok_or_else(|| Error::field("after", Text::new("rule.choose")))?
        }
    };
    order.insert(place, class);
    store::put_in_order(tx.connection, &order)
}

fn write_down(
    tx: &mut Tx<'_>,
    action: &'static str,
    code: &str,
    version: i64,
    changes: &Map<String, Value>,
) -> Result<()> {
    tx.audit(&Entry {
        action,
        entity: "class",
        entity_id: code.to_owned(),
        town_code: None,
        detail: json!({ "version": version, "changes": changes }),
    })?;
    tx.publish(&Event::of_the_city(Topic::Stay, code, json!({ "entity": "class", "code": code })))
}
