//! A day's visits on the map: shape and colour say how far each is.

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::NaiveDate;

use super::list::Visits;
use super::period;
use crate::access::{Permission, Scope};
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::registry::map::{BLUE, GREEN, Layer, MapView, ORANGE, Point, Points, SKY, VERMILION, town_layer};
use crate::registry::store::town_names;
use crate::text::Text;
use crate::visits::model::VisitState;
use crate::visits::store::{VisitListed, located};
use crate::web::{FormField, Input, List, Page, Visitor, Words, html};

/// From the ground up: what wants somebody's eyes is drawn last. Key, text, shape and colour of each.
const LAYERS: [(&str, &str, &str, &str); 5] = [
    ("over", "visit.map_over", "circle", GREEN),
    ("coming", "visit.map_coming", "circle", SKY),
    ("running", "visit.map_running", "square", BLUE),
    ("open", "visit.map_open", "diamond", ORANGE),
    ("missed", "visit.map_missed", "triangle", VERMILION),
];

fn layer_of(state: VisitState) -> &'static str {
    match state {
        VisitState::Done | VisitState::Confirmed => "over",
        VisitState::Offered | VisitState::Assigned => "coming",
        VisitState::OnTheWay | VisitState::Arrived => "running",
        VisitState::Unplanned | VisitState::Planned => "open",
        VisitState::NotDone => "missed",
    }
}

#[derive(Template)]
#[template(path = "visits_map.html")]
struct MapPage {
    page: Page,
    heading: String,
    list_href: String,
    fields: Vec<FormField>,
    map: MapView,
}

pub async fn show(visitor: Visitor, http: HttpRequest) -> Result<HttpResponse> {
    let asked = Input::parse(http.query_string())?;
    let day = day_of(&visitor, &asked)?;
    let town = asked.text("town");
    let (scope, words) = (visitor.scope(), Words::of(&visitor));
    let towns =
        visitor.app.db.read(move |connection| town_names(connection, &scope, Permission::SeeVisits)).await?;
    let towns = towns.into_iter().map(|(code, chinese, english)| (code, words.pick(&chinese, &english)));
    let towns: Vec<(String, String)> = towns.collect();
    if !town.is_empty() && towns.iter().all(|(code, _)| *code != town) {
        return Err(Error::field("town", Text::new("rule.unknown_town")));
    }
    let all = std::iter::once((String::new(), visitor.t("list.all").into_owned()));
    let input = Input::of([("day", day.to_string()), ("town", town.clone())]);
    let query = format!("day={day}&town={town}");
    html(&MapPage {
        page: Page::new(&visitor, &visitor.t("visit.map_of_day")),
        heading: visitor.t("visit.map_of_day").into_owned(),
        list_href: format!("{}?{query}", Visits::PATH),
        fields: vec![
            FormField::of(&visitor, "day", "date", &input),
            FormField::of(&visitor, "town", "select", &input).options(all.chain(towns).collect()),
        ],
        map: MapView::new(&visitor.app.config, format!("/visits/points.json?{query}"), "visit"),
    })
}

/// Today, unless another day is asked for.
pub(super) fn day_of(visitor: &Visitor, asked: &Input) -> Result<NaiveDate> {
    let text = asked.text("day");
    if text.is_empty() {
        return Ok(visitor.today());
    }
    text.parse().map_err(|_| Error::field("day", Text::new("rule.date")))
}

pub async fn points(visitor: Visitor, http: HttpRequest) -> Result<HttpResponse> {
    let asked = Input::parse(http.query_string())?;
    let day = day_of(&visitor, &asked)?;
    let town = Some(asked.text("town")).filter(|code| !code.is_empty());
    let (scope, words) = (visitor.scope(), Words::of(&visitor));
    let look =
        move |connection: &mut AnyConnection| layers(connection, &scope, (day, town.as_deref()), &words);
    let layers = visitor.app.db.read(look).await?;
    Ok(HttpResponse::Ok().json(Points { layers }))
}

fn layers(
    connection: &mut AnyConnection,
    scope: &Scope,
    wanted: (NaiveDate, Option<&str>),
    words: &Words,
) -> Result<Vec<Layer>> {
    let visits = located(connection, scope, wanted, (words.calendar, words.now))?;
    let mut layers = Vec::new();
    if scope.may(Permission::SeeRegistry) {
        layers.push(town_layer(connection, scope, words)?);
    }
    layers.extend(LAYERS.iter().map(|(key, label, shape, colour)| {
        let own = visits.iter().filter(|(listed, ..)| layer_of(listed.visit.state) == *key);
        let points: Vec<Point> = own.map(|(listed, lon, lat)| point(words, listed, (*lon, *lat))).collect();
        let label = words.t(label);
        Layer { key, label, shape, colour, off: false, points }
    }));
    Ok(layers)
}

fn point(words: &Words, listed: &VisitListed, (lon, lat): (f64, f64)) -> Point {
    let visit = &listed.visit;
    let (from, to) =
        visit.starts_at.zip(visit.ends_at).unwrap_or((visit.window_starts_at, visit.window_ends_at));
    let service = words.pick(&listed.service_zh, &listed.service_en);
    let who = listed.caregiver.clone().unwrap_or_else(|| words.t("visit.nobody"));
    let state = words.name_of("visit_state", visit.state.name());
    Point {
        lon,
        lat,
        label: format!("{} {}", period(words.calendar, from, to), listed.elder),
        href: format!("/visits/{}", visit.id),
        note: format!("{service} · {who} · {state}"),
    }
}
