use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::rows::{counting, within};
use crate::access::{Permission, Scope};
use crate::assessments::model::AssessmentState;
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::assessments;
use crate::error::Result;

/// Rows per statement where numbers are listed one by one.
const IDS_MAX: usize = 10_000;

/// The result of one scale that counts for an elder now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrentLevel {
    pub assessment_id: i64,
    pub elder_id: i64,
    pub scale: String,
    pub scale_version: String,
    /// A key of the package's levels, such as `moderate`.
    pub level: String,
    pub total: i32,
    pub assessed_on: NaiveDate,
    /// Somebody doubts it; it counts until that is decided.
    pub disputed: bool,
}

type Columns =
    (i64, i64, String, Option<String>, Option<String>, Option<i32>, Option<NaiveDate>, AssessmentState);

/// The results that count for elders within reach, by elder, one of each scale at most; none for somebody who may see none.
pub fn current_levels(
    connection: &mut AnyConnection,
    scope: &Scope,
    elder_ids: &[i64],
    now: Instant,
) -> Result<HashMap<i64, Vec<CurrentLevel>>> {
    let mut levels: HashMap<i64, Vec<CurrentLevel>> = HashMap::new();
    if !scope.may(Permission::SeeAssessments) {
        return Ok(levels);
    }
    let reach = scope.reach(Permission::SeeAssessments)?;
    for part in elder_ids.chunks(IDS_MAX) {
        let rows: Vec<Columns> = assessments::table
            .filter(assessments::elder_id.eq_any(part.to_vec()))
            .filter(counting())
            .filter(within(&reach, now))
            .order((assessments::elder_id, assessments::scale))
            .select((
                assessments::id,
                assessments::elder_id,
                assessments::scale,
                assessments::scale_version,
                assessments::level,
                assessments::total,
                assessments::assessed_on,
                assessments::state,
            ))
            .load(connection)?;
        for (assessment_id, elder_id, scale, scale_version, level, total, assessed_on, state) in rows {
            // The database lets nothing count without these.
            let (Some(scale_version), Some(level), Some(total), Some(assessed_on)) =
                (scale_version, level, total, assessed_on)
            else {
                continue;
            };
            let disputed = state == AssessmentState::Disputed;
            levels.entry(elder_id).or_default().push(CurrentLevel {
                assessment_id,
                elder_id,
                scale,
                scale_version,
                level,
                total,
                assessed_on,
                disputed,
            });
        }
    }
    Ok(levels)
}

/// The level of one scale that was in force on a day, by elder: for a caller who has reached them already. The latest result that
/// had come into force by then counts, whatever became of it later.
pub fn levels_on(
    connection: &mut AnyConnection,
    elder_ids: &[i64],
    scale: &str,
    day: NaiveDate,
) -> Result<HashMap<i64, String>> {
    let mut levels = HashMap::new();
    for part in elder_ids.chunks(IDS_MAX) {
        let rows: Vec<(i64, Option<String>)> = assessments::table
            .filter(assessments::elder_id.eq_any(part.to_vec()))
            .filter(assessments::scale.eq(scale.to_owned()))
            .filter(assessments::in_force_on.le(day))
            .filter(assessments::state.eq_any([
                AssessmentState::InForce,
                AssessmentState::Disputed,
                AssessmentState::Superseded,
            ]))
            .order((assessments::in_force_on, assessments::id))
            .select((assessments::elder_id, assessments::level))
            .load(connection)?;
        levels.extend(rows.into_iter().filter_map(|(elder, level)| Some((elder, level?))));
    }
    Ok(levels)
}
