//! Elders; known by identity number, and without one by name and what else the row says of who they are.

use super::fields::Fields;
use super::places;
use super::{Ground, Kind};
use crate::access::Permission;
use crate::app::Tx;
use crate::elders::store::{ElderRow, find_alike, get_elder};
use crate::elders::{
    Category, ElderInput, Gender, add, change, find_by_identity, keep, remove, restore, same_personal,
};
use crate::error::{Error, Result};
use crate::imports::model::{Column, Made, Values};
use crate::input::Told;
use crate::registry::store::VillageCalled;
use crate::text::Text;

pub struct Elders;

const COLUMNS: &[Column] = &[
    Column::new("name", "field.person_name", &["老人姓名", "老人", "Elder"]).required().verbatim(),
    Column::new("gender", "field.gender", &[]),
    Column::new("age", "field.age", &[]).informs(),
    Column::new("town_code", "field.town_code", &["镇", "街道", "所属镇街"]).fills_down(),
    Column::new("village_code", "field.village", &["村", "社区", "村居", "户籍村", "Village code"])
        .fills_down(),
    Column::new("categories", "field.categories", &["类别", "老人类别"]).may_be_emptied(),
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
    Column::new("longitude", "field.longitude", &["经度"]),
    Column::new("latitude", "field.latitude", &["纬度"]),
];

/// Who somebody is by the identity number: 17 digits of region, birth and order (odd for men), then a check place.
pub(super) fn told_by(identity: &str) -> Option<(chrono::NaiveDate, Gender)> {
    let born_on = chrono::NaiveDate::parse_from_str(identity.get(6..14)?, "%Y%m%d").ok()?;
    let is_male = identity.as_bytes().get(16)?.is_ascii_digit() && identity.as_bytes()[16] % 2 == 1;
    Some((born_on, if is_male { Gender::Male } else { Gender::Female }))
}

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
    let Some((told_birth, told_gender)) = identity.and_then(told_by) else { return (gender, born_on) };
    if born_on.is_some_and(|day| day != told_birth) {
        fields.refuse("born_on", Text::new("import.identity_differs"));
    }
    if gender.is_some_and(|gender| gender != told_gender) {
        fields.refuse("gender", Text::new("import.identity_differs"));
    }
    (gender.or(Some(told_gender)), born_on.or(Some(told_birth)))
}

struct Said<'a> {
    name: &'a str,
    identity: Option<String>,
    gender: Option<Gender>,
    born_on: Option<chrono::NaiveDate>,
    categories: Told<Vec<Category>>,
    home_visits: Option<bool>,
    phone: Told<String>,
    address: Told<String>,
    place: (Option<f64>, Option<f64>),
}

impl<'a> Said<'a> {
    fn read(fields: &mut Fields<'a>) -> Said<'a> {
        let name = fields.required("name");
        let identity = identity(fields);
        let (gender, born_on) = who(fields, identity.as_deref());
        let categories = fields.many("categories", "elder_category", Category::NAMES);
        Said {
            name,
            gender,
            born_on,
            categories: fields.told("categories", categories),
            home_visits: fields.flag("home_visits"),
            phone: fields.told_text("phone"),
            address: fields.told_text("address"),
            place: (fields.number("longitude"), fields.number("latitude")),
            identity,
        }
    }

    fn over(&self, village: Option<&VillageCalled>, before: &ElderInput) -> ElderInput {
        ElderInput {
            name: self.name.to_owned(),
            gender: self.gender.unwrap_or(before.gender),
            born_on: self.born_on.unwrap_or(before.born_on),
            village_code: village.map_or_else(|| before.village_code.clone(), |village| village.code.clone()),
            categories: self.categories.clone().over(Some(before.categories.clone())).unwrap_or_default(),
            home_visits: self.home_visits.unwrap_or(before.home_visits),
            longitude: self.place.0.unwrap_or(before.longitude),
            latitude: self.place.1.unwrap_or(before.latitude),
            identity: self.identity.clone(),
            phone: self.phone.clone().given(),
            address: self.address.clone().given(),
        }
    }

    /// Of somebody who is not on file: who they are must be said.
    fn fresh(&self, mut fields: Fields<'_>, village: Option<&VillageCalled>) -> Result<ElderInput> {
        let (Some(gender), Some(born_on), Some(village)) = (self.gender, self.born_on, village) else {
            let given = [self.gender.is_some(), self.born_on.is_some(), village.is_some()];
            for (key, _) in
                ["gender", "born_on", "village_code"].into_iter().zip(given).filter(|(_, given)| !given)
            {
                fields.missing(key);
            }
            fields.finish()?;
            return Err(Error::internal("a complete row of an elder"));
        };
        let empty = ElderInput {
            name: String::new(),
            gender,
            born_on,
            village_code: village.code.clone(),
            categories: Vec::new(),
            home_visits: false,
            // Where nobody has found the house, an elder is shown at the village's point.
            longitude: village.longitude,
            latitude: village.latitude,
            identity: None,
            phone: None,
            address: None,
        };
        Ok(self.over(Some(village), &empty))
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
        let mut found: Vec<ElderRow> = if let Some(identity) = &said.identity {
            let known = find_by_identity(tx, identity)?;
            let known =
                known.map(|id| get_elder(tx.connection, tx.scope, self.need(), id, tx.now)).transpose()?;
            known.into_iter().collect()
        } else {
            let place = (village.as_ref().map(|village| village.code.as_str()), town.as_deref());
            find_alike(tx.connection, tx.scope, said.name, place, said.gender, said.born_on, tx.now)?
        };
        if found.len() > 1 {
            return same_or_refused(tx, &said, village.as_ref(), &found);
        }
        let Some(known) = found.pop() else {
            let input = said.fresh(Fields::of(row), village.as_ref())?;
            return Ok(vec![Made::added("elder", add(tx, &input)?, 1)]);
        };
        let input = said.over(village.as_ref(), &known.input());
        if says_the_same(tx, &known, &input)? {
            return Ok(Vec::new());
        }
        let kept = keep(tx, &known)?;
        change(tx, known.id, known.version, &input)?;
        Ok(vec![Made::changed("elder", known.id, known.version + 1, kept)])
    }

    fn undo(&self, tx: &mut Tx<'_>, made: &Made) -> Result<()> {
        match &made.before {
            None => remove(tx, made.id, made.version),
            Some(kept) => restore(tx, made.id, made.version, kept),
        }
    }
}

fn says_the_same(tx: &mut Tx<'_>, known: &ElderRow, input: &ElderInput) -> Result<bool> {
    let open = ElderInput { identity: None, phone: None, address: None, ..input.clone() };
    Ok(open == known.input() && same_personal(tx, known, input)?)
}

/// Several alike: fine where the row says what is on file of one of them, refused otherwise.
fn same_or_refused(
    tx: &mut Tx<'_>,
    said: &Said<'_>,
    village: Option<&VillageCalled>,
    found: &[ElderRow],
) -> Result<Vec<Made>> {
    for known in found {
        let input = said.over(village, &known.input());
        if says_the_same(tx, known, &input)? {
            return Ok(Vec::new());
        }
    }
    Err(Error::field("name", Text::new("import.several").with("n", found.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_number_tells_birth_and_gender_where_it_is_a_real_one() {
        let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
        assert_eq!(told_by("11010519491231002X"), Some((day("1949-12-31"), Gender::Female)));
        assert_eq!(told_by("440524188001010014"), Some((day("1880-01-01"), Gender::Male)));
        assert_eq!(told_by("350582194013011234"), None, "there is no month 13");
        assert_eq!(told_by("1"), None);
    }
}
