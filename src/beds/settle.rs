//! Residents as a list names them: found in their bed, or admitted from when they came, however long ago that was.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::admit::{Admission, admit_since};
use super::agreed::{Agreed, Contact, agree, open_contact};
use super::discharge::change;
use super::model::{CareLevel, ClaimKind};
use super::record::record;
use super::store::{self, NewStay, StayRow};
use crate::access::Permission;
use crate::app::Tx;
use crate::elders::store::visible_names;
use crate::error::{Error, Result};
use crate::registry::change::stale;
use crate::text::Text;

/// How far back a resident of a list may have come, in days.
const TAKE_OVER_DAYS_MAX: i64 = 366 * 60;

/// What a list says of a resident beside who it is; what is absent stays as it is.
#[derive(Clone, Debug, Default)]
pub struct ResidentSaid {
    pub since_on: Option<NaiveDate>,
    pub care_level: Option<CareLevel>,
    pub contract_starts_on: Option<NaiveDate>,
    pub contract_ends_on: Option<NaiveDate>,
    pub contact: Contact,
}

/// What was done for a resident of a list.
#[derive(Clone, Debug, PartialEq)]
pub enum Settled {
    Same,
    Admitted {
        stay_id: i64,
    },
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
    let contact = open_contact(tx, &stay)?;
    let changes_contact = said.contact != Contact::default() && said.contact != contact;
    let agreed = Agreed {
        care_level: said.care_level.or(stay.care_level),
        contract_starts_on: said.contract_starts_on.or(stay.contract_starts_on),
        contract_ends_on: said.contract_ends_on.or(stay.contract_ends_on),
        risks: Vec::new(),
        contact: if changes_contact { said.contact.clone() } else { Contact::default() },
    };
    let is_same = (agreed.care_level, agreed.contract_starts_on, agreed.contract_ends_on)
        == (stay.care_level, stay.contract_starts_on, stay.contract_ends_on);
    if is_same && !changes_contact {
        return Ok(Some(Settled::Same));
    }
    agree(tx, stay.id, stay.version, &agreed)?;
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

/// Admits a resident whom a list takes over: as an admission, from a day that may lie years back.
pub fn take_over(tx: &mut Tx<'_>, admission: &Admission) -> Result<Settled> {
    Ok(Settled::Admitted { stay_id: admit_since(tx, admission, TAKE_OVER_DAYS_MAX)? })
}

/// Whether an admission would use up a hold or an entry of the waiting list, which taking it back would not bring back.
pub fn uses_up(tx: &mut Tx<'_>, elder_id: i64) -> Result<bool> {
    let waits = store::entry_of_elder(tx.connection, elder_id)?.is_some();
    Ok(waits || !store::holds_of_elder(tx.connection, elder_id, tx.now)?.is_empty())
}

/// Takes back what a list did to a stay: version `made` goes back to what it was, or away where it was not there. Refused
/// where the stay has changed since.
pub fn unsettle(tx: &mut Tx<'_>, stay_id: i64, made: i64, before: Option<&Value>) -> Result<()> {
    let stay = store::get_stay(tx.connection, tx.scope, Permission::ManageStays, stay_id)?;
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
