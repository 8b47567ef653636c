//! Panels, their frames and parts, refusals and guard checks. What a panel sends takes no scope; pages ask for the device first,
//! by scope.

/// Where the asker sees a device: as the list of devices does.
macro_rules! seen {
    ($reach:expr) => {{
        use crate::db::schema::{devices, stations, stays};
        let institutions: Vec<Option<i64>> = $reach.institutions.iter().copied().map(Some).collect();
        let residents = stays::table
            .filter(stays::institution_id.eq_any($reach.institutions.clone()))
            .filter(stays::ends_at.is_null())
            .select(stays::elder_id.nullable());
        let providers: Vec<Option<i64>> = $reach.providers.iter().copied().map(Some).collect();
        let served =
            stations::table.filter(stations::provider_id.eq_any(providers)).select(stations::id.nullable());
        diesel::IntoSql::into_sql::<diesel::sql_types::Bool>($reach.city)
            .or(devices::town_code.eq_any($reach.towns.clone()))
            .or(devices::institution_id.eq_any(institutions).assume_not_null())
            .or(devices::elder_id.eq_any(residents).assume_not_null())
            .or(devices::station_id.eq_any(served).assume_not_null())
    }};
}

/// The devices that the asker sees; written out, since a boxed condition cannot stand in an inner query.
macro_rules! seen_devices {
    ($reach:expr) => {
        crate::db::schema::devices::table.filter(seen!($reach)).select(crate::db::schema::devices::id)
    };
}

mod frames;
mod guard;
mod panels;
mod parts;
mod refusals;

pub use frames::*;
pub use guard::*;
pub use panels::*;
pub use parts::*;
pub use refusals::*;
