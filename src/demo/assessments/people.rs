//! How able an elder of the demo city is, and what that comes to on each scale.

use crate::assessments::{NoteKind, NoteValue, Notes, Package, Values};
use crate::demo::dice::Dice;

/// Lost ability of body and mind, 0 to 1.
pub(super) struct Able {
    body: f64,
    mind: f64,
    dementia: bool,
}

impl Able {
    pub fn draw(dice: &mut Dice, categories: &str) -> Able {
        let has = |name: &str| categories.split(',').any(|one| one == name);
        let mut between = |from: f64, to: f64| from + (to - from) * dice.fraction();
        let body = if has("disabled") {
            between(0.5, 0.98)
        } else if has("semi_disabled") {
            between(0.22, 0.55)
        } else {
            (between(-0.12, 0.25)).max(0.0)
        };
        let dementia = has("dementia");
        let mind = if dementia { between(0.4, 0.85) } else { body * between(0.1, 0.7) };
        Able { body, mind, dementia }
    }

    /// Points for every item; somebody who lost nothing has them all.
    pub fn answers(&self, dice: &mut Dice, package: &Package) -> Values {
        let mut answers = Values::new();
        for part in &package.parts {
            let loss = match part.key.as_str() {
                "mental_state" => self.mind,
                "participation" => f64::midpoint(self.body, self.mind),
                _ => self.body,
            };
            for item in &part.items {
                let noise = if loss == 0.0 { 0.0 } else { 0.3 * (dice.fraction() - 0.5) };
                let kept = (1.0 - loss - noise).clamp(0.0, 1.0);
                answers.insert(item.key.clone(), (kept * f64::from(item.maximum)).round() as i32);
            }
        }
        answers
    }

    pub fn facts(&self, dice: &mut Dice) -> Values {
        let mut facts = Values::new();
        if self.dementia && dice.hits(70) {
            facts.insert("dementia".to_owned(), 1);
        }
        if dice.hits(9) {
            facts.insert("falls".to_owned(), dice.within(1, 4) as i32);
        }
        facts
    }
}

/// Answers of half a year before: here and there one point more.
pub(super) fn better(dice: &mut Dice, package: &Package, answers: &Values) -> Values {
    let mut before = answers.clone();
    for item in package.items() {
        if let Some(points) = before.get_mut(&item.key)
            && dice.hits(25)
        {
            *points = (*points + 1).min(item.maximum);
        }
    }
    before
}

/// Health notes: mostly nothing to be said, which is an option of its own.
pub(super) fn notes(dice: &mut Dice, package: &Package) -> Notes {
    let mut notes = Notes::new();
    for note in &package.notes {
        let option = match note.options.first() {
            Some(first) if dice.hits(80) => Some(first),
            Some(_) => Some(dice.pick(&note.options)),
            None => None,
        };
        let value = match (note.kind, option) {
            (NoteKind::Choice, Some(option)) => NoteValue::Text(option.key.clone()),
            (NoteKind::Choices, Some(option)) => NoteValue::Many(vec![option.key.clone()]),
            (NoteKind::Decimal, _) => NoteValue::Number(dice.within(170, 290) as f64 / 10.0),
            _ => continue,
        };
        notes.insert(note.key.clone(), value);
    }
    notes
}

/// Percent of the indicators that another visitor saw otherwise.
const OTHERWISE: i64 = 3;

/// The six indicators as the answers of the ability assessment suggest.
pub(super) fn hardship(dice: &mut Dice, package: &Package, ability: &Values) -> Values {
    derived(dice, package, ability, |key| match key {
        "dressing" => &["upper_clothing", "lower_clothing"],
        "bed" => &["bed_repositioning", "transfer"],
        "toileting" => &["toileting"],
        "walking_indoors" => &["walking"],
        "bathing" => &["bathing"],
        _ => &["eating"],
    })
}

/// The self-screening as the answers of the ability assessment suggest.
pub(super) fn screening(dice: &mut Dice, package: &Package, ability: &Values) -> Values {
    derived(dice, package, ability, |key| match key {
        "continence" => &["urine_control", "stool_control"],
        "dressing" => &["upper_clothing", "lower_clothing"],
        "toileting" => &["toileting"],
        "transfer" => &["transfer"],
        "bathing" => &["bathing"],
        _ => &["eating"],
    })
}

fn derived(
    dice: &mut Dice,
    package: &Package,
    ability: &Values,
    like: impl Fn(&str) -> &'static [&'static str],
) -> Values {
    let mut answers = Values::new();
    for item in package.items() {
        let least = like(&item.key).iter().filter_map(|key| ability.get(*key)).min().copied().unwrap_or(4);
        let is_met = (least >= 3) != dice.hits(OTHERWISE);
        answers.insert(item.key.clone(), i32::from(is_met));
    }
    answers
}
