use actix_web::{HttpResponse, web};
use askama::Template;

use super::layers::{
    BLUE, GREEN, GREY, Layer, MapView, ORANGE, Point, Points, SKY, VERMILION, YELLOW, town_layer,
};
use super::store::{alert_points, institution_points, station_points};
use crate::access::{Permission, Scope};
use crate::db::AnyConnection;
use crate::error::Result;
use crate::registry::institutions::InstitutionState;
use crate::web::{Need, Page, Route, Visitor, Words, get, html};

pub fn routes() -> Vec<Route> {
    let see = Need::May(Permission::SeeRegistry);
    vec![get("/map", see, || web::to(show)), get("/map/points.json", see, || web::to(points))]
}

#[derive(Template)]
#[template(path = "map.html")]
struct MapPage {
    page: Page,
    head: HeadView,
    map: MapView,
}

struct HeadView {
    heading: String,
    subheading: String,
}

async fn show(visitor: Visitor) -> Result<HttpResponse> {
    let head = HeadView {
        heading: visitor.t("nav.map").into_owned(),
        subheading: visitor.t("map.sub").into_owned(),
    };
    let map = MapView::new(&visitor.app.config, "/map/points.json", "registry alert");
    html(&MapPage { page: Page::new(&visitor, &visitor.t("nav.map")), head, map })
}

async fn points(visitor: Visitor) -> Result<HttpResponse> {
    let (scope, words) = (visitor.scope(), Words::of(&visitor));
    let layers = visitor.app.db.read(move |connection| layers(connection, &scope, &words)).await?;
    Ok(HttpResponse::Ok().json(Points { layers }))
}

/// The layers that the asker may see, from the ground up.
fn layers(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Layer>> {
    let mut layers = vec![town_layer(connection, scope, words)?];
    layers.extend(stations(connection, scope, words)?);
    layers.extend(institutions(connection, scope, words)?);
    if scope.may(Permission::SeeAlerts) {
        layers.push(alerts(connection, scope, words)?);
    }
    Ok(layers)
}

fn stations(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Layer>> {
    let rows = station_points(connection, scope)?;
    let layer = |key: &'static str, smart: bool, shape: &'static str, colour: &'static str| {
        let label = words.t(if smart { "map.smart_stations" } else { "map.stations" });
        let points = rows.iter().filter(|row| row.2 == smart).map(|(id, name, _, lon, lat)| Point {
            lon: *lon,
            lat: *lat,
            label: name.clone(),
            href: format!("/stations/{id}"),
            note: label.clone(),
        });
        Layer { key, points: points.collect(), label: label.clone(), shape, colour, off: false }
    };
    Ok(vec![layer("stations", false, "circle", SKY), layer("smart_stations", true, "diamond", BLUE)])
}

/// One layer for each state: colour alone would not tell them apart in the legend.
fn institutions(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Layer>> {
    let rows = institution_points(connection, scope)?;
    let layers = InstitutionState::ALL.iter().map(|state| {
        let (key, colour) = match state {
            InstitutionState::Operating => ("operating", GREEN),
            InstitutionState::UnderConstruction => ("under_construction", ORANGE),
            InstitutionState::Idle => ("idle", YELLOW),
            InstitutionState::Closed => ("closed", GREY),
        };
        let name = words.name_of("institution_state", state.name());
        let points = rows.iter().filter(|row| row.2 == *state).map(|(id, label, _, lon, lat)| Point {
            lon: *lon,
            lat: *lat,
            label: label.clone(),
            href: format!("/institutions/{id}"),
            note: name.clone(),
        });
        let label = words.lang.fill("map.institutions", &[("state", &name)]);
        Layer { key, label, shape: "square", colour, off: false, points: points.collect() }
    });
    Ok(layers.filter(|layer| layer.key == "operating" || !layer.points.is_empty()).collect())
}

fn alerts(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Layer> {
    let points = alert_points(connection, scope)?.into_iter().map(|alert| Point {
        lon: alert.longitude,
        lat: alert.latitude,
        label: alert.device_name,
        href: "/alerts".to_owned(),
        note: format!(
            "{} · {}",
            words.name_of("alert_kind", &alert.kind),
            words.calendar.show(alert.raised_at)
        ),
    });
    Ok(Layer {
        key: "alerts",
        label: words.t("map.alerts"),
        shape: "triangle",
        colour: VERMILION,
        off: false,
        points: points.collect(),
    })
}
