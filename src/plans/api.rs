//! Care plans as programs see them.

mod items;
mod plans;

use crate::api::Endpoint;

const TAG: &str = "plans";
/// How the use cases name what this interface calls otherwise.
const NAMES: &[(&str, &str)] =
    &[("elder", "elder_id"), ("window_from", "window_starts_min"), ("window_to", "window_ends_min")];

pub fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = plans::endpoints();
    endpoints.extend(items::endpoints());
    endpoints.extend(super::entitlements::api::endpoints());
    endpoints.extend(super::holidays::api::endpoints());
    endpoints
}
