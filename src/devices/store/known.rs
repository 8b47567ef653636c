//! All that a batch must know of its devices. PostgreSQL is asked once: going there and back costs more than finding a few rows.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, Record};

use super::batch::{
    DeviceState, Latest, LatestWith, StatesOf, Stream, WindowRow, WindowsOf, device_states, latest_of,
    latest_with, states_of, windows, windows_of,
};
use super::gaps::{Gaps, GapsOf, GapsRow, gaps, gaps_in, gaps_of};
use super::limits::{LimitRow, LimitsWith, limits_of, limits_with};
use super::places::{ElderPlacesOf, PlaceRow, elder_places_of, with_elders};
use crate::alerts::store::{Active, ActiveOf, active_alerts, active_of};
use crate::db::AnyConnection;
use crate::error::Result;

pub struct Known {
    pub devices: Vec<DeviceState>,
    pub windows: Vec<WindowRow>,
    /// Streams that miss a number before their window.
    pub gaps: Vec<(Stream, Gaps)>,
    pub latest: Vec<Latest>,
    pub alerts: Vec<Active>,
    pub limits: Vec<LimitRow>,
    /// When they stood with elders.
    pub with_elders: Vec<PlaceRow>,
}

impl Known {
    pub fn load(connection: &mut AnyConnection, ids: &[i64], boots: &[i64]) -> Result<Known> {
        if let AnyConnection::Postgres(inner) = connection {
            return Known::load_at_once(inner, ids, boots);
        }
        Ok(Known {
            devices: device_states(connection, ids)?,
            windows: windows(connection, ids, boots)?,
            gaps: gaps(connection, ids, boots)?,
            latest: latest_of(connection, ids)?,
            alerts: active_alerts(connection, ids)?,
            limits: limits_of(connection, ids)?,
            with_elders: with_elders(connection, ids)?,
        })
    }

    fn load_at_once(connection: &mut PgConnection, ids: &[i64], boots: &[i64]) -> Result<Known> {
        let (devices, windows, gaps, latest, alerts, limits, with_elders): Lists =
            AtOnce::of(ids, boots).get_result(connection)?;
        Ok(Known {
            devices: build::<StatesOf, _>(devices)?,
            windows: build::<WindowsOf, _>(windows)?,
            gaps: gaps_in(gaps),
            latest: build::<LatestWith, _>(latest)?,
            alerts: build::<ActiveOf, _>(alerts)?,
            limits: build::<LimitsWith, _>(limits)?,
            with_elders: build::<ElderPlacesOf, _>(with_elders)?,
        })
    }
}

type SqlOf<Q> = <Q as Query>::SqlType;
/// The rows that a query of a type gives, as a list.
type ListOf<Q, T> = Vec<<T as Queryable<SqlOf<Q>, Pg>>::Row>;
type Lists = (
    ListOf<StatesOf, DeviceState>,
    ListOf<WindowsOf, WindowRow>,
    Vec<GapsRow>,
    ListOf<LatestWith, Latest>,
    ListOf<ActiveOf, Active>,
    ListOf<LimitsWith, LimitRow>,
    ListOf<ElderPlacesOf, PlaceRow>,
);

fn build<Q: Query, T: Queryable<SqlOf<Q>, Pg>>(rows: ListOf<Q, T>) -> Result<Vec<T>> {
    let built: diesel::deserialize::Result<Vec<T>> = rows.into_iter().map(T::build).collect();
    Ok(built.map_err(diesel::result::Error::DeserializationError)?)
}

/// The rows of several queries, each as one list of a single row.
struct AtOnce([Box<dyn QueryFragment<Pg>>; 7]);

impl AtOnce {
    fn of(ids: &[i64], boots: &[i64]) -> AtOnce {
        let ids = || ids.to_vec();
        AtOnce([
            Box::new(states_of(ids())),
            Box::new(windows_of(ids(), boots.to_vec())),
            Box::new(gaps_of(ids(), boots.to_vec())),
            Box::new(latest_with(ids())),
            Box::new(active_of(ids())),
            Box::new(limits_with(ids())),
            Box::new(elder_places_of(ids())),
        ])
    }
}

type Rows<Q> = Array<Record<SqlOf<Q>>>;

impl Query for AtOnce {
    type SqlType = (
        Rows<StatesOf>,
        Rows<WindowsOf>,
        Rows<GapsOf>,
        Rows<LatestWith>,
        Rows<ActiveOf>,
        Rows<LimitsWith>,
        Rows<ElderPlacesOf>,
    );
}

/// Found again by its text.
impl QueryId for AtOnce {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<PgConnection> for AtOnce {}

impl QueryFragment<Pg> for AtOnce {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        for (index, query) in self.0.iter().enumerate() {
            out.push_sql(if index == 0 {
                "SELECT ARRAY(SELECT rows FROM ("
            } else {
                ") AS rows), ARRAY(SELECT rows FROM ("
            });
            query.walk_ast(out.reborrow())?;
        }
        out.push_sql(") AS rows)");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_statement_asks_for_any_number_of_devices_and_is_planned_once() {
        for (index, part) in AtOnce::of(&[1], &[1]).0.iter().enumerate() {
            assert!(part.is_safe_to_cache_prepared(&Pg).unwrap(), "number {index} is planned anew each time");
        }
        let text = |count: i64| {
            let ids: Vec<i64> = (0..count).collect();
            let query = diesel::debug_query::<Pg, _>(&AtOnce::of(&ids, &ids)).to_string();
            query.split(" -- ").next().map(str::to_owned)
        };
        assert_eq!(text(1), text(900));
    }
}
