//! The rooms, beds and residents of institutions: one flat sheet, or sheets of rooms, beds and residents, which are joined by
//! room and bed. A row is complete by then: it finds or makes its room, its bed and its resident.

mod resident;

use serde_json::{Value, json};

use super::elders::{identity, who};
use super::fields::Fields;
use super::places;
use super::{Ground, Kind, Memory};
use crate::access::Permission;
use crate::app::Tx;
use crate::beds::{
    BedKind, CareLevel, GenderRule, ResidentSaid, RoomSaid, give_back, put_bed, put_room, take_bed_back,
    take_room_back, unsettle,
};
use crate::elders::{Gender, remove, restore};
use crate::error::{Error, Result};
use crate::imports::model::{Column, Made, Values};
use crate::input::Told;
use crate::text::Text;
use resident::house_resident;

pub struct House;

const COLUMNS: &[Column] = &[
    Column::new("institution", "field.institution", &["机构名称", "养老机构"]).fills_down().verbatim(),
    Column::new("building", "field.building", &["楼", "楼号", "栋", "楼宇"]).fills_down(),
    Column::new("floor", "field.floor", &["层"]).fills_down(),
    Column::new("room", "field.room", &["房间号", "房号", "Room number"]).required().fills_down(),
    Column::new("gender_rule", "field.gender_rule", &["房间性别", "Room gender"]),
    Column::new("couple_room", "field.couple_room", &["是否夫妻房"]),
    Column::new("isolation_room", "field.isolation_room", &["是否隔离房"]),
    Column::new("bed", "field.bed", &["床号", "床位号", "床位编号", "Bed number"]),
    Column::new("bed_kind", "field.bed_kind", &["类型", "床位类别", "床型", "Kind", "Kind of bed"]),
    Column::new("state", "field.state", &["床位状态"]).informs(),
    Column::new("elder", "field.lives_here", &["姓名", "老人姓名", "Name", "Resident name"]).verbatim(),
    Column::new(
        "identity",
        "field.identity",
        &["身份证", "身份证号码", "证件号码", "公民身份号码", "ID number"],
    )
    .personal(),
    Column::new("gender", "field.gender", &["老人性别"]),
    Column::new("born_on", "field.born_on", &["出生年月日", "生日", "Birth date", "Date of birth"]),
    Column::new("phone", "field.phone", &["老人电话", "联系电话"]).personal().may_be_emptied(),
    Column::new("village_code", "field.village", &["户籍村", "村", "社区", "Village code"]),
    Column::new("from_on", "field.from_on", &["入住时间", "入院日期", "Since", "Admitted"]),
    Column::new("care_level", "field.care_level", &["护理等级", "护理级别", "Care level"]).may_be_emptied(),
    Column::new("contract_starts_on", "field.contract_starts_on", &["合同开始", "合同起始日期"])
        .may_be_emptied(),
    Column::new("contract_ends_on", "field.contract_ends_on", &["合同结束", "合同终止日期"]).may_be_emptied(),
    Column::new("contact_name", "field.contact_name", &["联系人", "家属", "Contact"])
        .personal()
        .verbatim()
        .may_be_emptied(),
    Column::new("contact_phone", "field.contact_phone", &["家属电话", "紧急联系电话"])
        .personal()
        .may_be_emptied(),
];

const ROOM_COLUMNS: [&str; 4] = ["floor", "gender_rule", "couple_room", "isolation_room"];

struct Said<'a> {
    room: RoomSaid,
    bed: String,
    bed_kind: Option<BedKind>,
    name: Option<&'a str>,
    identity: Option<String>,
    gender: Option<Gender>,
    born_on: Option<chrono::NaiveDate>,
    phone: Told<String>,
    since: Option<(chrono::NaiveDate, Option<i32>)>,
    resident: ResidentSaid,
}

impl<'a> Said<'a> {
    fn read(row: &'a Values, fields: &mut Fields<'a>) -> Said<'a> {
        let number = fields.required("room").to_owned();
        let identity = identity(fields);
        let (gender, born_on) = who(fields, identity.as_deref());
        let since = fields.moment("from_on");
        let care_level = fields.one_of("care_level", "care_level", CareLevel::NAMES, CareLevel::parse);
        Said {
            room: RoomSaid {
                building: row.get("building").to_owned(),
                number,
                floor: fields.whole("floor"),
                gender_rule: fields.one_of(
                    "gender_rule",
                    "gender_rule",
                    GenderRule::NAMES,
                    GenderRule::parse,
                ),
                couple_room: fields.flag("couple_room"),
                isolation_room: fields.flag("isolation_room"),
            },
            bed: bed_label(row),
            bed_kind: fields.one_of("bed_kind", "bed_kind", BedKind::NAMES, BedKind::parse),
            name: fields.text("elder"),
            gender,
            born_on,
            phone: fields.told_text("phone"),
            since,
            resident: ResidentSaid {
                since_on: since.map(|(day, _)| day),
                care_level: fields.told("care_level", care_level),
                contract_starts_on: fields.told_day("contract_starts_on"),
                contract_ends_on: fields.told_day("contract_ends_on"),
                contact_name: fields.told_text("contact_name"),
                contact_phone: fields.told_text("contact_phone"),
            },
            identity,
        }
    }

    fn has_resident(&self) -> bool {
        self.name.is_some() || self.identity.is_some()
    }
}

/// The label inside the room: exported lists write `201-1` for bed 1 of room 201.
fn bed_label(row: &Values) -> String {
    let label = row.get("bed");
    let inside = label.strip_prefix(row.get("room")).and_then(|rest| rest.strip_prefix('-'));
    inside.filter(|inside| !inside.is_empty()).unwrap_or(label).to_owned()
}

fn room_key(row: &Values) -> String {
    ["institution", "building", "room"].map(|key| row.get(key)).join("\u{1f}")
}

fn bed_key(row: &Values) -> String {
    format!("{}\u{1f}{}", room_key(row), bed_label(row))
}

impl Kind for House {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn need(&self) -> Permission {
        Permission::EditInstitution
    }

    fn keys(&self, row: &Values) -> Vec<(&'static str, String)> {
        if !row.has("bed") {
            return vec![("room", room_key(row))];
        }
        let has_resident = row.has("elder") || row.has("identity");
        let mut keys = vec![("bed", format!("{}\u{1f}{has_resident}", bed_key(row)))];
        if row.has("identity") {
            keys.push(("identity", row.get("identity").to_ascii_uppercase()));
        }
        keys
    }

    fn learn(&self, memory: &mut Memory, row: &Values) {
        memory.keep(room_key(row), row, &ROOM_COLUMNS);
        if row.has("bed") {
            memory.keep(format!("bed\u{1f}{}", bed_key(row)), row, &["bed_kind"]);
        }
    }

    fn complete(&self, memory: &Memory, row: &mut Values) {
        memory.fill(&room_key(row), row);
        if row.has("bed") {
            memory.fill(&format!("bed\u{1f}{}", bed_key(row)), row);
        }
    }

    fn apply(&self, tx: &mut Tx<'_>, ground: &Ground, row: &Values) -> Result<Vec<Made>> {
        let mut fields = Fields::of(row);
        let said = Said::read(row, &mut fields);
        if said.has_resident() && said.bed.is_empty() {
            fields.missing("bed");
        }
        fields.finish()?;
        let institution = institution_of(tx, ground, row)?;
        let mut made = Vec::new();
        let room = put_room(tx, institution, &said.room)?;
        if let Some((before, after)) = &room.done {
            made.push(
                Made { before: before.as_ref().map(|facts| json!(facts)), ..Made::added("room", room.id, 0) }
                    .after(json!(after)),
            );
        }
        if said.bed.is_empty() {
            return Ok(made);
        }
        let bed = put_bed(tx, room.id, &said.bed, said.bed_kind)?;
        if let Some((before, after)) = &bed.done {
            made.push(
                Made { before: before.as_ref().map(|facts| json!(facts)), ..Made::added("bed", bed.id, 0) }
                    .after(json!(after)),
            );
        }
        if said.has_resident() {
            house_resident(tx, (ground, institution, bed.id), row, &said, &mut made)?;
        }
        Ok(made)
    }

    fn undo(&self, tx: &mut Tx<'_>, made: &Made) -> Result<()> {
        match (made.entity.as_str(), &made.before) {
            ("room", before) => {
                let before = before.as_ref().map(read_kept).transpose()?;
                take_room_back(
                    tx,
                    made.id,
                    before.as_ref(),
                    &read_kept(made.after.as_ref().unwrap_or(&Value::Null))?,
                )
            }
            ("bed", before) => {
                let before = before.as_ref().map(read_kept).transpose()?;
                take_bed_back(
                    tx,
                    made.id,
                    before.as_ref(),
                    &read_kept(made.after.as_ref().unwrap_or(&Value::Null))?,
                )
            }
            ("stay", before) => {
                unsettle(tx, made.id, made.version, before.as_ref())?;
                let used_up = made.after.as_ref().map(read_kept).transpose()?;
                used_up.map_or(Ok(()), |used_up| give_back(tx, &used_up))
            }
            (_, None) => remove(tx, made.id, made.version),
            (_, Some(kept)) => restore(tx, made.id, made.version, kept),
        }
    }
}

fn read_kept<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T> {
    serde_json::from_value(value.clone()).map_err(|error| Error::internal("a kept record").because(error))
}

/// The row's institution, or the batch's; a batch of one institution takes no row of another.
fn institution_of(tx: &mut Tx<'_>, ground: &Ground, row: &Values) -> Result<i64> {
    let text = row.get("institution");
    let named = if text.is_empty() {
        None
    } else {
        Some(places::institution(tx, Permission::EditInstitution, text)?)
    };
    match (named, ground.institution_id) {
        (Some(named), Some(own)) if named != own => {
            Err(Error::field("institution", Text::new("import.other_institution")))
        }
        (Some(named), _) => Ok(named),
        (None, Some(own)) => Ok(own),
        (None, None) => Err(Error::field("institution", Text::new("import.needed"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bed_is_labelled_inside_its_room() {
        let row = |room: &str, bed: &str| {
            let cells = [("room", room.to_owned()), ("bed", bed.to_owned())].into();
            Values { cells, ..Values::default() }
        };
        for (room, bed, wanted) in
            [("201", "201-1", "1"), ("201", "1", "1"), ("2", "201-1", "201-1"), ("201", "201-", "201-")]
        {
            assert_eq!(bed_label(&row(room, bed)), wanted);
        }
    }
}
