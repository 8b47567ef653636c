//! The demo city: real towns and villages, counts of the bureau's report, and people who do not exist.
//!
//! Invariants: the same seed and scale give the same city at the same instant; a demo city is made in an empty database
//! only and is marked by its audit row, so that nothing here ever touches a real city.

mod absences;
mod assessments;
mod bed_life;
mod bed_moves;
mod beds;
mod cards;
mod city;
mod device_history;
mod devices;
mod dice;
mod elder_parts;
mod elders;
mod evidence;
mod facts;
mod files;
mod follow_ups;
mod fresh;
mod generate;
mod institutions;
mod mover;
mod offers;
mod options;
mod people;
mod places;
mod plans;
mod roster;
mod stations;
mod steps;
mod store;
mod users;
mod visit_history;
mod visits;

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::json;

pub use fresh::remove;
pub use generate::{Counts, generate};
pub use mover::keep_moving;
pub use options::DemoOptions;
pub use users::{Login, Logins};

use crate::access::Scope;
use crate::access::audit::Entry;
use crate::access::store::rows_of;
use crate::app::App;
use crate::db::{AnyConnection, store as database};
use crate::error::{Error, Result};

/// The audit row that marks a demo city.
const MARK_ENTITY: &str = "city";
const MARK_ENTITY_ID: &str = "demo";
const MARK_ACTION: &str = "demo.create";

/// What a database holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Holding {
    Nothing,
    Demo(DemoOptions),
    /// Somebody's data.
    Real,
}

/// Looks for the mark of a demo city.
pub fn holding(connection: &mut AnyConnection) -> Result<Holding> {
    #[derive(Deserialize)]
    struct Mark {
        seed: u64,
        scale: f64,
    }
    let rows = rows_of(connection, MARK_ENTITY, MARK_ENTITY_ID)?;
    if let Some(row) = rows.iter().find(|row| row.action == MARK_ACTION) {
        let mark: Mark = serde_json::from_str(&row.detail)
            .map_err(|error| Error::internal("the mark of the demo city").because(error))?;
        return Ok(Holding::Demo(DemoOptions { seed: mark.seed, scale: mark.scale }));
    }
    if database::is_empty(connection)? && database::ping(connection)? == 0 {
        return Ok(Holding::Nothing);
    }
    Ok(Holding::Real)
}

/// On a later start: adds the visits that the present day lacks, and lets happen what would have happened meanwhile.
pub fn ensure_today(app: &App, seed: u64) -> Result<i64> {
    let towns = facts::towns()?;
    app.write_now(&Scope::system(), |tx| {
        plans::generate(tx)?;
        absences::lay(tx, seed)?;
        // Before what happened is caught up with: a visit that nobody was given would have been missed.
        let laid = visits::lay_missing(tx, seed, &towns)?;
        let steps = steps::catch_up(tx, seed)?;
        database::continue_numbers(tx.connection, &["visits"])?;
        users::keep_busy(tx)?;
        if laid + steps > 0 {
            tx.audit(&Entry {
                action: "demo.day",
                entity: MARK_ENTITY,
                entity_id: MARK_ENTITY_ID.to_owned(),
                town_code: None,
                detail: json!({ "visits": laid, "steps": steps }),
            })?;
        }
        Ok(laid)
    })
}

/// Adds stays that ended years ago until there are `stays` in all: for measurements.
pub fn add_history(app: &App, stays: i64) -> Result<()> {
    app.write_now(&Scope::system(), |tx| store::add_history(tx.connection, tx.now, stays))
}

/// Adds visits that were made in the two years before until there are `visits` in all: for measurements.
pub fn add_visits(app: &App, visits: i64) -> Result<()> {
    visit_history::add(app, visits)
}

/// A free bed of a room that takes anybody, and a client who lives nowhere yet.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    pub institution_id: i64,
    pub bed_id: i64,
    pub elder_id: i64,
}

/// Who could be admitted where: for measurements.
pub fn free_beds_and_clients(connection: &mut AnyConnection, count: usize) -> Result<Vec<Pair>> {
    let beds = store::open_beds(connection)?;
    let clients = store::clients_without_bed(connection)?;
    let pair = |((bed_id, institution_id), elder_id)| Pair { institution_id, bed_id, elder_id };
    Ok(beds.into_iter().zip(clients).take(count).map(pair).collect())
}

pub use store::{Busiest, busiest, steps_on_record, visits_to_make};

/// The logins that were made with the city.
pub fn logins(app: &App) -> Result<Logins> {
    files::read(&files::logins_path(&app.config.data_dir))
}

/// Addresses of the simulated fire panels.
pub fn panels(app: &App) -> Result<Vec<String>> {
    app.db.read_now(store::panel_addresses)
}

/// Writes what the simulated devices sign in with, found again from the seed; gives the file.
pub fn write_device_file(app: &App, seed: u64) -> Result<PathBuf> {
    let codes = app.db.read_now(store::device_codes)?;
    let path = files::devices_path(&app.config.data_dir);
    files::write_private(&path, &devices::credentials(seed, codes))?;
    Ok(path)
}
