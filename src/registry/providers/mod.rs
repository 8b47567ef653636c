//! Organisations that send caregivers and run stations.

pub mod pages;
pub mod store;
