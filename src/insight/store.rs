//! Counts by town, in a few grouped queries.

/// The alerts that are counted: of the towns and institutions, and of what stood at one of the stations then.
macro_rules! alerts_within {
    ($within:expr) => {{
        use crate::db::schema::{alerts, device_places};
        let stood =
            crate::alerts::store::places_then().filter(device_places::station_id.eq_any(&$within.stations));
        alerts::town_code
            .eq_any(&$within.towns)
            .nullable()
            .or(alerts::institution_id.eq_any(&$within.institutions))
            .or(alerts::station_id.eq_any(&$within.stations))
            .or(diesel::dsl::exists(stood).nullable())
    }};
}

mod feeds;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::dsl::{count_star, max};
use diesel::prelude::*;

pub use feeds::{AlertLine, ReadingLine, latest_readings, open_alerts};

use super::model::{DatedNumber, Tally};
use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::{
    alerts, bed_claims, beds, dated_settings, devices, elders, institutions, stations, stays, towns,
    villages, visits,
};
use crate::error::{Error, Result};

const OPERATING: &str = "operating";
const LISTED_KINDS: [&str; 2] = ["village", "community"];

/// The towns, single institutions and stations that are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Within {
    pub towns: Vec<String>,
    pub institutions: Vec<i64>,
    /// Of the providers whose reach it is.
    pub stations: Vec<i64>,
    /// All towns of the city.
    pub is_city: bool,
}

/// Code, Chinese and English name of a town.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = towns)]
pub struct TownName {
    pub code: String,
    pub name_zh: String,
    pub name_en: String,
}

/// The part of the city that the scope sees on its board, narrowed to one town where that is asked for; a town out of
/// reach is not found.
pub fn within(
    connection: &mut AnyConnection,
    scope: &Scope,
    town: Option<&str>,
) -> Result<(Within, Vec<TownName>)> {
    let reach = scope.reach(Permission::SeeBoard)?;
    let names: Vec<TownName> =
        towns::table.order(towns::code).select(TownName::as_select()).load(connection)?;
    let providers: Vec<Option<i64>> = reach.providers.iter().copied().map(Some).collect();
    let served = stations::table.filter(stations::provider_id.eq_any(providers)).select(stations::id);
    let mut within = Within {
        stations: served.load(connection)?,
        towns: names.iter().map(|town| town.code.clone()).filter(|code| reach.has_town(code)).collect(),
        institutions: reach.institutions.clone(),
        is_city: reach.city,
    };
    if let Some(code) = town {
        if !within.towns.iter().any(|own| own == code) {
            return Err(Error::not_found());
        }
        within = Within {
            towns: vec![code.to_owned()],
            institutions: Vec::new(),
            stations: Vec::new(),
            is_city: false,
        };
    }
    let names = names.into_iter().filter(|name| within.towns.contains(&name.code)).collect();
    Ok((within, names))
}

/// What there is, by town code; `day` is the business day of `now`.
pub fn tallies(
    connection: &mut AnyConnection,
    within: &Within,
    day: NaiveDate,
    now: Instant,
) -> Result<BTreeMap<String, Tally>> {
    let mut tallies: BTreeMap<String, Tally> =
        within.towns.iter().map(|code| (code.clone(), Tally::default())).collect();
    count_institutions(connection, within, &mut tallies)?;
    count_beds(connection, within, now, &mut tallies)?;
    count_devices(connection, within, &mut tallies)?;
    if !within.towns.is_empty() {
        count_places(connection, within, &mut tallies)?;
        count_people(connection, within, day, &mut tallies)?;
    }
    Ok(tallies)
}

type Tallies = BTreeMap<String, Tally>;

fn count_institutions(connection: &mut AnyConnection, within: &Within, tallies: &mut Tallies) -> Result<()> {
    let rows: Vec<(String, String, String, bool, i64)> = institutions::table
        .filter(
            institutions::town_code.eq_any(&within.towns).or(institutions::id.eq_any(&within.institutions)),
        )
        .group_by((
            institutions::town_code,
            institutions::kind,
            institutions::state,
            institutions::micro_fire_station,
        ))
        .select((
            institutions::town_code,
            institutions::kind,
            institutions::state,
            institutions::micro_fire_station,
            count_star(),
        ))
        .load(connection)?;
    for (town, kind, state, has_micro_fire, count) in rows {
        let tally = tallies.entry(town).or_default();
        if has_micro_fire && state == OPERATING {
            tally.micro_fire_stations += count;
        }
        *tally.institutions.entry((kind, state)).or_default() += count;
    }
    Ok(())
}

fn count_beds(
    connection: &mut AnyConnection,
    within: &Within,
    now: Instant,
    tallies: &mut Tallies,
) -> Result<()> {
    let operating: Vec<i64> = institutions::table
        .filter(institutions::state.eq(OPERATING))
        .filter(
            institutions::town_code.eq_any(&within.towns).or(institutions::id.eq_any(&within.institutions)),
        )
        .select(institutions::id)
        .load(connection)?;
    let rows: Vec<(String, String, i64)> = beds::table
        .filter(beds::institution_id.eq_any(&operating))
        .filter(beds::closed_at.is_null())
        .group_by((beds::town_code, beds::kind))
        .select((beds::town_code, beds::kind, count_star()))
        .load(connection)?;
    for (town, kind, count) in rows {
        let tally = tallies.entry(town).or_default();
        tally.beds += count;
        if kind == "rehabilitation" {
            tally.rehabilitation_beds += count;
        }
    }
    let rows: Vec<(String, i64)> = stays::table
        .filter(stays::institution_id.eq_any(&operating))
        .filter(stays::starts_at.le(now))
        .filter(stays::ends_at.is_null().or(stays::ends_at.gt(now)))
        .group_by(stays::town_code)
        .select((stays::town_code, count_star()))
        .load(connection)?;
    for (town, count) in rows {
        tallies.entry(town).or_default().occupied += count;
    }
    let rows: Vec<(String, i64)> = bed_claims::table
        .inner_join(beds::table.on(beds::id.eq(bed_claims::bed_id)))
        .filter(beds::institution_id.eq_any(&operating))
        .filter(bed_claims::kind.ne("stay"))
        .filter(bed_claims::starts_at.le(now))
        .filter(bed_claims::ends_at.is_null().or(bed_claims::ends_at.gt(now)))
        .group_by(beds::town_code)
        .select((beds::town_code, count_star()))
        .load(connection)?;
    for (town, count) in rows {
        tallies.entry(town).or_default().unavailable += count;
    }
    Ok(())
}

fn count_devices(connection: &mut AnyConnection, within: &Within, tallies: &mut Tallies) -> Result<()> {
    let rows: Vec<(String, String, i64, Option<Instant>)> = devices::table
        .filter(devices::disabled_at.is_null())
        .filter(
            devices::town_code
                .eq_any(&within.towns)
                .nullable()
                .or(devices::institution_id.eq_any(&within.institutions))
                .or(devices::station_id.eq_any(&within.stations)),
        )
        .group_by((devices::town_code, devices::presence))
        .select((devices::town_code, devices::presence, count_star(), max(devices::last_seen_at)))
        .load(connection)?;
    for (town, presence, count, heard_at) in rows {
        let tally = tallies.entry(town).or_default();
        tally.devices += count;
        tally.devices_heard_at = tally.devices_heard_at.max(heard_at);
        if presence == "online" {
            tally.devices_online += count;
        }
    }
    let rows: Vec<(String, i64)> = alerts::table
        .filter(alerts::cleared_at.is_null().or(alerts::acknowledged_at.is_null()))
        .filter(alerts::is_past.eq(false))
        .filter(alerts_within!(within))
        .group_by(alerts::town_code)
        .select((alerts::town_code, count_star()))
        .load(connection)?;
    for (town, count) in rows {
        tallies.entry(town).or_default().open_alerts += count;
    }
    Ok(())
}

fn count_places(connection: &mut AnyConnection, within: &Within, tallies: &mut Tallies) -> Result<()> {
    let rows: Vec<(String, bool, i64)> = stations::table
        .filter(stations::town_code.eq_any(&within.towns))
        .group_by((stations::town_code, stations::smart))
        .select((stations::town_code, stations::smart, count_star()))
        .load(connection)?;
    for (town, is_smart, count) in rows {
        let tally = tallies.entry(town).or_default();
        tally.stations += count;
        if is_smart {
            tally.smart_stations += count;
        }
    }
    let listed = || {
        villages::table
            .filter(villages::town_code.eq_any(&within.towns))
            .filter(villages::listed_2019.eq(true))
            .filter(villages::kind.eq_any(LISTED_KINDS))
    };
    let rows: Vec<(String, i64)> = listed()
        .group_by(villages::town_code)
        .select((villages::town_code, count_star()))
        .load(connection)?;
    for (town, count) in rows {
        tallies.entry(town).or_default().villages += count;
    }
    let with_station = stations::table.select(stations::village_code);
    let rows: Vec<(String, i64)> = listed()
        .filter(villages::code.eq_any(with_station))
        .group_by(villages::town_code)
        .select((villages::town_code, count_star()))
        .load(connection)?;
    for (town, count) in rows {
        tallies.entry(town).or_default().villages_covered += count;
    }
    Ok(())
}

fn count_people(
    connection: &mut AnyConnection,
    within: &Within,
    day: NaiveDate,
    tallies: &mut Tallies,
) -> Result<()> {
    let rows: Vec<(String, String, i64)> = visits::table
        .filter(visits::service_on.eq(day))
        .filter(visits::town_code.eq_any(&within.towns))
        .filter(visits::state.ne("none"))
        .group_by((visits::town_code, visits::state))
        .select((visits::town_code, visits::state, count_star()))
        .load(connection)?;
    for (town, state, count) in rows {
        *tallies.entry(town).or_default().visits.entry(state).or_default() += count;
    }
    let rows: Vec<(String, i64)> = elders::table
        .filter(elders::home_visits.eq(true))
        .filter(elders::town_code.eq_any(&within.towns))
        .group_by(elders::town_code)
        .select((elders::town_code, count_star()))
        .load(connection)?;
    for (town, count) in rows {
        tallies.entry(town).or_default().clients += count;
    }
    Ok(())
}

/// Registered residents aged 60 and over, as last published by `day`.
pub fn registered_elders(connection: &mut AnyConnection, day: NaiveDate) -> Result<Option<DatedNumber>> {
    let found = dated_settings::table
        .filter(dated_settings::name.eq("registered_elders_60plus"))
        .filter(dated_settings::effective_on.le(day))
        .order(dated_settings::effective_on.desc())
        .select((dated_settings::effective_on, dated_settings::value))
        .first::<(NaiveDate, i64)>(connection)
        .optional()?;
    Ok(found.map(|(effective_on, value)| DatedNumber { effective_on, value }))
}

/// An institution with its beds, for the board of one town.
#[derive(Clone, Debug)]
pub struct InstitutionLine {
    pub id: i64,
    pub name: String,
    pub kind: String,
    pub state: String,
    pub beds: i64,
    pub occupied: i64,
}

/// The institutions of a few towns, the operating and large ones first.
pub fn institution_lines(
    connection: &mut AnyConnection,
    within: &Within,
    now: Instant,
) -> Result<Vec<InstitutionLine>> {
    let rows: Vec<(i64, String, String, String)> = institutions::table
        .filter(
            institutions::town_code.eq_any(&within.towns).or(institutions::id.eq_any(&within.institutions)),
        )
        .select((institutions::id, institutions::name, institutions::kind, institutions::state))
        .load(connection)?;
    let ids: Vec<i64> = rows.iter().map(|row| row.0).collect();
    let beds: BTreeMap<i64, i64> = beds::table
        .filter(beds::institution_id.eq_any(&ids))
        .filter(beds::closed_at.is_null())
        .group_by(beds::institution_id)
        .select((beds::institution_id, count_star()))
        .load::<(i64, i64)>(connection)?
        .into_iter()
        .collect();
    let occupied: BTreeMap<i64, i64> = stays::table
        .filter(stays::institution_id.eq_any(&ids))
        .filter(stays::starts_at.le(now))
        .filter(stays::ends_at.is_null().or(stays::ends_at.gt(now)))
        .group_by(stays::institution_id)
        .select((stays::institution_id, count_star()))
        .load::<(i64, i64)>(connection)?
        .into_iter()
        .collect();
    let of = |counts: &BTreeMap<i64, i64>, id: i64| counts.get(&id).copied().unwrap_or(0);
    let mut lines: Vec<InstitutionLine> = rows
        .into_iter()
        .map(|(id, name, kind, state)| InstitutionLine {
            beds: of(&beds, id),
            occupied: of(&occupied, id),
            id,
            name,
            kind,
            state,
        })
        .collect();
    lines.sort_by_key(|line| (line.state != OPERATING, -line.beds, line.id));
    Ok(lines)
}
