//! What the office says of a reason.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::Result;
use crate::input::Checks;
use crate::text::Text;

/// A week: whoever may wait longer needs no deadline.
const MINUTES_MAX: i32 = 7 * 24 * 60;
const CODE_MAX: usize = 40;
/// The address of the form for a new one.
const RESERVED: &str = "new";

/// What an office can set of a reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FailReasonInput {
    pub name_zh: String,
    pub name_en: String,
    /// Somebody tries to reach somebody again within so many minutes; nobody has to without it.
    #[schema(minimum = 1, maximum = 10_080)]
    pub contact_within_min: Option<i32>,
    /// Somebody sees to it that the elder is well within so many minutes; nobody has to without it.
    #[schema(minimum = 1, maximum = 10_080)]
    pub welfare_within_min: Option<i32>,
    pub may_make_up: bool,
    pub needs_note: bool,
    /// Nobody chooses it any more; visits that have it keep it.
    pub closed: bool,
    /// Code of the reason behind which it is offered; the first one without it.
    pub after: Option<String>,
}

impl FailReasonInput {
    pub fn check(&self) -> Result<()> {
        let mut checks = Checks::default();
        checks.text("name_zh", &self.name_zh, 1, 30);
        checks.text("name_en", &self.name_en, 1, 60);
        for (field, minutes) in
            [("contact_within_min", self.contact_within_min), ("welfare_within_min", self.welfare_within_min)]
        {
            if let Some(minutes) = minutes {
                checks.range(field, f64::from(minutes), 1.0, f64::from(MINUTES_MAX));
            }
        }
        checks.finish()
    }

    /// As it is kept, for what an edit changed.
    pub fn written(&self) -> Value {
        json!({
            "name_zh": self.name_zh.trim(),
            "name_en": self.name_en.trim(),
            "contact_within_min": self.contact_within_min,
            "welfare_within_min": self.welfare_within_min,
            "may_make_up": self.may_make_up,
            "needs_note": self.needs_note,
            "closed": self.closed,
            "after": self.after,
        })
    }
}

/// A code such as `bad_road`.
pub fn check_code(code: &str) -> Result<()> {
    let legal = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    let fits = (2..=CODE_MAX).contains(&code.len())
        && code.starts_with(|letter: char| letter.is_ascii_lowercase())
        && code.chars().all(legal)
        && code != RESERVED;
    let mut checks = Checks::default();
    checks.require("code", fits, || Text::new("rule.reason_code"));
    checks.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input() -> FailReasonInput {
        FailReasonInput {
            name_zh: "道路中断".into(),
            name_en: "Road closed".into(),
            contact_within_min: Some(60),
            welfare_within_min: None,
            may_make_up: true,
            needs_note: false,
            closed: false,
            after: None,
        }
    }

    #[test]
    fn each_rule_names_its_field() {
        let broken = |input: FailReasonInput| input.check().unwrap_err().fields[0].field;
        assert!(input().check().is_ok());
        assert_eq!(broken(FailReasonInput { name_zh: " ".into(), ..input() }), "name_zh");
        assert_eq!(broken(FailReasonInput { name_en: "x".repeat(61), ..input() }), "name_en");
        for minutes in [0, -1, MINUTES_MAX + 1] {
            let wrong = FailReasonInput { contact_within_min: Some(minutes), ..input() };
            assert_eq!(broken(wrong), "contact_within_min");
            let wrong = FailReasonInput { welfare_within_min: Some(minutes), ..input() };
            assert_eq!(broken(wrong), "welfare_within_min");
        }
    }

    #[test]
    fn a_code_can_stand_in_an_address() {
        for code in ["bad_road", "x2"] {
            assert!(check_code(code).is_ok(), "{code}");
        }
        for code in ["new", "", "a", "2x", "Bad", "bad road", "坏路", &"x".repeat(41)] {
            assert!(check_code(code).is_err(), "{code}");
        }
    }
}
