//! The exception desk: what somebody has to look at, with figures, and one decision for many.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::decide::decide_many;
use super::model::{Decision, ExceptionState};
use super::store::{self, Count, ExceptionRow};
use crate::access::{Permission, Scope};
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::listing::{ListRequest, Listed, PAGE_ROWS_MAX};
use crate::registry::store::{names_of_towns, town_names};
use crate::text::Text;
use crate::visits::pages::strength_tone;
use crate::visits::proof::{Element, Strength};
use crate::visits::store::{caregiver_names, caregivers_in_reach, elder_names, reload};
use crate::web::{
    Cell, Choice, Column, Filter, FilterKind, Input, List, Need, Page, Route, Row, Visitor, Words, get, html,
    list_routes, post, redirect,
};

pub fn routes() -> Vec<Route> {
    let [_, export] = list_routes::<Exceptions>();
    vec![
        get("/visits/exceptions", Need::May(Permission::SeeVisits), || web::to(show)),
        post("/visits/exceptions", Need::May(Permission::AssignVisits), || web::to(save)),
        export,
    ]
}

struct Exceptions;

impl List for Exceptions {
    const PATH: &'static str = "/visits/exceptions";
    const EXPORT_PATH: &'static str = "/visits/exceptions.xlsx";
    const HEADING: &'static str = "exception.heading";
    const EMPTY: &'static str = "exception.empty";
    const NEED: Permission = Permission::SeeVisits;
    const COLUMNS: &'static [Column] = &[
        Column::text("visit", "field.visit").unsorted(),
        Column::text("elder", "field.elder_name").unsorted(),
        Column::text("strength", "field.strength"),
        Column::text("cause", "field.causes"),
        Column::text("caregiver", "field.caregiver_id").unsorted(),
        Column::text("town", "field.town_code"),
        Column::text("age", "field.open_since"),
        Column::text("state", "field.state"),
    ];

    fn filters(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Filter>> {
        let towns = town_names(connection, scope, Permission::SeeVisits)?;
        let towns = towns.into_iter().map(|(code, zh, en)| (code, words.pick(&zh, &en))).collect();
        let people = caregivers_in_reach(connection, scope)?;
        let people = people.into_iter().map(|(id, name)| (id.to_string(), name)).collect();
        let state = |value: &str| (value.to_owned(), words.name_of("exception_state", value));
        let mut states: Vec<(String, String)> =
            ExceptionState::NAMES.iter().map(|name| state(name)).collect();
        states.push(("all".to_owned(), words.t("exception.all")));
        states.insert(0, (String::new(), words.t("exception.pending")));
        Ok(vec![
            Filter { name: "cause", label: "field.causes", kind: words.choices("element", Element::NAMES) },
            Filter {
                name: "strength",
                label: "field.strength",
                kind: words.choices("strength", Strength::NAMES),
            },
            Filter { name: "state", label: "field.state", kind: FilterKind::OneOf(states, "") },
            Filter { name: "town", label: "field.town_code", kind: FilterKind::Select(towns) },
            Filter { name: "caregiver", label: "field.caregiver_id", kind: FilterKind::Select(people) },
        ])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let listed = store::list(connection, scope, request)?;
        let lines = lines(connection, listed.rows, words)?;
        Ok(Listed { rows: lines.into_iter().map(|line| line.row).collect(), total: listed.total })
    }
}

/// A row that can be chosen.
struct Line {
    /// Number and version.
    value: String,
    label: String,
    row: Row,
}

fn lines(connection: &mut AnyConnection, rows: Vec<ExceptionRow>, words: &Words) -> Result<Vec<Line>> {
    let mut visits = Vec::new();
    for row in &rows {
        visits.push(reload(connection, row.visit_id)?);
    }
    let elders = elder_names(connection, &visits.iter().map(|visit| visit.elder_id).collect::<Vec<_>>())?;
    let people: Vec<i64> = rows.iter().filter_map(|row| row.caregiver_id).collect();
    let people = caregiver_names(connection, &people)?;
    let towns = names_of_towns(connection)?;
    let name_of =
        |id: Option<i64>| people.iter().find(|(known, _)| Some(*known) == id).map(|(_, name)| name.clone());
    let lines = rows.into_iter().zip(visits).map(|(row, visit)| {
        let causes = row.causes.split(',').map(|cause| words.name_of("element", cause));
        let town = towns.get(&row.town_code).map(|town| words.pick(&town.zh, &town.en)).unwrap_or_default();
        let cells = vec![
            Cell::text(format!("{} · {}", visit.service_on, row.visit_id)),
            Cell::text(elders.get(&visit.elder_id).cloned().unwrap_or_default()),
            Cell::chip(words.name_of("strength", row.strength.name()), strength_tone(row.strength)),
            Cell::text(causes.collect::<Vec<_>>().join(&words.t("list.separator"))),
            Cell::text(name_of(row.caregiver_id).unwrap_or_default()),
            Cell::text(town),
            Cell::at(words.calendar.show(row.opened_at), words.calendar.rfc3339(row.opened_at)),
            Cell::text(words.name_of("exception_state", row.state.name())),
        ];
        Line {
            value: format!("{}.{}", row.id, row.version),
            label: words.lang.fill("exception.select", &[("n", &row.visit_id.to_string())]),
            row: Row { href: Some(format!("/visits/{}", row.visit_id)), cells },
        }
    });
    Ok(lines.collect())
}

#[derive(Template)]
#[template(path = "exceptions.html")]
struct DeskPage {
    page: Page,
    desk: DeskView,
}

struct DeskView {
    heading: String,
    count_text: String,
    filters: Vec<FilterView>,
    heads: Vec<String>,
    lines: Vec<Line>,
    groups: Vec<GroupView>,
    decisions: Vec<(&'static str, String)>,
    may_decide: bool,
    error: Option<String>,
    reason: String,
    query: String,
}

struct FilterView {
    name: &'static str,
    label: String,
    options: Vec<Choice>,
}

/// Figures of one kind: name, address of the rows, count.
struct GroupView {
    heading: String,
    counts: Vec<(String, String, i64)>,
}

async fn show(visitor: Visitor, http: HttpRequest) -> Result<HttpResponse> {
    let view = desk(&visitor, http.query_string(), None, String::new()).await?;
    html(&DeskPage { page: Page::new(&visitor, &visitor.t("exception.heading")), desk: view })
}

/// The chosen ones are decided together or not at all.
async fn save(visitor: Visitor, http: HttpRequest, body: String) -> Result<HttpResponse> {
    let input = Input::parse(&body)?;
    let query = http.query_string().to_owned();
    let outcome = match read(&input) {
        Ok((seen, decision)) => {
            let reason = input.text("reason");
            visitor.app.write(&visitor.scope(), move |tx| decide_many(tx, &seen, decision, &reason)).await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => Ok(redirect(&format!("/visits/exceptions?{query}"))),
        Err(error) if crate::beds::pages::steps::is_for_form(&error) => {
            let said = error.text.to(visitor.lang);
            let view = desk(&visitor, &query, Some(said), input.text("reason")).await?;
            let page = DeskPage { page: Page::new(&visitor, &visitor.t("exception.heading")), desk: view };
            let mut answer = html(&page)?;
            *answer.status_mut() = actix_web::http::StatusCode::from_u16(error.code.status())
                .unwrap_or(actix_web::http::StatusCode::UNPROCESSABLE_ENTITY);
            Ok(answer)
        }
        Err(error) => Err(error),
    }
}

fn read(input: &Input) -> Result<(Vec<(i64, i64)>, Decision)> {
    let wrong =
        || Error::field("exceptions", Text::new("exception.how_many").with("max", super::decide::MANY_MAX));
    let pair = |text: &String| {
        let (id, version) = text.split_once('.')?;
        Some((id.parse().ok()?, version.parse().ok()?))
    };
    let seen: Option<Vec<(i64, i64)>> = input.many("exception").iter().map(pair).collect();
    let decision = Decision::parse(&input.text("decision"))
        .ok_or_else(|| Error::field("decision", Text::new("rule.choose")))?;
    Ok((seen.ok_or_else(wrong)?, decision))
}

async fn desk(visitor: &Visitor, query: &str, error: Option<String>, reason: String) -> Result<DeskView> {
    let asked = Input::parse(query)?;
    let names = ["cause", "strength", "state", "town", "caregiver", "sort"];
    let mut request = ListRequest { limit: PAGE_ROWS_MAX, ..ListRequest::default() };
    for name in names {
        let value = asked.text(name);
        if !value.is_empty() {
            request.filters.insert(name.to_owned(), value);
        }
    }
    let (scope, words, wanted) = (visitor.scope(), Words::of(visitor), request.clone());
    let (filters, lines, total, groups) = visitor
        .app
        .db
        .read(move |connection| {
            let filters = Exceptions::filters(connection, &scope, &words)?;
            let listed = store::list(connection, &scope, &wanted)?;
            let lines = lines(connection, listed.rows, &words)?;
            let groups = groups(connection, &scope, &words)?;
            Ok((filters, lines, listed.total, groups))
        })
        .await?;
    let may_decide = visitor.may(Permission::AssignVisits) && !lines.is_empty();
    let decisions = Decision::NAMES.iter().map(|name| (*name, visitor.name_of("decision", name)));
    Ok(DeskView {
        heading: visitor.t("exception.heading").into_owned(),
        count_text: visitor.lang.fill("list.count", &[("n", &crate::web::group_digits(total))]),
        filters: filters.into_iter().map(|filter| filter_view(visitor, filter, &request)).collect(),
        heads: Exceptions::COLUMNS.iter().map(|column| visitor.t(column.label).into_owned()).collect(),
        lines,
        groups,
        decisions: decisions.collect(),
        may_decide,
        error,
        reason,
        query: query.to_owned(),
    })
}

fn filter_view(visitor: &Visitor, filter: Filter, request: &ListRequest) -> FilterView {
    let chosen = request.filter(filter.name).unwrap_or_default().to_owned();
    let all = (String::new(), visitor.t("list.all").into_owned());
    let options = match filter.kind {
        FilterKind::Select(options) => std::iter::once(all).chain(options).collect(),
        FilterKind::OneOf(options, _) => options,
        FilterKind::Text | FilterKind::Day(_) => Vec::new(),
    };
    let options = options.into_iter();
    FilterView {
        name: filter.name,
        label: visitor.t(filter.label).into_owned(),
        options: options.map(|(value, label)| Choice { selected: value == chosen, value, label }).collect(),
    }
}

fn groups(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<GroupView>> {
    const SHOWN: usize = 8;
    let (causes, towns, people) = store::open_counts(connection, scope)?;
    let town_names = names_of_towns(connection)?;
    let ids: Vec<i64> = people.iter().take(SHOWN).map(|(id, _)| *id).collect();
    let names = caregiver_names(connection, &ids)?;
    let group = |heading: &str, filter: &str, counts: Vec<(String, Count)>| GroupView {
        heading: words.t(heading),
        counts: counts
            .into_iter()
            .take(SHOWN)
            .map(|(label, (key, count))| (label, format!("/visits/exceptions?{filter}={key}"), count))
            .collect(),
    };
    let town =
        |code: &str| town_names.get(code).map(|town| words.pick(&town.zh, &town.en)).unwrap_or_default();
    let person = |id: i64| names.iter().find(|(known, _)| *known == id).map(|(_, name)| name.clone());
    Ok(vec![
        group(
            "exception.by_cause",
            "cause",
            causes.into_iter().map(|count| (words.name_of("element", &count.0), count)).collect(),
        ),
        group("exception.by_town", "town", towns.into_iter().map(|count| (town(&count.0), count)).collect()),
        group(
            "exception.by_caregiver",
            "caregiver",
            people
                .into_iter()
                .take(SHOWN)
                .map(|(id, count)| (person(id).unwrap_or_default(), (id.to_string(), count)))
                .collect(),
        ),
    ])
}
