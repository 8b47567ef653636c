use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::Result;
use crate::input::Checks;
use crate::plans::model::HolidayKind;
use crate::text::Text;

/// What an office writes about a day of the public schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HolidayInput {
    pub day: NaiveDate,
    pub kind: HolidayKind,
    pub name_zh: String,
    pub name_en: String,
    /// The notice that says so.
    pub source: String,
    /// Compared with the notice.
    pub confirmed: bool,
}

impl HolidayInput {
    pub fn check(&self) -> Result<()> {
        let mut checks = Checks::default();
        let sane = (2000..2100).contains(&chrono::Datelike::year(&self.day));
        checks.require("day", sane, || Text::new("rule.date"));
        checks.text("name_zh", &self.name_zh, 1, 40);
        checks.text("name_en", &self.name_en, 1, 60);
        checks.text("source", &self.source, 1, 120);
        checks.finish()
    }

    pub fn written(&self) -> Value {
        json!({
            "day": self.day,
            "kind": self.kind.name(),
            "name_zh": self.name_zh.trim(),
            "name_en": self.name_en.trim(),
            "source": self.source.trim(),
            "confirmed": self.confirmed,
        })
    }
}
