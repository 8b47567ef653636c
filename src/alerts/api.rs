use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::acknowledge;
use super::model::{AlertKind, AlertState};
use super::pages::{note_value, place_name};
use super::store::{AlertListed, get_alert, list_alerts};
use crate::access::{Permission, Scope};
use crate::api::{At, Endpoint, Filter, FilterKind, Id, Resource, fetch, list_endpoint, ok};
use crate::db::AnyConnection;
use crate::devices::gb26875::pages::detail_text;
use crate::error::Result;
use crate::listing::ListRequest;
use crate::web::{Need, Visitor, Words};

const TAG: &str = "alerts";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        list_endpoint::<Alerts>(),
        Endpoint::get("/api/v1/alerts/{id}", Need::May(Permission::SeeAlerts), || web::to(show))
            .about(TAG, "api.alert.show")
            .answers::<Alert>(200),
        Endpoint::post("/api/v1/alerts/{id}/acknowledge", Need::May(Permission::AnswerAlerts), || {
            web::to(answer)
        })
        .about(TAG, "api.alert.acknowledge")
        .answers::<Alert>(200)
        .fails(409),
    ]
}

/// What a device reported that somebody must look at.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Alert {
    pub id: i64,
    /// Absent for an alert of a whole site.
    pub device_id: Option<i64>,
    /// Empty for an alert of a whole site.
    pub device_name: String,
    pub town_code: String,
    /// Of an alert of a station as a whole; one of an institution as a whole has neither device nor station.
    pub station_id: Option<i64>,
    pub institution_id: Option<i64>,
    /// Name of the station or of the institution and room; of an elder no more than that it is one.
    pub place: String,
    pub kind: AlertKind,
    /// Number of the channel in the device protocol; below zero for an alarm without one.
    pub channel: i16,
    /// In the unit of the channel; of a device's silence how many seconds it lasted when it was told, of a site's how many
    /// devices are silent. In a list absent where it was measured with an elder: asking for the one alert tells it, and the look
    /// is written down.
    pub value: Option<f64>,
    /// Which part of the device, where it has many, and what its fault is, in the language asked for; else empty.
    pub detail: String,
    pub raised_at: At,
    pub acknowledged_at: Option<At>,
    /// Login of whoever did.
    pub acknowledged_by: Option<String>,
    /// When the cause was gone.
    pub cleared_at: Option<At>,
}

impl Alert {
    fn new(listed: AlertListed, words: &Words) -> Alert {
        let at = |instant| At::new(words.calendar, instant);
        let place = place_name(words, &listed);
        let AlertListed { alert, device, .. } = listed;
        Alert {
            id: alert.id,
            device_id: alert.device_id,
            device_name: device,
            town_code: alert.town_code,
            station_id: alert.station_id,
            institution_id: alert.institution_id,
            place,
            kind: alert.kind,
            channel: alert.channel,
            value: Some(alert.value),
            detail: detail_text(words, &alert.detail),
            raised_at: at(alert.raised_at),
            acknowledged_at: alert.acknowledged_at.map(at),
            acknowledged_by: alert.acknowledged_by,
            cleared_at: alert.cleared_at.map(at),
        }
    }
}

struct Alerts;

impl Resource for Alerts {
    const PATH: &'static str = "/api/v1/alerts";
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.alert.list";
    const NEED: Permission = Permission::SeeAlerts;
    const FILTERS: &'static [Filter] = &[
        Filter::new("state", FilterKind::OneOf(AlertState::NAMES), "How far it has come; open without it."),
        Filter::new("kind", FilterKind::OneOf(AlertKind::NAMES), "What happened."),
        Filter::new("town", FilterKind::Text, "Code of the town."),
        Filter::new("device", FilterKind::Id, "Number of the device."),
    ];
    type Item = Alert;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<Alert>> {
        let rows = list_alerts(connection, scope, request)?.rows;
        let item = |row: AlertListed| {
            let of_elder = row.measured_with().is_some();
            let alert = Alert::new(row, words);
            if of_elder { Alert { value: None, ..alert } } else { alert }
        };
        Ok(rows.into_iter().map(item).collect())
    }

    fn number(item: &Alert) -> i64 {
        item.id
    }
}

async fn show(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    Ok(ok(&find(&visitor, id).await?))
}

async fn answer(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    visitor.app.write(&visitor.scope(), move |tx| acknowledge(tx, id)).await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn find(visitor: &Visitor, id: i64) -> Result<Alert> {
    let words = Words::of(visitor);
    let listed =
        fetch(visitor, move |connection, scope, _| get_alert(connection, scope, Permission::SeeAlerts, id));
    let listed = listed.await?;
    note_value(visitor, &listed).await?;
    Ok(Alert::new(listed, &words))
}
