//! What the office has on file of a device, and what it writes down of a calibration.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use songhe_firmware_protocol::limits::FIRMWARE_VERSION_BYTES_MAX;

use crate::error::Result;
use crate::input::Checks;
use crate::text::Text;

/// Longest silence between two signs of life that a device may plan: a day.
const HEARTBEAT_S_MAX: i32 = 86_400;
const HEARTBEAT_S_MIN: i32 = 5;

/// What can be changed of a device without moving it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceSheet {
    pub name: String,
    /// As its maker printed it, at most 60 characters.
    #[serde(default)]
    pub serial_number: String,
    /// The device's own word in its birth message goes over it.
    #[serde(default)]
    pub firmware: String,
    pub installed_on: Option<NaiveDate>,
    /// The first day on which its calibration is overdue is the one after.
    pub calibration_due_on: Option<NaiveDate>,
    /// Seconds between two signs of life, 5 to 86,400; its birth message goes over it.
    pub heartbeat_s: Option<i32>,
    /// At most 300 characters.
    #[serde(default)]
    pub note: String,
}

impl DeviceSheet {
    /// The rules that need no database.
    pub fn check(&self, today: NaiveDate) -> Result<()> {
        let mut checks = Checks::default();
        checks.text("name", &self.name, 1, 60);
        checks.text("serial_number", &self.serial_number, 0, 60);
        checks.text("firmware", &self.firmware, 0, FIRMWARE_VERSION_BYTES_MAX);
        let fits = self.firmware.trim().len() <= FIRMWARE_VERSION_BYTES_MAX;
        if !checks.has("firmware") {
            checks.require("firmware", fits, || {
                Text::new("rule.too_long").with("max", FIRMWARE_VERSION_BYTES_MAX)
            });
        }
        let is_past = self.installed_on.is_none_or(|day| day <= today);
        checks.require("installed_on", is_past, || Text::new("rule.not_in_future"));
        if let Some(seconds) = self.heartbeat_s {
            let (seconds, min, max) =
                (f64::from(seconds), f64::from(HEARTBEAT_S_MIN), f64::from(HEARTBEAT_S_MAX));
            checks.range("heartbeat_s", seconds, min, max);
        }
        checks.text("note", &self.note, 0, 300);
        checks.finish()
    }

    /// The values as they are written down when they change: one plain value for each field of the form.
    pub fn written(&self) -> Value {
        let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        json!({
            "name": self.name.trim(),
            "serial_number": self.serial_number.trim(),
            "firmware": self.firmware.trim(),
            "installed_on": day(self.installed_on),
            "calibration_due_on": day(self.calibration_due_on),
            "heartbeat_s": self.heartbeat_s.map(|seconds| seconds.to_string()).unwrap_or_default(),
            "note": self.note.trim(),
        })
    }
}

/// A calibration that was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    pub done_on: NaiveDate,
    /// Who did it, 1 to 40 characters.
    pub done_by: String,
    /// When the next one is due; later than `done_on`.
    pub next_due_on: Option<NaiveDate>,
    /// At most 300 characters.
    #[serde(default)]
    pub note: String,
}

impl Calibration {
    pub fn check(&self, today: NaiveDate) -> Result<()> {
        let mut checks = Checks::default();
        checks.require("done_on", self.done_on <= today, || Text::new("rule.not_in_future"));
        checks.text("done_by", &self.done_by, 1, 40);
        let is_later = self.next_due_on.is_none_or(|day| day > self.done_on);
        checks.require("next_due_on", is_later, || Text::new("rule.due_after_done"));
        checks.text("note", &self.note, 0, 300);
        checks.finish()
    }
}
