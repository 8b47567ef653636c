//! What a list page shows around its rows: filters, sortable heads, the way to other pages.

use std::collections::BTreeMap;

use actix_web::web;

use super::context::{Context, Visitor};
use super::failure::encode;
use super::list::{Choice, Filter, FilterKind, List};
use super::table::{HeadView, Row, group_digits};
use crate::access::Permission;
use crate::bus::Topic;
use crate::error::{Error, Result};
use crate::listing::{ListRequest, PAGE_ROWS_MAX};
use crate::text::Text;

const FILTER_MAX: usize = 200;

/// A list as its templates show it; the rows come from whoever has them.
pub(super) struct ListView {
    /// Its own address: the answer to a decision has another one.
    pub path: &'static str,
    pub heading: String,
    pub count_text: String,
    pub filters: Vec<FilterView>,
    /// As it stands in the address; the filters keep it.
    pub sort: Option<String>,
    pub columns: Vec<HeadView>,
    pub rows: Vec<Row>,
    pub pages: Pages,
    pub export_href: String,
    /// More rows than a workbook holds: why is a page and no file.
    pub export_is_refused: bool,
    pub import_href: Option<String>,
    pub create_href: Option<String>,
    pub create_label: String,
    pub create_icon: &'static str,
    pub empty_text: String,
    pub live_topic: Option<&'static str>,
    pub look_up: Option<LookUpView>,
    pub links: Vec<(&'static str, String, &'static str)>,
}

pub(super) struct LookUpView {
    pub path: &'static str,
    pub field: &'static str,
    pub label: String,
}

pub(super) struct FilterView {
    pub name: &'static str,
    pub label: String,
    pub kind: &'static str,
    pub value: String,
    pub options: Vec<Choice>,
}

pub(super) struct Pages {
    pub prev: Option<String>,
    pub next: Option<String>,
    pub text: String,
}

/// The list without its rows, of which there are `total`.
pub(super) fn view<L: List>(
    visitor: &Visitor,
    request: &ListRequest,
    filters: Vec<Filter>,
    total: i64,
) -> ListView {
    let creates = L::CREATE.filter(|(_, _, need)| visitor.may(*need));
    ListView {
        heading: visitor.t(L::HEADING).into_owned(),
        count_text: visitor.lang.fill("list.count", &[("n", &group_digits(total))]),
        filters: filters.into_iter().map(|filter| filter_view(visitor, filter, request)).collect(),
        sort: request.sort.as_ref().map(sort_value),
        columns: heads::<L>(visitor, request),
        path: L::PATH,
        pages: pages(visitor, request, total, L::PATH),
        rows: Vec::new(),
        export_href: href(L::EXPORT_PATH, request, None, None),
        export_is_refused: total > L::EXPORT_ROWS,
        import_href: L::IMPORT
            .filter(|(_, need)| visitor.may(Permission::ImportRecords) && visitor.may(*need))
            .map(|(kind, _)| format!("/imports/new?kind={kind}")),
        create_icon: L::CREATE_ICON,
        create_href: creates.map(|(path, _, _)| path.to_owned()),
        create_label: creates.map(|(_, label, _)| visitor.t(label).into_owned()).unwrap_or_default(),
        empty_text: visitor.t(L::EMPTY).into_owned(),
        live_topic: L::TOPIC.map(Topic::name),
        links: L::LINKS
            .iter()
            .filter(|(href, ..)| super::gate::may_open(visitor, href))
            .map(|(href, label, icon)| (*href, visitor.t(label).into_owned(), *icon))
            .collect(),
        look_up: L::LOOK_UP.filter(|look_up| visitor.may(look_up.need)).map(|look_up| LookUpView {
            path: look_up.path,
            field: look_up.field,
            label: visitor.t(&format!("field.{}", look_up.field)).into_owned(),
        }),
    }
}

/// Reads the query: unknown sort columns and pages below one are refused, unknown parameters are filters that no list uses.
pub(super) fn parse<L: List>(query: &str) -> Result<ListRequest> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(query)
        .map_err(|error| Error::field("query", Text::new("error.malformed")).because(error))?;
    let mut request = ListRequest { limit: L::ROWS.min(PAGE_ROWS_MAX), ..ListRequest::default() };
    let mut filters = BTreeMap::new();
    for (name, value) in pairs.into_inner() {
        match name.as_str() {
            "page" => {
                let page: i64 = value
                    .parse()
                    .ok()
                    .filter(|page| (1..=1_000_000).contains(page))
                    .ok_or_else(|| Error::field("page", Text::new("rule.page")))?;
                request.offset = (page - 1) * request.limit;
            }
            "sort" => request.sort = Some(sort::<L>(&value)?),
            "lang" => {}
            _ if value.trim().is_empty() => {}
            _ if value.chars().count() > FILTER_MAX => {
                return Err(Error::field("filter", Text::new("rule.too_long").with("max", FILTER_MAX)));
            }
            _ => {
                filters.insert(name, value);
            }
        }
    }
    request.filters = filters;
    Ok(request)
}

fn sort<L: List>(value: &str) -> Result<(String, bool)> {
    let (key, descending) = value.strip_prefix('-').map_or((value, false), |key| (key, true));
    if L::COLUMNS.iter().any(|column| column.sortable && column.key == key) {
        return Ok((key.to_owned(), descending));
    }
    Err(Error::field("sort", Text::new("rule.sort")))
}

fn heads<L: List>(context: &Context, request: &ListRequest) -> Vec<HeadView> {
    L::COLUMNS
        .iter()
        .filter(|column| !column.export_only)
        .map(|column| {
            let sorted = match &request.sort {
                Some((key, false)) if key == column.key => "ascending",
                Some((key, true)) if key == column.key => "descending",
                _ => "",
            };
            let next = if sorted == "ascending" { format!("-{}", column.key) } else { column.key.to_owned() };
            HeadView {
                label: context.t(column.label).into_owned(),
                numeric: column.numeric,
                sort_href: column.sortable.then(|| href(L::PATH, request, Some(&next), None)),
                sorted,
            }
        })
        .collect()
}

fn filter_view(context: &Context, filter: Filter, request: &ListRequest) -> FilterView {
    let mut value = request.filter(filter.name).unwrap_or_default().to_owned();
    let (kind, options) = match filter.kind {
        FilterKind::Text => ("text", Vec::new()),
        FilterKind::Day(default) => {
            if value.is_empty() {
                value = default.to_string();
            }
            ("date", Vec::new())
        }
        FilterKind::AnyDay => ("date", Vec::new()),
        FilterKind::Select(values) => {
            let all = Choice {
                value: String::new(),
                label: context.t("list.all").into_owned(),
                selected: value.is_empty(),
            };
            let rest = values.into_iter().map(|(choice, label)| Choice {
                selected: choice == value,
                value: choice,
                label,
            });
            ("select", std::iter::once(all).chain(rest).collect())
        }
        FilterKind::OneOf(values, default) => {
            let chosen = if value.is_empty() { default } else { &value };
            let choice = |(choice, label): (String, String)| Choice {
                selected: choice == chosen,
                value: choice,
                label,
            };
            ("select", values.into_iter().map(choice).collect())
        }
    };
    FilterView { name: filter.name, label: context.t(filter.label).into_owned(), kind, value, options }
}

fn pages(context: &Context, request: &ListRequest, total: i64, path: &str) -> Pages {
    let page = request.offset / request.limit + 1;
    let last = ((total + request.limit - 1) / request.limit).max(1);
    let to = |page: i64| href(path, request, None, Some(page));
    Pages {
        prev: (page > 1).then(|| to(page - 1)),
        next: (page < last).then(|| to(page + 1)),
        text: if last > 1 {
            context.lang.fill("list.page_of", &[("page", &page.to_string()), ("last", &last.to_string())])
        } else {
            String::new()
        },
    }
}

/// The same list with another sort or page.
pub(super) fn href(path: &str, request: &ListRequest, sort: Option<&str>, page: Option<i64>) -> String {
    let mut pairs: Vec<String> =
        request.filters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    let current = request.sort.as_ref().map(sort_value);
    if let Some(sort) = sort.map(str::to_owned).or(current) {
        pairs.push(format!("sort={sort}"));
    }
    if let Some(page) = page.filter(|page| *page > 1) {
        pairs.push(format!("page={page}"));
    }
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

fn sort_value((key, is_descending): &(String, bool)) -> String {
    if *is_descending { format!("-{key}") } else { key.clone() }
}
