//! Coordinates of the maps sold in China as WGS-84 degrees, longitude first.

use super::CoordinateSource;

/// Of the ellipsoid that the offset is defined on, in metres.
const AXIS_M: f64 = 6_378_245.0;
const ECCENTRICITY: f64 = 0.006_693_421_622_965_943;
const BAIDU_TURN: f64 = std::f64::consts::PI * 3_000.0 / 180.0;
/// Each round makes the rest about a hundred times smaller.
const ROUNDS: usize = 5;

/// The point in WGS-84, to a few centimetres.
pub fn to_wgs84(source: CoordinateSource, longitude: f64, latitude: f64) -> (f64, f64) {
    match source {
        CoordinateSource::Wgs84 => (longitude, latitude),
        CoordinateSource::Gcj02 => without_offset(longitude, latitude),
        CoordinateSource::Bd09 => {
            let (longitude, latitude) = without_baidu(longitude, latitude);
            without_offset(longitude, latitude)
        }
    }
}

fn without_baidu(longitude: f64, latitude: f64) -> (f64, f64) {
    let (x, y) = (longitude - 0.0065, latitude - 0.006);
    let radius = x.hypot(y) - 0.000_02 * (y * BAIDU_TURN).sin();
    let angle = y.atan2(x) - 0.000_003 * (x * BAIDU_TURN).cos();
    (radius * angle.cos(), radius * angle.sin())
}

/// The offset is given from WGS-84; the way back is found by correcting a guess.
fn without_offset(longitude: f64, latitude: f64) -> (f64, f64) {
    let (mut east, mut north) = (longitude, latitude);
    for _ in 0..ROUNDS {
        let (offset_longitude, offset_latitude) = with_offset(east, north);
        east -= offset_longitude - longitude;
        north -= offset_latitude - latitude;
    }
    let round = |degrees: f64| (degrees * 1e7).round() / 1e7;
    (round(east), round(north))
}

fn with_offset(longitude: f64, latitude: f64) -> (f64, f64) {
    let (x, y) = (longitude - 105.0, latitude - 35.0);
    let wave = |value: f64, part: f64| (value * std::f64::consts::PI / part).sin();
    let short = (20.0 * wave(x, 1.0 / 6.0) + 20.0 * wave(x, 0.5)) * 2.0 / 3.0;
    let north_m = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * x.abs().sqrt()
        + short
        + (20.0 * wave(y, 1.0) + 40.0 * wave(y, 3.0)) * 2.0 / 3.0
        + (160.0 * wave(y, 12.0) + 320.0 * wave(y, 30.0)) * 2.0 / 3.0;
    let east_m = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * x.abs().sqrt()
        + short
        + (20.0 * wave(x, 1.0) + 40.0 * wave(x, 3.0)) * 2.0 / 3.0
        + (150.0 * wave(x, 12.0) + 300.0 * wave(x, 30.0)) * 2.0 / 3.0;
    let angle = latitude.to_radians();
    let bulge = 1.0 - ECCENTRICITY * angle.sin().powi(2);
    let north = north_m.to_degrees() / (AXIS_M * (1.0 - ECCENTRICITY) / (bulge * bulge.sqrt()));
    let east = east_m.to_degrees() / (AXIS_M / bulge.sqrt() * angle.cos());
    (longitude + east, latitude + north)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Metres between two points of the city's latitude.
    fn apart_m(a: (f64, f64), b: (f64, f64)) -> f64 {
        ((a.0 - b.0) * 101_000.0).hypot((a.1 - b.1) * 111_200.0)
    }

    #[test]
    fn offsets_are_taken_away_again() {
        for point in [(118.552, 24.781), (118.47, 24.72), (116.39, 39.9), (87.6, 43.8)] {
            let shown = with_offset(point.0, point.1);
            let shift_m = apart_m(point, shown);
            assert!((300.0..900.0).contains(&shift_m), "{point:?} {shift_m}");
            let back = to_wgs84(CoordinateSource::Gcj02, shown.0, shown.1);
            assert!(apart_m(point, back) < 0.1, "{point:?} {back:?}");
        }
    }

    #[test]
    fn known_points_agree_with_published_ones() {
        // The examples that the README of coordtransform gives.
        let wgs = to_wgs84(CoordinateSource::Gcj02, 116.410_244_499_169_38, 39.916_404_281_501_64);
        assert!(apart_m(wgs, (116.404, 39.915)) < 0.1, "{wgs:?}");
        let of_bd = to_wgs84(CoordinateSource::Bd09, 116.404, 39.915);
        let of_gcj = to_wgs84(CoordinateSource::Gcj02, 116.397_627_291_193_15, 39.908_656_739_576_31);
        assert!(apart_m(of_bd, of_gcj) < 0.1, "{of_bd:?} {of_gcj:?}");
        assert_eq!(to_wgs84(CoordinateSource::Wgs84, 118.5, 24.8), (118.5, 24.8));
    }
}
