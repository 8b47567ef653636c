//! Scans of documents: sent with a form, and given back to whoever may see them.

use actix_multipart::{Field, Multipart};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, web};
use askama::Template;
use futures_util::StreamExt as _;

use crate::elders::model::{SCAN_BYTES_MAX, ScanKind};
use crate::elders::parts::{Documents, Part, attach_scan, reveal_scan};
use crate::elders::store::get_elder_to_edit;
use crate::error::{Code, Error, Result};
use crate::text::Text;
use crate::web::{Page, Visitor, html, redirect};

/// Bytes of the field that names the version.
const TEXT_BYTES_MAX: usize = 100;
/// What is read of a scan that is too large anyway, so that the answer reaches the sender.
const DRAIN_BYTES_MAX: usize = 4 * SCAN_BYTES_MAX;

#[derive(Template)]
#[template(path = "elder_scan.html")]
struct ScanPage {
    page: Page,
    heading: String,
    action: String,
    cancel_href: String,
    version: i64,
    error: Option<String>,
}

pub async fn show_form(visitor: Visitor, ids: web::Path<(i64, i64)>) -> Result<HttpResponse> {
    html(&form(&visitor, ids.into_inner(), None).await?)
}

async fn form(visitor: &Visitor, (elder, id): (i64, i64), problem: Option<&Error>) -> Result<ScanPage> {
    let scope = visitor.scope();
    let (name, row) = visitor
        .app
        .db
        .read(move |connection| {
            let name = get_elder_to_edit(connection, &scope, elder)?.name;
            Ok((name, Documents::get(connection, elder, id)?))
        })
        .await?;
    let document = visitor.name_of("document_kind", row.fields.kind.name());
    Ok(ScanPage {
        page: Page::new(visitor, &visitor.t("elder.add_scan")),
        heading: format!("{name} · {document}"),
        action: format!("/elders/{elder}/documents/{id}/scan"),
        cancel_href: format!("/elders/{elder}#documents"),
        version: row.version,
        error: problem.map(|error| error.text.to(visitor.lang)),
    })
}

pub async fn save(visitor: Visitor, ids: web::Path<(i64, i64)>, sent: Multipart) -> Result<HttpResponse> {
    let (elder, id) = ids.into_inner();
    let outcome = match read(sent).await {
        Ok((seen, bytes)) => {
            let work = move |tx: &mut crate::app::Tx<'_>| attach_scan(tx, elder, (id, seen), &bytes);
            visitor.app.write(&visitor.scope(), work).await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => Ok(redirect(&format!("/elders/{elder}#documents"))),
        Err(error) if matches!(error.code, Code::Invalid | Code::Stale | Code::TooLarge) => {
            let page = form(&visitor, (elder, id), Some(&error)).await?;
            let body = page.render().map_err(|fault| Error::internal("template").because(fault))?;
            let status =
                StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
            Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(body))
        }
        Err(error) => Err(error),
    }
}

/// The version that was seen and the file.
async fn read(mut form: Multipart) -> Result<(i64, Vec<u8>)> {
    let malformed = || Error::field("form", Text::new("error.malformed"));
    let (mut seen, mut scan) = (None, Ok(Vec::new()));
    while let Some(field) = form.next().await {
        let mut field = field.map_err(|error| malformed().context(error))?;
        if field.name() == Some("scan") {
            scan = file(&mut field).await;
            continue;
        }
        let bytes = field.bytes(TEXT_BYTES_MAX).await.map_err(|_| malformed())?;
        let bytes = bytes.map_err(|error| malformed().context(error))?;
        seen = std::str::from_utf8(&bytes).ok().and_then(|text| text.trim().parse().ok());
    }
    let seen = seen.ok_or_else(|| Error::field("version", Text::new("rule.version")))?;
    Ok((seen, scan?))
}

async fn file(field: &mut Field) -> Result<Vec<u8>> {
    let (mut bytes, mut length) = (Vec::new(), 0);
    while let Some(piece) = field.next().await {
        let piece =
            piece.map_err(|error| Error::field("scan", Text::new("error.malformed")).context(error))?;
        length += piece.len();
        if length > DRAIN_BYTES_MAX {
            break;
        }
        // One byte too many is enough for the rule to see.
        let room = (SCAN_BYTES_MAX + 1).saturating_sub(bytes.len());
        bytes.extend_from_slice(&piece[..piece.len().min(room)]);
    }
    Ok(bytes)
}

/// The scan as a file to be kept: never shown as a page of ours.
pub async fn show(visitor: Visitor, ids: web::Path<(i64, i64)>) -> Result<HttpResponse> {
    let (elder, id) = ids.into_inner();
    let (kind, bytes) = visitor.app.write(&visitor.scope(), move |tx| reveal_scan(tx, elder, id)).await?;
    let ending = match kind {
        ScanKind::Pdf => "pdf",
        ScanKind::Jpeg => "jpg",
        ScanKind::Png => "png",
    };
    let name = format!("attachment; filename=\"document-{id}.{ending}\"");
    Ok(HttpResponse::Ok()
        .content_type(kind.name())
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(bytes))
}
