//! Setting a figure from a day on.

use serde_json::json;

use super::model::{Setting, SettingInput, Turn, first_crossing, held_on};
use super::store::{self, SettingDay};
use crate::access::Permission;
use crate::access::audit::Entry;
use crate::app::Tx;
use crate::bus::{Event, Topic};
use crate::error::{Error, Result};
use crate::registry::change::stale_of;
use crate::text::Text;

const ENTITY: &str = "visit_setting";

/// Sets version `seen` of a setting from a day on. Visits of that day and later ones are judged by it.
pub fn change_setting(tx: &mut Tx<'_>, setting: Setting, seen: i64, input: &SettingInput) -> Result<()> {
    tx.scope.reach(Permission::EditCatalogue)?;
    let known = store::days_of(tx.connection, setting)?;
    let version = store::version_of(&known);
    if version != seen {
        return Err(stale_of(tx.connection, ENTITY, setting.name(), seen)?);
    }
    input.check(setting)?;
    let same = known.iter().find(|day| day.effective_on == input.effective_on);
    let has_begun = input.effective_on <= tx.calendar.day_of(tx.now);
    if has_begun && same.is_none_or(|day| day.value != input.value) {
        return Err(Error::field("effective_on", Text::new("rule.setting_past")));
    }
    check_order(tx, setting, &known, input)?;
    store::put_day(tx.connection, setting, input, version + 1)?;
    let before = held_on(setting, &pairs(&known), input.effective_on);
    tx.audit(&Entry {
        action: "visit_setting.change",
        entity: ENTITY,
        entity_id: setting.name().to_owned(),
        town_code: None,
        detail: json!({
            "version": version + 1,
            "changes": {
                "effective_on": [same.map(|day| day.effective_on), input.effective_on],
                "value": [before, input.value],
                "source": [same.map(|day| &day.source), input.source.trim()],
            },
        }),
    })?;
    let payload = json!({ "entity": ENTITY, "name": setting.name() });
    tx.publish(&Event::of_the_city(Topic::Visit, setting.name(), payload))
}

fn pairs(days: &[SettingDay]) -> Vec<Turn> {
    days.iter().map(|day| (day.effective_on, day.value)).collect()
}

/// What is too short for a fair proof cannot be longer than what is too short for a good one, on any day.
fn check_order(tx: &mut Tx<'_>, setting: Setting, known: &[SettingDay], input: &SettingInput) -> Result<()> {
    let Some(other) = setting.not_above().or(setting.not_below()) else { return Ok(()) };
    let others = pairs(&store::days_of(tx.connection, other)?);
    let mut own = pairs(known);
    own.retain(|(day, _)| *day != input.effective_on);
    own.push((input.effective_on, input.value));
    let (this, that) = ((setting, &own[..]), (other, &others[..]));
    let (low, high) = if setting.not_above().is_some() { (this, that) } else { (that, this) };
    match first_crossing(low, high, input.effective_on) {
        None => Ok(()),
        Some(day) => {
            let rule =
                if setting.not_above().is_some() { "rule.setting_above" } else { "rule.setting_below" };
            let text = Text::new(rule)
                .with("other", format!("@enums.visit_setting.{}", other.name()))
                .with("value", held_on(other, &others, day))
                .with("day", day);
            Err(Error::field("value", text))
        }
    }
}
