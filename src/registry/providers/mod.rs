//! Organisations that send caregivers and run stations.

pub mod api;
pub mod pages;
pub mod store;
