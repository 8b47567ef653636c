//! Whether a package is whole: a hole would score somebody wrongly in silence.

use std::collections::BTreeSet;
use std::fmt;

use super::package::{Adjustment, Item, Names, Note, NoteKind, Package, Part, Rule};

/// What is missing or wrong in a package, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hole {
    /// Such as `gbt42195 2022, item stairs`.
    pub place: String,
    pub rule: String,
}

impl fmt::Display for Hole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.rule)
    }
}

type Checked = Result<(), Hole>;

impl Package {
    /// The first hole.
    pub fn check(&self) -> Checked {
        let holds = |place: &str, holds: bool, rule: &str| self.holds(place, holds, rule);
        holds("code", is_key(&self.code), "must be lower-case letters, digits and _")?;
        holds("version", !self.version.trim().is_empty(), "must not be empty")?;
        self.named("name", &self.name)?;
        self.named("source", &self.source)?;
        holds("parts", !self.parts.is_empty(), "must not be empty")?;
        self.keys_differ()?;
        for part in &self.parts {
            self.check_part(part)?;
        }
        self.check_levels()?;
        for fact in &self.facts {
            let place = format!("fact {}", fact.key);
            self.named(&place, &fact.name)?;
            holds(&place, fact.highest() >= 1, "a count needs a maximum of at least 1")?;
        }
        for adjustment in &self.adjustments {
            self.check_adjustment(adjustment)?;
        }
        self.notes.iter().try_for_each(|note| self.check_note(note))
    }

    fn holds(&self, place: &str, holds: bool, rule: &str) -> Checked {
        let hole = || Hole { place: format!("{}, {place}", self.title()), rule: rule.to_owned() };
        if holds { Ok(()) } else { Err(hole()) }
    }

    fn named(&self, place: &str, names: &Names) -> Checked {
        let both = !names.zh.trim().is_empty() && !names.en.trim().is_empty();
        self.holds(place, both, "needs a text in both languages")
    }

    fn keys_differ(&self) -> Checked {
        let parts = self.parts.iter().map(|part| ("part", &part.key));
        let items = self.items().map(|item| ("item", &item.key));
        let levels = self.levels.iter().map(|level| ("level", &level.key));
        let facts = self.facts.iter().map(|fact| ("fact", &fact.key));
        let notes = self.notes.iter().map(|note| ("note", &note.key));
        let mut seen = BTreeSet::new();
        for (kind, key) in parts.chain(items).chain(facts).chain(notes) {
            let place = format!("{kind} {key}");
            self.holds(&place, is_key(key), "a key is lower-case letters, digits and _")?;
            self.holds(&place, seen.insert((kind, key)), "stands twice")?;
        }
        let mut known = BTreeSet::new();
        levels.into_iter().try_for_each(|(_, key)| {
            self.holds(&format!("level {key}"), !key.is_empty() && known.insert(key), "stands twice")
        })
    }

    fn check_part(&self, part: &Part) -> Checked {
        let place = format!("part {}", part.key);
        self.named(&place, &part.name)?;
        self.holds(&place, !part.items.is_empty(), "has no items")?;
        part.items.iter().try_for_each(|item| self.check_item(item))?;
        let sum: i32 = part.items.iter().map(|item| item.maximum).sum();
        let rule = format!("its maximum is {}, that of its items together {sum}", part.maximum);
        self.holds(&place, sum == part.maximum, &rule)
    }

    fn check_item(&self, item: &Item) -> Checked {
        let place = format!("item {}", item.key);
        self.named(&place, &item.name)?;
        self.named(&place, &item.about)?;
        let is_single = self.rule == Rule::Points || item.maximum == 1;
        self.holds(&place, is_single, "its maximum must be 1, since what is not met is counted")?;
        self.holds(&place, item.maximum >= 1, "its maximum must be at least 1")?;
        let points: Vec<i32> = item.answers.iter().map(|answer| answer.points).collect();
        let wanted: Vec<i32> = (0..=item.maximum).rev().collect();
        let rule = format!("needs an answer for each of {wanted:?}, best first; it has {points:?}");
        self.holds(&place, points == wanted, &rule)?;
        item.answers
            .iter()
            .try_for_each(|answer| self.named(&format!("{place}, answer {}", answer.points), &answer.text))
    }

    fn check_levels(&self) -> Checked {
        self.holds("levels", self.levels.len() >= 2, "needs at least two")?;
        for level in &self.levels {
            self.named(&format!("level {}", level.key), &level.name)?;
        }
        match &self.rule {
            Rule::Points => self.check_cut_offs(self.levels.iter().rev().map(|level| (level.from, level.to))),
            Rule::Unmet => self.check_cut_offs(self.levels.iter().map(|level| (level.from, level.to))),
            Rule::Gate { table } => self.check_table(table),
        }
    }

    /// The levels in order of their numbers leave no number out and none in two.
    fn check_cut_offs(&self, levels: impl Iterator<Item = (Option<i32>, Option<i32>)>) -> Checked {
        let mut next = 0;
        for (from, to) in levels {
            let (Some(from), Some(to)) = (from, to) else {
                return self.holds("levels", false, "each needs its cut-offs, from and to");
            };
            let rule = format!("the one that begins at {from} should begin at {next}");
            self.holds("levels", from == next && to >= from, &rule)?;
            next = to + 1;
        }
        let last = self.maximum();
        self.holds("levels", next == last + 1, &format!("they must reach to {last}"))
    }

    fn check_table(&self, table: &[Vec<String>]) -> Checked {
        self.holds("parts", self.parts.len() == 2, "a gate has two")?;
        let counts = self.parts.iter().map(|part| part.items.len() + 1).collect::<Vec<_>>();
        let is_full = table.len() == counts[0] && table.iter().all(|row| row.len() == counts[1]);
        let rule = format!("must have {} rows of {}", counts[0], counts[1]);
        self.holds("table", is_full, &rule)?;
        let ranks: Option<Vec<Vec<usize>>> =
            table.iter().map(|row| row.iter().map(|level| self.rank(level)).collect()).collect();
        let Some(ranks) = ranks else {
            return self.holds("table", false, "names a level that there is not");
        };
        let rows = ranks.iter().all(|row| row.is_sorted());
        let columns = (0..counts[1]).all(|column| ranks.iter().map(|row| row[column]).is_sorted());
        self.holds("table", rows && columns, "more that is not met must never give a better level")
    }

    fn check_adjustment(&self, adjustment: &Adjustment) -> Checked {
        let place = format!("adjustment {}", adjustment.key);
        self.named(&place, &adjustment.name)?;
        let known = adjustment.sum_of.iter().all(|key| self.fact(key).is_some());
        self.holds(&place, known && !adjustment.sum_of.is_empty(), "names a fact that there is not")?;
        self.holds(&place, adjustment.at_least >= 1, "would hold for everybody")?;
        match (&adjustment.level, adjustment.worsen) {
            (Some(level), None) => {
                self.holds(&place, self.rank(level).is_some(), "names a level that there is not")
            }
            (None, Some(steps)) => self.holds(&place, steps >= 1, "must worsen by at least 1"),
            _ => self.holds(&place, false, "needs either a level or the steps to worsen by"),
        }
    }

    fn check_note(&self, note: &Note) -> Checked {
        let place = format!("note {}", note.key);
        self.named(&place, &note.name)?;
        let mut seen = BTreeSet::new();
        for option in &note.options {
            let place = format!("{place}, option {}", option.key);
            self.named(&place, &option.name)?;
            self.holds(&place, seen.insert(&option.key), "stands twice")?;
        }
        match note.kind {
            NoteKind::Choice | NoteKind::Choices => {
                self.holds(&place, note.options.len() >= 2, "needs at least two options")
            }
            NoteKind::Decimal => {
                let bounded = note.minimum.zip(note.maximum).is_some_and(|(from, to)| from < to);
                self.holds(&place, bounded, "needs a minimum below its maximum")
            }
            NoteKind::Text => {
                let fits = note.maximum.is_some_and(|letters| (1.0..=2_000.0).contains(&letters));
                self.holds(&place, fits, "needs a maximum of 1 to 2000 letters")
            }
        }
    }
}

fn is_key(key: &str) -> bool {
    !key.is_empty()
        && key.len() <= 40
        && key.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
}
