//! One frame for the forms of everything that belongs to a record: shown fresh, saved, or shown again with what was wrong.

use std::sync::Arc;

use actix_web::{HttpResponse, web};

use crate::access::Permission;
use crate::elders::parts::{self, Choices, Part};
use crate::elders::store::get_elder_to_edit;
use crate::error::{Code, Error, Result};
use crate::web::{Form, Input, Need, Route, Visitor, Words, form_page, get, post, redirect};

/// Forms of a part and what they send.
pub(super) fn part_routes<P: Part>() -> [Route; 5] {
    let edit = Need::May(Permission::EditElder);
    [
        get(P::NEW, edit, || web::to(show_new::<P>)),
        post(P::ALL, edit, || web::to(create::<P>)),
        get(P::EDIT, edit, || web::to(show_edit::<P>)),
        post(P::ONE, edit, || web::to(save::<P>)),
        post(P::REMOVE, edit, || web::to(remove::<P>)),
    ]
}

/// The elder's page at the part's own section.
fn page_of<P: Part>(elder_id: i64) -> String {
    format!("/elders/{elder_id}#{}", P::NAME)
}

fn is_for_form(error: &Error) -> bool {
    matches!(error.code, Code::Invalid | Code::Stale | Code::Taken)
}

async fn show_new<P: Part>(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let input = P::fresh(visitor.today());
    let form = new_form::<P>(&visitor, id.into_inner(), &input).await?;
    form_page(&visitor, form, None)
}

async fn create<P: Part>(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let id = id.into_inner();
    let input = Input::parse(&body)?;
    let outcome = match P::read(&input) {
        Ok(values) => visitor.app.write(&visitor.scope(), move |tx| parts::add::<P>(tx, id, &values)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(_) => Ok(redirect(&page_of::<P>(id))),
        Err(error) if is_for_form(&error) => {
            let form = new_form::<P>(&visitor, id, &input).await?;
            form_page(&visitor, form, Some((&error, None)))
        }
        Err(error) => Err(error),
    }
}

async fn show_edit<P: Part>(visitor: Visitor, ids: web::Path<(i64, i64)>) -> Result<HttpResponse> {
    let (form, _) = edit_form::<P>(&visitor, ids.into_inner(), None).await?;
    form_page(&visitor, form, None)
}

async fn save<P: Part>(visitor: Visitor, ids: web::Path<(i64, i64)>, body: String) -> Result<HttpResponse> {
    let (elder, id) = ids.into_inner();
    let input = Input::parse(&body)?;
    let seen = input.version()?;
    let outcome = match P::read(&input) {
        Ok(values) => {
            let values = Arc::new(values);
            let change =
                move |tx: &mut crate::app::Tx<'_>| parts::change::<P>(tx, elder, (id, seen), &values);
            visitor.app.write(&visitor.scope(), change).await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => Ok(redirect(&page_of::<P>(elder))),
        Err(error) if is_for_form(&error) => {
            let (form, current) = edit_form::<P>(&visitor, (elder, id), Some((seen, &input))).await?;
            form_page(&visitor, form, Some((&error, Some(current))))
        }
        Err(error) => Err(error),
    }
}

async fn remove<P: Part>(visitor: Visitor, ids: web::Path<(i64, i64)>, body: String) -> Result<HttpResponse> {
    let (elder, id) = ids.into_inner();
    let seen = Input::parse(&body)?.version()?;
    visitor.app.write(&visitor.scope(), move |tx| parts::remove::<P>(tx, elder, (id, seen))).await?;
    Ok(redirect(&page_of::<P>(elder)))
}

async fn new_form<P: Part>(visitor: &Visitor, elder_id: i64, input: &Input) -> Result<Form> {
    let (scope, words) = (visitor.scope(), Words::of(visitor));
    let (name, offer): (String, Choices) = visitor
        .app
        .db
        .read(move |connection| {
            let elder = get_elder_to_edit(connection, &scope, elder_id)?;
            Ok((elder.name, P::offer(connection, &scope, &words)?))
        })
        .await?;
    let fields = P::fields(visitor, offer, None, input);
    Ok(Form {
        heading: heading(visitor, P::NEW_HEADING, &name),
        action: format!("/elders/{elder_id}/{}", P::NAME),
        version: None,
        fields,
        submit_label: visitor.t("action.save").into_owned(),
        cancel_href: page_of::<P>(elder_id),
    })
}

/// The form for a known row, and the version that is stored now. It shows the stored values, or what was typed into a form
/// that named the version `seen`.
async fn edit_form<P: Part>(
    visitor: &Visitor,
    (elder_id, id): (i64, i64),
    typed: Option<(i64, &Input)>,
) -> Result<(Form, i64)> {
    let (scope, words) = (visitor.scope(), Words::of(visitor));
    let (name, row, offer): (String, P::Row, Choices) = visitor
        .app
        .db
        .read(move |connection| {
            let elder = get_elder_to_edit(connection, &scope, elder_id)?;
            let row = P::get(connection, elder_id, id)?;
            Ok((elder.name, row, P::offer(connection, &scope, &words)?))
        })
        .await?;
    let current = P::version(&row);
    let (seen, fields) = match typed {
        Some((seen, input)) => (seen, P::fields(visitor, offer, Some(&row), input)),
        None => (current, P::fields(visitor, offer, Some(&row), &P::typed(&row))),
    };
    let form = Form {
        heading: heading(visitor, P::EDIT_HEADING, &name),
        action: format!("/elders/{elder_id}/{}/{id}", P::NAME),
        version: Some(seen),
        fields,
        submit_label: visitor.t("action.save").into_owned(),
        cancel_href: page_of::<P>(elder_id),
    };
    Ok((form, current))
}

fn heading(visitor: &Visitor, key: &str, name: &str) -> String {
    format!("{name} · {}", visitor.t(key))
}
