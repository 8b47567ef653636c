//! The map: places of the registry and devices that call for help.

pub mod pages;
mod store;
