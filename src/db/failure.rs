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

/// What a failed write says of what was to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// Nothing: the database is away, busy or full, or what it did is not known.
    Database,
    /// It breaks a rule of the database, and will break it again.
    Content,
    /// Either. Only another try tells.
    Unclear,
}

/// The context of a commit whose outcome nobody knows.
pub(super) const UNKNOWN_COMMIT: &str = "commit";
/// The context of a write whose worker went away.
pub(super) const UNANSWERED: &str = "a write was not answered";

/// What databases say when they, or the way to them, are at fault: diesel has no kind for most of it.
const OUTAGES: [&str; 18] = [
    "terminating connection",
    "server closed the connection",
    "no connection to the server",
    "connection not open",
    "could not receive data",
    "could not send data",
    "SSL connection",
    "SSL SYSCALL",
    "canceling statement",
    "the database system is",
    "out of memory",
    "out of shared memory",
    "could not extend file",
    "could not open file",
    "could not write",
    "could not read",
    "disk I/O error",
    "unable to open database file",
];

/// Whether a failed write will fail again because of what is written.
pub fn blame(error: &Error) -> Blame {
    if error.code.retryable() {
        return Blame::Database;
    }
    let source = std::error::Error::source(error);
    match source.and_then(|source| source.downcast_ref::<Failure>()) {
        Some(Failure::DatabaseError(kind, information)) => blame_kind(*kind, information.message()),
        Some(Failure::BrokenTransactionManager) => Blame::Database,
        None if [UNKNOWN_COMMIT, UNANSWERED].iter().any(|lost| error.context.starts_with(lost)) => {
            Blame::Database
        }
        _ => Blame::Unclear,
    }
}

fn blame_kind(kind: DatabaseErrorKind, message: &str) -> Blame {
    use DatabaseErrorKind::{
        CheckViolation, ClosedConnection, ExclusionViolation, ForeignKeyViolation, NotNullViolation,
        ReadOnlyTransaction, RestrictViolation, SerializationFailure, UnableToSendCommand, UniqueViolation,
    };
    match kind {
        UniqueViolation | ForeignKeyViolation | NotNullViolation | CheckViolation | RestrictViolation
        | ExclusionViolation => Blame::Content,
        ClosedConnection | UnableToSendCommand | SerializationFailure | ReadOnlyTransaction => {
            Blame::Database
        }
        _ if OUTAGES.iter().any(|outage| message.contains(outage)) => Blame::Database,
        _ => Blame::Unclear,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_rule_that_is_broken_is_held_against_what_was_written() {
        use DatabaseErrorKind::{CheckViolation, ClosedConnection, Unknown};
        let blamed = |kind: DatabaseErrorKind, message: &str| {
            blame(&Failure::DatabaseError(kind, Box::new(message.to_owned())).into())
        };
        assert_eq!(blamed(CheckViolation, "violates check constraint \"x\""), Blame::Content);
        for (kind, message) in [
            (ClosedConnection, "anything"),
            (Unknown, "FATAL:  terminating connection due to administrator command"),
            (Unknown, "server closed the connection unexpectedly"),
            (Unknown, "canceling statement due to statement timeout"),
            (Unknown, "canceling statement due to lock timeout"),
            (Unknown, "the database system is in recovery mode"),
            (Unknown, "disk I/O error"),
            (Unknown, "database or disk is full"),
            (DatabaseErrorKind::ReadOnlyTransaction, "cannot execute INSERT in a read-only transaction"),
        ] {
            assert_eq!(blamed(kind, message), Blame::Database, "{message}");
        }
        assert_eq!(blamed(Unknown, "numeric field overflow"), Blame::Unclear);
        assert_eq!(blame(&Error::internal("a database task panicked")), Blame::Unclear);
        assert_eq!(blame(&Error::internal("commit: internal: database (gone)")), Blame::Database);
        assert_eq!(blame(&Error::busy()), Blame::Database);
    }
}
