//! Golden vectors: inputs with what they must come to, as files that anybody can run.

use serde::{Deserialize, Serialize};

use super::package::Package;
use super::score::{Outcome, Unscored, Values, score};

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VectorFile {
    pub code: String,
    pub version: String,
    pub vectors: Vec<Vector>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    pub name: String,
    pub answers: Values,
    #[serde(default)]
    pub facts: Values,
    #[serde(default = "one")]
    pub worsening_steps_max: u32,
    /// One of the two is given.
    pub expect: Option<Outcome>,
    pub refuse: Option<Unscored>,
}

fn one() -> u32 {
    1
}

/// A vector that does not come to what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VectorFailure {
    pub name: String,
    pub wanted: String,
    pub found: String,
}

impl VectorFile {
    /// The vectors that fail with the package.
    pub fn run(&self, package: &Package) -> Vec<VectorFailure> {
        self.vectors.iter().filter_map(|vector| vector.run(package)).collect()
    }
}

impl Vector {
    fn run(&self, package: &Package) -> Option<VectorFailure> {
        let found = score(package, &self.answers, &self.facts, self.worsening_steps_max);
        let wanted = match (&self.expect, &self.refuse) {
            (Some(outcome), None) => Ok(outcome.clone()),
            (None, Some(refusal)) => Err(refusal.clone()),
            _ => {
                let wanted = "either expect or refuse".to_owned();
                return Some(VectorFailure {
                    name: self.name.clone(),
                    wanted,
                    found: "both or neither".to_owned(),
                });
            }
        };
        (found != wanted).then(|| VectorFailure {
            name: self.name.clone(),
            wanted: format!("{wanted:?}"),
            found: format!("{found:?}"),
        })
    }
}
