//! What is shown once: the claim code of a device, and its credential. And the steps that give and take them.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::list::Devices;
use crate::app::Tx;
use crate::devices::claim::issue_claim;
use crate::devices::credential::{FORMER_HOURS, revoke, rotate};
use crate::devices::model::grouped;
use crate::devices::office::{put_in_service, remove_mistaken};
use crate::devices::store::get_device;
use crate::error::Result;
use crate::web::{Input, Page, RecordForm, Visitor, form_page, html, is_for_form, new_form, redirect};

#[derive(Template)]
#[template(path = "device_secret.html")]
struct SecretPage {
    page: Page,
    heading: String,
    subheading: String,
    title: String,
    note: String,
    secret: String,
    back_href: String,
    facts: Vec<(String, String)>,
}

/// What is shown: title, note, the secret, and what goes with it.
struct Shown {
    title: &'static str,
    note: String,
    secret: String,
    facts: Vec<(String, String)>,
}

async fn page(visitor: &Visitor, id: i64, shown: Shown) -> Result<HttpResponse> {
    let scope = visitor.scope();
    let listed = visitor.app.db.read(move |connection| get_device(connection, &scope, id)).await?;
    html(&SecretPage {
        page: Page::new(visitor, &visitor.t(shown.title)),
        heading: listed.device.name,
        subheading: listed.device.code,
        title: visitor.t(shown.title).into_owned(),
        note: shown.note,
        secret: shown.secret,
        back_href: format!("/devices/{id}"),
        facts: shown.facts,
    })
}

async fn claim_page(
    visitor: &Visitor,
    id: i64,
    (code, until): (String, crate::clock::Instant),
) -> Result<HttpResponse> {
    let note = visitor.lang.fill("device_office.claim_note", &[("until", &visitor.show(until))]);
    let shown = Shown { title: "field.claim_code", note, secret: grouped(&code), facts: Vec::new() };
    page(visitor, id, shown).await
}

/// Puts a device on file, and shows its claim code.
pub async fn create(visitor: Visitor, body: String) -> Result<HttpResponse> {
    let input = Input::parse(&body)?;
    let outcome = match Devices::read(&input) {
        Ok(values) => {
            let work = move |tx: &mut Tx<'_>| {
                let id = Devices::add(tx, &values)?;
                Ok((id, issue_claim(tx, id)?))
            };
            visitor.app.write(&visitor.scope(), work).await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok((id, code)) => claim_page(&visitor, id, code).await,
        Err(error) if is_for_form(&error) => {
            let form = new_form::<Devices>(&visitor, &input).await?;
            form_page(&visitor, form, Some((&error, None)))
        }
        Err(error) => Err(error),
    }
}

pub async fn issue(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let id = id.into_inner();
    let code = visitor.app.write(&visitor.scope(), move |tx| issue_claim(tx, id)).await?;
    claim_page(&visitor, id, code).await
}

pub async fn exchange(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let id = id.into_inner();
    let (code, token) = visitor.app.write(&visitor.scope(), move |tx| rotate(tx, id)).await?;
    let label = |key: &str| visitor.t(key).into_owned();
    let shown = Shown {
        title: "field.credential",
        note: visitor.lang.fill("device_office.credential_note", &[("n", &FORMER_HOURS.to_string())]),
        secret: token,
        facts: vec![(label("device_office.user_name"), code)],
    };
    page(&visitor, id, shown).await
}

pub async fn take_away(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let id = id.into_inner();
    visitor.app.write(&visitor.scope(), move |tx| revoke(tx, id)).await?;
    Ok(redirect(&format!("/devices/{id}")))
}

pub async fn disable(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    serve(&visitor, id.into_inner(), false).await
}

pub async fn enable(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    serve(&visitor, id.into_inner(), true).await
}

/// Takes a device that was put on file by mistake off the books.
pub async fn remove(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let id = id.into_inner();
    visitor.app.write(&visitor.scope(), move |tx| remove_mistaken(tx, id)).await?;
    Ok(redirect("/devices"))
}

async fn serve(visitor: &Visitor, id: i64, serves: bool) -> Result<HttpResponse> {
    visitor.app.write(&visitor.scope(), move |tx| put_in_service(tx, id, serves)).await?;
    Ok(redirect(&format!("/devices/{id}")))
}

/// Back to the device, for whoever may see it.
pub async fn back(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let (scope, id) = (visitor.scope(), id.into_inner());
    visitor.app.db.read(move |connection| get_device(connection, &scope, id).map(drop)).await?;
    Ok(redirect(&format!("/devices/{id}")))
}
