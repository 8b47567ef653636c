//! Caregivers; known by provider and name, and by town where two of a provider share a name.

use serde_json::json;

use super::fields::Fields;
use super::places;
use super::{Ground, Kind};
use crate::access::Permission;
use crate::app::Tx;
use crate::error::{Error, Result};
use crate::imports::model::{Column, Made, Values, clock, days_of_week};
use crate::input::Told;
use crate::registry::caregivers::store::{CaregiverRow, find_called};
use crate::registry::caregivers::{
    CaregiverInput, Gender, Language, Skill, TravelMode, Weekday, add, change, remove, restore_phone,
};

use crate::text::Text;

pub struct Caregivers;

const COLUMNS: &[Column] = &[
    Column::new("name", "caregiver.name", &["护理员", "护理员姓名", "Caregiver"]).required().verbatim(),
    Column::new("provider_id", "field.provider_id", &["所属单位", "单位"]).required().fills_down(),
    Column::new("town_code", "field.town_code", &["镇", "街道", "所属镇街"]).fills_down(),
    Column::new("skills", "field.skills", &["技能"]),
    Column::new("languages", "field.languages", &[]),
    Column::new("shift", "field.shift", &["排班"]),
    Column::new("active", "field.active", &["在岗状态"]),
    Column::new("gender", "field.gender", &[]),
    Column::new("phone", "field.phone", &["联系电话", "手机", "手机号"]).personal().may_be_emptied(),
    Column::new("travel_mode", "field.travel_mode", &[]),
    Column::new("longitude", "field.longitude", &["经度"]),
    Column::new("latitude", "field.latitude", &["纬度"]),
];

struct Said {
    gender: Option<Gender>,
    phone: Told<String>,
    skills: Option<Vec<Skill>>,
    languages: Option<Vec<Language>>,
    shift: Option<(Vec<Weekday>, i32, i32)>,
    travel_mode: Option<TravelMode>,
    active: Option<bool>,
    place: (Option<f64>, Option<f64>),
}

impl Said {
    fn read(fields: &mut Fields<'_>) -> Said {
        let shift = fields.text("shift").map(shift_of);
        if shift == Some(None) {
            fields.refuse("shift", Text::new("import.shift"));
        }
        Said {
            gender: fields.one_of("gender", "gender", Gender::NAMES, Gender::parse),
            phone: fields.told_text("phone"),
            skills: fields.many("skills", "skill", Skill::NAMES),
            languages: fields.many("languages", "language", Language::NAMES),
            shift: shift.flatten(),
            travel_mode: fields.one_of("travel_mode", "travel_mode", TravelMode::NAMES, TravelMode::parse),
            active: fields.flag("active"),
            place: (fields.number("longitude"), fields.number("latitude")),
        }
    }

    fn over(self, town_code: Option<String>, before: &CaregiverInput) -> CaregiverInput {
        let (shift_days, shift_starts_min, shift_ends_min) = self
            .shift
            .unwrap_or_else(|| (before.shift_days.clone(), before.shift_starts_min, before.shift_ends_min));
        CaregiverInput {
            gender: self.gender.unwrap_or(before.gender),
            town_code: town_code.unwrap_or_else(|| before.town_code.clone()),
            phone: self.phone.given(),
            skills: self.skills.unwrap_or_else(|| before.skills.clone()),
            languages: self.languages.unwrap_or_else(|| before.languages.clone()),
            shift_days,
            shift_starts_min,
            shift_ends_min,
            travel_mode: self.travel_mode.unwrap_or(before.travel_mode),
            longitude: self.place.0.unwrap_or(before.longitude),
            latitude: self.place.1.unwrap_or(before.latitude),
            active: self.active.unwrap_or(before.active),
            ..before.clone()
        }
    }

    /// Of somebody who is not on file: nothing of them is guessed.
    fn fresh(&self, mut fields: Fields<'_>, name: &str, provider_id: i64) -> Result<CaregiverInput> {
        for (key, is_given) in [
            ("town_code", fields.text("town_code").is_some()),
            ("gender", self.gender.is_some()),
            ("skills", self.skills.is_some()),
            ("languages", self.languages.is_some()),
            ("shift", self.shift.is_some()),
            ("travel_mode", self.travel_mode.is_some()),
            ("longitude", self.place.0.is_some()),
            ("latitude", self.place.1.is_some()),
        ] {
            if !is_given {
                fields.missing(key);
            }
        }
        fields.finish()?;
        Ok(CaregiverInput {
            name: name.to_owned(),
            gender: Gender::Female,
            provider_id,
            town_code: String::new(),
            phone: None,
            skills: Vec::new(),
            languages: Vec::new(),
            shift_days: Vec::new(),
            shift_starts_min: 0,
            shift_ends_min: 0,
            travel_mode: TravelMode::Walk,
            longitude: 0.0,
            latitude: 0.0,
            active: true,
        })
    }
}

/// `周一至周五 08:00–17:00`, `Mon to Fri 22:00–06:00 next day`: days, then from when to when. An end before the start is on
/// the next day, said or not.
fn shift_of(text: &str) -> Option<(Vec<Weekday>, i32, i32)> {
    let text = text.replace("次日", "").replace("next day", "");
    // Days may be digits themselves: the times begin behind the last white space before the first colon.
    let before = &text[..text.find(':')?];
    let space = before.char_indices().rev().find(|(_, letter)| letter.is_whitespace());
    let start = match space {
        Some((at, letter)) => at + letter.len_utf8(),
        None => before.find(|letter: char| letter.is_ascii_digit())?,
    };
    let (days, times) = text.split_at(start);
    let (from, to) = ["–", "-", "~", "至"].iter().find_map(|mark| times.split_once(mark))?;
    let (from, to) = (clock(from.trim())?, clock(to.trim())?);
    let days = days_of_week(days)?;
    let days = Weekday::ALL.iter().enumerate().filter(|(index, _)| days.contains(&(index + 1)));
    let ends = if to <= from { to + 24 * 60 } else { to };
    Some((days.map(|(_, day)| *day).collect(), from, ends))
}

impl Kind for Caregivers {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn need(&self) -> Permission {
        Permission::EditCaregiver
    }

    fn keys(&self, row: &Values) -> Vec<(&'static str, String)> {
        let parts = ["provider_id", "town_code", "name"].map(|key| row.get(key));
        // Two caregivers of a provider may share a name; the same in everything is the same person written twice.
        let rest: Vec<&str> = row.cells.values().map(String::as_str).collect();
        vec![("name", format!("{}\u{1f}{}", parts.join("\u{1f}"), rest.join("\u{1f}")))]
    }

    fn apply(&self, tx: &mut Tx<'_>, _: &Ground, row: &Values) -> Result<Vec<Made>> {
        let mut fields = Fields::of(row);
        let (name, provider) = (fields.required("name"), fields.required("provider_id"));
        let town = fields.text("town_code");
        let said = Said::read(&mut fields);
        fields.finish()?;
        let provider_id = places::provider(tx, provider)?;
        let town_code = town.map(|text| places::town(tx, text)).transpose()?;
        let key = (provider_id, town_code.as_deref(), name);
        let mut found = find_called(tx.connection, tx.scope, self.need(), key)?;
        if found.len() > 1 {
            return same_or_refused(&found, |known| {
                let said = Said::read(&mut Fields::of(row));
                said.phone.is_silent()
                    && said.over(town_code.clone(), &known.input()).written() == known.input().written()
            });
        }
        let Some(known) = found.pop() else {
            let fresh = said.fresh(Fields::of(row), name, provider_id)?;
            let input = said.over(town_code, &fresh);
            return Ok(vec![Made::added("caregiver", add(tx, &input)?, 1)]);
        };
        let before = known.input();
        let input = said.over(town_code, &before);
        let same_phone = restore_phone::is_same(tx, &known, input.phone.as_deref())?;
        if input.written() == before.written() && same_phone {
            return Ok(Vec::new());
        }
        let kept = json!({ "input": before, "phone": known.phone_sealed.as_ref().map(hex::encode) });
        change(tx, known.id, known.version, &input)?;
        Ok(vec![Made::changed("caregiver", known.id, known.version + 1, kept)])
    }

    fn undo(&self, tx: &mut Tx<'_>, made: &Made) -> Result<()> {
        let Some(kept) = &made.before else { return remove(tx, made.id, made.version) };
        let fault = |error: serde_json::Error| Error::internal("a kept caregiver").because(error);
        let input: CaregiverInput = serde_json::from_value(kept["input"].clone()).map_err(fault)?;
        change(tx, made.id, made.version, &input)?;
        restore_phone::put(tx, made.id, kept["phone"].as_str())
    }
}

/// Several of the name: fine where the row says what is on file of one of them, refused otherwise.
fn same_or_refused(found: &[CaregiverRow], is_same: impl Fn(&CaregiverRow) -> bool) -> Result<Vec<Made>> {
    if found.iter().any(is_same) {
        return Ok(Vec::new());
    }
    Err(Error::field("name", Text::new("import.several").with("n", found.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shift_is_read_as_it_is_shown_in_both_languages() {
        let week: Vec<Weekday> = Weekday::ALL[..5].to_vec();
        for text in ["周一至周五 08:00–17:00", "Mon to Fri 08:00–17:00", "1,2,3,4,5 8:00-17:00"] {
            assert_eq!(shift_of(text), Some((week.clone(), 480, 1020)), "{text}");
        }
        for text in ["周六、周日 22:00–次日 06:00", "Sat, Sun 22:00–06:00 next day"] {
            assert_eq!(
                shift_of(text),
                Some((vec![Weekday::Saturday, Weekday::Sunday], 1320, 1800)),
                "{text}"
            );
        }
        for text in ["", "周一至周五", "08:00–17:00", "周一 08:00", "周八 08:00-09:00"] {
            assert_eq!(shift_of(text), None, "{text}");
        }
    }
}
