//! Charts of an elder's vital signs, with that elder's limits.

use super::charts::{scale, table_heads, table_row, unit_of};
use super::{channel_name, value_text};
use crate::clock::from_millis;
use crate::devices::spans::Bucket;
use crate::devices::vitals::{GROUPS, Limits, Series, VitalDays, Vitals};
use crate::error::{Error, Result};
use crate::text::Text;
use crate::web::chart::{Across, Measure, band, line, points};
use crate::web::{ChartView, ChartsView, Row, Shape, Tab, TableView, Words};

/// The days that an address asks for; a week without them.
pub fn days_of(query: &str) -> Result<VitalDays> {
    let asked = query.split('&').find_map(|pair| pair.strip_prefix("days="));
    let unknown = || Error::field("days", Text::new("rule.choose"));
    asked.map_or(Ok(VitalDays::Week), |name| VitalDays::parse(name).ok_or_else(unknown))
}

/// Classes of band and line, of the first series of a chart and of the second.
const CLASSES: [[&str; 2]; 2] = [["band", "line"], ["band second", "line second"]];

pub fn vital_charts(words: &Words, elder_id: i64, vitals: &Vitals) -> ChartsView {
    let tab = |days: &VitalDays| Tab {
        label: words.name_of("vital_days", days.name()),
        href: format!("/elders/{elder_id}/readings?days={}#charts-heading", days.name()),
        current: *days == vitals.days,
    };
    let charts = GROUPS.iter().filter_map(|group| {
        let series: Vec<&Series> = vitals
            .series
            .iter()
            .filter(|series| group.contains(&series.channel) && !series.buckets.is_empty())
            .collect();
        (!series.is_empty()).then(|| chart(words, vitals.days, &series))
    });
    ChartsView {
        heading: words.t("chart.vitals"),
        tabs: VitalDays::ALL.iter().map(tab).collect(),
        note: Some(words.t("chart.vitals_note")),
        empty: words.t("chart.empty"),
        charts: charts.collect(),
    }
}

fn chart(words: &Words, days: VitalDays, series: &[&Series]) -> ChartView {
    let (first, last) = days.days(words.calendar.day_of(words.now));
    let (from, to) = (words.calendar.bounds(first).0, words.calendar.bounds(last).1);
    let across = Across { from_s: from.and_utc().timestamp(), to_s: to.and_utc().timestamp() };
    let values = series.iter().flat_map(|one| one.buckets.iter().flat_map(|(b, _)| [b.lowest, b.highest]));
    let limits = both(series);
    let upwards = scale(values.collect(), limits);
    let mut shapes = vec![Shape::new("grid", upwards.grid())];
    let mut key = Vec::new();
    for (one, [area, through]) in series.iter().zip(CLASSES) {
        let measures: Vec<Measure> = one.buckets.iter().map(|(bucket, _)| bucket.measure()).collect();
        shapes.push(Shape::new(area, band(across, upwards, &measures, days.pause_s())));
        shapes.push(Shape::new(through, line(across, upwards, &measures, days.pause_s())));
        key.push((through, channel_name(words, one.channel.code() as i16)));
    }
    let mut rules = series.iter().flat_map(|one| [one.limits.0, one.limits.1]).flatten().peekable();
    if rules.peek().is_some() {
        let seen = rules.filter(|limit| upwards.shows(*limit));
        shapes.push(Shape::new("limit", seen.map(|limit| upwards.rule(limit)).collect()));
        let own = series.iter().any(|one| one.is_own);
        key.push(("limit", words.t(if own { "chart.own_limit" } else { "chart.usual_limit" })));
    }
    let beyond: Vec<(i64, f64)> = series.iter().flat_map(|one| beyond(one)).collect();
    if !beyond.is_empty() {
        shapes.push(Shape::new("outside", points(across, upwards, beyond)));
        key.push(("outside", words.t("chart.outside")));
    }
    let marks = across.marks().into_iter().map(|at| {
        let day = words.calendar.day_of(from_millis(at * 1_000));
        day.format("%m-%d").to_string()
    });
    let names: Vec<String> =
        series.iter().map(|one| channel_name(words, one.channel.code() as i16)).collect();
    ChartView {
        heading: names.join(&words.t("list.separator")),
        summary: summary(words, series),
        unit: unit_of(series[0].channel.code() as i16).to_owned(),
        values: upwards.labels(),
        marks: marks.collect(),
        is_strip: false,
        shapes,
        key,
        table_label: words.t("chart.table"),
        table: table(words, days, series),
    }
}

/// The lowest and the highest limit of all that a chart shows.
fn both(series: &[&Series]) -> Limits {
    let low = series.iter().filter_map(|one| one.limits.0).reduce(f64::min);
    (low, series.iter().filter_map(|one| one.limits.1).reduce(f64::max))
}

/// Values beyond the limits of their day.
fn beyond(series: &Series) -> Vec<(i64, f64)> {
    let each = series.buckets.iter();
    each.flat_map(|(bucket, limits)| super::charts::outside(&[bucket.measure()], *limits)).collect()
}

fn summary(words: &Words, series: &[&Series]) -> String {
    let said = series.iter().map(|one| {
        let code = one.channel.code() as i16;
        let buckets = || one.buckets.iter().map(|(bucket, _)| bucket);
        let lowest = buckets().map(|one| one.lowest).fold(f64::INFINITY, f64::min);
        let highest = buckets().map(|one| one.highest).fold(f64::NEG_INFINITY, f64::max);
        let day = |bucket: Option<&Bucket>| {
            bucket.map(|one| words.calendar.day_of(one.starts_at).to_string()).unwrap_or_default()
        };
        words.lang.fill(
            "chart.vital_summary",
            &[
                ("channel", &channel_name(words, code)),
                ("from", &day(buckets().next())),
                ("to", &day(buckets().next_back())),
                ("lowest", &value_text(words, code, lowest)),
                ("highest", &value_text(words, code, highest)),
                ("n", &beyond(one).len().to_string()),
            ],
        )
    });
    said.collect::<Vec<_>>().join(" ")
}

fn table(words: &Words, days: VitalDays, series: &[&Series]) -> TableView {
    let mut rows: Vec<Row> = Vec::new();
    for one in series {
        let code = one.channel.code() as i16;
        let name =
            if series.len() > 1 { format!("{} · ", channel_name(words, code)) } else { String::new() };
        for (bucket, limits) in &one.buckets {
            let when = match days {
                VitalDays::Week => words.calendar.show(bucket.starts_at),
                VitalDays::Month | VitalDays::Year => words.calendar.day_of(bucket.starts_at).to_string(),
            };
            rows.push(table_row(words, code, (format!("{name}{when}"), bucket), *limits));
        }
    }
    TableView { columns: table_heads(words), rows }
}
