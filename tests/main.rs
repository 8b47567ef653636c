//! The promises of Songhe, one folder each, in one program so that linking is paid once.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]

mod api;
mod browser;
mod config;
mod database;
mod devices;
mod figures;
mod registry;
mod structure;
mod support;
