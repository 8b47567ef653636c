//! Towns, villages, and the city's dated numbers.

use chrono::NaiveDate;

use super::city::City;
use super::store::{SettingRow, TownRow, VillageRow, insert_settings, insert_towns, insert_villages};
use crate::db::AnyConnection;
use crate::error::Result;

/// Registered residents aged 60 and over: the denominator of the bureau's 38 beds for each 1,000.
const REGISTERED_ELDERS: i64 = 177_000;
const REGISTERED_ELDERS_SOURCE: &str = "由晋江市民政局2019年工作总结推算：床位6,726张、每千名老年人38张，对应户籍60周岁以上老年人约17.7万人。\
    Derived from the bureau's 2019 report: 6,726 beds at 38 per 1,000 elders imply about 177,000 registered residents aged 60+.";

pub(super) fn make(connection: &mut AnyConnection, city: &City<'_>) -> Result<()> {
    let towns: Vec<TownRow> = city
        .towns
        .iter()
        .map(|town| TownRow {
            code: town.code,
            name_zh: town.name_zh,
            name_en: town.name_en,
            kind: town.kind,
            longitude: town.seat.longitude,
            latitude: town.seat.latitude,
            area_km2: town.area_km2,
            elders_60plus_est: town.elders_60plus_est,
        })
        .collect();
    insert_towns(connection, &towns)?;
    let villages: Vec<VillageRow> = city
        .towns
        .iter()
        .flat_map(|town| {
            town.villages.iter().map(|village| VillageRow {
                code: village.code,
                town_code: town.code,
                name_zh: village.name_zh,
                kind: village.kind,
                listed_2019: village.listed_2019,
                longitude: village.point.longitude,
                latitude: village.point.latitude,
            })
        })
        .collect();
    insert_villages(connection, &villages)?;
    let effective_on = NaiveDate::from_ymd_opt(2019, 12, 31).unwrap_or(city.today());
    insert_settings(
        connection,
        &[SettingRow {
            name: "registered_elders_60plus",
            effective_on,
            value: city.options.count(REGISTERED_ELDERS),
            source: REGISTERED_ELDERS_SOURCE,
        }],
    )
}
