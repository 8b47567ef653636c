//! Imports: records out of a workbook, the same way for every kind of record.
//!
//! Invariants: a row is applied once or not at all, in one transaction with the note of what it made, and the database refuses
//! to apply it again; what the check says of a row comes from applying it and taking it back; an import goes through the
//! records' own use cases, never around them; undoing a batch reverts what it made and leaves alone, by name, what has changed
//! since; the rows of a file are sealed, and wiped when the batch is over or after [`KEEP_DAYS`] days.

pub mod api;
mod background;
mod book;
mod check;
mod claims;
mod export;
mod kinds;
mod model;
pub mod pages;
pub mod read;
mod run;
pub mod store;
mod undo;
mod upload;
mod wipe;
mod work;

pub use background::{Step, start};
pub use book::errors_book;
pub use check::check;
pub use claims::claim_codes_book;
pub use export::{EXPORT_RECORDS_MAX, FileFormat, export_elders};
pub use kinds::{columns_of, kind_of};
pub use model::{BatchState, Column, ImportKind, Mapping, Problem, RowOutcome};
pub use run::run;
pub use undo::undo;
pub use upload::{Upload, upload};
pub use wipe::{KEEP_DAYS, forget, keep_wiping, wipe_due};
