//! The towns and villages of Jinjiang, read from the tables in `data/`.

use super::dice::digest;
use crate::error::{Error, Result};

const TOWNS: &str = include_str!("data/towns.csv");
const VILLAGES: &str = include_str!("data/villages.csv");
/// Where a town's area is not published.
const AREA_UNKNOWN_KM2: f64 = 16.0;
const KM_PER_DEGREE: f64 = 111.2;
/// Turns points on a spiral into an even spread over a circle.
const GOLDEN_ANGLE_RAD: f64 = 2.399_963_229_728_653;

/// WGS-84 degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub longitude: f64,
    pub latitude: f64,
}

impl Point {
    /// The point `east_km` and `north_km` from here, to about a metre.
    pub fn moved(self, east_km: f64, north_km: f64) -> Point {
        let latitude = self.latitude + north_km / KM_PER_DEGREE;
        let longitude = self.longitude + east_km / (KM_PER_DEGREE * self.latitude.to_radians().cos());
        let round = |degrees: f64| (degrees * 1e5).round() / 1e5;
        Point { longitude: round(longitude), latitude: round(latitude) }
    }

    pub fn distance_km(self, other: Point) -> f64 {
        let north = (self.latitude - other.latitude) * KM_PER_DEGREE;
        let east = (self.longitude - other.longitude) * KM_PER_DEGREE * self.latitude.to_radians().cos();
        north.hypot(east)
    }
}

#[derive(Clone, Debug)]
pub(super) struct Town {
    pub code: &'static str,
    pub name_zh: &'static str,
    pub name_en: &'static str,
    pub kind: &'static str,
    pub seat: Point,
    pub area_km2: Option<f64>,
    pub elders_60plus_est: i64,
    pub villages: Vec<Village>,
}

impl Town {
    /// Without the word for town or street, as people say it.
    pub fn short(&self) -> &'static str {
        self.name_zh.trim_end_matches("街道").trim_end_matches('镇')
    }

    pub fn is_street(&self) -> bool {
        self.kind == "street"
    }

    /// The villages and communities of the 2019 list.
    pub fn listed(&self) -> impl Iterator<Item = &Village> {
        self.villages.iter().filter(|village| village.listed_2019 && village.kind != "other")
    }
}

#[derive(Clone, Debug)]
pub(super) struct Village {
    pub code: &'static str,
    pub name_zh: &'static str,
    pub kind: &'static str,
    pub listed_2019: bool,
    pub point: Point,
}

impl Village {
    /// Without the word for its committee: `仁福社区`, `桐林村`.
    pub fn short(&self) -> &'static str {
        self.name_zh.trim_end_matches("居委会").trim_end_matches("委会")
    }
}

/// All towns with their villages, in order of code.
pub(super) fn towns() -> Result<Vec<Town>> {
    let mut towns: Vec<Town> =
        lines(TOWNS).map(town).collect::<Option<_>>().ok_or_else(|| broken("towns.csv"))?;
    for line in lines(VILLAGES) {
        let [code, name_zh, town_code, kind, listed] = parts(line).ok_or_else(|| broken("villages.csv"))?;
        let town =
            towns.iter_mut().find(|town| town.code == town_code).ok_or_else(|| broken("villages.csv"))?;
        let point = Point { longitude: 0.0, latitude: 0.0 };
        town.villages.push(Village { code, name_zh, kind, listed_2019: listed == "yes", point });
    }
    for town in &mut towns {
        place_villages(town);
    }
    Ok(towns)
}

fn town(line: &'static str) -> Option<Town> {
    let [code, name_zh, name_en, kind, latitude, longitude, area, elders] = parts(line)?;
    Some(Town {
        code,
        name_zh,
        name_en,
        kind,
        seat: Point { longitude: longitude.parse().ok()?, latitude: latitude.parse().ok()? },
        area_km2: if area.is_empty() { None } else { Some(area.parse().ok()?) },
        elders_60plus_est: elders.parse().ok()?,
        villages: Vec::new(),
    })
}

/// Spreads the villages evenly over a circle of the town's area; each is then moved a little by its own code, so that a
/// village stands at the same place in every city, whatever the seed.
fn place_villages(town: &mut Town) {
    let radius_km = (town.area_km2.unwrap_or(AREA_UNKNOWN_KM2) / std::f64::consts::PI).sqrt();
    let count = town.villages.len() as f64;
    for (index, village) in town.villages.iter_mut().enumerate() {
        let bytes = digest(0, village.code);
        let jitter = |byte: u8| f64::from(byte) / 255.0 - 0.5;
        let ring = radius_km * ((index as f64 + 0.5) / count).sqrt();
        let angle = index as f64 * GOLDEN_ANGLE_RAD + 0.4 * jitter(bytes[0]);
        let ring = (ring + 0.3 * jitter(bytes[1])).clamp(0.0, radius_km);
        village.point = town.seat.moved(ring * angle.cos(), ring * angle.sin());
    }
}

fn lines(table: &'static str) -> impl Iterator<Item = &'static str> {
    table.lines().skip(1).filter(|line| !line.is_empty())
}

fn parts<const N: usize>(line: &'static str) -> Option<[&'static str; N]> {
    line.split(',').collect::<Vec<_>>().try_into().ok()
}

fn broken(file: &str) -> Error {
    Error::internal(format!("{file} of the demo city cannot be read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_hold_the_city() {
        let towns = towns().unwrap();
        assert_eq!(towns.len(), 19);
        assert_eq!(towns.iter().map(|town| town.villages.len()).sum::<usize>(), 402);
        assert_eq!(towns.iter().map(|town| town.listed().count()).sum::<usize>(), 395);
        assert_eq!(towns.iter().map(|town| town.elders_60plus_est).sum::<i64>(), 208_299);
        let anhai = towns.iter().find(|town| town.code == "350582101").unwrap();
        assert_eq!((anhai.short(), anhai.is_street()), ("安海", false));
    }

    #[test]
    fn villages_lie_within_their_towns_circle_and_apart() {
        for town in towns().unwrap() {
            let radius_km = (town.area_km2.unwrap_or(AREA_UNKNOWN_KM2) / std::f64::consts::PI).sqrt();
            for (index, village) in town.villages.iter().enumerate() {
                assert!(village.point.distance_km(town.seat) <= radius_km + 0.01, "{}", village.name_zh);
                let others = &town.villages[index + 1..];
                assert!(others.iter().all(|other| other.point != village.point), "{}", village.name_zh);
            }
        }
    }
}
