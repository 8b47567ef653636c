//! A caregiver's day: their visits with the places they go to.

use super::model::VisitState;
use super::store::{self, VisitListed};
use crate::app::Tx;
use crate::elders::reveal_visit_places;
use crate::error::Result;

/// A visit and, while it is still to be done, the address and how to be let in.
pub struct DayVisit {
    pub listed: VisitListed,
    pub address: Option<String>,
}

impl DayVisit {
    /// Still to be done.
    pub fn is_open(&self) -> bool {
        is_open(&self.listed)
    }
}

fn is_open(listed: &VisitListed) -> bool {
    matches!(listed.visit.state, VisitState::Assigned | VisitState::OnTheWay | VisitState::Arrived)
}

/// The asker's own visits of today. Addresses of those still to be done come in clear, which is written down.
pub fn my_day(tx: &mut Tx<'_>) -> Result<Vec<DayVisit>> {
    let visits = store::own_visits(tx.connection, tx.scope, (tx.calendar, tx.now))?;
    let mut elders: Vec<i64> =
        visits.iter().filter(|listed| is_open(listed)).map(|listed| listed.visit.elder_id).collect();
    elders.sort_unstable();
    elders.dedup();
    let today = tx.calendar.day_of(tx.now);
    let places = reveal_visit_places(tx, &elders, today)?;
    let with_address = visits.into_iter().map(|listed| DayVisit {
        address: places
            .get(&listed.visit.elder_id)
            .filter(|_| is_open(&listed))
            .and_then(|place| place.line()),
        listed,
    });
    Ok(with_address.collect())
}
