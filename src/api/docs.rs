//! The description of the interface, for programs and for people; all of it ships in the binary.

use std::sync::Arc;

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, web};
use askama::Template;

use super::document::document;
use super::endpoint::Endpoint;
use super::values::ok;
use crate::error::{Error, Result};
use crate::web::{Need, Page, Route, Visitor, get, html, session_cookie_name};

/// The files of the viewer that our page asks for. Its own page and start script are not served: ours take their place.
const FILES: [&str; 2] = ["swagger-ui.css", "swagger-ui-bundle.js"];

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/openapi.json", Need::SignedIn, || web::to(description))
            .about("description", "api.description"),
    ]
}

pub fn routes() -> Vec<Route> {
    vec![
        get("/api/docs", Need::SignedIn, || web::to(viewer)),
        get("/api/docs/{file}", Need::SignedIn, || web::to(file)),
    ]
}

#[derive(Template)]
#[template(path = "api_docs.html")]
struct ViewerPage {
    page: Page,
}

async fn description(visitor: Visitor) -> HttpResponse {
    ok(&document(visitor.lang, session_cookie_name(&visitor.app)))
}

async fn viewer(visitor: Visitor) -> Result<HttpResponse> {
    html(&ViewerPage { page: Page::new(&visitor, &visitor.t("api.title")) })
}

async fn file(path: web::Path<String>) -> Result<HttpResponse> {
    if !FILES.contains(&path.as_str()) {
        return Err(Error::not_found());
    }
    let config = Arc::new(utoipa_swagger_ui::Config::from("/api/v1/openapi.json"));
    let file = utoipa_swagger_ui::serve(&path, config)
        .map_err(|error| Error::internal(format!("viewer file {path}: {error}")))?
        .ok_or_else(Error::not_found)?;
    let mut response = HttpResponse::Ok();
    response
        .content_type(file.content_type)
        .insert_header((header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=86400")));
    if file.gzpipped {
        response.insert_header((header::CONTENT_ENCODING, HeaderValue::from_static("gzip")));
    }
    Ok(response.body(file.bytes.into_owned()))
}
