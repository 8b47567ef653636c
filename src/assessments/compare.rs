//! What an assessment says against the elder's others.

use chrono::NaiveDate;

use super::library::Practice;
use super::model::{Names, Sheet};
use super::store::{AssessmentRow, Written, standing_sheets};
use crate::db::AnyConnection;
use crate::error::Result;

/// Two findings that do not go together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub key: String,
    pub text: Names,
    /// The other assessment and its day; none where it is this one.
    pub other: Option<(i64, Option<NaiveDate>)>,
}

/// The contradictions of a written assessment that the caller has within reach, with itself and with those of other scales.
pub fn contradictions(
    connection: &mut AnyConnection,
    practice: &Practice,
    row: &AssessmentRow,
) -> Result<Vec<Found>> {
    let Some(own) = row.written()? else { return Ok(Vec::new()) };
    let mut others = Vec::new();
    for other in standing_sheets(connection, row)? {
        if let Some(written) = other.written()? {
            others.push((other, written));
        }
    }
    let sheets: Vec<Sheet<'_>> = others.iter().map(|(other, written)| sheet(other, written)).collect();
    let found = practice.scales.contradictions.between(&sheet(row, &own), &sheets);
    let found = found.into_iter().map(|(rule, index)| Found {
        key: rule.key.clone(),
        text: rule.text.clone(),
        other: index.and_then(|index| others.get(index)).map(|(other, _)| (other.id, other.assessed_on)),
    });
    Ok(found.collect())
}

fn sheet<'a>(row: &'a AssessmentRow, written: &'a Written) -> Sheet<'a> {
    Sheet { scale: &row.scale, answers: &written.answers, facts: &written.facts, notes: &written.notes }
}
