//! Who of the caregivers can take a visit, and when at the earliest.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate};

use super::facts::{Point, Town};
use super::store::Worker;

/// Towns looked through for a caregiver: the elder's own and its nearest neighbours.
const TOWNS_MAX: usize = 4;
/// To lock the bicycle and knock.
const SETTLE_MIN: i32 = 3;
/// To or from a visit whose place is not known.
const TRAVEL_UNKNOWN_MIN: i32 = 15;

/// What a visit asks for; minutes after midnight.
pub(super) struct Wish<'a> {
    pub town_code: &'a str,
    pub place: Point,
    pub skill: &'a str,
    /// Who cannot be sent.
    pub barred: &'a [i64],
    pub opens_min: i32,
    pub closes_min: i32,
    pub duration_min: i32,
}

/// Who comes, and from which minute on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub caregiver_id: i64,
    pub starts_min: i32,
}

struct Engagement {
    starts_min: i32,
    ends_min: i32,
    place: Option<Point>,
}

struct Member {
    id: i64,
    home: Point,
    skills: Vec<String>,
    on_from_min: i32,
    on_until_min: i32,
    km_per_h: f64,
    day: Vec<Engagement>,
}

/// The caregivers who work on one day.
pub(super) struct Roster {
    by_town: HashMap<String, Vec<Member>>,
    near: HashMap<&'static str, Vec<&'static str>>,
}

impl Roster {
    /// `offset_min` moves the shifts together with the day; see [`super::visits::offset_min`].
    pub fn new(workers: Vec<Worker>, towns: &[Town], day: NaiveDate, offset_min: i32) -> Roster {
        // Monday is 1.
        let today = day.weekday().number_from_monday().to_string();
        let mut by_town: HashMap<String, Vec<Member>> = HashMap::new();
        for worker in workers {
            if worker.shift_days.split(',').any(|name| name == today) {
                by_town.entry(worker.town_code.clone()).or_default().push(member(worker, offset_min));
            }
        }
        let near = towns.iter().map(|town| (town.code, neighbours(town, towns))).collect();
        Roster { by_town, near }
    }

    /// Takes over what a caregiver already has on this day.
    pub fn engage(&mut self, caregiver_id: i64, starts_min: i32, ends_min: i32) {
        let members = self.by_town.values_mut().flatten();
        if let Some(member) = members.into_iter().find(|member| member.id == caregiver_id) {
            member.day.push(Engagement { starts_min, ends_min, place: None });
            member.day.sort_by_key(|engagement| engagement.starts_min);
        }
    }

    /// Finds the caregiver who can begin first, the less busy one of two, in the elder's town before its neighbours; and
    /// engages them.
    pub fn place(&mut self, wish: &Wish<'_>) -> Option<Placed> {
        let towns = self.near.get(wish.town_code)?.clone();
        for town in towns {
            let Some(members) = self.by_town.get_mut(town) else { continue };
            let best = members
                .iter_mut()
                .filter_map(|member| Some((member.earliest(wish)?, member)))
                .min_by_key(|(starts, member)| (*starts, member.day.len(), member.id));
            if let Some((starts_min, member)) = best {
                let ends_min = starts_min + wish.duration_min;
                member.day.push(Engagement { starts_min, ends_min, place: Some(wish.place) });
                member.day.sort_by_key(|engagement| engagement.starts_min);
                return Some(Placed { caregiver_id: member.id, starts_min });
            }
        }
        None
    }
}

impl Member {
    fn earliest(&self, wish: &Wish<'_>) -> Option<i32> {
        if wish.barred.contains(&self.id) || !self.skills.iter().any(|skill| skill == wish.skill) {
            return None;
        }
        let mut starts = wish.opens_min.max(self.on_from_min + self.travel_min(self.home, wish.place));
        for engagement in &self.day {
            let travel =
                engagement.place.map_or(TRAVEL_UNKNOWN_MIN, |place| self.travel_min(place, wish.place));
            let is_before = starts + wish.duration_min + travel <= engagement.starts_min;
            if !is_before {
                starts = starts.max(engagement.ends_min + travel);
            }
        }
        let ends = starts + wish.duration_min;
        (ends <= wish.closes_min && ends <= self.on_until_min).then_some(starts)
    }

    fn travel_min(&self, from: Point, to: Point) -> i32 {
        (from.distance_km(to) / self.km_per_h * 60.0).ceil() as i32 + SETTLE_MIN
    }
}

fn member(worker: Worker, offset_min: i32) -> Member {
    Member {
        id: worker.id,
        home: Point { longitude: worker.longitude, latitude: worker.latitude },
        skills: worker.skills.split(',').map(str::to_owned).collect(),
        on_from_min: worker.shift_starts_min + offset_min,
        on_until_min: worker.shift_ends_min + offset_min,
        km_per_h: match worker.travel_mode.as_str() {
            "walk" => 4.5,
            "bicycle" => 12.0,
            "car" => 25.0,
            _ => 20.0,
        },
        day: Vec::new(),
    }
}

fn neighbours(town: &Town, towns: &[Town]) -> Vec<&'static str> {
    let mut near: Vec<(f64, &'static str)> =
        towns.iter().map(|other| (town.seat.distance_km(other.seat), other.code)).collect();
    near.sort_by(|a, b| a.0.total_cmp(&b.0));
    near.into_iter().take(TOWNS_MAX).map(|(_, code)| code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();

    fn roster() -> Roster {
        let towns = super::super::facts::towns().unwrap();
        let seat = towns[0].seat;
        let worker = |id, skills: &str, days: &str| Worker {
            id,
            town_code: towns[0].code.to_owned(),
            skills: skills.to_owned(),
            shift_days: days.to_owned(),
            shift_starts_min: 480,
            shift_ends_min: 1_020,
            travel_mode: "e_bike".to_owned(),
            longitude: seat.longitude,
            latitude: seat.latitude,
        };
        let workers =
            vec![worker(1, "daily", "1,2"), worker(2, "daily,health", "1"), worker(3, "personal", "2")];
        Roster::new(workers, &towns, DAY, 0)
    }

    fn wish(skill: &str, opens_min: i32) -> Wish<'_> {
        let place = super::super::facts::towns().unwrap()[0].seat;
        Wish {
            town_code: "350582001",
            place,
            skill,
            barred: &[],
            opens_min,
            closes_min: opens_min + 100,
            duration_min: 45,
        }
    }

    #[test]
    fn skill_and_shift_decide_who_can_come() {
        let mut roster = roster();
        assert_eq!(roster.place(&wish("personal", 540)), None, "only works on Tuesday");
        assert_eq!(roster.place(&wish("health", 540)), Some(Placed { caregiver_id: 2, starts_min: 540 }));
        assert_eq!(roster.place(&wish("daily", 1_000)), None, "would end after the shift");
    }

    #[test]
    fn a_caregiver_is_at_one_place_at_a_time() {
        let mut roster = roster();
        roster.engage(1, 540, 600);
        let first = roster.place(&wish("daily", 540)).unwrap();
        let second = roster.place(&wish("daily", 540)).unwrap();
        assert_eq!((first.caregiver_id, first.starts_min), (2, 540));
        assert_eq!(second, Placed { caregiver_id: 2, starts_min: 588 }, "after the first and the way");
        assert_eq!(roster.place(&wish("daily", 540)), None, "both are taken for the rest of the window");
    }
}
