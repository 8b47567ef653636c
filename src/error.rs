//! One error for everything that can go wrong while serving: a code, a text for the person, and a context for the log that
//! never reaches the person.

use std::fmt;

use crate::text::{Lang, Text};

/// What kind of refusal or failure; the whole table is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// No such thing, or not within the asker's reach.
    NotFound,
    /// Signed in, but no role allows it.
    Forbidden,
    /// No session, or it ended.
    SignedOut,
    /// Signed in with a password that somebody else has seen: another one comes first.
    PasswordDue,
    /// Wrong login or password.
    WrongPassword,
    /// The request came from another site.
    CrossSite,
    /// An input breaks a rule; `fields` says which.
    Invalid,
    /// Somebody else changed it first.
    Stale,
    /// It collides with another record (a bed taken, a caregiver elsewhere, a name in use).
    Taken,
    /// The state does not allow this step.
    IllegalMove,
    /// The method is not offered here.
    MethodNotAllowed,
    /// Larger than the limit.
    TooLarge,
    /// Too many wrong tries of late.
    TooMany,
    /// No free connection in time; try again.
    Busy,
    /// A fault of ours.
    Internal,
}

impl Code {
    pub const ALL: [Code; 15] = [
        Code::NotFound,
        Code::Forbidden,
        Code::SignedOut,
        Code::PasswordDue,
        Code::WrongPassword,
        Code::CrossSite,
        Code::Invalid,
        Code::Stale,
        Code::Taken,
        Code::IllegalMove,
        Code::MethodNotAllowed,
        Code::TooLarge,
        Code::TooMany,
        Code::Busy,
        Code::Internal,
    ];

    /// Stable name, HTTP status, and whether the same request may succeed later.
    const fn row(self) -> (&'static str, u16, bool) {
        match self {
            Code::NotFound => ("not_found", 404, false),
            Code::Forbidden => ("forbidden", 403, false),
            Code::SignedOut => ("signed_out", 401, false),
            Code::PasswordDue => ("password_due", 403, false),
            Code::WrongPassword => ("wrong_password", 401, false),
            Code::CrossSite => ("cross_site", 403, false),
            Code::Invalid => ("invalid", 422, false),
            Code::Stale => ("stale", 409, false),
            Code::Taken => ("taken", 409, false),
            Code::IllegalMove => ("illegal_move", 409, false),
            Code::MethodNotAllowed => ("method_not_allowed", 405, false),
            Code::TooLarge => ("too_large", 413, false),
            Code::TooMany => ("too_many", 429, true),
            Code::Busy => ("busy", 503, true),
            Code::Internal => ("internal", 500, false),
        }
    }

    pub fn name(self) -> &'static str {
        self.row().0
    }

    pub fn status(self) -> u16 {
        self.row().1
    }

    pub fn retryable(self) -> bool {
        self.row().2
    }

    /// Key of the short title in the locale files.
    pub fn title_key(self) -> String {
        format!("error.code.{}", self.name())
    }
}

/// One field of an input and the rule it breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The input's field name, as in the form or the JSON.
    pub field: &'static str,
    pub rule: Text,
}

/// Rule of a field or parameter that is not known; its argument `name` is what was sent.
pub const UNKNOWN_FIELD: &str = "rule.unknown_field";

impl FieldError {
    /// The field's name; of one that we do not know, the name that was sent.
    pub fn name(&self) -> &str {
        match self.rule.arguments.first() {
            Some((_, sent)) if self.rule.key == UNKNOWN_FIELD => sent,
            _ => self.field,
        }
    }
}

/// What changed under the loser of an edit, for the conflict notice.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Conflict {
    pub who: String,
    pub when: Option<crate::clock::Instant>,
    /// Field name, value before, value now.
    pub changes: Vec<(String, String, String)>,
}

#[derive(Debug)]
pub struct Error {
    pub code: Code,
    /// For the person.
    pub text: Text,
    pub fields: Vec<FieldError>,
    pub conflict: Option<Box<Conflict>>,
    /// For the log only.
    pub context: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
    /// The transaction may be tried again: nothing was changed and the clash was a matter of timing.
    pub(crate) try_again: bool,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub fn new(code: Code, text: Text) -> Self {
        Error {
            code,
            text,
            fields: Vec::new(),
            conflict: None,
            context: String::new(),
            source: None,
            try_again: false,
        }
    }

    pub fn not_found() -> Self {
        Error::new(Code::NotFound, Text::new("error.not_found"))
    }

    pub fn forbidden() -> Self {
        Error::new(Code::Forbidden, Text::new("error.forbidden"))
    }

    pub fn signed_out() -> Self {
        Error::new(Code::SignedOut, Text::new("error.signed_out"))
    }

    /// One field breaks one rule.
    pub fn field(field: &'static str, rule: Text) -> Self {
        Error::invalid(vec![FieldError { field, rule }])
    }

    pub fn invalid(fields: Vec<FieldError>) -> Self {
        let text = fields.first().map_or_else(|| Text::new("error.invalid"), |first| first.rule.clone());
        Error { fields, ..Error::new(Code::Invalid, text) }
    }

    /// The same with fields called as the asker calls them: pairs of the name here and the name there.
    #[must_use]
    pub fn renamed(mut self, names: &[(&str, &'static str)]) -> Self {
        for broken in &mut self.fields {
            if let Some((_, name)) = names.iter().find(|(known, _)| *known == broken.field) {
                broken.field = name;
            }
        }
        self
    }

    pub fn taken(text: Text) -> Self {
        Error::new(Code::Taken, text)
    }

    pub fn stale(conflict: Conflict) -> Self {
        // Of what changes without an entry in the log nobody knows who it was.
        let text = match conflict.who.as_str() {
            "" => Text::new("error.stale_since"),
            who => Text::new("error.stale").with("who", who),
        };
        Error { conflict: Some(Box::new(conflict)), ..Error::new(Code::Stale, text) }
    }

    pub fn busy() -> Self {
        Error::new(Code::Busy, Text::new("error.busy"))
    }

    /// A fault of ours; `context` goes to the log.
    pub fn internal(context: impl Into<String>) -> Self {
        Error { context: context.into(), ..Error::new(Code::Internal, Text::new("error.internal")) }
    }

    /// Address of the record that stands in the way, for an asker who may see it: the argument `link` of a rule.
    pub fn link(&self) -> Option<&str> {
        let mut arguments = self.fields.iter().flat_map(|broken| &broken.rule.arguments);
        arguments.find(|(name, _)| *name == "link").map(|(_, href)| href.as_str())
    }

    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    #[must_use]
    pub fn context(mut self, context: impl fmt::Display) -> Self {
        self.context = if self.context.is_empty() {
            context.to_string()
        } else {
            format!("{context}: {}", self.context)
        };
        self
    }

    /// Whether nothing is wrong with the request itself: it clashed with another one, and the whole may be tried again.
    pub(crate) fn is_clash(&self) -> bool {
        self.try_again
    }

    /// Everything a log line needs; never sent to a person.
    pub fn for_log(&self) -> String {
        let source = self.source.as_ref().map(|source| format!(" ({source})")).unwrap_or_default();
        format!("{}: {}{source}", self.code.name(), self.context)
    }
}

impl Error {
    /// For whoever runs the program: the text for people, or the context where the fault is ours.
    pub fn for_operator(&self) -> String {
        if self.code != Code::Internal {
            return self.to_string();
        }
        let source = self.source.as_ref().map(|source| format!(": {source}")).unwrap_or_default();
        format!("{}{source}", self.context)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text.to(Lang::English))?;
        for field in self.fields.iter().skip(1) {
            write!(f, " {}", field.rule.to(Lang::English))?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn std::error::Error + 'static))
    }
}
