//! The pages in a real browser.
//!
//! Their path contains `browser`, so that `tests/run` runs them one at a time; `cargo test` alone leaves them out aloud
//! unless `SONGHE_TEST_CHROMIUM` and `SONGHE_TEST_CHROMEDRIVER` name the programs.

mod alarm;
mod beds;
mod board;
mod bulk;
mod cards;
pub mod city;
mod conflict;
mod devices;
mod driver;
mod every_page;
mod examine;
mod imports;
mod keyboard;
mod language;
mod live;
mod page;
mod paper;
mod phone;
mod phone_killed;
mod phone_look;
mod phone_offline;
mod phone_people;
mod phone_sheet;
mod sign_in;
mod wire;
