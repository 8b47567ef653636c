/// Longitude before latitude, WGS-84.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub longitude: f64,
    pub latitude: f64,
}

/// Metres between two places on the globe.
pub fn distance_m(a: Point, b: Point) -> f64 {
    const EARTH_RADIUS_M: f64 = 6_371_008.8;
    let (north, east) =
        ((b.latitude - a.latitude).to_radians() / 2.0, (b.longitude - a.longitude).to_radians() / 2.0);
    let chord = north.sin().powi(2)
        + a.latitude.to_radians().cos() * b.latitude.to_radians().cos() * east.sin().powi(2);
    2.0 * EARTH_RADIUS_M * chord.sqrt().min(1.0).asin()
}
