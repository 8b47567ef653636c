//! What is agreed and assessed with an admission: the nine risks, the level of care, contract and contact.

use chrono::NaiveDate;
use serde_json::json;

use super::model::{CareLevel, Risk, check_note};
use super::record::{Change, record};
use super::store::{self, NewStay, StayRow};
use crate::access::Permission;
use crate::access::seal::Cell;
use crate::app::Tx;
use crate::error::{Error, Result};
use crate::input::Checks;
use crate::registry::change::stale;
use crate::text::Text;

/// What was agreed; empty where it was not yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Agreed {
    pub care_level: Option<CareLevel>,
    pub contract_starts_on: Option<NaiveDate>,
    pub contract_ends_on: Option<NaiveDate>,
    /// Answers to the nine risks; one that is absent is not answered.
    pub risks: Vec<(Risk, bool)>,
    pub contact: Contact,
}

/// Whom to call. Sealed in the database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    pub name: String,
    pub phone: String,
}

impl Agreed {
    pub(super) fn check(&self) -> Result<()> {
        let mut checks = Checks::default();
        checks.text("contact_name", &self.contact.name, 0, 40);
        checks.phone("contact_phone", &self.contact.phone);
        let in_order = match (self.contract_starts_on, self.contract_ends_on) {
            (Some(first), Some(last)) => first <= last,
            (None, Some(_)) => false,
            (_, None) => true,
        };
        checks.require("contract_ends_on", in_order, || Text::new("rule.contract_order"));
        let years = |day: NaiveDate| i64::from(chrono::Datelike::year(&day));
        for (field, day) in
            [("contract_starts_on", self.contract_starts_on), ("contract_ends_on", self.contract_ends_on)]
        {
            let is_near = day.is_none_or(|day| (2000..=2100).contains(&years(day)));
            checks.require(field, is_near, || Text::new("rule.contract_years"));
        }
        checks.finish()
    }

    pub(super) fn columns(&self) -> NewStay {
        NewStay {
            care_level: self.care_level,
            contract_starts_on: self.contract_starts_on,
            contract_ends_on: self.contract_ends_on,
            ..NewStay::default()
        }
    }

    /// Writes what stands in tables and columns of its own.
    pub(super) fn keep(&self, tx: &mut Tx<'_>, stay_id: i64) -> Result<()> {
        let actor = tx.scope.actor.clone();
        store::answer_risks(tx.connection, stay_id, &self.risks, &actor, tx.now)?;
        if self.contact != Contact::default() {
            let text = format!("{}\n{}", self.contact.name.trim(), self.contact.phone.trim());
            let sealed = tx.keys.seal(contact_cell(stay_id), &text)?;
            store::set_contact(tx.connection, stay_id, &sealed)?;
        }
        Ok(())
    }
}

fn contact_cell(stay_id: i64) -> Cell {
    Cell { table: "stays", row: stay_id, column: "contact" }
}

/// The contact of a stay, for a stay that takes its place; it stays sealed otherwise.
pub(super) fn open_contact(tx: &Tx<'_>, stay: &StayRow) -> Result<Contact> {
    let Some(sealed) = &stay.contact_sealed else { return Ok(Contact::default()) };
    read_contact(&tx.keys.open(contact_cell(stay.id), sealed)?)
}

fn read_contact(text: &str) -> Result<Contact> {
    let (name, phone) = text.split_once('\n').ok_or_else(|| Error::internal("a sealed contact"))?;
    Ok(Contact { name: name.to_owned(), phone: phone.to_owned() })
}

/// The contact in clear for somebody who may see the elder's personal data; the look is written down.
pub fn reveal_contact(tx: &mut Tx<'_>, stay_id: i64) -> Result<Contact> {
    let stay = store::get_stay(tx.connection, tx.scope, Permission::UnmaskElder, stay_id)?;
    tx.audit(&crate::access::audit::Entry {
        action: "stay.contact",
        entity: "stay",
        entity_id: stay_id.to_string(),
        town_code: Some(&stay.town_code),
        detail: json!({ "elder": stay.elder_id }),
    })?;
    open_contact(tx, &stay)
}

/// Writes down what was agreed and assessed after the admission, over version `seen`. Risks that are not answered here stay
/// as they were; an empty contact stays as it was.
pub fn agree(tx: &mut Tx<'_>, stay_id: i64, seen: i64, agreed: &Agreed) -> Result<()> {
    agree_by(tx, Permission::ManageStays, stay_id, seen, agreed)
}

/// The same by whoever has `need` there.
pub(super) fn agree_by(
    tx: &mut Tx<'_>,
    need: Permission,
    stay_id: i64,
    seen: i64,
    agreed: &Agreed,
) -> Result<()> {
    let stay = store::get_stay(tx.connection, tx.scope, need, stay_id)?;
    if stay.version != seen {
        return Err(stale(tx.connection, "stay", stay_id, seen)?);
    }
    agreed.check()?;
    check_note("contact_name", &agreed.contact.name)?;
    if !store::set_agreed(tx.connection, stay_id, seen, &agreed.columns())? {
        return Err(stale(tx.connection, "stay", stay_id, seen)?);
    }
    agreed.keep(tx, stay_id)?;
    let change = Change {
        action: "stay.agree",
        entity: "stay",
        id: stay_id,
        town_code: &stay.town_code,
        institution_id: Some(stay.institution_id),
        bed_id: Some(stay.bed_id),
        state: None,
    };
    let name = |level: Option<CareLevel>| level.map(CareLevel::name);
    let changes = json!({
        "care_level": [name(stay.care_level), name(agreed.care_level)],
        "contract_ends_on": [stay.contract_ends_on, agreed.contract_ends_on],
    });
    let detail = json!({ "version": seen + 1, "risks": agreed.risks.len(), "changes": changes });
    record(tx, &change, detail)
}
