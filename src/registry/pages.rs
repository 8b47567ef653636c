//! The way into the registry: what there is, and how many.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::store::counts::{Counts, counts};
use crate::access::Permission;
use crate::error::Result;
use crate::web::{Need, Page, Route, Visitor, get, group_digits, html};

pub fn routes() -> Vec<Route> {
    vec![get("/registry", Need::May(Permission::SeeRegistry), || web::to(show))]
}

#[derive(Template)]
#[template(path = "registry.html")]
struct RegistryPage {
    page: Page,
    registry: RegistryView,
}

struct RegistryView {
    heading: String,
    subheading: String,
    cards: Vec<Card>,
}

struct Card {
    key: &'static str,
    icon: &'static str,
    label: String,
    href: &'static str,
    /// Empty for a card without a number.
    value: String,
    unit: String,
    note: String,
}

async fn show(visitor: Visitor) -> Result<HttpResponse> {
    let scope = visitor.scope();
    let found = visitor.app.db.read(move |connection| counts(connection, &scope)).await?;
    let registry = RegistryView {
        heading: visitor.t("nav.registry").into_owned(),
        subheading: visitor.t("registry.sub").into_owned(),
        cards: cards(&visitor, &found),
    };
    html(&RegistryPage { page: Page::new(&visitor, &registry.heading), registry })
}

/// Key, icon, text key of the label, address, text key of the unit.
type Face = (&'static str, &'static str, &'static str, &'static str, &'static str);

fn cards(visitor: &Visitor, found: &Counts) -> Vec<Card> {
    let card = |(key, icon, label, href, unit): Face, value: i64, note: String| Card {
        key,
        icon,
        label: visitor.t(label).into_owned(),
        href,
        value: group_digits(value),
        unit: visitor.t(unit).into_owned(),
        note,
    };
    let note = |key: &str, count: i64| visitor.lang.fill(key, &[("n", &group_digits(count))]);
    let mut cards = Vec::new();
    if found.by_town {
        let towns = ("towns", "map-pin", "town.heading", "/towns", "registry.unit_towns");
        cards.push(card(towns, found.towns, visitor.t("registry.about_towns").into_owned()));
        let villages = ("villages", "map-pin", "village.heading", "/villages", "registry.unit_villages");
        cards.push(card(
            villages,
            found.villages,
            note("registry.about_villages", found.villages_with_station),
        ));
    }
    let houses =
        ("institutions", "building-2", "institution.heading", "/institutions", "registry.unit_institutions");
    cards.push(card(houses, found.institutions, note("registry.about_institutions", found.operating)));
    if found.by_town || found.stations > 0 {
        let stations = ("stations", "house", "station.heading", "/stations", "registry.unit_stations");
        cards.push(card(stations, found.stations, note("registry.about_stations", found.smart)));
        let providers =
            ("providers", "heart-handshake", "provider.heading", "/providers", "registry.unit_providers");
        cards.push(card(providers, found.providers, visitor.t("registry.about_providers").into_owned()));
    }
    if let Some((caregivers, active)) = found.caregivers {
        let face =
            ("caregivers", "hand-heart", "caregiver.heading", "/caregivers", "registry.unit_caregivers");
        cards.push(card(face, caregivers, note("registry.about_caregivers", active)));
    }
    cards.push(Card {
        key: "map",
        icon: "map",
        label: visitor.t("nav.map").into_owned(),
        href: "/map",
        value: String::new(),
        unit: String::new(),
        note: visitor.t("registry.about_map").into_owned(),
    });
    cards
}
