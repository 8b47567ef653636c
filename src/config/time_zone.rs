//! A time zone by its IANA name; a misspelt one is answered with the nearest.

use chrono_tz::{TZ_VARIANTS, Tz};
use serde::{Deserialize, Deserializer, Serializer};

use super::nearest::nearest;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub fn serialize<S: Serializer>(zone: &Tz, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(zone.name())
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tz, D::Error> {
    let name = String::deserialize(deserializer)?;
    name.parse().map_err(|_| serde::de::Error::custom(unknown_zone(&name)))
}

fn unknown_zone(name: &str) -> String {
    match nearest(name, TZ_VARIANTS.iter().map(|zone| zone.name())) {
        Some(zone) => format!("must be the IANA name of a time zone; did you mean {zone:?}?"),
        None => "must be the IANA name of a time zone such as \"Asia/Shanghai\"".to_owned(),
    }
}
