//! Calls for an elder on the timeline: that somebody had to be reached, and what came of it.

use super::store::{FollowUpRow, of_elder_before};
use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::timeline::Happening;
use crate::web::Words;

/// Calls within reach before an instant, newest first; none for somebody who sees no visits.
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
    let rows = of_elder_before(connection, scope, (elder_id, before, limit))?;
    let mut happenings: Vec<Happening> = rows.into_iter().flat_map(|row| of_row(row, words)).collect();
    happenings.retain(|happening| happening.at < before);
    happenings.sort_by_key(|happening| std::cmp::Reverse(happening.at));
    happenings.truncate(limit as usize);
    Ok(happenings)
}

fn of_row(row: FollowUpRow, words: &Words) -> Vec<Happening> {
    let kind = words.name_of("follow_up_kind", row.kind.name());
    let happening = |at, what: String, who: String| Happening {
        at,
        kind: "call",
        what: format!("{kind} · {what}"),
        who,
        href: Some(format!("/visits/{}", row.visit_id)),
    };
    let opened = happening(row.opened_at, words.t("timeline.call_opened"), row.owner.clone());
    let result = row.result.map(|result| words.name_of("follow_up_result", result.name()));
    let closed = row.closed_at.zip(result).map(|(at, result)| {
        let whom = row.whom.map(|whom| words.name_of("whom", whom.name()));
        let who: Vec<String> = whom.into_iter().chain(row.closed_by.clone()).collect();
        happening(row.contacted_at.unwrap_or(at), result, who.join(" · "))
    });
    std::iter::once(opened).chain(closed).collect()
}
