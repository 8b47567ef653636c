//! Care institutions; known by name.

use serde_json::json;

use super::fields::Fields;
use super::places;
use super::{Ground, Kind};
use crate::access::Permission;
use crate::app::Tx;
use crate::error::{Error, Result};
use crate::imports::model::{Column, Made, Values};
use crate::input::Told;
use crate::registry::institutions::store::find_called;
use crate::registry::institutions::{
    InstitutionInput, InstitutionKind, InstitutionState, add, change, remove,
};

pub struct Institutions;

const COLUMNS: &[Column] = &[
    Column::new("name", "field.name", &["机构名称", "养老机构", "机构", "Institution"]).required().verbatim(),
    Column::new("town_code", "field.town_code", &["镇", "街道", "所属镇街"]).fills_down(),
    Column::new("kind", "field.kind", &["机构类型", "性质"]),
    Column::new("state", "field.state", &["运营状态"]),
    Column::new("operator", "field.operator", &["举办单位"]).verbatim().may_be_emptied(),
    Column::new("beds", "field.beds", &["床位"]).informs(),
    Column::new("micro_fire_station", "field.micro_fire_station", &["是否有微型消防站"]),
    Column::new("opened_on", "field.opened_on", &["开办日期", "成立日期"]).may_be_emptied(),
    Column::new("phone", "field.phone", &["联系电话"]).may_be_emptied(),
    Column::new("village_code", "field.village", &["村", "社区", "Village code", "村（社区）代码"])
        .may_be_emptied(),
    Column::new("licence_starts_on", "field.licence_starts_on", &["许可起始", "备案日期"]).may_be_emptied(),
    Column::new("licence_ends_on", "field.licence_ends_on", &["许可终止", "许可有效期至"]).may_be_emptied(),
    Column::new("longitude", "field.longitude", &["经度"]),
    Column::new("latitude", "field.latitude", &["纬度"]),
];

/// What a row says beside its name.
struct Said<'a> {
    town: Option<&'a str>,
    village: Told<&'a str>,
    kind: Option<InstitutionKind>,
    state: Option<InstitutionState>,
    operator: Told<String>,
    phone: Told<String>,
    micro_fire_station: Option<bool>,
    opened_on: Told<chrono::NaiveDate>,
    licence: (Told<chrono::NaiveDate>, Told<chrono::NaiveDate>),
    place: (Option<f64>, Option<f64>),
}

impl<'a> Said<'a> {
    fn read(fields: &mut Fields<'a>) -> Said<'a> {
        Said {
            town: fields.text("town_code"),
            village: fields.told("village_code", fields.text("village_code")),
            kind: fields.one_of("kind", "institution_kind", InstitutionKind::NAMES, InstitutionKind::parse),
            state: fields.one_of(
                "state",
                "institution_state",
                InstitutionState::NAMES,
                InstitutionState::parse,
            ),
            operator: fields.told_text("operator"),
            phone: fields.told_text("phone"),
            micro_fire_station: fields.flag("micro_fire_station"),
            opened_on: fields.told_day("opened_on"),
            licence: (fields.told_day("licence_starts_on"), fields.told_day("licence_ends_on")),
            place: (fields.number("longitude"), fields.number("latitude")),
        }
    }

    /// Over what is on file.
    fn over(self, tx: &mut Tx<'_>, before: &InstitutionInput) -> Result<InstitutionInput> {
        let town_code = match self.town {
            Some(text) => places::town(tx, text)?,
            None => before.town_code.clone(),
        };
        let village = self.village.try_map(|text| places::village(tx, Some(&town_code), text))?;
        let village_code = village.try_map(|village| Ok(village.code))?.over(before.village_code.clone());
        Ok(InstitutionInput {
            town_code,
            village_code,
            kind: self.kind.unwrap_or(before.kind),
            state: self.state.unwrap_or(before.state),
            operator: self.operator.over_text(&before.operator),
            phone: self.phone.over_text(&before.phone),
            micro_fire_station: self.micro_fire_station.unwrap_or(before.micro_fire_station),
            opened_on: self.opened_on.over(before.opened_on),
            licence_starts_on: self.licence.0.over(before.licence_starts_on),
            licence_ends_on: self.licence.1.over(before.licence_ends_on),
            longitude: self.place.0.unwrap_or(before.longitude),
            latitude: self.place.1.unwrap_or(before.latitude),
            ..before.clone()
        })
    }

    /// Of an institution that is not on file: nothing of it is guessed.
    fn fresh(&self, mut fields: Fields<'_>, name: &str) -> Result<InstitutionInput> {
        for (key, is_given) in [
            ("town_code", self.town.is_some()),
            ("kind", self.kind.is_some()),
            ("state", self.state.is_some()),
            ("longitude", self.place.0.is_some()),
            ("latitude", self.place.1.is_some()),
        ] {
            if !is_given {
                fields.missing(key);
            }
        }
        fields.finish()?;
        Ok(InstitutionInput {
            town_code: String::new(),
            village_code: None,
            name: name.to_owned(),
            kind: InstitutionKind::Private,
            state: InstitutionState::Idle,
            operator: String::new(),
            phone: String::new(),
            micro_fire_station: false,
            opened_on: None,
            licence_starts_on: None,
            licence_ends_on: None,
            longitude: 0.0,
            latitude: 0.0,
        })
    }
}

impl Kind for Institutions {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn need(&self) -> Permission {
        Permission::EditInstitution
    }

    fn keys(&self, row: &Values) -> Vec<(&'static str, String)> {
        vec![("name", row.get("name").to_owned())]
    }

    fn apply(&self, tx: &mut Tx<'_>, _: &Ground, row: &Values) -> Result<Vec<Made>> {
        let mut fields = Fields::of(row);
        let name = fields.required("name");
        let said = Said::read(&mut fields);
        fields.finish()?;
        let Some(known) = find_called(tx.connection, tx.scope, self.need(), name)? else {
            let fresh = said.fresh(Fields::of(row), name)?;
            let input = said.over(tx, &fresh)?;
            return Ok(vec![Made::added("institution", add(tx, &input)?, 1)]);
        };
        let before = known.input();
        let input = said.over(tx, &before)?;
        if input == before {
            return Ok(Vec::new());
        }
        change(tx, known.id, known.version, &input)?;
        Ok(vec![Made::changed("institution", known.id, known.version + 1, json!(before))])
    }

    fn undo(&self, tx: &mut Tx<'_>, made: &Made) -> Result<()> {
        let Some(before) = &made.before else { return remove(tx, made.id, made.version) };
        let input = serde_json::from_value(before.clone())
            .map_err(|error| Error::internal("a kept institution").because(error))?;
        change(tx, made.id, made.version, &input)
    }
}
