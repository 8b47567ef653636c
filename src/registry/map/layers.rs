//! What a map element is told: layers of places, each with a shape and a colour.

use std::borrow::Cow;

use serde::Serialize;

use super::store::town_points;
use crate::access::Scope;
use crate::config::Config;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::web::Words;

// Okabe-Ito colours: told apart by people who do not see all of them. Shapes tell the kinds of place apart.
pub const GREEN: &str = "#009E73";
pub const BLUE: &str = "#0072B2";
pub const SKY: &str = "#56B4E9";
pub const ORANGE: &str = "#E69F00";
pub const YELLOW: &str = "#F0E442";
pub const VERMILION: &str = "#D55E00";
pub const GREY: &str = "#999999";

#[derive(Serialize)]
pub struct Points {
    pub layers: Vec<Layer>,
}

#[derive(Serialize)]
pub struct Layer {
    pub key: &'static str,
    pub label: String,
    /// circle, square, triangle, diamond, outline
    pub shape: &'static str,
    pub colour: &'static str,
    pub off: bool,
    pub points: Vec<Point>,
}

#[derive(Serialize)]
pub struct Point {
    pub lon: f64,
    pub lat: f64,
    pub label: String,
    pub href: String,
    pub note: String,
}

/// Where a map element on a page gets its places, and its tiles.
pub struct MapView {
    pub src: Cow<'static, str>,
    /// Live topics after which the places are fetched again.
    pub refresh: &'static str,
    pub tiles: Option<String>,
    pub attribution: Option<String>,
}

impl MapView {
    pub fn new(config: &Config, src: impl Into<Cow<'static, str>>, refresh: &'static str) -> MapView {
        MapView { src: src.into(), refresh, tiles: own_tiles(config), attribution: None }
    }
}

/// The base map, where its address is one of ours: the pages' policy lets a browser fetch from nowhere else.
fn own_tiles(config: &Config) -> Option<String> {
    let url = config.map.tile_url.as_ref()?.expose();
    let path = url.strip_prefix(config.http.public_url.as_deref()?)?;
    path.starts_with('/').then(|| path.to_owned())
}

/// The towns within reach as labelled rings.
pub fn town_layer(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Layer> {
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
