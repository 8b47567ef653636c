//! Institutions by how full they are, for the city view's map: shape and colour say the same.

use std::collections::BTreeMap;

use actix_web::HttpResponse;

use crate::access::{Permission, Scope};
use crate::beds::BedState;
use crate::beds::model::{Counts, Fullness, is_stale};
use crate::beds::store::{ConfirmationRow, HouseCounts, counts_at, latest_confirmations};
use crate::db::AnyConnection;
use crate::error::Result;
use crate::registry::map::{BLUE, GREEN, Layer, Point, Points, SKY, VERMILION, town_layer};
use crate::web::{Visitor, Words, group_digits};

/// From the ground up: what stands out is drawn last.
const LAYERS: [(Fullness, &str, &str, &str, &str); 4] = [
    (Fullness::Low, "low", "bed.map_low", "circle", GREEN),
    (Fullness::High, "high", "bed.map_high", "square", SKY),
    (Fullness::Full, "full", "bed.map_full", "triangle", BLUE),
    (Fullness::Idle, "idle", "bed.map_idle", "diamond", VERMILION),
];

pub async fn points(visitor: Visitor) -> Result<HttpResponse> {
    let (scope, words) = (visitor.scope(), Words::of(&visitor));
    let layers = visitor.app.db.read(move |connection| layers(connection, &scope, &words)).await?;
    Ok(HttpResponse::Ok().json(Points { layers }))
}

fn layers(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Layer>> {
    let mut houses: BTreeMap<i64, (HouseCounts, Counts)> = BTreeMap::new();
    for row in counts_at(connection, scope, words.now)? {
        if row.institution_state == "operating" {
            let counts = row.counts;
            houses.entry(row.institution_id).or_insert((row, Counts::default())).1 += counts;
        }
    }
    let confirmed = latest_confirmations(connection)?;
    let mut layers = Vec::new();
    if scope.may(Permission::SeeRegistry) {
        layers.push(town_layer(connection, scope, words)?);
    }
    layers.extend(LAYERS.iter().map(|(fullness, key, label, shape, colour)| {
        let own = houses
            .values()
            .filter(|(row, counts)| Fullness::of(&row.institution_kind, counts) == Some(*fullness));
        Layer {
            key,
            label: words.t(label),
            shape,
            colour,
            off: false,
            points: own.map(|(row, counts)| point(words, row, counts, &confirmed)).collect(),
        }
    }));
    Ok(layers)
}

fn point(
    words: &Words,
    row: &HouseCounts,
    counts: &Counts,
    confirmed: &std::collections::HashMap<i64, ConfirmationRow>,
) -> Point {
    let share = counts.occupancy().map_or_else(|| "—".to_owned(), |share| format!("{share:.1}"));
    let at = confirmed.get(&row.institution_id).map(|row| row.at);
    let age = match at {
        None => words.t("bed.never_confirmed"),
        Some(at) if is_stale(Some(at), words.now) => {
            words.lang.fill("bed.map_stale", &[("at", &words.calendar.show(at))])
        }
        Some(at) => words.lang.fill("bed.map_confirmed", &[("at", &words.calendar.show(at))]),
    };
    let (beds, free) = (group_digits(counts.beds()), group_digits(counts.of(BedState::Free)));
    let values = [("beds", &*beds), ("free", &*free), ("share", &*share), ("age", &*age)];
    Point {
        lon: row.longitude,
        lat: row.latitude,
        label: row.institution.clone(),
        href: format!("/institutions/{}/beds", row.institution_id),
        note: words.lang.fill("bed.map_note", &values),
    }
}
