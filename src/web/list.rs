//! Lists: one frame for filter, sort, page and export, so that every list works the same way.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::context::{Context, Visitor};
use super::list_view::{ListView, parse, view};
use super::page::{Page, html};
use super::routes::{Need, Route, get};
use super::table::{Column, Row};
use super::workbook::{answer, workbook};
use crate::access::{Permission, Scope};
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::listing::{EXPORT_ROWS_MAX, ListRequest, Listed};
use crate::text::Text;

const PAGE_ROWS: i64 = 50;

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
    /// A day, or none.
    AnyDay,
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
    /// Rows of one page.
    const ROWS: i64 = PAGE_ROWS;
    /// Rows of the workbook at most; whoever asks for more is told so, instead of some being left out. Fewer where rows are long.
    const EXPORT_ROWS: i64 = EXPORT_ROWS_MAX;
    /// Pages that belong to the list: address, text key, icon. Shown to whoever may open them.
    const LINKS: &'static [(&'static str, &'static str, &'static str)] = &[];

    /// What is said beside the count, if there is something to say.
    fn note(_: &mut AnyConnection, _: &Scope, _: &Words) -> Result<Option<String>> {
        Ok(None)
    }

    /// Filters with the values that the asker can choose from; none where a list is short.
    fn filters(_: &mut AnyConnection, _: &Scope, _: &Words) -> Result<Vec<Filter>> {
        Ok(Vec::new())
    }

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
    /// How fire panels are read.
    pub dialects: crate::devices::gb26875::Dialects,
}

impl Words {
    pub fn of(context: &Context) -> Words {
        Words {
            lang: context.lang,
            calendar: context.app.calendar,
            now: context.now,
            assessing: std::sync::Arc::clone(&context.app.assessing),
            dialects: crate::devices::gb26875::Dialects::of(&context.app),
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

/// Answers with the list that the address asks for.
pub async fn list_page<L: List>(visitor: Visitor, http: HttpRequest) -> Result<HttpResponse> {
    let request = parse::<L>(http.query_string())?;
    let (scope, words, asked) = (visitor.scope(), Words::of(&visitor), request.clone());
    let (filters, listed, note) = visitor
        .app
        .db
        .read(move |connection| {
            let filters = L::filters(connection, &scope, &words)?;
            let note = L::note(connection, &scope, &words)?;
            Ok((filters, L::rows(connection, &scope, &asked, &words)?, note))
        })
        .await?;
    let total = listed.total;
    let rows = listed.rows.into_iter().map(on_page::<L>).collect();
    let mut view = ListView { rows, ..view::<L>(&visitor, &request, filters, total) };
    if let Some(note) = note {
        view.count_text = format!("{} · {note}", view.count_text);
    }
    html(&ListPage { page: Page::new(&visitor, &visitor.t(L::HEADING)), list: view })
}

/// The row without what only the workbook holds.
fn on_page<L: List>(row: Row) -> Row {
    let cells = row.cells.into_iter().zip(L::COLUMNS).filter(|(_, column)| !column.export_only);
    Row { cells: cells.map(|(cell, _)| cell).collect(), ..row }
}

async fn export<L: List>(visitor: Visitor, http: HttpRequest) -> Result<HttpResponse> {
    let mut request = parse::<L>(http.query_string())?;
    request.offset = 0;
    request.limit = L::EXPORT_ROWS;
    request.is_export = true;
    let (scope, words) = (visitor.scope(), Words::of(&visitor));
    let heads: Vec<String> = L::COLUMNS.iter().map(|column| visitor.t(column.label).into_owned()).collect();
    let bytes = visitor
        .app
        .db
        .read(move |connection| {
            // Counted before any row is read.
            let none = ListRequest { limit: 0, ..request.clone() };
            check_export(L::rows(connection, &scope, &none, &words)?.total, L::EXPORT_ROWS)?;
            workbook(&heads, &L::rows(connection, &scope, &request, &words)?.rows)
        })
        .await?;
    let name = L::EXPORT_PATH.rsplit('/').next().unwrap_or_default();
    Ok(answer(name, bytes))
}

fn check_export(total: i64, rows_max: i64) -> Result<()> {
    if total <= rows_max {
        return Ok(());
    }
    Err(Error::field("filter", Text::new("list.export_too_many").with("max", rows_max)))
}
