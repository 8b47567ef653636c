//! Putting the program together: configuration in, a running [`App`] out.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::access::seal::Keys;
use crate::access::{Passwords, audit};
use crate::app::{App, Parts};
use crate::assessments::Practice;
use crate::bus::Bus;
use crate::clock::{Calendar, Clock};
use crate::config::{BusKind, Config, DatabaseTarget};
use crate::db::{Db, Options, Source, store};
use crate::devices::gb26875::open_profiles;
use crate::devices::ingest::Figures;
use crate::devices::storage;
use crate::dispatch::Planner;
use crate::error::{Error, Result};
use crate::memo::Memo;

const ANCHOR_EVERY: Duration = Duration::from_mins(5);

/// Opens everything that the configuration names; starts nothing yet.
pub fn open(config: Config, clock: Clock) -> Result<App> {
    std::fs::create_dir_all(&config.data_dir).map_err(|error| {
        Error::internal(format!("cannot make {}", config.data_dir.display())).because(error)
    })?;
    let source = source(&config);
    let options = Options {
        read_connections: match source {
            Source::Sqlite(_) => config.database.read_connections,
            Source::Postgres(_) => config.database.pool_size.div_ceil(2),
        },
        write_connections: config.database.pool_size.div_ceil(2),
        wait_max: Duration::from_millis(u64::from(config.database.write_timeout_ms)),
    };
    let (db, report) = Db::open(source, &options)?;
    if !report.applied.is_empty() {
        tracing::info!(%report, "the schema is up to date");
    }
    // What comes without a day of its own is taken all the same.
    if let Err(error) = storage::prepare_days_now(&db, clock.now()) {
        tracing::warn!(error = %error.for_log(), "the days of readings ahead are not made for now");
    }
    // Sealed data without its key would be lost silently: a key is made only for a database that holds nobody yet.
    let empty = db.read_now(store::is_empty)?;
    let keys = Keys::load_or_create(&config.key_file(), empty)?;
    let bus = match (config.bus.kind, &config.bus.redis_url) {
        (BusKind::Redis, Some(url)) => Bus::over_redis(url.expose())?,
        _ => Bus::in_process(),
    };
    let assessing = Arc::new(Practice::open(&config)?);
    let fire_profiles = Arc::new(open_profiles(&config)?);
    Ok(App {
        assessing,
        fire_profiles,
        calendar: Calendar::new(config.city.time_zone),
        metrics: crate::metrics::handle(),
        config: Arc::new(config),
        db,
        clock,
        keys: Arc::new(keys),
        passwords: Passwords::default(),
        bus,
        parts: Parts::default(),
        ingest: Figures::default(),
        memo: Memo::default(),
        planner: Planner::default(),
    })
}

/// The database that the configuration names.
pub fn source(config: &Config) -> Source {
    match config.database_target() {
        DatabaseTarget::Sqlite(path) => Source::Sqlite(path),
        DatabaseTarget::Postgres(url) => Source::Postgres(url.expose().to_owned()),
    }
}

/// What runs beside the HTTP server.
pub struct Tasks {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Tasks {
    /// Starts the bus, the expiry of holds, the wiping of imports, the planning of visits, searches for days, the summing up
    /// and forgetting of readings, and the anchoring of the audit chain.
    pub fn start(app: &App) -> Tasks {
        let (stop, stopped) = watch::channel(false);
        let bus = tokio::spawn(app.bus.clone().run(app.db.clone(), app.clock.clone(), stopped.clone()));
        let expiring = tokio::spawn(crate::beds::keep_expiring(app.clone(), stopped.clone()));
        let wiping = tokio::spawn(crate::imports::keep_wiping(app.clone(), stopped.clone()));
        let generating = tokio::spawn(crate::plans::keep_generating(app.clone(), stopped.clone()));
        let searching = tokio::spawn(crate::dispatch::keep_planning(app.clone(), stopped.clone()));
        let noticing = tokio::spawn(crate::visits::late::keep_noticing(app.clone(), stopped.clone()));
        let compacting = tokio::spawn(storage::keep_compacting(app.clone(), stopped.clone()));
        let forgetting = tokio::spawn(storage::keep_forgetting(app.clone(), stopped.clone()));
        let anchoring = tokio::spawn(keep_anchor(app.clone(), stopped));
        let tasks =
            vec![bus, expiring, noticing, wiping, generating, searching, compacting, forgetting, anchoring];
        Tasks { stop, tasks }
    }

    /// A signal that turns true when the program ends.
    pub fn stopped(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    pub fn add(&mut self, task: JoinHandle<()>) {
        self.tasks.push(task);
    }

    /// Ends every task and waits for them.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        for task in self.tasks {
            let _ = task.await;
        }
    }
}

async fn keep_anchor(app: App, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(error) = write_anchor(&app).await {
            tracing::error!(error = %error.for_log(), "the head of the audit chain was not written down");
        }
        if *stop.borrow() {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(ANCHOR_EVERY) => {}
            _ = stop.changed() => {}
        }
    }
}

async fn write_anchor(app: &App) -> Result<()> {
    let head = app.db.read(audit::anchor).await?;
    // An anchor that is ahead of the database is evidence of a cut tail: it is kept.
    let known = audit::read_anchor(&app.anchor_file())?;
    if known.is_some_and(|known| known.row >= head.row) {
        return Ok(());
    }
    audit::write_anchor(&app.anchor_file(), &head)
}
