//! Whether the program lives, whether it can work and why not, and its figures for a monitor.

use actix_web::{HttpResponse, web};

use super::context::Guest;
use super::routes::{Need, Route, get};
use crate::db::store;
use crate::error::Result;

pub fn routes() -> Vec<Route> {
    vec![
        get("/health/live", Need::Open, || web::to(live)),
        get("/health/ready", Need::Open, || web::to(ready)),
        get("/metrics", Need::Local, || web::to(metrics)),
    ]
}

async fn live() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "live": true }))
}

/// Ready when the database answers; each part says for itself.
async fn ready(guest: Guest) -> Result<HttpResponse> {
    let database = match guest.app.db.read(store::ping).await {
        Ok(_) => serde_json::json!({ "ready": true }),
        Err(error) => {
            tracing::warn!(error = %error.for_log(), "not ready");
            serde_json::json!({ "ready": false, "reason": "the database does not answer" })
        }
    };
    let devices = guest.app.parts.report("devices");
    let ready = database["ready"] == true && devices["ready"] != false;
    let body = serde_json::json!({ "ready": ready, "database": database, "devices": devices });
    Ok(if ready { HttpResponse::Ok().json(body) } else { HttpResponse::ServiceUnavailable().json(body) })
}

async fn metrics(guest: Guest) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(guest.app.metrics.render())
}
