//! Elders: who they are, where they are found, what they are entitled to and when, what they wish, whom to call, and their
//! personal data behind masks.
//!
//! Invariants: what is sealed (identity number, phones, addresses, door notes, numbers and scans of documents) leaves the
//! database in clear only through [`reveal`] and its like, which write an audit row in the same transaction; one person has
//! one record in the city, found by blind index; a category is held once at a time and an elder is at one place at a time,
//! which the database keeps; what is held on a day is asked and stored nowhere; an elder is within reach by town, by a stay
//! in an institution, a hold of a bed there or a provider's visit, until thirty days after they ended, and by waiting for an
//! institution or being asked to be taken in there.

pub mod api;
pub mod cards;
mod form;
mod model;
mod named;
pub mod pages;
mod parts;
mod personal;
mod records;
mod register;
pub mod store;
mod timeline;
mod undo;

pub use model::{
    CoordinateSource, ElderInput, Gender, Identity, IdentityFault, PlaceKind, Relation, SCAN_BYTES_MAX,
    Stance, age_years, is_identity, is_phone, mask_identity, mask_phone, parse_identity, to_wgs84,
};
pub use named::{named, numbered};
pub use parts::{ListedPart, Put, listable, put, take_back};
pub use personal::{
    Clear, Found, Personal, VisitPlace, find_by_identity, find_for_admission, phone_to_call, reveal,
    reveal_visit_places, seal,
};
pub use records::{Record, Revealed, reveal_records};
pub use register::{change, identify, look_for_known, register, register_resident, same_personal};
pub use store::{PersonalColumns, PlaceOn, Wishes, place_on, wishes_of};
pub use undo::{keep, remove, restore};
