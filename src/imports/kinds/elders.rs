//! Elders; known by identity number, and without one by name and what else the row says of who they are. What belongs to a
//! record in rows of its own stands in one cell each.

pub(in crate::imports) mod cells;

use super::fields::Fields;
use super::places;
use super::{Ground, Kind};
use crate::access::Permission;
use crate::app::Tx;
use crate::elders::store::{ElderRow, find_alike, get_elder};
use crate::elders::{
    CoordinateSource, ElderInput, Gender, ListedPart, Put, change, find_by_identity, keep, parse_identity,
    put, register, remove, restore, same_personal, take_back,
};
use crate::error::{Error, Result};
use crate::imports::model::{Column, Made, Values};
use crate::input::Told;
use crate::registry::caregivers::Language;
use crate::registry::store::VillageCalled;
use crate::text::Text;

pub struct Elders;

pub(in crate::imports) const COLUMNS: &[Column] = &[
    Column::new("name", "field.person_name", &["老人姓名", "老人", "Elder"]).required().verbatim(),
    Column::new("gender", "field.gender", &[]),
    Column::new("age", "field.age", &[]).informs(),
    Column::new("town_code", "field.town_code", &["镇", "街道", "所属镇街"]).fills_down(),
    Column::new("village_code", "field.village", &["村", "社区", "村居", "户籍村", "Village code"])
        .fills_down(),
    Column::new("categories", "field.categories", &["类别", "老人类别"]),
    Column::new("home_visits", "field.home_visits", &["是否上门服务"]),
    Column::new("lives_in", "field.lives_in", &[]).informs(),
    Column::new(
        "identity",
        "field.identity",
        &["身份证", "身份证号码", "证件号码", "公民身份号码", "ID number"],
    )
    .personal(),
    Column::new("born_on", "field.born_on", &["出生年月日", "生日", "Birth date", "Date of birth"]),
    Column::new("phone", "field.phone", &["联系电话", "手机", "手机号"]).personal().may_be_emptied(),
    Column::new("address", "field.address", &["家庭住址", "地址"]).personal().verbatim().may_be_emptied(),
    Column::new("door_note", "field.door_note", &["入户提示", "门禁"]).personal().verbatim().may_be_emptied(),
    Column::new("longitude", "field.longitude", &["经度"]),
    Column::new("latitude", "field.latitude", &["纬度"]),
    Column::new("coordinate_source", "field.coordinate_source", &["坐标系"]),
    Column::new("languages", "field.languages", &["语言"]),
    Column::new("gender_wish", "field.gender_wish", &["性别要求"]),
    Column::new("gender_wish_hard", "field.gender_wish_hard", &[]),
    Column::new("language_wish", "field.language_wish", &["语言要求"]),
    Column::new("language_wish_hard", "field.language_wish_hard", &[]),
    Column::new("contacts", "elder.contacts", &["联系人", "家属", "紧急联系人"]).personal().verbatim(),
    Column::new("places", "elder.places", &["第二住所", "其他住所"]).personal().verbatim(),
    Column::new("caregivers", "elder.caregivers", &["偏好护理员"]).verbatim(),
];

/// The identity number as it is kept; a number that lost its last digits in a workbook is refused as such.
pub(super) fn identity(fields: &mut Fields<'_>) -> Option<String> {
    let text = fields.text("identity")?.replace(' ', "").to_ascii_uppercase();
    if text.contains("E+") || (text.contains('E') && text.contains('.')) {
        fields.refuse("identity", Text::new("import.digits_lost"));
        return None;
    }
    if !crate::elders::is_identity(&text) {
        fields.refuse("identity", Text::new("rule.identity"));
        return None;
    }
    Some(text)
}

/// Gender and birth as the row and the identity number say, which must be the same.
pub(super) fn who(
    fields: &mut Fields<'_>,
    identity: Option<&str>,
) -> (Option<Gender>, Option<chrono::NaiveDate>) {
    let gender = fields.one_of("gender", "gender", Gender::NAMES, Gender::parse);
    let born_on = fields.day("born_on");
    let Some(Ok(told)) = identity.map(parse_identity) else { return (gender, born_on) };
    if born_on.is_some_and(|day| day != told.born_on) {
        fields.refuse("born_on", Text::new("import.identity_differs"));
    }
    if gender.is_some_and(|gender| gender != told.gender) {
        fields.refuse("gender", Text::new("import.identity_differs"));
    }
    (gender.or(Some(told.gender)), born_on.or(Some(told.born_on)))
}

struct Said<'a> {
    name: &'a str,
    identity: Option<String>,
    gender: Option<Gender>,
    born_on: Option<chrono::NaiveDate>,
    home_visits: Option<bool>,
    phone: Told<String>,
    address: Told<String>,
    door_note: Told<String>,
    place: (Option<f64>, Option<f64>),
    source: Option<CoordinateSource>,
    languages: Option<Vec<Language>>,
    gender_wish: (Option<Gender>, Option<bool>),
    language_wish: (Option<Language>, Option<bool>),
}

impl<'a> Said<'a> {
    fn read(fields: &mut Fields<'a>) -> Said<'a> {
        let name = fields.required("name");
        let identity = identity(fields);
        let (gender, born_on) = who(fields, identity.as_deref());
        let source = CoordinateSource::parse;
        Said {
            name,
            gender,
            born_on,
            home_visits: fields.flag("home_visits"),
            phone: fields.told_text("phone"),
            address: fields.told_text("address"),
            door_note: fields.told_text("door_note"),
            place: (fields.number("longitude"), fields.number("latitude")),
            source: fields.one_of("coordinate_source", "coordinate_source", CoordinateSource::NAMES, source),
            languages: fields.many("languages", "language", Language::NAMES),
            gender_wish: (
                fields.one_of("gender_wish", "gender", Gender::NAMES, Gender::parse),
                fields.flag("gender_wish_hard"),
            ),
            language_wish: (
                fields.one_of("language_wish", "language", Language::NAMES, Language::parse),
                fields.flag("language_wish_hard"),
            ),
            identity,
        }
    }

    /// The record with what the row says; what it leaves open stays.
    fn over(&self, village: Option<&VillageCalled>, before: ElderInput) -> ElderInput {
        let village = village.map(|village| village.code.clone());
        let moves = village.as_ref().is_some_and(|code| *code != before.village_code);
        // Who moves and is not found yet, is at the new village's point.
        let place = if moves { (None, None) } else { (before.longitude, before.latitude) };
        let is_placed = self.place.0.is_some() || self.place.1.is_some();
        let (longitude, latitude) = if is_placed { self.place } else { place };
        ElderInput {
            name: self.name.to_owned(),
            gender: self.gender.or(before.gender),
            born_on: self.born_on.or(before.born_on),
            village_code: village.unwrap_or(before.village_code),
            identity: self.identity.clone(),
            phone: self.phone.clone().given(),
            address: self.address.clone().given(),
            door_note: self.door_note.clone().given(),
            home_visits: self.home_visits.unwrap_or(before.home_visits),
            longitude,
            latitude,
            coordinate_source: self.source.filter(|_| is_placed).unwrap_or_default(),
            languages: self.languages.clone().unwrap_or(before.languages),
            gender_wish: self.gender_wish.0.or(before.gender_wish),
            gender_wish_hard: self.gender_wish.1.unwrap_or(before.gender_wish_hard),
            language_wish: self.language_wish.0.or(before.language_wish),
            language_wish_hard: self.language_wish.1.unwrap_or(before.language_wish_hard),
        }
    }

    /// Of somebody who is not on file: who they are must be said.
    fn fresh(&self, mut fields: Fields<'_>, village: Option<&VillageCalled>) -> Result<ElderInput> {
        let given = [self.gender.is_some(), self.born_on.is_some(), village.is_some()];
        for (key, _) in
            ["gender", "born_on", "village_code"].into_iter().zip(given).filter(|(_, given)| !given)
        {
            fields.missing(key);
        }
        fields.finish()?;
        let village_code = village.map_or("", |village| village.code.as_str());
        Ok(self.over(village, ElderInput::named(self.name, village_code)))
    }
}

impl Kind for Elders {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn need(&self) -> Permission {
        Permission::EditElder
    }

    fn keys(&self, row: &Values) -> Vec<(&'static str, String)> {
        if row.has("identity") {
            return vec![("identity", row.get("identity").to_ascii_uppercase())];
        }
        // Two elders may share a name; the same in everything is the same person written twice.
        let all: Vec<&str> = row.cells.values().map(String::as_str).collect();
        vec![("name", all.join("\u{1f}"))]
    }

    fn apply(&self, tx: &mut Tx<'_>, _: &Ground, row: &Values) -> Result<Vec<Made>> {
        let mut fields = Fields::of(row);
        let said = Said::read(&mut fields);
        let (town, village) = (fields.text("town_code"), fields.text("village_code"));
        fields.finish()?;
        let town = town.map(|text| places::town(tx, text)).transpose()?;
        let village = village.map(|text| places::village(tx, town.as_deref(), text)).transpose()?;
        let found: Vec<ElderRow> = if let Some(identity) = &said.identity {
            let known = find_by_identity(tx, identity)?;
            let known =
                known.map(|id| get_elder(tx.connection, tx.scope, self.need(), id, tx.now)).transpose()?;
            known.into_iter().collect()
        } else {
            let place = (village.as_ref().map(|village| village.code.as_str()), town.as_deref());
            find_alike(tx.connection, tx.scope, said.name, place, said.gender, said.born_on, tx.now)?
        };
        let mut made = Vec::new();
        let id = if let Some(known) = meant(tx, &said, village.as_ref(), &found)? {
            let input = said.over(village.as_ref(), known.input());
            if !says_the_same(tx, known, &input)? {
                let kept = keep(tx, known)?;
                change(tx, known.id, known.version, &input)?;
                made.push(Made::changed("elder", known.id, known.version + 1, kept));
            }
            known.id
        } else {
            let input = said.fresh(Fields::of(row), village.as_ref())?;
            let id = register(tx, &input)?;
            made.push(Made::added("elder", id, 1));
            id
        };
        for (part, column) in cells::PARTS {
            for input in cells::read(tx, part, row.get(column))? {
                let done = put(tx, part, id, &input).map_err(|error| in_column(error, column))?;
                made.extend(done.map(|done| made_part(part, id, done)));
            }
        }
        Ok(made)
    }

    fn undo(&self, tx: &mut Tx<'_>, made: &Made) -> Result<()> {
        if let Some(part) = ListedPart::parse(&made.entity) {
            let elder = made.after.as_ref().and_then(|after| after["elder"].as_i64());
            let elder = elder.ok_or_else(|| Error::internal("whose part a row made"))?;
            let done = Put { id: made.id, version: made.version, before: made.before.clone() };
            return take_back(tx, part, elder, &done);
        }
        match &made.before {
            None => remove(tx, made.id, made.version),
            Some(kept) => restore(tx, made.id, made.version, kept),
        }
    }
}

fn made_part(part: ListedPart, elder_id: i64, done: Put) -> Made {
    let made = match done.before {
        None => Made::added(part.name(), done.id, done.version),
        Some(before) => Made::changed(part.name(), done.id, done.version, before),
    };
    made.after(serde_json::json!({ "elder": elder_id }))
}

/// A refusal of what stands in a cell, said of its column.
fn in_column(mut error: Error, column: &'static str) -> Error {
    if error.fields.is_empty() && error.code == crate::error::Code::Taken {
        return Error::field(column, error.text);
    }
    for broken in &mut error.fields {
        broken.field = column;
    }
    error
}

fn says_the_same(tx: &mut Tx<'_>, known: &ElderRow, input: &ElderInput) -> Result<bool> {
    let before = known.input();
    let open = ElderInput {
        identity: None,
        phone: None,
        address: None,
        door_note: None,
        coordinate_source: before.coordinate_source,
        ..input.clone()
    };
    let is_moved = input.coordinate_source != before.coordinate_source;
    Ok(!is_moved && open == before && same_personal(tx, known, input)?)
}

/// Whom the row speaks of. Several alike: fine where the row says what is on file of one of them, refused otherwise.
fn meant<'a>(
    tx: &mut Tx<'_>,
    said: &Said<'_>,
    village: Option<&VillageCalled>,
    found: &'a [ElderRow],
) -> Result<Option<&'a ElderRow>> {
    if found.len() <= 1 {
        return Ok(found.first());
    }
    for known in found {
        let input = said.over(village, known.input());
        if says_the_same(tx, known, &input)? {
            return Ok(Some(known));
        }
    }
    Err(Error::field("name", Text::new("import.several").with("n", found.len())))
}
