//! One frame for the operations on everything that belongs to a record, beside the forms of the pages: the same rules, the
//! same use case, the same audit rows.

use actix_web::{HttpResponse, web};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::TAG;
use crate::access::{Permission, Scope};
use crate::api::{Endpoint, Id, Items, Json, Once, Patch, RowId, created, fetch, ok};
use crate::app::Tx;
use crate::db::AnyConnection;
use crate::elders::parts::{
    self, Caregivers, Consents, Contacts, Documents, Eligibility, Limits, Part, Places, add, change,
};
use crate::elders::store::{get_elder, get_elder_to_edit};
use crate::error::{Error, Result};
use crate::web::{Input, Need, Visitor, Words};

pub fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = Vec::new();
    endpoints.extend(of_part::<Eligibility>());
    endpoints.extend(of_part::<Places>());
    endpoints.extend(of_part::<Contacts>());
    endpoints.extend(of_part::<Caregivers>());
    endpoints.extend(of_part::<Consents>());
    endpoints.extend(of_part::<Documents>());
    endpoints.extend(of_part::<Limits>());
    endpoints
}

/// What a part is to programs.
pub(super) trait PartApi: Part {
    /// All rows of an elder; one of them; where one is taken away.
    const LIST: &'static str;
    const ITEM: &'static str;
    const TAKE_AWAY: &'static str;
    /// Text keys of listing, showing, adding, changing and taking away.
    const ABOUT: [&'static str; 5];
    /// What is sent, with the names of the form's fields. A sealed value that is not sent stays, an empty one removes it.
    type Sent: Serialize + DeserializeOwned + ToSchema + Send + 'static;
    /// What is answered, without what is sealed.
    type Told: Serialize + ToSchema + Send + 'static;

    /// As the form would send it.
    fn form(sent: &Self::Sent) -> Input;
    /// What is stored, as it would be sent.
    fn sent(row: &Self::Row) -> Self::Sent;
    fn list(connection: &mut AnyConnection, elder_id: i64) -> Result<Vec<Self::Row>>;
    fn told(
        connection: &mut AnyConnection,
        scope: &Scope,
        rows: Vec<Self::Row>,
        words: &Words,
    ) -> Result<Vec<Self::Told>>;
}

/// The addresses of a part by its name.
macro_rules! api_addresses {
    ($name:literal) => {
        const LIST: &'static str = concat!("/api/v1/elders/{id}/", $name);
        const ITEM: &'static str = concat!("/api/v1/elders/{id}/", $name, "/{row}");
        const TAKE_AWAY: &'static str = concat!("/api/v1/elders/{id}/", $name, "/{row}/remove");
    };
}
pub(super) use api_addresses;

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PartRemoveInput {
    #[schema(minimum = 1)]
    version: i64,
}

/// A form of these values; absent ones are left out.
pub(super) fn form_of<const N: usize>(values: [(&str, Option<String>); N]) -> Input {
    let given = values.into_iter().filter_map(|(name, value)| Some((name, value?)));
    given.fold(Input::default(), |form, (name, value)| form.with(name, vec![value]))
}

/// The two controls of a sealed value: an empty text ticks the box that removes it.
pub(super) fn sealed(form: Input, name: &str, remove: &str, sent: Option<&str>) -> Input {
    match sent.map(str::trim) {
        None => form,
        Some("") => form.with(remove, vec!["true".to_owned()]),
        Some(text) => form.with(name, vec![text.to_owned()]),
    }
}

fn of_part<P: PartApi>() -> [Endpoint; 5] {
    let (see, edit) = (Need::May(Permission::SeeElders), Need::May(Permission::EditElder));
    let [list_about, show_about, add_about, change_about, remove_about] = P::ABOUT;
    [
        Endpoint::get(P::LIST, see, || web::to(list::<P>)).about(TAG, list_about).answers_all_of::<P::Told>(),
        Endpoint::get(P::ITEM, see, || web::to(show::<P>)).about(TAG, show_about).answers::<P::Told>(200),
        Endpoint::post(P::LIST, edit, || web::to(create::<P>))
            .about(TAG, add_about)
            .takes::<P::Sent>()
            .answers::<P::Told>(201)
            .fails(409),
        Endpoint::patch(P::ITEM, edit, || web::to(update::<P>))
            .about(TAG, change_about)
            .patches::<P::Sent>()
            .answers::<P::Told>(200),
        Endpoint::post(P::TAKE_AWAY, edit, || web::to(remove::<P>))
            .about(TAG, remove_about)
            .takes::<PartRemoveInput>()
            .answers_nothing()
            .fails(409),
    ]
}

async fn list<P: PartApi>(visitor: Visitor, Id(elder): Id) -> Result<HttpResponse> {
    let items = fetch(&visitor, move |connection, scope, words| {
        get_elder(connection, scope, Permission::SeeElders, elder, words.now)?;
        let rows = P::list(connection, elder)?;
        P::told(connection, scope, rows, words)
    });
    Ok(ok(&Items { items: items.await? }))
}

async fn show<P: PartApi>(visitor: Visitor, RowId(elder, id): RowId) -> Result<HttpResponse> {
    Ok(ok(&find::<P>(&visitor, elder, id).await?))
}

/// One row of an elder whom the asker may see.
pub(super) async fn find<P: PartApi>(visitor: &Visitor, elder: i64, id: i64) -> Result<P::Told> {
    fetch(visitor, move |connection, scope, words| {
        get_elder(connection, scope, Permission::SeeElders, elder, words.now)?;
        let row = P::get(connection, elder, id)?;
        P::told(connection, scope, vec![row], words)?.pop().ok_or_else(Error::not_found)
    })
    .await
}

async fn create<P: PartApi>(
    visitor: Visitor,
    Id(elder): Id,
    once: Once,
    Json(sent): Json<P::Sent>,
) -> Result<HttpResponse> {
    let values = P::read(&P::form(&sent))?;
    let id = once.write(&visitor, &sent, move |tx| add::<P>(tx, elder, &values)).await?;
    let address = P::ITEM.replace("{id}", &elder.to_string()).replace("{row}", &id.to_string());
    Ok(created(address, &find::<P>(&visitor, elder, id).await?))
}

async fn update<P: PartApi>(
    visitor: Visitor,
    RowId(elder, id): RowId,
    patch: Patch<P::Sent>,
) -> Result<HttpResponse> {
    let work = move |tx: &mut Tx<'_>| {
        get_elder_to_edit(tx.connection, tx.scope, elder)?;
        let before = P::get(tx.connection, elder, id)?;
        // The fields that were not sent are those of the row as it is, which `change` holds against the version that was seen.
        let values = P::read(&P::form(&patch.over(&P::sent(&before))?))?;
        change::<P>(tx, elder, (id, patch.version), &values)
    };
    visitor.app.write(&visitor.scope(), work).await?;
    Ok(ok(&find::<P>(&visitor, elder, id).await?))
}

async fn remove<P: PartApi>(
    visitor: Visitor,
    RowId(elder, id): RowId,
    Json(PartRemoveInput { version }): Json<PartRemoveInput>,
) -> Result<HttpResponse> {
    visitor.app.write(&visitor.scope(), move |tx| parts::remove::<P>(tx, elder, (id, version))).await?;
    Ok(HttpResponse::NoContent().finish())
}
