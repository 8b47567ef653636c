//! A visit moves only along legal transitions, and a caregiver is in one place at a time.

mod constraints;
mod day;
