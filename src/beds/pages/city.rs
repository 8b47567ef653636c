//! The city's view: beds by institution, town and kind, the year behind and the fortnight ahead, and the office's rules.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use askama::Template;

use super::city_trend::{TrendView, trend};
use crate::access::Permission;
use crate::beds::model::{Counts, RuleCode, RuleMode, Rules, is_idle, is_stale};
use crate::beds::reports::{Report, report};
use crate::beds::set_rule;
use crate::beds::store::{ConfirmationRow, HouseCounts, admission_rules, counts_at, latest_confirmations};
use crate::error::{Error, Result};
use crate::registry::map::MapView;
use crate::registry::store::names_of_towns;
use crate::text::Text;
use crate::web::{
    Cell, Column, Input, Page, Row, TableView, Visitor, Words, group_digits, html, redirect, table,
};

#[derive(Template)]
#[template(path = "bed_city.html")]
struct CityPage {
    page: Page,
    city: CityView,
}

struct CityView {
    heading: String,
    subheading: String,
    tiles: Vec<TileView>,
    tables: Vec<PartView>,
    trend: TrendView,
    forecast: TableView,
    forecast_method: String,
    rules: Vec<RuleView>,
    may_set_rules: bool,
    map: MapView,
}

struct TileView {
    label: String,
    value: String,
    unit: String,
    href: Option<String>,
}

struct PartView {
    id: &'static str,
    heading: String,
    /// How many rows.
    count: String,
    table: TableView,
}

struct RuleView {
    code: &'static str,
    label: String,
    about: String,
    modes: Vec<(&'static str, String, bool)>,
}

struct Found {
    rows: Vec<HouseCounts>,
    confirmed: std::collections::HashMap<i64, ConfirmationRow>,
    report: Report,
    rules: Rules,
    towns: BTreeMap<String, String>,
    elders: Option<i64>,
}

pub async fn show(visitor: Visitor) -> Result<HttpResponse> {
    let (scope, words) = (visitor.scope(), Words::of(&visitor));
    let asked = words.clone();
    let found = visitor
        .app
        .db
        .read(move |connection| {
            let today = asked.calendar.day_of(asked.now);
            let towns = names_of_towns(connection)?;
            Ok(Found {
                rows: counts_at(connection, &scope, asked.now)?,
                confirmed: latest_confirmations(connection)?,
                report: report(connection, &scope, None, asked.calendar, asked.now)?,
                rules: admission_rules(connection)?,
                towns: towns
                    .into_iter()
                    .map(|(code, name)| (code, name.in_lang(asked.lang).to_owned()))
                    .collect(),
                elders: crate::insight::registered_elders(connection, today)?,
            })
        })
        .await?;
    let reach = visitor.scope().reach(Permission::SeeBeds)?;
    let may_set_rules = visitor.scope().reach(Permission::EditInstitution).is_ok_and(|reach| reach.city);
    let operating: Vec<&HouseCounts> =
        found.rows.iter().filter(|row| row.institution_state == "operating").collect();
    let total = sum(operating.iter().map(|row| row.counts));
    let view = CityView {
        heading: visitor.t("bed.city").into_owned(),
        subheading: visitor.lang.fill("bed.board_sub", &[("at", &visitor.show(visitor.now))]),
        tiles: tiles(&visitor, &total, found.elders.filter(|_| reach.city)),
        tables: tables(&visitor, &words, &found, &operating),
        trend: trend(&visitor, &found.report.year),
        forecast: forecast(&visitor, &found.report),
        forecast_method: visitor.t("bed.forecast_method").into_owned(),
        rules: rules(&visitor, found.rules),
        may_set_rules,
        map: MapView::new(&visitor.app.config, "/beds/map.json", "stay"),
    };
    html(&CityPage { page: Page::new(&visitor, &visitor.t("bed.city")), city: view })
}

fn sum(counts: impl Iterator<Item = Counts>) -> Counts {
    counts.fold(Counts::default(), |mut all, one| {
        all += one;
        all
    })
}

fn tiles(visitor: &Visitor, total: &Counts, elders: Option<i64>) -> Vec<TileView> {
    let tile = |key: &str, value: String, unit: &str, href: Option<&str>| TileView {
        label: visitor.t(key).into_owned(),
        value,
        unit: unit.to_owned(),
        href: href.map(str::to_owned),
    };
    let share = total.occupancy().map_or_else(|| "—".to_owned(), |share| format!("{share:.1}"));
    let mut tiles = vec![
        tile("field.beds", group_digits(total.beds()), "", Some("/beds")),
        tile("bed.occupancy", share, "%", Some("/beds?lived_in=true")),
    ];
    for state in crate::beds::BedState::ALL {
        tiles.push(TileView {
            label: visitor.name_of("bed_state", state.name()),
            value: group_digits(total.of(*state)),
            unit: String::new(),
            href: Some(format!("/beds?state={}", state.name())),
        });
    }
    if let Some(elders) = elders.filter(|elders| *elders > 0) {
        let per_thousand = total.beds() as f64 * 1_000.0 / elders as f64;
        tiles.push(tile("bed.per_thousand", format!("{per_thousand:.1}"), "", None));
    }
    tiles
}

const PART_COLUMNS: &[Column] = &[
    Column::text("name", "field.part"),
    Column::number("beds", "field.beds"),
    Column::number("occupied", "enums.bed_state.occupied"),
    Column::number("on_leave", "enums.bed_state.on_leave"),
    Column::number("reserved", "enums.bed_state.reserved"),
    Column::number("out", "enums.bed_state.out_of_service"),
    Column::number("free", "enums.bed_state.free"),
    Column::number("share", "bed.occupancy"),
];

const HOUSE_COLUMNS: &[Column] = &[
    Column::text("name", "field.institution"),
    Column::number("beds", "field.beds"),
    Column::number("occupied", "enums.bed_state.occupied"),
    Column::number("on_leave", "enums.bed_state.on_leave"),
    Column::number("reserved", "enums.bed_state.reserved"),
    Column::number("out", "enums.bed_state.out_of_service"),
    Column::number("free", "enums.bed_state.free"),
    Column::number("share", "bed.occupancy"),
    Column::text("remark", "bed.remark"),
    Column::text("age", "bed.figures_age"),
];

fn part_cells(name: Cell, counts: &Counts) -> Vec<Cell> {
    let mut cells = vec![name, Cell::count(counts.beds())];
    cells.extend(crate::beds::BedState::ALL.iter().map(|state| Cell::count(counts.of(*state))));
    cells.push(match counts.occupancy() {
        Some(share) => Cell::number(share, format!("{share:.1} %")),
        None => Cell { text: "—".to_owned(), numeric: true, ..Cell::default() },
    });
    cells
}

fn tables(visitor: &Visitor, words: &Words, found: &Found, operating: &[&HouseCounts]) -> Vec<PartView> {
    let by = |key: fn(&HouseCounts) -> &str| -> BTreeMap<String, Counts> {
        let mut parts: BTreeMap<String, Counts> = BTreeMap::new();
        for row in operating {
            *parts.entry(key(row).to_owned()).or_default() += row.counts;
        }
        parts
    };
    let part = |id, heading: &str, parts: BTreeMap<String, Counts>, name: &dyn Fn(&str) -> Cell| {
        let rows = parts.iter().map(|(key, counts)| Row { href: None, cells: part_cells(name(key), counts) });
        let (heading, count) = (visitor.t(heading).into_owned(), group_digits(parts.len() as i64));
        PartView { id, heading, count, table: table(visitor, PART_COLUMNS, rows.collect()) }
    };
    let town = |code: &str| Cell::text(found.towns.get(code).cloned().unwrap_or_default());
    vec![
        houses(visitor, words, found, operating),
        part("by-town", "bed.by_town", by(|row| &row.town_code), &town),
        part("by-kind", "bed.by_kind", by(|row| &row.bed_kind), &|kind| {
            Cell::text(words.name_of("bed_kind", kind))
        }),
        part("by-house", "bed.by_house_kind", by(|row| &row.institution_kind), &|kind| {
            Cell::text(words.name_of("institution_kind", kind))
        }),
    ]
}

/// Institutions, the idle village homes on top.
fn houses(visitor: &Visitor, words: &Words, found: &Found, operating: &[&HouseCounts]) -> PartView {
    let mut by_house: BTreeMap<i64, (&HouseCounts, Counts)> = BTreeMap::new();
    for row in operating {
        by_house.entry(row.institution_id).or_insert((row, Counts::default())).1 += row.counts;
    }
    let mut rows: Vec<(bool, i64, Row)> = Vec::new();
    let today = words.calendar.day_of(words.now);
    for (id, (row, counts)) in &by_house {
        let idle = is_idle(&row.institution_kind, counts);
        let mut cells = part_cells(Cell::text(&row.institution), counts);
        cells.push(if idle {
            Cell::chip(words.t("bed.idle"), "warn")
        } else if row.licence_ends_on.is_some_and(|last| last < today) {
            Cell::chip(words.t("fit.licence"), "bad")
        } else {
            Cell::default()
        });
        let at = found.confirmed.get(id).map(|row| row.at);
        cells.push(match at {
            None => Cell::chip(words.t("bed.never_confirmed"), "warn"),
            Some(at) if is_stale(Some(at), words.now) => Cell::chip(words.calendar.show(at), "warn"),
            Some(at) => Cell::at(words.calendar.show(at), words.calendar.rfc3339(at)),
        });
        rows.push((!idle, -counts.beds(), Row { href: Some(format!("/institutions/{id}/beds")), cells }));
    }
    rows.sort_by_key(|(busy, beds, _)| (*busy, *beds));
    let rows: Vec<Row> = rows.into_iter().map(|(_, _, row)| row).collect();
    PartView {
        id: "houses",
        heading: visitor.t("bed.by_house").into_owned(),
        count: group_digits(rows.len() as i64),
        table: table(visitor, HOUSE_COLUMNS, rows),
    }
}

const FORECAST_COLUMNS: &[Column] = &[
    Column::text("day", "field.day"),
    Column::number("free", "enums.bed_state.free"),
    Column::number("freed", "bed.freed"),
    Column::number("taken", "bed.taken"),
];

fn forecast(visitor: &Visitor, report: &Report) -> TableView {
    let rows = report.forecast.iter().map(|day| Row {
        href: None,
        cells: vec![
            Cell::text(day.day.to_string()),
            Cell::count(day.free),
            Cell::count(day.freed),
            Cell::count(day.taken),
        ],
    });
    table(visitor, FORECAST_COLUMNS, rows.collect())
}

fn rules(visitor: &Visitor, rules: Rules) -> Vec<RuleView> {
    let modes = |code: RuleCode| {
        RuleMode::ALL
            .iter()
            .map(|mode| (mode.name(), visitor.name_of("rule_mode", mode.name()), *mode == rules.of(code)))
            .collect()
    };
    RuleCode::ALL
        .iter()
        .map(|code| RuleView {
            code: code.name(),
            label: visitor.name_of("admission_rule", code.name()),
            about: visitor.name_of("admission_rule_about", code.name()),
            modes: modes(*code),
        })
        .collect()
}

pub async fn save_rule(visitor: Visitor, body: String) -> Result<HttpResponse> {
    let input = Input::parse(&body)?;
    let choose = |name: &'static str| Error::field(name, Text::new("rule.choose"));
    let code = RuleCode::parse(&input.text("code")).ok_or_else(|| choose("code"))?;
    let mode = RuleMode::parse(&input.text("mode")).ok_or_else(|| choose("mode"))?;
    visitor.app.write(&visitor.scope(), move |tx| set_rule(tx, code, mode)).await?;
    Ok(redirect("/beds/city#rules"))
}
