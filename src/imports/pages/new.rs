//! The form for a file.

use actix_multipart::{Field, Multipart};
use actix_web::http::StatusCode;
use actix_web::web::Query;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use futures_util::StreamExt as _;

use crate::access::Permission;
use crate::error::{Code, Error, Result};
use crate::imports::model::ImportKind;
use crate::imports::read::{FILE_BYTES_MAX, too_large};
use crate::imports::{Upload, kind_of, upload};
use crate::listing::ListRequest;
use crate::registry::institutions::store::list_institutions;
use crate::text::Text;
use crate::web::{FormField, Input, Page, Visitor, redirect};

/// Bytes of a field that is no file.
const TEXT_BYTES_MAX: usize = 1_000;
/// What is read of a file that is too large anyway, so that the answer reaches the sender.
const DRAIN_BYTES_MAX: usize = 4 * FILE_BYTES_MAX;
/// Institutions to choose from.
const HOUSES_MAX: i64 = 500;

#[derive(Template)]
#[template(path = "import_new.html")]
struct NewPage {
    page: Page,
    fields: Vec<FormField>,
    error: Option<String>,
}

pub async fn show(visitor: Visitor, http: HttpRequest) -> Result<HttpResponse> {
    let pairs = Query::<Vec<(String, String)>>::from_query(http.query_string())
        .map_err(|error| Error::field("query", Text::new("error.malformed")).because(error))?;
    let mut input = Input::default();
    for (name, value) in pairs.into_inner().into_iter().filter(|(name, _)| name == "kind") {
        input = input.with(&name, vec![value]);
    }
    page(&visitor, &input, None).await
}

async fn page(visitor: &Visitor, input: &Input, problem: Option<&Error>) -> Result<HttpResponse> {
    let kinds = ImportKind::ALL.iter().filter(|kind| visitor.may(kind_of(**kind).need()));
    let kinds = kinds.map(|kind| (kind.name().to_owned(), visitor.name_of("import_kind", kind.name())));
    let mut kind = FormField::of(visitor, "kind", "select", input).required(true).options(kinds.collect());
    kind.label = visitor.t("field.import_kind").into_owned();
    let file = FormField::of(visitor, "file", "file", &Input::default())
        .required(true)
        .hint(visitor.t("import.file_hint"));
    let mut fields = vec![kind, file];
    if visitor.may(Permission::EditInstitution) {
        let houses = houses(visitor).await?;
        let institution = FormField::of(visitor, "institution", "select", input).options(houses);
        fields.push(institution.hint(visitor.t("import.institution_hint")));
    }
    let mut status = StatusCode::OK;
    let mut error = None;
    if let Some(problem) = problem {
        status = StatusCode::from_u16(problem.code.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
        for field in &mut fields {
            let broken = problem.fields.iter().find(|broken| broken.field == field.name);
            field.error = broken.map(|broken| broken.rule.to(visitor.lang));
        }
        if !fields.iter().any(|field| field.error.is_some()) {
            error = Some(problem.text.to(visitor.lang));
        }
    }
    let page = Page::new(visitor, &visitor.t("import.new"));
    let body = NewPage { page, fields, error }
        .render()
        .map_err(|error| Error::internal("template").because(error))?;
    Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(body))
}

async fn houses(visitor: &Visitor) -> Result<Vec<(String, String)>> {
    let scope = visitor.scope();
    let request = ListRequest { limit: HOUSES_MAX, ..ListRequest::default() };
    let reach = scope.reach(Permission::EditInstitution)?;
    let listed =
        visitor.app.db.read(move |connection| list_institutions(connection, &scope, &request)).await?;
    let own = listed
        .rows
        .into_iter()
        .map(|row| row.institution)
        .filter(|house| reach.covers(Some(&house.town_code), Some(house.id)));
    let none = (String::new(), visitor.t("form.none").into_owned());
    Ok(std::iter::once(none).chain(own.map(|house| (house.id.to_string(), house.name))).collect())
}

pub async fn save(visitor: Visitor, form: Multipart) -> Result<HttpResponse> {
    let Sent { input, file_name, bytes } = sent(form).await?;
    let outcome = match read(&input, file_name, bytes) {
        Ok(file) => upload(&visitor.app, &visitor.scope(), file).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(id) => Ok(redirect(&format!("/imports/{id}"))),
        Err(error) if error.code == Code::Invalid => page(&visitor, &input, Some(&error)).await,
        Err(error) => Err(error),
    }
}

fn read(input: &Input, file_name: String, bytes: Result<Vec<u8>>) -> Result<Upload> {
    let kind = ImportKind::parse(&input.text("kind"))
        .ok_or_else(|| Error::field("kind", Text::new("rule.import_kind")))?;
    let institution_id = match input.text("institution").as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| Error::field("institution", Text::new("rule.choose")))?),
    };
    let bytes = bytes?;
    if file_name.is_empty() && bytes.is_empty() {
        return Err(Error::field("file", Text::new("rule.file")));
    }
    Ok(Upload { kind, file_name, institution_id, bytes })
}

/// What a form with a file sent; a file that is too large does not keep the other fields from being read.
struct Sent {
    input: Input,
    file_name: String,
    bytes: Result<Vec<u8>>,
}

async fn sent(mut form: Multipart) -> Result<Sent> {
    let malformed = || Error::field("form", Text::new("error.malformed"));
    let mut sent = Sent { input: Input::default(), file_name: String::new(), bytes: Ok(Vec::new()) };
    while let Some(field) = form.next().await {
        let mut field = field.map_err(|error| malformed().context(error))?;
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            let named = field.content_disposition().and_then(|sent| sent.get_filename().map(str::to_owned));
            sent.file_name = named.unwrap_or_default();
            sent.bytes = file(&mut field).await;
            continue;
        }
        let bytes = field.bytes(TEXT_BYTES_MAX).await.map_err(|_| malformed())?;
        let bytes = bytes.map_err(|error| malformed().context(error))?;
        let text = String::from_utf8(bytes.to_vec()).map_err(|_| malformed())?;
        sent.input = sent.input.with(&name, vec![text]);
    }
    Ok(sent)
}

async fn file(field: &mut Field) -> Result<Vec<u8>> {
    let (mut bytes, mut length) = (Vec::new(), 0);
    while let Some(piece) = field.next().await {
        let piece =
            piece.map_err(|error| Error::field("file", Text::new("error.malformed")).context(error))?;
        length += piece.len();
        if length > DRAIN_BYTES_MAX {
            break;
        }
        if length <= FILE_BYTES_MAX {
            bytes.extend_from_slice(&piece);
        }
    }
    if length > FILE_BYTES_MAX { Err(too_large()) } else { Ok(bytes) }
}
