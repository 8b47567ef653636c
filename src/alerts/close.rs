//! Ending what is active of a device because somebody moves it or takes it out of service.

use serde_json::json;

use super::model::AlertKind;
use super::store;
use crate::app::Tx;
use crate::bus::{Audience, Event, Topic};
use crate::error::Result;

/// Ends all that is active of a device and tells open pages, also those of another place; gives the kinds that ended.
pub fn close_alerts(tx: &mut Tx<'_>, device_id: i64, also: Option<&Audience>) -> Result<Vec<AlertKind>> {
    let who = tx.scope.actor.clone();
    let closed = store::close_alerts_of(tx.connection, device_id, (&who, tx.now))?;
    for (id, kind) in &closed {
        let here = store::audience_of(tx.connection, *id)?;
        for told in [Some(&here), also].into_iter().flatten() {
            let payload = json!({ "id": id, "kind": kind, "device_id": device_id });
            tx.publish(&Event::to(Topic::Alert, told, *id, payload))?;
        }
    }
    Ok(closed.into_iter().map(|(_, kind)| kind).collect())
}
