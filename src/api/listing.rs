//! Lists: filters as on the pages, walked by a cursor that stays right while rows are added.

use actix_web::web::Query;
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{KnownFormat, Object, SchemaFormat, Type};
use utoipa::openapi::{ObjectBuilder, RefOr};

use super::endpoint::{Endpoint, page_schema};
use super::strict::unknown_field;
use super::values::ok;
use crate::access::{Permission, Scope};
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::input::Checks;
use crate::listing::{ListRequest, PAGE_ROWS_MAX};
use crate::text::Text;
use crate::web::{Need, Visitor, Words};

const ROWS: i64 = 50;
const FILTER_MAX: usize = 200;

/// A list of the interface.
pub trait Resource: 'static {
    /// Address, such as `/api/v1/beds`.
    const PATH: &'static str;
    const TAG: &'static str;
    /// Text key of what it lists.
    const ABOUT: &'static str;
    const NEED: Permission;
    const FILTERS: &'static [Filter];
    type Item: Serialize + ToSchema + Send + 'static;

    /// The rows whose number is above `request.after_id`, in order of their numbers.
    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<Self::Item>>;

    /// The number by which a row is found again.
    fn number(item: &Self::Item) -> i64;
}

/// One way to narrow a list.
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    pub name: &'static str,
    pub kind: FilterKind,
    /// For the description.
    pub about: &'static str,
}

#[derive(Clone, Copy, Debug)]
pub enum FilterKind {
    Text,
    /// Number of a record.
    Id,
    /// A day such as 2026-11-23.
    Day,
    /// `true` or `false`.
    Flag,
    /// One of these.
    OneOf(&'static [&'static str]),
}

impl Filter {
    pub const fn new(name: &'static str, kind: FilterKind, about: &'static str) -> Filter {
        Filter { name, kind, about }
    }

    fn check(&self, value: &str, checks: &mut Checks) {
        let name = self.name;
        match self.kind {
            FilterKind::Text => checks.text(name, value, 0, FILTER_MAX),
            FilterKind::Id => checks.require(name, value.parse::<i64>().is_ok_and(|id| id > 0), || {
                Text::new("rule.json_kind").with("kind", "@api.kind.whole_number")
            }),
            FilterKind::Day => {
                checks.require(name, value.parse::<NaiveDate>().is_ok(), || Text::new("rule.date"));
            }
            FilterKind::Flag => one_of(name, value, &["true", "false"], checks),
            FilterKind::OneOf(values) => one_of(name, value, values, checks),
        }
    }

    fn schema(&self) -> Object {
        let object = ObjectBuilder::new();
        match self.kind {
            FilterKind::Text => object.schema_type(Type::String).max_length(Some(FILTER_MAX)),
            FilterKind::Id => {
                object.schema_type(Type::Integer).minimum(Some(1)).format(Some(format(KnownFormat::Int64)))
            }
            FilterKind::Day => object.schema_type(Type::String).format(Some(format(KnownFormat::Date))),
            FilterKind::Flag => object.schema_type(Type::Boolean),
            FilterKind::OneOf(values) => {
                object.schema_type(Type::String).enum_values(Some(values.iter().copied()))
            }
        }
        .build()
    }
}

fn one_of(name: &'static str, value: &str, values: &[&str], checks: &mut Checks) {
    checks.require(name, values.contains(&value), || {
        Text::new("rule.one_of").with("values", values.join(", "))
    });
}

fn format(known: KnownFormat) -> SchemaFormat {
    SchemaFormat::KnownFormat(known)
}

/// Some rows, and where the next ones start.
#[derive(Debug, Serialize)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Null on the last page.
    pub next_cursor: Option<String>,
}

/// The rows asked for out of a short list that is there as a whole, in order of `number`.
pub fn part_of<T>(rows: Vec<T>, request: &ListRequest, number: impl Fn(&T) -> i64) -> Vec<T> {
    let after = request.after_id.unwrap_or_default();
    rows.into_iter().filter(|row| number(row) > after).take(request.limit as usize).collect()
}

/// The request for such a list as a whole.
pub fn whole(request: &ListRequest) -> ListRequest {
    ListRequest { limit: i64::from(i32::MAX), after_id: None, ..request.clone() }
}

/// The operation that lists `R`.
pub fn list_endpoint<R: Resource>() -> Endpoint {
    let mut endpoint =
        Endpoint::get(R::PATH, Need::May(R::NEED), || web::to(list::<R>)).about(R::TAG, R::ABOUT).fails(422);
    let item = endpoint.name::<R::Item>();
    let page = format!("{item}Page");
    endpoint.schemas.push((page.clone(), RefOr::T(page_schema(&item))));
    endpoint.answer = Some(page);
    let limit = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1))
        .maximum(Some(PAGE_ROWS_MAX))
        .default(Some(ROWS.into()));
    endpoint.asks("limit", "Rows of one page at most.", limit.build());
    let cursor = ObjectBuilder::new().schema_type(Type::String);
    endpoint.asks("cursor", "The `next_cursor` of the page before.", cursor.build());
    for filter in R::FILTERS {
        endpoint.asks(filter.name, filter.about, filter.schema());
    }
    endpoint
}

async fn list<R: Resource>(visitor: Visitor, http: HttpRequest) -> Result<HttpResponse> {
    let mut request = parse(http.query_string(), R::PATH, R::FILTERS)?;
    let limit = request.limit as usize;
    // One row more than asked for tells whether there is a next page.
    request.limit += 1;
    let (scope, words) = (visitor.scope(), Words::of(&visitor));
    let mut items =
        visitor.app.db.read(move |connection| R::rows(connection, &scope, &request, &words)).await?;
    let has_more = items.len() > limit;
    items.truncate(limit);
    let last = items.last().filter(|_| has_more);
    let next_cursor = last.map(|item| cursor_of(R::PATH, R::number(item)));
    Ok(ok(&Page { items, next_cursor }))
}

fn parse(query: &str, path: &str, filters: &[Filter]) -> Result<ListRequest> {
    let pairs = Query::<Vec<(String, String)>>::from_query(query)
        .map_err(|error| Error::field("query", Text::new("error.malformed")).because(error))?;
    let mut request = ListRequest { limit: ROWS, after_id: Some(0), ..ListRequest::default() };
    let mut checks = Checks::default();
    for (name, value) in pairs.into_inner() {
        match name.as_str() {
            "limit" => match value.parse().ok().filter(|limit| (1..=PAGE_ROWS_MAX).contains(limit)) {
                Some(limit) => request.limit = limit,
                None => {
                    checks.refuse("limit", Text::new("rule.range").with("min", 1).with("max", PAGE_ROWS_MAX));
                }
            },
            "cursor" => match number_of(path, &value) {
                Some(number) => request.after_id = Some(number),
                None => checks.refuse("cursor", Text::new("rule.cursor")),
            },
            // The language is the gate's matter.
            "lang" => {}
            _ => match filters.iter().find(|filter| filter.name == name) {
                Some(filter) => {
                    filter.check(&value, &mut checks);
                    request.filters.insert(name, value);
                }
                None => checks.refuse("query", unknown_field(&name)),
            },
        }
    }
    checks.finish()?;
    Ok(request)
}

/// A cursor names its list, so that one of another list is refused and not misread.
fn cursor_of(path: &str, number: i64) -> String {
    URL_SAFE_NO_PAD.encode(format!("{path}:{number}"))
}

fn number_of(path: &str, cursor: &str) -> Option<i64> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.strip_prefix(path)?.strip_prefix(':')?.parse().ok().filter(|number| *number >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILTERS: &[Filter] = &[
        Filter::new("town", FilterKind::Text, ""),
        Filter::new("station", FilterKind::Id, ""),
        Filter::new("day", FilterKind::Day, ""),
        Filter::new("smart", FilterKind::Flag, ""),
        Filter::new("state", FilterKind::OneOf(&["planned", "done"]), ""),
    ];

    fn refused(query: &str) -> Vec<String> {
        let error = parse(query, "/a", FILTERS).err();
        error
            .map(|error| error.fields.iter().map(|field| field.name().to_owned()).collect())
            .unwrap_or_default()
    }

    #[test]
    fn a_cursor_is_of_its_list_only() {
        let cursor = cursor_of("/api/v1/beds", 41);
        assert_eq!(number_of("/api/v1/beds", &cursor), Some(41));
        assert_eq!(number_of("/api/v1/elders", &cursor), None);
        assert_eq!(number_of("/api/v1/beds", "%%"), None);
        assert_eq!(number_of("/api/v1/beds", &cursor_of("/api/v1/beds", -1)), None);
    }

    #[test]
    fn what_is_unknown_or_ill_formed_is_named() {
        assert_eq!(
            refused("town=350582101&station=4&day=2026-11-23&smart=true&state=done&limit=200"),
            Vec::<String>::new()
        );
        assert_eq!(refused("page=2"), ["page"]);
        assert_eq!(refused("limit=0&cursor=x"), ["limit", "cursor"]);
        assert_eq!(refused("limit=201"), ["limit"]);
        assert_eq!(
            refused("station=x&day=2026-13-01&smart=1&state=lost"),
            ["station", "day", "smart", "state"]
        );
    }
}
