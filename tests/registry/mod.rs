//! The registry: lists, workbooks, edits and their conflicts, and what lies outside one's towns.

mod caregivers;
mod equipment;
mod lists;
mod stations;

use crate::support::app::TestApp;
use crate::support::seed::town;
use songhe::access::{Place, Role};

/// A city manager `wu`, and the coordinators `lin` of town 1 and `cai` of town 3.
fn add_people(app: &TestApp) {
    app.add_towns();
    app.add_user("wu", Role::CityManager, Place::City);
    app.add_user("lin", Role::Coordinator, town(1));
    app.add_user("cai", Role::Coordinator, town(3));
}
