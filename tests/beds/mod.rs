//! A bed holds one stay at a time, and an elder is in one bed at a time.

mod admissions;
mod answers_lost;
mod bad_input;
mod broken;
mod collisions;
mod constraints;
mod contest;
mod direct;
mod furnish;
mod help;
mod history;
mod killed;
mod machine;
mod office;
mod pages;
mod periods;
mod race;
mod replicas;
mod timeline;
mod work;
