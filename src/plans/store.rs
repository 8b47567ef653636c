//! Plans with their items and pauses, what demand is made of, and who makes it.

mod demand;
mod jobs;
mod listing;
mod pauses;
mod plans;

pub(super) use demand::{Client, Sources, active_plans, known_from, over_plans, sources};
pub(super) use jobs::{claim, finish};
pub(super) use listing::live_plans;
pub use listing::{ClientListed, ClientRow, all_clients, client_row, list_clients};
pub use pauses::{PauseRow, get_pause, pauses_of};
pub(super) use pauses::{delete_pause, insert_pause, update_pause};
pub use plans::{ItemRow, PlanRow, get_item, get_known_item, get_plan, items_of, list_plans, live_plan_of};
pub(super) use plans::{insert_item, insert_plan, remove_item, set_state, touch, update_item, update_plan};
