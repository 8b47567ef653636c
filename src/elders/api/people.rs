//! Whom to call, whom to send, and papers.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::parts::{PartApi, api_addresses, form_of, sealed};
use crate::access::Scope;
use crate::api::At;
use crate::db::AnyConnection;
use crate::elders::model::{DocumentKind, Relation, ScanKind, Stance};
use crate::elders::parts::{Caregivers, Contacts, Documents};
use crate::elders::store::{caregiver_rows, contact_rows, document_rows};
use crate::error::Result;
use crate::registry::caregivers::store::names_of_caregivers;
use crate::web::{Input, Words};

/// Whom to call, in this order.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ElderContact {
    pub id: i64,
    pub call_order: i32,
    pub contact_name: String,
    pub relation: Relation,
    /// Whether a phone is on file.
    pub has_phone: bool,
    pub note: String,
    /// To be sent with a change.
    pub version: i64,
}

#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ElderContactInput {
    #[schema(minimum = 1, maximum = 99)]
    call_order: i32,
    /// At most 40 characters.
    contact_name: String,
    relation: Relation,
    /// Sealed: a mobile number, or a landline's with its area code. What is on file stays without it; an empty text removes it.
    phone: Option<String>,
    /// At most 300 characters.
    #[serde(default)]
    note: String,
}

impl PartApi for Contacts {
    api_addresses!("contacts");
    const ABOUT: [&'static str; 5] = [
        "api.elder_contact.list",
        "api.elder_contact.show",
        "api.elder_contact.add",
        "api.elder_contact.change",
        "api.elder_contact.remove",
    ];
    type Sent = ElderContactInput;
    type Told = ElderContact;

    fn form(sent: &ElderContactInput) -> Input {
        let form = form_of([
            ("call_order", Some(sent.call_order.to_string())),
            ("contact_name", Some(sent.contact_name.clone())),
            ("relation", Some(sent.relation.name().to_owned())),
            ("note", Some(sent.note.clone())),
        ]);
        sealed(form, "phone", "remove_phone", sent.phone.as_deref())
    }

    fn sent(row: &contact_rows::Row) -> ElderContactInput {
        let fields = row.fields.clone();
        ElderContactInput {
            call_order: fields.call_order,
            contact_name: fields.name,
            relation: fields.relation,
            phone: None,
            note: fields.note,
        }
    }

    fn list(connection: &mut AnyConnection, elder_id: i64) -> Result<Vec<contact_rows::Row>> {
        contact_rows::list(connection, elder_id)
    }

    fn told(
        _: &mut AnyConnection,
        _: &Scope,
        rows: Vec<contact_rows::Row>,
        _: &Words,
    ) -> Result<Vec<ElderContact>> {
        let told = rows.into_iter().map(|row| ElderContact {
            id: row.id,
            call_order: row.fields.call_order,
            contact_name: row.fields.name,
            relation: row.fields.relation,
            has_phone: row.phone_sealed.is_some(),
            note: row.fields.note,
            version: row.version,
        });
        Ok(told.collect())
    }
}

/// A caregiver whom the elder asks for, or who must not be sent.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ElderCaregiver {
    pub id: i64,
    /// Where the asker may see the caregiver.
    pub caregiver_id: Option<i64>,
    pub caregiver_name: Option<String>,
    pub stance: Stance,
    pub reason: String,
    /// Login of who said so last.
    pub set_by: String,
    pub set_at: At,
    /// To be sent with a change.
    pub version: i64,
}

#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ElderCaregiverInput {
    caregiver_id: i64,
    stance: Stance,
    /// At most 300 characters; a bar needs one.
    #[serde(default)]
    reason: String,
}

impl PartApi for Caregivers {
    api_addresses!("caregivers");
    const ABOUT: [&'static str; 5] = [
        "api.elder_caregiver.list",
        "api.elder_caregiver.show",
        "api.elder_caregiver.add",
        "api.elder_caregiver.change",
        "api.elder_caregiver.remove",
    ];
    type Sent = ElderCaregiverInput;
    type Told = ElderCaregiver;

    fn form(sent: &ElderCaregiverInput) -> Input {
        form_of([
            ("caregiver_id", Some(sent.caregiver_id.to_string())),
            ("stance", Some(sent.stance.name().to_owned())),
            ("reason", Some(sent.reason.clone())),
        ])
    }

    fn sent(row: &caregiver_rows::Row) -> ElderCaregiverInput {
        let caregiver_rows::Fields { caregiver_id, stance, reason, .. } = row.fields.clone();
        ElderCaregiverInput { caregiver_id, stance, reason }
    }

    fn list(connection: &mut AnyConnection, elder_id: i64) -> Result<Vec<caregiver_rows::Row>> {
        caregiver_rows::list(connection, elder_id)
    }

    fn told(
        connection: &mut AnyConnection,
        scope: &Scope,
        rows: Vec<caregiver_rows::Row>,
        words: &Words,
    ) -> Result<Vec<ElderCaregiver>> {
        let ids: Vec<i64> = rows.iter().map(|row| row.fields.caregiver_id).collect();
        let mut names = names_of_caregivers(connection, scope, &ids)?;
        let told = rows.into_iter().map(|row| {
            let name = names.remove(&row.fields.caregiver_id);
            ElderCaregiver {
                id: row.id,
                caregiver_id: name.as_ref().map(|_| row.fields.caregiver_id),
                caregiver_name: name,
                stance: row.fields.stance,
                reason: row.fields.reason,
                set_by: row.fields.set_by,
                set_at: At::new(words.calendar, row.fields.set_at),
                version: row.version,
            }
        });
        Ok(told.collect())
    }
}

/// A paper of an elder's.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ElderDocument {
    pub id: i64,
    pub document_kind: DocumentKind,
    /// Whether its number is on file.
    pub has_certificate_number: bool,
    pub issued_on: Option<NaiveDate>,
    /// The last day on which it counts.
    pub expires_on: Option<NaiveDate>,
    pub note: String,
    /// Kind and size of the scan, where there is one.
    pub scan_kind: Option<ScanKind>,
    pub scan_bytes: Option<i32>,
    /// To be sent with a change.
    pub version: i64,
}

#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ElderDocumentInput {
    document_kind: DocumentKind,
    /// Sealed, at most 60 characters. What is on file stays without it; an empty text removes it.
    certificate_number: Option<String>,
    issued_on: Option<NaiveDate>,
    /// Not before `issued_on`.
    expires_on: Option<NaiveDate>,
    /// At most 300 characters.
    #[serde(default)]
    note: String,
}

impl PartApi for Documents {
    api_addresses!("documents");
    const ABOUT: [&'static str; 5] = [
        "api.elder_document.list",
        "api.elder_document.show",
        "api.elder_document.add",
        "api.elder_document.change",
        "api.elder_document.remove",
    ];
    type Sent = ElderDocumentInput;
    type Told = ElderDocument;

    fn form(sent: &ElderDocumentInput) -> Input {
        let text = |day: Option<NaiveDate>| day.map(|day| day.to_string());
        let form = form_of([
            ("document_kind", Some(sent.document_kind.name().to_owned())),
            ("issued_on", text(sent.issued_on)),
            ("expires_on", text(sent.expires_on)),
            ("note", Some(sent.note.clone())),
        ]);
        let number = sent.certificate_number.as_deref();
        sealed(form, "certificate_number", "remove_certificate_number", number)
    }

    fn sent(row: &document_rows::Row) -> ElderDocumentInput {
        let fields = row.fields.clone();
        ElderDocumentInput {
            document_kind: fields.kind,
            certificate_number: None,
            issued_on: fields.issued_on,
            expires_on: fields.expires_on,
            note: fields.note,
        }
    }

    fn list(connection: &mut AnyConnection, elder_id: i64) -> Result<Vec<document_rows::Row>> {
        document_rows::list(connection, elder_id)
    }

    fn told(
        _: &mut AnyConnection,
        _: &Scope,
        rows: Vec<document_rows::Row>,
        _: &Words,
    ) -> Result<Vec<ElderDocument>> {
        let told = rows.into_iter().map(|row| ElderDocument {
            id: row.id,
            document_kind: row.fields.kind,
            has_certificate_number: row.number_sealed.is_some(),
            issued_on: row.fields.issued_on,
            expires_on: row.fields.expires_on,
            note: row.fields.note,
            scan_kind: row.scan_kind,
            scan_bytes: row.scan_bytes,
            version: row.version,
        });
        Ok(told.collect())
    }
}
