use actix_web::{HttpResponse, web};

use super::{add, enable, first_password, reset_password, retire};
use crate::access::store::{self, UserRow};
use crate::access::{Grant, Permission, Place, Role, Scope};
use crate::db::AnyConnection;
use crate::error::{Code, Result};
use crate::listing::{ListRequest, Listed};
use crate::web::{
    Action, Cell, Column, Context, Detail, Field, Filter, FilterKind, Form, FormField, Input, List, Need,
    Route, Row, Section, Visitor, Words, detail_page, form_page, get, list_routes, post, redirect, table,
};

mod grants;

const SEE: Need = Need::Either(Permission::ManageUsers, Permission::GrantRoles);

pub fn routes() -> Vec<Route> {
    let manage = Need::May(Permission::ManageUsers);
    let mut routes: Vec<Route> =
        list_routes::<Users>().into_iter().map(|route| Route { need: SEE, ..route }).collect();
    routes.extend([
        get("/users/new", manage, || web::to(show_new)),
        post("/users", manage, || web::to(create)),
        get("/users/{id}", SEE, || web::to(show)),
        post("/users/{id}/disable", manage, || web::to(do_disable)),
        post("/users/{id}/enable", manage, || web::to(do_enable)),
        post("/users/{id}/password", manage, || web::to(do_reset_password)),
    ]);
    routes.extend(grants::routes());
    routes
}

struct Users;

impl List for Users {
    const PATH: &'static str = "/users";
    const EXPORT_PATH: &'static str = "/users.xlsx";
    const HEADING: &'static str = "user.heading";
    const EMPTY: &'static str = "user.empty";
    const NEED: Permission = Permission::ManageUsers;
    const CREATE: Option<(&'static str, &'static str, Permission)> =
        Some(("/users/new", "user.new", Permission::ManageUsers));
    const COLUMNS: &'static [Column] = &[
        Column::text("login", "field.login"),
        Column::text("name", "field.person_name"),
        Column::text("roles", "field.roles").unsorted(),
        Column::text("state", "field.state").unsorted(),
        Column::text("created_at", "field.created_at"),
    ];

    fn filters(_connection: &mut AnyConnection, _scope: &Scope, words: &Words) -> Result<Vec<Filter>> {
        let roles: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
        Ok(vec![
            Filter { name: "q", label: "filter.login_or_name", kind: FilterKind::Text },
            Filter { name: "role", label: "field.role", kind: words.choices("role", &roles) },
            Filter {
                name: "state",
                label: "field.state",
                kind: words.choices("user_state", &["active", "disabled"]),
            },
        ])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let listed = store::list_users(connection, scope, request)?;
        let rows = listed.rows.into_iter().map(|(user, grants)| cells(&user, &grants, words)).collect();
        Ok(Listed { rows, total: listed.total })
    }
}

fn cells(user: &UserRow, grants: &[Grant], words: &Words) -> Row {
    let mut roles: Vec<String> = Vec::new();
    for grant in grants {
        let name = words.name_of("role", grant.role.name());
        if !roles.contains(&name) {
            roles.push(name);
        }
    }
    let (state, tone) = state_of(user);
    Row {
        href: Some(format!("/users/{}", user.id)),
        cells: vec![
            Cell::text(&user.login),
            Cell::text(&user.name),
            Cell::text(roles.join(&words.t("list.separator"))),
            Cell::chip(words.name_of("user_state", state), tone),
            Cell::text(words.calendar.show(user.created_at)),
        ],
    }
}

fn state_of(user: &UserRow) -> (&'static str, &'static str) {
    if user.disabled_at.is_some() { ("disabled", "off") } else { ("active", "ok") }
}

async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let (scope, id) = (visitor.scope(), id.into_inner());
    let (user, grants) = visitor
        .app
        .db
        .read(move |connection| {
            let (user, grants) = store::get_user_of(connection, &scope, id)?;
            let mut named = Vec::new();
            for (number, grant) in grants {
                let names = store::name_of_place(connection, &grant.place)?;
                named.push((number, grant, names));
            }
            Ok((user, named))
        })
        .await?;
    let label = |key: &str| visitor.t(key).into_owned();
    let (state, tone) = state_of(&user);
    let facts = vec![
        Field::new(label("field.login"), &user.login),
        Field::new(label("field.person_name"), &user.name),
        Field::new(label("field.state"), visitor.name_of("user_state", state)).chip(tone),
        Field::new(label("field.password_state"), label(password_state(&user))),
        Field::new(label("field.created_at"), visitor.show(user.created_at)),
    ];
    let columns = [Column::text("role", "field.role"), Column::text("place", "field.where")];
    let rows = grants
        .iter()
        .map(|(_, grant, names)| Row {
            href: None,
            cells: vec![
                Cell::text(visitor.name_of("role", grant.role.name())),
                Cell::text(place_text(&visitor, &grant.place, names)),
            ],
        })
        .collect();
    let sections = vec![
        Section { heading: label("detail.facts"), fields: facts, table: None },
        Section {
            heading: label("user.grants"),
            fields: Vec::new(),
            table: Some(table(&visitor, &columns, rows)),
        },
    ];
    let mut actions = own_actions(&visitor, &user);
    actions.extend(grants::actions(&visitor, &user, &grants));
    let detail =
        Detail { heading: user.name.clone(), subheading: user.login.clone(), actions, sections, topic: None };
    detail_page(&visitor, detail)
}

fn password_state(user: &UserRow) -> &'static str {
    match (&user.password_hash, user.password_once) {
        (None, _) => "user.password_none",
        (Some(_), true) => "user.password_first",
        (Some(_), false) => "user.password_own",
    }
}

/// What the system administrator can do with another user.
fn own_actions(visitor: &Visitor, user: &UserRow) -> Vec<Action> {
    if !visitor.may(Permission::ManageUsers) || visitor.scope().user_id == Some(user.id) {
        return Vec::new();
    }
    let path = |step: &str| format!("/users/{}/{step}", user.id);
    let asked = |key: &str| visitor.lang.fill(key, &[("name", &user.name)]);
    let mut actions = vec![
        Action::post(path("password"), visitor.t("user.reset_password"), "lock")
            .confirm(asked("user.reset_password_confirm")),
    ];
    actions.push(if user.disabled_at.is_some() {
        Action::post(path("enable"), visitor.t("user.enable"), "circle-check")
            .confirm(asked("user.enable_confirm"))
    } else {
        Action::post(path("disable"), visitor.t("user.disable"), "circle-x")
            .confirm(asked("user.disable_confirm"))
    });
    actions
}

/// A place as its reader knows it, such as `镇街 · 安海镇`.
fn place_text(context: &Context, place: &Place, names: &(String, String)) -> String {
    let kind = context.name_of("place_kind", place.kind());
    let name = context.pick(&names.0, &names.1);
    if name.is_empty() { kind } else { format!("{kind} · {name}") }
}

async fn show_new(visitor: Visitor) -> Result<HttpResponse> {
    form_page(&visitor, form(&visitor, &Input::default()), None)
}

fn form(context: &Context, input: &Input) -> Form {
    Form {
        heading: context.t("user.new").into_owned(),
        action: "/users".to_owned(),
        fields: vec![
            FormField::of(context, "login", "text", input).required(true).hint(context.t("user.login_hint")),
            FormField {
                label: context.t("field.person_name").into_owned(),
                ..FormField::of(context, "name", "text", input)
            }
            .required(true),
        ],
        submit_label: context.t("user.create").into_owned(),
        cancel_href: "/users".to_owned(),
        version: None,
    }
}

async fn create(visitor: Visitor, body: String) -> Result<HttpResponse> {
    let input = Input::parse(&body)?;
    let (login, name) = (input.text("login"), input.text("name"));
    let password = first_password()?;
    let hash = visitor.app.passwords.hash(password.clone()).await?;
    let outcome = visitor.app.write(&visitor.scope(), move |tx| add(tx, &login, &name, &hash)).await;
    match outcome {
        Ok(id) => password_page(&visitor, id, "user.created", &password).await,
        Err(error) if error.code == Code::Invalid => {
            form_page(&visitor, form(&visitor, &input), Some((&error, None)))
        }
        Err(error) => Err(error),
    }
}

async fn do_disable(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let id = id.into_inner();
    visitor.app.write(&visitor.scope(), move |tx| retire(tx, id)).await?;
    Ok(redirect(&format!("/users/{id}")))
}

async fn do_enable(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let id = id.into_inner();
    visitor.app.write(&visitor.scope(), move |tx| enable(tx, id)).await?;
    Ok(redirect(&format!("/users/{id}")))
}

async fn do_reset_password(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let id = id.into_inner();
    let password = first_password()?;
    let hash = visitor.app.passwords.hash(password.clone()).await?;
    visitor.app.write(&visitor.scope(), move |tx| reset_password(tx, id, &hash)).await?;
    password_page(&visitor, id, "user.password_given", &password).await
}

/// The only time that the password is shown: no page before or after holds it.
async fn password_page(visitor: &Visitor, id: i64, heading: &str, password: &str) -> Result<HttpResponse> {
    let user = visitor.app.db.read(move |connection| store::get_user(connection, id)).await?;
    let label = |key: &str| visitor.t(key).into_owned();
    let fields = vec![
        Field::new(label("field.login"), user.login),
        Field::new(label("field.person_name"), user.name),
        Field::new(label("user.first_password"), password),
    ];
    detail_page(
        visitor,
        Detail {
            heading: label(heading),
            subheading: label("user.shown_once"),
            actions: vec![Action::link(format!("/users/{id}"), label("user.to_user"), "user").primary()],
            sections: vec![Section { heading: label("user.hand_over"), fields, table: None }],
            topic: None,
        },
    )
}
