//! An assessment with everything that its pages show of it.

use std::collections::HashMap;

use crate::access::Permission;
use crate::assessments::compare::{Found, contradictions};
use crate::assessments::model::{Item, Note, NoteKind, NoteValue, Package, Rule};
use crate::assessments::store::{
    AssessmentListed, AssessmentRow, EventRow, Written, actor_names, events_of, get_assessment, previous_of,
    with_names,
};
use crate::error::{Error, Result};
use crate::web::{Visitor, Words};

use super::words::package_of;

/// One assessment, what came before it, and what speaks against it.
pub struct Shown {
    pub listed: AssessmentListed,
    pub written: Option<Written>,
    pub previous: Option<(AssessmentRow, Written)>,
    pub contradictions: Vec<Found>,
    pub events: Vec<EventRow>,
    /// Of logins.
    pub names: HashMap<String, String>,
}

impl Shown {
    pub fn row(&self) -> &AssessmentRow {
        &self.listed.row
    }

    /// The name of whoever has this login; the login itself of somebody who is gone.
    pub fn person(&self, login: Option<&String>) -> String {
        login.map(|login| self.names.get(login).unwrap_or(login).clone()).unwrap_or_default()
    }
}

/// Loads it within the asker's reach.
pub async fn load(visitor: &Visitor, id: i64) -> Result<Shown> {
    let (scope, words) = (visitor.scope(), Words::of(visitor));
    visitor
        .app
        .db
        .read(move |connection| {
            let row = get_assessment(connection, &scope, Permission::SeeAssessments, id, words.now)?;
            let written = row.written()?;
            let previous = match previous_of(connection, &row)? {
                Some(before) => before.written()?.map(|written| (before, written)),
                None => None,
            };
            let contradictions = contradictions(connection, &words.assessing, &row)?;
            let events = events_of(connection, id)?;
            let mut logins: Vec<String> = events.iter().map(|event| event.actor.clone()).collect();
            logins.sort_unstable();
            logins.dedup();
            let names = actor_names(connection, &logins)?;
            let listed = with_names(connection, vec![row])?.pop().ok_or_else(Error::not_found)?;
            Ok(Shown { listed, written, previous, contradictions, events, names })
        })
        .await
}

/// A part of the scale with its answers.
pub struct PartSheet {
    pub heading: String,
    pub sum: String,
    pub previous_sum: String,
    pub items: Vec<ItemSheet>,
}

pub struct ItemSheet {
    pub number: usize,
    pub name: String,
    pub about: String,
    pub options: Vec<(i32, String)>,
    pub points: Option<i32>,
    pub answer: String,
    pub previous_points: Option<i32>,
    pub previous_answer: String,
}

impl ItemSheet {
    /// Fewer points than before are less ability.
    pub fn change(&self) -> i32 {
        self.points.zip(self.previous_points).map_or(0, |(now, before)| now - before)
    }

    pub fn points_text(&self) -> String {
        self.points.map(|points| points.to_string()).unwrap_or_default()
    }

    pub fn previous_text(&self) -> String {
        self.previous_points.map(|points| points.to_string()).unwrap_or_default()
    }
}

/// The parts of the record's scale, as answered now and before.
pub fn parts(words: &Words, shown: &Shown) -> Vec<PartSheet> {
    let Some(package) = package_of(words, shown.row()) else { return Vec::new() };
    let previous = shown.previous.as_ref().map(|(_, written)| written);
    let mut number = 0;
    let parts = package.parts.iter().map(|part| {
        let sum = |written: Option<&Written>| {
            let sum = written.and_then(|written| written.parts.get(&part.key));
            sum.map(|sum| sum_text(words, package, *sum, part.maximum)).unwrap_or_default()
        };
        let items = part.items.iter().map(|one| {
            number += 1;
            item(words, one, number, (shown.written.as_ref(), previous))
        });
        let items = items.collect();
        PartSheet {
            heading: format!("{} {}", part.clause, part.name.to(words.lang)).trim().to_owned(),
            sum: sum(shown.written.as_ref()),
            previous_sum: sum(previous),
            items,
        }
    });
    parts.collect()
}

fn item(
    words: &Words,
    item: &Item,
    number: usize,
    (now, before): (Option<&Written>, Option<&Written>),
) -> ItemSheet {
    let points =
        |written: Option<&Written>| written.and_then(|written| written.answers.get(&item.key)).copied();
    let answer = |points: Option<i32>| {
        let found = points.and_then(|points| item.answers.iter().find(|answer| answer.points == points));
        found.map(|answer| answer.text.to(words.lang).to_owned()).unwrap_or_default()
    };
    let (points_now, points_before) = (points(now), points(before));
    ItemSheet {
        number,
        name: item.name.to(words.lang).to_owned(),
        about: item.about.to(words.lang).to_owned(),
        options: item
            .answers
            .iter()
            .map(|answer| (answer.points, answer.text.to(words.lang).to_owned()))
            .collect(),
        points: points_now,
        answer: answer(points_now),
        previous_points: points_before,
        previous_answer: answer(points_before),
    }
}

/// `28 / 32`, or how many of how many are not met.
pub fn sum_text(words: &Words, package: &Package, sum: i32, of: i32) -> String {
    match package.rule {
        Rule::Points => format!("{sum} / {of}"),
        Rule::Unmet | Rule::Gate { .. } => {
            words.lang.fill("assessment.unmet_of", &[("n", &sum.to_string()), ("of", &of.to_string())])
        }
    }
}

/// Findings that were recorded: name and value.
pub fn facts(words: &Words, shown: &Shown) -> Vec<(String, String)> {
    let (Some(package), Some(written)) = (package_of(words, shown.row()), &shown.written) else {
        return Vec::new();
    };
    let facts = package.facts.iter().map(|fact| {
        let number = written.facts.get(&fact.key).copied().unwrap_or_default();
        let value = match fact.kind {
            crate::assessments::model::FactKind::Flag => {
                words.name_of("yes_no", if number > 0 { "true" } else { "false" })
            }
            crate::assessments::model::FactKind::Count => number.to_string(),
        };
        (fact.name.to(words.lang).to_owned(), value)
    });
    facts.collect()
}

/// Notes that were written down: name and value.
pub fn notes(words: &Words, shown: &Shown) -> Vec<(String, String)> {
    let (Some(package), Some(written)) = (package_of(words, shown.row()), &shown.written) else {
        return Vec::new();
    };
    let notes = package.notes.iter().map(|note| {
        let value = written.notes.get(&note.key).map(|value| note_text(words, note, value));
        (note.name.to(words.lang).to_owned(), value.unwrap_or_default())
    });
    notes.collect()
}

fn note_text(words: &Words, note: &Note, value: &NoteValue) -> String {
    let name = |key: &String| {
        let option = note.options.iter().find(|option| option.key == *key);
        option.map_or_else(|| key.clone(), |option| option.name.to(words.lang).to_owned())
    };
    match value {
        NoteValue::Number(number) => number.to_string(),
        NoteValue::Text(text) if note.kind == NoteKind::Choice => name(text),
        NoteValue::Text(text) => text.clone(),
        NoteValue::Many(keys) => keys.iter().map(name).collect::<Vec<_>>().join(&words.t("list.separator")),
    }
}

/// What made the level worse, in words.
pub fn adjustments(words: &Words, shown: &Shown) -> Vec<String> {
    let (Some(package), Some(written)) = (package_of(words, shown.row()), &shown.written) else {
        return Vec::new();
    };
    let applied = package.adjustments.iter().filter(|one| written.adjustments.contains(&one.key));
    applied.map(|one| one.name.to(words.lang).to_owned()).collect()
}

/// The contradictions in words, each with the page of the other assessment.
pub fn contradiction_lines(words: &Words, shown: &Shown) -> Vec<(String, Option<String>, String)> {
    let lines = shown.contradictions.iter().map(|found| {
        let text = found.text.to(words.lang).to_owned();
        match &found.other {
            Some((id, day)) => {
                let day = day.map(|day| day.to_string()).unwrap_or_default();
                let label =
                    words.lang.fill("assessment.other_one", &[("number", &id.to_string()), ("day", &day)]);
                (text, Some(format!("/assessments/{id}")), label)
            }
            None => (text, None, words.t("assessment.this_one")),
        }
    });
    lines.collect()
}
