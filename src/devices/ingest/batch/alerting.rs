//! Alerts of a batch: raised and cleared by live values and alarms only.

use serde_json::json;
use songhe_firmware_protocol::{AlarmKind, Sample};

use super::Batch;
use crate::alerts::rules::{Judgement, Rule};
use crate::alerts::store::{self as alerts, Active, NewAlert};
use crate::alerts::{AlertKind, channel_of};
use crate::bus::Topic;
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::devices::limits::in_force;
use crate::devices::model::{is_plausible, known};
use crate::devices::store::Latest;
use crate::error::Result;

impl Batch {
    /// Judges a new latest value. An impossible one speaks of the sensor, not of the room.
    pub(super) fn judge(&mut self, connection: &mut AnyConnection, latest: Latest) -> Result<()> {
        let Some(rule) = self.rule_of(latest) else { return Ok(()) };
        if !is_plausible(latest.channel, latest.value) {
            return Ok(());
        }
        match rule.judge(latest.value) {
            Judgement::Raise => self.raise(connection, rule.kind, latest),
            Judgement::Clear => self.clear(connection, latest.device_id, latest.channel, latest.at),
            Judgement::Keep => Ok(()),
        }
    }

    /// What the value is judged by, as the office has set it.
    fn rule_of(&self, latest: Latest) -> Option<Rule> {
        in_force(known(latest.channel)?, self.limits.get(&(latest.device_id, latest.channel)))
    }

    /// A device's alarm began or is over.
    pub(super) fn alarm(
        &mut self,
        connection: &mut AnyConnection,
        device_id: i64,
        (kind_code, raised, cause): (u16, bool, Option<Sample>),
        at: Instant,
    ) -> Result<()> {
        let channel = channel_of(kind_code, cause.map(|cause| cause.channel_code));
        if !raised {
            return self.clear(connection, device_id, channel, at);
        }
        let kind = AlertKind::of_alarm(AlarmKind::from_code(kind_code));
        let value = cause.map_or(1.0, |cause| {
            let scaled = cause.value_scaled;
            cause.channel().map_or_else(|| f64::from(scaled), |known| known.value(scaled))
        });
        self.raise(connection, kind, Latest { device_id, channel, value, at })
    }

    pub(super) fn raise(
        &mut self,
        connection: &mut AnyConnection,
        kind: AlertKind,
        cause: Latest,
    ) -> Result<()> {
        let key = (cause.device_id, cause.channel);
        let Some(device) = self.devices.get(&cause.device_id) else { return Ok(()) };
        let id = match self.alerts.get_mut(&key) {
            // A limit passed that turns out to be a fire; never the other way round.
            Some(active) if kind < active.kind => {
                alerts::change_kind(connection, active.id, kind)?;
                active.kind = kind;
                active.id
            }
            Some(_) => return Ok(()),
            None => {
                let alert = NewAlert {
                    device_id: cause.device_id,
                    town_code: &device.town_code,
                    institution_id: device.institution_id,
                    kind,
                    channel: cause.channel,
                    value: cause.value,
                    raised_at: cause.at,
                };
                let id = alerts::insert_alert(connection, &alert)?;
                let active = Active { id, device_id: cause.device_id, channel: cause.channel, kind };
                self.alerts.insert(key, active);
                id
            }
        };
        self.tell(id, kind, cause.device_id);
        Ok(())
    }

    pub(super) fn clear(
        &mut self,
        connection: &mut AnyConnection,
        device_id: i64,
        channel: i16,
        at: Instant,
    ) -> Result<()> {
        let Some(active) = self.alerts.remove(&(device_id, channel)) else { return Ok(()) };
        alerts::clear_alert(connection, active.id, at)?;
        self.tell(active.id, active.kind, device_id);
        Ok(())
    }

    pub(super) fn tell(&mut self, id: i64, kind: AlertKind, device_id: i64) {
        let payload = json!({ "id": id, "kind": kind, "device_id": device_id });
        self.events.extend(self.event(Topic::Alert, device_id, id, payload));
    }
}
