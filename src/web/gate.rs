//! In front of every route: request id, language, session, need, origin, headers, and the form that errors take.

use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::LazyLock;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::cookie::{Cookie, SameSite, time::Duration as CookieDuration};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, web};

use super::context::Context;
use super::routes::{self, Need};
use super::{failure, origin};
use crate::access;
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::networks::hop;
use crate::text::{Lang, Text};

/// What somebody may do whose password is good for choosing another one only.
const PATHS_WITH_PASSWORD_DUE: [&str; 3] = ["/account/password", "/logout", "/live"];

pub const LANG_COOKIE: &str = "songhe_lang";
const THEME_COOKIE: &str = "songhe_theme";

const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: \
    blob:; connect-src 'self'; font-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; \
    frame-ancestors 'none'; base-uri 'none'";

/// What each path needs, by method.
static NEEDS: LazyLock<HashMap<&'static str, Vec<(Method, Need)>>> = LazyLock::new(|| {
    let mut needs: HashMap<&'static str, Vec<(Method, Need)>> = HashMap::new();
    for route in routes::all() {
        needs.entry(route.path).or_default().push((route.method, route.need));
    }
    needs
});

/// Name of the session cookie: bound to this host where browsers allow that, which they do over TLS only.
pub fn session_cookie_name(app: &App) -> &'static str {
    if app.config.http.is_public_over_tls() { "__Host-songhe" } else { "songhe_session" }
}

pub async fn gate(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> actix_web::Result<ServiceResponse<BoxBody>> {
    let Some(app) = request.app_data::<web::Data<App>>().map(|data| data.get_ref().clone()) else {
        return Err(Error::internal("no application state").into());
    };
    let started = std::time::Instant::now();
    let (mut context, pattern) = describe(&request, app.clone());
    let method = request.method().clone();
    let verdict = check(&request, &mut context, pattern.as_deref()).await;
    let context = Rc::new(context);
    request.extensions_mut().insert(Rc::clone(&context));

    let outcome = match verdict {
        Ok(()) => next.call(request).await.map(ServiceResponse::map_into_boxed_body),
        Err(error) => Ok(request.into_response(failure::respond(&context, &error))),
    };
    let mut response = failure::dress(&context, outcome?);
    decorate(&app, &context, &mut response);
    observe(&context, &method, pattern.as_deref(), response.status().as_u16(), started);
    Ok(response)
}

fn describe(request: &ServiceRequest, app: App) -> (Context, Option<String>) {
    let pattern = request.match_pattern();
    let query = request.query_string().to_owned();
    let wants_json = request.path().starts_with("/api/v1/");
    let cookie = |name: &str| request.cookie(name).map(|cookie| cookie.value().to_owned());
    let header = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let chosen = parameter(&query, "lang").as_deref().and_then(Lang::parse);
    let lang = chosen
        .or_else(|| cookie(LANG_COOKIE).as_deref().and_then(Lang::parse))
        .or_else(|| header(header::ACCEPT_LANGUAGE).and_then(Lang::from_header))
        .unwrap_or_default();
    let theme = match cookie(THEME_COOKIE).as_deref() {
        Some("light") => Some("light"),
        Some("dark") => Some("dark"),
        _ => None,
    };
    let context = Context {
        request_id: access::seal::random::<8>().map(hex::encode).unwrap_or_default(),
        lang,
        theme,
        path: request.path().to_owned(),
        query,
        now: app.clock.now(),
        address: client_of(request, &app).map(|address| address.to_string()).unwrap_or_default(),
        wants_json,
        is_fragment: request.headers().contains_key("hx-request"),
        admission: None,
        app,
    };
    (context, pattern)
}

async fn check(request: &ServiceRequest, context: &mut Context, pattern: Option<&str>) -> Result<()> {
    let Some(pattern) = pattern else { return Err(Error::not_found().context("no such path")) };
    let method = match request.method() {
        &Method::HEAD => Method::GET,
        other => other.clone(),
    };
    let Some(need) = lookup(&method, pattern) else {
        return Err(Error::new(Code::MethodNotAllowed, Text::new("error.method_not_allowed")));
    };
    let bearer = bearer_token(request);
    let cookie = request.cookie(session_cookie_name(&context.app)).map(|cookie| cookie.value().to_owned());
    if !origin::is_trusted(&method, request.headers(), bearer.is_some() || cookie.is_none()) {
        return Err(Error::new(Code::CrossSite, Text::new("error.cross_site")));
    }
    if need == Need::Local {
        // Both: a proxy on this machine stands for everybody, and what one elsewhere calls local is local there.
        let peer = request.peer_addr().map(|address| address.ip());
        let ends = [peer, client_of(request, &context.app)];
        let local = ends.iter().all(|address| address.is_some_and(|address| address.is_loopback()));
        return if local || context.app.config.security.metrics_public {
            Ok(())
        } else {
            Err(Error::not_found())
        };
    }
    if need == Need::Open && !wants_admission_anyway(pattern) {
        return Ok(());
    }
    if let Some(token) = bearer.or(cookie) {
        context.admission = access::admit(&context.app, &token).await?;
    }
    match (need, &context.admission) {
        (Need::Open | Need::Local, _) => Ok(()),
        (_, None) => Err(Error::signed_out()),
        (_, Some(admission)) if admission.password_due && !PATHS_WITH_PASSWORD_DUE.contains(&pattern) => {
            Err(Error::new(Code::PasswordDue, Text::new("error.password_due")))
        }
        (Need::SignedIn, Some(_)) => Ok(()),
        (Need::Either(one, other), Some(admission)) => {
            if admission.scope.may(one) || admission.scope.may(other) {
                return Ok(());
            }
            Err(Error::forbidden().context(format!("{one:?} or {other:?}")))
        }
        (Need::May(permission), Some(admission)) if admission.scope.may(permission) => Ok(()),
        (Need::May(permission), Some(_)) => Err(Error::forbidden().context(format!("{permission:?}"))),
    }
}

/// Files and health answers do not ask who asks; the sign-in page does, to send on whoever is signed in already.
fn wants_admission_anyway(pattern: &str) -> bool {
    !(pattern.starts_with("/static") || pattern.starts_with("/health"))
}

/// Whether the asker's roles allow the page at a fixed address.
pub(super) fn may_open(context: &Context, path: &str) -> bool {
    match lookup(&Method::GET, path) {
        Some(Need::May(permission)) => context.may(permission),
        Some(Need::Either(one, other)) => context.may(one) || context.may(other),
        Some(Need::Open | Need::SignedIn | Need::Local) => true,
        None => false,
    }
}

fn lookup(method: &Method, pattern: &str) -> Option<Need> {
    let needs = NEEDS.get(pattern)?;
    needs.iter().find(|(known, _)| known == method).map(|(_, need)| *need)
}

/// Where a request comes from, as far as it can be believed: the one place that says so.
fn client_of(request: &ServiceRequest, app: &App) -> Option<IpAddr> {
    let hops: Vec<Option<IpAddr>> = request
        .headers()
        .get_all(header::X_FORWARDED_FOR)
        .flat_map(|value| value.to_str().unwrap_or("unreadable").split(',').map(hop))
        .collect();
    Some(app.config.http.trusted_proxies.client(request.peer_addr()?.ip(), &hops))
}

fn bearer_token(request: &ServiceRequest) -> Option<String> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    Some(value.strip_prefix("Bearer ")?.trim().to_owned())
}

/// The first value of a query parameter.
fn parameter(query: &str, name: &str) -> Option<String> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(query).ok()?;
    pairs.0.into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

fn decorate(app: &App, context: &Context, response: &mut ServiceResponse<BoxBody>) {
    let chosen = parameter(&context.query, "lang").as_deref().and_then(Lang::parse);
    let headers = response.response_mut().headers_mut();
    let mut set = |name: &'static str, value: &'static str| {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    };
    set("content-security-policy", CONTENT_SECURITY_POLICY);
    set("x-content-type-options", "nosniff");
    set("referrer-policy", "same-origin");
    set("cross-origin-opener-policy", "same-origin");
    set("cross-origin-resource-policy", "same-origin");
    set("permissions-policy", "camera=(), microphone=(), geolocation=(self)");
    if app.config.http.is_public_over_tls() {
        set("strict-transport-security", "max-age=31536000");
    }
    if let Ok(id) = HeaderValue::from_str(&context.request_id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if let Some(lang) = chosen {
        let cookie = Cookie::build(LANG_COOKIE, lang.code())
            .path("/")
            .same_site(SameSite::Lax)
            .max_age(CookieDuration::days(365))
            .finish();
        // A cookie that cannot be set only means that the choice is not remembered.
        let _ = response.response_mut().add_cookie(&cookie);
    }
}

fn observe(
    context: &Context,
    method: &Method,
    pattern: Option<&str>,
    status: u16,
    started: std::time::Instant,
) {
    let taken = started.elapsed();
    let route = pattern.unwrap_or("unknown").to_owned();
    metrics::counter!("songhe_http_requests_total", "route" => route.clone(), "status" => status.to_string())
        .increment(1);
    metrics::histogram!("songhe_http_seconds", "route" => route).record(taken.as_secs_f64());
    if status >= 500 {
        tracing::error!(request = %context.request_id, %method, route = pattern, status, "request failed");
    } else {
        tracing::debug!(request = %context.request_id, %method, route = pattern, status, ms = taken.as_millis() as u64, "request");
    }
}
