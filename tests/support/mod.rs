//! What tests of several promises share.
#![allow(dead_code, reason = "a helper may be used by the tests of a later promise only")]

pub mod app;
pub mod client;
pub mod clients;
pub mod contents;
pub mod database;
pub mod equipment;
pub mod files;
pub mod live;
pub mod mosquitto;
pub mod people;
pub mod poll;
pub mod process;
pub mod seed;
pub mod services;

mod process_tests;
