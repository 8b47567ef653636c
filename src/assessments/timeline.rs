//! The steps of an elder's assessments for the timeline.

use super::model::AssessmentEvent;
use super::pages::{level_name, scale_name};
use super::store::{actor_names, events_of_elder_before};
use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::timeline::Happening;
use crate::web::Words;

/// Steps of assessments within reach before an instant, newest first; none for somebody who sees no assessments. Notes stay on the
/// page of the assessment.
pub fn timeline(
    connection: &mut AnyConnection,
    scope: &Scope,
    words: &Words,
    elder_id: i64,
    (before, limit): (Instant, i64),
) -> Result<Vec<Happening>> {
    if !scope.may(Permission::SeeAssessments) {
        return Ok(Vec::new());
    }
    let steps = events_of_elder_before(connection, scope, (elder_id, before, limit), words.now)?;
    let logins: Vec<String> = steps.iter().map(|(event, _)| event.actor.clone()).collect();
    let names = actor_names(connection, &logins)?;
    let happening = |(event, row): (super::store::EventRow, super::store::AssessmentRow)| {
        let mut what =
            vec![scale_name(words, &row.scale), words.name_of("assessment_event", event.kind.name())];
        if event.kind == AssessmentEvent::Enact {
            what.extend(row.level.as_ref().map(|level| level_name(words, &row, level)));
        }
        Happening {
            at: event.at,
            kind: "assessment",
            what: what.join(" · "),
            who: names.get(&event.actor).cloned().unwrap_or(event.actor),
            href: Some(format!("/assessments/{}", row.id)),
        }
    };
    Ok(steps.into_iter().map(happening).collect())
}
