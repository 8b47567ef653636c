//! Which beds fit somebody, and why the others do not.

use super::model::{Misfit, Person, Rules, distance_m, misfits};
use super::store::{self, BedRow, HouseFacts, Offered};
use crate::access::{Permission, Scope};
use crate::app::Tx;
use crate::clock::{Calendar, Instant};
use crate::db::AnyConnection;
use crate::error::Result;

/// A bed with every reason for or against it.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub offered: Offered,
    pub misfits: Vec<Misfit>,
    /// From where the elder lives, in metres; none where that is not asked.
    pub distance_m: Option<i64>,
}

impl Candidate {
    pub fn fits(&self) -> bool {
        !self.misfits.iter().any(|misfit| misfit.blocks())
    }
}

/// Every bed within reach of `permission` with its reasons: those that fit first, without warnings first, then the near ones.
pub fn candidates(
    connection: &mut AnyConnection,
    scope: &Scope,
    person: &Person,
    home: Option<(f64, f64)>,
    institution: Option<i64>,
    (calendar, now): (Calendar, Instant),
) -> Result<Vec<Candidate>> {
    let rules = store::admission_rules(connection)?;
    let today = calendar.day_of(now);
    let beds = store::offers(connection, scope, Permission::SeeBeds, institution, now)?;
    let mut found: Vec<Candidate> = beds
        .into_iter()
        .map(|offered| Candidate {
            misfits: misfits(person, &offered.facts, rules, today),
            distance_m: home.map(|home| distance_m(home, (offered.longitude, offered.latitude))),
            offered,
        })
        .collect();
    found.sort_by_key(|one| (!one.fits(), one.misfits.len(), one.distance_m, one.offered.bed.id));
    Ok(found)
}

/// The reasons against one bed, which the asker has reached already. Whether it is free is asked elsewhere: whatever fills it is
/// named there.
pub(super) fn misfits_of(
    tx: &mut Tx<'_>,
    (bed, house): (&BedRow, &HouseFacts),
    person: &Person,
    rules: Rules,
) -> Result<Vec<Misfit>> {
    let facts = store::facts_of(tx.connection, bed, house, tx.now)?;
    Ok(misfits(person, &facts, rules, tx.calendar.day_of(tx.now)))
}
