//! A caregiver's day: their visits with the places they go to, and whom to call.

use super::model::is_to_do;
use super::store;
use crate::access::audit::Entry;
use crate::access::store::phone_of_coordinator;
use crate::access::{Permission, Reach};
use crate::app::Tx;
use crate::elders::{VisitPlace, phone_to_call, reveal_visit_places};
use crate::error::{Error, Result};
use crate::visits::checkin::store::{StepRow, steps_of};
use crate::visits::proof::model::Point;
use crate::visits::proof::store::home_of;
use crate::visits::reasons::store::{FailReasonRow, offered_reasons};
use crate::visits::store::{VisitListed, get_visit, own_visits};

/// What is shown of a day.
pub struct Day {
    pub visits: Vec<DayVisit>,
    /// What a caregiver may choose for a visit that was not done.
    pub reasons: Vec<FailReasonRow>,
    /// Of the coordinator of the visits' town.
    pub coordinator_phone: Option<String>,
}

pub struct DayVisit {
    pub listed: VisitListed,
    /// Where it is and how to be let in, while it is still to be done.
    pub place: Option<VisitPlace>,
    pub home: Option<Point>,
    /// What the care plan says of it.
    pub task: String,
    /// Who comes as well.
    pub partners: Vec<String>,
    pub steps: Vec<StepRow>,
}

/// The asker's own visits of today. Addresses and door notes of those still to be done come in clear, which is written down.
pub fn my_day(tx: &mut Tx<'_>) -> Result<Day> {
    let visits = own_visits(tx.connection, tx.scope, (tx.calendar, tx.now))?;
    let mut elders: Vec<i64> = visits
        .iter()
        .filter(|listed| is_to_do(listed.visit.state))
        .map(|listed| listed.visit.elder_id)
        .collect();
    elders.sort_unstable();
    elders.dedup();
    let today = tx.calendar.day_of(tx.now);
    let places = reveal_visit_places(tx, &elders, today)?;
    let tasks = store::tasks(tx.connection, &visits)?;
    let mut partners = store::partners(tx.connection, &visits)?;
    let coordinator_phone = match visits.first() {
        Some(first) => phone_of_coordinator(tx.connection, &first.visit.town_code)?,
        None => None,
    };
    let mut shown = Vec::new();
    for listed in visits {
        let visit = &listed.visit;
        let goes_there = is_to_do(visit.state);
        shown.push(DayVisit {
            place: places.get(&visit.elder_id).filter(|_| goes_there).cloned(),
            home: if goes_there { home_of(tx.connection, visit.elder_id, visit.service_on)? } else { None },
            task: visit.plan_item_id.and_then(|item| tasks.get(&item).cloned()).unwrap_or_default(),
            partners: partners.remove(&visit.id).unwrap_or_default(),
            steps: steps_of(tx.connection, visit.id)?,
            listed,
        });
    }
    let reasons = offered_reasons(tx.connection)?;
    Ok(Day { visits: shown, reasons, coordinator_phone })
}

/// The phone of the elder of a visit that is still to be done, to be called now; the look is written down.
pub fn phone_for_visit(tx: &mut Tx<'_>, visit_id: i64) -> Result<Option<String>> {
    let visit = get_visit(tx.connection, tx.scope, Permission::DoVisits, visit_id, (tx.calendar, tx.now))?;
    let Reach { caregivers, .. } = tx.scope.reach(Permission::DoVisits)?;
    let is_own = visit.caregiver_id.is_some_and(|id| caregivers.contains(&id));
    if !is_own || !is_to_do(visit.state) {
        return Err(Error::not_found().context("not a visit that the asker goes to"));
    }
    tx.audit(&Entry {
        action: "elder.call",
        entity: "elder",
        entity_id: visit.elder_id.to_string(),
        town_code: Some(&visit.town_code),
        detail: serde_json::json!({ "visit": visit.id, "fields": ["phone"] }),
    })?;
    phone_to_call(tx, visit.elder_id)
}
