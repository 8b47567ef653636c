//! Alerts around an elder for the timeline.

use super::pages::place_name;
use super::store::{alerts_during_stays, alerts_with_elder};
use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::timeline::Happening;
use crate::web::Words;

/// Alerts of the house where the elder stayed at the time, and of devices with the elder, before an instant, newest first; none
/// for somebody who sees no alerts.
pub fn timeline(
    connection: &mut AnyConnection,
    scope: &Scope,
    words: &Words,
    elder_id: i64,
    (before, limit): (Instant, i64),
) -> Result<Vec<Happening>> {
    if !scope.may(Permission::SeeAlerts) {
        return Ok(Vec::new());
    }
    let mut listed = alerts_during_stays(connection, scope, (elder_id, before, limit))?;
    let own = alerts_with_elder(connection, scope, (elder_id, before, limit))?;
    // A device with the elder, in the house where the elder lives, tells of both.
    listed.retain(|one| own.iter().all(|other| other.alert.id != one.alert.id));
    listed.extend(own);
    let happening = |listed: super::store::AlertListed| Happening {
        at: listed.alert.raised_at,
        kind: "alert",
        what: words.name_of("alert_kind", listed.alert.kind.name()),
        who: match listed.alert.device_id {
            Some(_) => format!("{} · {}", place_name(words, &listed), listed.device),
            None => place_name(words, &listed),
        },
        href: Some(match listed.alert.device_id {
            Some(device) => format!("/devices/{device}"),
            None => format!("/alerts/{}", listed.alert.id),
        }),
    };
    Ok(listed.into_iter().map(happening).collect())
}
