//! Signing in and out, and the first set-up.

use actix_web::cookie::{Cookie, SameSite};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::{Credentials, enter, is_set_up_open, leave, set_up};
use crate::error::{Code, Error, Result};
use crate::text::Text;
use crate::web::{
    Form, FormField, Guest, Input, Need, Page, Route, Visitor, form_page, get, html, post, redirect,
};

pub fn routes() -> Vec<Route> {
    vec![
        get("/login", Need::Open, || web::to(show_login)),
        post("/login", Need::Open, || web::to(log_in)),
        post("/logout", Need::SignedIn, || web::to(log_out)),
        get("/setup/{token}", Need::Open, || web::to(show_set_up)),
        post("/setup/{token}", Need::Open, || web::to(do_set_up)),
    ]
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    page: Page,
    login: LoginView,
}

struct LoginView {
    action: &'static str,
    name: String,
    next: Option<String>,
    error: Option<String>,
    notice: Option<String>,
}

#[derive(serde::Deserialize)]
struct Next {
    next: Option<String>,
}

async fn show_login(guest: Guest, query: web::Query<Next>) -> Result<HttpResponse> {
    if guest.admission.is_some() {
        return Ok(redirect("/"));
    }
    let next = query.into_inner().next.filter(|path| is_own_path(path));
    let notice = next.is_some().then(|| guest.t("login.needed").into_owned());
    login_page(&guest, LoginView { action: "/login", name: String::new(), next, error: None, notice })
}

async fn log_in(guest: Guest, request: HttpRequest, body: String) -> Result<HttpResponse> {
    let input = Input::parse(&body)?;
    let agent = request.headers().get("user-agent").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let credentials = Credentials {
        login: input.text("name"),
        // A password may begin or end with a space: taken as sent.
        password: input.many("password").into_iter().next().unwrap_or_default(),
        address: guest.address.clone(),
        user_agent: agent.to_owned(),
    };
    let next = Some(input.text("next")).filter(|path| is_own_path(path));
    match enter(&guest.app, credentials).await {
        Ok(token) => {
            let mut response = redirect(next.as_deref().unwrap_or("/"));
            add_cookie(&guest, &mut response, &token)?;
            Ok(response)
        }
        Err(error) if error.code == Code::WrongPassword => {
            let view = LoginView {
                action: "/login",
                name: input.text("name"),
                next,
                error: Some(error.text.to(guest.lang)),
                notice: None,
            };
            let mut response = login_page(&guest, view)?;
            *response.status_mut() = actix_web::http::StatusCode::UNAUTHORIZED;
            Ok(response)
        }
        Err(error) => Err(error),
    }
}

async fn log_out(visitor: Visitor) -> Result<HttpResponse> {
    leave(&visitor.app, visitor.admission()?).await?;
    let mut response = redirect("/login");
    let mut cookie = session_cookie(&visitor, "");
    cookie.make_removal();
    response.add_cookie(&cookie).map_err(|error| Error::internal("cookie").because(error))?;
    Ok(response)
}

async fn show_set_up(guest: Guest, token: web::Path<String>) -> Result<HttpResponse> {
    if !is_set_up_open(&guest.app, &token).await? {
        return Err(Error::new(Code::NotFound, Text::new("rule.setup_link")));
    }
    form_page(&guest, set_up_form(&guest, &token, &Input::default()), None)
}

async fn do_set_up(guest: Guest, token: web::Path<String>, body: String) -> Result<HttpResponse> {
    let input = Input::parse(&body)?;
    let person = |prefix: &str| {
        let secret = input.many(&format!("{prefix}_password")).into_iter().next().unwrap_or_default();
        (input.text(&format!("{prefix}_login")), input.text(&format!("{prefix}_name")), secret)
    };
    let people = [person("system"), person("security")];
    let outcome = if people[0].0.eq_ignore_ascii_case(&people[1].0) {
        Err(Error::field("security_login", Text::new("rule.two_people")))
    } else {
        set_up(&guest.app, &token, people).await
    };
    match outcome {
        Ok(()) => Ok(redirect("/login")),
        Err(error) => form_page(&guest, set_up_form(&guest, &token, &input), Some((&error, None))),
    }
}

fn set_up_form(guest: &Guest, token: &str, input: &Input) -> Form {
    let field = |name: &'static str, label: &str, kind: &'static str| FormField {
        name,
        label: guest.t(label).into_owned(),
        kind,
        value: if kind == "password" { String::new() } else { input.text(name) },
        hint: (kind == "password").then(|| guest.t("setup.password_hint").into_owned()),
        required: true,
        ..FormField::default()
    };
    Form {
        heading: guest.t("setup.heading").into_owned(),
        action: format!("/setup/{token}"),
        fields: vec![
            field("system_login", "setup.system_login", "text"),
            field("system_name", "setup.system_name", "text"),
            field("system_password", "setup.system_password", "password"),
            field("security_login", "setup.security_login", "text"),
            field("security_name", "setup.security_name", "text"),
            field("security_password", "setup.security_password", "password"),
        ],
        submit_label: guest.t("setup.submit").into_owned(),
        cancel_href: "/login".to_owned(),
        version: None,
    }
}

fn login_page(guest: &Guest, login: LoginView) -> Result<HttpResponse> {
    html(&LoginPage { page: Page::new(guest, &guest.t("login.title")), login })
}

fn add_cookie(guest: &Guest, response: &mut HttpResponse, token: &str) -> Result<()> {
    response
        .add_cookie(&session_cookie(guest, token))
        .map_err(|error| Error::internal("cookie").because(error))
}

fn session_cookie(context: &crate::web::Context, token: &str) -> Cookie<'static> {
    Cookie::build(crate::web::session_cookie_name(&context.app), token.to_owned())
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(context.app.config.http.is_public_over_tls())
        .finish()
}

/// A path of ours and nothing else: not `//elsewhere`, not `/\elsewhere`.
fn is_own_path(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains('\\')
        && !path.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::is_own_path;

    #[test]
    fn a_sign_in_sends_on_only_to_our_own_pages() {
        assert!(is_own_path("/visits?town=350582001"));
        for foreign in ["//evil", "/\\evil", "https://evil", "", "/a\r\nb"] {
            assert!(!is_own_path(foreign), "{foreign}");
        }
    }
}
