//! The rows of a file may hold personal data: they go when they are no longer needed.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;
use tokio::sync::watch;

use super::model::BatchState;
use super::store;
use crate::access::Scope;
use crate::access::audit::Entry;
use crate::app::{App, Tx};
use crate::error::{Code, Error, Result};
use crate::text::Text;

/// Days for which the rows of a file are kept.
pub const KEEP_DAYS: i64 = 7;
const LOOK_EVERY: Duration = Duration::from_hours(1);

/// Discards a batch that was not run, or forgets the rows of one that was; what it came to stays.
pub async fn forget(app: &App, scope: &Scope, id: i64) -> Result<()> {
    app.write(scope, move |tx| {
        let batch = store::get_batch(tx.connection, tx.scope, id)?;
        match batch.state {
            BatchState::Uploaded | BatchState::Checked => {
                if !store::set_discarded(tx.connection, &batch, tx.now)? {
                    return Err(Error::busy());
                }
            }
            BatchState::Done | BatchState::Undone => {}
            state => {
                let state = format!("@enums.batch_state.{}", state.name());
                let text = Text::new("import.not_in_state").with("state", state);
                return Err(Error::new(Code::IllegalMove, text));
            }
        }
        wipe(tx, id)
    })
    .await
}

fn wipe(tx: &mut Tx<'_>, id: i64) -> Result<()> {
    store::wipe_parts(tx.connection, id)?;
    store::set_wiped(tx.connection, id, tx.now)?;
    tx.audit(&Entry {
        action: "import.wipe",
        entity: "import",
        entity_id: id.to_string(),
        town_code: None,
        detail: json!({}),
    })
}

/// Wipes what is older than [`KEEP_DAYS`]; gives how many batches.
pub async fn wipe_due(app: &App) -> Result<usize> {
    let now = app.clock.now();
    let before = now - TimeDelta::days(KEEP_DAYS);
    let due = app.db.read(move |connection| store::due_wipes(connection, before, now)).await?;
    for id in &due {
        let id = *id;
        app.write(&Scope::system(), move |tx| wipe(tx, id)).await?;
    }
    Ok(due.len())
}

/// Looks for batches to be wiped until the program ends.
pub async fn keep_wiping(app: App, mut stopped: watch::Receiver<bool>) {
    loop {
        if let Err(error) = wipe_due(&app).await {
            tracing::error!(error = %error.for_log(), "rows of imports were not wiped");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = stopped.changed() => return,
        }
    }
}
