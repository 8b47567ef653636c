//! Rows that belong to elders' records.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::bulk::BINDS_MAX;
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::{
    elder_caregivers, elder_consents, elder_contacts, elder_eligibility, elder_places, elders,
};
use crate::error::Result;
use crate::on_backend;

bulk!(insert_contacts, elder_contacts, ContactRow {
    id: i64,
    elder_id: i64,
    call_order: i32,
    name: String,
    relation: String,
    phone_sealed: Option<Vec<u8>>,
    note: String,
});

bulk!(insert_consents, elder_consents, ConsentRow {
    elder_id: i64,
    kind: &'static str,
    given_on: NaiveDate,
    given_by: String,
    note: String,
});

bulk!(insert_caregiver_wishes, elder_caregivers, CaregiverWishRow {
    elder_id: i64,
    caregiver_id: i64,
    stance: &'static str,
    reason: String,
    set_by: String,
    set_at: Instant,
});

bulk!(insert_places, elder_places, PlaceRow {
    id: i64,
    elder_id: i64,
    kind: &'static str,
    label: String,
    address_sealed: Option<Vec<u8>>,
    longitude: f64,
    latitude: f64,
    coordinate_source: &'static str,
    from_on: Option<NaiveDate>,
    to_on: Option<NaiveDate>,
});

/// Row, elder, town, birthday and category.
pub(in crate::demo) type Held = (i64, i64, String, NaiveDate, String);

/// What the clients of home visits hold, elder by elder.
pub(in crate::demo) fn held_by_clients(connection: &mut AnyConnection) -> Result<Vec<Held>> {
    Ok(elder_eligibility::table
        .inner_join(elders::table)
        .filter(elders::home_visits.eq(true))
        .order((elder_eligibility::elder_id, elder_eligibility::id))
        .select((
            elder_eligibility::id,
            elder_eligibility::elder_id,
            elders::town_code,
            elders::born_on,
            elder_eligibility::category_code,
        ))
        .load(connection)?)
}

/// Says since when a category is held.
pub(in crate::demo) fn date_eligibility(
    connection: &mut AnyConnection,
    id: i64,
    from_on: NaiveDate,
) -> Result<()> {
    diesel::update(elder_eligibility::table.filter(elder_eligibility::id.eq(id)))
        .set(elder_eligibility::from_on.eq(from_on))
        .execute(connection)?;
    Ok(())
}
