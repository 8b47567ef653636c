//! Beds, stays, holds, leaves, transfers, the waiting list and figures for programs.

mod beds;
mod changes;
mod figures;
mod office;
mod periods;
mod rooms;
mod stays;
mod transfers;
mod waiting;

use crate::api::Endpoint;

pub fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = beds::endpoints();
    endpoints.extend(stays::endpoints());
    endpoints.extend(changes::endpoints());
    endpoints.extend(periods::endpoints());
    endpoints.extend(transfers::endpoints());
    endpoints.extend(waiting::endpoints());
    endpoints.extend(figures::endpoints());
    endpoints.extend(rooms::endpoints());
    endpoints.extend(office::endpoints());
    endpoints
}
