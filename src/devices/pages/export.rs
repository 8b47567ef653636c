//! What was measured as a workbook: what the charts draw, in numbers.

use actix_web::{HttpRequest, HttpResponse, web};

use super::charts::unit_of;
use super::vitals::days_of;
use super::{channel_name, instant};
use crate::app::Tx;
use crate::devices::readings::export_vitals;
use crate::devices::spans::{Bucket, ChartSpan, load};
use crate::devices::store::get_device;
use crate::error::{Error, Result};
use crate::web::{Cell, Column, Row, Visitor, Words, workbook_file};

const COLUMNS: &[Column] = &[
    Column::text("channel", "field.channel"),
    Column::text("unit", "field.measure_unit"),
    Column::text("from", "field.from_at"),
    Column::text("to", "field.to_at"),
    Column::number("readings", "field.readings"),
    Column::number("doubted", "field.doubted"),
    Column::number("lowest", "field.lowest"),
    Column::number("mean", "field.mean"),
    Column::number("highest", "field.highest"),
];

/// What a device measured, as far as its page shows charts of it.
pub async fn device(visitor: Visitor, http: HttpRequest, id: web::Path<i64>) -> Result<HttpResponse> {
    let (scope, words, id) = (visitor.scope(), Words::of(&visitor), id.into_inner());
    let span = ChartSpan::of(http.query_string())?;
    let rows = visitor.app.db.read(move |connection| {
        let listed = get_device(connection, &scope, id)?;
        // What is measured with an elder is exported with the elder, where the look is written down.
        if listed.device.elder_id.is_some() {
            return Err(Error::not_found());
        }
        let found = load(connection, &[id], (span, None), (words.calendar, words.now))?;
        let rows = found.iter().flat_map(|((_, channel), buckets)| {
            buckets.iter().map(|bucket| row(&words, *channel, bucket)).collect::<Vec<_>>()
        });
        Ok((format!("{}-{}.xlsx", listed.device.code, span.name()), rows.collect::<Vec<_>>()))
    });
    let (name, rows) = rows.await?;
    workbook_file(&visitor, &name, COLUMNS, &rows)
}

/// An elder's vital signs.
pub async fn elder(visitor: Visitor, http: HttpRequest, id: web::Path<i64>) -> Result<HttpResponse> {
    let (id, days, words) = (id.into_inner(), days_of(http.query_string())?, Words::of(&visitor));
    let look = move |tx: &mut Tx<'_>| export_vitals(tx, id, days);
    let vitals = visitor.app.write(&visitor.scope(), look).await?;
    let rows = vitals.series.iter().flat_map(|series| {
        let channel = series.channel.code() as i16;
        series.buckets.iter().map(|(bucket, _)| row(&words, channel, bucket)).collect::<Vec<_>>()
    });
    let rows: Vec<Row> = rows.collect();
    workbook_file(&visitor, &format!("elder-{id}-{}.xlsx", days.name()), COLUMNS, &rows)
}

fn row(words: &Words, channel: i16, bucket: &Bucket) -> Row {
    let value = |value: f64| {
        if value.is_finite() { Cell::number(value, value.to_string()) } else { Cell::text("") }
    };
    Row {
        href: None,
        cells: vec![
            Cell::text(channel_name(words, channel)),
            Cell::text(unit_of(channel)),
            instant(words, bucket.starts_at),
            instant(words, bucket.ends_at),
            Cell::count(bucket.readings),
            Cell::count(bucket.doubted),
            value(bucket.lowest),
            value(if bucket.readings > 0 { bucket.mean() } else { f64::NAN }),
            value(bucket.highest),
        ],
    }
}
