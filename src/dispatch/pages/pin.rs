use actix_web::{HttpResponse, web};

use crate::access::Permission;
use crate::error::{Code, Error, Result};
use crate::visits::store::{get_visit, with_names};
use crate::visits::{pin, unpin};
use crate::web::{Form, FormField, Input, Visitor, Words, form_page, redirect};

pub async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    form_page(&visitor, form(&visitor, id.into_inner(), &Input::default()).await?, None)
}

pub async fn save(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let id = id.into_inner();
    let input = Input::parse(&body)?;
    let (version, reason) = (input.version()?, input.text("reason"));
    match visitor.app.write(&visitor.scope(), move |tx| pin(tx, id, version, &reason)).await {
        Ok(()) => Ok(redirect(&format!("/visits/{id}"))),
        Err(error) if matches!(error.code, Code::Invalid | Code::Taken | Code::Stale) => {
            let form = form(&visitor, id, &input).await?;
            let current = form.version;
            form_page(&visitor, form, Some((&error, current)))
        }
        Err(error) => Err(error),
    }
}

pub async fn save_unpin(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let id = id.into_inner();
    let version = Input::parse(&body)?.version()?;
    visitor.app.write(&visitor.scope(), move |tx| unpin(tx, id, version)).await?;
    Ok(redirect(&format!("/visits/{id}")))
}

async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
    let (scope, words) = (visitor.scope(), Words::of(visitor));
    let listed = visitor
        .app
        .db
        .read(move |connection| {
            let at = (words.calendar, words.now);
            let visit = get_visit(connection, &scope, Permission::AssignVisits, id, at)?;
            with_names(connection, vec![visit])?.pop().ok_or_else(Error::not_found)
        })
        .await?;
    let service = visitor.pick(&listed.service_zh, &listed.service_en);
    Ok(Form {
        heading: visitor.lang.fill("visit.pin_of", &[("elder", &listed.elder), ("service", service)]),
        action: format!("/visits/{id}/pin"),
        version: Some(listed.visit.version),
        fields: vec![
            FormField::of(visitor, "reason", "text", input).required(true).hint(visitor.t("hint.pin_reason")),
        ],
        submit_label: visitor.t("visit.pin").into_owned(),
        cancel_href: format!("/visits/{id}"),
    })
}
