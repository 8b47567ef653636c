//! Names that are data: of scales, levels and items.

use crate::assessments::model::{AssessmentState, Package};
use crate::assessments::store::AssessmentRow;
use crate::web::{Cell, Words};

/// The name of a scale; its code where no package has it any more.
pub fn scale_name(words: &Words, code: &str) -> String {
    let today = words.calendar.day_of(words.now);
    let package = words.assessing.scales.current(code, today);
    package.map_or_else(|| code.to_owned(), |package| package.name.to(words.lang).to_owned())
}

/// The scales to choose from.
pub fn scale_choices(words: &Words) -> Vec<(String, String)> {
    let today = words.calendar.day_of(words.now);
    let scales = words.assessing.scales.all_current(today);
    scales.map(|package| (package.code.clone(), package.name.to(words.lang).to_owned())).collect()
}

/// The package of a record; that of today for one that is not scored yet.
pub fn package_of<'a>(words: &'a Words, row: &AssessmentRow) -> Option<&'a Package> {
    let today = words.calendar.day_of(words.now);
    words.assessing.scales.of_record(&row.scale, row.scale_version.as_deref(), today)
}

pub fn level_name(words: &Words, row: &AssessmentRow, level: &str) -> String {
    let found = package_of(words, row).and_then(|package| package.level(level));
    found.map_or_else(|| level.to_owned(), |level| level.name.to(words.lang).to_owned())
}

/// Colour and icon of a level: a gate tells whether to apply, other scales how much is lost.
pub fn level_tone(words: &Words, row: &AssessmentRow, level: &str) -> &'static str {
    let Some(package) = package_of(words, row) else { return "note" };
    if let Some(apply) = package.level(level).and_then(|level| level.apply) {
        return if apply { "warn" } else { "ok" };
    }
    let worst = package.levels.len().saturating_sub(1);
    match package.rank(level) {
        Some(0) => "ok",
        Some(rank) if rank == worst => "bad",
        Some(1) => "info",
        _ => "warn",
    }
}

/// The level as a chip; empty while there is none.
pub fn level_cell(words: &Words, row: &AssessmentRow) -> Cell {
    match &row.level {
        Some(level) => Cell::chip(level_name(words, row, level), level_tone(words, row, level)),
        None => Cell::default(),
    }
}

/// Colour and icon of a state.
pub fn tone(state: AssessmentState) -> &'static str {
    match state {
        AssessmentState::Unordered | AssessmentState::Superseded | AssessmentState::Withdrawn => "off",
        AssessmentState::Ordered => "wait",
        AssessmentState::Done => "info",
        AssessmentState::Reviewed => "live",
        AssessmentState::InForce => "ok",
        AssessmentState::Disputed => "bad",
    }
}

pub fn state_cell(words: &Words, state: AssessmentState) -> Cell {
    Cell::chip(words.name_of("assessment_state", state.name()), tone(state))
}
