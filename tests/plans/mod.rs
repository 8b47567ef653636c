//! Care plans: the days that rules give, the visits that follow, entitlements, and what the database keeps by itself.

mod cases;
mod constraints;
mod office;
mod work;
