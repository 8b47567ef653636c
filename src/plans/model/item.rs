//! Plans and their items as an office writes them, and the rules that need no database.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::engine::TOLERANCE_DAYS_MAX;
use super::rule::Recurrence;
use crate::error::Result;
use crate::input::Checks;
use crate::text::Text;
use crate::visits::CaregiverRule;

pub const NOTE_MAX: usize = 200;
const DAY_MIN: i32 = 24 * 60;

crate::text_enum! {
    /// Where a plan stands; whether it is paused is asked of a day.
    pub enum PlanState {
        Draft = "draft",
        Active = "active",
        Ended = "ended",
    }
}

crate::text_enum! {
    /// What becomes of a visit on a public holiday.
    pub enum HolidayRule {
        AsPlanned = "as_planned",
        Skip = "skip",
        Next = "next",
        Previous = "previous",
    }
}

crate::text_enum! {
    /// What a day of the public schedule is.
    pub enum HolidayKind {
        Off = "off",
        Work = "work",
    }
}

crate::text_enum! {
    /// Why a plan is paused.
    pub enum PauseReason {
        Hospital = "hospital",
        Away = "away",
        Relatives = "relatives",
        Other = "other",
    }
}

/// What an office writes about a plan as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanInput {
    pub starts_on: NaiveDate,
    /// The last day.
    pub ends_on: Option<NaiveDate>,
    #[serde(default)]
    pub note: String,
}

impl PlanInput {
    pub fn check(&self) -> Result<()> {
        let mut checks = Checks::default();
        check_span(&mut checks, self.starts_on, self.ends_on);
        checks.text("note", &self.note, 0, NOTE_MAX);
        checks.finish()
    }

    pub fn written(&self) -> Value {
        json!({ "starts_on": self.starts_on, "ends_on": self.ends_on, "note": self.note.trim() })
    }
}

/// A time in which the elder needs no visits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PauseInput {
    pub reason: PauseReason,
    pub starts_on: NaiveDate,
    /// The last day without visits; without it the pause goes on until it is ended.
    pub ends_on: Option<NaiveDate>,
    #[serde(default)]
    pub note: String,
}

impl PauseInput {
    pub fn check(&self) -> Result<()> {
        let mut checks = Checks::default();
        check_span(&mut checks, self.starts_on, self.ends_on);
        checks.text("note", &self.note, usize::from(self.reason == PauseReason::Other), NOTE_MAX);
        checks.finish()
    }

    pub fn written(&self) -> Value {
        json!({
            "reason": self.reason.name(),
            "starts_on": self.starts_on,
            "ends_on": self.ends_on,
            "note": self.note.trim(),
        })
    }
}

/// An item of a plan: which service, on which days, in which window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemInput {
    /// Code of the service.
    pub service_code: String,
    /// An RRULE of RFC 5545 such as `FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH`: daily, weekly by days, or monthly by days, by the last
    /// day (`BYMONTHDAY=-1`) or by one weekday (`BYDAY=1MO`); with `INTERVAL`, and `COUNT` or `UNTIL` as a day.
    pub rule: String,
    /// The first day; intervals count from it.
    pub starts_on: NaiveDate,
    /// The last day.
    pub ends_on: Option<NaiveDate>,
    /// Minutes after midnight at which the visit can begin.
    #[schema(minimum = 0, maximum = 1439)]
    pub window_starts_min: i32,
    /// Minutes after midnight before which it begins; above 1440 on the next day.
    #[schema(minimum = 1, maximum = 2879)]
    pub window_ends_min: i32,
    /// Instead of the catalogue's.
    #[schema(minimum = 5, maximum = 720)]
    pub duration_min: Option<i32>,
    /// By how many days a visit may be moved from a holiday.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 15)]
    pub tolerance_days: i32,
    pub holiday_rule: HolidayRule,
    /// How many come at the same time.
    #[schema(minimum = 1, maximum = 2)]
    pub caregivers: i32,
    /// Number of the item of this plan that comes before it on the same day.
    pub after_item_id: Option<i64>,
    /// Minutes from the end of that one to the start of this one, at least and at most.
    #[schema(minimum = 0, maximum = 1440)]
    pub lag_min_min: Option<i32>,
    #[schema(minimum = 0, maximum = 1440)]
    pub lag_max_min: Option<i32>,
    /// Who comes to the second of two.
    pub caregiver_rule: CaregiverRule,
    /// Whom the elder would like to come.
    pub preferred_caregiver_id: Option<i64>,
    #[serde(default)]
    pub note: String,
}

impl ItemInput {
    /// The rules that need no database; gives the recurrence.
    pub fn check(&self) -> Result<Recurrence> {
        let mut checks = Checks::default();
        checks.text("service_code", &self.service_code, 1, 40);
        check_span(&mut checks, self.starts_on, self.ends_on);
        let recurrence = Recurrence::parse(&self.rule, self.starts_on);
        if let Err(rule) = &recurrence {
            checks.refuse("rule", rule.clone());
        }
        self.check_window(&mut checks);
        let range = |checks: &mut Checks, field, value: i32, min: i32, max: i32| {
            checks.range(field, f64::from(value), f64::from(min), f64::from(max));
        };
        if let Some(minutes) = self.duration_min {
            range(&mut checks, "duration_min", minutes, 5, 720);
        }
        range(&mut checks, "tolerance_days", self.tolerance_days, 0, TOLERANCE_DAYS_MAX);
        let moves = matches!(self.holiday_rule, HolidayRule::Next | HolidayRule::Previous);
        checks.require("tolerance_days", !moves || self.tolerance_days > 0, || {
            Text::new("rule.tolerance_needed")
        });
        range(&mut checks, "caregivers", self.caregivers, 1, 2);
        self.check_pair(&mut checks);
        checks.text("note", &self.note, 0, NOTE_MAX);
        checks.finish()?;
        recurrence.map_err(|rule| crate::error::Error::field("rule", rule))
    }

    fn check_window(&self, checks: &mut Checks) {
        let (from, to) = (self.window_starts_min, self.window_ends_min);
        checks.require("window_from", (0..DAY_MIN).contains(&from), || Text::new("rule.window"));
        checks.require("window_to", from < to && to <= from + DAY_MIN, || Text::new("rule.window"));
    }

    fn check_pair(&self, checks: &mut Checks) {
        let lags = (self.lag_min_min, self.lag_max_min);
        match (self.after_item_id, lags) {
            (None, (None, None)) => {}
            (Some(_), (Some(min), Some(max))) => {
                checks.range("lag_min_min", f64::from(min), 0.0, f64::from(DAY_MIN));
                let fits = min <= max && max <= DAY_MIN;
                checks.require("lag_max_min", fits, || Text::new("rule.lag"));
                checks.require("caregivers", self.caregivers == 1, || Text::new("rule.pair_of_two"));
            }
            (Some(_), _) => checks.refuse("lag_max_min", Text::new("rule.lag")),
            (None, _) => checks.refuse("after_item_id", Text::new("rule.lag_of_nothing")),
        }
    }

    /// The values as they are written down when they change.
    pub fn written(&self) -> Value {
        json!({
            "service_code": self.service_code,
            "rule": self.rule,
            "starts_on": self.starts_on,
            "ends_on": self.ends_on,
            "window_from": clock(self.window_starts_min),
            "window_to": clock(self.window_ends_min),
            "duration_min": self.duration_min,
            "tolerance_days": self.tolerance_days,
            "holiday_rule": self.holiday_rule.name(),
            "caregivers": self.caregivers,
            "after_item_id": self.after_item_id,
            "lag_min_min": self.lag_min_min,
            "lag_max_min": self.lag_max_min,
            "caregiver_rule": self.caregiver_rule.name(),
            "preferred_caregiver_id": self.preferred_caregiver_id,
            "note": self.note.trim(),
        })
    }
}

fn check_span(checks: &mut Checks, starts_on: NaiveDate, ends_on: Option<NaiveDate>) {
    let in_order = ends_on.is_none_or(|last| last >= starts_on);
    checks.require("ends_on", in_order, || Text::new("rule.ends_before_start"));
    // Years that no calendar of an office holds only invite a slip of the pen.
    let sane = |day: NaiveDate| (2000..2100).contains(&chrono::Datelike::year(&day));
    checks.require("starts_on", sane(starts_on), || Text::new("rule.date"));
    checks.require("ends_on", ends_on.is_none_or(sane), || Text::new("rule.date"));
}

/// `08:30` of minutes after midnight; the next day's hours begin anew.
pub fn clock(minutes: i32) -> String {
    format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input() -> ItemInput {
        ItemInput {
            service_code: "bath".into(),
            rule: "FREQ=WEEKLY;BYDAY=MO".into(),
            starts_on: "2026-11-23".parse().unwrap(),
            ends_on: None,
            window_starts_min: 540,
            window_ends_min: 660,
            duration_min: None,
            tolerance_days: 3,
            holiday_rule: HolidayRule::Next,
            caregivers: 1,
            after_item_id: None,
            lag_min_min: None,
            lag_max_min: None,
            caregiver_rule: CaregiverRule::Any,
            preferred_caregiver_id: None,
            note: String::new(),
        }
    }

    fn broken(input: &ItemInput) -> Vec<&'static str> {
        let fields = input.check().err().map(|error| error.fields).unwrap_or_default();
        fields.iter().map(|field| field.field).collect()
    }

    #[test]
    fn each_rule_names_its_field() {
        assert_eq!(broken(&input()), Vec::<&str>::new());
        assert_eq!(broken(&ItemInput { window_ends_min: 540, ..input() }), ["window_to"]);
        assert_eq!(broken(&ItemInput { window_starts_min: -1, ..input() }), ["window_from"]);
        assert_eq!(broken(&ItemInput { window_ends_min: 540 + 1441, ..input() }), ["window_to"]);
        assert_eq!(broken(&ItemInput { rule: "FREQ=HOURLY".into(), ..input() }), ["rule"]);
        assert_eq!(broken(&ItemInput { tolerance_days: 0, ..input() }), ["tolerance_days"]);
        assert_eq!(broken(&ItemInput { tolerance_days: 16, ..input() }), ["tolerance_days"]);
        assert_eq!(broken(&ItemInput { caregivers: 3, ..input() }), ["caregivers"]);
        assert_eq!(broken(&ItemInput { duration_min: Some(4), ..input() }), ["duration_min"]);
        assert_eq!(broken(&ItemInput { lag_min_min: Some(5), ..input() }), ["after_item_id"]);
        let pair =
            ItemInput { after_item_id: Some(1), lag_min_min: Some(30), lag_max_min: Some(60), ..input() };
        assert_eq!(broken(&pair), Vec::<&str>::new());
        assert_eq!(broken(&ItemInput { lag_max_min: Some(10), ..pair.clone() }), ["lag_max_min"]);
        assert_eq!(broken(&ItemInput { caregivers: 2, ..pair }), ["caregivers"]);
        let ended = ItemInput { ends_on: Some("2026-11-22".parse().unwrap()), ..input() };
        assert_eq!(broken(&ended), ["ends_on"]);
    }

    #[test]
    fn a_window_may_pass_midnight() {
        assert_eq!(broken(&ItemInput { window_starts_min: 1380, window_ends_min: 1500, ..input() }), [""; 0]);
        assert_eq!((clock(1380), clock(1500)), ("23:00".to_owned(), "01:00".to_owned()));
    }
}
