//! Fire panels over real TCP: what they saw confirmed is stored once, what it means, and what they are asked.

mod alerts;
mod down;
mod killed;
mod late;
mod limits;
mod lists;
mod over;
pub mod panel;
mod refused;
mod set_up;
mod stored;
mod unstored;
