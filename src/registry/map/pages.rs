use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Serialize;

use super::store::{alert_points, institution_points, station_points, town_points};
use crate::access::{Permission, Scope};
use crate::config::Config;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::registry::institutions::InstitutionState;
use crate::web::{Need, Page, Route, Visitor, Words, get, html};

// Okabe-Ito colours: told apart by people who do not see all of them. Shapes tell the kinds of place apart.
const GREEN: &str = "#009E73";
const BLUE: &str = "#0072B2";
const SKY: &str = "#56B4E9";
const ORANGE: &str = "#E69F00";
const VERMILION: &str = "#D55E00";
const GREY: &str = "#999999";

pub fn routes() -> Vec<Route> {
    let see = Need::May(Permission::SeeRegistry);
    vec![get("/map", see, || web::to(show)), get("/map/points.json", see, || web::to(points))]
}

#[derive(Template)]
#[template(path = "map.html")]
struct MapPage {
    page: Page,
    map: MapView,
}

struct MapView {
    heading: String,
    subheading: String,
    src: &'static str,
    refresh: &'static str,
    tiles: Option<String>,
    attribution: Option<String>,
}

#[derive(Serialize)]
struct Points {
    layers: Vec<Layer>,
}

#[derive(Serialize)]
struct Layer {
    key: &'static str,
    label: String,
    shape: &'static str,
    colour: &'static str,
    off: bool,
    points: Vec<Point>,
}

#[derive(Serialize)]
struct Point {
    lon: f64,
    lat: f64,
    label: String,
    href: String,
    note: String,
}

async fn show(visitor: Visitor) -> Result<HttpResponse> {
    let map = MapView {
        heading: visitor.t("nav.map").into_owned(),
        subheading: visitor.t("map.sub").into_owned(),
        src: "/map/points.json",
        refresh: "registry alert",
        tiles: own_tiles(&visitor.app.config),
        attribution: None,
    };
    html(&MapPage { page: Page::new(&visitor, &visitor.t("nav.map")), map })
}

/// The base map, where its address is one of ours: the pages' policy lets a browser fetch from nowhere else.
fn own_tiles(config: &Config) -> Option<String> {
    let url = config.map.tile_url.as_ref()?.expose();
    let path = url.strip_prefix(config.http.public_url.as_deref()?)?;
    path.starts_with('/').then(|| path.to_owned())
}

async fn points(visitor: Visitor) -> Result<HttpResponse> {
    let (scope, words) = (visitor.scope(), Words::of(&visitor));
    let layers = visitor.app.db.read(move |connection| layers(connection, &scope, &words)).await?;
    Ok(HttpResponse::Ok().json(Points { layers }))
}

/// The layers that the asker may see, from the ground up.
fn layers(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Layer>> {
    let mut layers = vec![towns(connection, scope, words)?];
    layers.extend(stations(connection, scope, words)?);
    layers.extend(institutions(connection, scope, words)?);
    if scope.may(Permission::SeeAlerts) {
        layers.push(alerts(connection, scope, words)?);
    }
    Ok(layers)
}

fn towns(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Layer> {
    let points = town_points(connection, scope)?.into_iter().map(|(code, zh, en, lon, lat)| Point {
        lon,
        lat,
        label: words.pick(&zh, &en),
        href: format!("/towns/{code}"),
        note: words.t("map.town_seat"),
    });
    Ok(Layer {
        key: "towns",
        label: words.t("town.heading"),
        shape: "outline",
        colour: GREY,
        off: false,
        points: points.collect(),
    })
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
            InstitutionState::Idle => ("idle", "#F0E442"),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SecretUrl;

    #[test]
    fn only_tiles_of_our_own_address_are_offered() {
        let tiles = |public: Option<&str>, url: &str| {
            let mut config = Config::default();
            config.http.public_url = public.map(str::to_owned);
            config.map.tile_url = Some(SecretUrl::new(url));
            own_tiles(&config)
        };
        let ours = Some("https://songhe.example.org");
        assert_eq!(
            tiles(ours, "https://songhe.example.org/t/{z}/{x}/{y}").as_deref(),
            Some("/t/{z}/{x}/{y}")
        );
        assert_eq!(tiles(ours, "https://songhe.example.org.evil.net/{z}/{x}/{y}"), None);
        assert_eq!(tiles(ours, "https://tiles.example.net/{z}/{x}/{y}"), None);
        assert_eq!(tiles(None, "https://tiles.example.net/{z}/{x}/{y}"), None);
    }
}
