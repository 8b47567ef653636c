//! Plans as the benchmark's solutions.

use serde_json::{Map, Value, json};

use super::Uhhc;
use crate::cli::bench::solver::json::unit;
use crate::dispatch::solver::{Plan, RestAt, RestStop, Route, Time};

pub(super) fn solution(read: &Uhhc, plan: &Plan) -> Value {
    let routes = (0..plan.routes.len()).map(|caregiver| {
        let locations = locations(read, caregiver, &plan.routes[caregiver]);
        let mut route = Map::new();
        route.insert("caregiver_id".to_owned(), read.caregivers[caregiver].clone());
        // The reference accepts no empty list.
        if !locations.is_empty() {
            route.insert("locations".to_owned(), Value::Array(locations));
        }
        Value::Object(route)
    });
    json!({ "cost_components": {}, "routes": routes.collect::<Vec<_>>() })
}

fn locations(read: &Uhhc, caregiver: usize, route: &Route) -> Vec<Value> {
    let who = &read.problem.caregivers[caregiver];
    if route.stops.is_empty() {
        // Whoever visits nobody eats where the day would have begun.
        let alone = who.rest.map(|rest| {
            let start = rest.window.from.max(who.shift.from);
            lunch(read, &read.homes[caregiver], start, start + rest.duration)
        });
        return alone.into_iter().collect();
    }
    let mut found = Vec::with_capacity(route.stops.len() + 1);
    for (index, stop) in route.stops.iter().enumerate() {
        found.extend(lunch_on(read, route, index));
        let (patient, service) = &read.asked[stop.visit];
        found.push(json!({
            "patient": patient,
            "service": service,
            "arrival_time": unit(stop.start, read.scale),
            "departure_time": unit(stop.end, read.scale),
        }));
    }
    found.extend(lunch_on(read, route, route.stops.len()));
    found
}

fn lunch_on(read: &Uhhc, route: &Route, leg: usize) -> Option<Value> {
    let RestStop { before, start, end, at } = route.rest?;
    let stop = match at {
        RestAt::Previous => leg.checked_sub(1)?,
        RestAt::Leg | RestAt::Next => leg,
    };
    let (patient, _) = &read.asked[route.stops.get(stop)?.visit];
    (before == leg).then(|| lunch(read, patient, start, end))
}

fn lunch(read: &Uhhc, patient: &Value, start: Time, end: Time) -> Value {
    json!({
        "patient": patient,
        "service": "lunch_break",
        "start_time": unit(start, read.scale),
        "end_time": unit(end, read.scale),
    })
}
