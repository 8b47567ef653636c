//! Transfers between institutions.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::stays::change;
use crate::access::{Permission, Scope};
use crate::api::{
    At, Endpoint, Filter, Id, Json, Resource, created, fetch, instant, list_endpoint, ok, part_of,
};
use crate::app::Tx;
use crate::beds::model::TransferState;
use crate::beds::store::{TransferRow, get_transfer, open_transfers};
use crate::beds::{Move, accept_transfer, ask_transfer, close_transfer};
use crate::db::AnyConnection;
use crate::error::{Code, Error, Result};
use crate::listing::ListRequest;
use crate::text::Text;
use crate::web::{Need, Visitor, Words};

const TAG: &str = "stays";

pub fn endpoints() -> Vec<Endpoint> {
    let manage = Need::May(Permission::ManageStays);
    vec![
        list_endpoint::<Transfers>(),
        Endpoint::get("/api/v1/transfers/{id}", Need::May(Permission::SeeBeds), || web::to(show))
            .about(TAG, "api.transfer.show")
            .answers::<Transfer>(200),
        Endpoint::post("/api/v1/transfers", manage, || web::to(ask))
            .about(TAG, "api.transfer.ask")
            .takes::<TransferInput>()
            .answers::<Transfer>(201)
            .fails(404)
            .fails(409),
        Endpoint::post("/api/v1/transfers/{id}/accept", manage, || web::to(accept))
            .about(TAG, "api.transfer.accept")
            .takes::<AcceptInput>()
            .answers::<Transfer>(200)
            .fails(409),
        Endpoint::post("/api/v1/transfers/{id}/close", manage, || web::to(close))
            .about(TAG, "api.transfer.close")
            .takes::<CloseInput>()
            .answers::<Transfer>(200)
            .fails(409),
    ]
}

/// A resident whom one institution asks another to take in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Transfer {
    pub id: i64,
    pub stay_id: i64,
    pub from_institution_id: i64,
    pub to_institution_id: i64,
    pub state: TransferState,
    pub reason: String,
    pub answer: String,
    pub asked_at: At,
    pub answered_at: Option<At>,
    pub new_stay_id: Option<i64>,
    pub version: i64,
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TransferInput {
    stay_id: i64,
    /// The version of the stay that was seen.
    #[schema(minimum = 1)]
    version: i64,
    institution_id: i64,
    reason: String,
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AcceptInput {
    #[schema(minimum = 1)]
    version: i64,
    bed_id: i64,
    /// When the elder moved; now without it.
    at: Option<DateTime<FixedOffset>>,
    reason: Option<String>,
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CloseInput {
    #[schema(minimum = 1)]
    version: i64,
    reason: String,
}

impl Transfer {
    fn new(row: TransferRow, words: &Words) -> Transfer {
        Transfer {
            id: row.id,
            stay_id: row.stay_id,
            from_institution_id: row.institution_id,
            to_institution_id: row.to_institution_id,
            state: row.state,
            reason: row.reason,
            answer: row.answer,
            asked_at: At::new(words.calendar, row.asked_at),
            answered_at: row.answered_at.map(|at| At::new(words.calendar, at)),
            new_stay_id: row.new_stay_id,
            version: row.version,
        }
    }
}

struct Transfers;

impl Resource for Transfers {
    const PATH: &'static str = "/api/v1/transfers";
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.transfer.list";
    const NEED: Permission = Permission::SeeBeds;
    const FILTERS: &'static [Filter] = &[];
    type Item = Transfer;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<Transfer>> {
        let mut rows = open_transfers(connection, scope)?;
        rows.sort_by_key(|row| row.id);
        let rows = part_of(rows, request, |row| row.id);
        Ok(rows.into_iter().map(|row| Transfer::new(row, words)).collect())
    }

    fn number(item: &Transfer) -> i64 {
        item.id
    }
}

async fn show(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    Ok(ok(&find(&visitor, id).await?))
}

async fn find(visitor: &Visitor, id: i64) -> Result<Transfer> {
    fetch(visitor, move |connection, scope, words| {
        Ok(Transfer::new(get_transfer(connection, scope, Permission::SeeBeds, id)?, words))
    })
    .await
}

async fn ask(visitor: Visitor, Json(input): Json<TransferInput>) -> Result<HttpResponse> {
    let ask = move |tx: &mut Tx<'_>| {
        ask_transfer(tx, input.stay_id, input.version, input.institution_id, &input.reason).map_err(|error| {
            match error.code {
                Code::NotFound => Error::field("stay_id", Text::new("rule.unknown_stay")),
                _ => error,
            }
        })
    };
    let id = change(&visitor, ask).await?;
    Ok(created(format!("/api/v1/transfers/{id}"), &find(&visitor, id).await?))
}

async fn accept(visitor: Visitor, Id(id): Id, Json(input): Json<AcceptInput>) -> Result<HttpResponse> {
    let to =
        Move { bed_id: input.bed_id, at: input.at.map(instant), reason: input.reason.unwrap_or_default() };
    change(&visitor, move |tx| accept_transfer(tx, id, input.version, &to)).await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn close(visitor: Visitor, Id(id): Id, Json(input): Json<CloseInput>) -> Result<HttpResponse> {
    change(&visitor, move |tx| close_transfer(tx, id, input.version, &input.reason)).await?;
    Ok(ok(&find(&visitor, id).await?))
}
