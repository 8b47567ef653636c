use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::text::Lang;

/// A text in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Names {
    pub zh: String,
    pub en: String,
}

impl Names {
    pub fn to(&self, lang: Lang) -> &str {
        match lang {
            Lang::Chinese => &self.zh,
            Lang::English => &self.en,
        }
    }
}

/// A scale of one version: what is asked, what an answer is worth, and what the sum means. A record keeps code and version
/// of the package that it was scored with; a correction of a package is a new version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Package {
    pub code: String,
    pub version: String,
    /// Assessments from this day on are scored with it.
    pub effective_from: NaiveDate,
    pub name: Names,
    /// The text and clause that it is taken from.
    pub source: Names,
    /// What has not been compared with the published text; shown to whoever uses the scale.
    #[serde(default)]
    pub unconfirmed: Vec<Names>,
    pub rule: Rule,
    pub parts: Vec<Part>,
    /// Best first.
    pub levels: Vec<Level>,
    /// Findings beside the answers that may change the level.
    #[serde(default)]
    pub facts: Vec<Fact>,
    #[serde(default)]
    pub adjustments: Vec<Adjustment>,
    /// What is written down beside the score and never changes it.
    #[serde(default)]
    pub notes: Vec<Note>,
    /// Who is due for a first assessment.
    pub first_for: Option<FirstFor>,
    /// Working days within which to assess anew after a reported change.
    pub after_change_working_days: Option<u32>,
}

/// How answers become a level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Rule {
    /// The points add up; more is better.
    Points,
    /// The items answered with 0 are counted; fewer is better.
    Unmet,
    /// Two parts, whose items answered with 0 are counted; the table gives the level by both counts.
    Gate { table: Vec<Vec<String>> },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    pub key: String,
    pub clause: String,
    pub name: Names,
    /// The sum of its items' maxima.
    pub maximum: i32,
    pub items: Vec<Item>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    pub key: String,
    pub name: Names,
    pub about: Names,
    pub maximum: i32,
    /// Whether the answers' wording is known to be that of the published text.
    pub wording_confirmed: bool,
    pub look_back_days: Option<u32>,
    /// Best first, one for each number of points from the maximum down to 0.
    pub answers: Vec<Answer>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    pub points: i32,
    pub text: Names,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Level {
    pub key: String,
    pub name: Names,
    /// The cut-offs, both included; absent where a table gives the level.
    pub from: Option<i32>,
    pub to: Option<i32>,
    /// Of a gate: whether to apply.
    pub apply: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    pub key: String,
    pub name: Names,
    pub kind: FactKind,
    /// Of a count.
    pub maximum: Option<i32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// 0 or 1.
    Flag,
    Count,
}

/// Where some facts add up to a number, the level is set to one that is worse, or worsened by steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Adjustment {
    pub key: String,
    pub name: Names,
    pub sum_of: Vec<String>,
    pub at_least: i32,
    pub level: Option<String>,
    pub worsen: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Note {
    pub key: String,
    pub name: Names,
    pub kind: NoteKind,
    #[serde(default)]
    pub options: Vec<NoteOption>,
    pub minimum: Option<f64>,
    /// The largest number, or how many letters.
    pub maximum: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoteKind {
    Choice,
    Choices,
    Decimal,
    Text,
}

/// One value of a note; `none` excludes all others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteOption {
    pub key: String,
    pub name: Names,
}

/// Elders who are due for a first assessment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FirstFor {
    HomeVisits,
}

impl Fact {
    pub fn highest(&self) -> i32 {
        match self.kind {
            FactKind::Flag => 1,
            FactKind::Count => self.maximum.unwrap_or_default(),
        }
    }
}

impl Package {
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.parts.iter().flat_map(|part| &part.items)
    }

    pub fn item(&self, key: &str) -> Option<&Item> {
        self.items().find(|item| item.key == key)
    }

    pub fn fact(&self, key: &str) -> Option<&Fact> {
        self.facts.iter().find(|fact| fact.key == key)
    }

    /// The place of a level among all: 0 is the best.
    pub fn rank(&self, level: &str) -> Option<usize> {
        self.levels.iter().position(|known| known.key == level)
    }

    pub fn level(&self, key: &str) -> Option<&Level> {
        self.levels.iter().find(|level| level.key == key)
    }

    pub fn maximum(&self) -> i32 {
        self.parts.iter().map(|part| part.maximum).sum()
    }

    /// `gbt42195 2022`.
    pub fn title(&self) -> String {
        format!("{} {}", self.code, self.version)
    }
}
