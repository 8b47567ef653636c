//! Spans of measured values, an elder's vital signs, how ingest is doing, and what could not be read: for programs.

use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;
use utoipa::ToSchema;

use super::TAG;
use crate::access::{Permission, Scope};
use crate::api::{At, Endpoint, Filter, FilterKind, Id, Items, Resource, fetch, list_endpoint, ok};
use crate::db::AnyConnection;
use crate::devices::model::notation_of;
use crate::devices::pages::days_of;
use crate::devices::quarantined::open_message;
use crate::devices::readings::read_vitals;
use crate::devices::spans::{Bucket, ChartSpan, load};
use crate::devices::store::{QuarantineRow, get_device, list_quarantine};
use crate::devices::vitals::Limits;
use crate::error::Result;
use crate::listing::ListRequest;
use crate::web::{Need, Visitor, Words};

pub fn endpoints() -> Vec<Endpoint> {
    let manage = Need::May(Permission::ManageDevice);
    vec![
        Endpoint::get("/api/v1/devices/{id}/spans", Need::May(Permission::SeeDevices), || web::to(spans))
            .about(TAG, "api.device.spans")
            .asks_text(
                "span",
                "24h by the quarter of an hour, 30d by the hour, 365d by the day; 24h without it.",
            )
            .answers_all_of::<ChannelSpan>()
            .fails(422),
        Endpoint::get("/api/v1/elders/{id}/vitals", Need::May(Permission::SeeElders), || web::to(vitals))
            .about(TAG, "api.device.vitals")
            .asks_text("days", "7d by the hour, 30d or 365d by the day; 7d without it.")
            .answers_all_of::<VitalSpan>()
            .fails(422),
        Endpoint::get("/api/v1/ingest", manage, || web::to(ingest))
            .about(TAG, "api.ingest.show")
            .answers::<IngestHealth>(200),
        list_endpoint::<Quarantine>(),
        Endpoint::post("/api/v1/quarantine/{id}/open", manage, || web::to(open))
            .about(TAG, "api.quarantine.open")
            .answers::<QuarantinedPayload>(200),
    ]
}

/// What a channel measured in a span of time, as far as it can be true.
#[derive(Serialize, ToSchema)]
struct ChannelSpan {
    /// Number of the channel in the device protocol.
    channel: i16,
    starts_at: At,
    /// The span does not hold it.
    ends_at: At,
    readings: i64,
    /// Values that cannot be true; they count for nothing else.
    doubted: i64,
    lowest: f64,
    highest: f64,
    mean: f64,
}

/// The same of an elder, with the limits of its day.
#[derive(Serialize, ToSchema)]
struct VitalSpan {
    channel: i16,
    starts_at: At,
    ends_at: At,
    readings: i64,
    lowest: f64,
    highest: f64,
    mean: f64,
    /// A value at or below is out of the ordinary.
    low_limit: Option<f64>,
    /// A value at or above is out of the ordinary.
    high_limit: Option<f64>,
    /// Whether some value of the span was.
    is_outside: bool,
}

/// What the process that answers has counted since it started.
#[derive(Serialize, ToSchema)]
struct IngestHealth {
    messages: u64,
    rows: u64,
    commits: u64,
    duplicates: u64,
    /// Messages that could not be read.
    unreadable: u64,
    /// Messages that were told to come again.
    refused: u64,
    /// Messages that wait to be committed.
    queue: u64,
    /// Of the last minute.
    messages_per_s: f64,
    rows_per_s: f64,
    /// Longest time from measuring to receipt in the last minute.
    lag_ms_max: u64,
    commit_ms_max: u64,
    /// What the embedded broker counts; absent where there is none.
    broker: Option<BrokerCounts>,
}

#[derive(Serialize, ToSchema)]
struct BrokerCounts {
    /// Messages taken from devices.
    publishes: u64,
    /// Messages acknowledged, each of which was committed.
    acknowledged: u64,
    refused: u64,
    forbidden: u64,
    connects_refused: u64,
    /// Taken and not yet answered; never below zero.
    under_way: i64,
}

/// One kind of message of a device that could not be read.
#[derive(Serialize, ToSchema)]
struct Quarantined {
    id: i64,
    device_id: i64,
    device_code: String,
    /// Last level of its topic.
    topic: String,
    error: String,
    occurrences: i64,
    first_at: At,
    last_at: At,
}

/// The first such message; each look is written down.
#[derive(Serialize, ToSchema)]
struct QuarantinedPayload {
    id: i64,
    bytes: i64,
    base64: String,
    /// CBOR diagnostic notation, as far as it could be read.
    diagnostic: String,
    /// Where the notation stops, if it does.
    stops_at: Option<i64>,
}

impl Quarantined {
    fn new(row: QuarantineRow, words: &Words) -> Quarantined {
        Quarantined {
            first_at: At::new(words.calendar, row.first_at),
            last_at: At::new(words.calendar, row.last_at),
            id: row.id,
            device_id: row.device_id,
            device_code: row.device_code,
            topic: row.topic,
            error: row.error,
            occurrences: row.occurrences,
        }
    }
}

struct Quarantine;

impl Resource for Quarantine {
    const PATH: &'static str = "/api/v1/quarantine";
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.quarantine.list";
    const NEED: Permission = Permission::ManageDevice;
    const FILTERS: &'static [Filter] = &[
        Filter::new("q", FilterKind::Text, "Part of the code or of the name of the device."),
        Filter::new("device", FilterKind::Id, "Number of the device."),
    ];
    type Item = Quarantined;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<Quarantined>> {
        let rows = list_quarantine(connection, scope, request)?.rows;
        Ok(rows.into_iter().map(|row| Quarantined::new(row, words)).collect())
    }

    fn number(item: &Quarantined) -> i64 {
        item.id
    }
}

async fn spans(visitor: Visitor, http: HttpRequest, Id(id): Id) -> Result<HttpResponse> {
    let span = ChartSpan::of(http.query_string())?;
    let items = fetch(&visitor, move |connection, scope, words| {
        let device = get_device(connection, scope, id)?.device;
        // What is measured with an elder is told by the elder's vital signs, where looks are written down.
        if device.elder_id.is_some() {
            return Ok(Vec::new());
        }
        let at = |instant| At::new(words.calendar, instant);
        let found = load(connection, &[id], (span, None), (words.calendar, words.now))?;
        let items = found.into_iter().flat_map(|((_, channel), buckets)| {
            buckets.into_iter().map(move |one: Bucket| ChannelSpan {
                channel,
                starts_at: at(one.starts_at),
                ends_at: at(one.ends_at),
                readings: one.readings,
                doubted: one.doubted,
                lowest: one.lowest,
                highest: one.highest,
                mean: one.mean(),
            })
        });
        Ok(items.collect::<Vec<_>>())
    });
    Ok(ok(&Items { items: items.await? }))
}

async fn vitals(visitor: Visitor, http: HttpRequest, Id(id): Id) -> Result<HttpResponse> {
    let days = days_of(http.query_string())?;
    let found = visitor.app.write(&visitor.scope(), move |tx| read_vitals(tx, id, days)).await?;
    let at = |instant| At::new(visitor.app.calendar, instant);
    let one = |channel: i16, (bucket, (low, high)): (Bucket, Limits)| VitalSpan {
        channel,
        starts_at: at(bucket.starts_at),
        ends_at: at(bucket.ends_at),
        readings: bucket.readings,
        lowest: bucket.lowest,
        highest: bucket.highest,
        mean: bucket.mean(),
        is_outside: low.is_some_and(|low| bucket.lowest <= low)
            || high.is_some_and(|high| bucket.highest >= high),
        low_limit: low,
        high_limit: high,
    };
    let items = found.series.into_iter().flat_map(|series| {
        let channel = series.channel.code() as i16;
        series.buckets.into_iter().map(|bucket| one(channel, bucket)).collect::<Vec<_>>()
    });
    Ok(ok(&Items { items: items.collect::<Vec<_>>() }))
}

async fn ingest(visitor: Visitor) -> Result<HttpResponse> {
    let told = visitor.app.ingest.snapshot(visitor.app.clock.now());
    let broker = told.broker.zip(told.under_way()).map(|(counters, under_way)| BrokerCounts {
        publishes: counters.publishes,
        acknowledged: counters.committed,
        refused: counters.refused,
        forbidden: counters.forbidden,
        connects_refused: counters.connects_refused,
        under_way,
    });
    Ok(ok(&IngestHealth {
        messages: told.messages,
        rows: told.rows,
        commits: told.commits,
        duplicates: told.duplicates,
        unreadable: told.unreadable,
        refused: told.refused,
        queue: told.queue,
        messages_per_s: told.messages_per_s(),
        rows_per_s: told.rows_per_s(),
        lag_ms_max: told.lag_ms_max(),
        commit_ms_max: told.took_ms_max(),
        broker,
    }))
}

async fn open(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    let opened = visitor.app.write(&visitor.scope(), move |tx| open_message(tx, id)).await?;
    let (notation, trouble) = notation_of(&opened.payload);
    Ok(ok(&QuarantinedPayload {
        id,
        bytes: opened.payload.len() as i64,
        base64: BASE64.encode(&opened.payload),
        diagnostic: notation,
        stops_at: trouble.map(|(_, place)| place as i64),
    }))
}
