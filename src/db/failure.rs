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
            _ if violates(&failure, "beds_closed") => Error::taken(Text::new("error.bed_closed")),
            _ if violates(&failure, "beds_lived_in") => Error::taken(Text::new("error.bed_lived_in")),
            _ if violates(&failure, "rooms_closed") => Error::taken(Text::new("error.room_closed")),
            _ if violates(&failure, "waiting_classes_in_use") => {
                Error::taken(Text::new("error.class_in_use"))
            }
            _ if violates(&failure, "elder_eligibility_once") => {
                Error::taken(Text::new("error.eligible_already"))
            }
            _ if violates(&failure, "elder_places_once") => Error::taken(Text::new("error.place_already")),
            _ if violates(&failure, "stays_elder_once") => Error::taken(Text::new("error.elder_in_bed")),
            _ if violates(&failure, "caregiver_claims_once") => {
                Error::taken(Text::new("error.caregiver_elsewhere"))
            }
            _ if violates(&failure, "assessments_two_people") => {
                Error::taken(Text::new("error.two_people_assess"))
            }
            _ if violates(&failure, "assessments_in_force_once") => {
                Error::taken(Text::new("error.assessment_in_force"))
            }
            _ if violates(&failure, "assessments_open_once") => {
                Error::taken(Text::new("error.assessment_open"))
            }
            _ if waited_in_vain(&failure) => Error::busy().context("database lock"),
            _ if is_full(&failure) => Error::busy().context("the disk of the database is full"),
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

/// The refusal of a deletion: a record that another one names stays.
pub fn in_use(failure: Failure) -> Error {
    let names_it = matches!(failure, Failure::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _));
    if names_it { Error::taken(Text::new("error.in_use")).because(failure) } else { failure.into() }
}

/// PostgreSQL's `lock_timeout` ran out: that was the wait, and trying at once would only wait again.
fn waited_in_vain(failure: &Failure) -> bool {
    let Failure::DatabaseError(_, information) = failure else { return false };
    information.message().contains("due to lock timeout")
}

/// No room on the disk: nothing is wrong with what was to be written, and it can be written later.
fn is_full(failure: &Failure) -> bool {
    let Failure::DatabaseError(_, information) = failure else { return false };
    ["database or disk is full", "No space left on device"]
        .iter()
        .any(|full| information.message().contains(full))
}

fn may_succeed_later(failure: &Failure) -> bool {
    let Failure::DatabaseError(kind, information) = failure else { return false };
    matches!(kind, DatabaseErrorKind::SerializationFailure)
        || ["deadlock detected", "database is locked", "database table is locked"]
            .iter()
            .any(|clash| information.message().contains(clash))
}
