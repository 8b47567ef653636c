//! What a database error means: worth another try, a rule of ours, or a fault.

use diesel::result::{DatabaseErrorKind, Error as Failure};

use crate::error::{Code, Error};
use crate::text::Text;

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let try_again = may_succeed_later(&failure);
        let mut error = match &failure {
            Failure::NotFound => Error::not_found(),
            _ if violates(&failure, "stays_bed_once") => Error::taken(Text::new("error.bed_taken")),
            _ if violates(&failure, "bed_claims_once") => Error::taken(Text::new("error.bed_taken")),
            _ if violates(&failure, "holds_elder_once") => Error::taken(Text::new("error.elder_held")),
            _ if violates(&failure, "leaves_once") => Error::taken(Text::new("error.leave_overlaps")),
            _ if violates(&failure, "leaves_inside_stay") => Error::taken(Text::new("error.leave_outside")),
            _ if violates(&failure, "elder_eligibility_once") => {
                Error::taken(Text::new("error.eligible_already"))
            }
            _ if violates(&failure, "elder_places_once") => Error::taken(Text::new("error.place_already")),
            _ if violates(&failure, "stays_elder_once") => Error::taken(Text::new("error.elder_in_bed")),
            _ if violates(&failure, "visits_caregiver_once") => {
                Error::taken(Text::new("error.caregiver_elsewhere"))
            }
            _ if waited_in_vain(&failure) => Error::busy().context("database lock"),
            _ => Error::internal("database"),
        };
        error.try_again = try_again;
        if error.code == Code::NotFound { error } else { error.because(failure) }
    }
}

/// Whether the named constraint or trigger refused the statement.
///
/// PostgreSQL names its constraints; our SQLite triggers raise the same name as their message.
pub fn violates(failure: &Failure, name: &str) -> bool {
    let Failure::DatabaseError(_, information) = failure else { return false };
    information.constraint_name() == Some(name) || information.message() == name
}

/// Whether a unique constraint refused the statement.
pub fn is_unique(failure: &Failure) -> bool {
    matches!(failure, Failure::DatabaseError(DatabaseErrorKind::UniqueViolation, _))
}

/// PostgreSQL's `lock_timeout` ran out: that was the wait, and trying at once would only wait again.
fn waited_in_vain(failure: &Failure) -> bool {
    let Failure::DatabaseError(_, information) = failure else { return false };
    information.message().contains("due to lock timeout")
}

fn may_succeed_later(failure: &Failure) -> bool {
    let Failure::DatabaseError(kind, information) = failure else { return false };
    matches!(kind, DatabaseErrorKind::SerializationFailure)
        || ["deadlock detected", "database is locked", "database table is locked"]
            .iter()
            .any(|clash| information.message().contains(clash))
}
