//! What is sealed, in clear for whoever may see it: each look is written down before it is answered.

use std::collections::HashMap;

use actix_web::http::header;
use actix_web::web::{Payload, Query};
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::StreamExt as _;
use serde::Serialize;
use utoipa::ToSchema;

use super::TAG;
use super::parts::find;
use super::people::ElderDocument;
use crate::access::Permission;
use crate::api::{Endpoint, Id, RowId, ok};
use crate::elders::model::{SCAN_BYTES_MAX, ScanKind};
use crate::elders::parts::{Documents, attach_scan, reveal_scan};
use crate::elders::personal::{Clear, reveal};
use crate::error::{Error, Result};
use crate::text::Text;
use crate::web::{Need, Visitor};

/// What is read of a scan that is too large anyway, so that the answer reaches the sender.
const DRAIN_BYTES_MAX: usize = 4 * SCAN_BYTES_MAX;

pub fn endpoints() -> Vec<Endpoint> {
    let (unmask, edit) = (Need::May(Permission::UnmaskElder), Need::May(Permission::EditElder));
    let scan = "/api/v1/elders/{id}/documents/{row}/scan";
    vec![
        Endpoint::post("/api/v1/elders/{id}/personal", unmask, || web::to(show_personal))
            .about(TAG, "api.elder.personal")
            .answers::<ElderPersonal>(200),
        Endpoint::post(scan, edit, || web::to(save_scan))
            .about(TAG, "api.elder_document.add_scan")
            .asks_version()
            .takes_file()
            .answers::<ElderDocument>(200)
            .fails(409),
        Endpoint::post("/api/v1/elders/{id}/documents/{row}/scan/show", unmask, || web::to(show_scan))
            .about(TAG, "api.elder_document.show_scan")
            .answers_file(ScanKind::NAMES),
    ]
}

/// Everything that is sealed of an elder, in clear; empty where nothing is on file.
#[derive(Serialize, ToSchema)]
pub struct ElderPersonal {
    identity: String,
    phone: String,
    address: String,
    /// How to be let in.
    door_note: String,
    places: Vec<PersonalPlace>,
    contacts: Vec<PersonalContact>,
    documents: Vec<PersonalDocument>,
}

#[derive(Serialize, ToSchema)]
pub struct PersonalPlace {
    /// Number of the place.
    id: i64,
    address: String,
    door_note: String,
}

#[derive(Serialize, ToSchema)]
pub struct PersonalContact {
    /// Number of the contact.
    id: i64,
    phone: String,
}

#[derive(Serialize, ToSchema)]
pub struct PersonalDocument {
    /// Number of the document.
    id: i64,
    certificate_number: String,
}

impl From<Clear> for ElderPersonal {
    fn from(clear: Clear) -> ElderPersonal {
        let Clear { personal, places, phones, numbers } = clear;
        let places =
            in_order(places).map(|(id, (address, door_note))| PersonalPlace { id, address, door_note });
        let contacts = in_order(phones).map(|(id, phone)| PersonalContact { id, phone });
        let documents =
            in_order(numbers).map(|(id, certificate_number)| PersonalDocument { id, certificate_number });
        ElderPersonal {
            identity: personal.identity,
            phone: personal.phone,
            address: personal.address,
            door_note: personal.door_note,
            places: places.collect(),
            contacts: contacts.collect(),
            documents: documents.collect(),
        }
    }
}

fn in_order<T>(by_number: HashMap<i64, T>) -> impl Iterator<Item = (i64, T)> {
    let mut rows: Vec<(i64, T)> = by_number.into_iter().collect();
    rows.sort_by_key(|(number, _)| *number);
    rows.into_iter()
}

async fn show_personal(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    let clear = visitor.app.write(&visitor.scope(), move |tx| reveal(tx, id)).await?;
    Ok(ok(&ElderPersonal::from(clear)))
}

async fn save_scan(
    visitor: Visitor,
    RowId(elder, id): RowId,
    http: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse> {
    let (seen, bytes) = (version(&http)?, file_of(payload).await?);
    let work = move |tx: &mut crate::app::Tx<'_>| attach_scan(tx, elder, (id, seen), &bytes);
    visitor.app.write(&visitor.scope(), work).await?;
    Ok(ok(&find::<Documents>(&visitor, elder, id).await?))
}

/// The version that was seen: the body is the file.
fn version(http: &HttpRequest) -> Result<i64> {
    let pairs = Query::<Vec<(String, String)>>::from_query(http.query_string())
        .map_err(|error| Error::field("query", Text::new("error.malformed")).because(error))?;
    let version = pairs.0.iter().find(|(name, _)| name == "version");
    let (_, text) = version.ok_or_else(|| Error::field("version", Text::new("rule.missing")))?;
    let wrong = || Text::new("rule.json_kind").with("kind", "@api.kind.whole_number");
    text.parse().map_err(|_| Error::field("version", wrong()))
}

/// The body as it comes; of one that is too large no more than the rule has to see.
async fn file_of(mut payload: Payload) -> Result<Vec<u8>> {
    let (mut bytes, mut length) = (Vec::new(), 0);
    while let Some(piece) = payload.next().await {
        let piece =
            piece.map_err(|error| Error::field("scan", Text::new("error.malformed")).because(error))?;
        length += piece.len();
        if length > DRAIN_BYTES_MAX {
            break;
        }
        let room = (SCAN_BYTES_MAX + 1).saturating_sub(bytes.len());
        bytes.extend_from_slice(&piece[..piece.len().min(room)]);
    }
    Ok(bytes)
}

async fn show_scan(visitor: Visitor, RowId(elder, id): RowId) -> Result<HttpResponse> {
    let (kind, bytes) = visitor.app.write(&visitor.scope(), move |tx| reveal_scan(tx, elder, id)).await?;
    Ok(HttpResponse::Ok()
        .content_type(kind.name())
        .insert_header((header::CONTENT_DISPOSITION, "attachment"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(bytes))
}
