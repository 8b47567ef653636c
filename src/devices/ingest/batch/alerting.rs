//! Alerts of a batch: raised and ended by live values and by alarms.
//!
//! Invariants: an alert that an alarm raised is ended by the end of that alarm only, never by a value or by the end of another
//! alarm; what gets worse on the same channel takes its place until that is over, and what comes again once somebody has answered is
//! an alert of its own.

use serde_json::json;
use songhe_firmware_protocol::{AlarmKind, Sample};

use super::Batch;
use crate::alerts::rules::{Judgement, Rule};
use crate::alerts::store::{self as alerts, Active, NewAlert, Number, Said, Told};
use crate::alerts::{AlertKind, channel_of};
use crate::bus::Topic;
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::devices::ingest::clock_rule::SKEW_MAX;
use crate::devices::limits::in_force;
use crate::devices::model::{is_plausible, known};
use crate::devices::store::Latest;
use crate::error::Result;

/// What says that something is wrong, and under which number of which boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::devices) enum By {
    /// It says so again as long as it lasts.
    Value(Option<Number>),
    /// A message of its own, as is its end.
    Alarm(Option<Number>),
    /// The state of a panel's part, which may be told again without being news.
    State,
}

impl By {
    fn number(self) -> Option<Number> {
        match self {
            By::Value(number) | By::Alarm(number) => number,
            By::State => None,
        }
    }
}

impl Batch {
    /// Judges a new latest value. An impossible one speaks of the sensor, not of the room.
    pub(super) fn judge(
        &mut self,
        connection: &mut AnyConnection,
        latest: Latest,
        number: Option<Number>,
    ) -> Result<()> {
        let Some(rule) = self.rule_of(latest) else { return Ok(()) };
        if !is_plausible(latest.channel, latest.value) {
            return Ok(());
        }
        match rule.judge(latest.value) {
            Judgement::Raise => self.raise(connection, (rule.kind, By::Value(number)), latest).map(drop),
            Judgement::Clear => {
                self.end_where(connection, (latest.device_id, latest.channel), latest.at, |active| {
                    !active.by_alarm && active.raised_at < latest.at
                })
            }
            Judgement::Keep => Ok(()),
        }
    }

    /// What the value is judged by, as the office has set it.
    fn rule_of(&self, latest: Latest) -> Option<Rule> {
        in_force(known(latest.channel)?, self.limits.get(&(latest.device_id, latest.channel)))
    }

    /// A device's alarm began or is over; or it did so in the past, which is told for the record.
    pub(super) fn alarm(
        &mut self,
        connection: &mut AnyConnection,
        (device_id, is_past): (i64, bool),
        (kind_code, raised, cause): (u16, bool, Option<Sample>),
        (number, at): (Number, Instant),
    ) -> Result<()> {
        let channel = channel_of(kind_code, cause.map(|cause| cause.channel_code));
        let kind = AlertKind::of_alarm(AlarmKind::from_code(kind_code));
        if !raised && is_past {
            return Ok(());
        }
        if !raised {
            alerts::note_end(connection, (device_id, channel, kind), (number, at))?;
            // An end that comes late is the end of what was before.
            let end = Said { number: Some(number), at };
            let is_its_own = |active: &Active| active.kind == kind && end.is_after(active.said());
            return self.end_where(connection, (device_id, channel), at, is_its_own);
        }
        let value = cause.map_or(1.0, |cause| {
            let scaled = cause.value_scaled;
            cause.channel().map_or_else(|| f64::from(scaled), |known| known.value(scaled))
        });
        let cause = Latest { device_id, channel, value, at };
        if is_past {
            return self.insert(connection, (kind, By::Alarm(Some(number))), cause, Told::Past).map(drop);
        }
        self.raise(connection, (kind, By::Alarm(Some(number))), cause).map(drop)
    }

    /// Gives the alert that this made; none where the one that lasts says it already.
    pub(super) fn raise(
        &mut self,
        connection: &mut AnyConnection,
        (kind, by): (AlertKind, By),
        cause: Latest,
    ) -> Result<Option<i64>> {
        let key = (cause.device_id, cause.channel);
        let Some(active) = self.alerts.get_mut(&key) else {
            let told = told_of(connection, (kind, by), cause)?;
            return self.insert(connection, (kind, by), cause, told);
        };
        let is_worse = kind < active.kind;
        let said = Said { number: by.number(), at: cause.at };
        let is_later = said.may_be_after(active.said(), SKEW_MAX);
        let is_again =
            kind == active.kind && matches!(by, By::Alarm(_)) && active.is_acknowledged && is_later;
        if is_worse || is_again {
            let told = told_of(connection, (kind, by), cause)?;
            if told == Told::Active {
                self.clear(connection, cause.device_id, cause.channel, cause.at)?;
            }
            return self.insert(connection, (kind, by), cause, told);
        }
        let says_more = !active.by_alarm || (by.number().is_some() && is_later);
        if kind == active.kind && !matches!(by, By::Value(_)) && says_more {
            let number = by.number().filter(|_| is_later);
            active.note_alarm(number);
            alerts::set_by_alarm(connection, active.id, number)?;
        }
        Ok(None)
    }

    fn insert(
        &mut self,
        connection: &mut AnyConnection,
        (kind, by): (AlertKind, By),
        cause: Latest,
        told: Told,
    ) -> Result<Option<i64>> {
        let Some(device) = self.devices.get(&cause.device_id) else { return Ok(None) };
        let by_alarm = !matches!(by, By::Value(_));
        let alert = NewAlert {
            device_id: cause.device_id,
            town_code: &device.town_code,
            institution_id: device.institution_id,
            kind,
            channel: cause.channel,
            value: cause.value,
            raised_at: cause.at,
            number: by.number(),
            by_alarm,
            told,
        };
        let id = alerts::insert_alert(connection, &alert)?;
        if told == Told::Active {
            let active = Active {
                id,
                device_id: cause.device_id,
                channel: cause.channel,
                kind,
                raised_at: cause.at,
                by_alarm,
                is_acknowledged: false,
                boot_id: by.number().map(|number| number.boot_id),
                seq: by.number().map(|number| number.seq),
            };
            self.alerts.insert((cause.device_id, cause.channel), active);
        }
        self.tell(id, kind, cause.device_id);
        Ok(Some(id))
    }

    /// Ends what is active on a channel if it is over; what it took the place of may last.
    fn end_where(
        &mut self,
        connection: &mut AnyConnection,
        key: (i64, i16),
        at: Instant,
        is_over: impl FnOnce(&Active) -> bool,
    ) -> Result<()> {
        let Some(active) = self.alerts.get(&key).copied().filter(is_over) else { return Ok(()) };
        self.clear(connection, active.device_id, active.channel, at)?;
        if let Some(former) = alerts::resume(connection, &active)? {
            self.alerts.insert(key, former);
            self.tell(former.id, former.kind, former.device_id);
        }
        Ok(())
    }

    /// Whatever is active on the channel is over.
    pub(super) fn clear(
        &mut self,
        connection: &mut AnyConnection,
        device_id: i64,
        channel: i16,
        at: Instant,
    ) -> Result<()> {
        let Some(active) = self.alerts.remove(&(device_id, channel)) else { return Ok(()) };
        alerts::clear_alert(connection, active.id, at)?;
        self.tell(active.id, active.kind, active.device_id);
        Ok(())
    }

    pub(super) fn tell(&mut self, id: i64, kind: AlertKind, device_id: i64) {
        let payload = json!({ "id": id, "kind": kind, "device_id": device_id });
        self.events.extend(self.event(Topic::Alert, device_id, id, payload));
    }
}

/// An alarm whose end came before it does not last.
fn told_of(connection: &mut AnyConnection, (kind, by): (AlertKind, By), cause: Latest) -> Result<Told> {
    let By::Alarm(number) = by else { return Ok(Told::Active) };
    let (said, key) = (Said { number, at: cause.at }, (cause.device_id, cause.channel, kind));
    let end = match number {
        Some(_) => alerts::end_of(connection, key)?,
        None => alerts::last_ended(connection, key)?.map(|at| Said { number: None, at }),
    };
    // In doubt somebody is called.
    let is_over = end.is_some_and(|end| end.is_after(said) && !said.may_be_after(end, SKEW_MAX));
    Ok(if is_over { Told::Over } else { Told::Active })
}
