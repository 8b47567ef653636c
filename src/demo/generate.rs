//! Making the city: everything in one transaction, subject by subject.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::city::City;
use super::options::DemoOptions;
use super::users::{self, Logins};
use super::{
    MARK_ACTION, MARK_ENTITY, MARK_ENTITY_ID, absences, assessments, bed_life, beds, cards, devices,
    elder_parts, elders, facts, files, institutions, places, plans, stations, steps,
};
use super::{store, visits};
use crate::access::audit::Entry;
use crate::access::{Scope, hash_password};
use crate::app::{App, Tx};
use crate::assessments::Practice;
use crate::error::{Error, Result};

/// How many of each were made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub towns: i64,
    pub villages: i64,
    pub providers: i64,
    pub institutions: i64,
    pub stations: i64,
    pub caregivers: i64,
    pub clients: i64,
    pub residents: i64,
    pub rooms: i64,
    pub beds: i64,
    pub stays: i64,
    pub devices: i64,
    pub visits: i64,
    pub assessments: i64,
}

/// Makes the city in an empty database, and its files beside it. The database is refused when it holds anything.
pub fn generate(app: &App, options: &DemoOptions) -> Result<Counts> {
    options.check()?;
    let towns = facts::towns()?;
    let logins = Logins::fresh()?;
    let hash = hash_password(&logins.password)?;
    // Before the city: a password that nobody knows would be worse than a file without a city.
    files::write_private(&files::logins_path(&app.config.data_dir), &logins)?;
    let counts = app.write_now(&Scope::system(), |tx| {
        if !crate::db::store::is_empty(tx.connection)? || crate::db::store::ping(tx.connection)? != 0 {
            return Err(Error::internal(
                "the database is not empty: a demo city is made in an empty one only",
            ));
        }
        fill(tx, options, &towns, (&hash, &app.assessing))
    })?;
    crate::db::store::learn_sizes(&app.db)?;
    super::write_device_file(app, options.seed)?;
    Ok(counts)
}

fn fill(
    tx: &mut Tx<'_>,
    options: &DemoOptions,
    towns: &[facts::Town],
    (hash, practice): (&str, &Practice),
) -> Result<Counts> {
    let city = City { options, towns, keys: tx.keys, calendar: tx.calendar, now: tx.now };
    let connection = &mut *tx.connection;
    places::make(connection, &city)?;
    let providers = stations::make_providers(connection, &city)?;
    let operating = institutions::make(connection, &city)?;
    let smart = stations::make(connection, &city, &providers)?;
    let caregivers = stations::make_caregivers(connection, &city, &providers)?;
    let clients = elders::make_clients(connection, &city)?;
    let beds = beds::make(connection, &city, &operating.operating, clients)?;
    bed_life::make(connection, &city)?;
    let assessments = assessments::make(connection, &city, practice)?;
    plans::make(connection, &city)?;
    let devices = devices::make(connection, &city, &smart, &operating.operating)?;
    let workers = store::workers(connection)?;
    elder_parts::make(connection, &city, &workers)?;
    cards::make(connection, &city)?;
    absences::lay(tx, options.seed)?;
    let visits = visits::lay_first_days(tx, options.seed, towns)?;
    plans::generate(tx)?;
    steps::catch_up(tx, options.seed)?;
    users::make(tx, hash, &operating.operating)?;
    store::continue_all(tx.connection)?;
    let counts = Counts {
        towns: towns.len() as i64,
        villages: towns.iter().map(|town| town.villages.len() as i64).sum(),
        providers: providers.len() as i64,
        institutions: operating.all,
        stations: stations::count(options),
        caregivers,
        clients,
        residents: beds.residents,
        rooms: beds.rooms,
        beds: beds.beds,
        stays: beds.stays,
        devices,
        visits,
        assessments,
    };
    tx.audit(&Entry {
        action: MARK_ACTION,
        entity: MARK_ENTITY,
        entity_id: MARK_ENTITY_ID.to_owned(),
        town_code: None,
        detail: json!({ "seed": options.seed, "scale": options.scale, "counts": counts }),
    })?;
    Ok(counts)
}
