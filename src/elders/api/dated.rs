//! What holds for days: eligibility, places, consents.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::parts::{PartApi, api_addresses, form_of, sealed};
use crate::access::Scope;
use crate::db::AnyConnection;
use crate::elders::model::{ConsentKind, CoordinateSource, PlaceKind};
use crate::elders::parts::{Consents, Eligibility, Places};
use crate::elders::store::{consent_rows, eligibility_rows, place_rows};
use crate::error::Result;
use crate::web::{Input, Words};

/// A category that an elder holds, in half-open days.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ElderEligibility {
    pub id: i64,
    pub category_code: String,
    /// Since ever where absent.
    pub from_on: Option<NaiveDate>,
    /// The first day on which it is held no more; open where absent.
    pub to_on: Option<NaiveDate>,
    pub document_number: String,
    pub note: String,
    /// To be sent with a change.
    pub version: i64,
}

/// A category held once at a time; `to_on` ends it.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ElderEligibilityInput {
    /// Code of a category, such as `lone`.
    category_code: String,
    from_on: Option<NaiveDate>,
    /// Later than `from_on`; does not belong to it.
    to_on: Option<NaiveDate>,
    /// At most 60 characters.
    #[serde(default)]
    document_number: String,
    /// At most 300 characters.
    #[serde(default)]
    note: String,
}

/// A day as a form sends it.
fn text(day: Option<NaiveDate>) -> Option<String> {
    day.map(|day| day.to_string())
}

impl PartApi for Eligibility {
    api_addresses!("eligibility");
    const ABOUT: [&'static str; 5] = [
        "api.elder_eligibility.list",
        "api.elder_eligibility.show",
        "api.elder_eligibility.add",
        "api.elder_eligibility.change",
        "api.elder_eligibility.remove",
    ];
    type Sent = ElderEligibilityInput;
    type Told = ElderEligibility;

    fn form(sent: &ElderEligibilityInput) -> Input {
        form_of([
            ("category_code", Some(sent.category_code.clone())),
            ("from_on", text(sent.from_on)),
            ("to_on", text(sent.to_on)),
            ("document_number", Some(sent.document_number.clone())),
            ("note", Some(sent.note.clone())),
        ])
    }

    fn sent(row: &eligibility_rows::Row) -> ElderEligibilityInput {
        let fields = row.fields.clone();
        ElderEligibilityInput {
            category_code: fields.category_code,
            from_on: fields.from_on,
            to_on: fields.to_on,
            document_number: fields.document_number,
            note: fields.note,
        }
    }

    fn list(connection: &mut AnyConnection, elder_id: i64) -> Result<Vec<eligibility_rows::Row>> {
        eligibility_rows::list(connection, elder_id)
    }

    fn told(
        _: &mut AnyConnection,
        _: &Scope,
        rows: Vec<eligibility_rows::Row>,
        _: &Words,
    ) -> Result<Vec<ElderEligibility>> {
        let told = rows.into_iter().map(|row| ElderEligibility {
            id: row.id,
            category_code: row.fields.category_code,
            from_on: row.fields.from_on,
            to_on: row.fields.to_on,
            document_number: row.fields.document_number,
            note: row.fields.note,
            version: row.version,
        });
        Ok(told.collect())
    }
}

/// Where an elder is to be found, in half-open days.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ElderPlace {
    pub id: i64,
    pub place_kind: PlaceKind,
    pub place_label: String,
    /// Since ever where absent.
    pub from_on: Option<NaiveDate>,
    /// The first day on which the elder is elsewhere; open where absent.
    pub to_on: Option<NaiveDate>,
    /// WGS-84 degrees.
    pub longitude: f64,
    pub latitude: f64,
    /// The system that the coordinates came in.
    pub coordinate_source: CoordinateSource,
    /// Whether an address is on file.
    pub has_address: bool,
    /// Whether it is on file how to be let in.
    pub has_door_note: bool,
    /// To be sent with a change.
    pub version: i64,
}

/// One place of each layer at a time; `to_on` ends it.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ElderPlaceInput {
    place_kind: PlaceKind,
    /// What the place is called, at most 40 characters.
    place_label: String,
    from_on: Option<NaiveDate>,
    /// Later than `from_on`; does not belong to it.
    to_on: Option<NaiveDate>,
    longitude: f64,
    latitude: f64,
    /// The system of longitude and latitude as they are sent; they are kept in WGS-84.
    #[serde(default)]
    coordinate_source: CoordinateSource,
    /// Sealed, at most 200 characters. What is on file stays without it; an empty text removes it.
    address: Option<String>,
    /// Sealed, at most 300 characters. What is on file stays without it; an empty text removes it.
    door_note: Option<String>,
}

impl PartApi for Places {
    api_addresses!("places");
    const ABOUT: [&'static str; 5] = [
        "api.elder_place.list",
        "api.elder_place.show",
        "api.elder_place.add",
        "api.elder_place.change",
        "api.elder_place.remove",
    ];
    type Sent = ElderPlaceInput;
    type Told = ElderPlace;

    fn form(sent: &ElderPlaceInput) -> Input {
        let form = form_of([
            ("place_kind", Some(sent.place_kind.name().to_owned())),
            ("place_label", Some(sent.place_label.clone())),
            ("from_on", text(sent.from_on)),
            ("to_on", text(sent.to_on)),
            ("longitude", Some(sent.longitude.to_string())),
            ("latitude", Some(sent.latitude.to_string())),
            ("coordinate_source", Some(sent.coordinate_source.name().to_owned())),
        ]);
        let form = sealed(form, "address", "remove_address", sent.address.as_deref());
        sealed(form, "door_note", "remove_door_note", sent.door_note.as_deref())
    }

    /// Coordinates are told in WGS-84, whatever they came in.
    fn sent(row: &place_rows::Row) -> ElderPlaceInput {
        let fields = row.fields.clone();
        ElderPlaceInput {
            place_kind: fields.kind,
            place_label: fields.label,
            from_on: fields.from_on,
            to_on: fields.to_on,
            longitude: fields.longitude,
            latitude: fields.latitude,
            coordinate_source: CoordinateSource::Wgs84,
            address: None,
            door_note: None,
        }
    }

    fn list(connection: &mut AnyConnection, elder_id: i64) -> Result<Vec<place_rows::Row>> {
        place_rows::list(connection, elder_id)
    }

    fn told(
        _: &mut AnyConnection,
        _: &Scope,
        rows: Vec<place_rows::Row>,
        _: &Words,
    ) -> Result<Vec<ElderPlace>> {
        let told = rows.into_iter().map(|row| ElderPlace {
            id: row.id,
            place_kind: row.fields.kind,
            place_label: row.fields.label,
            from_on: row.fields.from_on,
            to_on: row.fields.to_on,
            longitude: row.fields.longitude,
            latitude: row.fields.latitude,
            coordinate_source: row.fields.coordinate_source,
            has_address: row.address_sealed.is_some(),
            has_door_note: row.door_note_sealed.is_some(),
            version: row.version,
        });
        Ok(told.collect())
    }
}

/// What an elder, or who speaks for them, has agreed to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ElderConsent {
    pub id: i64,
    pub consent_kind: ConsentKind,
    pub given_on: NaiveDate,
    pub given_by: String,
    pub withdrawn_on: Option<NaiveDate>,
    pub note: String,
    /// To be sent with a change.
    pub version: i64,
}

/// One consent of a kind at a time; `withdrawn_on` ends it.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ElderConsentInput {
    consent_kind: ConsentKind,
    /// Today or before.
    given_on: NaiveDate,
    /// Who gave it, at most 40 characters.
    given_by: String,
    /// Not before `given_on`, today or before.
    withdrawn_on: Option<NaiveDate>,
    /// At most 300 characters.
    #[serde(default)]
    note: String,
}

impl PartApi for Consents {
    api_addresses!("consents");
    const ABOUT: [&'static str; 5] = [
        "api.elder_consent.list",
        "api.elder_consent.show",
        "api.elder_consent.add",
        "api.elder_consent.change",
        "api.elder_consent.remove",
    ];
    type Sent = ElderConsentInput;
    type Told = ElderConsent;

    fn form(sent: &ElderConsentInput) -> Input {
        form_of([
            ("consent_kind", Some(sent.consent_kind.name().to_owned())),
            ("given_on", Some(sent.given_on.to_string())),
            ("given_by", Some(sent.given_by.clone())),
            ("withdrawn_on", text(sent.withdrawn_on)),
            ("note", Some(sent.note.clone())),
        ])
    }

    fn sent(row: &consent_rows::Row) -> ElderConsentInput {
        let fields = row.fields.clone();
        ElderConsentInput {
            consent_kind: fields.kind,
            given_on: fields.given_on,
            given_by: fields.given_by,
            withdrawn_on: fields.withdrawn_on,
            note: fields.note,
        }
    }

    fn list(connection: &mut AnyConnection, elder_id: i64) -> Result<Vec<consent_rows::Row>> {
        consent_rows::list(connection, elder_id)
    }

    fn told(
        _: &mut AnyConnection,
        _: &Scope,
        rows: Vec<consent_rows::Row>,
        _: &Words,
    ) -> Result<Vec<ElderConsent>> {
        let told = rows.into_iter().map(|row| ElderConsent {
            id: row.id,
            consent_kind: row.fields.kind,
            given_on: row.fields.given_on,
            given_by: row.fields.given_by,
            withdrawn_on: row.fields.withdrawn_on,
            note: row.fields.note,
            version: row.version,
        });
        Ok(told.collect())
    }
}
