//! An elder's stays and leaves for the timeline.

use super::store::{StayListed, leaves_between, stays_of_elder};
use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::timeline::Happening;
use crate::web::Words;

/// Beginnings and ends of stays and leaves within reach before an instant; none for somebody who sees no beds.
pub fn timeline(
    connection: &mut AnyConnection,
    scope: &Scope,
    words: &Words,
    elder_id: i64,
    (before, limit): (Instant, i64),
) -> Result<Vec<Happening>> {
    if !scope.may(Permission::SeeBeds) {
        return Ok(Vec::new());
    }
    let stays = stays_of_elder(connection, scope, elder_id, words.now)?;
    let ids: Vec<i64> = stays.iter().map(|listed| listed.stay.id).collect();
    let mut happenings: Vec<Happening> = stays.iter().flat_map(|listed| of_stay(listed, words)).collect();
    let first = stays.iter().map(|listed| listed.stay.starts_at).min().unwrap_or(before);
    for leave in leaves_between(connection, &ids, first, before)? {
        let kind = words.name_of("leave_kind", leave.kind.name());
        let href = format!("/stays/{}", leave.stay_id);
        let happening = |at, key: &str| Happening {
            at,
            kind: "stay",
            what: format!("{} · {kind}", words.t(key)),
            who: leave.note.clone(),
            href: Some(href.clone()),
        };
        happenings.push(happening(leave.starts_at, "bed.leave"));
        happenings.extend(leave.ends_at.map(|at| happening(at, "bed.return")));
    }
    happenings.retain(|happening| happening.at < before);
    happenings.sort_by_key(|happening| std::cmp::Reverse(happening.at));
    happenings.truncate(limit as usize);
    Ok(happenings)
}

fn of_stay(listed: &StayListed, words: &Words) -> Vec<Happening> {
    let StayListed { stay, institution, place, .. } = listed;
    let happening = |at, what: String| Happening {
        at,
        kind: "stay",
        what,
        who: format!("{institution} · {place}"),
        href: Some(format!("/stays/{}", stay.id)),
    };
    let began = happening(stay.starts_at, words.t("timeline.stay_began"));
    let ended = stay.ends_at.map(|at| {
        let how = stay.ending.map(|ending| words.name_of("ending", ending.name()));
        let what = how.unwrap_or_else(|| words.t("timeline.stay_ended"));
        happening(at, what)
    });
    std::iter::once(began).chain(ended).collect()
}
