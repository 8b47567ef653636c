//! The rows that belong to one elder: read, added, changed and taken away the same way. The caller has reached the elder.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::clock::Instant;
use crate::db::schema::{
    elder_caregivers, elder_consents, elder_contacts, elder_documents, elder_eligibility, elder_limits,
    elder_places,
};
use crate::db::{AnyConnection, is_unique};
use crate::elders::model::{
    ConsentKind, CoordinateSource, DocumentKind, PlaceKind, Relation, ScanKind, Stance,
};
use crate::error::{Error, Result};
use crate::input::Told;
use crate::text::Text;

/// Declares the editable columns, the stored row, and what is done with them.
macro_rules! rows {
    (
        $module:ident, $table:ident, order $order:expr,
        fields { $($(#[$meta:meta])* $field:ident: $kind:ty,)+ }
        sealed { $($sealed:ident: $sealed_kind:ty,)* }
    ) => {
        pub mod $module {
            use super::*;

            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Queryable, Selectable, Insertable, AsChangeset)]
            #[diesel(table_name = $table, treat_none_as_default_value = false, treat_none_as_null = true)]
            pub struct Fields { $($(#[$meta])* pub $field: $kind,)+ }

            #[derive(Clone, Debug, Serialize, Deserialize, Queryable, Selectable)]
            #[diesel(table_name = $table)]
            pub struct Row {
                pub id: i64,
                pub version: i64,
                #[diesel(embed)]
                pub fields: Fields,
                $(pub $sealed: $sealed_kind,)*
            }

            pub fn list(connection: &mut AnyConnection, elder_id: i64) -> Result<Vec<Row>> {
                Ok($table::table
                    .filter($table::elder_id.eq(elder_id))
                    .order($order)
                    .select(Row::as_select())
                    .load(connection)?)
            }

            pub fn get(connection: &mut AnyConnection, elder_id: i64, id: i64) -> Result<Row> {
                Ok($table::table
                    .filter($table::id.eq(id))
                    .filter($table::elder_id.eq(elder_id))
                    .select(Row::as_select())
                    .first(connection)?)
            }

            pub fn insert(connection: &mut AnyConnection, elder_id: i64, fields: &Fields) -> Result<i64> {
                diesel::insert_into($table::table)
                    .values(($table::elder_id.eq(elder_id), fields.clone()))
                    .returning($table::id)
                    .get_result(connection)
                    .map_err(once)
            }

            /// Writes over version `seen`; false where that is no longer the current one.
            pub fn update(connection: &mut AnyConnection, id: i64, seen: i64, fields: &Fields) -> Result<bool> {
                let target = $table::table.filter($table::id.eq(id)).filter($table::version.eq(seen));
                let changed = diesel::update(target)
                    .set((fields.clone(), $table::version.eq(seen + 1)))
                    .execute(connection)
                    .map_err(once)?;
                Ok(changed == 1)
            }

            /// Takes version `seen` away; false where that is no longer the current one.
            pub fn delete(connection: &mut AnyConnection, id: i64, seen: i64) -> Result<bool> {
                let target = $table::table.filter($table::id.eq(id)).filter($table::version.eq(seen));
                Ok(diesel::delete(target).execute(connection)? == 1)
            }
        }
    };
}

fn once(failure: diesel::result::Error) -> Error {
    if is_unique(&failure) {
        return Error::taken(Text::new("error.part_already")).because(failure);
    }
    Error::from(failure)
}

rows!(eligibility_rows, elder_eligibility, order (elder_eligibility::category_code, elder_eligibility::from_on, elder_eligibility::id),
    fields {
        category_code: String,
        from_on: Option<chrono::NaiveDate>,
        to_on: Option<chrono::NaiveDate>,
        document_number: String,
        note: String,
    }
    sealed {}
);

rows!(place_rows, elder_places, order (elder_places::from_on, elder_places::id),
    fields {
        #[serde(rename = "place_kind")]
        kind: PlaceKind,
        #[serde(rename = "place_label")]
        label: String,
        longitude: f64,
        latitude: f64,
        coordinate_source: CoordinateSource,
        from_on: Option<chrono::NaiveDate>,
        to_on: Option<chrono::NaiveDate>,
    }
    sealed { address_sealed: Option<Vec<u8>>, door_note_sealed: Option<Vec<u8>>, }
);

rows!(contact_rows, elder_contacts, order (elder_contacts::call_order, elder_contacts::id),
    fields {
        call_order: i32,
        #[serde(rename = "contact_name")]
        name: String,
        relation: Relation,
        note: String,
    }
    sealed { phone_sealed: Option<Vec<u8>>, }
);

rows!(caregiver_rows, elder_caregivers, order (elder_caregivers::stance, elder_caregivers::id),
    fields {
        caregiver_id: i64,
        stance: Stance,
        reason: String,
        set_by: String,
        set_at: Instant,
    }
    sealed {}
);

rows!(consent_rows, elder_consents, order (elder_consents::kind, elder_consents::given_on, elder_consents::id),
    fields {
        #[serde(rename = "consent_kind")]
        kind: ConsentKind,
        given_on: chrono::NaiveDate,
        given_by: String,
        note: String,
        withdrawn_on: Option<chrono::NaiveDate>,
    }
    sealed {}
);

rows!(document_rows, elder_documents, order (elder_documents::kind, elder_documents::id),
    fields {
        #[serde(rename = "document_kind")]
        kind: DocumentKind,
        issued_on: Option<chrono::NaiveDate>,
        expires_on: Option<chrono::NaiveDate>,
        note: String,
    }
    sealed { number_sealed: Option<Vec<u8>>, scan_kind: Option<ScanKind>, scan_bytes: Option<i32>, }
);

rows!(limit_rows, elder_limits, order (elder_limits::channel, elder_limits::from_on, elder_limits::id),
    fields {
        channel: i16,
        from_on: chrono::NaiveDate,
        lowest: Option<f64>,
        highest: Option<f64>,
        note: String,
        set_by: String,
        set_at: Instant,
    }
    sealed {}
);

pub use limit_rows::{Row as LimitRow, list as limits_of_elder};

/// Declares how a row of before is written over version `seen`, sealed values as they were; false where that is no longer the
/// current one.
macro_rules! put_back {
    ($name:ident, $module:ident, $table:ident { $($sealed:ident),* }) => {
        pub(in crate::elders) fn $name(
            connection: &mut AnyConnection,
            (id, seen): (i64, i64),
            kept: &$module::Row,
        ) -> Result<bool> {
            let target = $table::table.filter($table::id.eq(id)).filter($table::version.eq(seen));
            let changed = diesel::update(target)
                .set((
                    kept.fields.clone(),
                    $table::version.eq(seen + 1),
                    $($table::$sealed.eq(kept.$sealed.clone()),)*
                ))
                .execute(connection)
                .map_err(once)?;
            Ok(changed == 1)
        }
    };
}

put_back!(put_back_eligibility, eligibility_rows, elder_eligibility {});
put_back!(put_back_place, place_rows, elder_places { address_sealed, door_note_sealed });
put_back!(put_back_contact, contact_rows, elder_contacts { phone_sealed });
put_back!(put_back_caregiver, caregiver_rows, elder_caregivers {});

/// Sealed values of a place.
pub(in crate::elders) fn seal_place(
    connection: &mut AnyConnection,
    id: i64,
    address: Told<Vec<u8>>,
    door_note: Told<Vec<u8>>,
) -> Result<()> {
    let row = || elder_places::table.filter(elder_places::id.eq(id));
    if !address.is_silent() {
        diesel::update(row()).set(elder_places::address_sealed.eq(address.over(None))).execute(connection)?;
    }
    if !door_note.is_silent() {
        diesel::update(row())
            .set(elder_places::door_note_sealed.eq(door_note.over(None)))
            .execute(connection)?;
    }
    Ok(())
}

pub(in crate::elders) fn seal_phone(
    connection: &mut AnyConnection,
    id: i64,
    sealed: Option<Vec<u8>>,
) -> Result<()> {
    let row = elder_contacts::table.filter(elder_contacts::id.eq(id));
    diesel::update(row).set(elder_contacts::phone_sealed.eq(sealed)).execute(connection)?;
    Ok(())
}

pub(in crate::elders) fn seal_number(
    connection: &mut AnyConnection,
    id: i64,
    sealed: Option<Vec<u8>>,
) -> Result<()> {
    let row = elder_documents::table.filter(elder_documents::id.eq(id));
    diesel::update(row).set(elder_documents::number_sealed.eq(sealed)).execute(connection)?;
    Ok(())
}

/// Puts a scan to version `seen` of a document; false where that is no longer the current one.
pub(in crate::elders) fn set_scan(
    connection: &mut AnyConnection,
    id: i64,
    seen: i64,
    (kind, bytes, sealed): (ScanKind, i32, Vec<u8>),
) -> Result<bool> {
    let row =
        elder_documents::table.filter(elder_documents::id.eq(id)).filter(elder_documents::version.eq(seen));
    let changed = diesel::update(row)
        .set((
            elder_documents::scan_sealed.eq(Some(sealed)),
            elder_documents::scan_kind.eq(Some(kind)),
            elder_documents::scan_bytes.eq(Some(bytes)),
            elder_documents::version.eq(seen + 1),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}

/// The sealed scan of a document, if it has one.
pub(in crate::elders) fn get_scan(connection: &mut AnyConnection, id: i64) -> Result<Option<Vec<u8>>> {
    Ok(elder_documents::table
        .filter(elder_documents::id.eq(id))
        .select(elder_documents::scan_sealed)
        .first(connection)?)
}
