//! Admitting an elder to a bed.

use serde_json::json;

use super::agreed::Agreed;
use super::blocking::{named_bed, refuse_bed, refuse_elder};
use super::fitting::misfits_of;
use super::model::{
    BACKDATE_DAYS_MAX, BedKind, ClaimKind, DAY_PLACE_DAYS_MAX, HoldOutcome, Misfit, Person, Risk, RuleMode,
    WaitingState, check_planned, check_start, check_start_within,
};
use super::record::{Change, reason_for, record};
use super::store::{self, BedRow, HoldRow, HouseFacts};
use crate::access::Permission;
use crate::app::Tx;
use crate::clock::Instant;
use crate::elders::store::{PersonRow, get_person, get_person_within};
use crate::elders::{ElderInput, Found, register_resident};
use crate::error::{Code, Error, Result};
use crate::registry::institutions::InstitutionState;
use crate::text::Text;

/// Who is admitted.
#[derive(Clone)]
pub enum Whom {
    /// The record number of an elder within reach.
    Elder(i64),
    /// An elder of anywhere in the city, found by the identity number on the card.
    Found(Found),
    /// Somebody who is put on file in the same transaction.
    New(Box<ElderInput>),
}

/// Who goes into which bed from when; without an instant, from now.
#[derive(Clone)]
pub struct Admission {
    pub whom: Whom,
    pub bed_id: i64,
    pub from: Option<Instant>,
    /// The last day of a day place, which counts by whole days; the first one where it is absent.
    pub until: Option<Instant>,
    pub agreed: Agreed,
    /// Why it is written down on a later day.
    pub reason: String,
    /// The elder has to be kept apart.
    pub isolation: bool,
}

impl Admission {
    /// From now, with nothing agreed yet.
    pub fn now(whom: Whom, bed_id: i64) -> Admission {
        Admission {
            whom,
            bed_id,
            from: None,
            until: None,
            agreed: Agreed::default(),
            reason: String::new(),
            isolation: false,
        }
    }

    #[must_use]
    pub fn from(mut self, from: Option<Instant>) -> Admission {
        self.from = from;
        self
    }
}

/// Starts a stay and gives its number. A hold of the bed for the same elder is used up; who waited waits no longer.
pub fn admit(tx: &mut Tx<'_>, admission: &Admission) -> Result<i64> {
    admit_since(tx, Permission::ManageStays, admission, BACKDATE_DAYS_MAX)
}

/// The same from at most `days_max` days back, by whoever has `need` there.
pub(super) fn admit_since(
    tx: &mut Tx<'_>,
    need: Permission,
    admission: &Admission,
    days_max: i64,
) -> Result<i64> {
    let bed = named_bed(tx, need, admission.bed_id)?;
    let house = open_house(tx, &bed)?;
    let person = find(tx, need, &admission.whom)?;
    let (from, to) = period(tx, &bed, admission, days_max)?;
    let reason = reason_for(tx, from, &admission.reason)?;
    admission.agreed.check()?;
    let holds = store::holds_of_elder(tx.connection, person.id, tx.now)?;
    let own = holds.iter().find(|hold| hold.bed_id == bed.id);
    let warnings = check_rules(tx, (&bed, &house), &person, admission, own.is_some())?;
    let gives_way: Vec<(ClaimKind, i64)> = own.iter().map(|hold| (ClaimKind::Hold, hold.id)).collect();
    refuse_bed(tx, &bed, from, to, &gives_way)?;
    refuse_elder(tx, person.id, from, to, None)?;
    close_holds(tx, &bed, &holds, from)?;
    let columns = store::NewStay { ends_at: to, ..admission.agreed.columns() };
    let id = store::insert_stay(tx.connection, &bed, person.id, from, &columns)?;
    admission.agreed.keep(tx, id)?;
    if let Some(entry) = store::entry_of_elder(tx.connection, person.id)? {
        store::close_entry(tx.connection, entry.id, entry.version, WaitingState::Admitted, tx.now)?;
    }
    let change = Change {
        action: "stay.admit",
        entity: "stay",
        id,
        town_code: &bed.town_code,
        institution_id: Some(bed.institution_id),
        bed_id: Some(bed.id),
        state: Some("occupied"),
    };
    let detail = json!({
        "version": 1, "bed": bed.id, "elder": person.id, "institution": bed.institution_id,
        "from": tx.calendar.rfc3339(from), "reason": reason, "warnings": warnings,
    });
    record(tx, &change, detail)?;
    Ok(id)
}

/// The institution of a bed, which the asker has reached already; one that does not operate is refused.
pub(super) fn open_house(tx: &mut Tx<'_>, bed: &BedRow) -> Result<HouseFacts> {
    let house = store::house_of(tx.connection, bed.institution_id)?;
    if house.state == InstitutionState::Operating {
        return Ok(house);
    }
    let state = format!("@enums.institution_state.{}", house.state.name());
    Err(Error::field("bed", Text::new("bed.not_operating").with("state", state)))
}

/// The person; somebody new is registered by whoever has `need`.
pub(super) fn find(tx: &mut Tx<'_>, need: Permission, whom: &Whom) -> Result<PersonRow> {
    let person = match whom {
        Whom::Elder(id) => get_person_within(tx.connection, tx.scope, Permission::SeeElders, *id, tx.now)
            .map_err(|error| match error.code {
                Code::NotFound => Error::field("elder", Text::new("rule.unknown_elder")),
                _ => error,
            })?,
        Whom::Found(found) => get_person(tx.connection, found.elder_id())?,
        Whom::New(new) => {
            let id = register_resident(tx, need, new)?.elder_id();
            get_person(tx.connection, id)?
        }
    };
    match person.died_at {
        Some(at) => Err(Error::field("elder", Text::new("rule.elder_died").with("at", tx.calendar.show(at)))),
        None => Ok(person),
    }
}

/// From when to when: a day place counts by whole days and may be booked ahead.
fn period(
    tx: &Tx<'_>,
    bed: &BedRow,
    admission: &Admission,
    days_max: i64,
) -> Result<(Instant, Option<Instant>)> {
    let from = admission.from.unwrap_or(tx.now);
    if bed.kind != BedKind::DayPlace {
        if admission.until.is_some() {
            return Err(Error::field("until_on", Text::new("rule.only_day_place")));
        }
        check_start_within("from_on", from, tx.now, days_max)?;
        return Ok((from, None));
    }
    let (first, _) = tx.calendar.bounds(tx.calendar.day_of(from));
    let (_, end) = tx.calendar.bounds(tx.calendar.day_of(admission.until.unwrap_or(from)));
    if first > tx.now {
        check_planned("from_on", tx.now, first, tx.now, DAY_PLACE_DAYS_MAX)?;
    } else {
        check_start("from_on", first, tx.now)?;
    }
    check_planned("until_on", first, end, first, DAY_PLACE_DAYS_MAX)?;
    Ok((first, Some(end)))
}

/// Refuses what the room or the office's rules do not allow; gives the names of rules that only warn.
fn check_rules(
    tx: &mut Tx<'_>,
    (bed, house): (&BedRow, &HouseFacts),
    person: &PersonRow,
    admission: &Admission,
    is_held: bool,
) -> Result<Vec<String>> {
    let rules = store::admission_rules(tx.connection)?;
    let looking = Person {
        gender: person.gender,
        level: admission.agreed.care_level,
        kind: None,
        isolation: admission.isolation,
    };
    let mut found = misfits_of(tx, (bed, house), &looking, rules)?;
    if is_held {
        found.retain(|misfit| *misfit != Misfit::Isolation);
    }
    if let Some(misfit) = found.iter().find(|misfit| misfit.blocks()) {
        return Err(Error::field("bed", misfit.text()));
    }
    let open = Risk::ALL.len() - admission.agreed.risks.len();
    if open > 0 && rules.risks == RuleMode::Block {
        return Err(Error::field("risks", Text::new("rule.risks_open").with("n", open)));
    }
    Ok(found.iter().map(|misfit| misfit.text().key.to_owned()).collect())
}

/// The hold of this bed is used up; holds of other beds of the same institution are let go.
fn close_holds(tx: &mut Tx<'_>, bed: &BedRow, holds: &[HoldRow], from: Instant) -> Result<()> {
    for hold in holds.iter().filter(|hold| hold.institution_id == bed.institution_id) {
        let is_this = hold.bed_id == bed.id;
        let outcome = if is_this { HoldOutcome::Admitted } else { HoldOutcome::Released };
        let at = if is_this { from } else { tx.now };
        if !store::close_hold(tx.connection, hold, at, outcome)? {
            return Err(crate::registry::change::stale(tx.connection, "hold", hold.id, hold.version)?);
        }
    }
    Ok(())
}
