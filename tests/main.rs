//! The promises of Songhe, one folder each, in one program so that linking is paid once.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]

mod access;
mod api;
mod assessments;
mod beds;
mod browser;
mod bus;
mod config;
mod database;
mod devices;
mod dispatch;
mod elders;
mod figures;
mod imports;
mod operations;
mod plans;
mod proposals;
mod registry;
mod structure;
mod support;
mod visits;
