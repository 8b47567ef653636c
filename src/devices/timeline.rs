//! What was measured with an elder, day by day, for the timeline.

use super::pages::{channel_name, day_text};
use super::store::days_before;
use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::timeline::Happening;
use crate::web::Words;

/// Its kind on the timeline. Whoever shows one writes the look down.
pub const READING: &str = "reading";

/// One entry for each day, device and channel, last measured before an instant, newest first; none for somebody who sees no
/// devices. The caller has reached the elder.
pub fn timeline(
    connection: &mut AnyConnection,
    scope: &Scope,
    words: &Words,
    elder_id: i64,
    until: (Instant, i64),
) -> Result<Vec<Happening>> {
    if !scope.may(Permission::SeeDevices) {
        return Ok(Vec::new());
    }
    let days = days_before(connection, elder_id, until)?;
    let happening = |day: super::store::Measured| Happening {
        at: day.last_at,
        kind: READING,
        what: format!(
            "{}{}{}",
            channel_name(words, day.channel),
            words.t("audit.colon"),
            day_text(words, &day)
        ),
        who: day.device,
        href: Some(format!("/elders/{elder_id}/readings?day={}", day.day)),
    };
    Ok(days.into_iter().map(happening).collect())
}
