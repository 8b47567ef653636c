//! What the board's template shows, in the reader's language.

use crate::access::Permission;
use crate::devices::pages::{channel_name, value_text as channel_value};
use crate::insight::model::{Figure, Group, Tally, Value};
use crate::insight::store::{AlertLine, InstitutionLine, ReadingLine, TownName};
use crate::insight::summary::{Summary, value_text};
use crate::web::{Cell, Column, Context, Row, TableView, Words, group_digits, table};

pub struct Board {
    pub heading: String,
    pub subheading: String,
    /// To the whole of what is within reach, from a board of one town.
    pub back_href: Option<&'static str>,
    pub groups: Vec<GroupView>,
    pub towns_heading: String,
    pub towns: TableView,
    pub visits_href: Option<String>,
    pub visit_states: Vec<StateView>,
    pub alerts_href: Option<String>,
    pub alerts: Vec<FeedItem>,
    pub devices_href: Option<String>,
    pub readings: Vec<FeedItem>,
}

pub struct GroupView {
    pub heading: String,
    pub big: bool,
    pub tiles: Vec<Tile>,
}

pub struct Tile {
    pub key: &'static str,
    pub label: String,
    pub value: String,
    pub unit: String,
    pub definition: String,
    pub as_of_text: String,
    pub freshness: &'static str,
    pub freshness_text: String,
    pub href: Option<String>,
    pub trend_points: Option<String>,
}

pub struct StateView {
    pub key: &'static str,
    pub label: String,
    pub value: String,
    pub chip: &'static str,
    pub icon: &'static str,
    pub href: Option<String>,
    pub bar_x: String,
    pub bar_width: String,
}

pub struct FeedItem {
    pub key: String,
    pub what: String,
    pub value: String,
    pub place: String,
    pub at: String,
    pub at_text: String,
    pub href: Option<String>,
    pub chip: Option<&'static str>,
    pub live: Option<String>,
}

/// State, tone, icon.
const VISIT_STATES: [(&str, &str, &str); 8] = [
    ("confirmed", "ok", "circle-check"),
    ("done", "ok", "circle-check"),
    ("arrived", "live", "play"),
    ("on_the_way", "info", "user"),
    ("assigned", "info", "user"),
    ("offered", "note", "user"),
    ("planned", "wait", "circle-dashed"),
    ("not_done", "bad", "circle-x"),
];

const TOWN_COLUMNS: [Column; 8] = [
    Column::text("town", "field.town_code"),
    Column::number("institutions", "board.institutions"),
    Column::number("stations", "board.stations"),
    Column::number("coverage", "board.coverage"),
    Column::number("beds", "board.beds"),
    Column::number("occupancy", "board.occupancy"),
    Column::number("visits", "board.visits"),
    Column::number("alerts", "board.alerts"),
];

const INSTITUTION_COLUMNS: [Column; 6] = [
    Column::text("name", "field.name"),
    Column::text("kind", "field.kind"),
    Column::text("state", "field.state"),
    Column::number("beds", "board.beds"),
    Column::number("occupied", "board.occupied"),
    Column::number("occupancy", "board.occupancy"),
];

/// `town` is the one that was asked for.
pub fn board(context: &Context, summary: &Summary, town: Option<&str>) -> Board {
    let by_institution = summary.towns.len() <= 1;
    let (towns_heading, towns) = if by_institution {
        (
            "board.by_institution",
            table(context, &INSTITUTION_COLUMNS, institution_rows(context, &summary.institutions)),
        )
    } else {
        ("board.by_town", table(context, &TOWN_COLUMNS, town_rows(context, &summary.towns)))
    };
    let link = |need, path: &str| context.may(need).then(|| with_town(path, town));
    Board {
        heading: heading(context, summary),
        subheading: context.lang.fill("board.as_of", &[("at", &context.show(summary.now))]),
        back_href: town.map(|_| "/board"),
        groups: groups(context, &summary.figures, town),
        towns_heading: context.t(towns_heading).into_owned(),
        towns,
        visits_href: link(Permission::SeeVisits, "/visits"),
        visit_states: visit_states(context, &summary.total, town),
        alerts_href: link(Permission::SeeAlerts, "/alerts"),
        alerts: summary.alerts.iter().map(|line| alert(context, line)).collect(),
        devices_href: link(Permission::SeeDevices, "/devices"),
        readings: summary.readings.iter().map(|line| reading(context, line)).collect(),
    }
}

fn heading(context: &Context, summary: &Summary) -> String {
    match summary.towns.as_slice() {
        [] => context.t("board.heading_institution").into_owned(),
        [(town, _)] => {
            let name = context.pick(&town.name_zh, &town.name_en);
            context.lang.fill("board.heading_town", &[("town", name)])
        }
        _ if summary.is_city => context.t("board.heading").into_owned(),
        _ => context.t("board.heading_towns").into_owned(),
    }
}

fn groups(context: &Context, figures: &[Figure], town: Option<&str>) -> Vec<GroupView> {
    Group::ALL
        .into_iter()
        .map(|group| GroupView {
            heading: context.t(&format!("board.group.{}", group.name())).into_owned(),
            big: group == Group::Today,
            tiles: figures
                .iter()
                .filter(|figure| figure.group == group)
                .map(|figure| tile(context, figure, town))
                .collect(),
        })
        .collect()
}

fn tile(context: &Context, figure: &Figure, town: Option<&str>) -> Tile {
    let text = |part: &str| context.t(&format!("figure.{}.{part}", figure.key)).into_owned();
    let unit = match figure.value {
        Value::Part(_, whole) => text("unit").replace("{whole}", &group_digits(whole)),
        _ => text("unit"),
    };
    let freshness = figure.freshness.name();
    Tile {
        key: figure.key,
        label: text("label"),
        value: value_text(figure.value),
        unit,
        definition: text("definition"),
        as_of_text: as_of(context, figure),
        freshness,
        freshness_text: context.t(&format!("figures.fresh.{freshness}")).into_owned(),
        href: context.may(needed(figure.rows)).then(|| with_town(figure.rows, town)),
        trend_points: None,
    }
}

/// The time of a figure of today, the day of an older one.
fn as_of(context: &Context, figure: &Figure) -> String {
    let calendar = context.app.calendar;
    let day = if figure.by_day { figure.as_of.date() } else { calendar.day_of(figure.as_of) };
    if figure.by_day || day != context.today() { day.to_string() } else { calendar.show_time(figure.as_of) }
}

/// What a reader must be allowed to see for the rows behind a figure.
fn needed(path: &str) -> Permission {
    match path.split('?').next() {
        Some("/beds") => Permission::SeeBeds,
        Some("/visits") => Permission::SeeVisits,
        Some("/elders") => Permission::SeeElders,
        Some("/devices") => Permission::SeeDevices,
        Some("/alerts") => Permission::SeeAlerts,
        _ => Permission::SeeRegistry,
    }
}

fn with_town(path: &str, town: Option<&str>) -> String {
    match town {
        Some(code) => format!("{path}{}town={code}", if path.contains('?') { '&' } else { '?' }),
        None => path.to_owned(),
    }
}

fn percent(value: Option<f64>, decimals: usize) -> Cell {
    match value {
        Some(share) => Cell::number(share, format!("{share:.decimals$} %")),
        None => Cell { text: "—".to_owned(), numeric: true, ..Cell::default() },
    }
}

fn town_rows(context: &Context, towns: &[(TownName, Tally)]) -> Vec<Row> {
    towns
        .iter()
        .map(|(town, tally)| Row {
            href: Some(format!("/board?town={}", town.code)),
            cells: vec![
                Cell::text(context.pick(&town.name_zh, &town.name_en)),
                Cell::count(tally.institutions_in("operating")),
                Cell::count(tally.stations),
                percent(tally.coverage(), 0),
                Cell::count(tally.beds),
                percent(tally.occupancy(), 1),
                Cell::count(tally.visits_in_all()),
                Cell::count(tally.open_alerts),
            ],
        })
        .collect()
}

fn institution_rows(context: &Context, lines: &[InstitutionLine]) -> Vec<Row> {
    lines
        .iter()
        .map(|line| {
            let share = (line.beds > 0).then(|| line.occupied as f64 * 100.0 / line.beds as f64);
            let tone = if line.state == "operating" { "ok" } else { "info" };
            Row {
                href: context.may(Permission::SeeRegistry).then(|| format!("/institutions/{}", line.id)),
                cells: vec![
                    Cell::text(&line.name),
                    Cell::text(context.name_of("institution_kind", &line.kind)),
                    Cell::chip(context.name_of("institution_state", &line.state), tone),
                    Cell::count(line.beds),
                    Cell::count(line.occupied),
                    percent(share, 1),
                ],
            }
        })
        .collect()
}

fn visit_states(context: &Context, total: &Tally, town: Option<&str>) -> Vec<StateView> {
    let all = total.visits_in_all().max(1) as f64;
    let mut x = 0.0;
    VISIT_STATES
        .into_iter()
        .map(|(key, chip, icon)| {
            let count = total.visits_in(key);
            let width = count as f64 * 100.0 / all;
            let state = StateView {
                key,
                label: context.t(&format!("board.visit_state.{key}")).into_owned(),
                value: group_digits(count),
                chip,
                icon,
                href: context
                    .may(Permission::SeeVisits)
                    .then(|| with_town(&format!("/visits?state={key}"), town)),
                bar_x: format!("{x:.2}"),
                bar_width: format!("{width:.2}"),
            };
            x += width;
            state
        })
        .collect()
}

fn alert(context: &Context, line: &AlertLine) -> FeedItem {
    let (value, chip) = match line.acknowledged_at {
        Some(_) => (context.t("board.alert_acknowledged"), "warn"),
        None => (context.t("board.alert_new"), "bad"),
    };
    FeedItem {
        key: format!("alert-{}", line.id),
        what: context.name_of("alert_kind", &line.kind),
        value: value.into_owned(),
        place: format!("{} · {}", context.pick(&line.town_zh, &line.town_en), line.device_name),
        at: context.app.calendar.rfc3339(line.raised_at),
        at_text: context.show(line.raised_at),
        href: context.may(Permission::SeeAlerts).then(|| format!("/alerts/{}", line.id)),
        chip: Some(chip),
        live: None,
    }
}

fn reading(context: &Context, line: &ReadingLine) -> FeedItem {
    let words = Words::of(context);
    let key = format!("reading:{}:{}", line.device_id, line.channel);
    FeedItem {
        key: format!("reading-{}-{}", line.device_id, line.channel),
        what: channel_name(&words, line.channel),
        value: channel_value(&words, line.channel, line.value),
        place: line.device_name.clone(),
        at: context.app.calendar.rfc3339(line.at),
        at_text: context.show(line.at),
        href: context.may(Permission::SeeDevices).then(|| format!("/devices/{}", line.device_id)),
        chip: None,
        live: Some(key),
    }
}
