//! Ending sessions: their tokens are worth nothing from the commit on, and their live streams end.

use crate::access::{Permission, close, store};
use crate::app::Tx;
use crate::error::{Error, Result};

/// Ends anybody's session.
pub fn revoke(tx: &mut Tx<'_>, id: i64) -> Result<()> {
    tx.scope.reach(Permission::SeeSessions)?;
    store::get_session(tx.connection, tx.scope, id)?;
    close(tx, id, "session.revoke")
}

/// Ends one of the asker's own sessions; another's does not exist for them.
pub fn revoke_own(tx: &mut Tx<'_>, id: i64) -> Result<()> {
    if !own(tx)?.contains(&id) {
        return Err(Error::not_found());
    }
    close(tx, id, "session.close")
}

/// Ends the asker's sessions but the one they ask from.
pub fn revoke_others(tx: &mut Tx<'_>, kept: i64) -> Result<()> {
    for id in own(tx)?.into_iter().filter(|id| *id != kept) {
        close(tx, id, "session.close")?;
    }
    Ok(())
}

fn own(tx: &mut Tx<'_>) -> Result<Vec<i64>> {
    let user = tx.scope.user_id.ok_or_else(Error::not_found)?;
    store::open_sessions_of(tx.connection, user)
}
