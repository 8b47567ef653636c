//! Lists whose rows can be chosen and decided together: each row by itself, and what was refused stays chosen and says why.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::context::Visitor;
use super::form::Input;
use super::list::{List, Words, list_routes};
use super::list_view::{ListView, href, parse, view};
use super::page::{Page, redirect};
use super::routes::{Need, Route, get, post};
use super::table::Row;
use crate::access::{Permission, Scope};
use crate::db::AnyConnection;
use crate::error::{Code, Error, Result};
use crate::listing::{ListRequest, Listed, PAGE_ROWS_MAX};
use crate::text::Text;

/// Rows that are decided at once at most: one page.
const CHOSEN_MAX: usize = PAGE_ROWS_MAX as usize;
/// Part of the address that says how many were decided just now.
const DONE: &str = "done";
/// Part of the address that chooses every row of the page, where no script does.
const SELECT: &str = "select";

/// A row of a record, which may be one that can be chosen.
pub struct Line {
    pub id: i64,
    pub version: i64,
    pub can_be_chosen: bool,
    pub row: Row,
}

/// Figures of one kind: name, address of the rows, count.
pub struct Group {
    pub heading: String,
    pub counts: Vec<(String, String, i64)>,
}

/// What can be done with the chosen rows.
#[derive(Default)]
pub struct BulkForm {
    /// Values and names to choose from; none where only one thing can be done.
    pub decisions: Vec<(&'static str, String)>,
    /// Name of the field for words: `reason` where they are needed, `note` where not.
    pub words: &'static str,
    pub words_required: bool,
    pub submit_label: String,
    /// What choosing all rows of the page is called.
    pub select_label: String,
}

/// What became of one row; none was refused where there is no error.
pub struct Outcome {
    pub id: i64,
    pub refusal: Option<Error>,
}

/// Number, name and address of a record.
pub type Named = (i64, String, String);

/// What a list of rows that can be chosen says beside a list.
pub trait BulkList: List {
    /// Where chosen rows are sent to: the list's own address, unless that is taken.
    const DECIDE_PATH: &'static str = Self::PATH;
    /// Who may choose rows.
    const DECIDE: Permission;

    /// The button beside the rows of a page.
    fn form(words: &Words) -> BulkForm;

    /// The rows as [`List::rows`] gives them, with their keys.
    fn lines(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Line>>;

    /// Figures above the rows.
    fn groups(_: &mut AnyConnection, _: &Scope, _: &Words) -> Result<Vec<Group>> {
        Ok(Vec::new())
    }

    /// What these records within reach are called, for those that are not on the page.
    fn named(connection: &mut AnyConnection, scope: &Scope, ids: &[i64], words: &Words)
    -> Result<Vec<Named>>;

    /// Decides each of these by itself. An error is of the form as a whole, and nothing was decided.
    async fn decide(visitor: &Visitor, chosen: Vec<(i64, i64)>, input: &Input) -> Result<Vec<Outcome>>;
}

/// Page, decision and workbook.
pub fn bulk_routes<B: BulkList>() -> Vec<Route> {
    let [_, export] = list_routes::<B>();
    let mut routes = vec![
        get(B::PATH, Need::May(B::NEED), || web::to(bulk_page::<B>)),
        post(B::DECIDE_PATH, Need::May(B::DECIDE), || web::to(save::<B>)),
        export,
    ];
    if B::DECIDE_PATH != B::PATH {
        // Whoever loads the answer's address anew comes back to the list.
        routes.push(get(B::DECIDE_PATH, Need::May(B::NEED), || web::to(back::<B>)));
    }
    routes
}

async fn back<B: BulkList>(http: HttpRequest) -> HttpResponse {
    redirect(&format!("{}?{}", B::PATH, http.query_string()))
}

#[derive(Template)]
#[template(path = "bulk.html")]
struct BulkPage {
    page: Page,
    list: ListView,
    bulk: BulkView,
}

struct BulkView {
    groups: Vec<Group>,
    lines: Vec<LineView>,
    /// None where no row of the page can be chosen.
    form: Option<BulkForm>,
    action: String,
    select_href: String,
    refresh_href: String,
    done: Option<String>,
    error: Option<String>,
    refused: Vec<RefusedView>,
    decision: String,
    typed: String,
}

struct LineView {
    key: Option<String>,
    is_chosen: bool,
    refusal: Option<String>,
    row: Row,
}

struct RefusedView {
    label: String,
    href: Option<String>,
    why: String,
}

/// What a decision left to be shown.
#[derive(Default)]
struct Left {
    done: Option<i64>,
    error: Option<String>,
    /// Numbers that stay chosen, with why they were refused.
    chosen: HashMap<i64, Option<String>>,
    /// The order in which they were sent.
    order: Vec<i64>,
    input: Input,
    selects_all: bool,
}

/// Answers with the list that the address asks for, with its rows to be chosen.
pub async fn bulk_page<B: BulkList>(visitor: Visitor, http: HttpRequest) -> Result<HttpResponse> {
    let asked = Input::parse(http.query_string())?;
    let left = Left {
        done: asked.text(DONE).parse().ok().filter(|done| (1..=PAGE_ROWS_MAX).contains(done)),
        selects_all: asked.text(SELECT) == "all",
        ..Left::default()
    };
    show::<B>(&visitor, http.query_string(), left, StatusCode::OK).await
}

async fn save<B: BulkList>(visitor: Visitor, http: HttpRequest, body: String) -> Result<HttpResponse> {
    let input = Input::parse(&body)?;
    let query = http.query_string();
    let chosen = match chosen(&input) {
        Ok(chosen) => chosen,
        Err(error) => return show_again::<B>(&visitor, query, &[], input, error).await,
    };
    let outcomes = match B::decide(&visitor, chosen.clone(), &input).await {
        Ok(outcomes) => outcomes,
        Err(error) => return show_again::<B>(&visitor, query, &chosen, input, error).await,
    };
    let done = outcomes.iter().filter(|outcome| outcome.refusal.is_none()).count() as i64;
    let refused: Vec<(i64, Error)> =
        outcomes.into_iter().filter_map(|outcome| Some((outcome.id, outcome.refusal?))).collect();
    if refused.is_empty() {
        let mut request = request::<B>(query)?;
        request.filters.insert(DONE.to_owned(), done.to_string());
        let page = request.offset / request.limit + 1;
        return Ok(redirect(&href(B::PATH, &request, None, Some(page))));
    }
    // Where nothing was decided the answer is that of the first refusal.
    let status = refused.first().filter(|_| done == 0).map_or(200, |(_, error)| error.code.status());
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::CONFLICT);
    let left = Left {
        done: (done > 0).then_some(done),
        order: refused.iter().map(|(id, _)| *id).collect(),
        chosen: refused.into_iter().map(|(id, error)| (id, Some(error.text.to(visitor.lang)))).collect(),
        input,
        ..Left::default()
    };
    show::<B>(&visitor, query, left, status).await
}

/// What is wrong with the form as a whole; every row stays chosen.
async fn show_again<B: BulkList>(
    visitor: &Visitor,
    query: &str,
    chosen: &[(i64, i64)],
    input: Input,
    error: Error,
) -> Result<HttpResponse> {
    if error.code != Code::Invalid {
        return Err(error);
    }
    let left = Left {
        error: Some(error.text.to(visitor.lang)),
        chosen: chosen.iter().map(|(id, _)| (*id, None)).collect(),
        input,
        ..Left::default()
    };
    show::<B>(visitor, query, left, StatusCode::UNPROCESSABLE_ENTITY).await
}

/// The numbers and versions that a form sent.
fn chosen(input: &Input) -> Result<Vec<(i64, i64)>> {
    let pair = |text: &String| {
        let (id, version) = text.split_once('.')?;
        Some((id.parse().ok()?, version.parse().ok()?))
    };
    let chosen: Option<Vec<(i64, i64)>> = input.many("row").iter().map(pair).collect();
    let chosen = chosen.filter(|chosen| (1..=CHOSEN_MAX).contains(&chosen.len()));
    chosen.ok_or_else(|| Error::field("row", Text::new("bulk.how_many").with("max", CHOSEN_MAX)))
}

/// What the address asks for, without what it says of the decision before.
fn request<L: List>(query: &str) -> Result<ListRequest> {
    let mut request = parse::<L>(query)?;
    request.filters.remove(DONE);
    request.filters.remove(SELECT);
    Ok(request)
}

/// The lines of the page; of the last one where the asked one is beyond it, since what was decided is there no more.
fn lines_of<B: BulkList>(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &mut ListRequest,
    words: &Words,
) -> Result<Listed<Line>> {
    let listed = B::lines(connection, scope, request, words)?;
    if !listed.rows.is_empty() || request.offset == 0 || listed.total == 0 {
        return Ok(listed);
    }
    request.offset = (listed.total - 1) / request.limit * request.limit;
    B::lines(connection, scope, request, words)
}

async fn show<B: BulkList>(
    visitor: &Visitor,
    query: &str,
    left: Left,
    status: StatusCode,
) -> Result<HttpResponse> {
    let mut asked = request::<B>(query)?;
    let (scope, words, missed) = (visitor.scope(), Words::of(visitor), left.order.clone());
    let read = move |connection: &mut AnyConnection| {
        let filters = B::filters(connection, &scope, &words)?;
        let listed = lines_of::<B>(connection, &scope, &mut asked, &words)?;
        let groups = B::groups(connection, &scope, &words)?;
        let named =
            if missed.is_empty() { Vec::new() } else { B::named(connection, &scope, &missed, &words)? };
        Ok((asked, filters, listed, groups, named))
    };
    let (asked, filters, listed, groups, named) = visitor.app.db.read(read).await?;
    let is_shown = |line: &Line| line.can_be_chosen || left.chosen.contains_key(&line.id);
    let may_decide = visitor.may(B::DECIDE) && listed.rows.iter().any(is_shown);
    let page = asked.offset / asked.limit + 1;
    let here = |path: &str| href(path, &asked, None, Some(page));
    let mut selecting = asked.clone();
    selecting.filters.insert(SELECT.to_owned(), "all".to_owned());
    let form = may_decide.then(|| B::form(&Words::of(visitor)));
    let done = left.done.map(|done| visitor.lang.fill("bulk.done", &[("n", &done.to_string())]));
    let bulk = BulkView {
        groups,
        refused: refused(visitor, &left, &named),
        typed: form.as_ref().map(|form| left.input.text(form.words)).unwrap_or_default(),
        decision: left.input.text("decision"),
        lines: listed.rows.into_iter().map(|line| line_view(line, may_decide, &left)).collect(),
        form,
        action: here(B::DECIDE_PATH),
        refresh_href: here(B::PATH),
        select_href: href(B::PATH, &selecting, None, Some(page)),
        done,
        error: left.error,
    };
    let list = view::<B>(visitor, &asked, filters, listed.total);
    let shown = BulkPage { page: Page::new(visitor, &visitor.t(B::HEADING)), list, bulk };
    let body = shown.render().map_err(|error| Error::internal("template").because(error))?;
    Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(body))
}

fn line_view(line: Line, may_decide: bool, left: &Left) -> LineView {
    let known = left.chosen.get(&line.id);
    // What was refused stays chosen with its newest version, also where nobody would choose it now.
    let has_box = may_decide && (line.can_be_chosen || known.is_some());
    LineView {
        key: has_box.then(|| format!("{}.{}", line.id, line.version)),
        is_chosen: known.is_some() || left.selects_all,
        refusal: known.cloned().flatten(),
        row: line.row,
    }
}

fn refused(visitor: &Visitor, left: &Left, named: &[Named]) -> Vec<RefusedView> {
    let view = |id: &i64| {
        let why = left.chosen.get(id)?.clone()?;
        let known = named.iter().find(|(known, ..)| known == id);
        let unknown = || visitor.lang.fill("bulk.number", &[("n", &id.to_string())]);
        Some(RefusedView {
            label: known.map_or_else(unknown, |(_, label, _)| label.clone()),
            href: known.map(|(_, _, href)| href.clone()),
            why,
        })
    };
    left.order.iter().filter_map(view).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_pairs_and_no_more_than_a_page_are_chosen() {
        let of = |rows: Vec<String>| chosen(&Input::default().with("row", rows));
        assert_eq!(of(vec!["3.1".into(), "12.40".into()]).unwrap(), [(3, 1), (12, 40)]);
        for wrong in [vec![], vec!["3".into()], vec!["3.1".into(), "x.1".into()], vec!["3.".into()]] {
            assert_eq!(of(wrong).unwrap_err().fields[0].field, "row");
        }
        let many = |count: usize| (0..count).map(|id| format!("{id}.1")).collect::<Vec<_>>();
        assert!(of(many(CHOSEN_MAX)).is_ok());
        assert!(of(many(CHOSEN_MAX + 1)).is_err());
    }
}
