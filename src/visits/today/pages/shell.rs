//! What a phone keeps so that the page opens without a network. The worker's version follows from the files themselves: a
//! phone that still has older ones fetches all of them anew.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde_json::json;

use super::PATH;
use crate::error::Result;
use crate::text::Lang;
use crate::web::{Guest, Need, Page, Route, asset_text, assets_version, get, html};

const WORKER: &str = "js/today-worker.js";
const OFFLINE: &str = "/today/offline";

/// Every file that the page, its scripts and its offline stand-in ask for; a test reads them and compares.
pub const FILES: &[&str] = &[
    "css/tokens.css",
    "css/app.css",
    "css/data.css",
    "css/figures.css",
    "css/parts.css",
    "css/form.css",
    "css/phone.css",
    "css/print.css",
    "css/today.css",
    "favicon.svg",
    "icons.svg",
    "icons/touch.png",
    "js/form.js",
    "js/keys.js",
    "js/theme.js",
    "js/today.js",
    "js/today-clock.js",
    "js/today-dialog.js",
    "js/today-evidence.js",
    "js/today-leave.js",
    "js/today-place.js",
    "js/today-send.js",
    "js/today-show.js",
    "js/today-store.js",
];

pub fn routes() -> Vec<Route> {
    vec![
        get(OFFLINE, Need::Open, || web::to(show_offline)),
        get("/today/worker.js", Need::Open, || web::to(show_worker)),
        get("/today/manifest.webmanifest", Need::Open, || web::to(show_manifest)),
    ]
}

/// The manifest is fetched without cookies: the language goes with its address.
pub fn manifest_path(lang: Lang) -> String {
    format!("/today/manifest.webmanifest?lang={}", lang.code())
}

#[derive(Template)]
#[template(path = "today_offline.html")]
struct OfflinePage {
    page: Page,
}

async fn show_offline(guest: Guest) -> Result<HttpResponse> {
    html(&OfflinePage { page: Page::new(&guest, &guest.t("today.offline")) })
}

async fn show_worker() -> Result<HttpResponse> {
    let version = assets_version(FILES.iter().chain([&WORKER]))?;
    let files: Vec<String> = FILES.iter().map(|file| format!("/static/{file}")).collect();
    let script = format!(
        "const VERSION = {};\nconst FILES = {};\nconst OFFLINE = {};\n{}",
        json!(version),
        json!(files),
        json!(OFFLINE),
        asset_text(WORKER)?
    );
    Ok(HttpResponse::Ok()
        .content_type("text/javascript; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        // The script lies below the page that it serves.
        .insert_header(("service-worker-allowed", PATH))
        .body(script))
}

async fn show_manifest(guest: Guest) -> Result<HttpResponse> {
    let icon = |file: &str, size: &str, purpose: &str| json!({ "src": format!("/static/icons/{file}"), "sizes": size, "type": "image/png", "purpose": purpose });
    let manifest = json!({
        "id": PATH,
        "name": guest.t("today.app_name"),
        "short_name": guest.t("today.app_short_name"),
        "description": guest.t("today.app_about"),
        "lang": guest.lang.code(),
        "start_url": PATH,
        "scope": "/",
        "display": "standalone",
        "background_color": "#f5f6f8",
        "theme_color": "#0072b2",
        "icons": [
            icon("app-192.png", "192x192", "any"),
            icon("app-512.png", "512x512", "any"),
            icon("app-maskable-512.png", "512x512", "maskable"),
        ],
    });
    Ok(HttpResponse::Ok().content_type("application/manifest+json").body(manifest.to_string()))
}
