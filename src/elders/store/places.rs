//! Where an elder is to be found on a day: a stay elsewhere goes before a home with dates, and that before the record's own
//! address.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::IDS_MAX;
use crate::db::schema::{elder_places, elders};
use crate::db::{AnyConnection, Backend};
use crate::elders::model::PlaceKind;
use crate::error::Result;

/// A point in WGS-84 degrees, and which of the elder's places it is; none for the record's own address.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlaceOn {
    pub place_id: Option<i64>,
    pub longitude: f64,
    pub latitude: f64,
}

/// What is sealed of the place that counts: the cell's table and row come with it.
pub(in crate::elders) struct SealedPlace {
    pub place_id: Option<i64>,
    pub address_sealed: Option<Vec<u8>>,
    pub door_note_sealed: Option<Vec<u8>>,
}

type Condition = Box<dyn BoxableExpression<elder_places::table, Backend, SqlType = Bool>>;

fn on(day: NaiveDate) -> Condition {
    let begun = elder_places::from_on.is_null().or(elder_places::from_on.le(day).assume_not_null());
    let lasts = elder_places::to_on.is_null().or(elder_places::to_on.gt(day).assume_not_null());
    Box::new(begun.and(lasts))
}

/// Where these elders are visited on a day. The caller has them within reach.
pub fn place_on(
    connection: &mut AnyConnection,
    elder_ids: &[i64],
    day: NaiveDate,
) -> Result<HashMap<i64, PlaceOn>> {
    let mut places = HashMap::new();
    for part in elder_ids.chunks(IDS_MAX) {
        let own: Vec<(i64, f64, f64)> = elders::table
            .filter(elders::id.eq_any(part.to_vec()))
            .select((elders::id, elders::longitude, elders::latitude))
            .load(connection)?;
        for (elder, longitude, latitude) in own {
            places.insert(elder, PlaceOn { place_id: None, longitude, latitude });
        }
        let dated: Vec<(i64, PlaceKind, i64, f64, f64)> = elder_places::table
            .filter(elder_places::elder_id.eq_any(part.to_vec()))
            .filter(on(day))
            .select((
                elder_places::elder_id,
                elder_places::kind,
                elder_places::id,
                elder_places::longitude,
                elder_places::latitude,
            ))
            .load(connection)?;
        let (homes, elsewhere): (Vec<_>, Vec<_>) =
            dated.into_iter().partition(|(_, kind, ..)| *kind == PlaceKind::Home);
        for (elder, _, id, longitude, latitude) in homes.into_iter().chain(elsewhere) {
            places.insert(elder, PlaceOn { place_id: Some(id), longitude, latitude });
        }
    }
    Ok(places)
}

type Sealed = Option<Vec<u8>>;

/// The sealed columns of the same places. Only for what writes the look down.
pub(in crate::elders) fn sealed_places_on(
    connection: &mut AnyConnection,
    elder_ids: &[i64],
    day: NaiveDate,
) -> Result<HashMap<i64, SealedPlace>> {
    let places = place_on(connection, elder_ids, day)?;
    let mut sealed = HashMap::new();
    for part in elder_ids.chunks(IDS_MAX) {
        let own: Vec<(i64, Sealed, Sealed)> = elders::table
            .filter(elders::id.eq_any(part.to_vec()))
            .select((elders::id, elders::address_sealed, elders::door_note_sealed))
            .load(connection)?;
        for (elder, address_sealed, door_note_sealed) in own {
            sealed.insert(elder, SealedPlace { place_id: None, address_sealed, door_note_sealed });
        }
        let of_part = part.iter().filter_map(|elder| places.get(elder)?.place_id);
        let dated: Vec<(i64, i64, Sealed, Sealed)> = elder_places::table
            .filter(elder_places::id.eq_any(of_part.collect::<Vec<_>>()))
            .select((
                elder_places::elder_id,
                elder_places::id,
                elder_places::address_sealed,
                elder_places::door_note_sealed,
            ))
            .load(connection)?;
        for (elder, id, address_sealed, door_note_sealed) in dated {
            sealed.insert(elder, SealedPlace { place_id: Some(id), address_sealed, door_note_sealed });
        }
    }
    Ok(sealed)
}
