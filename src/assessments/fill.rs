//! Answering an assessment: finished, corrected, or kept as a draft.

use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};

use super::library::Practice;
use super::model::{AssessmentEvent, Notes, Package, Values, check_notes, score};
use super::progress::{get_seen, move_on, required_reason, settled, tell};
use super::store::{self, AssessmentRow, Content};
use crate::access::Permission;
use crate::app::Tx;
use crate::error::{Error, Result};
use crate::text::Text;

/// How long ago an assessment can have been made that is written down now, in days.
const LATE_DAYS_MAX: i64 = 90;
/// Characters of a draft.
const DRAFT_MAX: usize = 16_384;

/// What was found, and when.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answers {
    pub answers: Values,
    pub facts: Values,
    pub notes: Notes,
    /// Today without one.
    pub assessed_on: Option<NaiveDate>,
}

/// Finishes version `seen` of an ordered assessment: every item answered, scored by the package of the day.
pub fn finish(tx: &mut Tx<'_>, practice: &Practice, id: i64, seen: i64, answers: &Answers) -> Result<()> {
    let row = get_seen(tx, Permission::Assess, id, seen)?;
    write(tx, practice, &row, answers, (AssessmentEvent::Finish, ""))
}

/// Gives version `seen` of a finished assessment other answers, with the reason; the ones before stay in its history.
pub fn correct(
    tx: &mut Tx<'_>,
    practice: &Practice,
    id: i64,
    seen: i64,
    answers: &Answers,
    reason: &str,
) -> Result<()> {
    let row = get_seen(tx, Permission::Assess, id, seen)?;
    row.state.apply(AssessmentEvent::Correct)?;
    let reason = required_reason(reason)?;
    write(tx, practice, &row, answers, (AssessmentEvent::Correct, &reason))
}

/// Keeps what was answered so far of version `seen` of an ordered assessment.
pub fn keep_draft(tx: &mut Tx<'_>, id: i64, seen: i64, answers: &Answers) -> Result<()> {
    let row = get_seen(tx, Permission::Assess, id, seen)?;
    row.state.apply(AssessmentEvent::Finish)?;
    let draft = json(answers)?;
    if draft.chars().count() > DRAFT_MAX {
        return Err(Error::field("answers", Text::new("rule.too_long").with("max", DRAFT_MAX)));
    }
    let kept = store::set_draft(tx.connection, (id, seen), &draft)?;
    settled(tx, &row, kept)?;
    tell(tx, &row, "assessment.draft", row.state)
}

fn write(
    tx: &mut Tx<'_>,
    practice: &Practice,
    row: &AssessmentRow,
    given: &Answers,
    (event, note): (AssessmentEvent, &str),
) -> Result<()> {
    row.state.apply(event)?;
    let today = tx.calendar.day_of(tx.now);
    let assessed_on = given.assessed_on.or(row.assessed_on).unwrap_or(today);
    if assessed_on > today || assessed_on < today - TimeDelta::days(LATE_DAYS_MAX) {
        let text = Text::new("assessment.assessed_on_rule").with("days", LATE_DAYS_MAX);
        return Err(Error::field("assessed_on", text));
    }
    // A correction keeps the version that it was scored with.
    let version = row.scale_version.as_deref().filter(|_| event == AssessmentEvent::Correct);
    let package = practice
        .scales
        .of_record(&row.scale, version, assessed_on)
        .ok_or_else(|| Error::field("assessed_on", Text::new("assessment.no_package")))?;
    let content = content(package, practice, given, (assessed_on, &tx.scope.actor))?;
    let stored = store::set_content(tx.connection, (row.id, row.version), &content)?;
    settled(tx, row, stored)?;
    let said = serde_json::json!({
        "scale_version": content.scale_version,
        "assessed_on": assessed_on,
        "answers": given.answers,
        "facts": given.facts,
        "notes": given.notes,
        "total": content.total,
        "level": content.level,
    });
    move_on(tx, row, event, note, Some(&said.to_string()))?;
    Ok(())
}

fn content(
    package: &Package,
    practice: &Practice,
    given: &Answers,
    (assessed_on, assessor): (NaiveDate, &str),
) -> Result<Content> {
    let outcome = score(package, &given.answers, &given.facts, practice.worsening_steps_max)
        .map_err(|refusal| refusal.error(package))?;
    check_notes(package, &given.notes)?;
    Ok(Content {
        scale_version: package.version.clone(),
        answers: json(&given.answers)?,
        facts: json(&given.facts)?,
        notes: json(&given.notes)?,
        parts: json(&outcome.parts)?,
        total: outcome.total,
        unadjusted: outcome.unadjusted,
        level: outcome.level,
        adjustments: json(&outcome.adjustments)?,
        assessed_on,
        assessor: assessor.to_owned(),
        draft: None,
    })
}

fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::internal("answers").because(error))
}
