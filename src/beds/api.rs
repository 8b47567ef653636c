//! Beds and stays for programs.

mod beds;
mod stays;

use crate::api::Endpoint;

pub fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = beds::endpoints();
    endpoints.extend(stays::endpoints());
    endpoints
}
