//! Limits of one device in place of the protocol's: from which value on a channel raises an alert, and at which it is over.

use serde_json::{Value, json};
use songhe_firmware_protocol::channel::Unit;
use songhe_firmware_protocol::threshold::Limit;
use songhe_firmware_protocol::{Channel, Threshold};

use super::model::LimitChoice;
use super::store::{self, LimitRow};
use crate::access::Permission;
use crate::access::audit::Entry;
use crate::alerts::AlertKind;
use crate::alerts::rules::{Rule, kind_of, rule_of};
use crate::alerts::store::{self as alerts, Active};
use crate::app::Tx;
use crate::bus::{Event, Topic};
use crate::error::{Error, Result};
use crate::input::Checks;
use crate::registry::change::{differences, stale_of};
use crate::text::Text;

/// The four values as somebody gave them, in the channel's unit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Values {
    pub low_raise: Option<f64>,
    pub low_clear: Option<f64>,
    pub high_raise: Option<f64>,
    pub high_clear: Option<f64>,
}

/// What is to hold for a device's channel from now on.
#[derive(Clone, Copy, Debug)]
pub struct LimitInput {
    pub channel: Channel,
    pub choice: LimitChoice,
    pub values: Values,
}

/// What holds for a device's channel.
#[derive(Clone, Copy, Debug)]
pub struct Holding {
    pub channel: Channel,
    pub choice: LimitChoice,
    /// None where nothing raises an alert.
    pub threshold: Option<Threshold>,
    /// Zero where nothing was ever set.
    pub version: i64,
}

/// Every channel whose values a device could be judged by, with what holds for it.
pub fn holding(rows: &[LimitRow]) -> Vec<Holding> {
    let of = |channel: &Channel| {
        let row = rows.iter().find(|row| row.channel == channel.code() as i16);
        Holding {
            channel: *channel,
            choice: row.map_or(LimitChoice::Default, |row| row.choice),
            threshold: in_force(*channel, row).map(|rule| rule.threshold),
            version: row.map_or(0, |row| row.version),
        }
    };
    Channel::ALL.iter().filter(|channel| is_limited(**channel)).map(of).collect()
}

/// The rule of a device's channel, as the office has set it.
pub fn in_force(channel: Channel, row: Option<&LimitRow>) -> Option<Rule> {
    match row.map(|row| row.choice) {
        None | Some(LimitChoice::Default) => rule_of(channel),
        Some(LimitChoice::None) => None,
        Some(LimitChoice::Own) => {
            let threshold = row?.threshold();
            Some(Rule { channel, kind: kind_of(channel), threshold })
        }
    }
}

/// A switch has no values to set, but what it raises may be turned off.
fn is_limited(channel: Channel) -> bool {
    channel.unit() != Unit::Switch || rule_of(channel).is_some()
}

/// Sets, over version `seen`, what raises an alert on a channel of a device within reach.
pub fn set_limit(tx: &mut Tx<'_>, id: i64, seen: i64, input: &LimitInput) -> Result<()> {
    let device = store::get_to(tx.connection, tx.scope, Permission::PlaceDevice, id)?;
    let threshold = checked(input)?;
    let channel = input.channel.code() as i16;
    let before = store::limits_of(tx.connection, &[id])?.into_iter().find(|row| row.channel == channel);
    let entity_id = format!("{id}-{}", input.channel.name());
    let stale = |tx: &mut Tx<'_>| stale_of(tx.connection, "device_limit", &entity_id, seen);
    if before.as_ref().map_or(0, |row| row.version) != seen {
        return Err(stale(tx)?);
    }
    let actor = tx.scope.actor.clone();
    let after = LimitRow::new((id, channel), (input.choice, threshold), seen + 1, (tx.now, &actor));
    if !store::put_limit(tx.connection, &after, seen)? {
        return Err(stale(tx)?);
    }
    let changes =
        differences(&written(input.channel, before.as_ref()), &written(input.channel, Some(&after)));
    tx.audit(&Entry {
        action: "device.limit",
        entity: "device_limit",
        entity_id,
        town_code: Some(&device.town_code),
        detail: json!({ "code": device.code, "version": seen + 1, "changes": changes }),
    })?;
    if input.choice == LimitChoice::None {
        end_alert(tx, id, channel)?;
    }
    let told = store::audience_of(tx.connection, &device.placement())?;
    tx.publish(&Event::to(Topic::Device, &told, id, json!({ "id": id })))
}

/// Nothing would end it any more.
fn end_alert(tx: &mut Tx<'_>, id: i64, channel: i16) -> Result<()> {
    let active = alerts::active_alerts(tx.connection, &[id])?;
    let of_value =
        |alert: &&Active| alert.channel == channel && alert.kind == AlertKind::Threshold && !alert.by_alarm;
    let Some(alert) = active.iter().find(of_value) else { return Ok(()) };
    alerts::clear_alert(tx.connection, alert.id, tx.now)?;
    let Some(device) = store::device_states(tx.connection, &[id])?.pop() else { return Ok(()) };
    let payload = json!({ "id": alert.id, "kind": alert.kind, "device_id": id });
    tx.publish(&Event::to(Topic::Alert, &device.audience(), alert.id, payload))
}

fn written(channel: Channel, row: Option<&LimitRow>) -> Value {
    let value = |scaled: Option<i32>| scaled.map(|scaled| channel.value(scaled));
    json!({
        "limit_choice": row.map_or(LimitChoice::Default, |row| row.choice),
        "low_raise": row.and_then(|row| value(row.low_raise)),
        "low_clear": row.and_then(|row| value(row.low_clear)),
        "high_raise": row.and_then(|row| value(row.high_raise)),
        "high_clear": row.and_then(|row| value(row.high_clear)),
    })
}

/// The limits of an input that obeys every rule; none where it sets none.
fn checked(input: &LimitInput) -> Result<Option<Threshold>> {
    let (channel, Values { low_raise, low_clear, high_raise, high_clear }) = (input.channel, input.values);
    let given = [
        ("low_raise", low_raise),
        ("low_clear", low_clear),
        ("high_raise", high_raise),
        ("high_clear", high_clear),
    ];
    let mut checks = Checks::default();
    checks.require("channel", is_limited(channel), || Text::new("rule.limit_channel"));
    if input.choice != LimitChoice::Own {
        for (field, value) in given {
            checks.require(field, value.is_none(), || Text::new("rule.limit_unneeded"));
        }
        let vital = kind_of(channel).is_urgent();
        let silenced = input.choice == LimitChoice::None && vital;
        checks.require("limit_choice", !silenced, || Text::new("rule.limit_vital"));
        return checks.finish().map(|()| None);
    }
    checks.require("limit_choice", channel.unit() != Unit::Switch, || Text::new("rule.limit_switch"));
    let facts = channel.facts();
    let (least, most) = facts.plausible_scaled;
    let mut scaled = |field: &'static str, value: Option<f64>| {
        let value = value?;
        checks.range(field, value, channel.value(least), channel.value(most));
        let scaled = channel.scaled(value);
        let exact = (channel.value(scaled) - value).abs() < 1e-6;
        let fits = exact || checks.has(field);
        checks.require(field, fits, || Text::new("rule.limit_step").with("n", i64::from(facts.decimals)));
        Some(scaled)
    };
    let [low_raise, low_clear, high_raise, high_clear] = given.map(|(field, value)| scaled(field, value));
    checks.require("low_clear", low_raise.is_some() == low_clear.is_some(), || Text::new("rule.limit_pair"));
    checks
        .require("high_clear", high_raise.is_some() == high_clear.is_some(), || Text::new("rule.limit_pair"));
    checks.require("low_raise", low_raise.or(high_raise).is_some(), || Text::new("rule.limit_one"));
    checks.finish()?;
    let limit =
        |raise: Option<i32>, clear: Option<i32>| Some(Limit { raise_scaled: raise?, clear_scaled: clear? });
    let threshold = Threshold { low: limit(low_raise, low_clear), high: limit(high_raise, high_clear) };
    refuse_loose(channel, threshold)?;
    if threshold.is_sound() {
        return Ok(Some(threshold));
    }
    let low_is_wrong = threshold.low.is_some_and(|low| low.clear_scaled <= low.raise_scaled);
    let field = if low_is_wrong || threshold.high.is_none() { "low_clear" } else { "high_clear" };
    Err(Error::field(field, Text::new("rule.limit_order")))
}

/// What endangers life raises an alert at the protocol's limit at the latest.
fn refuse_loose(channel: Channel, own: Threshold) -> Result<()> {
    let vital = rule_of(channel).filter(|rule| rule.kind.is_urgent());
    let Some(default) = vital.map(|rule| rule.threshold) else { return Ok(()) };
    let raise = |limit: Option<Limit>| limit.map(|limit| limit.raise_scaled);
    let mut checks = Checks::default();
    let mut check = |field: &'static str, rule: &'static str, default: Option<i32>, holds: bool| {
        let most = default.map(|scaled| channel.value(scaled)).unwrap_or_default();
        checks.require(field, holds, || Text::new(rule).with("n", most));
    };
    let (low, high) = (raise(default.low), raise(default.high));
    let at_least = low.is_none_or(|low| raise(own.low).is_some_and(|own| own >= low));
    let at_most = high.is_none_or(|high| raise(own.high).is_some_and(|own| own <= high));
    check("low_raise", "rule.limit_vital_low", low, at_least);
    check("high_raise", "rule.limit_vital_high", high, at_most);
    checks.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        channel: Channel,
        choice: LimitChoice,
        values: [Option<f64>; 4],
    ) -> std::result::Result<(), String> {
        let [low_raise, low_clear, high_raise, high_clear] = values;
        let values = Values { low_raise, low_clear, high_raise, high_clear };
        let broken = |error: Error| {
            let names: Vec<&str> = error.fields.iter().map(|field| field.field).collect();
            names.join(",")
        };
        checked(&LimitInput { channel, choice, values }).map(drop).map_err(broken)
    }

    #[test]
    fn the_all_clear_lies_inside_of_its_limit() {
        let own = |values| check(Channel::RoomTemperature, LimitChoice::Own, values);
        let some = Some;
        assert_eq!(own([some(5.0), some(7.5), some(40.0), some(38.0)]), Ok(()));
        assert_eq!(own([None, None, some(40.0), some(38.0)]), Ok(()));
        for (values, field) in [
            ([some(5.0), some(5.0), None, None], "low_clear"),
            ([some(5.0), some(4.0), None, None], "low_clear"),
            ([None, None, some(40.0), some(40.0)], "high_clear"),
            ([some(5.0), some(30.0), some(40.0), some(20.0)], "high_clear"),
            ([some(5.0), None, None, None], "low_clear"),
            ([None, None, None, some(3.0)], "high_clear,low_raise"),
            ([None, None, None, None], "low_raise"),
            ([some(5.05), some(7.0), None, None], "low_raise"),
            ([some(f64::NAN), some(7.0), None, None], "low_raise"),
            ([None, None, some(9_000.0), some(38.0)], "high_raise"),
        ] {
            assert_eq!(own(values), Err(field.to_owned()), "{values:?}");
        }
    }

    #[test]
    fn what_saves_lives_is_not_turned_off() {
        let none = |channel| check(channel, LimitChoice::None, [None; 4]);
        for vital in [Channel::Sos, Channel::Smoke, Channel::Gas, Channel::CallPoint, Channel::Heat] {
            assert_eq!(none(vital), Err("limit_choice".to_owned()), "{}", vital.name());
        }
        assert_eq!((none(Channel::Pulse), none(Channel::CabinetDoor)), (Ok(()), Ok(())));
        assert_eq!(none(Channel::Door), Err("channel".to_owned()), "nothing judges it");
        let switch = check(Channel::CabinetDoor, LimitChoice::Own, [None, None, Some(1.0), Some(0.0)]);
        assert_eq!(switch, Err("limit_choice".to_owned()));
        let own =
            |channel, raise, clear| check(channel, LimitChoice::Own, [None, None, Some(raise), Some(clear)]);
        assert_eq!((own(Channel::Smoke, 0.5, 0.3), own(Channel::Heat, 50.0, 40.0)), (Ok(()), Ok(())));
        for (channel, raise) in [
            (Channel::Smoke, 0.51),
            (Channel::Heat, 57.1),
            (Channel::Gas, 10.1),
            (Channel::CarbonMonoxide, 51.0),
        ] {
            assert_eq!(own(channel, raise, 0.0), Err("high_raise".to_owned()), "{}", channel.name());
        }
        let below = check(Channel::Smoke, LimitChoice::Own, [Some(0.1), Some(0.2), None, None]);
        assert_eq!(below, Err("high_raise".to_owned()), "smoke is no alert from below");
        let idle = check(Channel::Pulse, LimitChoice::Default, [Some(40.0), None, None, None]);
        assert_eq!(idle, Err("low_raise".to_owned()));
    }

    #[test]
    fn every_channel_has_one_rule_in_force() {
        let now = "2026-11-23T01:00:00".parse().unwrap();
        let row = |channel: Channel, choice, threshold| {
            LimitRow::new((1, channel.code() as i16), (choice, threshold), 3, (now, "lin"))
        };
        let own = Threshold { low: None, high: Some(Limit { raise_scaled: 400, clear_scaled: 380 }) };
        let rows = [
            row(Channel::RoomTemperature, LimitChoice::Own, Some(own)),
            row(Channel::Pulse, LimitChoice::None, None),
            row(Channel::Glucose, LimitChoice::Default, None),
        ];
        let all = holding(&rows);
        let of = |channel: Channel| all.iter().find(|one| one.channel == channel).unwrap();
        assert_eq!(of(Channel::RoomTemperature).threshold, Some(own));
        assert_eq!((of(Channel::Pulse).threshold, of(Channel::Pulse).version), (None, 3));
        assert_eq!(of(Channel::Glucose).threshold, Threshold::default_of(Channel::Glucose));
        assert_eq!((of(Channel::Weight).threshold, of(Channel::Weight).version), (None, 0));
        assert!(all.iter().all(|one| one.channel != Channel::Door));
    }
}
