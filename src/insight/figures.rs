//! The table of figures: how each is made of what was counted.

use chrono::{NaiveDateTime, NaiveTime, TimeDelta};

use super::model::{DatedNumber, Figure, Freshness, Group, Tally, Value};

/// A device speaks every few seconds; after minutes of silence something is wrong.
const DEVICES_FRESH: TimeDelta = TimeDelta::minutes(2);
const DEVICES_LATE: TimeDelta = TimeDelta::minutes(15);
/// A yearly statistic.
const SETTING_FRESH: TimeDelta = TimeDelta::days(400);

/// What was counted, and what it is compared with.
pub struct Counted<'a> {
    pub tally: &'a Tally,
    pub now: NaiveDateTime,
    /// Registered residents aged 60 and over; known for the whole city only.
    pub elders: Option<&'a DatedNumber>,
    /// False where only institutions are within reach: stations, visits and clients are then left out.
    pub with_towns: bool,
}

/// All figures, in the order of the board.
pub fn figures(counted: &Counted<'_>) -> Vec<Figure> {
    let Counted { tally, now, with_towns, .. } = *counted;
    let count = |key, group, value, rows| figure(key, group, Value::Count(value), rows, now);
    let mut all = vec![
        figure("occupancy", Group::Today, Value::Ratio(tally.occupancy(), 1), "/beds?lived_in=true", now),
        heard(
            Figure {
                value: Value::Part(tally.devices_online, tally.devices),
                ..figure("devices_online", Group::Today, Value::Count(0), "/devices?presence=online", now)
            },
            tally,
        ),
        count("open_alerts", Group::Today, tally.open_alerts, "/alerts?state=open"),
        count(
            "institutions_operating",
            Group::Facilities,
            tally.institutions_in("operating"),
            "/institutions?state=operating",
        ),
        count("micro_fire_stations", Group::Facilities, tally.micro_fire_stations, "/institutions?fire=true"),
        count("beds", Group::Capacity, tally.beds, "/beds"),
        count("rehabilitation_beds", Group::Capacity, tally.rehabilitation_beds, "/beds?kind=rehabilitation"),
        count(
            "free_beds",
            Group::Capacity,
            tally.beds - tally.occupied - tally.unavailable,
            "/beds?state=free",
        ),
    ];
    if with_towns {
        let coverage = Value::Ratio(tally.coverage(), 0);
        all.extend([
            count("visits_today", Group::Today, tally.visits_in_all(), "/visits"),
            count(
                "institutions_under_construction",
                Group::Facilities,
                tally.institutions_in("under_construction"),
                "/institutions?state=under_construction",
            ),
            count(
                "embedded_institutions",
                Group::Facilities,
                tally.operating_of("embedded"),
                "/institutions?state=operating&kind=embedded",
            ),
            count("stations", Group::Facilities, tally.stations, "/stations"),
            figure(
                "station_coverage",
                Group::Facilities,
                coverage,
                "/villages?listed=true&station=true",
                now,
            ),
            count("smart_stations", Group::Facilities, tally.smart_stations, "/stations?smart=true"),
            count("home_clients", Group::Capacity, tally.clients, "/elders?home_visits=true"),
        ]);
    }
    if let Some(elders) = counted.elders {
        all.push(beds_per_1000(tally, elders, now));
    }
    all.sort_by_key(|figure| ORDER.iter().position(|key| *key == figure.key));
    all
}

/// The order of the board and of the list that `songhe figures` prints.
pub const ORDER: [&str; 16] = [
    "occupancy",
    "visits_today",
    "devices_online",
    "open_alerts",
    "institutions_operating",
    "institutions_under_construction",
    "stations",
    "station_coverage",
    "smart_stations",
    "embedded_institutions",
    "micro_fire_stations",
    "beds",
    "beds_per_1000",
    "rehabilitation_beds",
    "free_beds",
    "home_clients",
];

fn figure(key: &'static str, group: Group, value: Value, rows: &'static str, now: NaiveDateTime) -> Figure {
    Figure { key, group, value, as_of: now, by_day: false, freshness: Freshness::Fresh, rows }
}

/// What devices say is as old as their last word.
fn heard(figure: Figure, tally: &Tally) -> Figure {
    let now = figure.as_of;
    match tally.devices_heard_at {
        Some(at) => {
            let freshness = match now - at {
                age if age <= DEVICES_FRESH => Freshness::Fresh,
                age if age <= DEVICES_LATE => Freshness::Late,
                _ => Freshness::Silent,
            };
            Figure { as_of: at.min(now), freshness, ..figure }
        }
        None => Figure { freshness: Freshness::Silent, ..figure },
    }
}

fn beds_per_1000(tally: &Tally, elders: &DatedNumber, now: NaiveDateTime) -> Figure {
    let ratio = (elders.value > 0).then(|| tally.beds as f64 * 1_000.0 / elders.value as f64);
    let as_of = elders.effective_on.and_time(NaiveTime::MIN);
    Figure {
        as_of,
        by_day: true,
        freshness: if now - as_of <= SETTING_FRESH { Freshness::Fresh } else { Freshness::Late },
        ..figure("beds_per_1000", Group::Capacity, Value::Ratio(ratio, 0), "/beds", now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> NaiveDateTime {
        "2026-11-23T01:00:00".parse().unwrap()
    }

    fn value(all: &[Figure], key: &str) -> Option<Value> {
        all.iter().find(|figure| figure.key == key).map(|figure| figure.value)
    }

    #[test]
    fn ratios_are_of_what_they_say() {
        let tally =
            Tally { beds: 6_726, occupied: 3_363, villages: 395, villages_covered: 305, ..Tally::default() };
        let elders = DatedNumber { effective_on: "2019-12-31".parse().unwrap(), value: 177_000 };
        let all = figures(&Counted { tally: &tally, now: now(), elders: Some(&elders), with_towns: true });
        assert_eq!(value(&all, "occupancy"), Some(Value::Ratio(Some(50.0), 1)));
        assert_eq!(value(&all, "free_beds"), Some(Value::Count(3_363)));
        let Some(Value::Ratio(Some(coverage), 0)) = value(&all, "station_coverage") else {
            panic!("{all:?}")
        };
        assert_eq!(format!("{coverage:.0}"), "77");
        let Some(Value::Ratio(Some(per), 0)) = value(&all, "beds_per_1000") else { panic!("{all:?}") };
        assert_eq!(format!("{per:.1}"), "38.0");
        let keys: Vec<&str> = all.iter().map(|figure| figure.key).collect();
        assert_eq!(keys, ORDER);
    }

    #[test]
    fn nothing_to_divide_by_is_no_number() {
        let all = figures(&Counted { tally: &Tally::default(), now: now(), elders: None, with_towns: true });
        assert_eq!(value(&all, "occupancy"), Some(Value::Ratio(None, 1)));
        assert_eq!(value(&all, "beds_per_1000"), None);
    }

    #[test]
    fn a_figure_of_devices_ages_with_their_silence() {
        for (minutes, expected) in [(1, Freshness::Fresh), (10, Freshness::Late), (60, Freshness::Silent)] {
            let heard_at = now() - TimeDelta::minutes(minutes);
            let tally = Tally { devices_heard_at: Some(heard_at), ..Tally::default() };
            let all = figures(&Counted { tally: &tally, now: now(), elders: None, with_towns: false });
            let figure = all.iter().find(|figure| figure.key == "devices_online").unwrap();
            assert_eq!((figure.freshness, figure.as_of), (expected, heard_at));
        }
    }
}
