use actix_web::{HttpResponse, web};

use super::revoke;
use crate::access::store::{self, SessionRow};
use crate::access::{Permission, Scope};
use crate::db::AnyConnection;
use crate::error::Result;
use crate::listing::{ListRequest, Listed};
use crate::web::{
    Action, Cell, Column, Context, Detail, Field, Filter, FilterKind, List, Need, Route, Row, Section,
    Visitor, Words, detail_page, get, list_routes, post, redirect,
};

pub fn routes() -> Vec<Route> {
    let need = Need::May(Permission::SeeSessions);
    let mut routes = list_routes::<Sessions>().to_vec();
    routes.extend([
        get("/sessions/{id}", need, || web::to(show)),
        post("/sessions/{id}/revoke", need, || web::to(do_revoke)),
    ]);
    routes
}

struct Sessions;

impl List for Sessions {
    const PATH: &'static str = "/sessions";
    const EXPORT_PATH: &'static str = "/sessions.xlsx";
    const HEADING: &'static str = "session.heading";
    const EMPTY: &'static str = "session.empty";
    const NEED: Permission = Permission::SeeSessions;
    const COLUMNS: &'static [Column] = &[
        Column::text("login", "field.login").unsorted(),
        Column::text("name", "field.person_name").unsorted(),
        Column::text("last_seen_at", "field.last_seen_at").unsorted(),
        Column::text("created_at", "field.signed_in_at").unsorted(),
        Column::text("address", "field.network_address").unsorted(),
        Column::text("browser", "field.browser").unsorted(),
    ];

    fn filters(_connection: &mut AnyConnection, _scope: &Scope, _words: &Words) -> Result<Vec<Filter>> {
        Ok(vec![Filter { name: "q", label: "filter.login_name_or_address", kind: FilterKind::Text }])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let listed = store::list_sessions(connection, scope, request, words.now)?;
        let rows = listed
            .rows
            .into_iter()
            .map(|(session, login, name)| Row {
                href: Some(format!("/sessions/{}", session.id)),
                cells: vec![
                    Cell::text(login),
                    Cell::text(name),
                    Cell::text(words.calendar.show(session.last_seen_at)),
                    Cell::text(words.calendar.show(session.created_at)),
                    Cell::text(&session.address),
                    Cell::text(browser(&session.user_agent)),
                ],
            })
            .collect();
        Ok(Listed { rows, total: listed.total })
    }
}

/// The browser's own name out of what it says of itself; the first word of anything else.
pub fn browser(user_agent: &str) -> String {
    let known =
        [("Edg/", "Edge"), ("MicroMessenger/", "WeChat"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome")];
    let found = known.into_iter().find_map(|(mark, name)| {
        let (_, rest) = user_agent.split_once(mark)?;
        let version: String = rest.chars().take_while(char::is_ascii_digit).collect();
        Some(format!("{name} {version}"))
    });
    let first = || user_agent.split_whitespace().next().unwrap_or_default().to_owned();
    match found {
        Some(name) => name,
        None if user_agent.contains("Safari/") => "Safari".to_owned(),
        None => first(),
    }
}

async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let (scope, id) = (visitor.scope(), id.into_inner());
    let (session, login, name) =
        visitor.app.db.read(move |connection| store::get_session(connection, &scope, id)).await?;
    let mut actions = Vec::new();
    if session.revoked_at.is_none() {
        let confirm = visitor.lang.fill("session.revoke_confirm", &[("name", &name)]);
        let action = Action::post(format!("/sessions/{id}/revoke"), visitor.t("session.revoke"), "log-out");
        actions.push(action.primary().confirm(confirm));
    }
    let mut fields = vec![Field::new(visitor.t("field.login"), login)];
    fields.extend(facts(&visitor, &session));
    let heading = visitor.t("detail.facts").into_owned();
    detail_page(
        &visitor,
        Detail {
            heading: visitor.lang.fill("session.of", &[("name", &name)]),
            subheading: visitor.name_of("session_state", state(&visitor, &session)),
            actions,
            sections: vec![Section { heading, fields, table: None }],
            topic: None,
        },
    )
}

/// What is known of a session, for its own page and its owner's.
pub fn facts(context: &Context, session: &SessionRow) -> Vec<Field> {
    let label = |key: &str| context.t(key).into_owned();
    let shown = |at: Option<_>| at.map(|at| context.show(at)).unwrap_or_default();
    let mut fields = vec![
        Field::new(label("field.signed_in_at"), context.show(session.created_at)),
        Field::new(label("field.last_seen_at"), context.show(session.last_seen_at)),
        Field::new(label("field.expires_at"), context.show(session.expires_at)),
        Field::new(label("field.network_address"), &session.address),
        Field::new(label("field.browser"), browser(&session.user_agent)),
    ];
    if session.revoked_at.is_some() {
        fields.push(Field::new(label("field.ended_at"), shown(session.revoked_at)));
    }
    fields
}

fn state(context: &Context, session: &SessionRow) -> &'static str {
    match session.revoked_at {
        Some(_) => "ended",
        None if session.expires_at <= context.now => "expired",
        None => "open",
    }
}

async fn do_revoke(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let id = id.into_inner();
    visitor.app.write(&visitor.scope(), move |tx| revoke(tx, id)).await?;
    Ok(redirect("/sessions"))
}

#[cfg(test)]
mod tests {
    use super::browser;

    #[test]
    fn a_browser_is_named_shortly() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36";
        assert_eq!(browser(chrome), "Chrome 141");
        assert_eq!(browser(&format!("{chrome} Edg/141.0")), "Edge 141");
        assert_eq!(browser("Mozilla/5.0 (iPhone) Version/18.1 Mobile/15E148 Safari/604.1"), "Safari");
        assert_eq!(browser("curl/8.0 (x)"), "curl/8.0");
        assert_eq!(browser(""), "");
    }
}
