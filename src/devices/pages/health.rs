//! How ingest is doing, live: rates, lag, queue, commits, and whether what was acknowledged is what was committed. The figures are
//! those of the process that answers.

use actix_web::HttpResponse;
use askama::Template;
use serde_json::Value;

use crate::access::Permission;
use crate::clock::from_millis;
use crate::devices::ingest::{HISTORY_S, Snapshot};
use crate::error::Result;
use crate::web::chart::{Across, Measure, Upwards, line};
use crate::web::{
    Cell, ChartView, ChartsView, Field, HeadView, Page, Row, Shape, TableView, Visitor, group_digits, html,
};

#[derive(Template)]
#[template(path = "ingest_health.html")]
struct HealthPage {
    page: Page,
    state: StateView,
    tiles: Vec<TileView>,
    charts: ChartsView,
    broker: Vec<Field>,
}

struct StateView {
    tone: &'static str,
    text: String,
    more: String,
}

struct TileView {
    label: String,
    value: String,
    unit: String,
    note: String,
}

pub async fn show(visitor: Visitor) -> Result<HttpResponse> {
    visitor.scope().reach(Permission::ManageDevice)?;
    let told = visitor.app.ingest.snapshot(visitor.app.clock.now());
    html(&HealthPage {
        page: Page::new(&visitor, &visitor.t("ingest.heading")),
        state: state(&visitor, &visitor.app.parts.report("devices")),
        tiles: tiles(&visitor, &told),
        charts: charts(&visitor, &told),
        broker: broker(&visitor, &told),
    })
}

fn state(visitor: &Visitor, part: &Value) -> StateView {
    let text = |name: &str| part[name].as_str().unwrap_or_default().to_owned();
    let (tone, key) = match part["ready"].as_bool() {
        Some(true) => ("ok", "ingest.ready"),
        Some(false) => ("bad", "ingest.failing"),
        None => ("off", "ingest.off"),
    };
    let named = |group: &str, name: &str| visitor.t(&format!("{group}.{name}")).into_owned();
    let mode = Some(text("mode")).filter(|mode| !mode.is_empty()).map(|mode| named("ingest_mode", &mode));
    let address = Some(text("address")).filter(|address| !address.is_empty());
    let failing = part["failing"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let failing = failing.map(|subject| named("ingest_trouble", subject));
    let more: Vec<String> = mode.into_iter().chain(address).chain(failing).collect();
    StateView { tone, text: visitor.t(key).into_owned(), more: more.join(" · ") }
}

fn tiles(visitor: &Visitor, told: &Snapshot) -> Vec<TileView> {
    let count = |count: u64| group_digits(i64::try_from(count).unwrap_or(i64::MAX));
    let tile = |label: &str, value: String, unit: &str, note: String| TileView {
        label: visitor.t(label).into_owned(),
        value,
        unit: if unit.is_empty() { String::new() } else { visitor.t(unit).into_owned() },
        note,
    };
    let since = visitor.t("ingest.since_start").into_owned();
    let minute = visitor.t("ingest.last_minute").into_owned();
    let average = visitor.lang.fill(
        "ingest.per_commit",
        &[("n", &format!("{:.1}", told.messages_per_commit())), ("ms", &told.took_ms_max().to_string())],
    );
    vec![
        tile("ingest.messages", format!("{:.1}", told.messages_per_s()), "ingest.per_s", minute.clone()),
        tile("ingest.rows", format!("{:.1}", told.rows_per_s()), "ingest.per_s", minute.clone()),
        tile("ingest.lag", count(told.lag_ms_max()), "ingest.ms", minute),
        tile("ingest.queue", count(told.queue), "", visitor.t("ingest.queue_note").into_owned()),
        tile("ingest.commits", count(told.commits), "", average),
        tile("ingest.duplicates", count(told.duplicates), "", since.clone()),
        tile("ingest.unreadable", count(told.unreadable), "", since.clone()),
        tile("ingest.refused", count(told.refused), "", since),
    ]
}

/// Messages and rows of each second of the last minute.
fn charts(visitor: &Visitor, told: &Snapshot) -> ChartsView {
    let to_s = visitor.app.clock.now().and_utc().timestamp();
    let across = Across { from_s: to_s - HISTORY_S, to_s };
    let each = |value: fn(&crate::devices::ingest::Second) -> u64| -> Vec<Measure> {
        // A second in which nothing was committed is one of none, not a gap.
        let seconds = (across.from_s + 1..=to_s).map(|at_s| {
            let second = told.minute.iter().find(|second| second.at_s == at_s);
            let value = second.map_or(0, value) as f64;
            Measure { from_s: at_s - 1, to_s: at_s, lowest: value, highest: value, mean: value }
        });
        seconds.collect()
    };
    let (messages, rows) = (each(|second| second.messages), each(|second| second.rows));
    let ends = messages.iter().chain(&rows).map(|one| one.mean).chain([0.0, 5.0]);
    let upwards = Upwards::over(ends);
    let marks = across.marks().into_iter().map(|at| format!("{} s", at - to_s));
    let most = |measures: &[Measure]| measures.iter().map(|one| one.mean).fold(0.0, f64::max).to_string();
    let chart = ChartView {
        heading: visitor.t("ingest.minute").into_owned(),
        summary: visitor
            .lang
            .fill("ingest.minute_summary", &[("messages", &most(&messages)), ("rows", &most(&rows))]),
        unit: visitor.t("ingest.per_s").into_owned(),
        values: upwards.labels(),
        marks: marks.collect(),
        is_strip: false,
        shapes: vec![
            Shape::new("grid", upwards.grid()),
            Shape::new("line", line(across, upwards, &messages, 1)),
            Shape::new("line second", line(across, upwards, &rows, 1)),
        ],
        key: vec![
            ("line", visitor.t("ingest.messages").into_owned()),
            ("line second", visitor.t("ingest.rows").into_owned()),
        ],
        table_label: visitor.t("chart.table").into_owned(),
        table: table(visitor, told),
    };
    ChartsView {
        heading: visitor.t("ingest.last_minute").into_owned(),
        tabs: Vec::new(),
        note: None,
        empty: String::new(),
        charts: vec![chart],
    }
}

fn table(visitor: &Visitor, told: &Snapshot) -> TableView {
    let head = |key: &str, numeric: bool| HeadView {
        label: visitor.t(key).into_owned(),
        numeric,
        sort_href: None,
        sorted: "",
    };
    let number = |value: u64| Cell::count(i64::try_from(value).unwrap_or(i64::MAX));
    let row = |second: &crate::devices::ingest::Second| Row {
        href: None,
        cells: vec![
            Cell::text(visitor.app.calendar.show_seconds(from_millis(second.at_s * 1_000))),
            number(second.messages),
            number(second.rows),
            number(second.commits),
            number(second.lag_ms_max),
        ],
    };
    TableView {
        columns: vec![
            head("field.from_at", false),
            head("ingest.messages", true),
            head("ingest.rows", true),
            head("ingest.commits", true),
            head("ingest.lag", true),
        ],
        rows: told.minute.iter().map(row).collect(),
    }
}

/// The broker's own counters, which must agree with each other.
fn broker(visitor: &Visitor, told: &Snapshot) -> Vec<Field> {
    let (Some(counters), Some(under_way)) = (told.broker, told.under_way()) else { return Vec::new() };
    let count = |key: &str, count: u64| {
        Field::new(visitor.t(key), group_digits(i64::try_from(count).unwrap_or(i64::MAX)))
    };
    let agreement = match under_way {
        ..0 => Field::new(visitor.t("ingest.agreement"), visitor.t("ingest.disagree")).chip("bad"),
        0 => Field::new(visitor.t("ingest.agreement"), visitor.t("ingest.agree")).chip("ok"),
        1.. => {
            let text = visitor.lang.fill("ingest.under_way", &[("n", &group_digits(under_way))]);
            Field::new(visitor.t("ingest.agreement"), text).chip("wait")
        }
    };
    vec![
        count("ingest.publishes", counters.publishes),
        count("ingest.acknowledged", counters.committed),
        count("ingest.refused", counters.refused),
        count("ingest.forbidden", counters.forbidden),
        agreement,
        count("ingest.connects_refused", counters.connects_refused),
    ]
}
