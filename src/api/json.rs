//! JSON bodies.

use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::strict;
use crate::error::{Code, Error, Result};
use crate::text::Text;

/// A body read strictly: a field too many, one too few or one of another type is refused by name.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, actix_web::Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = body(request, payload);
        Box::pin(async move { Ok(Json(strict::read(body.await?)?)) })
    }
}

/// The same for a body with pictures in it, which may be larger than others.
pub struct LargeJson<T>(pub T);

/// A photo of 2 MB and a signature in base64, and what is around them.
const LARGE_BYTES_MAX: usize = 3 * 1024 * 1024 + 256 * 1024;

impl<T: DeserializeOwned + 'static> FromRequest for LargeJson<T> {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, actix_web::Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = is_json(request);
        let mut payload = payload.take();
        Box::pin(async move {
            is_json?;
            let mut bytes = Vec::new();
            while let Some(part) = payload.next().await {
                let part = part?;
                if bytes.len() + part.len() > LARGE_BYTES_MAX {
                    return Err(Error::new(Code::TooLarge, Text::new("error.too_large_plain")).into());
                }
                bytes.extend_from_slice(&part);
            }
            Ok(LargeJson(strict::read(parse(&bytes)?)?))
        })
    }
}

/// The fields of `T` that are to change, and the version that the sender saw.
pub struct Patch<T> {
    pub version: i64,
    fields: Map<String, Value>,
    of: PhantomData<fn() -> T>,
}

impl<T: 'static> FromRequest for Patch<T> {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, actix_web::Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = body(request, payload);
        Box::pin(async move { Ok(Patch::new(body.await?)?) })
    }
}

impl<T> Patch<T> {
    fn new(body: Value) -> Result<Patch<T>> {
        let Value::Object(mut fields) = body else {
            return Err(Error::field("body", Text::new("rule.json_kind").with("kind", "@api.kind.object")));
        };
        let version =
            fields.remove("version").ok_or_else(|| Error::field("version", Text::new("rule.missing")))?;
        let version = version.as_i64().filter(|version| *version >= 1);
        let wrong =
            || Error::field("version", Text::new("rule.json_kind").with("kind", "@api.kind.whole_number"));
        Ok(Patch { version: version.ok_or_else(wrong)?, fields, of: PhantomData })
    }
}

impl<T: Serialize + DeserializeOwned> Patch<T> {
    /// The values after the change; fields that were not sent stay as they are.
    pub fn over(&self, current: &T) -> Result<T> {
        let mut merged = json!(current);
        for (name, value) in &self.fields {
            merged[name] = value.clone();
        }
        strict::read(merged)
    }
}

fn body(
    request: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = actix_web::Result<Value>> + use<> {
    let is_json = is_json(request);
    let bytes = Bytes::from_request(request, payload);
    async move {
        is_json?;
        Ok(parse(&bytes.await?)?)
    }
}

fn is_json(request: &HttpRequest) -> Result<()> {
    let kind =
        request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind == "application/json" {
        return Ok(());
    }
    Err(Error::field("content-type", Text::new("rule.content_type")))
}

fn parse(bytes: &[u8]) -> Result<Value> {
    serde_json::from_slice(bytes).map_err(|error| {
        let rule = Text::new("rule.json").with("line", error.line()).with("column", error.column());
        Error::field("body", rule).because(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        name: String,
        day: Option<String>,
    }

    fn sample() -> Sample {
        Sample { name: "a".into(), day: Some("2026-11-23".into()) }
    }

    #[test]
    fn a_patch_changes_what_it_names_and_null_empties() {
        let patch = Patch::<Sample>::new(json!({ "version": 2, "day": null })).unwrap();
        assert_eq!(patch.version, 2);
        assert_eq!(patch.over(&sample()).unwrap(), Sample { day: None, ..sample() });
    }

    #[test]
    fn a_patch_is_as_strict_as_a_whole_input() {
        let field = |body: Value| match Patch::<Sample>::new(body).and_then(|patch| patch.over(&sample())) {
            Ok(_) => "none".to_owned(),
            Err(error) => error.fields[0].name().to_owned(),
        };
        assert_eq!(field(json!({ "name": "b" })), "version");
        assert_eq!(field(json!({ "version": 0 })), "version");
        assert_eq!(field(json!({ "version": "1" })), "version");
        assert_eq!(field(json!({ "version": 1, "name": null })), "name");
        assert_eq!(field(json!({ "version": 1, "nmae": "b" })), "nmae");
        assert_eq!(field(json!([])), "body");
    }
}
