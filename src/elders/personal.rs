//! Personal data in clear, and the audit rows of those who looked at it.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde_json::json;

use super::model::is_identity;
use super::store::{self, ElderRow, PersonalColumns, contact_rows, document_rows, place_rows};
use crate::access::Permission;
use crate::access::audit::Entry;
use crate::access::seal::{Cell, Keys};
use crate::app::Tx;
use crate::error::{Error, Result};
use crate::text::Text;

const IDENTITY: &str = "identity";
const PHONE: &str = "phone";
const ADDRESS: &str = "address";
const DOOR_NOTE: &str = "door_note";
const PLACES: &str = "elder_places";

/// What is sealed of an elder; empty where nothing is on file.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Personal {
    pub identity: String,
    pub phone: String,
    pub address: String,
    /// How to be let in.
    pub door_note: String,
}

/// Seals personal data for the elder with number `id`.
pub fn seal(keys: &Keys, id: i64, personal: &Personal) -> Result<PersonalColumns> {
    let one = |column: &'static str, text: &str| {
        if text.is_empty() { Ok(None) } else { keys.seal(cell(id, column), text).map(Some) }
    };
    let index = (!personal.identity.is_empty()).then(|| index(keys, &personal.identity));
    Ok(PersonalColumns {
        identity_sealed: one(IDENTITY, &personal.identity)?,
        identity_index: index,
        phone_sealed: one(PHONE, &personal.phone)?,
        address_sealed: one(ADDRESS, &personal.address)?,
        door_note_sealed: one(DOOR_NOTE, &personal.door_note)?,
    })
}

/// Opens all that is sealed of an elder. What leaves the program must be masked, or go through [`reveal`].
pub(super) fn open(keys: &Keys, row: &ElderRow) -> Result<Personal> {
    let one = |column: &'static str, sealed: &Option<Vec<u8>>| match sealed {
        Some(sealed) => keys.open(cell(row.id, column), sealed),
        None => Ok(String::new()),
    };
    Ok(Personal {
        identity: one(IDENTITY, &row.identity_sealed)?,
        phone: one(PHONE, &row.phone_sealed)?,
        address: one(ADDRESS, &row.address_sealed)?,
        door_note: one(DOOR_NOTE, &row.door_note_sealed)?,
    })
}

/// Everything that is sealed of an elder, in clear.
#[derive(Clone, Default)]
pub struct Clear {
    pub personal: Personal,
    /// Address and door note by place.
    pub places: HashMap<i64, (String, String)>,
    /// Phones by contact.
    pub phones: HashMap<i64, String>,
    /// Numbers by document.
    pub numbers: HashMap<i64, String>,
}

/// Personal data in clear for somebody who may see it; the look is written down.
pub fn reveal(tx: &mut Tx<'_>, id: i64) -> Result<Clear> {
    let row = store::get_elder(tx.connection, tx.scope, Permission::UnmaskElder, id, tx.now)?;
    tx.audit(&Entry {
        action: "elder.unmask",
        entity: "elder",
        entity_id: id.to_string(),
        town_code: Some(&row.town_code),
        detail: json!({ "fields": [IDENTITY, PHONE, ADDRESS, DOOR_NOTE, "contacts", "places", "documents"] }),
    })?;
    let keys = tx.keys;
    let mut clear = Clear { personal: open(keys, &row)?, ..Clear::default() };
    for place in place_rows::list(tx.connection, id)? {
        let opened =
            |column, sealed: &Option<Vec<u8>>| open_of(keys, (PLACES, place.id, column), sealed.as_deref());
        let values = (opened(ADDRESS, &place.address_sealed)?, opened(DOOR_NOTE, &place.door_note_sealed)?);
        clear.places.insert(place.id, values);
    }
    for contact in contact_rows::list(tx.connection, id)? {
        let phone = open_of(keys, ("elder_contacts", contact.id, PHONE), contact.phone_sealed.as_deref())?;
        clear.phones.insert(contact.id, phone);
    }
    for document in document_rows::list(tx.connection, id)? {
        let number =
            open_of(keys, ("elder_documents", document.id, "number"), document.number_sealed.as_deref())?;
        clear.numbers.insert(document.id, number);
    }
    Ok(clear)
}

/// Seals a value of another row of the elder's; none for an empty text.
pub(super) fn seal_of(
    keys: &Keys,
    (table, row, column): (&'static str, i64, &'static str),
    text: &str,
) -> Result<Option<Vec<u8>>> {
    if text.is_empty() { Ok(None) } else { keys.seal(Cell { table, row, column }, text).map(Some) }
}

pub(super) fn open_of(
    keys: &Keys,
    (table, row, column): (&'static str, i64, &'static str),
    sealed: Option<&[u8]>,
) -> Result<String> {
    sealed.map_or(Ok(String::new()), |sealed| keys.open(Cell { table, row, column }, sealed))
}

/// Where somebody is visited, in clear.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct VisitPlace {
    pub address: String,
    pub door_note: String,
}

impl VisitPlace {
    /// Both in one line; none where nothing is on file.
    pub fn line(&self) -> Option<String> {
        let parts =
            [self.address.as_str(), self.door_note.as_str()].into_iter().filter(|part| !part.is_empty());
        let line = parts.collect::<Vec<_>>().join(" · ");
        Some(line).filter(|line| !line.is_empty())
    }
}

/// The places of visits on a day with their door notes, by elder: the caller has seen to it that the visits are within reach. One
/// audit row names them all.
pub fn reveal_visit_places(
    tx: &mut Tx<'_>,
    elder_ids: &[i64],
    day: NaiveDate,
) -> Result<HashMap<i64, VisitPlace>> {
    if elder_ids.is_empty() {
        return Ok(HashMap::new());
    }
    let sealed = store::sealed_places_on(tx.connection, elder_ids, day)?;
    tx.audit(&Entry {
        action: "elder.address",
        entity: "elder",
        entity_id: elder_ids[0].to_string(),
        town_code: None,
        detail: json!({ "elders": elder_ids, "fields": [ADDRESS, DOOR_NOTE] }),
    })?;
    let mut places = HashMap::new();
    for (elder, place) in sealed {
        let (table, row) = place.place_id.map_or(("elders", elder), |id| (PLACES, id));
        let opened =
            |column, sealed: &Option<Vec<u8>>| open_of(tx.keys, (table, row, column), sealed.as_deref());
        let address = opened(ADDRESS, &place.address_sealed)?;
        let door_note = opened(DOOR_NOTE, &place.door_note_sealed)?;
        places.insert(elder, VisitPlace { address, door_note });
    }
    Ok(places)
}

/// The phone of an elder whom the asker is about to visit: the caller has seen to it that the visit is within reach, and has
/// written down who looks.
pub fn phone_to_call(tx: &mut Tx<'_>, id: i64) -> Result<Option<String>> {
    let sealed = store::sealed_phone(tx.connection, id)?;
    sealed.map(|sealed| tx.keys.open(cell(id, PHONE), &sealed)).transpose()
}

/// An elder found by identity number for an admission; the look-up is in the audit chain by the time this is used, because
/// it commits by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found(i64);

impl Found {
    /// An elder who was just put on file.
    pub(super) fn of(id: i64) -> Found {
        Found(id)
    }

    pub fn elder_id(self) -> i64 {
        self.0
    }
}

/// The elder with this identity number within reach. The look-up is written down, found or not, without the number.
pub fn find_by_identity(tx: &mut Tx<'_>, identity: &str) -> Result<Option<i64>> {
    let index = checked_index(tx.keys, identity)?;
    let found = store::find_by_index(tx.connection, tx.scope, Permission::SeeElders, &index, tx.now)?;
    record_look_up(tx, found.as_ref())?;
    Ok(found.map(|(id, _)| id))
}

/// The same in the whole city: who admits has the person and the card in front of them, and the elder may come from
/// anywhere. Runs in a transaction of its own, so that a refused admission leaves its look-up in the audit chain. `need` is what
/// lets the asker admit.
pub fn find_for_admission(tx: &mut Tx<'_>, need: Permission, identity: &str) -> Result<Option<Found>> {
    tx.scope.reach(need)?;
    let index = checked_index(tx.keys, identity)?;
    let found = store::find_anywhere_by_index(tx.connection, &index)?;
    record_look_up(tx, found.as_ref())?;
    Ok(found.map(|(id, _)| Found(id)))
}

pub(super) fn record_look_up(tx: &mut Tx<'_>, found: Option<&(i64, String)>) -> Result<()> {
    tx.audit(&Entry {
        action: "elder.look_up",
        entity: "elder",
        entity_id: found.map(|(id, _)| id.to_string()).unwrap_or_default(),
        town_code: found.map(|(_, town)| town.as_str()),
        detail: json!({ "found": found.is_some() }),
    })
}

pub(super) fn checked_index(keys: &Keys, identity: &str) -> Result<Vec<u8>> {
    if !is_identity(&normal(identity)) {
        return Err(Error::field("identity", Text::new("rule.identity")));
    }
    Ok(index(keys, identity))
}

pub(super) fn index(keys: &Keys, identity: &str) -> Vec<u8> {
    keys.index(IDENTITY, &normal(identity))
}

fn normal(identity: &str) -> String {
    identity.trim().to_ascii_uppercase()
}

fn cell(row: i64, column: &'static str) -> Cell {
    Cell { table: "elders", row, column }
}
