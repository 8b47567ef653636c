use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{BedKind, GenderRule};
use crate::error::Result;
use crate::input::Checks;
use crate::registry::caregivers::Gender;
use crate::text::Text;

/// Beds that are added together with their room at most.
pub const ROOM_BEDS_MAX: i64 = 20;

/// What an editor can set of a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomInput {
    /// Name of the building; empty where there is only one.
    pub building: String,
    pub floor: i32,
    /// Number on the door, once in a building.
    pub number: String,
    pub gender_rule: GenderRule,
    /// Takes a couple, whatever the gender rule.
    pub couple_room: bool,
    /// Only for those who have to be kept apart.
    pub isolation_room: bool,
}

impl RoomInput {
    pub fn check(&self) -> Result<()> {
        let mut checks = Checks::default();
        checks.text("building", &self.building, 0, 20);
        checks.range("floor", f64::from(self.floor), -5.0, 60.0);
        checks.text("number", &self.number, 1, 12);
        checks.require("isolation_room", !(self.couple_room && self.isolation_room), || {
            Text::new("rule.couple_or_isolation")
        });
        checks.finish()
    }
}

/// What an editor can set of a bed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BedInput {
    /// Number of the bed, once in a room.
    pub label: String,
    pub kind: BedKind,
}

impl BedInput {
    pub fn check(&self) -> Result<()> {
        let mut checks = Checks::default();
        checks.text("label", &self.label, 1, 12);
        checks.finish()
    }
}

/// What an editor can set of a class of the waiting list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClassInput {
    pub name_zh: String,
    pub name_en: String,
    /// Whether the office in charge has confirmed its place.
    pub confirmed: bool,
    /// Nobody is put into it any more.
    pub retired: bool,
    /// Code of the class behind which it comes; the first in line without it.
    pub after: Option<String>,
}

impl ClassInput {
    pub fn check(&self) -> Result<()> {
        let mut checks = Checks::default();
        checks.text("name_zh", &self.name_zh, 1, 30);
        checks.text("name_en", &self.name_en, 1, 60);
        checks.finish()
    }
}

/// A code such as `lone`: small letters, digits and underscores, a letter first.
pub fn check_code(code: &str) -> Result<()> {
    let legal = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    let fits = (1..=40).contains(&code.len())
        && code.starts_with(|letter: char| letter.is_ascii_lowercase())
        && code.chars().all(legal);
    let mut checks = Checks::default();
    checks.require("code", fits, || Text::new("rule.class_code"));
    checks.finish()
}

/// The first resident, by bed label, who could not live in the room as it is to be.
pub fn misplaced<'a>(room: &RoomInput, residents: &'a [(String, Gender)]) -> Option<&'a str> {
    let is_misplaced = |gender: Gender| match room.gender_rule {
        _ if room.isolation_room => true,
        _ if room.couple_room => false,
        GenderRule::Any => false,
        GenderRule::Female => gender != Gender::Female,
        GenderRule::Male => gender != Gender::Male,
        GenderRule::Same => residents.iter().any(|(_, other)| *other != gender),
    };
    residents.iter().find(|(_, gender)| is_misplaced(*gender)).map(|(label, _)| label.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room() -> RoomInput {
        RoomInput {
            building: "1号楼".into(),
            floor: 1,
            number: "101".into(),
            gender_rule: GenderRule::Any,
            couple_room: false,
            isolation_room: false,
        }
    }

    fn broken(outcome: &Result<()>) -> Vec<&'static str> {
        let fields = outcome.as_ref().err().map(|error| error.fields.iter().map(|one| one.field).collect());
        fields.unwrap_or_default()
    }

    #[test]
    fn each_rule_of_a_room_a_bed_and_a_class_names_its_field() {
        assert_eq!(broken(&room().check()), Vec::<&str>::new());
        let wrong = RoomInput { building: "x".repeat(21), floor: 99, number: String::new(), ..room() };
        assert_eq!(broken(&wrong.check()), ["building", "floor", "number"]);
        let both = RoomInput { couple_room: true, isolation_room: true, ..room() };
        assert_eq!(broken(&both.check()), ["isolation_room"]);
        let bed = BedInput { label: "1234567890123".into(), kind: BedKind::Nursing };
        assert_eq!(broken(&bed.check()), ["label"]);
        for (code, is_fine) in
            [("lone", true), ("very_old_2", true), ("", false), ("Lone", false), ("2x", false)]
        {
            assert_eq!(check_code(code).is_ok(), is_fine, "{code}");
        }
    }

    #[test]
    fn who_lives_in_a_room_has_to_fit_its_new_rule() {
        let mixed = [("1".to_owned(), Gender::Female), ("2".to_owned(), Gender::Male)];
        let with = |gender_rule| RoomInput { gender_rule, ..room() };
        assert_eq!(misplaced(&with(GenderRule::Any), &mixed), None);
        assert_eq!(misplaced(&with(GenderRule::Female), &mixed), Some("2"));
        assert_eq!(misplaced(&with(GenderRule::Male), &mixed), Some("1"));
        assert_eq!(misplaced(&with(GenderRule::Same), &mixed), Some("1"));
        assert_eq!(misplaced(&with(GenderRule::Same), &mixed[..1]), None);
        let couple = RoomInput { couple_room: true, ..with(GenderRule::Female) };
        assert_eq!(misplaced(&couple, &mixed), None);
        let isolation = RoomInput { isolation_room: true, ..room() };
        assert_eq!((misplaced(&isolation, &mixed), misplaced(&isolation, &[])), (Some("1"), None));
    }
}
