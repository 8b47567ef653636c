//! The pages in a real browser.
//!
//! Their path contains `browser`, so that `tests/run` runs them one at a time; `cargo test` alone leaves them out aloud
//! unless `SONGHE_TEST_CHROMIUM` and `SONGHE_TEST_CHROMEDRIVER` name the programs.

mod beds;
mod board;
pub mod city;
mod conflict;
mod driver;
mod every_page;
mod examine;
mod imports;
mod keyboard;
mod language;
mod live;
mod page;
mod paper;
mod sign_in;
