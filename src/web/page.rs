//! What every page shows around its content, and how a page is answered.

use std::borrow::Cow;

use actix_web::HttpResponse;
use actix_web::http::header;
use askama::Template;

use super::context::Context;
use super::failure::encode;
use crate::access::{Permission, Role};
use crate::error::{Error, Result};
use crate::text::Lang;

/// The shell's fields, for every template's `page`.
pub struct Page {
    pub lang: &'static str,
    pub title: String,
    /// The city served, in the page's language.
    pub city: String,
    pub user: Option<PageUser>,
    pub nav: Vec<NavItem>,
    /// The same address in the other language.
    pub path_other_lang: String,
    pub version: &'static str,
    pub now_text: String,
    pub theme: &'static str,
    /// Number of the newest event that this page already shows.
    pub live_after: i64,
    language: Lang,
}

pub struct PageUser {
    pub name: String,
    pub roles_text: String,
}

pub struct NavItem {
    pub href: &'static str,
    pub icon: &'static str,
    pub label: String,
    pub current: bool,
    pub key: char,
}

/// Address, icon, text key, shortcut, need; a role sees at most seven, the day's work first.
const NAVIGATION: [(&str, &str, &str, char, Permission); 14] = [
    ("/board", "layout-dashboard", "nav.board", 'b', Permission::SeeBoard),
    ("/visits", "clipboard-list", "nav.visits", 'v', Permission::SeeVisits),
    ("/alerts", "siren", "nav.alerts", 'a', Permission::SeeAlerts),
    ("/elders", "users", "nav.elders", 'e', Permission::SeeElders),
    ("/beds", "bed", "nav.beds", 'd', Permission::SeeBeds),
    ("/devices", "radio", "nav.devices", 'i', Permission::SeeDevices),
    ("/registry", "building-2", "nav.registry", 'r', Permission::SeeRegistry),
    ("/users", "user-cog", "nav.users", 'u', Permission::ManageUsers),
    ("/users", "user-cog", "nav.users", 'u', Permission::GrantRoles),
    ("/sessions", "key-round", "nav.sessions", 's', Permission::SeeSessions),
    ("/audit", "scroll-text", "nav.audit", 't', Permission::SeeAudit),
    ("/map", "map", "nav.map", 'm', Permission::SeeRegistry),
    ("/caregivers", "hand-heart", "nav.caregivers", 'c', Permission::SeeCaregivers),
    ("/stations", "house", "nav.stations", 'o', Permission::SeeRegistry),
];
/// More than this tires: the rest is reached from the pages of these.
const NAVIGATION_MAX: usize = 7;

/// Pages that the registry's entry leads to, where they have none of their own.
const BEHIND_REGISTRY: [&str; 7] =
    ["/towns", "/villages", "/institutions", "/stations", "/providers", "/caregivers", "/map"];

/// Pages that belong to the visits' entry.
const BEHIND_VISITS: [&str; 10] = [
    "/today",
    "/plans",
    "/proposals",
    "/day-sheets",
    "/plan-items",
    "/plan-pauses",
    "/services",
    "/holidays",
    "/entitlements",
    "/entitlement-rules",
];

impl Page {
    pub fn new(context: &Context, title: &str) -> Self {
        let user = context.admission.as_ref().map(|admission| PageUser {
            name: admission.user_name.clone(),
            roles_text: roles_text(context, admission.scope.grants().iter().map(|grant| grant.role)),
        });
        Page {
            lang: context.lang.code(),
            title: title.to_owned(),
            city: {
                let city = &context.app.config.city;
                context.pick(&city.name_zh, &city.name_en).to_owned()
            },
            user,
            nav: navigation(context),
            path_other_lang: other_language(context),
            version: env!("CARGO_PKG_VERSION"),
            now_text: context.show(context.now),
            theme: context.theme.unwrap_or("auto"),
            live_after: context.app.bus.position(),
            language: context.lang,
        }
    }

    /// A text in the page's language.
    pub fn t(&self, key: &str) -> Cow<'static, str> {
        self.language.t(key)
    }
}

/// Answers with a rendered template.
pub fn html(template: &impl Template) -> Result<HttpResponse> {
    let body = template.render().map_err(|error| Error::internal("template").because(error))?;
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(body))
}

/// Sends on to another page after a form.
pub fn redirect(to: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, to)).finish()
}

fn roles_text(context: &Context, roles: impl Iterator<Item = Role>) -> String {
    let mut names: Vec<String> = Vec::new();
    for role in roles {
        let name = context.name_of("role", role.name());
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(&context.t("list.separator"))
}

fn navigation(context: &Context) -> Vec<NavItem> {
    let mut items: Vec<NavItem> = Vec::new();
    for (href, icon, label, key, need) in NAVIGATION {
        if context.may(need) && items.len() < NAVIGATION_MAX && !items.iter().any(|item| item.href == href) {
            let current = is_below(&context.path, href);
            items.push(NavItem { href, icon, label: context.t(label).into_owned(), current, key });
        }
    }
    for (behind, href) in [(&BEHIND_REGISTRY[..], "/registry"), (&BEHIND_VISITS[..], "/visits")] {
        let is_behind = behind.iter().any(|path| is_below(&context.path, path));
        if is_behind && !items.iter().any(|item| item.current) {
            items.iter_mut().filter(|item| item.href == href).for_each(|item| item.current = true);
        }
    }
    items
}

fn is_below(path: &str, href: &str) -> bool {
    path.strip_prefix(href).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn other_language(context: &Context) -> String {
    let kept: Vec<&str> =
        context.query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("lang=")).collect();
    let lang = context.lang.other().code();
    let joined = if kept.is_empty() { String::new() } else { format!("{}&", kept.join("&")) };
    // The path comes decoded; an address in the page must be encoded again.
    format!("{}?{joined}lang={lang}", encode(&context.path))
}
