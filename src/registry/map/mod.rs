//! The map: places of the registry and devices that call for help.

mod layers;
pub mod pages;
mod store;

pub use layers::{BLUE, GREEN, Layer, MapView, ORANGE, Point, Points, SKY, VERMILION, town_layer};
