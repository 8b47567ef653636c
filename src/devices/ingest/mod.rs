//! What happens to a device's message between the broker and the database.

pub mod clock_rule;
pub mod window;
