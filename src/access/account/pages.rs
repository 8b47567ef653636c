use actix_web::{HttpResponse, web};

use super::{change_password, set_work_phone};
use crate::access::sessions::pages::{browser, facts};
use crate::access::sessions::{revoke_others, revoke_own};
use crate::access::store::{self, SessionRow};
use crate::error::{Code, Error, Result};
use crate::text::Text;
use crate::web::{
    Action, Cell, Column, Detail, Field, Form, FormField, Input, Need, Route, Row, Section, TableView,
    Visitor, detail_page, form_page, get, post, redirect, table,
};

pub fn routes() -> Vec<Route> {
    let need = Need::SignedIn;
    vec![
        get("/account", need, || web::to(show)),
        get("/account/password", need, || web::to(show_password)),
        post("/account/password", need, || web::to(save_password)),
        get("/account/phone", need, || web::to(show_phone)),
        post("/account/phone", need, || web::to(save_phone)),
        get("/account/sessions/{id}", need, || web::to(show_session)),
        post("/account/sessions/{id}/revoke", need, || web::to(end_session)),
        post("/account/sessions/revoke-others", need, || web::to(end_others)),
    ]
}

async fn show(visitor: Visitor) -> Result<HttpResponse> {
    let admission = visitor.admission()?.clone();
    let own = admission.scope.user_id;
    let now = visitor.now;
    let (user, sessions) = visitor
        .app
        .db
        .read(move |connection| {
            let user = store::get_user(connection, own.unwrap_or_default())?;
            Ok((user, store::list_sessions_of(connection, own, now)?))
        })
        .await?;
    let label = |key: &str| visitor.t(key).into_owned();
    let roles: Vec<String> =
        admission.scope.grants().iter().map(|grant| visitor.name_of("role", grant.role.name())).collect();
    let facts = vec![
        Field::new(label("field.login"), user.login),
        Field::new(label("field.person_name"), admission.user_name.clone()),
        Field::new(label("field.roles"), roles.join(&visitor.t("list.separator"))),
        Field::new(label("field.work_phone"), user.work_phone),
    ];
    let mut actions = vec![
        Action::link("/account/password", label("account.password"), "lock").primary(),
        Action::link("/account/phone", label("account.phone"), "phone"),
    ];
    if sessions.len() > 1 {
        let end = Action::post("/account/sessions/revoke-others", label("account.end_others"), "log-out");
        actions.push(end.confirm(label("account.end_others_confirm")));
    }
    let sessions = sessions_table(&visitor, admission.session_id, &sessions);
    detail_page(
        &visitor,
        Detail {
            heading: label("account.heading"),
            subheading: admission.user_name,
            actions,
            sections: vec![
                Section { heading: label("detail.facts"), fields: facts, table: None },
                Section { heading: label("account.sessions"), fields: Vec::new(), table: Some(sessions) },
            ],
            topic: None,
        },
    )
}

fn sessions_table(visitor: &Visitor, present: i64, sessions: &[SessionRow]) -> TableView {
    let columns = [
        Column::text("browser", "field.browser"),
        Column::text("created_at", "field.signed_in_at"),
        Column::text("last_seen_at", "field.last_seen_at"),
        Column::text("address", "field.network_address"),
        Column::text("present", "field.state"),
    ];
    let rows = sessions
        .iter()
        .map(|session| Row {
            href: Some(format!("/account/sessions/{}", session.id)),
            cells: vec![
                Cell::text(browser(&session.user_agent)),
                Cell::text(visitor.show(session.created_at)),
                Cell::text(visitor.show(session.last_seen_at)),
                Cell::text(&session.address),
                if session.id == present {
                    Cell::chip(visitor.t("account.this_session"), "live")
                } else {
                    Cell::text(visitor.name_of("session_state", "open"))
                },
            ],
        })
        .collect();
    table(visitor, &columns, rows)
}

async fn show_session(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let admission = visitor.admission()?.clone();
    let (own, now, id) = (admission.scope.user_id, visitor.now, id.into_inner());
    let sessions =
        visitor.app.db.read(move |connection| store::list_sessions_of(connection, own, now)).await?;
    let session = sessions.into_iter().find(|session| session.id == id).ok_or_else(Error::not_found)?;
    let label = |key: &str| visitor.t(key).into_owned();
    let is_present = session.id == admission.session_id;
    let mut actions = vec![Action::link("/account", label("account.heading"), "arrow-left")];
    if !is_present {
        let end = Action::post(format!("/account/sessions/{id}/revoke"), label("session.revoke"), "log-out");
        actions.push(end.primary().confirm(label("account.end_confirm")));
    }
    let subheading = if is_present { label("account.this_session") } else { String::new() };
    detail_page(
        &visitor,
        Detail {
            heading: label("account.session"),
            subheading,
            actions,
            sections: vec![Section {
                heading: label("detail.facts"),
                fields: facts(&visitor, &session),
                table: None,
            }],
            topic: None,
        },
    )
}

async fn end_session(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let id = id.into_inner();
    visitor.app.write(&visitor.scope(), move |tx| revoke_own(tx, id)).await?;
    Ok(redirect("/account"))
}

async fn end_others(visitor: Visitor) -> Result<HttpResponse> {
    let kept = visitor.admission()?.session_id;
    visitor.app.write(&visitor.scope(), move |tx| revoke_others(tx, kept)).await?;
    Ok(redirect("/account"))
}

async fn show_phone(visitor: Visitor) -> Result<HttpResponse> {
    let own = visitor.scope().user_id.unwrap_or_default();
    let user = visitor.app.db.read(move |connection| store::get_user(connection, own)).await?;
    form_page(&visitor, phone_form(&visitor, &Input::of([("work_phone", user.work_phone)])), None)
}

fn phone_form(visitor: &Visitor, input: &Input) -> Form {
    Form {
        heading: visitor.t("account.phone").into_owned(),
        action: "/account/phone".to_owned(),
        fields: vec![FormField::of(visitor, "work_phone", "text", input).hint(visitor.t("hint.work_phone"))],
        submit_label: visitor.t("action.save").into_owned(),
        cancel_href: "/account".to_owned(),
        version: None,
    }
}

async fn save_phone(visitor: Visitor, body: String) -> Result<HttpResponse> {
    let input = Input::parse(&body)?;
    let phone = input.text("work_phone");
    match visitor.app.write(&visitor.scope(), move |tx| set_work_phone(tx, &phone)).await {
        Ok(()) => Ok(redirect("/account")),
        Err(error) if error.code == Code::Invalid => {
            form_page(&visitor, phone_form(&visitor, &input), Some((&error, None)))
        }
        Err(error) => Err(error),
    }
}

async fn show_password(visitor: Visitor) -> Result<HttpResponse> {
    let form = password_form(&visitor)?;
    form_page(&visitor, form, None)
}

fn password_form(visitor: &Visitor) -> Result<Form> {
    let is_due = visitor.admission()?.password_due;
    // What was typed is never sent back.
    let field = |name| FormField::of(visitor, name, "password", &Input::default()).required(true);
    let current = field("current_password");
    Ok(Form {
        heading: visitor.t(if is_due { "account.password_due" } else { "account.password" }).into_owned(),
        action: "/account/password".to_owned(),
        fields: vec![
            if is_due { current.hint(visitor.t("account.password_due_hint")) } else { current },
            field("password").hint(visitor.t("setup.password_hint")),
            field("password_again"),
        ],
        submit_label: visitor.t("action.save").into_owned(),
        cancel_href: "/account".to_owned(),
        version: None,
    })
}

async fn save_password(visitor: Visitor, body: String) -> Result<HttpResponse> {
    let input = Input::parse(&body)?;
    // A password may begin or end with a space: taken as sent.
    let typed = |name: &str| input.many(name).into_iter().next().unwrap_or_default();
    let admission = visitor.admission()?;
    let outcome = if typed("password") == typed("password_again") {
        let (current, new) = (typed("current_password"), typed("password"));
        change_password(&visitor.app, &admission.scope, admission.session_id, current, new).await
    } else {
        Err(Error::field("password_again", Text::new("rule.same_password")))
    };
    match outcome {
        Ok(()) => Ok(redirect(if admission.password_due { "/" } else { "/account" })),
        Err(error) if error.code == Code::Invalid => {
            form_page(&visitor, password_form(&visitor)?, Some((&error, None)))
        }
        Err(error) => Err(error),
    }
}
