//! Whole records in clear, for a list that leaves the program.

use serde_json::json;

use super::personal::{Personal, open, open_of};
use super::store::{self, ElderRow, caregiver_rows, contact_rows, eligibility_rows, place_rows};
use crate::access::audit::Entry;
use crate::access::seal::Keys;
use crate::app::Tx;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::listing::ListRequest;

/// All that a list can say of an elder.
pub struct Record {
    pub elder: ElderRow,
    pub personal: Personal,
    pub eligibility: Vec<eligibility_rows::Row>,
    /// With address and door note.
    pub places: Vec<(place_rows::Row, String, String)>,
    /// With the phone.
    pub contacts: Vec<(contact_rows::Row, String)>,
    pub caregivers: Vec<caregiver_rows::Row>,
}

/// Records that somebody may see in clear: that they do is in the audit chain by the time this is used, because it commits by
/// itself.
pub struct Revealed(Vec<ElderRow>);

/// The records that a list shows, for somebody who may see personal data; which they were is written down.
pub fn reveal_records(tx: &mut Tx<'_>, request: &ListRequest) -> Result<Revealed> {
    let rows = store::list_to_reveal(tx.connection, tx.scope, request, (tx.calendar, tx.now))?;
    let numbers: Vec<i64> = rows.iter().map(|row| row.id).collect();
    tx.audit(&Entry {
        action: "elder.export",
        entity: "elder",
        entity_id: String::new(),
        town_code: None,
        detail: json!({ "elders": numbers }),
    })?;
    Ok(Revealed(rows))
}

impl Revealed {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All that is on file of them.
    pub fn read(self, connection: &mut AnyConnection, keys: &Keys) -> Result<Vec<Record>> {
        self.0.into_iter().map(|elder| record(connection, keys, elder)).collect()
    }
}

fn record(connection: &mut AnyConnection, keys: &Keys, elder: ElderRow) -> Result<Record> {
    let id = elder.id;
    let places = place_rows::list(connection, id)?.into_iter().map(|row| {
        let opened = |column, sealed: &Option<Vec<u8>>| {
            open_of(keys, ("elder_places", row.id, column), sealed.as_deref())
        };
        let values = (opened("address", &row.address_sealed)?, opened("door_note", &row.door_note_sealed)?);
        Ok((row, values.0, values.1))
    });
    let places = places.collect::<Result<_>>()?;
    let contacts = contact_rows::list(connection, id)?.into_iter().map(|row| {
        let phone = open_of(keys, ("elder_contacts", row.id, "phone"), row.phone_sealed.as_deref())?;
        Ok((row, phone))
    });
    let contacts = contacts.collect::<Result<_>>()?;
    Ok(Record {
        personal: open(keys, &elder)?,
        eligibility: eligibility_rows::list(connection, id)?,
        places,
        contacts,
        caregivers: caregiver_rows::list(connection, id)?,
        elder,
    })
}
