//! Instants and numbers as they are sent, and answers.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use chrono::{DateTime, FixedOffset};
use serde::Serialize;
use utoipa::openapi::schema::{KnownFormat, SchemaFormat, Type};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::access::Scope;
use crate::clock::{Calendar, Instant, from_millis};
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::web::{Visitor, Words};

/// An instant as RFC 3339 with the city's offset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct At(String);

impl At {
    pub fn new(calendar: Calendar, at: Instant) -> At {
        At(calendar.rfc3339(at))
    }
}

impl PartialSchema for At {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("RFC 3339 with the city's offset, such as 2026-11-23T14:05:09.120+08:00."))
            .into()
    }
}

impl ToSchema for At {
    fn name() -> std::borrow::Cow<'static, str> {
        "Instant".into()
    }
}

/// The instant of a text with an offset, in whole milliseconds.
pub fn instant(at: DateTime<FixedOffset>) -> Instant {
    from_millis(at.timestamp_millis())
}

/// The `{id}` of the path. One that is no number is of no record.
#[derive(Clone, Copy, Debug)]
pub struct Id(pub i64);

impl FromRequest for Id {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let id = request.match_info().get("id").and_then(|text| text.parse().ok());
        ready(id.map(Id).ok_or_else(Error::not_found))
    }
}

/// The `{id}` of a record and the `{row}` of one that belongs to it.
#[derive(Clone, Copy, Debug)]
pub struct RowId(pub i64, pub i64);

impl FromRequest for RowId {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let number = |name: &str| request.match_info().get(name).and_then(|text| text.parse().ok());
        let ids = number("id").zip(number("row"));
        ready(ids.map(|(id, row)| RowId(id, row)).ok_or_else(Error::not_found))
    }
}

/// All of a short list.
#[derive(Debug, Serialize)]
pub struct Items<T> {
    pub items: Vec<T>,
}

/// The `{code}` of the path.
#[derive(Clone, Debug)]
pub struct PathCode(pub String);

impl FromRequest for PathCode {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let code = request
            .match_info()
            .get("code")
            .filter(|code| code.chars().all(|letter| letter.is_ascii_alphanumeric()));
        ready(code.map(|code| PathCode(code.to_owned())).ok_or_else(Error::not_found))
    }
}

pub fn ok<T: Serialize>(value: &T) -> HttpResponse {
    HttpResponse::Ok().json(value)
}

/// An answer with the address of what was made.
pub fn created<T: Serialize>(address: String, value: &T) -> HttpResponse {
    HttpResponse::Created().insert_header((header::LOCATION, address)).json(value)
}

/// Reads for the asker.
pub async fn fetch<T, F>(visitor: &Visitor, work: F) -> Result<T>
where
    T: Send + 'static,
    F: FnOnce(&mut AnyConnection, &Scope, &Words) -> Result<T> + Send + 'static,
{
    let (scope, words) = (visitor.scope(), Words::of(visitor));
    visitor.app.db.read(move |connection| work(connection, &scope, &words)).await
}
