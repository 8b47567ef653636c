//! The fire gateway: panels that speak GB/T 26875.3 over TCP.
//!
//! The walk of a frame: [`listener`] -> `connection` (bytes to frames) -> `session` (who sent it, what it is) -> [`take`] (one
//! transaction) -> confirm. What vendors do in ways of their own is data (`profiles.toml`).
//!
//! Invariants: a frame that its panel saw confirmed is in the database exactly once, by its sender, number and hash; a panel
//! whose frame cannot be stored because the database does not work is told nothing and sends it again, and a fire in it is told to open
//! pages meanwhile; a fire bit is believed
//! only from a frame that agrees with itself in every length; a trial raises no alert. A sign of life (a frame without data) is
//! kept as the instant at which the panel was last heard, and not as a row.
//!
//! The protocol knows no passwords: whoever reaches the port may speak for any panel. Keep it in the network of the panels.

pub mod api;
mod attend;
mod connection;
mod guard;
mod listener;
pub mod model;
pub mod pages;
mod register;
mod session;
mod shared;
pub mod store;
mod take;
mod unstored;

use std::sync::Arc;

use crate::app::App;
use crate::config::Config;
use crate::error::{Error, Result};

pub use guard::ask as ask_guard;
pub use listener::Gateway;
pub use model::{Profile, Profiles};
pub use register::{PanelInput, set_panel};

/// The dialects, and the one of panels that name none.
#[derive(Clone, Debug)]
pub struct Dialects {
    profiles: Arc<Profiles>,
    default: String,
}

impl Dialects {
    pub fn of(app: &App) -> Dialects {
        Dialects { profiles: Arc::clone(&app.fire_profiles), default: app.config.fire.profile.clone() }
    }

    /// The dialect that a panel names, or the one of those that name none.
    pub fn get(&self, name: Option<&str>) -> Option<&Arc<Profile>> {
        self.profiles.get(name.unwrap_or(&self.default))
    }
}

/// The dialects of the binary and of the office. What is wrong in them, or a setting that names none of them, stops the start.
pub fn open_profiles(config: &Config) -> Result<Profiles> {
    let set = &config.fire;
    let wrong = |what: String| Error::internal(what);
    let file = set.profiles_file.as_ref().map(|file| config.data_dir.join(file));
    let text = file.as_ref().map(std::fs::read_to_string).transpose().map_err(|error| {
        let file = file.as_ref().map(|file| file.display().to_string()).unwrap_or_default();
        wrong(format!("fire.profiles_file: cannot read {file}: {error}"))
    })?;
    let profiles =
        Profiles::read(text.as_deref()).map_err(|hole| wrong(format!("fire.profiles_file: {hole}")))?;
    if profiles.get(&set.profile).is_none() {
        let known = profiles.listed();
        return Err(wrong(format!("fire.profile: there is no profile {:?}; there are {known}", set.profile)));
    }
    Ok(profiles)
}
