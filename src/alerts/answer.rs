//! Acknowledging an alert: somebody says that they take care of it.

use serde_json::json;

use super::store;
use crate::access::Permission;
use crate::access::audit::Entry;
use crate::app::Tx;
use crate::bus::{Event, Topic};
use crate::error::{Code, Error, Result};
use crate::text::Text;

/// Acknowledges an alert. The first one wins; whoever comes second is told who was first.
pub fn acknowledge(tx: &mut Tx<'_>, id: i64) -> Result<()> {
    let alert = store::get_alert(tx.connection, tx.scope, Permission::AnswerAlerts, id)?.alert;
    if !store::set_acknowledged(tx.connection, id, &tx.scope.actor, tx.now)? {
        let who = alert.acknowledged_by.unwrap_or_default();
        let when = alert.acknowledged_at.map(|at| tx.calendar.show_time(at)).unwrap_or_default();
        let text = Text::new("alert.already_acknowledged").with("who", who).with("when", when);
        return Err(Error::new(Code::Taken, text));
    }
    tx.audit(&Entry {
        action: "alert.acknowledge",
        entity: "alert",
        entity_id: id.to_string(),
        town_code: Some(&alert.town_code),
        detail: json!({ "kind": alert.kind, "device_id": alert.device_id }),
    })?;
    let payload = json!({ "id": id, "kind": alert.kind, "device_id": alert.device_id });
    let told = store::audience_of(tx.connection, id)?;
    tx.publish(&Event::to(Topic::Alert, &told, id, payload))
}
