//! The coordinator's day on one page: what is unassigned, late, missed, unproven, to be followed up, and who was not seen.

use actix_web::{HttpRequest, HttpResponse};

use super::list::{Visits, tone};
use crate::access::{Permission, Scope};
use crate::bus::Topic;
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::listing::{ListRequest, Listed};
use crate::visits::corrections::store as corrections;
use crate::visits::exceptions::store as exceptions;
use crate::visits::follow_ups::pages::{COLUMNS, Looker, row};
use crate::visits::follow_ups::store::{self as follow_ups, FollowUpListed};
use crate::visits::late::model::{late_min, level};
use crate::visits::late::{LateKind, store as late};
use crate::visits::model::VisitState;
use crate::visits::proof::Strength;
use crate::visits::store::{VisitListed, VisitRow, list_visits, with_names};
use crate::web::{
    Action, Cell, Column, Detail, Field, Input, List, Row, Section, TableView, Visitor, Words, detail_page,
    table,
};

/// Rows of one section.
const SHOWN: i64 = 20;

const VISIT_COLUMNS: &[Column] = &[
    Column::text("elder", "field.elder_name"),
    Column::text("service", "field.service_code"),
    Column::text("window", "field.window"),
    Column::text("caregiver", "field.caregiver_id"),
    Column::text("state", "field.state"),
];
const LATE_COLUMNS: &[Column] = &[
    Column::text("elder", "field.elder_name"),
    Column::text("late", "field.late"),
    Column::text("expected", "field.expected_at"),
    Column::text("caregiver", "field.caregiver_id"),
    Column::text("state", "field.state"),
];
const CORRECTION_COLUMNS: &[Column] = &[
    Column::text("visit", "field.visit"),
    Column::text("reason", "field.reason"),
    Column::text("owner", "field.owner"),
    Column::text("since", "field.open_since"),
];
const UNSEEN_COLUMNS: &[Column] =
    &[Column::text("elder", "field.elder_name"), Column::text("last", "field.last_seen_on")];

struct Found {
    unassigned: (i64, Vec<VisitListed>),
    late: Vec<VisitListed>,
    to_make_up: Vec<VisitListed>,
    follow_ups: Listed<FollowUpListed>,
    own_follow_ups: i64,
    free_follow_ups: i64,
    to_confirm: i64,
    corrections: Vec<corrections::CorrectionRow>,
    exceptions: i64,
    causes: Vec<exceptions::Count>,
    unseen_days: i64,
    unseen: Vec<(i64, String, Option<chrono::NaiveDate>)>,
}

pub async fn show(visitor: Visitor, http: HttpRequest) -> Result<HttpResponse> {
    let town = Some(Input::parse(http.query_string())?.text("town")).filter(|town| !town.is_empty());
    let (scope, words) = (visitor.scope(), Words::of(&visitor));
    let look = move |connection: &mut AnyConnection| find(connection, &scope, town.as_deref(), &words);
    let found = visitor.app.db.read(look).await?;
    let open = found.unassigned.0
        + (found.late.len() + found.corrections.len()) as i64
        + found.follow_ups.total
        + found.exceptions;
    let day = visitor.today().to_string();
    let sub = visitor.lang.fill("day.sub", &[("day", &day), ("n", &open.to_string())]);
    let link = |href: &str, key: &str, icon| Action::link(href, visitor.t(key), icon);
    let detail = Detail {
        heading: visitor.t("day.heading").into_owned(),
        subheading: sub,
        actions: vec![
            link(Visits::PATH, "visit.heading", "clipboard-list"),
            link("/visits/exceptions", "exception.heading", "octagon-alert"),
            link("/follow-ups", "follow_up.heading", "phone"),
            link("/absences", "absence.heading", "calendar-days"),
        ],
        sections: sections(&visitor, found),
        topic: Some(Topic::Visit),
    };
    detail_page(&visitor, detail)
}

fn find(connection: &mut AnyConnection, scope: &Scope, town: Option<&str>, words: &Words) -> Result<Found> {
    let at = (words.calendar, words.now);
    let mut request = asked_of(town, SHOWN);
    request.filters.insert("state".to_owned(), VisitState::Planned.name().to_owned());
    let unassigned = list_visits(connection, scope, &request, at)?;
    let late_rows = late::late_visits(connection, scope, town, at)?;
    let missed = late::to_make_up(connection, scope, town, at, SHOWN)?;
    let open = |connection: &mut AnyConnection, holder: Option<&str>, limit: i64| {
        let mut asked = asked_of(town, limit);
        asked.filters.extend(holder.map(|holder| ("holder".to_owned(), holder.to_owned())));
        follow_ups::list(connection, scope, &asked, words.now)
    };
    let follow_ups = open(connection, None, SHOWN)?;
    let own_follow_ups = open(connection, Some("mine"), 1)?.total;
    let free_follow_ups = open(connection, Some("nobody"), 1)?.total;
    let mut done = asked_of(town, 1);
    for (name, value) in [("state", VisitState::Done.name()), ("strength", Strength::Strong.name())] {
        done.filters.insert(name.to_owned(), value.to_owned());
    }
    let to_confirm = list_visits(connection, scope, &done, at)?.total;
    let exceptions::OpenCounts { causes, towns, .. } = exceptions::open_counts(connection, scope, words.now)?;
    let exceptions = match town {
        Some(code) => towns.iter().find(|(known, _)| known == code).map_or(0, |(_, count)| *count),
        None => towns.iter().map(|(_, count)| count).sum(),
    };
    let (unseen_days, unseen) = late::unseen(connection, scope, town, at, SHOWN)?;
    Ok(Found {
        unassigned: (unassigned.total, unassigned.rows),
        late: with_names(connection, late_rows)?,
        to_make_up: with_names(connection, missed)?,
        follow_ups,
        own_follow_ups,
        free_follow_ups,
        to_confirm,
        corrections: corrections::asked(connection, scope, SHOWN)?,
        exceptions,
        causes,
        unseen_days,
        unseen,
    })
}

/// The first rows of a town, or of all within reach.
fn asked_of(town: Option<&str>, limit: i64) -> ListRequest {
    let mut request = ListRequest { limit, ..ListRequest::default() };
    request.filters.extend(town.map(|town| ("town".to_owned(), town.to_owned())));
    request
}

/// How many follow-ups there are, whose they are, and the most urgent ones.
fn follow_up_section(visitor: &Visitor, words: &Words, found: &Found) -> Section {
    let looker = Looker::of(&visitor.scope());
    let rows = found.follow_ups.rows.iter().map(|listed| row(words, listed, &looker, "day")).collect();
    let link = |key: &str, count: i64, href: &str| Field::new(words.t(key), count.to_string()).link(href);
    Section {
        heading: format!("{} · {}", words.t("day.follow_ups"), found.follow_ups.total),
        fields: vec![
            link("follow_up.mine", found.own_follow_ups, "/follow-ups?holder=mine"),
            link("follow_up.nobody", found.free_follow_ups, "/follow-ups?holder=nobody"),
            link("follow_up.all", found.follow_ups.total, "/follow-ups"),
        ],
        table: Some(table(visitor, COLUMNS, rows)),
    }
}

fn sections(visitor: &Visitor, found: Found) -> Vec<Section> {
    let words = Words::of(visitor);
    let heading = |key: &str, count: i64| format!("{} · {count}", words.t(key));
    let now = visitor.now;
    let visits = |rows: &[VisitListed]| {
        let rows = rows.iter().map(|listed| visit_row(&words, listed)).collect();
        table(visitor, VISIT_COLUMNS, rows)
    };
    let late_rows =
        found.late.iter().take(SHOWN as usize).map(|listed| late_row(&words, listed, now)).collect();
    let days = found.unseen_days.to_string();
    let causes = found.causes.iter().map(|(cause, count)| {
        let name = words.name_of("element", cause);
        Field::new(name, count.to_string()).link(format!("/visits/exceptions?cause={cause}"))
    });
    let part =
        |heading: String, table: TableView| Section { heading, fields: Vec::new(), table: Some(table) };
    vec![
        part(heading("day.late", found.late.len() as i64), table(visitor, LATE_COLUMNS, late_rows)),
        part(heading("day.unassigned", found.unassigned.0), visits(&found.unassigned.1)),
        follow_up_section(visitor, &words, &found),
        Section {
            heading: heading("day.exceptions", found.exceptions),
            fields: causes.collect(),
            table: None,
        },
        Section {
            heading: heading("day.to_confirm", found.to_confirm),
            fields: vec![
                Field::new(words.t("field.strength"), words.t("day.confirm_together"))
                    .link("/visits?state=done&strength=strong"),
            ],
            table: None,
        },
        part(
            heading("day.corrections", found.corrections.len() as i64),
            table(visitor, CORRECTION_COLUMNS, correction_rows(&words, &found)),
        ),
        part(heading("day.make_up", found.to_make_up.len() as i64), visits(&found.to_make_up)),
        part(
            format!("{} · {}", words.lang.fill("day.unseen", &[("n", &days)]), found.unseen.len()),
            table(visitor, UNSEEN_COLUMNS, unseen_rows(&words, &found, visitor.may(Permission::SeeElders))),
        ),
    ]
}

fn visit_row(words: &Words, listed: &VisitListed) -> Row {
    let visit = &listed.visit;
    let window = super::period(words.calendar, visit.window_starts_at, visit.window_ends_at);
    Row {
        href: Some(format!("/visits/{}", visit.id)),
        cells: vec![
            Cell::text(&listed.elder),
            Cell::text(words.pick(&listed.service_zh, &listed.service_en)),
            Cell::text(format!("{} {window}", visit.service_on)),
            Cell::text(listed.caregiver.clone().unwrap_or_default()),
            state_cell(words, visit),
        ],
    }
}

fn state_cell(words: &Words, visit: &VisitRow) -> Cell {
    Cell::chip(words.name_of("visit_state", visit.state.name()), tone(visit.state))
}

fn late_row(words: &Words, listed: &VisitListed, now: Instant) -> Row {
    let visit = &listed.visit;
    let how = match level(visit.expected_at(), now).filter(|_| visit.state != VisitState::Arrived) {
        Some(kind) => {
            let minutes = late_min(visit.expected_at(), now).unwrap_or_default().to_string();
            let tone = if kind == LateKind::Late60 { "bad" } else { "warn" };
            Cell::chip(words.lang.fill("visit.late_by", &[("n", &minutes)]), tone)
        }
        None => Cell::chip(words.t("visit.overrun"), "warn"),
    };
    Row {
        href: Some(format!("/visits/{}", visit.id)),
        cells: vec![
            Cell::text(&listed.elder),
            how,
            Cell::text(words.calendar.show(visit.expected_at())),
            Cell::text(listed.caregiver.clone().unwrap_or_default()),
            state_cell(words, visit),
        ],
    }
}

fn correction_rows(words: &Words, found: &Found) -> Vec<Row> {
    let rows = found.corrections.iter().map(|row| Row {
        href: Some(format!("/corrections/{}", row.id)),
        cells: vec![
            Cell::text(row.visit_id.to_string()),
            Cell::text(&row.reason),
            Cell::text(&row.asked_by),
            Cell::at(words.calendar.show(row.asked_at), words.calendar.rfc3339(row.asked_at)),
        ],
    });
    rows.collect()
}

fn unseen_rows(words: &Words, found: &Found, may_open: bool) -> Vec<Row> {
    let rows = found.unseen.iter().map(|(id, name, day)| Row {
        href: may_open.then(|| format!("/elders/{id}")),
        cells: vec![
            Cell::text(name),
            Cell::text(day.map_or_else(|| words.t("day.never"), |day| day.to_string())),
        ],
    });
    rows.collect()
}
