use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::text::{Lang, Text};

/// Which column of a row breaks which rule; stored, and shown in either language later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Key of the column; empty where it is about the row as a whole.
    pub column: String,
    pub key: String,
    pub arguments: Vec<(String, String)>,
}

impl Problem {
    pub fn new(column: &str, text: &Text) -> Problem {
        let arguments = text.arguments.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        Problem { column: column.to_owned(), key: text.key.to_owned(), arguments: arguments.collect() }
    }

    pub fn text(&self, lang: Lang) -> String {
        let mut text = lang.t(&self.key).into_owned();
        for (name, value) in &self.arguments {
            let shown = match value.strip_prefix('@') {
                Some(key) => lang.t(key).into_owned(),
                None => value.clone(),
            };
            text = text.replace(&format!("{{{name}}}"), &shown);
        }
        text
    }
}

/// A record that a row made or changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Made {
    pub entity: String,
    pub id: i64,
    /// The version that it made; 0 for a record without versions.
    pub version: i64,
    /// What it was before; none where it was not there. Sealed values stay sealed.
    pub before: Option<Value>,
    /// What it was afterwards, of a record without versions.
    pub after: Option<Value>,
}

impl Made {
    pub fn added(entity: &str, id: i64, version: i64) -> Made {
        Made { entity: entity.to_owned(), id, version, before: None, after: None }
    }

    pub fn changed(entity: &str, id: i64, version: i64, before: Value) -> Made {
        Made { before: Some(before), ..Made::added(entity, id, version) }
    }

    #[must_use]
    pub fn after(mut self, after: Value) -> Made {
        self.after = Some(after);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_problem_reads_as_the_text_it_was_made_of() {
        let text = Text::new("rule.required").with("field", "@field.name");
        let stored = serde_json::to_string(&Problem::new("name", &text)).unwrap();
        let problem: Problem = serde_json::from_str(&stored).unwrap();
        for lang in [Lang::Chinese, Lang::English] {
            assert_eq!(problem.text(lang), text.to(lang));
        }
    }
}
