//! Files that ship inside the binary.

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use super::routes::{Need, Route, get};
use crate::error::{Error, Result};

#[derive(RustEmbed)]
#[folder = "static/"]
struct Files;

pub fn routes() -> Vec<Route> {
    vec![get("/static/{path:.*}", Need::Open, || web::to(file))]
}

/// The text of a script that ships with the program.
pub fn asset_text(path: &str) -> Result<String> {
    let file = Files::get(path).ok_or_else(|| Error::internal(format!("no file {path}")))?;
    String::from_utf8(file.data.into_owned()).map_err(|error| Error::internal("text").because(error))
}

/// Changes when one of the files does.
pub fn assets_version<'a>(paths: impl IntoIterator<Item = &'a &'a str>) -> Result<String> {
    let mut digest = Sha256::new();
    for path in paths {
        let file = Files::get(path).ok_or_else(|| Error::internal(format!("no file {path}")))?;
        digest.update(file.metadata.sha256_hash());
    }
    Ok(hex::encode(&digest.finalize()[..8]))
}

/// A file with its hash as ETag: browsers ask again but do not load again.
async fn file(request: HttpRequest, path: web::Path<String>) -> Result<HttpResponse> {
    let file = Files::get(&path).ok_or_else(Error::not_found)?;
    let etag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    let known = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let cache = (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if known == Some(etag.as_str()) {
        return Ok(HttpResponse::NotModified()
            .insert_header(cache)
            .insert_header((header::ETAG, etag))
            .finish());
    }
    let kind = mime_guess::from_path(path.as_str()).first_or_octet_stream();
    let kind = if kind.type_() == "text" { format!("{kind}; charset=utf-8") } else { kind.to_string() };
    Ok(HttpResponse::Ok()
        .insert_header(cache)
        .insert_header((header::ETAG, etag))
        .content_type(kind)
        .body(file.data.into_owned()))
}
