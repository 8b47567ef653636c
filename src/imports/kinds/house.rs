//! The rooms, beds and residents of institutions: one flat sheet, or sheets of rooms, beds and residents, which are joined by
//! room and bed. A row is complete by then: it finds or makes its room, its bed and its resident.

use serde_json::{Value, json};

use super::elders::{identity, who};
use super::fields::Fields;
use super::places;
use super::{Ground, Kind, Memory};
use crate::access::Permission;
use crate::app::Tx;
use crate::beds::{
    Admission, Agreed, BedKind, CareLevel, Contact, GenderRule, ResidentSaid, RoomSaid, Settled, Whom,
    put_bed, put_room, resident_of, settle, take_bed_back, take_over, take_room_back, unsettle, uses_up,
};
use crate::elders::store::get_elder;
use crate::elders::{
    ElderInput, Found, Gender, change, find_for_admission, identify, keep, register, remove, restore,
    same_personal,
};
use crate::error::{Code, Error, Result};
use crate::imports::model::{Column, Made, Values};
use crate::registry::institutions::store::get_institution;
use crate::text::Text;

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
    Column::new("phone", "field.phone", &["老人电话", "联系电话"]).personal(),
    Column::new("village_code", "field.village", &["户籍村", "村", "社区", "Village code"]),
    Column::new("from_on", "field.from_on", &["入住时间", "入院日期", "Since", "Admitted"]),
    Column::new("care_level", "field.care_level", &["护理等级", "护理级别", "Care level"]),
    Column::new("contract_starts_on", "field.contract_starts_on", &["合同开始", "合同起始日期"]),
    Column::new("contract_ends_on", "field.contract_ends_on", &["合同结束", "合同终止日期"]),
    Column::new("contact_name", "field.contact_name", &["联系人", "家属", "Contact"]).personal().verbatim(),
    Column::new("contact_phone", "field.contact_phone", &["家属电话", "紧急联系电话"]).personal(),
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
    phone: Option<&'a str>,
    since: Option<(chrono::NaiveDate, Option<i32>)>,
    resident: ResidentSaid,
}

impl<'a> Said<'a> {
    fn read(row: &'a Values, fields: &mut Fields<'a>) -> Said<'a> {
        let number = fields.required("room").to_owned();
        let identity = identity(fields);
        let (gender, born_on) = who(fields, identity.as_deref());
        let since = fields.moment("from_on");
        let text = |fields: &Fields<'_>, key| fields.text(key).unwrap_or_default().to_owned();
        Said {
            room: RoomSaid {
                building: text(fields, "building"),
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
            phone: fields.text("phone"),
            since,
            resident: ResidentSaid {
                since_on: since.map(|(day, _)| day),
                care_level: fields.one_of("care_level", "care_level", CareLevel::NAMES, CareLevel::parse),
                contract_starts_on: fields.day("contract_starts_on"),
                contract_ends_on: fields.day("contract_ends_on"),
                contact: Contact { name: text(fields, "contact_name"), phone: text(fields, "contact_phone") },
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
            ("stay", _) if made.after.is_some() => {
                Err(Error::new(Code::IllegalMove, Text::new("import.used_up")))
            }
            ("stay", before) => unsettle(tx, made.id, made.version, before.as_ref()),
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

fn house_resident(
    tx: &mut Tx<'_>,
    (ground, institution, bed): (&Ground, i64, i64),
    row: &Values,
    said: &Said<'_>,
    made: &mut Vec<Made>,
) -> Result<()> {
    let Some(identity) = &said.identity else { return resident_by_name(tx, bed, said, made) };
    let found = match find_for_admission(tx, identity)? {
        Some(found) => {
            check_person(tx, found, said)?;
            found
        }
        None => {
            let input = new_elder(tx, institution, row, said)?;
            let found = register(tx, &input)?;
            made.push(Made::added("elder", found.elder_id(), 1));
            found
        }
    };
    let elder = found.elder_id();
    if let Some(settled) = settle(tx, bed, elder, &said.resident)? {
        note(made, settled, false);
    } else {
        let used_up = uses_up(tx, elder)?;
        let settled = take_over(tx, &admission(tx, ground, found, bed, said))?;
        note(made, settled, used_up);
    }
    phone_of_known(tx, elder, said, made)
}

/// Without an identity number a row can only speak of whoever lives in the bed already.
fn resident_by_name(tx: &mut Tx<'_>, bed: i64, said: &Said<'_>, made: &mut Vec<Made>) -> Result<()> {
    let living = resident_of(tx, bed)?;
    let Some((elder, _)) = living.filter(|(_, name)| name.as_deref() == said.name) else {
        return Err(Error::field("identity", Text::new("import.identity_to_admit")));
    };
    if let Some(settled) = settle(tx, bed, elder, &said.resident)? {
        note(made, settled, false);
    }
    phone_of_known(tx, elder, said, made)
}

fn note(made: &mut Vec<Made>, settled: Settled, used_up: bool) {
    match settled {
        Settled::Same => {}
        Settled::Admitted { stay_id } => {
            let stay = Made::added("stay", stay_id, 1);
            made.push(if used_up { stay.after(json!({ "used_up": true })) } else { stay });
        }
        Settled::Agreed { stay_id, version, before } => {
            made.push(Made::changed("stay", stay_id, version, before));
        }
    }
}

fn admission(tx: &Tx<'_>, ground: &Ground, found: Found, bed: i64, said: &Said<'_>) -> Admission {
    let today = tx.calendar.day_of(tx.now);
    let from = said.since.and_then(|(day, minutes)| match minutes {
        None if day == today => None,
        minutes => Some(tx.calendar.at(day, minutes.unwrap_or_default())),
    });
    Admission {
        agreed: Agreed {
            care_level: said.resident.care_level,
            contract_starts_on: said.resident.contract_starts_on,
            contract_ends_on: said.resident.contract_ends_on,
            risks: Vec::new(),
            contact: said.resident.contact.clone(),
        },
        reason: format!("import {}", ground.batch_id),
        ..Admission::now(Whom::Found(found), bed).from(from)
    }
}

/// The card is somebody's: the row must speak of the same person. What is on file is not told.
fn check_person(tx: &mut Tx<'_>, found: Found, said: &Said<'_>) -> Result<()> {
    let (name, gender, born_on) = identify(tx, found)?;
    let mut fields = crate::input::Checks::default();
    let differs = || Text::new("import.other_person");
    fields.require("elder", said.name.is_none_or(|said| said == name), differs);
    fields.require("gender", said.gender.is_none_or(|said| said == gender), differs);
    fields.require("born_on", said.born_on.is_none_or(|said| said == born_on), differs);
    fields.finish()
}

/// Somebody who is not on file: of the institution's village where the row names none.
fn new_elder(tx: &mut Tx<'_>, institution: i64, row: &Values, said: &Said<'_>) -> Result<ElderInput> {
    let house = get_institution(tx.connection, tx.scope, Permission::ManageStays, institution)?;
    let mut fields = Fields::of(row);
    let village = fields.text("village_code").map(str::to_owned).or_else(|| house.village_code.clone());
    let (Some(name), Some(gender), Some(born_on), Some(village)) =
        (said.name, said.gender, said.born_on, village)
    else {
        let given = [said.name.is_some(), said.gender.is_some(), said.born_on.is_some()];
        for (key, _) in ["elder", "gender", "born_on"].into_iter().zip(given).filter(|(_, given)| !given) {
            fields.missing(key);
        }
        if !row.has("village_code") && house.village_code.is_none() {
            fields.missing("village_code");
        }
        fields.finish()?;
        return Err(Error::internal("a complete row of a resident"));
    };
    // A name alone is looked for in the institution's own town.
    let town = row.has("village_code").then_some(house.town_code.as_str());
    let village = places::village(tx, town, &village)?;
    Ok(ElderInput {
        name: name.to_owned(),
        gender,
        born_on,
        village_code: village.code,
        categories: Vec::new(),
        home_visits: false,
        longitude: village.longitude,
        latitude: village.latitude,
        identity: said.identity.clone(),
        phone: said.phone.map(str::to_owned),
        address: None,
    })
}

/// A phone number that the row gives and that is not the one on file.
fn phone_of_known(tx: &mut Tx<'_>, elder: i64, said: &Said<'_>, made: &mut Vec<Made>) -> Result<()> {
    let is_new = made.iter().any(|made| made.entity == "elder" && made.before.is_none());
    let Some(phone) = said.phone.filter(|_| !is_new) else { return Ok(()) };
    let known = get_elder(tx.connection, tx.scope, Permission::EditElder, elder, tx.now)?;
    let input = ElderInput { phone: Some(phone.to_owned()), ..known.input() };
    if same_personal(tx, &known, &input)? {
        return Ok(());
    }
    let kept = keep(tx, &known)?;
    change(tx, elder, known.version, &input)?;
    made.push(Made::changed("elder", elder, known.version + 1, kept));
    Ok(())
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
