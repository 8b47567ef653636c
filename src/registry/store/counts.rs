//! How many records of each kind lie within reach.

use diesel::prelude::*;

use crate::access::{Permission, Scope};
use crate::db::AnyConnection;
use crate::db::schema::{caregivers, institutions, providers, stations, villages};
use crate::error::Result;
use crate::registry::institutions::{InstitutionState, store as institution_store};
use crate::registry::{
    caregivers as staff, providers as organisations, stations as places, towns, villages as units,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// The asker's area is made of whole towns.
    pub by_town: bool,
    pub towns: i64,
    pub villages: i64,
    pub villages_with_station: i64,
    pub institutions: i64,
    pub operating: i64,
    pub stations: i64,
    pub smart: i64,
    pub providers: i64,
    /// All and active; none where the asker may not see caregivers.
    pub caregivers: Option<(i64, i64)>,
}

pub fn counts(connection: &mut AnyConnection, scope: &Scope) -> Result<Counts> {
    let reach = scope.reach(Permission::SeeRegistry)?;
    let served = stations::table.select(stations::village_code);
    let houses = institutions::table.filter(institution_store::within(&reach));
    let here = stations::table.filter(places::store::within(&reach));
    let caregivers = if scope.may(Permission::SeeCaregivers) {
        let reach = scope.reach(Permission::SeeCaregivers)?;
        let people = caregivers::table.filter(staff::store::within(&reach));
        let active =
            caregivers::table.filter(staff::store::within(&reach)).filter(caregivers::active.eq(true));
        Some((people.count().get_result(connection)?, active.count().get_result(connection)?))
    } else {
        None
    };
    Ok(Counts {
        by_town: reach.city || !reach.towns.is_empty(),
        towns: towns::store::count_towns(connection, &reach)?,
        villages: villages::table.filter(units::store::within(&reach)).count().get_result(connection)?,
        villages_with_station: villages::table
            .filter(units::store::within(&reach))
            .filter(villages::code.eq_any(served))
            .count()
            .get_result(connection)?,
        institutions: houses.count().get_result(connection)?,
        operating: institutions::table
            .filter(institution_store::within(&reach))
            .filter(institutions::state.eq(InstitutionState::Operating))
            .count()
            .get_result(connection)?,
        stations: here.count().get_result(connection)?,
        smart: stations::table
            .filter(places::store::within(&reach))
            .filter(stations::smart.eq(true))
            .count()
            .get_result(connection)?,
        providers: providers::table
            .filter(organisations::store::within(&reach))
            .count()
            .get_result(connection)?,
        caregivers,
    })
}
