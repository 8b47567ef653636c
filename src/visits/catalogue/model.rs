use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::Result;
use crate::input::Checks;
use crate::registry::caregivers::Skill;
use crate::registry::codes;
use crate::text::Text;

/// Fen of a visit at most.
pub const PRICE_FEN_MAX: i64 = 10_000_000;

crate::text_enum! {
    /// The groups of GB/T 43153.
    pub enum ServiceCategory {
        DailyLiving = "daily_living",
        BasicCare = "basic_care",
        Health = "health",
        Visiting = "visiting",
        Emotional = "emotional",
        Errands = "errands",
        Adaptation = "adaptation",
    }
}

crate::text_enum! {
    /// What proves a visit.
    pub enum ProofKind {
        Place = "place",
        Duration = "duration",
        Card = "card",
        Signature = "signature",
        Photo = "photo",
    }
}
crate::coded!(ProofKind);

/// What an office writes about a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceInput {
    /// Small letters, digits and `_`; it never changes.
    pub code: String,
    pub name_zh: String,
    pub name_en: String,
    pub category: ServiceCategory,
    #[schema(minimum = 5, maximum = 720)]
    pub duration_min: i32,
    /// What a caregiver must be trained for.
    pub skill: Skill,
    /// How many come at the same time.
    #[schema(minimum = 1, maximum = 2)]
    pub caregivers: i32,
    /// What is asked as proof.
    pub proof: Vec<ProofKind>,
    /// Part of the duration, in percent, below which a visit is too short.
    #[schema(minimum = 0, maximum = 100)]
    pub proof_share_percent: i32,
    /// No longer offered to new plans.
    pub retired: bool,
    /// Confirmed by the office: until then it is a proposal.
    pub confirmed: bool,
}

impl ServiceInput {
    pub fn check(&self) -> Result<()> {
        let mut checks = Checks::default();
        let legal = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
        let fits = (2..=40).contains(&self.code.len()) && self.code.chars().all(legal);
        checks.require("code", fits, || Text::new("rule.service_code"));
        checks.text("name_zh", &self.name_zh, 1, 40);
        checks.text("name_en", &self.name_en, 1, 60);
        checks.range("duration_min", f64::from(self.duration_min), 5.0, 720.0);
        checks.range("caregivers", f64::from(self.caregivers), 1.0, 2.0);
        checks.range("proof_share_percent", f64::from(self.proof_share_percent), 0.0, 100.0);
        checks.require("proof", !self.proof.is_empty(), || Text::new("rule.choose"));
        checks.finish()
    }

    pub fn written(&self) -> Value {
        json!({
            "name_zh": self.name_zh.trim(),
            "name_en": self.name_en.trim(),
            "category": self.category.name(),
            "duration_min": self.duration_min,
            "skill": self.skill.name(),
            "caregivers": self.caregivers,
            "proof": codes::join(&self.proof),
            "proof_share_percent": self.proof_share_percent,
            "retired": self.retired,
            "confirmed": self.confirmed,
        })
    }
}

/// A price from a day on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceInput {
    /// Tomorrow or later; a known price of an earlier day can only be confirmed.
    pub effective_on: NaiveDate,
    #[schema(minimum = 0, maximum = 10_000_000)]
    pub price_fen: i64,
    pub confirmed: bool,
}

impl PriceInput {
    pub fn check(&self) -> Result<()> {
        let mut checks = Checks::default();
        let fits = (0..=PRICE_FEN_MAX).contains(&self.price_fen);
        checks
            .require("price_fen", fits, || Text::new("rule.range").with("min", 0).with("max", PRICE_FEN_MAX));
        checks.finish()
    }
}

/// `30.50` of fen.
pub fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

/// Fen of an amount such as `30` or `30.5`; none where it is none or is finer than a fen.
pub fn fen(text: &str) -> Option<i64> {
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits = |text: &str| text.chars().all(|letter| letter.is_ascii_digit());
    if whole.is_empty() || whole.len() > 9 || part.len() > 2 || !digits(whole) || !digits(part) {
        return None;
    }
    let part: i64 = format!("{part:0<2}").parse().ok()?;
    Some(whole.parse::<i64>().ok()? * 100 + part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn input() -> ServiceInput {
        ServiceInput {
            code: "foot_care".into(),
            name_zh: "足部护理".into(),
            name_en: "Foot care".into(),
            category: ServiceCategory::BasicCare,
            duration_min: 40,
            skill: Skill::Personal,
            caregivers: 1,
            proof: vec![ProofKind::Place],
            proof_share_percent: 80,
            retired: false,
            confirmed: false,
        }
    }

    #[test]
    fn each_rule_names_its_field() {
        let broken = |input: ServiceInput| input.check().unwrap_err().fields[0].field;
        assert!(input().check().is_ok());
        assert_eq!(broken(ServiceInput { code: "Fuß".into(), ..input() }), "code");
        assert_eq!(broken(ServiceInput { name_zh: " ".into(), ..input() }), "name_zh");
        assert_eq!(broken(ServiceInput { duration_min: 4, ..input() }), "duration_min");
        assert_eq!(broken(ServiceInput { caregivers: 3, ..input() }), "caregivers");
        assert_eq!(broken(ServiceInput { proof: vec![], ..input() }), "proof");
    }

    #[test]
    fn an_amount_is_whole_fen() {
        assert_eq!([fen("30"), fen("30.5"), fen("0.05")], [Some(3000), Some(3050), Some(5)]);
        assert_eq!([fen(""), fen("-1"), fen("12.345"), fen("1e3"), fen(".5")], [None; 5]);
    }

    proptest! {
        #[test]
        fn an_amount_round_trips(amount in 0_i64..=PRICE_FEN_MAX) {
            prop_assert_eq!(fen(&yuan(amount)), Some(amount));
        }
    }
}
