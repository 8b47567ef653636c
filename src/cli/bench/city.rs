//! The demo city that is measured, and who signs in to it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::access::Role;
use crate::app::App;
use crate::cli::Failure;
use crate::clock::Clock;
use crate::config::{Config, Overrides};
use crate::db::Kind;
use crate::demo::{self, DemoOptions, Holding};
use crate::error::{Error, Result};
use crate::start;

/// A demo city on its database; a temporary folder goes with it.
pub struct City {
    pub config: Config,
    /// `sqlite` or `postgres`.
    pub database: &'static str,
    /// Such as `PostgreSQL 15.9`.
    pub database_version: String,
    /// Absent where the city was there.
    pub made_in: Option<Duration>,
    pub login: String,
    pub password: String,
    temporary: Option<PathBuf>,
}

impl Drop for City {
    fn drop(&mut self) {
        if let Some(folder) = &self.temporary {
            // What cannot be removed is left to the system's own clearing of its temporary folder.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// Opens the demo city of `--data`, or makes one there or in a temporary folder.
pub fn prepare(file: Option<&Path>, overrides: &Overrides) -> Result<City, Failure> {
    let mut overrides = overrides.clone();
    let temporary = match &overrides.data_dir {
        Some(_) => None,
        None => Some(std::env::temp_dir().join(format!("songhe-bench-{}", std::process::id()))),
    };
    if let Some(folder) = &temporary {
        overrides.data_dir = Some(folder.clone());
    }
    let config = Config::load(file, &overrides)?;
    let mut city = City {
        config,
        database: "sqlite",
        database_version: String::new(),
        made_in: None,
        login: String::new(),
        password: String::new(),
        temporary,
    };
    let app = start::open(city.config.clone(), Clock::system())?;
    if app.db.kind() == Kind::Postgres {
        city.database = "postgres";
    }
    city.database_version = app.db.read_now(crate::db::store::version)?;
    city.made_in = fill(&app)?;
    let logins = demo::logins(&app)?;
    let manager = logins.logins.into_iter().find(|login| login.role == Role::CityManager.name());
    city.login = manager.ok_or_else(|| Error::internal("the demo city has no city manager"))?.login;
    city.password = logins.password;
    Ok(city)
}

/// Makes the city where there is nothing yet; gives how long that took.
fn fill(app: &App) -> Result<Option<Duration>> {
    match app.db.read_now(demo::holding)? {
        Holding::Nothing => {
            let started = Instant::now();
            demo::generate(app, &DemoOptions::default())?;
            Ok(Some(started.elapsed()))
        }
        Holding::Demo(options) => {
            demo::ensure_today(app, options.seed)?;
            Ok(None)
        }
        Holding::Real => {
            Err(Error::internal("this database holds somebody's data: a measurement uses a demo city only"))
        }
    }
}
