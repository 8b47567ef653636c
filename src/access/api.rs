//! Sessions for programs: a token for a login, and who it belongs to.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Credentials, admit, enter, leave};
use crate::api::{At, Endpoint, Json, created, ok};
use crate::error::{Error, Result};
use crate::web::{Guest, Need, Visitor};

const TAG: &str = "session";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/sessions", Need::Open, || web::to(open))
            .about(TAG, "api.session.open")
            .takes::<Login>()
            .answers::<Opened>(201)
            .fails(401)
            .fails(429),
        Endpoint::get("/api/v1/session", Need::SignedIn, || web::to(show))
            .about(TAG, "api.session.show")
            .answers::<Session>(200),
        Endpoint::delete("/api/v1/session", Need::SignedIn, || web::to(close))
            .about(TAG, "api.session.close")
            .answers_nothing(),
    ]
}

/// What somebody signs in with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Login {
    login: String,
    #[schema(format = Password)]
    password: String,
}

/// A session that was just opened.
#[derive(Serialize, ToSchema)]
struct Opened {
    /// To be sent as `Authorization: Bearer TOKEN`; it is shown this once.
    token: String,
    expires_at: At,
}

/// Who asks, and what they may see.
#[derive(Serialize, ToSchema)]
struct Session {
    user_id: Option<i64>,
    login: String,
    name: String,
    grants: Vec<GrantHeld>,
    /// When the session ends whatever happens.
    expires_at: At,
    /// When it ends if nothing more is heard of it.
    idle_ends_at: At,
}

/// A role at a place.
#[derive(Serialize, ToSchema)]
struct GrantHeld {
    /// Such as `coordinator`.
    role: &'static str,
    /// `city`, `town`, `institution`, `provider` or `own`.
    place_kind: &'static str,
    /// Code of the town, or number of the institution, provider or caregiver; empty for the city.
    place_id: String,
}

async fn open(guest: Guest, request: HttpRequest, Json(login): Json<Login>) -> Result<HttpResponse> {
    let agent = request.headers().get("user-agent").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let credentials = Credentials {
        login: login.login,
        password: login.password,
        address: guest.address.clone(),
        user_agent: agent.to_owned(),
    };
    let token = enter(&guest.app, credentials).await?;
    let admission =
        admit(&guest.app, &token).await?.ok_or_else(|| Error::internal("a new session does not admit"))?;
    let expires_at = At::new(guest.app.calendar, admission.expires_at);
    Ok(created("/api/v1/session".to_owned(), &Opened { token, expires_at }))
}

async fn show(visitor: Visitor) -> Result<HttpResponse> {
    let admission = visitor.admission()?;
    let grants = admission.scope.grants().iter().map(|grant| GrantHeld {
        role: grant.role.name(),
        place_kind: grant.place.kind(),
        place_id: grant.place.id(),
    });
    Ok(ok(&Session {
        user_id: admission.scope.user_id,
        login: admission.scope.actor.clone(),
        name: admission.user_name.clone(),
        grants: grants.collect(),
        expires_at: At::new(visitor.app.calendar, admission.expires_at),
        idle_ends_at: At::new(visitor.app.calendar, admission.idle_ends_at),
    }))
}

async fn close(visitor: Visitor) -> Result<HttpResponse> {
    leave(&visitor.app, visitor.admission()?).await?;
    Ok(HttpResponse::NoContent().finish())
}
