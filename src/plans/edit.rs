//! What an office does with plans: begun, changed, activated, ended, paused; and their items.
//!
//! Every step generates the visits of the plan anew in the same transaction, so that what is shown as planned is what the plan
//! says now.

use serde_json::{Map, Value, json};

use super::demand::{DAYS_AHEAD, generate_plans};
use super::model::{ItemInput, PauseInput, PlanInput, PlanState};
use super::store::{self, ItemRow, PlanRow};
use crate::access::Permission;
use crate::access::audit::Entry;
use crate::app::Tx;
use crate::bus::{Event, Topic};
use crate::elders::store::{get_elder, get_person};
use crate::error::{Code, Error, Result};
use crate::registry::change::{differences, stale};
use crate::text::Text;
use crate::visits::store::get_caregiver;

/// Begins a plan for an elder who has none; gives its number. Nothing is generated before it is activated.
pub fn begin(tx: &mut Tx<'_>, elder_id: i64, input: &PlanInput) -> Result<i64> {
    let elder = get_elder(tx.connection, tx.scope, Permission::EditPlans, elder_id, tx.now)?;
    input.check()?;
    if !elder.home_visits {
        return Err(Error::field("elder", Text::new("visit.no_home_visits")));
    }
    if get_person(tx.connection, elder_id)?.died_at.is_some() {
        return Err(Error::field("elder", Text::new("plan.died")));
    }
    if store::live_plan_of(tx.connection, elder_id)?.is_some() {
        return Err(Error::taken(Text::new("plan.has_one")));
    }
    let id = store::insert_plan(tx.connection, elder_id, input, tx.now)?;
    record(tx, "plan.begin", ("plan", id, 1), &elder.town_code, json!({ "elder_id": [null, elder_id] }))?;
    Ok(id)
}

/// Changes version `seen` of a plan.
pub fn change(tx: &mut Tx<'_>, id: i64, seen: i64, input: &PlanInput) -> Result<()> {
    let (before, town) = open_plan(tx, id)?;
    input.check()?;
    if before.version != seen || !store::update_plan(tx.connection, (id, seen), input, tx.now)? {
        return Err(stale(tx.connection, "plan", id, seen)?);
    }
    let changes = differences(&before.input().written(), &input.written());
    record(tx, "plan.change", ("plan", id, seen + 1), &town, Value::Object(changes))?;
    follow(tx, &before)
}

/// Activates version `seen` of a draft that has an item: its visits are generated at once.
pub fn activate(tx: &mut Tx<'_>, id: i64, seen: i64) -> Result<()> {
    let (before, town) = open_plan(tx, id)?;
    if before.state != PlanState::Draft {
        return Err(Error::new(Code::IllegalMove, Text::new("plan.is_active")));
    }
    if store::items_of(tx.connection, id)?.is_empty() {
        return Err(Error::field("items", Text::new("plan.without_items")));
    }
    let moved = store::set_state(tx.connection, (id, seen), PlanState::Active, before.ends_on, tx.now)?;
    if !moved {
        return Err(stale(tx.connection, "plan", id, seen)?);
    }
    record(
        tx,
        "plan.activate",
        ("plan", id, seen + 1),
        &town,
        state_change(before.state, PlanState::Active),
    )?;
    generate_plans(tx, &[id], DAYS_AHEAD)?;
    Ok(())
}

/// Ends version `seen` of a plan: today is its last day, and visits of later days are withdrawn.
pub fn end(tx: &mut Tx<'_>, id: i64, seen: i64) -> Result<()> {
    let (before, town) = open_plan(tx, id)?;
    let today = tx.calendar.day_of(tx.now);
    let last = before.ends_on.map_or(today, |last| last.min(today)).max(before.starts_on);
    if !store::set_state(tx.connection, (id, seen), PlanState::Ended, Some(last), tx.now)? {
        return Err(stale(tx.connection, "plan", id, seen)?);
    }
    record(tx, "plan.end", ("plan", id, seen + 1), &town, state_change(before.state, PlanState::Ended))?;
    follow(tx, &before)
}

/// Pauses a plan for some days; gives the pause's number.
pub fn pause(tx: &mut Tx<'_>, id: i64, input: &PauseInput) -> Result<i64> {
    let (plan, town) = open_plan(tx, id)?;
    input.check()?;
    let pause = store::insert_pause(tx.connection, id, input)?;
    let changes = differences(&json!({}), &input.written());
    record(tx, "plan.pause", ("plan_pause", pause, 1), &town, Value::Object(changes))?;
    count_change(tx, &plan)?;
    Ok(pause)
}

/// Changes version `seen` of a pause, such as its last day once the elder is back.
pub fn change_pause(tx: &mut Tx<'_>, id: i64, seen: i64, input: &PauseInput) -> Result<()> {
    let before = store::get_pause(tx.connection, tx.scope, Permission::EditPlans, id, tx.now)?;
    let (plan, town) = open_plan(tx, before.plan_id)?;
    input.check()?;
    if before.version != seen || !store::update_pause(tx.connection, (id, seen), input)? {
        return Err(stale(tx.connection, "plan_pause", id, seen)?);
    }
    let changes = differences(&before.input().written(), &input.written());
    record(tx, "plan.pause", ("plan_pause", id, seen + 1), &town, Value::Object(changes))?;
    count_change(tx, &plan)
}

/// Takes version `seen` of a pause away as if it had never been; days that are over stay as they were.
pub fn remove_pause(tx: &mut Tx<'_>, id: i64, seen: i64) -> Result<()> {
    let before = store::get_pause(tx.connection, tx.scope, Permission::EditPlans, id, tx.now)?;
    let (plan, town) = open_plan(tx, before.plan_id)?;
    if before.version != seen || !store::delete_pause(tx.connection, id, seen)? {
        return Err(stale(tx.connection, "plan_pause", id, seen)?);
    }
    record(
        tx,
        "plan.resume",
        ("plan_pause", id, seen + 1),
        &town,
        json!({ "starts_on": [before.starts_on, null] }),
    )?;
    count_change(tx, &plan)
}

/// Adds an item to a plan; gives its number.
pub fn add_item(tx: &mut Tx<'_>, plan_id: i64, input: &ItemInput) -> Result<i64> {
    let (plan, town) = open_plan(tx, plan_id)?;
    let input = checked(tx, plan_id, None, input)?;
    let id = store::insert_item(tx.connection, plan_id, &input)?;
    let changes = differences(&json!({}), &input.written());
    record(tx, "plan.add_item", ("plan_item", id, 1), &town, Value::Object(changes))?;
    count_change(tx, &plan)?;
    Ok(id)
}

/// Changes version `seen` of an item. Visits that are over or were given to a caregiver stay as they are.
pub fn change_item(tx: &mut Tx<'_>, id: i64, seen: i64, input: &ItemInput) -> Result<()> {
    let before = store::get_item(tx.connection, tx.scope, Permission::EditPlans, id, tx.now)?;
    let (plan, town) = open_plan(tx, before.plan_id)?;
    let input = checked(tx, before.plan_id, Some(&before), input)?;
    if before.version != seen || !store::update_item(tx.connection, (id, seen), &input)? {
        return Err(stale(tx.connection, "plan_item", id, seen)?);
    }
    let changes = differences(&before.input().written(), &input.written());
    record(tx, "plan.change_item", ("plan_item", id, seen + 1), &town, Value::Object(changes))?;
    count_change(tx, &plan)
}

/// Takes version `seen` of an item out of its plan.
pub fn remove_item(tx: &mut Tx<'_>, id: i64, seen: i64) -> Result<()> {
    let before = store::get_item(tx.connection, tx.scope, Permission::EditPlans, id, tx.now)?;
    let (plan, town) = open_plan(tx, before.plan_id)?;
    let items = store::items_of(tx.connection, before.plan_id)?;
    if items.iter().any(|item| item.after_item_id == Some(id)) {
        return Err(Error::new(Code::IllegalMove, Text::new("plan.item_is_followed")));
    }
    if before.version != seen || !store::remove_item(tx.connection, id, seen)? {
        return Err(stale(tx.connection, "plan_item", id, seen)?);
    }
    let changes = json!({ "service_code": [before.service_code, null] });
    record(tx, "plan.remove_item", ("plan_item", id, seen + 1), &town, changes)?;
    count_change(tx, &plan)
}

/// The plan within reach that can still be changed, and the elder's town.
fn open_plan(tx: &mut Tx<'_>, id: i64) -> Result<(PlanRow, String)> {
    let plan = store::get_plan(tx.connection, tx.scope, Permission::EditPlans, id, tx.now)?;
    if plan.state == PlanState::Ended {
        return Err(Error::new(Code::IllegalMove, Text::new("plan.is_ended")));
    }
    let town = get_person(tx.connection, plan.elder_id)?.town_code;
    Ok((plan, town))
}

/// The input with its rule in the form that is stored, where it breaks no rule.
fn checked(tx: &mut Tx<'_>, plan_id: i64, before: Option<&ItemRow>, input: &ItemInput) -> Result<ItemInput> {
    let recurrence = input.check()?;
    let services = crate::visits::catalogue::store::services(tx.connection)?;
    let service = services.iter().find(|service| service.code == input.service_code);
    let service = service.ok_or_else(|| Error::field("service_code", Text::new("rule.choose")))?;
    let stays = before.is_some_and(|before| before.service_code == input.service_code);
    if service.retired && !stays {
        return Err(Error::field("service_code", Text::new("rule.service_retired")));
    }
    let id = before.map(|before| before.id);
    let items = store::items_of(tx.connection, plan_id)?;
    if let Some(first) = input.after_item_id {
        let first = items.iter().find(|item| item.id == first && Some(item.id) != id);
        let first = first.ok_or_else(|| Error::field("after_item_id", Text::new("rule.choose")))?;
        if first.caregivers != 1 {
            return Err(Error::field("after_item_id", Text::new("rule.pair_of_two")));
        }
        if first.after_item_id.is_some() || is_followed(&items, id) {
            return Err(Error::field("after_item_id", Text::new("rule.pair_chain")));
        }
    }
    if input.caregivers == 2 && is_followed(&items, id) {
        return Err(Error::field("caregivers", Text::new("rule.pair_of_two")));
    }
    if let Some(caregiver) = input.preferred_caregiver_id {
        get_caregiver(tx.connection, tx.scope, caregiver).map_err(|error| match error.code {
            Code::NotFound => Error::field("preferred_caregiver_id", Text::new("rule.unknown_caregiver")),
            _ => error,
        })?;
    }
    Ok(ItemInput { rule: recurrence.to_rule(), ..input.clone() })
}

fn is_followed(items: &[ItemRow], id: Option<i64>) -> bool {
    id.is_some() && items.iter().any(|item| item.after_item_id == id)
}

fn state_change(from: PlanState, to: PlanState) -> Value {
    json!({ "state": [from.name(), to.name()] })
}

/// A change of items or pauses is a new version of the plan.
fn count_change(tx: &mut Tx<'_>, plan: &PlanRow) -> Result<()> {
    store::touch(tx.connection, plan.id, tx.now)?;
    follow(tx, plan)
}

/// Brings the visits of a plan in line, where it has any.
fn follow(tx: &mut Tx<'_>, plan: &PlanRow) -> Result<()> {
    if plan.state == PlanState::Active {
        generate_plans(tx, &[plan.id], DAYS_AHEAD)?;
    }
    Ok(())
}

/// Writes a step down: audit row with version and changes, event for the pages that show it.
pub(super) fn record(
    tx: &mut Tx<'_>,
    action: &str,
    (entity, id, version): (&'static str, i64, i64),
    town_code: &str,
    changes: Value,
) -> Result<()> {
    let changes = match changes {
        Value::Object(changes) => changes,
        _ => Map::new(),
    };
    tx.audit(&Entry {
        action,
        entity,
        entity_id: id.to_string(),
        town_code: Some(town_code),
        detail: json!({ "version": version, "changes": changes }),
    })?;
    tx.publish(&Event::new(Topic::Visit, town_code, id, json!({ "entity": entity, "id": id })))
}
