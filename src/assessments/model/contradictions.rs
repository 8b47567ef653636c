//! What two assessments of one elder say against each other. The rules are data; they are shown and change no score.

use serde::{Deserialize, Serialize};

use super::notes::Notes;
use super::package::{Names, Package};
use super::package_check::Hole;
use super::score::Values;

/// The rules, and what is to be said about them as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contradictions {
    pub about: Names,
    pub rules: Vec<Contradiction>,
}

/// Two findings that do not go together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contradiction {
    pub key: String,
    pub text: Names,
    pub one: Finding,
    pub other: Finding,
}

/// An item or fact with one of some numbers, or a note that holds an option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    pub scale: String,
    pub item: Option<String>,
    pub fact: Option<String>,
    pub note: Option<String>,
    #[serde(default)]
    pub points: Vec<i32>,
    pub holds: Option<String>,
}

/// What an assessment says.
#[derive(Clone, Copy, Debug)]
pub struct Sheet<'a> {
    pub scale: &'a str,
    pub answers: &'a Values,
    pub facts: &'a Values,
    pub notes: &'a Notes,
}

impl Finding {
    fn is_in(&self, sheet: &Sheet<'_>) -> bool {
        if self.scale != sheet.scale {
            return false;
        }
        let item = self.item.as_ref().and_then(|key| sheet.answers.get(key));
        let fact = self.fact.as_ref().and_then(|key| sheet.facts.get(key));
        let note = self.note.as_ref().and_then(|key| sheet.notes.get(key));
        item.or(fact).is_some_and(|number| self.points.contains(number))
            || note.zip(self.holds.as_ref()).is_some_and(|(value, option)| value.holds(option))
    }

    /// Whether the package has what the finding names.
    fn is_known_to(&self, package: &Package) -> bool {
        let fits = |maximum: i32| {
            !self.points.is_empty() && self.points.iter().all(|number| (0..=maximum).contains(number))
        };
        match (&self.item, &self.fact, &self.note) {
            (Some(key), None, None) => package.item(key).is_some_and(|item| fits(item.maximum)),
            (None, Some(key), None) => package.fact(key).is_some_and(|fact| fits(fact.highest())),
            (None, None, Some(key)) => package.notes.iter().any(|note| {
                note.key == *key && note.options.iter().any(|option| Some(&option.key) == self.holds.as_ref())
            }),
            _ => false,
        }
    }
}

impl Contradictions {
    /// The first rule that names what no package has.
    pub fn check(&self, packages: &[Package]) -> Result<(), Hole> {
        for rule in &self.rules {
            let place = format!("contradiction {}", rule.key);
            let is_named = !rule.text.zh.trim().is_empty() && !rule.text.en.trim().is_empty();
            let known = |finding: &Finding| {
                packages.iter().any(|package| package.code == finding.scale && finding.is_known_to(package))
            };
            if !is_named {
                return Err(Hole { place, rule: "needs a text in both languages".to_owned() });
            }
            if !known(&rule.one) || !known(&rule.other) {
                return Err(Hole { place, rule: "names what no scale has".to_owned() });
            }
        }
        Ok(())
    }

    /// What `subject` says against itself or against one of `others`, each with the place among the others.
    pub fn between<'r>(
        &'r self,
        subject: &Sheet<'_>,
        others: &[Sheet<'_>],
    ) -> Vec<(&'r Contradiction, Option<usize>)> {
        let mut found = Vec::new();
        for rule in &self.rules {
            if rule.one.is_in(subject) && rule.other.is_in(subject) {
                found.push((rule, None));
            }
            for (index, other) in others.iter().enumerate() {
                let crosses = |a: &Finding, b: &Finding| a.is_in(subject) && b.is_in(other);
                if crosses(&rule.one, &rule.other) || crosses(&rule.other, &rule.one) {
                    found.push((rule, Some(index)));
                }
            }
        }
        found
    }
}
