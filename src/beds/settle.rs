//! Residents as a list names them: found in their bed, or admitted from when they came, however long ago that was.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::admit::{Admission, admit_since};
use super::agreed::{Agreed, Contact, agree_by, open_contact};
use super::discharge::change;
use super::model::{CareLevel, ClaimKind};
use super::record::record;
use super::store::{self, NewStay, StayRow};
use super::used_up::{self, UsedUp};
use crate::access::Permission;
use crate::app::Tx;
use crate::elders::store::visible_names;
use crate::error::{Error, Result};
use crate::input::Told;
use crate::registry::change::stale;
use crate::text::Text;

/// How far back a resident of a list may have come, in days.
const TAKE_OVER_DAYS_MAX: i64 = 366 * 60;

/// What somebody needs who takes residents over from a list: whoever furnishes a house, its manager or the city's office, brings in
/// who lives there. Admitting day by day stays with the house.
pub const TAKE_OVER: Permission = Permission::EditInstitution;

/// What a list says of a resident beside who it is.
#[derive(Clone, Debug, Default)]
pub struct ResidentSaid {
    pub since_on: Option<NaiveDate>,
    pub care_level: Told<CareLevel>,
    pub contract_starts_on: Told<NaiveDate>,
    pub contract_ends_on: Told<NaiveDate>,
    pub contact_name: Told<String>,
    pub contact_phone: Told<String>,
}

impl ResidentSaid {
    /// What is agreed with somebody who comes.
    pub fn agreed(&self) -> Agreed {
        self.over(&Agreed::default())
    }

    fn over(&self, before: &Agreed) -> Agreed {
        Agreed {
            care_level: self.care_level.over(before.care_level),
            contract_starts_on: self.contract_starts_on.over(before.contract_starts_on),
            contract_ends_on: self.contract_ends_on.over(before.contract_ends_on),
            risks: Vec::new(),
            contact: Contact {
                name: self.contact_name.clone().over_text(&before.contact.name),
                phone: self.contact_phone.clone().over_text(&before.contact.phone),
            },
        }
    }
}

/// What was done for a resident of a list.
#[derive(Clone, Debug, PartialEq)]
pub enum Settled {
    Same,
    /// Version that was made, and what [`unsettle`] needs to put it back.
    Agreed {
        stay_id: i64,
        version: i64,
        before: Value,
    },
}

/// Who lives in the bed now: number, and name where the asker may see it.
pub fn resident_of(tx: &mut Tx<'_>, bed_id: i64) -> Result<Option<(i64, Option<String>)>> {
    let Some(stay) = stay_in(tx, bed_id)? else { return Ok(None) };
    let mut names = visible_names(tx.connection, tx.scope, &[stay.elder_id], tx.now)?;
    Ok(Some((stay.elder_id, names.remove(&stay.elder_id))))
}

fn stay_in(tx: &mut Tx<'_>, bed_id: i64) -> Result<Option<StayRow>> {
    let filled = store::filled_at(tx.connection, &[bed_id], tx.now)?;
    let stay = filled.get(&bed_id).filter(|found| found.claim.kind == ClaimKind::Stay);
    stay.map(|found| store::find_stay(tx.connection, found.claim.source_id)).transpose()
}

/// Brings the resident's agreement up to what a list says: for somebody who lives in the bed already.
pub fn settle(tx: &mut Tx<'_>, bed_id: i64, elder_id: i64, said: &ResidentSaid) -> Result<Option<Settled>> {
    let Some(stay) = stay_in(tx, bed_id)?.filter(|stay| stay.elder_id == elder_id) else { return Ok(None) };
    let began = tx.calendar.day_of(stay.starts_at);
    if said.since_on.is_some_and(|day| day != began) {
        return Err(Error::field("from_on", Text::new("rule.stay_began").with("from", began)));
    }
    let known = Agreed {
        care_level: stay.care_level,
        contract_starts_on: stay.contract_starts_on,
        contract_ends_on: stay.contract_ends_on,
        risks: Vec::new(),
        contact: open_contact(tx, &stay)?,
    };
    let agreed = said.over(&known);
    let changes_contact = agreed.contact != known.contact;
    if agreed == known {
        return Ok(Some(Settled::Same));
    }
    agree_by(tx, TAKE_OVER, stay.id, stay.version, &agreed)?;
    if agreed.contact == Contact::default() {
        // An agreement without a contact leaves the one that is there.
        store::put_contact(tx.connection, stay.id, None)?;
    }
    let before = Before {
        care_level: stay.care_level,
        contract_starts_on: stay.contract_starts_on,
        contract_ends_on: stay.contract_ends_on,
        contact: changes_contact.then(|| stay.contact_sealed.as_ref().map(hex::encode).unwrap_or_default()),
    };
    Ok(Some(Settled::Agreed { stay_id: stay.id, version: stay.version + 1, before: json!(before) }))
}

/// What a stay's agreement was; a contact stays sealed, and is absent where it was not touched.
#[derive(Serialize, Deserialize)]
struct Before {
    care_level: Option<CareLevel>,
    contract_starts_on: Option<NaiveDate>,
    contract_ends_on: Option<NaiveDate>,
    contact: Option<String>,
}

/// Admits a resident whom a list takes over: as an admission, from a day that may lie years back. Gives the stay and what it ended.
pub fn take_over(tx: &mut Tx<'_>, admission: &Admission) -> Result<(i64, UsedUp)> {
    let used_up = used_up::by(tx, admission)?;
    Ok((admit_since(tx, TAKE_OVER, admission, TAKE_OVER_DAYS_MAX)?, used_up))
}

/// Takes back what a list did to a stay: version `made` goes back to what it was, or away where it was not there. Refused
/// where the stay has changed since.
pub fn unsettle(tx: &mut Tx<'_>, stay_id: i64, made: i64, before: Option<&Value>) -> Result<()> {
    let stay = store::get_stay(tx.connection, tx.scope, TAKE_OVER, stay_id)?;
    if stay.version != made {
        return Err(stale(tx.connection, "stay", stay_id, made)?);
    }
    let Some(before) = before else {
        if !store::delete_stay(tx.connection, stay_id, made)? {
            return Err(stale(tx.connection, "stay", stay_id, made)?);
        }
        let detail = json!({ "version": made, "bed": stay.bed_id, "elder": stay.elder_id });
        return record(tx, &change(&stay, "stay.take_back", Some("free")), detail);
    };
    let before: Before = serde_json::from_value(before.clone())
        .map_err(|error| Error::internal("a kept agreement").because(error))?;
    let columns = NewStay {
        care_level: before.care_level,
        contract_starts_on: before.contract_starts_on,
        contract_ends_on: before.contract_ends_on,
        ..NewStay::default()
    };
    if !store::set_agreed(tx.connection, stay_id, made, &columns)? {
        return Err(stale(tx.connection, "stay", stay_id, made)?);
    }
    if let Some(contact) = before.contact {
        let sealed =
            hex::decode(contact).map_err(|error| Error::internal("a kept contact").because(error))?;
        let sealed = Some(sealed).filter(|sealed| !sealed.is_empty());
        store::put_contact(tx.connection, stay_id, sealed.as_deref())?;
    }
    let name = |level: Option<CareLevel>| level.map(CareLevel::name);
    let changes = json!({ "care_level": [name(stay.care_level), name(before.care_level)] });
    let detail = json!({ "version": made + 1, "changes": changes });
    record(tx, &change(&stay, "stay.agree", None), detail)
}
