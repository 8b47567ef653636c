//! The classes of the waiting list as the office in charge sets them: names, order, and which are no longer used.

use serde_json::{Map, json};

use super::model::{ClassInput, check_code};
use super::store::{self, ClassRow};
use crate::access::Permission;
use crate::app::Tx;
use crate::bus::Topic;
use crate::error::{Error, Result};
use crate::registry::change::{differences, put_behind, record_coded, stale_of};
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
    move_behind(tx, code, input.after.as_deref())?;
    record_coded(tx, ("class.add", Topic::Stay), ("class", code, 1), &Map::new())
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
        move_behind(tx, code, input.after.as_deref())?;
    }
    let changes = differences(&json!(before), &json!(input));
    record_coded(tx, ("class.change", Topic::Stay), ("class", code, seen + 1), &changes)
}

fn only_the_city(tx: &Tx<'_>) -> Result<()> {
    let reach = tx.scope.reach(Permission::EditInstitution)?;
    if reach.city { Ok(()) } else { Err(Error::forbidden().context("the classes are the city's")) }
}

fn move_behind(tx: &mut Tx<'_>, code: &str, after: Option<&str>) -> Result<()> {
    let order = store::all_classes(tx.connection)?;
    let order = put_behind(order, |class| &class.code, (code, after))?;
    store::put_in_order(tx.connection, &order)
}
