//! Roles given and taken by the security administrator: first the role, then the places that fit it.

use actix_web::{HttpResponse, web};

use super::place_text;
use crate::access::store::{self, NamedPlace, UserRow};
use crate::access::users::{grant, revoke_grant};
use crate::access::{Grant, Permission, Place, Role};
use crate::error::{Code, Error, Result};
use crate::text::Text;
use crate::web::{Action, Form, FormField, Input, Need, Route, Visitor, form_page, get, post, redirect};

pub fn routes() -> [Route; 3] {
    let need = Need::May(Permission::GrantRoles);
    [
        get("/users/{id}/grants/new", need, || web::to(show_new)),
        post("/users/{id}/grants", need, || web::to(create)),
        post("/users/{id}/grants/{grant}/remove", need, || web::to(remove)),
    ]
}

/// What the security administrator can do with another user.
pub fn actions(visitor: &Visitor, user: &UserRow, grants: &[(i64, Grant, (String, String))]) -> Vec<Action> {
    if !visitor.may(Permission::GrantRoles) || visitor.scope().user_id == Some(user.id) {
        return Vec::new();
    }
    let mut actions = vec![
        Action::link(format!("/users/{}/grants/new", user.id), visitor.t("user.grant"), "plus").primary(),
    ];
    for (number, grant, names) in grants {
        let role = visitor.name_of("role", grant.role.name());
        let place = place_text(visitor, &grant.place, names);
        let words = [("role", role.as_str()), ("place", place.as_str()), ("name", user.name.as_str())];
        let href = format!("/users/{}/grants/{number}/remove", user.id);
        actions.push(
            Action::post(href, visitor.lang.fill("user.revoke", &words), "x")
                .confirm(visitor.lang.fill("user.revoke_confirm", &words)),
        );
    }
    actions
}

async fn show_new(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let form = form(&visitor, id.into_inner(), &Input::default()).await?;
    form_page(&visitor, form, None)
}

async fn create(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let id = id.into_inner();
    let input = Input::parse(&body)?;
    let outcome = match chosen(&input) {
        Ok(Some(new)) => visitor.app.write(&visitor.scope(), move |tx| grant(tx, id, &new)).await,
        // The role is known, and the places that fit it are asked for next.
        Ok(None) => return form_page(&visitor, form(&visitor, id, &input).await?, None),
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => Ok(redirect(&format!("/users/{id}"))),
        Err(error) if error.code == Code::Invalid => {
            form_page(&visitor, form(&visitor, id, &input).await?, Some((&error, None)))
        }
        Err(error) => Err(error),
    }
}

async fn remove(visitor: Visitor, path: web::Path<(i64, i64)>) -> Result<HttpResponse> {
    let (id, grant_id) = path.into_inner();
    visitor.app.write(&visitor.scope(), move |tx| revoke_grant(tx, id, grant_id)).await?;
    Ok(redirect(&format!("/users/{id}")))
}

/// The grant that was chosen; none while the place is still open.
fn chosen(input: &Input) -> Result<Option<Grant>> {
    let choose = |field| Error::field(field, Text::new("rule.choose"));
    let role = Role::parse(&input.text("role")).ok_or_else(|| choose("role"))?;
    if role.place_kinds() == ["city"] {
        return Ok(Some(Grant { role, place: Place::City }));
    }
    let place = input.text("place");
    if place.is_empty() {
        return Ok(None);
    }
    let parsed = place.split_once(':').and_then(|(kind, id)| Place::parse(kind, id));
    Ok(Some(Grant { role, place: parsed.ok_or_else(|| choose("place"))? }))
}

async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
    let scope = visitor.scope();
    let role = Role::parse(&input.text("role"));
    let (user, places) = visitor
        .app
        .db
        .read(move |connection| {
            let (user, _) = store::get_user_of(connection, &scope, id)?;
            let places = role.map(|role| store::places_for(connection, role)).transpose()?;
            Ok((user, places.unwrap_or_default()))
        })
        .await?;
    let choice = (String::new(), visitor.t("user.choose_role").into_owned());
    let roles = Role::ALL.iter().map(|role| (role.name().to_owned(), visitor.name_of("role", role.name())));
    let roles = std::iter::once(choice).chain(roles).collect();
    let mut fields = vec![FormField::of(visitor, "role", "select", input).required(true).options(roles)];
    let asks_place = role.is_some_and(|role| role.place_kinds() != ["city"]);
    if asks_place {
        let places = places.iter().map(|known| option(visitor, known)).collect();
        let mut field = FormField::of(visitor, "place", "select", input).required(true).options(places);
        field.label = visitor.t("field.where").into_owned();
        fields.push(field);
    }
    Ok(Form {
        heading: visitor.lang.fill("user.grant_to", &[("name", &user.name)]),
        action: format!("/users/{id}/grants"),
        fields,
        submit_label: visitor.t(if asks_place { "user.grant" } else { "user.next" }).into_owned(),
        cancel_href: format!("/users/{id}"),
        version: None,
    })
}

fn option(visitor: &Visitor, known: &NamedPlace) -> (String, String) {
    let names = (known.name_zh.clone(), known.name_en.clone());
    (format!("{}:{}", known.place.kind(), known.place.id()), place_text(visitor, &known.place, &names))
}
