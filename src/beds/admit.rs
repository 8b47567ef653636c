//! Admitting an elder to a bed.

use serde_json::json;

use super::model::check_start;
use super::store::{self, BedRow, StayRow};
use crate::access::Permission;
use crate::access::audit::Entry;
use crate::app::Tx;
use crate::bus::{Event, Topic};
use crate::clock::Instant;
use crate::elders::Found;
use crate::elders::store::get_elder;
use crate::error::{Code, Error, Result};
use crate::registry::institutions::InstitutionState;
use crate::registry::institutions::store::get_institution;
use crate::text::Text;

/// Who is admitted.
#[derive(Clone)]
pub enum Whom {
    /// The record number of an elder within reach.
    Elder(i64),
    /// An elder of anywhere in the city, found by the identity number on the card.
    Found(Found),
}

/// Who goes into which bed from when; without an instant, from now.
#[derive(Clone)]
pub struct Admission {
    pub whom: Whom,
    pub bed_id: i64,
    pub from: Option<Instant>,
}

/// Starts a stay and gives its number.
pub fn admit(tx: &mut Tx<'_>, admission: &Admission) -> Result<i64> {
    let bed = store::get_bed(tx.connection, tx.scope, Permission::ManageStays, admission.bed_id)?;
    let institution = get_institution(tx.connection, tx.scope, Permission::ManageStays, bed.institution_id)?;
    if institution.state != InstitutionState::Operating {
        return Err(Error::new(
            Code::IllegalMove,
            Text::new("bed.not_operating")
                .with("state", format!("@enums.institution_state.{}", institution.state.name())),
        ));
    }
    let elder_id = find(tx, &admission.whom)?;
    let from = admission.from.unwrap_or(tx.now);
    check_start(from, tx.now)?;
    // These two only say it better: the database has the last word.
    if let Some(stay) = store::stay_in_bed_after(tx.connection, bed.id, from)? {
        return Err(Error::taken(taken_by(tx, "bed.taken_since", "bed.taken_until", &stay)));
    }
    if let Some(stay) = store::stay_of_elder_after(tx.connection, elder_id, from)? {
        return Err(Error::taken(elder_taken(tx, &stay)?));
    }
    let id = store::insert_stay(tx.connection, &bed, elder_id, from)?;
    record(tx, &bed, id, elder_id, from)?;
    Ok(id)
}

fn find(tx: &mut Tx<'_>, whom: &Whom) -> Result<i64> {
    match whom {
        Whom::Elder(id) => match get_elder(tx.connection, tx.scope, Permission::SeeElders, *id, tx.now) {
            Ok(elder) => Ok(elder.id),
            Err(error) if error.code == Code::NotFound => {
                Err(Error::field("elder", Text::new("rule.unknown_elder")))
            }
            Err(error) => Err(error),
        },
        Whom::Found(found) => Ok(found.elder_id()),
    }
}

fn taken_by(tx: &Tx<'_>, since: &'static str, until: &'static str, stay: &StayRow) -> Text {
    let from = tx.calendar.show(stay.starts_at);
    match stay.ends_at {
        None => Text::new(since).with("from", from),
        Some(to) => Text::new(until).with("from", from).with("to", tx.calendar.show(to)),
    }
}

/// Names the institution only to somebody who may see its beds.
fn elder_taken(tx: &mut Tx<'_>, stay: &StayRow) -> Result<Text> {
    let Ok(reach) = tx.scope.reach(Permission::SeeBeds) else { return Ok(Text::new("error.elder_in_bed")) };
    if !reach.covers(Some(&stay.town_code), Some(stay.institution_id)) {
        return Ok(Text::new("error.elder_in_bed"));
    }
    let institution = get_institution(tx.connection, tx.scope, Permission::SeeBeds, stay.institution_id)?;
    Ok(taken_by(tx, "bed.elder_since", "bed.elder_until", stay).with("institution", institution.name))
}

fn record(tx: &mut Tx<'_>, bed: &BedRow, id: i64, elder_id: i64, from: Instant) -> Result<()> {
    let from = tx.calendar.rfc3339(from);
    tx.audit(&Entry {
        action: "stay.admit",
        entity: "stay",
        entity_id: id.to_string(),
        town_code: Some(&bed.town_code),
        detail: json!({ "version": 1, "bed": bed.id, "elder": elder_id, "institution": bed.institution_id, "from": from }),
    })?;
    let payload = json!({ "id": id, "bed": bed.id, "institution": bed.institution_id, "state": "occupied" });
    tx.publish(&Event::new(Topic::Stay, &bed.town_code, id, payload).of_institution(Some(bed.institution_id)))
}
