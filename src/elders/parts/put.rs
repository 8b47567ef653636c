//! What a list says of the rows that belong to a record: put on file once, however often the list is read, and taken back.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{
    Caregivers, Contacts, Eligibility, Part, Places, add, change, editable, remove, stale, write_down,
};
use crate::access::seal::Keys;
use crate::app::Tx;
use crate::db::AnyConnection;
use crate::elders::personal::open_of;
use crate::elders::store::{
    caregiver_rows, contact_rows, eligibility_rows, place_rows, put_back_caregiver, put_back_contact,
    put_back_eligibility, put_back_place,
};
use crate::error::{Error, Result};
use crate::registry::change::differences;
use crate::web::Input;

crate::text_enum! {
    /// The parts of a record that lists can speak of.
    pub enum ListedPart {
        Eligibility = "eligibility",
        Places = "places",
        Contacts = "contacts",
        Caregivers = "caregivers",
    }
}

/// A row that was put on file, or changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Put {
    pub id: i64,
    pub version: i64,
    /// The row before; none where there was none. What is sealed stays sealed.
    pub before: Option<Value>,
}

/// A text without what separates the items of a list's cell and their parts.
pub fn listable(text: &str) -> String {
    let letters = text.trim().chars().map(|letter| match letter {
        '|' | '｜' => '/',
        '\n' | '\r' => ' ',
        '；' | ';' => '，',
        other => other,
    });
    letters.collect()
}

/// A part that lists can speak of.
trait Listed: Part {
    fn list(connection: &mut AnyConnection, elder_id: i64) -> Result<Vec<Self::Row>>;
    fn id(row: &Self::Row) -> i64;
    /// Whether the values speak of this row.
    fn is_meant(row: &Self::Row, values: &Self::Values, today: NaiveDate) -> bool;
    /// Whether the row says all that the values say.
    fn says(keys: &Keys, row: &Self::Row, values: &Self::Values) -> Result<bool>;
    fn kept(row: &Self::Row) -> Value;
    /// Writes a kept row over version `seen`; false where that is no longer the current one.
    fn put_back(connection: &mut AnyConnection, row: (i64, i64), kept: &Value) -> Result<bool>;
}

/// Puts on file what a form of this part would say of an elder within reach; nothing where that is on file.
pub fn put(tx: &mut Tx<'_>, part: ListedPart, elder_id: i64, input: &Input) -> Result<Option<Put>> {
    match part {
        ListedPart::Eligibility => put_of::<Eligibility>(tx, elder_id, input),
        ListedPart::Places => put_of::<Places>(tx, elder_id, input),
        ListedPart::Contacts => put_of::<Contacts>(tx, elder_id, input),
        ListedPart::Caregivers => put_of::<Caregivers>(tx, elder_id, input),
    }
}

/// Takes back what [`put`] did. Refused where the row has changed since.
pub fn take_back(tx: &mut Tx<'_>, part: ListedPart, elder_id: i64, put: &Put) -> Result<()> {
    match part {
        ListedPart::Eligibility => take_back_of::<Eligibility>(tx, elder_id, put),
        ListedPart::Places => take_back_of::<Places>(tx, elder_id, put),
        ListedPart::Contacts => take_back_of::<Contacts>(tx, elder_id, put),
        ListedPart::Caregivers => take_back_of::<Caregivers>(tx, elder_id, put),
    }
}

fn put_of<P: Listed>(tx: &mut Tx<'_>, elder_id: i64, input: &Input) -> Result<Option<Put>> {
    let values = P::read(input)?;
    let today = tx.calendar.day_of(tx.now);
    let rows = P::list(tx.connection, elder_id)?;
    let Some(row) = rows.iter().find(|row| P::is_meant(row, &values, today)) else {
        let id = add::<P>(tx, elder_id, &values)?;
        return Ok(Some(Put { id, version: 1, before: None }));
    };
    if P::says(tx.keys, row, &values)? {
        return Ok(None);
    }
    let (id, seen) = (P::id(row), P::version(row));
    let before = Some(P::kept(row));
    change::<P>(tx, elder_id, (id, seen), &values)?;
    Ok(Some(Put { id, version: seen + 1, before }))
}

fn take_back_of<P: Listed>(tx: &mut Tx<'_>, elder_id: i64, put: &Put) -> Result<()> {
    let (id, seen) = (put.id, put.version);
    let Some(kept) = &put.before else { return remove::<P>(tx, elder_id, (id, seen)) };
    let elder = editable(tx, elder_id)?;
    let row = P::get(tx.connection, elder_id, id)?;
    if !P::put_back(tx.connection, (id, seen), kept)? {
        return Err(stale(tx, elder_id, P::NAME, (id, seen))?);
    }
    let after = P::get(tx.connection, elder_id, id)?;
    let changes = differences(&P::stored(&row), &P::stored(&after));
    let detail = json!({ "part": P::NAME, "row": id, "row_version": seen + 1, "changes": changes });
    write_down(tx, &elder, "elder.change_part", detail)
}

/// The values of both with texts as a list writes them.
fn same(a: &Value, b: &Value) -> bool {
    let (Some(a), Some(b)) = (a.as_object(), b.as_object()) else { return false };
    b.iter().all(|(name, value)| match (a.get(name), value) {
        (Some(Value::String(a)), Value::String(b)) => listable(a) == listable(b),
        (a, b) => a == Some(b),
    })
}

/// Whether what is sealed says the same; what is not given says nothing.
fn same_sealed(
    keys: &Keys,
    cell: (&'static str, i64, &'static str),
    sealed: Option<&[u8]>,
    said: Option<&str>,
) -> Result<bool> {
    let Some(said) = said else { return Ok(true) };
    Ok(listable(&open_of(keys, cell, sealed)?) == listable(said))
}

/// What all listed parts do alike with the module of their rows.
macro_rules! listed {
    ($rows:ident, $put_back:ident) => {
        fn list(connection: &mut AnyConnection, elder_id: i64) -> Result<Vec<Self::Row>> {
            $rows::list(connection, elder_id)
        }

        fn id(row: &Self::Row) -> i64 {
            row.id
        }

        fn kept(row: &Self::Row) -> Value {
            json!(row)
        }

        fn put_back(connection: &mut AnyConnection, row: (i64, i64), kept: &Value) -> Result<bool> {
            let kept: $rows::Row = serde_json::from_value(kept.clone())
                .map_err(|error| Error::internal("a kept row").because(error))?;
            $put_back(connection, row, &kept)
        }
    };
}

impl Listed for Eligibility {
    listed!(eligibility_rows, put_back_eligibility);

    /// Without days a list speaks of what is held today, or of a row without days.
    fn is_meant(row: &Self::Row, values: &Self::Values, today: NaiveDate) -> bool {
        let known = &row.fields;
        let is_held =
            known.from_on.is_none_or(|day| day <= today) && known.to_on.is_none_or(|day| day > today);
        let has_no_days = values.from_on.is_none() && values.to_on.is_none();
        known.category_code == values.category_code
            && (known.from_on == values.from_on || (has_no_days && is_held))
    }

    fn says(_: &Keys, row: &Self::Row, values: &Self::Values) -> Result<bool> {
        let mut said = json!(values);
        if values.from_on.is_none() && values.to_on.is_none() {
            said["from_on"] = json!(row.fields.from_on);
            said["to_on"] = json!(row.fields.to_on);
        }
        for text in ["document_number", "note"] {
            if said[text] == "" {
                said[text] = json!(row.fields)[text].clone();
            }
        }
        Ok(same(&json!(row.fields), &said))
    }
}

impl Listed for Places {
    listed!(place_rows, put_back_place);

    fn is_meant(row: &Self::Row, values: &Self::Values, _: NaiveDate) -> bool {
        let said = values.fields();
        row.fields.kind == said.kind
            && listable(&row.fields.label) == listable(&said.label)
            && row.fields.from_on == said.from_on
    }

    fn says(keys: &Keys, row: &Self::Row, values: &Self::Values) -> Result<bool> {
        let mut said = json!(values.fields());
        // Where the point stays, it came in the system that it came in.
        if (row.fields.longitude, row.fields.latitude)
            == (values.fields().longitude, values.fields().latitude)
        {
            said["coordinate_source"] = json!(row.fields.coordinate_source);
        }
        let (address, door_note) = values.sealed();
        Ok(same(&json!(row.fields), &said)
            && same_sealed(
                keys,
                ("elder_places", row.id, "address"),
                row.address_sealed.as_deref(),
                address,
            )?
            && same_sealed(
                keys,
                ("elder_places", row.id, "door_note"),
                row.door_note_sealed.as_deref(),
                door_note,
            )?)
    }
}

impl Listed for Contacts {
    listed!(contact_rows, put_back_contact);

    fn is_meant(row: &Self::Row, values: &Self::Values, _: NaiveDate) -> bool {
        listable(&row.fields.name) == listable(&values.fields().name)
    }

    fn says(keys: &Keys, row: &Self::Row, values: &Self::Values) -> Result<bool> {
        Ok(same(&json!(row.fields), &json!(values.fields()))
            && same_sealed(
                keys,
                ("elder_contacts", row.id, "phone"),
                row.phone_sealed.as_deref(),
                values.phone(),
            )?)
    }
}

impl Listed for Caregivers {
    listed!(caregiver_rows, put_back_caregiver);

    fn is_meant(row: &Self::Row, values: &Self::Values, _: NaiveDate) -> bool {
        row.fields.caregiver_id == values.caregiver_id()
    }

    fn says(_: &Keys, row: &Self::Row, values: &Self::Values) -> Result<bool> {
        Ok(same(&Self::stored(row), &Self::written(values)))
    }
}
