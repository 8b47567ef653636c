//! Work on a batch while the person who asked for it looks on.

use std::time::Duration;

use super::model::Mapping;
use super::{check, run, undo};
use crate::access::Scope;
use crate::app::App;
use crate::error::Result;

/// A small batch is done by then: whoever asked sees the outcome at once.
const PATIENCE: Duration = Duration::from_millis(700);

/// What is to be done with a batch.
pub enum Step {
    Check(Option<Mapping>),
    Run,
    Undo,
}

/// Takes the batch and begins; comes back when it is done, or after a moment while the work goes on. A refusal to begin is told;
/// a fault on the way goes to the log, and the batch is as it was before, with what was written until then.
pub async fn start(app: &App, scope: &Scope, id: i64, step: Step) -> Result<()> {
    type Finish = std::pin::Pin<Box<dyn Future<Output = Result<()>> + Send>>;
    let finish: Finish = match step {
        Step::Check(mapping) => Box::pin(check::finish(check::begin(app, scope, id, mapping).await?)),
        Step::Run => Box::pin(run::finish(run::begin(app, scope, id).await?)),
        Step::Undo => Box::pin(undo::finish(undo::begin(app, scope, id).await?)),
    };
    let work = tokio::spawn(async move {
        if let Err(error) = finish.await {
            tracing::error!(batch = id, error = %error.for_log(), "work on an import failed");
        }
    });
    // The work goes on where patience ends.
    let _ = tokio::time::timeout(PATIENCE, work).await;
    Ok(())
}
