//! Lists: one frame for filter, sort, page and export, so that every list works the same way.

use std::collections::BTreeMap;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::context::{Context, Visitor};
use super::failure::encode;
use super::page::{Page, html};
use super::routes::{Need, Route, get};
use super::table::{Column, HeadView, Row, group_digits};
use crate::access::{Permission, Scope};
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::listing::{EXPORT_ROWS_MAX, ListRequest, Listed, PAGE_ROWS_MAX};
use crate::text::Text;

const PAGE_ROWS: i64 = 50;
const FILTER_MAX: usize = 200;

/// One value of a select.
#[derive(Clone, Debug)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub selected: bool,
}

#[derive(Clone, Debug)]
pub enum FilterKind {
    Text,
    /// Values and their labels; "all" is added in front.
    Select(Vec<(String, String)>),
    /// A day, and the one that is shown where none is chosen.
    Day(chrono::NaiveDate),
    /// Values and their labels, without "all" in front; the named one holds where none was chosen.
    OneOf(Vec<(String, String)>, &'static str),
}

/// A search by a value that must not stand in an address: a form of its own that posts.
#[derive(Clone, Copy, Debug)]
pub struct LookUp {
    /// Where it posts to.
    pub path: &'static str,
    /// Field name, labelled `field.NAME`.
    pub field: &'static str,
    pub need: Permission,
}

#[derive(Clone, Debug)]
pub struct Filter {
    pub name: &'static str,
    pub label: &'static str,
    pub kind: FilterKind,
}

/// Address, text key and need of what leads to a new record.
pub type Create = (&'static str, &'static str, Permission);

/// A list page. The store does the work; this names the columns and turns rows into cells.
pub trait List: 'static {
    /// Address of the page; the workbook is at the same address with `.xlsx`.
    const PATH: &'static str;
    const EXPORT_PATH: &'static str;
    const HEADING: &'static str;
    const EMPTY: &'static str;
    const NEED: Permission;
    const COLUMNS: &'static [Column];
    /// Events after which the rows are fetched again.
    const TOPIC: Option<Topic> = None;
    /// The "new" button.
    const CREATE: Option<Create> = None;
    const CREATE_ICON: &'static str = "plus";
    /// The kind of import that brings such rows in, and what it needs beside the right to import.
    const IMPORT: Option<(&'static str, Permission)> = None;
    const LOOK_UP: Option<LookUp> = None;
    /// Pages that belong to the list: address, text key, icon. Shown to whoever may open them.
    const LINKS: &'static [(&'static str, &'static str, &'static str)] = &[];

    /// Filters with the values that the asker can choose from.
    fn filters(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Filter>>;

    /// The rows asked for, as cells in the order of [`List::COLUMNS`].
    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>>;
}

/// Language and calendar, for turning rows into cells inside a database task.
#[derive(Clone)]
pub struct Words {
    pub lang: crate::text::Lang,
    pub calendar: crate::clock::Calendar,
    pub now: crate::clock::Instant,
    /// The scales, whose names are data.
    pub assessing: std::sync::Arc<crate::assessments::Practice>,
}

impl Words {
    pub fn of(context: &Context) -> Words {
        Words {
            lang: context.lang,
            calendar: context.app.calendar,
            now: context.now,
            assessing: std::sync::Arc::clone(&context.app.assessing),
        }
    }

    pub fn t(&self, key: &str) -> String {
        self.lang.t(key).into_owned()
    }

    /// The name of an enum's value.
    pub fn name_of(&self, kind: &str, value: &str) -> String {
        self.t(&format!("enums.{kind}.{value}"))
    }

    pub fn pick(&self, chinese: &str, english: &str) -> String {
        match self.lang {
            crate::text::Lang::Chinese => chinese.to_owned(),
            crate::text::Lang::English => english.to_owned(),
        }
    }

    /// Select values of an enum.
    pub fn choices(&self, kind: &str, values: &[&str]) -> FilterKind {
        FilterKind::Select(
            values.iter().map(|value| ((*value).to_owned(), self.name_of(kind, value))).collect(),
        )
    }
}

/// Page and workbook of a list.
pub fn list_routes<L: List>() -> [Route; 2] {
    [
        get(L::PATH, Need::May(L::NEED), || web::to(list_page::<L>)),
        get(L::EXPORT_PATH, Need::May(L::NEED), || web::to(export::<L>)),
    ]
}

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage {
    page: Page,
    list: ListView,
}

struct ListView {
    heading: String,
    count_text: String,
    filters: Vec<FilterView>,
    columns: Vec<HeadView>,
    rows: Vec<Row>,
    pages: Pages,
    export_href: Option<String>,
    import_href: Option<String>,
    create_href: Option<String>,
    create_label: String,
    create_icon: &'static str,
    empty_text: String,
    live_topic: Option<&'static str>,
    look_up: Option<LookUpView>,
    links: Vec<(&'static str, String, &'static str)>,
}

struct LookUpView {
    path: &'static str,
    field: &'static str,
    label: String,
}

struct FilterView {
    name: &'static str,
    label: String,
    kind: &'static str,
    value: String,
    options: Vec<Choice>,
}

struct Pages {
    prev: Option<String>,
    next: Option<String>,
    text: String,
}

/// Answers with the list that the address asks for.
pub async fn list_page<L: List>(visitor: Visitor, http: HttpRequest) -> Result<HttpResponse> {
    let request = parse::<L>(http.query_string(), PAGE_ROWS)?;
    let (scope, words, asked) = (visitor.scope(), Words::of(&visitor), request.clone());
    let (filters, listed) = visitor
        .app
        .db
        .read(move |connection| {
            let filters = L::filters(connection, &scope, &words)?;
            Ok((filters, L::rows(connection, &scope, &asked, &words)?))
        })
        .await?;
    let creates = L::CREATE.filter(|(_, _, need)| visitor.may(*need));
    let view = ListView {
        heading: visitor.t(L::HEADING).into_owned(),
        count_text: visitor.lang.fill("list.count", &[("n", &group_digits(listed.total))]),
        filters: filters.into_iter().map(|filter| filter_view(&visitor, filter, &request)).collect(),
        columns: heads::<L>(&visitor, &request),
        pages: pages(&visitor, &request, listed.total),
        rows: listed.rows,
        export_href: Some(href(L::EXPORT_PATH, &request, None, None)),
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
            .filter(|(href, ..)| super::gate::may_open(&visitor, href))
            .map(|(href, label, icon)| (*href, visitor.t(label).into_owned(), *icon))
            .collect(),
        look_up: L::LOOK_UP.filter(|look_up| visitor.may(look_up.need)).map(|look_up| LookUpView {
            path: look_up.path,
            field: look_up.field,
            label: visitor.t(&format!("field.{}", look_up.field)).into_owned(),
        }),
    };
    html(&ListPage { page: Page::new(&visitor, &visitor.t(L::HEADING)), list: view })
}

async fn export<L: List>(visitor: Visitor, http: HttpRequest) -> Result<HttpResponse> {
    let mut request = parse::<L>(http.query_string(), PAGE_ROWS)?;
    request.offset = 0;
    request.limit = EXPORT_ROWS_MAX;
    let (scope, words) = (visitor.scope(), Words::of(&visitor));
    let heads: Vec<String> = L::COLUMNS.iter().map(|column| visitor.t(column.label).into_owned()).collect();
    let bytes = visitor
        .app
        .db
        .read(move |connection| workbook(&heads, &L::rows(connection, &scope, &request, &words)?.rows))
        .await?;
    let name = L::EXPORT_PATH.trim_start_matches('/');
    Ok(HttpResponse::Ok()
        .content_type("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .body(bytes))
}

/// An xlsx file of heads and rows. Text is written as text, so no cell can become a formula.
fn workbook(heads: &[String], rows: &[Row]) -> Result<Vec<u8>> {
    let fault = |error: rust_xlsxwriter::XlsxError| Error::internal("workbook").because(error);
    let mut book = rust_xlsxwriter::Workbook::new();
    let bold = rust_xlsxwriter::Format::new().set_bold();
    let sheet = book.add_worksheet();
    for (column, head) in heads.iter().enumerate() {
        sheet.write_string_with_format(0, column as u16, head, &bold).map_err(fault)?;
    }
    for (index, row) in rows.iter().enumerate() {
        for (column, cell) in row.cells.iter().enumerate() {
            let at = (index as u32 + 1, column as u16);
            match cell.number {
                Some(number) => sheet.write_number(at.0, at.1, number),
                None => sheet.write_string(at.0, at.1, &cell.text),
            }
            .map_err(fault)?;
        }
    }
    sheet.set_freeze_panes(1, 0).map_err(fault)?;
    book.save_to_buffer().map_err(fault)
}

/// Reads the query: unknown sort columns and pages below one are refused, unknown parameters are filters that no list uses.
fn parse<L: List>(query: &str, limit: i64) -> Result<ListRequest> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(query)
        .map_err(|error| Error::field("query", Text::new("error.malformed")).because(error))?;
    let mut request = ListRequest { limit: limit.min(PAGE_ROWS_MAX), ..ListRequest::default() };
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

fn pages(context: &Context, request: &ListRequest, total: i64) -> Pages {
    let page = request.offset / request.limit + 1;
    let last = ((total + request.limit - 1) / request.limit).max(1);
    let to = |page: i64| href("", request, None, Some(page));
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
fn href(path: &str, request: &ListRequest, sort: Option<&str>, page: Option<i64>) -> String {
    let mut pairs: Vec<String> =
        request.filters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    let current =
        request.sort.as_ref().map(|(key, down)| if *down { format!("-{key}") } else { key.clone() });
    if let Some(sort) = sort.map(str::to_owned).or(current) {
        pairs.push(format!("sort={sort}"));
    }
    if let Some(page) = page.filter(|page| *page > 1) {
        pairs.push(format!("page={page}"));
    }
    if pairs.is_empty() && !path.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}
