//! The demo city and the figures that are counted in it: those of the bureau's report, the same for the same seed.

mod board;
mod counts;
mod digest;
mod life;
mod same;

use songhe::access::Scope;
use songhe::app::App;
use songhe::demo::{Counts, DemoOptions, generate};
use songhe::insight::{Summary, read};

/// A demo city in the test's empty database.
fn make(app: &App, seed: u64, scale: f64) -> Counts {
    generate(app, &DemoOptions { seed, scale }).unwrap_or_else(|error| panic!("{}", error.for_log()))
}

/// The board of the whole city.
fn summary(app: &App) -> Summary {
    let (now, calendar) = (app.clock.now(), app.calendar);
    app.db.read_now(|connection| read(connection, &Scope::system(), None, calendar.day_of(now), now)).unwrap()
}
