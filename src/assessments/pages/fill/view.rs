//! The form as its template shows it.

use crate::assessments::Answers;
use crate::assessments::model::{Fact, FactKind, Item, Note, NoteKind, NoteValue, Package};
use crate::web::Words;

pub struct FillView {
    pub heading: String,
    pub source: String,
    pub action: String,
    pub cancel_href: String,
    pub version: i64,
    pub error: Option<String>,
    /// Of a correction.
    pub reason: Option<String>,
    pub assessed_on: String,
    pub parts: Vec<PartView>,
    pub facts: Vec<FactView>,
    pub notes: Vec<NoteView>,
    pub items: usize,
    pub answered: usize,
    pub progress: String,
}

pub struct PartView {
    pub heading: String,
    pub items: Vec<ItemView>,
}

pub struct ItemView {
    pub key: String,
    pub number: usize,
    pub name: String,
    pub about: String,
    pub look_back: Option<String>,
    pub is_missing: bool,
    pub answers: Vec<AnswerView>,
}

pub struct AnswerView {
    pub points: i32,
    pub points_text: String,
    pub text: String,
    pub chosen: bool,
}

pub struct FactView {
    pub key: String,
    pub name: String,
    pub is_flag: bool,
    pub is_held: bool,
    pub value: String,
    pub maximum: i32,
}

pub struct NoteView {
    pub key: String,
    pub name: String,
    /// choice, choices, decimal, text
    pub kind: &'static str,
    pub value: String,
    pub options: Vec<(String, String, bool)>,
}

impl FillView {
    pub fn new(words: &Words, package: &Package, given: &Answers, marks_missing: bool) -> FillView {
        let mut number = 0;
        let parts = package.parts.iter().map(|part| {
            let items = part.items.iter().map(|one| {
                number += 1;
                item(words, one, number, given, marks_missing)
            });
            let items = items.collect();
            let heading = format!("{} {}", part.clause, part.name.to(words.lang)).trim().to_owned();
            PartView { heading, items }
        });
        let parts: Vec<PartView> = parts.collect();
        let today = words.calendar.day_of(words.now);
        let answered = package.items().filter(|item| given.answers.contains_key(&item.key)).count();
        let items = package.items().count();
        FillView {
            heading: String::new(),
            source: package.source.to(words.lang).to_owned(),
            action: String::new(),
            cancel_href: String::new(),
            version: 0,
            error: None,
            reason: None,
            assessed_on: given.assessed_on.unwrap_or(today).to_string(),
            parts,
            facts: package.facts.iter().map(|one| fact(words, one, given)).collect(),
            notes: package.notes.iter().map(|one| note(words, one, given)).collect(),
            progress: words
                .lang
                .fill("assessment.progress", &[("n", &answered.to_string()), ("of", &items.to_string())]),
            items,
            answered,
        }
    }
}

fn item(words: &Words, item: &Item, number: usize, given: &Answers, marks_missing: bool) -> ItemView {
    let chosen = given.answers.get(&item.key);
    let answers = item.answers.iter().map(|answer| AnswerView {
        points: answer.points,
        points_text: words.lang.fill("assessment.points", &[("n", &answer.points.to_string())]),
        text: answer.text.to(words.lang).to_owned(),
        chosen: chosen == Some(&answer.points),
    });
    ItemView {
        key: item.key.clone(),
        number,
        name: item.name.to(words.lang).to_owned(),
        about: item.about.to(words.lang).to_owned(),
        look_back: item
            .look_back_days
            .map(|days| words.lang.fill("assessment.look_back", &[("days", &days.to_string())])),
        is_missing: marks_missing && chosen.is_none(),
        answers: answers.collect(),
    }
}

fn fact(words: &Words, fact: &Fact, given: &Answers) -> FactView {
    let value = given.facts.get(&fact.key).copied().unwrap_or_default();
    FactView {
        key: fact.key.clone(),
        name: fact.name.to(words.lang).to_owned(),
        is_flag: fact.kind == FactKind::Flag,
        is_held: value > 0,
        value: value.to_string(),
        maximum: fact.highest(),
    }
}

fn note(words: &Words, note: &Note, given: &Answers) -> NoteView {
    let value = given.notes.get(&note.key);
    let options = note.options.iter().map(|option| {
        let held = value.is_some_and(|value| value.holds(&option.key));
        (option.key.clone(), option.name.to(words.lang).to_owned(), held)
    });
    NoteView {
        key: note.key.clone(),
        name: note.name.to(words.lang).to_owned(),
        kind: match note.kind {
            NoteKind::Choice => "choice",
            NoteKind::Choices => "choices",
            NoteKind::Decimal => "decimal",
            NoteKind::Text => "text",
        },
        value: match value {
            Some(NoteValue::Text(text)) => text.clone(),
            Some(NoteValue::Number(number)) if *number >= 0.0 => number.to_string(),
            _ => String::new(),
        },
        options: options.collect(),
    }
}
