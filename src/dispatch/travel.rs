//! How long ways take: straight lines, the detour of streets, the speed of the mode.

use super::rows::{ModeFact, Place};
use super::solver::{Matrix, Time};

const EARTH_KM: f64 = 6_371.0;
/// No way of a day is longer.
const LEG_MAX_S: f64 = 86_400.0;

/// Kilometres as the crow flies.
pub fn straight_km(from: Place, to: Place) -> f64 {
    let (from_latitude, to_latitude) = (from.latitude.to_radians(), to.latitude.to_radians());
    let half = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
    let across = half(to.longitude - from.longitude) * from_latitude.cos() * to_latitude.cos();
    2.0 * EARTH_KM * (half(to.latitude - from.latitude) + across).sqrt().asin()
}

/// Seconds from one place to another, in whole minutes: nobody plans closer than that. None at the same place.
pub fn leg_s(mode: &ModeFact, from: Place, to: Place) -> Time {
    if from == to {
        return 0;
    }
    let km = straight_km(from, to) * f64::from(mode.detour_percent) / 100.0;
    let minutes = (km / mode.speed_kmh * 60.0).ceil() + f64::from(mode.settle_min);
    (minutes * 60.0).clamp(0.0, LEG_MAX_S) as Time
}

/// All ways of a mode. The first `homes` places are homes: of the way from or to one only what exceeds the free part counts.
pub fn matrix(mode: &ModeFact, places: &[Place], homes: usize) -> Matrix {
    let free = mode.commute_free_min * 60;
    let mut ticks = Vec::with_capacity(places.len() * places.len());
    for (from_index, from) in places.iter().enumerate() {
        for (to_index, to) in places.iter().enumerate() {
            let leg = leg_s(mode, *from, *to);
            let is_commute = from_index < homes || to_index < homes;
            ticks.push(if is_commute { (leg - free).max(0) } else { leg });
        }
    }
    Matrix { size: places.len(), ticks }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::caregivers::TravelMode;

    const TOWN: Place = Place { longitude: 118.55, latitude: 24.82 };
    const NEXT: Place = Place { longitude: 118.56, latitude: 24.82 };

    fn mode() -> ModeFact {
        ModeFact {
            mode: TravelMode::EBike,
            speed_kmh: 20.0,
            detour_percent: 130,
            settle_min: 2,
            commute_free_min: 5,
        }
    }

    #[test]
    fn a_hundredth_of_a_degree_east_is_a_kilometre_and_takes_minutes() {
        let km = straight_km(TOWN, NEXT);
        assert!((1.0..1.02).contains(&km), "{km}");
        // 1.01 km x 1.3 at 20 km/h are 3.9 minutes, and two for parking.
        assert_eq!(leg_s(&mode(), TOWN, NEXT), 6 * 60);
        assert_eq!(leg_s(&mode(), TOWN, TOWN), 0);
    }

    #[test]
    fn of_the_way_from_home_only_the_rest_counts() {
        let found = matrix(&mode(), &[TOWN, TOWN, NEXT], 1);
        assert_eq!((found.get(0, 2), found.get(2, 0), found.get(1, 2), found.get(0, 1)), (60, 60, 360, 0));
    }
}
