//! An elder's visits for the timeline.

use super::store::visits_of_elder_before;
use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::timeline::Happening;
use crate::web::Words;

/// Visits within reach whose window begins before an instant, newest first; none for somebody who sees no visits.
pub fn timeline(
    connection: &mut AnyConnection,
    scope: &Scope,
    words: &Words,
    elder_id: i64,
    (before, limit): (Instant, i64),
) -> Result<Vec<Happening>> {
    if !scope.may(Permission::SeeVisits) {
        return Ok(Vec::new());
    }
    let at = (words.calendar, words.now);
    let listed = visits_of_elder_before(connection, scope, (elder_id, before, limit), at)?;
    let happening = |listed: super::store::VisitListed| {
        let visit = listed.visit;
        let service = words.pick(&listed.service_zh, &listed.service_en);
        let state = words.name_of("visit_state", visit.state.name());
        Happening {
            at: visit.window_starts_at,
            kind: "visit",
            what: format!("{service} · {state}"),
            who: listed.caregiver.unwrap_or_default(),
            href: Some(format!("/visits/{}", visit.id)),
        }
    };
    Ok(listed.into_iter().map(happening).collect())
}
