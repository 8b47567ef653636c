//! What is written down beside the score.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::package::{Note, NoteKind, Package};
use crate::error::{Error, Result};
use crate::text::Text;

/// The option that excludes all others.
const NONE: &str = "none";

/// An option, several of them, a number, or words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum NoteValue {
    Number(f64),
    Text(String),
    Many(Vec<String>),
}

pub type Notes = BTreeMap<String, NoteValue>;

impl NoteValue {
    /// Whether it is the option or holds it.
    pub fn holds(&self, option: &str) -> bool {
        match self {
            NoteValue::Number(_) => false,
            NoteValue::Text(text) => text == option,
            NoteValue::Many(options) => options.iter().any(|one| one == option),
        }
    }
}

/// Refuses the first note that the package does not know or whose value is none of its values.
pub fn check_notes(package: &Package, notes: &Notes) -> Result<()> {
    for (key, value) in notes {
        let Some(note) = package.notes.iter().find(|note| note.key == *key) else {
            let shown: String = key.chars().take(40).collect();
            return Err(Error::field("notes", Text::new("assessment.unknown_note").with("name", shown)));
        };
        if !fits(note, value) {
            let text = Text::new("assessment.note_value").with_both("note", &note.name.zh, &note.name.en);
            return Err(Error::field("notes", text));
        }
    }
    Ok(())
}

fn fits(note: &Note, value: &NoteValue) -> bool {
    let known = |key: &String| note.options.iter().any(|option| option.key == *key);
    match (note.kind, value) {
        (NoteKind::Choice, NoteValue::Text(key)) => known(key),
        (NoteKind::Choices, NoteValue::Many(keys)) => {
            let alone = keys.len() == 1 || !keys.iter().any(|key| key == NONE);
            let mut sorted = keys.clone();
            sorted.sort_unstable();
            sorted.dedup();
            alone && sorted.len() == keys.len() && keys.iter().all(known)
        }
        (NoteKind::Decimal, NoteValue::Number(number)) => {
            note.minimum.is_some_and(|least| *number >= least)
                && note.maximum.is_some_and(|most| *number <= most)
        }
        (NoteKind::Text, NoteValue::Text(text)) => {
            let clean = !text.chars().any(|letter| letter.is_control() && letter != '\n' && letter != '\r');
            clean && note.maximum.is_some_and(|most| text.chars().count() as f64 <= most)
        }
        _ => false,
    }
}
