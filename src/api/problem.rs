//! What an error looks like, for the OpenAPI document; the gate writes it.

use serde::Deserialize;
use utoipa::ToSchema;

/// An error (RFC 9457), in the language of `Accept-Language`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// `urn:songhe:error:CODE`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Short name of the kind of error, for people.
    pub title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What happened, for people.
    pub detail: String,
    /// Stable name of the kind of error, for programs.
    pub code: String,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// Number of the request in the logs.
    pub request_id: String,
    /// The fields or parameters that break a rule.
    pub fields: Option<Vec<ProblemField>>,
    /// Who changed what first.
    pub conflict: Option<ProblemConflict>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProblemField {
    /// Name of the field or parameter; `body` for the body as a whole.
    pub field: String,
    /// The rule it breaks, for people.
    pub rule: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProblemConflict {
    /// Login of who changed the record last.
    pub who: String,
    /// When, RFC 3339 with the city's offset.
    pub when: Option<String>,
    pub changes: Vec<ProblemChange>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProblemChange {
    pub field: String,
    pub before: String,
    pub now: String,
}
