//! An elder's visits for the timeline.

use super::store::visits_of_elder_before;
use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::registry::caregivers::store::names_of_caregivers;
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
    let caregivers: Vec<i64> = listed.iter().filter_map(|one| one.visit.caregiver_id).collect();
    let known = names_of_caregivers(connection, scope, &caregivers)?;
    let happening = |listed: super::store::VisitListed| {
        let visit = listed.visit;
        let service = words.pick(&listed.service_zh, &listed.service_en);
        let state = words.name_of("visit_state", visit.state.name());
        Happening {
            at: visit.window_starts_at,
            kind: "visit",
            what: format!("{service} · {state}"),
            who: who(listed.caregiver, visit.caregiver_id.is_some_and(|id| known.contains_key(&id))),
            href: Some(format!("/visits/{}", visit.id)),
        }
    };
    Ok(listed.into_iter().map(happening).collect())
}

/// Of a caregiver whom the asker may not see no more than the first character is told.
fn who(caregiver: Option<String>, is_known: bool) -> String {
    match caregiver {
        Some(name) if !is_known => name.chars().take(1).chain("**".chars()).collect(),
        name => name.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caregiver_out_of_reach_is_masked() {
        assert_eq!(who(Some("王秀兰".into()), true), "王秀兰");
        assert_eq!(who(Some("王秀兰".into()), false), "王**");
        assert_eq!(who(None, false), "");
    }
}
