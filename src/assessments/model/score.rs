//! The one engine that scores every scale: answers and facts in, a level out. It knows no scale.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::package::{Package, Part, Rule};
use crate::error::Error;
use crate::text::{Lang, Text};

/// Points by item, or numbers by fact.
pub type Values = BTreeMap<String, i32>;

/// What the answers come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Points, or how many are not met, by part.
    pub parts: BTreeMap<String, i32>,
    pub total: i32,
    /// The level by the cut-offs or the table alone.
    pub unadjusted: String,
    pub level: String,
    /// What made the level worse, in order.
    pub adjustments: Vec<String>,
}

/// Why there is no score; the keys are the sender's or the package's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Unscored {
    pub missing: Vec<String>,
    pub out_of_range: Vec<String>,
    pub unknown: Vec<String>,
}

/// Scores answers and facts; a fact that is not given is 0. All worsening adjustments together worsen by at most
/// `worsening_steps_max`.
pub fn score(
    package: &Package,
    answers: &Values,
    facts: &Values,
    worsening_steps_max: u32,
) -> Result<Outcome, Unscored> {
    check(package, answers, facts)?;
    let parts: BTreeMap<String, i32> = package
        .parts
        .iter()
        .map(|part| (part.key.clone(), part_total(&package.rule, part, answers)))
        .collect();
    let total = parts.values().sum();
    let base = base_rank(package, &parts, total);
    let (rank, adjustments) = adjust(package, facts, base, worsening_steps_max);
    let key = |rank: usize| package.levels.get(rank).map(|level| level.key.clone()).unwrap_or_default();
    Ok(Outcome { unadjusted: key(base), level: key(rank), parts, total, adjustments })
}

fn check(package: &Package, answers: &Values, facts: &Values) -> Result<(), Unscored> {
    let mut refusal = Unscored::default();
    for item in package.items() {
        match answers.get(&item.key) {
            None => refusal.missing.push(item.key.clone()),
            Some(points) if !(0..=item.maximum).contains(points) => {
                refusal.out_of_range.push(item.key.clone());
            }
            Some(_) => {}
        }
    }
    for (key, number) in facts {
        match package.fact(key) {
            None => refusal.unknown.push(key.clone()),
            Some(fact) if !(0..=fact.highest()).contains(number) => refusal.out_of_range.push(key.clone()),
            Some(_) => {}
        }
    }
    refusal.unknown.extend(answers.keys().filter(|key| package.item(key).is_none()).cloned());
    if refusal == Unscored::default() { Ok(()) } else { Err(refusal) }
}

fn part_total(rule: &Rule, part: &Part, answers: &Values) -> i32 {
    let points = part.items.iter().map(|item| answers.get(&item.key).copied().unwrap_or_default());
    match rule {
        Rule::Points => points.sum(),
        Rule::Unmet | Rule::Gate { .. } => points.map(|points| i32::from(points == 0)).sum(),
    }
}

/// A checked package has a level for every total.
fn base_rank(package: &Package, parts: &BTreeMap<String, i32>, total: i32) -> usize {
    let rank = match &package.rule {
        Rule::Points | Rule::Unmet => package.levels.iter().position(|level| {
            level.from.is_some_and(|from| from <= total) && level.to.is_some_and(|to| total <= to)
        }),
        Rule::Gate { table } => {
            let mut counts = package.parts.iter().map(|part| {
                usize::try_from(parts.get(&part.key).copied().unwrap_or_default()).unwrap_or_default()
            });
            let (row, column) = (counts.next().unwrap_or_default(), counts.next().unwrap_or_default());
            table.get(row).and_then(|row| row.get(column)).and_then(|level| package.rank(level))
        }
    };
    rank.unwrap_or(package.levels.len().saturating_sub(1))
}

fn adjust(package: &Package, facts: &Values, base: usize, steps_max: u32) -> (usize, Vec<String>) {
    let worst = package.levels.len().saturating_sub(1);
    let (mut rank, mut steps_left, mut applied) = (base, steps_max as usize, Vec::new());
    for adjustment in &package.adjustments {
        let sum: i32 = adjustment.sum_of.iter().filter_map(|key| facts.get(key)).sum();
        if sum < adjustment.at_least {
            continue;
        }
        let before = rank;
        if let Some(level) = adjustment.level.as_deref().and_then(|level| package.rank(level)) {
            rank = rank.max(level);
        }
        if let Some(steps) = adjustment.worsen {
            let steps = (steps as usize).min(steps_left).min(worst - rank);
            steps_left -= steps;
            rank += steps;
        }
        if rank > before {
            applied.push(adjustment.key.clone());
        }
    }
    (rank, applied)
}

impl Unscored {
    /// One message that names the items, by the names that the package gives them.
    pub fn error(&self, package: &Package) -> Error {
        let names = |keys: &[String], lang: Lang| {
            let name = |key: &String| {
                let item = package.item(key).map(|item| &item.name);
                let names = item.or_else(|| package.fact(key).map(|fact| &fact.name));
                // What the package does not know is shown as it was sent, cut short.
                names.map_or_else(|| key.chars().take(40).collect(), |names| names.to(lang).to_owned())
            };
            keys.iter().map(name).collect::<Vec<String>>().join(&lang.t("list.separator"))
        };
        let (key, keys) = match (self.missing.as_slice(), self.out_of_range.as_slice()) {
            ([], []) => ("assessment.unknown_items", &self.unknown),
            ([], _) => ("assessment.items_out_of_range", &self.out_of_range),
            _ => ("assessment.missing_items", &self.missing),
        };
        let text = Text::new(key).with("n", keys.len());
        let text = text.with_both("items", &names(keys, Lang::Chinese), &names(keys, Lang::English));
        Error::field("answers", text)
    }
}
