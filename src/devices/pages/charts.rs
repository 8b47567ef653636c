//! Charts of devices: a band and a line for what is measured, a strip for what is on or off, the limits that raise alerts.

use chrono::Datelike;

use super::{channel_name, value_text};
use crate::clock::{Instant, from_millis};
use crate::db::AnyConnection;
use crate::devices::limits::in_force;
use crate::devices::model::{Shown, known, shown};
pub use crate::devices::spans::ChartSpan;
use crate::devices::spans::{Bucket, by_day, by_hour, by_month, load, raising};
use crate::devices::store::{DeviceListed, DeviceRow, limits_of, moved_at};
use crate::error::Result;
use crate::web::chart::{Across, Measure, Upwards, band, line, points, strip};
use crate::web::{Cell, ChartView, ChartsView, HeadView, Row, Shape, Tab, TableView, Words};

/// Charts of one page at most: a station's devices have a few channels each.
const CHARTS_MAX: usize = 24;
/// Room above and below for a limit that is a little outside of what was measured, as a share of it.
const LIMIT_REACH: f64 = 0.75;

/// From which values on an alert is raised: below, above.
type Limits = (Option<f64>, Option<f64>);

/// Charts of all that one device measured.
pub fn device_charts(
    connection: &mut AnyConnection,
    words: &Words,
    listed: &DeviceListed,
    span: ChartSpan,
) -> Result<ChartsView> {
    let id = listed.device.id;
    let named = |_: i64| String::new();
    let charts = of_devices(connection, words, (&[id], &named), (span, &format!("/devices/{id}")))?;
    let moved = moved_at(connection, &[id])?.remove(&id);
    let note = |at| words.lang.fill("chart.since_move", &[("when", &words.calendar.show(at))]);
    Ok(ChartsView { note: moved.map(note), ..charts })
}

/// Charts of what a place's devices measured; those with an elder are told by the elder's readings.
pub(crate) fn station_charts(
    connection: &mut AnyConnection,
    words: &Words,
    devices: &[DeviceRow],
    (span, path): (ChartSpan, &str),
) -> Result<ChartsView> {
    let ids: Vec<i64> =
        devices.iter().filter(|device| device.elder_id.is_none()).map(|device| device.id).collect();
    let named = |id: i64| {
        let device = devices.iter().find(|device| device.id == id);
        device.map(|device| format!("{} · ", device.name)).unwrap_or_default()
    };
    of_devices(connection, words, (&ids, &named), (span, path))
}

fn of_devices(
    connection: &mut AnyConnection,
    words: &Words,
    (ids, named): (&[i64], &dyn Fn(i64) -> String),
    (span, path): (ChartSpan, &str),
) -> Result<ChartsView> {
    let found = load(connection, ids, (span, None), (words.calendar, words.now))?;
    let own = limits_of(connection, ids)?;
    let drawn = found.iter().filter(|(_, buckets)| !buckets.is_empty()).take(CHARTS_MAX);
    let charts = drawn.map(|((device, channel), buckets)| {
        let heading = format!("{}{}", named(*device), channel_name(words, *channel));
        let set = own.iter().find(|row| row.device_id == *device && row.channel == *channel);
        let limits = raising(known(*channel).and_then(|known| in_force(known, set)));
        one(words, (span, *channel), (heading, limits), buckets)
    });
    Ok(ChartsView {
        heading: words.t("chart.heading"),
        tabs: tabs(words, span, path),
        note: None,
        empty: words.t("chart.empty"),
        charts: charts.collect(),
    })
}

fn tabs(words: &Words, chosen: ChartSpan, path: &str) -> Vec<Tab> {
    let tab = |span: &ChartSpan| Tab {
        label: words.name_of("chart_span", span.name()),
        href: format!("{path}?span={}#charts-heading", span.name()),
        current: *span == chosen,
    };
    ChartSpan::ALL.iter().map(tab).collect()
}

fn one(
    words: &Words,
    (span, channel): (ChartSpan, i16),
    (heading, limits): (String, Limits),
    buckets: &[Bucket],
) -> ChartView {
    let (from, to) = span.bounds(words.calendar, words.now);
    let across = Across { from_s: from.and_utc().timestamp(), to_s: to.and_utc().timestamp() };
    let marks = across.marks().into_iter().map(|at_s| mark(words, span, from_millis(at_s * 1_000)));
    let view = ChartView {
        heading,
        summary: summary(words, channel, buckets),
        unit: unit_of(channel).to_owned(),
        marks: marks.collect(),
        table_label: words.t("chart.table"),
        table: table(words, (span, channel), limits, buckets),
        ..ChartView::default()
    };
    let measures: Vec<Measure> = buckets.iter().map(Bucket::measure).collect();
    if is_switch(channel) {
        return switch(words, channel, across, &measures, view);
    }
    let (upwards, shapes, key) = curve(words, across, (&measures, span.pause_s()), limits);
    ChartView { values: upwards.labels(), shapes, key, ..view }
}

/// Band, line and limits, with what they are called.
pub(super) fn curve(
    words: &Words,
    across: Across,
    (measures, pause_s): (&[Measure], i64),
    limits: (Option<f64>, Option<f64>),
) -> (Upwards, Vec<Shape>, Vec<(&'static str, String)>) {
    let ends = measures.iter().flat_map(|one| [one.lowest, one.highest]);
    let upwards = scale(ends.collect(), limits);
    let mut shapes = vec![
        Shape::new("grid", upwards.grid()),
        Shape::new("band", band(across, upwards, measures, pause_s)),
        Shape::new("line", line(across, upwards, measures, pause_s)),
    ];
    let mut key = vec![("line", words.t("chart.mean")), ("band", words.t("chart.lowest_to_highest"))];
    let shown: Vec<f64> =
        [limits.0, limits.1].into_iter().flatten().filter(|one| upwards.shows(*one)).collect();
    if !shown.is_empty() {
        shapes.push(Shape::new("limit", shown.iter().map(|limit| upwards.rule(*limit)).collect()));
        key.push(("limit", words.t("chart.limit")));
    }
    let beyond = outside(measures, limits);
    if !beyond.is_empty() {
        shapes.push(Shape::new("outside", points(across, upwards, beyond)));
        key.push(("outside", words.t("chart.outside")));
    }
    (upwards, shapes, key)
}

/// Where a span went beyond a limit: its middle, and how far it went.
pub(super) fn outside(measures: &[Measure], (low, high): (Option<f64>, Option<f64>)) -> Vec<(i64, f64)> {
    let mut found = Vec::new();
    for one in measures {
        let middle = i64::midpoint(one.from_s, one.to_s);
        if low.is_some_and(|low| one.lowest <= low) {
            found.push((middle, one.lowest));
        }
        if high.is_some_and(|high| one.highest >= high) {
            found.push((middle, one.highest));
        }
    }
    found
}

/// Values upwards, with the limits that are not far from what was measured.
pub(super) fn scale(mut values: Vec<f64>, (low, high): (Option<f64>, Option<f64>)) -> Upwards {
    let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let reach = ((highest - lowest) * LIMIT_REACH).max(highest.abs() * 0.15).max(1.0);
    values.extend(low.filter(|low| *low >= lowest - reach));
    values.extend(high.filter(|high| *high <= highest + reach));
    Upwards::over(values)
}

fn switch(words: &Words, channel: i16, across: Across, measures: &[Measure], view: ChartView) -> ChartView {
    let pieces = |on: bool| {
        let chosen = measures.iter().filter(|one| (one.highest >= 0.5) == on);
        strip(across, chosen.map(|one| (one.from_s, one.to_s)))
    };
    ChartView {
        is_strip: true,
        shapes: vec![Shape::new("off", pieces(false)), Shape::new("on", pieces(true))],
        key: vec![("on", value_text(words, channel, 1.0)), ("off", value_text(words, channel, 0.0))],
        ..view
    }
}

fn is_switch(channel: i16) -> bool {
    matches!(shown(channel, 0.0), Shown::Word(_))
}

pub(super) fn unit_of(channel: i16) -> &'static str {
    known(channel).map_or("", |known| known.unit().symbol())
}

/// A mark below: the time of day, or the day.
fn mark(words: &Words, span: ChartSpan, at: Instant) -> String {
    match span {
        ChartSpan::Day => words.calendar.show_time(at),
        ChartSpan::Month | ChartSpan::Year => {
            let day = words.calendar.day_of(at);
            format!("{:02}-{:02}", day.month(), day.day())
        }
    }
}

/// What the drawing says in words.
fn summary(words: &Words, channel: i16, buckets: &[Bucket]) -> String {
    let lowest = buckets.iter().map(|one| one.lowest).fold(f64::INFINITY, f64::min);
    let highest = buckets.iter().map(|one| one.highest).fold(f64::NEG_INFINITY, f64::max);
    let show = |at: Option<Instant>| at.map(|at| words.calendar.show(at)).unwrap_or_default();
    let readings: i64 = buckets.iter().map(|one| one.readings).sum();
    words.lang.fill(
        "chart.summary",
        &[
            ("channel", &channel_name(words, channel)),
            ("from", &show(buckets.first().map(|one| one.starts_at))),
            ("to", &show(buckets.last().map(|one| one.ends_at))),
            ("lowest", &value_text(words, channel, lowest)),
            ("highest", &value_text(words, channel, highest)),
            ("n", &readings.to_string()),
        ],
    )
}

/// The same numbers: a day by the hour, a month by the day, a year by the month.
fn table(
    words: &Words,
    (span, channel): (ChartSpan, i16),
    (low, high): Limits,
    buckets: &[Bucket],
) -> TableView {
    let calendar = words.calendar;
    let (rows, label): (Vec<Bucket>, &dyn Fn(Instant) -> String) = match span {
        ChartSpan::Day => (by_hour(calendar, buckets), &|at| calendar.show(at)),
        ChartSpan::Month => (by_day(calendar, buckets), &|at| calendar.day_of(at).to_string()),
        ChartSpan::Year => {
            (by_month(calendar, buckets), &|at| calendar.day_of(at).format("%Y-%m").to_string())
        }
    };
    let row = |one: &Bucket| table_row(words, channel, (label(one.starts_at), one), (low, high));
    TableView { columns: table_heads(words), rows: rows.iter().map(row).collect() }
}

pub(super) fn table_heads(words: &Words) -> Vec<HeadView> {
    let keys = [
        ("field.from_at", false),
        ("field.lowest", true),
        ("field.highest", true),
        ("field.mean", true),
        ("field.readings", true),
        ("field.note", false),
    ];
    let head =
        |(key, numeric): (&str, bool)| HeadView { label: words.t(key), numeric, sort_href: None, sorted: "" };
    keys.into_iter().map(head).collect()
}

/// Lowest, highest and mean of a bucket, and in words where they are beyond a limit.
pub(super) fn table_row(
    words: &Words,
    channel: i16,
    (label, one): (String, &Bucket),
    (low, high): (Option<f64>, Option<f64>),
) -> Row {
    let value = |value: f64| Cell::number(value, value_text(words, channel, value));
    let below = low.is_some_and(|low| one.lowest <= low);
    let above = high.is_some_and(|high| one.highest >= high);
    let note = match (below, above) {
        (true, true) => Cell::chip(words.t("chart.both"), "bad"),
        (true, false) => Cell::chip(words.t("chart.below"), "bad"),
        (false, true) => Cell::chip(words.t("chart.above"), "bad"),
        (false, false) => Cell::text(""),
    };
    Row {
        href: None,
        cells: vec![
            Cell::text(label),
            value(one.lowest),
            value(one.highest),
            if is_switch(channel) { Cell::text("") } else { value(one.mean()) },
            Cell::count(one.readings),
            note,
        ],
    }
}
