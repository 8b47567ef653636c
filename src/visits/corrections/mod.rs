//! Corrections of what was reported: asked for by one person, decided by another, both kept.
//!
//! Invariants: nobody decides their own; what was reported before stays in the history, a correction is one more event.

pub mod api;
mod ask;
mod decide;
pub mod pages;
pub mod store;

pub use ask::{Correction, ask};
pub use decide::decide;

crate::text_enum! {
    pub enum CorrectionState {
        Asked = "asked",
        Approved = "approved",
        Refused = "refused",
    }
}
