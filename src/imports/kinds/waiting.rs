//! The waiting list. Who waits is found by identity number, or by name and what else the row says; somebody who is not on file is put on
//! file with the number. The order of the rows is the order in line, behind all who wait already.

use super::elders::{identity, who};
use super::fields::Fields;
use super::places;
use super::{Ground, Kind};
use crate::access::Permission;
use crate::app::Tx;
use crate::beds::store::{all_classes, get_entry};
use crate::beds::{BedKind, CareLevel, WaitSaid, Whom, put_in_line, take_entry_back, waits_so};
use crate::elders::store::{ElderRow, find_alike, get_elder};
use crate::elders::{ElderInput, Gender, find_by_identity, remove};
use crate::error::{Error, Result};
use crate::imports::model::{Column, Made, Values};
use crate::input::Told;
use crate::text::{Lang, Text};

pub struct Waiting;

const COLUMNS: &[Column] = &[
    // Only says whether somebody waits at all: nobody gets a place by writing it.
    Column::new("position", "field.position", &["轮候序号"]),
    Column::new("elder", "field.elder", &["姓名", "老人姓名", "Name"]).required().verbatim(),
    Column::new(
        "identity",
        "field.identity",
        &["身份证", "身份证号码", "证件号码", "公民身份号码", "ID number"],
    )
    .personal(),
    Column::new("gender", "field.gender", &["老人性别"]),
    Column::new("born_on", "field.born_on", &["出生年月日", "生日", "Birth date", "Date of birth"]),
    Column::new("town_code", "field.town_code", &["镇", "街道", "所属镇街"]).fills_down(),
    Column::new("village_code", "field.village", &["村", "社区", "村居", "户籍村", "Village code"])
        .fills_down(),
    Column::new("class", "field.class", &["轮候类别", "优先类别"]).fills_down(),
    Column::new("institution", "field.wished_institution", &["机构", "养老机构", "Institution"])
        .fills_down()
        .verbatim()
        .may_be_emptied(),
    Column::new("bed_kind", "field.bed_kind", &["床位类别", "床型", "Kind of bed"]).may_be_emptied(),
    Column::new("care_level", "field.care_level", &["护理等级", "护理级别", "Care level"]).may_be_emptied(),
    Column::new("asked_at", "field.asked_at", &["登记日期", "申请日期", "Asked on"]),
    Column::new("note", "field.note", &[]).verbatim().may_be_emptied(),
];

/// Stands where a position would, for somebody who no longer waits.
const NO_POSITION: &str = "—";

impl Kind for Waiting {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn need(&self) -> Permission {
        Permission::ManageWaiting
    }

    fn keys(&self, row: &Values) -> Vec<(&'static str, String)> {
        if row.has("identity") {
            return vec![("identity", row.get("identity").to_ascii_uppercase())];
        }
        let all: Vec<&str> = row.cells.values().map(String::as_str).collect();
        vec![("elder", all.join("\u{1f}"))]
    }

    fn apply(&self, tx: &mut Tx<'_>, ground: &Ground, row: &Values) -> Result<Vec<Made>> {
        if row.get("position") == NO_POSITION {
            return Ok(Vec::new());
        }
        let mut fields = Fields::of(row);
        let name = fields.required("elder");
        let identity = identity(&mut fields);
        let person = who(&mut fields, identity.as_deref());
        let said = said(tx, ground, &mut fields)?;
        fields.finish()?;
        let Some(whom) = whom(tx, row, (name, identity), person, &said)? else { return Ok(Vec::new()) };
        let is_new = matches!(whom, Whom::New(_));
        let Some(id) = put_in_line(tx, whom, &said).map_err(|error| error.renamed(&[("name", "elder")]))?
        else {
            return Ok(Vec::new());
        };
        let entry = Made::added("waiting", id, 1);
        if !is_new {
            return Ok(vec![entry]);
        }
        let elder = get_entry(tx.connection, tx.scope, self.need(), id)?.elder_id;
        Ok(vec![Made::added("elder", elder, 1), entry])
    }

    fn undo(&self, tx: &mut Tx<'_>, made: &Made) -> Result<()> {
        match made.entity.as_str() {
            "waiting" => take_entry_back(tx, made.id, made.version),
            _ => remove(tx, made.id, made.version),
        }
    }
}

fn said(tx: &mut Tx<'_>, ground: &Ground, fields: &mut Fields<'_>) -> Result<WaitSaid> {
    let wished = fields.told("institution", fields.text("institution"));
    let institution_id = match (wished, ground.institution_id) {
        (Told::Is(text), _) if is_anywhere(text) => Told::Absent,
        (Told::Silent, Some(own)) => Told::Is(own),
        (wished, _) => wished.try_map(|text| places::institution(tx, Permission::SeeBeds, text))?,
    };
    let class_code = match fields.text("class") {
        Some(text) => Some(class(tx, text)?),
        None => None,
    };
    let bed_kind = fields.one_of("bed_kind", "bed_kind", BedKind::NAMES, BedKind::parse);
    let care_level = fields.one_of("care_level", "care_level", CareLevel::NAMES, CareLevel::parse);
    Ok(WaitSaid {
        class_code,
        institution_id,
        bed_kind: fields.told("bed_kind", bed_kind),
        care_level: fields.told("care_level", care_level),
        note: fields.told_text("note"),
        asked: fields.moment("asked_at"),
    })
}

fn is_anywhere(text: &str) -> bool {
    [Lang::Chinese, Lang::English].iter().any(|lang| lang.t("waiting.anywhere") == text)
}

/// The code of a class by its name in either language; exported lists say behind it who was moved ahead.
fn class(tx: &mut Tx<'_>, text: &str) -> Result<String> {
    let jumped = [Lang::Chinese, Lang::English].map(|lang| format!(" · {}", lang.t("waiting.jumped")));
    let name = jumped.iter().find_map(|end| text.strip_suffix(end.as_str())).unwrap_or(text);
    let classes = all_classes(tx.connection)?;
    let found = classes.into_iter().find(|class| {
        class.code == name || class.name_zh == name || class.name_en.eq_ignore_ascii_case(name)
    });
    let unknown = || Error::field("class", Text::new("import.no_class").with("value", text));
    found.map(|class| class.code).ok_or_else(unknown)
}

type Person = (Option<Gender>, Option<chrono::NaiveDate>);

/// Who the row speaks of; none where several are called so and one of them waits as it says.
fn whom(
    tx: &mut Tx<'_>,
    row: &Values,
    (name, identity): (&str, Option<String>),
    (gender, born_on): Person,
    said: &WaitSaid,
) -> Result<Option<Whom>> {
    let text = |key: &str| Some(row.get(key)).filter(|text| !text.is_empty());
    let town = text("town_code").map(|text| places::town(tx, text)).transpose()?;
    let village = text("village_code").map(|text| places::village(tx, town.as_deref(), text)).transpose()?;
    let Some(identity) = identity else {
        let place = (village.as_ref().map(|village| village.code.as_str()), town.as_deref());
        let found = find_alike(tx.connection, tx.scope, name, place, gender, born_on, tx.now)?;
        return one_of(tx, &found, said);
    };
    if let Some(id) = find_by_identity(tx, &identity)? {
        let known = get_elder(tx.connection, tx.scope, Permission::SeeElders, id, tx.now)?;
        if known.name != name {
            return Err(Error::field("elder", Text::new("import.other_person")));
        }
        return Ok(Some(Whom::Elder(id)));
    }
    let (Some(gender), Some(born_on), Some(village)) = (gender, born_on, village) else {
        return Err(Error::field("village_code", Text::new("import.needed")));
    };
    Ok(Some(Whom::New(Box::new(ElderInput {
        identity: Some(identity),
        gender: Some(gender),
        born_on: Some(born_on),
        ..ElderInput::named(name, &village.code)
    }))))
}

fn one_of(tx: &mut Tx<'_>, found: &[ElderRow], said: &WaitSaid) -> Result<Option<Whom>> {
    match found {
        [] => Err(Error::field("identity", Text::new("import.identity_to_wait"))),
        [only] => Ok(Some(Whom::Elder(only.id))),
        several => {
            for elder in several {
                if waits_so(tx, elder.id, said)? {
                    return Ok(None);
                }
            }
            Err(Error::field("elder", Text::new("import.several").with("n", several.len())))
        }
    }
}
