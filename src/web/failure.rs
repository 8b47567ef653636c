//! Errors as the asker can use them: problem+json, a page with a way back, or a fragment.

use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use askama::Template;

use super::context::Context;
use super::page::Page;
use crate::error::{Code, Error};
use crate::text::Text;

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    page: Page,
    error: ErrorView<'a>,
}

struct ErrorView<'a> {
    heading: String,
    text: String,
    back_href: &'a str,
    request_id: &'a str,
    code: &'a str,
}

/// Lets handlers use `?`; the gate then dresses the answer.
impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        HttpResponse::new(self.status_code())
    }
}

/// An answer made of an error, for handlers that build one themselves.
pub fn fail(context: &Context, error: &Error) -> HttpResponse {
    respond(context, error)
}

pub(super) fn respond(context: &Context, error: &Error) -> HttpResponse {
    log(context, error);
    let signed_out = error.code == Code::SignedOut;
    if signed_out && context.path == "/live" {
        // A browser's EventSource cannot see a 401 and would try for ever: the stream itself says that it is over.
        return HttpResponse::Ok().content_type("text/event-stream").body("event: gone\ndata: {}\n\n");
    }
    if context.wants_json {
        return builder(error).content_type("application/problem+json").json(problem_body(context, error));
    }
    if context.is_fragment {
        return builder(error).content_type("text/plain; charset=utf-8").body(error.text.to(context.lang));
    }
    if signed_out {
        // Whoever wanted to leave does not want to come back to that.
        let is_no_place = ["/", "/logout"].contains(&context.path.as_str());
        let back = if is_no_place { String::new() } else { format!("?next={}", encode(&here(context))) };
        return HttpResponse::SeeOther().insert_header((header::LOCATION, format!("/login{back}"))).finish();
    }
    if error.code == Code::PasswordDue {
        return HttpResponse::SeeOther().insert_header((header::LOCATION, "/account/password")).finish();
    }
    page(context, error)
}

/// The RFC 9457 body of an error.
pub fn problem_body(context: &Context, error: &Error) -> serde_json::Value {
    let fields: Vec<_> = error
        .fields
        .iter()
        .map(|field| serde_json::json!({ "field": field.name(), "rule": field.rule.to(context.lang) }))
        .collect();
    let mut body = serde_json::json!({
        "type": format!("urn:songhe:error:{}", error.code.name()),
        "title": context.t(&error.code.title_key()),
        "status": error.code.status(),
        "detail": error.text.to(context.lang),
        "code": error.code.name(),
        "retryable": error.code.retryable(),
        "request_id": context.request_id,
    });
    if !fields.is_empty() {
        body["fields"] = fields.into();
    }
    if let Some(conflict) = &error.conflict {
        body["conflict"] = serde_json::json!({
            "who": conflict.who,
            "when": conflict.when.map(|at| context.app.calendar.rfc3339(at)),
            "changes": conflict.changes.iter().map(|(field, before, now)| {
                serde_json::json!({ "field": field, "before": before, "now": now })
            }).collect::<Vec<_>>(),
        });
    }
    body
}

/// Turns whatever a handler or the framework answered in error into our own form.
pub(super) fn dress(context: &Context, response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let ours = match response.response().error() {
        Some(error) => match error.as_error::<Error>() {
            Some(error) => Some(respond(context, error)),
            None => Some(respond(context, &foreign(status, &error.to_string()))),
        },
        // Answers without a body come from the framework; those with one are a handler's own error page.
        None if response.headers().get(header::CONTENT_TYPE).is_none() => {
            Some(respond(context, &foreign(status, "")))
        }
        None => None,
    };
    match ours {
        Some(ours) => response.into_response(ours),
        None => response,
    }
}

fn foreign(status: StatusCode, context: &str) -> Error {
    let error = match status.as_u16() {
        404 => Error::not_found(),
        405 => Error::new(Code::MethodNotAllowed, Text::new("error.method_not_allowed")),
        413 => Error::new(Code::TooLarge, Text::new("error.too_large_plain")),
        400..=499 => Error::new(Code::Invalid, Text::new("error.malformed")),
        _ => Error::internal("framework"),
    };
    error.context(context)
}

fn builder(error: &Error) -> HttpResponseBuilder {
    let mut builder = HttpResponseBuilder::new(error.status_code());
    if error.code.retryable() {
        let seconds = if error.code == Code::TooMany { "3600" } else { "2" };
        builder.insert_header((header::RETRY_AFTER, HeaderValue::from_static(seconds)));
    }
    builder
}

fn page(context: &Context, error: &Error) -> HttpResponse {
    let heading = context.t(&error.code.title_key()).into_owned();
    let rendered = ErrorPage {
        page: Page::new(context, &heading),
        error: ErrorView {
            heading,
            text: error.text.to(context.lang),
            back_href: "/",
            request_id: &context.request_id,
            code: error.code.name(),
        },
    }
    .render();
    match rendered {
        Ok(body) => builder(error).content_type("text/html; charset=utf-8").body(body),
        Err(_) => builder(error).content_type("text/plain; charset=utf-8").body(error.text.to(context.lang)),
    }
}

fn log(context: &Context, error: &Error) {
    if error.code == Code::Internal {
        tracing::error!(request = %context.request_id, path = %context.path, error = %error.for_log(), "fault");
    } else {
        tracing::debug!(request = %context.request_id, path = %context.path, error = %error.for_log(), "refused");
    }
}

fn here(context: &Context) -> String {
    if context.query.is_empty() {
        context.path.clone()
    } else {
        format!("{}?{}", context.path, context.query)
    }
}

/// Percent-encodes a query value.
pub fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}
