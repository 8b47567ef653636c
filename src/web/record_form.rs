//! Records that are added and changed through a form: one frame from the empty form to the conflict notice, so that every
//! record is edited the same way.

use std::sync::Arc;

use actix_web::{HttpResponse, web};

use super::context::{Context, Visitor};
use super::form::{Form, FormField, Input, form_page};
use super::list::{Create, List, Words};
use super::page::redirect;
use super::routes::{Need, Route, get, post};
use crate::access::Scope;
use crate::app::Tx;
use crate::db::AnyConnection;
use crate::error::{Code, Error, Result};

/// What a record with a form has to say, beside its list: below the list's address are the forms, and each record's page,
/// where a saved form leads to.
pub trait RecordForm: List {
    /// Of the form for a new record; the list's [`List::CREATE`] is the same. Who may add may change.
    const NEW: Create;
    /// Address of a record, such as `/stations/{id}`.
    const ONE_PATH: &'static str;
    /// Address of the form for a known record.
    const EDIT_PATH: &'static str;
    const EDIT_HEADING: &'static str;
    /// What a form says about a record.
    type Values: Send + Sync + 'static;
    /// A record as it is stored.
    type Row: Send + 'static;
    /// What the form's selects offer.
    type Offer: Send + 'static;

    /// What the form sent; refuses what cannot be read, field by field.
    fn read(input: &Input) -> Result<Self::Values>;

    /// The stored values as the form would send them.
    fn typed(row: &Self::Row) -> Input;

    /// What the form for a new record starts with.
    fn fresh() -> Input {
        Input::default()
    }

    /// The record, where the asker may change it.
    fn get(connection: &mut AnyConnection, scope: &Scope, id: i64) -> Result<Self::Row>;

    fn version(row: &Self::Row) -> i64;

    /// Whether [`RecordForm::look`] has something to look for.
    const LOOKS: bool = false;

    /// What stays on record even where the change is refused: it has a transaction of its own, before the change of record
    /// `id` or of a new one. Gives the refusal.
    fn look(_tx: &mut Tx<'_>, _id: Option<i64>, _values: &Self::Values) -> Result<Option<Error>> {
        Ok(None)
    }

    /// Adds a record; gives its number.
    fn add(tx: &mut Tx<'_>, values: &Self::Values) -> Result<i64>;

    /// Changes version `seen` of a record; a newer version wins.
    fn change(tx: &mut Tx<'_>, id: i64, seen: i64, values: &Self::Values) -> Result<()>;

    /// The choices within the asker's reach.
    fn offer(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Self::Offer>;

    /// The controls, holding what was typed; `known` is the record that they change.
    fn fields(
        context: &Context,
        offer: Self::Offer,
        known: Option<&Self::Row>,
        input: &Input,
    ) -> Vec<FormField>;
}

/// The forms and what they send.
pub fn form_routes<R: RecordForm>() -> [Route; 4] {
    let (path, _, permission) = R::NEW;
    let need = Need::May(permission);
    [
        get(path, need, || web::to(show_new::<R>)),
        post(R::PATH, need, || web::to(create::<R>)),
        get(R::EDIT_PATH, need, || web::to(show_edit::<R>)),
        post(R::ONE_PATH, need, || web::to(save::<R>)),
    ]
}

async fn show_new<R: RecordForm>(visitor: Visitor) -> Result<HttpResponse> {
    let form = new_form::<R>(&visitor, &R::fresh()).await?;
    form_page(&visitor, form, None)
}

async fn show_edit<R: RecordForm>(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let (form, _) = edit_form::<R>(&visitor, id.into_inner(), None).await?;
    form_page(&visitor, form, None)
}

async fn create<R: RecordForm>(visitor: Visitor, body: String) -> Result<HttpResponse> {
    let input = Input::parse(&body)?;
    let outcome = match look::<R>(&visitor, None, R::read(&input)).await {
        Ok(values) => visitor.app.write(&visitor.scope(), move |tx| R::add(tx, &values)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(id) => Ok(redirect(&page_of::<R>(id))),
        Err(error) if is_for_form(&error) => {
            let form = new_form::<R>(&visitor, &input).await?;
            form_page(&visitor, form, Some((&error, None)))
        }
        Err(error) => Err(error),
    }
}

async fn save<R: RecordForm>(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let id = id.into_inner();
    let input = Input::parse(&body)?;
    let seen = input.version()?;
    let outcome = match look::<R>(&visitor, Some(id), R::read(&input)).await {
        Ok(values) => visitor.app.write(&visitor.scope(), move |tx| R::change(tx, id, seen, &values)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => Ok(redirect(&page_of::<R>(id))),
        Err(error) if is_for_form(&error) => {
            let (form, current) = edit_form::<R>(&visitor, id, Some((seen, &input))).await?;
            form_page(&visitor, form, Some((&error, Some(current))))
        }
        Err(error) => Err(error),
    }
}

/// The values, unless [`RecordForm::look`] refuses them.
async fn look<R: RecordForm>(
    visitor: &Visitor,
    id: Option<i64>,
    values: Result<R::Values>,
) -> Result<Arc<R::Values>> {
    let values = Arc::new(values?);
    let seen = Arc::clone(&values);
    if R::LOOKS
        && let Some(refusal) = visitor.app.write(&visitor.scope(), move |tx| R::look(tx, id, &seen)).await?
    {
        return Err(refusal);
    }
    Ok(values)
}

/// Whether the form is shown again with this error beside its fields.
pub(crate) fn is_for_form(error: &Error) -> bool {
    matches!(error.code, Code::Invalid | Code::Stale)
}

fn page_of<R: RecordForm>(id: i64) -> String {
    format!("{}/{id}", R::PATH)
}

/// The form for a new record, holding what was typed.
pub(crate) async fn new_form<R: RecordForm>(visitor: &Visitor, input: &Input) -> Result<Form> {
    let (scope, words) = (visitor.scope(), Words::of(visitor));
    let offer = visitor.app.db.read(move |connection| R::offer(connection, &scope, &words)).await?;
    let (_, heading, _) = R::NEW;
    Ok(frame(visitor, heading, R::PATH.to_owned(), R::fields(visitor, offer, None, input)))
}

/// The form for a known record, and the version that is stored now. It shows the stored values, or what was typed into a
/// form that named the version `seen`.
async fn edit_form<R: RecordForm>(
    visitor: &Visitor,
    id: i64,
    typed: Option<(i64, &Input)>,
) -> Result<(Form, i64)> {
    let (scope, words) = (visitor.scope(), Words::of(visitor));
    let (row, offer) = visitor
        .app
        .db
        .read(move |connection| Ok((R::get(connection, &scope, id)?, R::offer(connection, &scope, &words)?)))
        .await?;
    let current = R::version(&row);
    let (seen, fields) = match typed {
        Some((seen, input)) => (seen, R::fields(visitor, offer, Some(&row), input)),
        None => (current, R::fields(visitor, offer, Some(&row), &R::typed(&row))),
    };
    let form = frame(visitor, R::EDIT_HEADING, page_of::<R>(id), fields);
    Ok((Form { version: Some(seen), ..form }, current))
}

/// Whoever cancels goes back to where the form would send them: the list or the record.
fn frame(visitor: &Visitor, heading: &str, address: String, fields: Vec<FormField>) -> Form {
    Form {
        heading: visitor.t(heading).into_owned(),
        cancel_href: address.clone(),
        action: address,
        version: None,
        fields,
        submit_label: visitor.t("action.save").into_owned(),
    }
}
