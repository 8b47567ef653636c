//! Home-care stations; known by village and name.

use serde_json::json;

use super::fields::Fields;
use super::places;
use super::{Ground, Kind};
use crate::access::Permission;
use crate::app::Tx;
use crate::error::{Error, Result};
use crate::imports::model::{Column, Made, Values};
use crate::registry::stations::store::find_called;
use crate::registry::stations::{StationInput, StationService, add, change, remove};

pub struct Stations;

const COLUMNS: &[Column] = &[
    Column::new("name", "field.name", &["站点名称", "服务站名称", "服务站", "Station"]).required().verbatim(),
    Column::new("town_code", "field.town_code", &["镇", "街道", "所属镇街", "镇（街道）"]).fills_down(),
    Column::new("village_code", "field.village", &["村", "社区", "村居", "所在村", "Village code"])
        .required()
        .fills_down(),
    Column::new("smart", "field.smart", &["是否智能化", "智能站"]),
    Column::new("services", "field.services", &["服务项目"]).may_be_emptied(),
    Column::new("provider_id", "field.provider_id", &["运营单位", "承接单位"]).may_be_emptied(),
    Column::new("phone", "field.phone", &["联系电话"]).may_be_emptied(),
    Column::new("longitude", "field.longitude", &["经度"]),
    Column::new("latitude", "field.latitude", &["纬度"]),
];

impl Kind for Stations {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn need(&self) -> Permission {
        Permission::EditStation
    }

    fn keys(&self, row: &Values) -> Vec<(&'static str, String)> {
        let parts = ["town_code", "village_code", "name"].map(|key| row.get(key));
        vec![("name", parts.join("\u{1f}"))]
    }

    fn apply(&self, tx: &mut Tx<'_>, _: &Ground, row: &Values) -> Result<Vec<Made>> {
        let mut fields = Fields::of(row);
        let (name, village) = (fields.required("name"), fields.required("village_code"));
        let smart = fields.flag("smart");
        let services = fields.many("services", "station_service", StationService::NAMES);
        let services = fields.told("services", services);
        let place = (fields.number("longitude"), fields.number("latitude"));
        let (town, phone) = (fields.text("town_code"), fields.told_text("phone"));
        let provider = fields.told("provider_id", fields.text("provider_id"));
        fields.finish()?;
        let town = town.map(|text| places::town(tx, text)).transpose()?;
        let village = places::village(tx, town.as_deref(), village)?;
        let provider = provider.try_map(|text| places::provider(tx, text))?;
        let known = find_called(tx.connection, tx.scope, self.need(), (&village.code, name))?;
        let before = known.as_ref().map_or_else(
            || StationInput {
                village_code: village.code.clone(),
                provider_id: None,
                name: name.to_owned(),
                smart: false,
                services: Vec::new(),
                phone: String::new(),
                // Where nobody has measured it, a station is shown at its village's point.
                longitude: village.longitude,
                latitude: village.latitude,
            },
            crate::registry::stations::store::StationRow::input,
        );
        let input = StationInput {
            provider_id: provider.over(before.provider_id),
            smart: smart.unwrap_or(before.smart),
            services: services.over(Some(before.services.clone())).unwrap_or_default(),
            phone: phone.over_text(&before.phone),
            longitude: place.0.unwrap_or(before.longitude),
            latitude: place.1.unwrap_or(before.latitude),
            ..before.clone()
        };
        match known {
            None => Ok(vec![Made::added("station", add(tx, &input)?, 1)]),
            Some(_) if input.written() == before.written() => Ok(Vec::new()),
            Some(row) => {
                change(tx, row.id, row.version, &input)?;
                Ok(vec![Made::changed("station", row.id, row.version + 1, json!(before))])
            }
        }
    }

    fn undo(&self, tx: &mut Tx<'_>, made: &Made) -> Result<()> {
        let Some(before) = &made.before else { return remove(tx, made.id, made.version) };
        let input = serde_json::from_value(before.clone())
            .map_err(|error| Error::internal("a kept station").because(error))?;
        change(tx, made.id, made.version, &input)
    }
}
