//! Two databases, one schema: steps, types, value lists, and what a write promises.

mod busy;
mod enums;
mod schema;
mod steps;
mod together;
mod writes;
