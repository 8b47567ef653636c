//! A bed holds one stay at a time, and an elder is in one bed at a time.

mod admissions;
mod collisions;
mod constraints;
mod direct;
mod furnish;
mod help;
mod killed;
mod machine;
mod office;
mod pages;
mod race;
mod work;
