//! A day of what was measured with an elder, hour by hour: health data, so that each look is written down.

use actix_web::web::{self, Query};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{Days, NaiveDate};

use super::vitals::{days_of, vital_charts};
use super::{channel_name, value_text};
use crate::access::Permission;
use crate::devices::readings::{Day, read_both};
use crate::devices::store::Measured;
use crate::error::{Error, Result};
use crate::text::Text;
use crate::web::{Action, Cell, Column, Detail, Row, Section, Visitor, Words, detail_page_charted, table};

/// The day of an address; today without one.
pub(in crate::devices) fn day_of(visitor: &Visitor, http: &HttpRequest) -> Result<NaiveDate> {
    let pairs = Query::<Vec<(String, String)>>::from_query(http.query_string())
        .map_err(|error| Error::field("query", Text::new("error.malformed")).because(error))?;
    match pairs.0.iter().find(|(name, _)| name == "day") {
        None => Ok(visitor.today()),
        Some((_, text)) => text.parse().map_err(|_| Error::field("day", Text::new("rule.date"))),
    }
}

const COLUMNS: &[Column] = &[
    Column::text("channel", "field.channel"),
    Column::text("hour", "field.hour"),
    Column::text("values", "device.values"),
    Column::text("last", "device.last_value"),
    Column::text("device", "field.device"),
];

pub async fn show(visitor: Visitor, http: HttpRequest, id: web::Path<i64>) -> Result<HttpResponse> {
    let (id, day, days) = (id.into_inner(), day_of(&visitor, &http)?, days_of(http.query_string())?);
    let look = move |tx: &mut crate::app::Tx<'_>| read_both(tx, id, (day, days));
    let (Day { elder, hours }, vitals) = visitor.app.write(&visitor.scope(), look).await?;
    let words = Words::of(&visitor);
    let rows = hours.iter().map(|hour| line(&words, hour)).collect();
    let to = |day: Option<NaiveDate>| format!("/elders/{id}/readings?day={}", day.unwrap_or_default());
    let step = |day, key: &str, icon| Action::link(to(day), visitor.t(key), icon);
    let mut actions = vec![
        Action::link(format!("/elders/{id}/timeline?kind=reading"), visitor.t("elder.timeline"), "history"),
        step(day.checked_sub_days(Days::new(1)), "device.day_before", "chevron-left"),
    ];
    if day < visitor.today() {
        actions.push(step(day.checked_add_days(Days::new(1)), "device.day_after", "chevron-right"));
    }
    let href = format!("/elders/{id}/readings.xlsx?days={}", days.name());
    actions.push(Action::link(href, visitor.t("chart.export"), "download"));
    if visitor.may(Permission::EditElder) {
        actions.push(Action::link(format!("/elders/{id}/limits/new"), visitor.t("elder.new_limit"), "plus"));
    }
    let heading = visitor.t("device.hours").into_owned();
    let charts = Some(vital_charts(&words, id, &vitals));
    detail_page_charted(
        &visitor,
        Detail {
            heading: format!("{elder} · {}", visitor.t("device.readings")),
            subheading: day.to_string(),
            actions,
            sections: vec![Section {
                heading,
                fields: Vec::new(),
                table: Some(table(&visitor, COLUMNS, rows)),
            }],
            topic: None,
        },
        (0, charts),
    )
}

fn line(words: &Words, hour: &Measured) -> Row {
    Row {
        href: None,
        cells: vec![
            Cell::text(channel_name(words, hour.channel)),
            Cell::text(words.calendar.show_time(hour.hour_at)),
            Cell::text(super::day_text(words, hour)),
            Cell::text(value_text(words, hour.channel, hour.last_value)),
            Cell::text(&hour.device).link(format!("/devices/{}", hour.device_id)),
        ],
    }
}
