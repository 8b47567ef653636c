//! What an elder is entitled to in a month, and what is planned against it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::Result;
use crate::input::Checks;

crate::text_enum! {
    /// Ability by GB/T 42195.
    pub enum AbilityLevel {
        Intact = "intact",
        Mild = "mild",
        Moderate = "moderate",
        Severe = "severe",
        Total = "total",
    }
}

crate::text_enum! {
    /// What an entitlement counts.
    pub enum EntitlementUnit {
        Minutes = "minutes",
        Visits = "visits",
    }
}

/// A month's minutes.
const AMOUNT_MAX: i32 = 44_640;

/// What an office writes about an entitlement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntitlementInput {
    /// Code of a category of elders, such as `lone`.
    pub category: String,
    /// Of this ability only; of any without it.
    pub level: Option<AbilityLevel>,
    pub unit: EntitlementUnit,
    /// Minutes or visits a month.
    #[schema(minimum = 0, maximum = 44640)]
    pub amount: i32,
    /// From the month of this day on.
    pub effective_on: NaiveDate,
    /// Confirmed by the office: until then it is a proposal.
    pub confirmed: bool,
}

impl EntitlementInput {
    pub fn check(&self) -> Result<()> {
        let mut checks = Checks::default();
        checks.range("amount", f64::from(self.amount), 0.0, f64::from(AMOUNT_MAX));
        checks.finish()
    }

    pub fn written(&self) -> Value {
        json!({
            "category": self.category,
            "level": self.level.map(AbilityLevel::name),
            "unit": self.unit.name(),
            "amount": self.amount,
            "effective_on": self.effective_on,
            "confirmed": self.confirmed,
        })
    }
}

/// A rule as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub category: String,
    pub level: Option<AbilityLevel>,
    pub unit: EntitlementUnit,
    pub amount: i64,
    pub effective_on: NaiveDate,
    pub confirmed: bool,
}

/// What an elder is entitled to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entitled {
    pub unit: EntitlementUnit,
    pub amount: i64,
    pub confirmed: bool,
}

impl AbilityLevel {
    /// What a level of the scale GB/T 42195 says.
    pub fn of_scale(key: &str) -> Option<AbilityLevel> {
        if key == "total_loss" { Some(AbilityLevel::Total) } else { AbilityLevel::parse(key) }
    }
}

/// What the assessment in force says; where there is none, the worst that the elder's categories speak of.
pub fn level_of(assessed: Option<&str>, spoken_of: &[AbilityLevel]) -> AbilityLevel {
    let assessed = assessed.and_then(AbilityLevel::of_scale);
    assessed.or_else(|| spoken_of.iter().copied().max()).unwrap_or(AbilityLevel::Intact)
}

/// The largest entitlement of the elder's categories in the month of `day`; minutes come before visits. Of one category the rule
/// of the level comes before the one of any level, and the latest before the earlier ones.
pub fn entitled(
    rules: &[Rule],
    categories: &[&str],
    level: AbilityLevel,
    month: NaiveDate,
) -> Option<Entitled> {
    let holds = |rule: &&Rule, category: &str| {
        rule.category == category && rule.effective_on <= month && rule.level.is_none_or(|of| of == level)
    };
    categories
        .iter()
        .filter_map(|category| {
            let of_category = rules.iter().filter(|rule| holds(rule, category));
            of_category.max_by_key(|rule| (rule.level.is_some(), rule.effective_on))
        })
        .max_by_key(|rule| (rule.unit == EntitlementUnit::Minutes, rule.amount))
        .map(|rule| Entitled { unit: rule.unit, amount: rule.amount, confirmed: rule.confirmed })
}

/// Visits and their minutes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    pub visits: i64,
    pub minutes: i64,
}

impl Amount {
    pub fn of(self, unit: EntitlementUnit) -> i64 {
        match unit {
            EntitlementUnit::Minutes => self.minutes,
            EntitlementUnit::Visits => self.visits,
        }
    }

    #[must_use]
    pub fn plus(self, other: Amount) -> Amount {
        Amount { visits: self.visits + other.visits, minutes: self.minutes + other.minutes }
    }
}

/// An elder's month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    pub entitled: Option<Entitled>,
    /// Done, under way, planned, and still to be generated.
    pub planned: Amount,
    pub done: Amount,
}

impl Balance {
    /// By how much more is planned than is entitled; 0 where it is not. Without an entitlement everything is too much.
    pub fn over(&self) -> i64 {
        match self.entitled {
            Some(entitled) => (self.planned.of(entitled.unit) - entitled.amount).max(0),
            None => self.planned.minutes,
        }
    }

    pub fn unit(&self) -> EntitlementUnit {
        self.entitled.map_or(EntitlementUnit::Minutes, |entitled| entitled.unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn rule(category: &str, level: Option<AbilityLevel>, amount: i64, from: &str) -> Rule {
        Rule {
            category: category.to_owned(),
            level,
            unit: EntitlementUnit::Minutes,
            amount,
            effective_on: day(from),
            confirmed: true,
        }
    }

    #[test]
    fn the_level_and_the_latest_rule_of_the_best_category_count() {
        let rules = [
            rule("lone", None, 600, "2025-01-01"),
            rule("lone", None, 700, "2026-12-01"),
            rule("minimum_living", None, 900, "2025-01-01"),
            rule("minimum_living", Some(AbilityLevel::Severe), 1_800, "2025-01-01"),
            Rule { unit: EntitlementUnit::Visits, ..rule("very_old", None, 30_000, "2025-01-01") },
        ];
        let amount = |categories: &[&str], level, month: &str| {
            entitled(&rules, categories, level, day(month)).map(|found| found.amount)
        };
        let intact = AbilityLevel::Intact;
        assert_eq!(amount(&["lone"], intact, "2026-11-01"), Some(600));
        assert_eq!(amount(&["lone"], intact, "2026-12-01"), Some(700));
        assert_eq!(amount(&["lone", "minimum_living"], intact, "2026-11-01"), Some(900));
        assert_eq!(amount(&["minimum_living"], AbilityLevel::Severe, "2026-11-01"), Some(1_800));
        assert_eq!(amount(&["very_old", "lone"], intact, "2026-11-01"), Some(600));
        assert_eq!(amount(&["very_old"], intact, "2026-11-01"), Some(30_000));
        assert_eq!(amount(&["bereaved"], intact, "2026-11-01"), None);
        assert_eq!(amount(&["lone"], intact, "2024-12-01"), None);
    }

    #[test]
    fn an_assessment_counts_before_what_categories_speak_of() {
        let spoken_of = [AbilityLevel::Moderate, AbilityLevel::Severe];
        assert_eq!(level_of(None, &[]), AbilityLevel::Intact);
        assert_eq!(level_of(None, &spoken_of), AbilityLevel::Severe);
        assert_eq!(level_of(Some("mild"), &spoken_of), AbilityLevel::Mild);
        assert_eq!(level_of(Some("total_loss"), &spoken_of), AbilityLevel::Total);
        assert_eq!(level_of(Some("of another scale"), &spoken_of), AbilityLevel::Severe);
    }

    #[test]
    fn over_is_what_exceeds_and_never_less_than_nothing() {
        let entitled = |unit, amount| Some(Entitled { unit, amount, confirmed: true });
        let planned = Amount { visits: 10, minutes: 700 };
        let balance = |entitled| Balance { entitled, planned, done: Amount::default() };
        assert_eq!(balance(entitled(EntitlementUnit::Minutes, 600)).over(), 100);
        assert_eq!(balance(entitled(EntitlementUnit::Minutes, 800)).over(), 0);
        assert_eq!(balance(entitled(EntitlementUnit::Visits, 8)).over(), 2);
        assert_eq!(balance(None).over(), 700);
    }
}
