//! The form that asks whether a control room is manned: how many minutes it may take.

use actix_web::{HttpResponse, web};

use crate::access::Permission;
use crate::devices::gb26875::guard;
use crate::devices::gb26875::store::panel_of;
use crate::devices::store::get_to;
use crate::error::{Code, Error, Result};
use crate::text::Text;
use crate::web::{Form, FormField, Input, Visitor, form_page, redirect};

/// What the form begins with.
const MINUTES: i16 = 5;

pub async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let typed = Input::of([("minutes", MINUTES.to_string())]);
    let form = form(&visitor, id.into_inner(), &typed).await?;
    form_page(&visitor, form, None)
}

pub async fn ask(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let (id, input) = (id.into_inner(), Input::parse(&body)?);
    let range =
        || Text::new("rule.range").with("min", guard::MINUTES.start()).with("max", guard::MINUTES.end());
    let asked = match input.text("minutes").parse() {
        Ok(minutes) => {
            visitor.app.write(&visitor.scope(), move |tx| guard::ask(tx, id, minutes)).await.map(drop)
        }
        Err(_) => Err(Error::field("minutes", range())),
    };
    match asked {
        Ok(()) => Ok(redirect(&format!("/devices/{id}"))),
        Err(error) if error.code == Code::Invalid => {
            let form = form(&visitor, id, &input).await?;
            form_page(&visitor, form, Some((&error, None)))
        }
        Err(error) => Err(error),
    }
}

async fn form(visitor: &Visitor, id: i64, typed: &Input) -> Result<Form> {
    let scope = visitor.scope();
    let found = visitor.app.db.read(move |connection| {
        let device = get_to(connection, &scope, Permission::AnswerAlerts, id)?;
        panel_of(connection, id)?.map(|_| device).ok_or_else(Error::not_found)
    });
    let device = found.await?;
    Ok(Form {
        heading: format!("{} · {}", device.name, visitor.t("guard.ask")),
        action: format!("/devices/{id}/guard-checks"),
        fields: vec![
            FormField::of(visitor, "minutes", "number", typed)
                .required(true)
                .hint(visitor.t("hint.guard_minutes")),
        ],
        submit_label: visitor.t("guard.ask_now").into_owned(),
        cancel_href: format!("/devices/{id}"),
        ..Form::default()
    })
}
