//! What an editor can set in an elder's record, and the rules that need no database.

use chrono::{Months, NaiveDate};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{CoordinateSource, Gender, IdentityFault, Language, is_phone, parse_identity};
use crate::error::Result;
use crate::input::Checks;
use crate::registry::codes;
use crate::text::Text;

/// Nobody is older.
const AGE_YEARS_MAX: u32 = 130;

/// An elder's record. Sealed fields (identity, phone, address, door_note): none keeps what is on file, an empty text removes it.
#[derive(Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ElderInput {
    pub name: String,
    /// May be left out where the identity number says it.
    pub gender: Option<Gender>,
    /// May be left out where the identity number says it.
    pub born_on: Option<NaiveDate>,
    /// Statistics code of the village or community, such as 350582101201; the town follows from it.
    pub village_code: String,
    /// 18 places with a right check sign (GB 11643).
    pub identity: Option<String>,
    /// A mobile number, or a landline's with its area code.
    pub phone: Option<String>,
    pub address: Option<String>,
    /// How to be let in: told to whoever visits.
    pub door_note: Option<String>,
    /// Receives visits at home.
    #[serde(default)]
    pub home_visits: bool,
    /// Without longitude and latitude: where the record says, and for a new one the point of the village.
    pub longitude: Option<f64>,
    pub latitude: Option<f64>,
    /// The system of longitude and latitude as they are sent; they are kept in WGS-84.
    #[serde(default)]
    pub coordinate_source: CoordinateSource,
    #[serde(default)]
    pub languages: Vec<Language>,
    /// Of the caregiver.
    pub gender_wish: Option<Gender>,
    /// Nobody else may be sent.
    #[serde(default)]
    pub gender_wish_hard: bool,
    pub language_wish: Option<Language>,
    #[serde(default)]
    pub language_wish_hard: bool,
}

impl ElderInput {
    /// Somebody of whom no more is known than name and village.
    pub fn named(name: &str, village_code: &str) -> ElderInput {
        ElderInput {
            name: name.to_owned(),
            gender: None,
            born_on: None,
            village_code: village_code.to_owned(),
            identity: None,
            phone: None,
            address: None,
            door_note: None,
            home_visits: false,
            longitude: None,
            latitude: None,
            coordinate_source: CoordinateSource::Wgs84,
            languages: Vec::new(),
            gender_wish: None,
            gender_wish_hard: false,
            language_wish: None,
            language_wish_hard: false,
        }
    }

    /// The same with white space taken away and with what the identity number says filled in.
    #[must_use]
    pub fn tidy(mut self) -> ElderInput {
        self.name = self.name.trim().to_owned();
        self.identity = self.identity.map(|number| number.trim().to_ascii_uppercase());
        for text in [&mut self.phone, &mut self.address, &mut self.door_note].into_iter().flatten() {
            *text = text.trim().to_owned();
        }
        if let Some(Ok(said)) = self.identity.as_deref().map(parse_identity) {
            self.born_on = self.born_on.or(Some(said.born_on));
            self.gender = self.gender.or(Some(said.gender));
        }
        self
    }

    /// The rules that need no database, for a tidy input.
    pub fn check(&self, today: NaiveDate) -> Result<()> {
        let mut checks = Checks::default();
        checks.text("name", &self.name, 2, 40);
        check_identity(
            &mut checks,
            self.identity.as_deref().unwrap_or_default(),
            (self.born_on, self.gender),
        );
        check_born_on(&mut checks, self.born_on, today);
        let is_said = self.gender.is_some() || checks.has("identity");
        checks.require("gender", is_said, || Text::new("rule.choose"));
        let phone = self.phone.as_deref().unwrap_or_default();
        checks.require("phone", phone.is_empty() || is_phone(phone), || Text::new("rule.phone_callable"));
        checks.text("address", self.address.as_deref().unwrap_or_default(), 0, 200);
        checks.text("door_note", self.door_note.as_deref().unwrap_or_default(), 0, 300);
        match (self.longitude, self.latitude) {
            (Some(longitude), Some(latitude)) => checks.place(longitude, latitude),
            (None, None) => {}
            (Some(_), None) => checks.refuse("latitude", Text::new("rule.both_degrees")),
            (None, Some(_)) => checks.refuse("longitude", Text::new("rule.both_degrees")),
        }
        let wish = self.gender_wish.is_some() || !self.gender_wish_hard;
        checks.require("gender_wish", wish, || Text::new("rule.wish_hard"));
        let wish = self.language_wish.is_some() || !self.language_wish_hard;
        checks.require("language_wish", wish, || Text::new("rule.wish_hard"));
        checks.finish()
    }

    /// The values as they are written down when they change: one plain value for each field of the form, nothing sealed.
    pub fn written(&self) -> Value {
        json!({
            "name": self.name,
            "gender": self.gender,
            "born_on": self.born_on,
            "village_code": self.village_code,
            "home_visits": self.home_visits,
            "longitude": self.longitude,
            "latitude": self.latitude,
            "languages": codes::join(&self.languages),
            "gender_wish": self.gender_wish.map(Gender::name).unwrap_or_default(),
            "gender_wish_hard": self.gender_wish_hard,
            "language_wish": self.language_wish.map(Language::name).unwrap_or_default(),
            "language_wish_hard": self.language_wish_hard,
        })
    }
}

/// Without what is sealed: a value that is printed may end in a log.
impl std::fmt::Debug for ElderInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ElderInput {}", self.written())
    }
}

/// Shape, day and check sign, then whether the record says the same. An empty number breaks no rule.
pub fn check_identity(checks: &mut Checks, number: &str, said: (Option<NaiveDate>, Option<Gender>)) {
    if number.is_empty() {
        return;
    }
    match parse_identity(number) {
        Err(IdentityFault::Shape) => checks.refuse("identity", Text::new("rule.identity")),
        Err(IdentityFault::Day) => checks.refuse("identity", Text::new("rule.identity_day")),
        Err(IdentityFault::CheckSign) => checks.refuse("identity", Text::new("rule.identity_check")),
        Ok(found) => {
            let (born_on, gender) = said;
            checks.require("born_on", born_on.is_none_or(|day| day == found.born_on), || {
                Text::new("rule.identity_born_on").with("day", found.born_on)
            });
            checks.require("gender", gender.is_none_or(|gender| gender == found.gender), || {
                Text::new("rule.identity_gender")
                    .with("gender", format!("@enums.gender.{}", found.gender.name()))
            });
        }
    }
}

fn check_born_on(checks: &mut Checks, born_on: Option<NaiveDate>, today: NaiveDate) {
    let Some(day) = born_on else {
        if !checks.has("identity") {
            checks.refuse("born_on", Text::new("rule.date"));
        }
        return;
    };
    let first = today.checked_sub_months(Months::new(12 * AGE_YEARS_MAX)).unwrap_or(NaiveDate::MIN);
    checks.require("born_on", (first..=today).contains(&day), || {
        Text::new("rule.born_on").with("max", AGE_YEARS_MAX)
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input() -> ElderInput {
        ElderInput {
            identity: Some(" 11010519491231002x ".into()),
            phone: Some("13800001234".into()),
            longitude: Some(118.47),
            latitude: Some(24.72),
            ..ElderInput::named("测试甲", "350582101201")
        }
    }

    fn broken(input: ElderInput) -> Vec<(&'static str, &'static str)> {
        let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let fields = input.tidy().check(today).err().map(|error| error.fields).unwrap_or_default();
        fields.iter().map(|field| (field.field, field.rule.key)).collect()
    }

    #[test]
    fn the_number_fills_in_what_was_left_out() {
        let tidy = input().tidy();
        assert_eq!(tidy.born_on, NaiveDate::from_ymd_opt(1949, 12, 31));
        assert_eq!(
            (tidy.gender, tidy.identity.as_deref()),
            (Some(Gender::Female), Some("11010519491231002X"))
        );
        assert_eq!(broken(input()), []);
    }

    #[test]
    fn each_rule_names_its_field_once() {
        let number = |number: &str| ElderInput { identity: Some(number.into()), ..input() };
        assert_eq!(broken(number("123")), [("identity", "rule.identity")]);
        assert_eq!(broken(number("110105194902300020")), [("identity", "rule.identity_day")]);
        assert_eq!(broken(number("110105194912310020")), [("identity", "rule.identity_check")]);
        let day = NaiveDate::from_ymd_opt(1949, 12, 30);
        assert_eq!(broken(ElderInput { born_on: day, ..input() }), [("born_on", "rule.identity_born_on")]);
        let gender = Some(Gender::Male);
        assert_eq!(broken(ElderInput { gender, ..input() }), [("gender", "rule.identity_gender")]);
        let none = ElderInput { identity: None, ..input() };
        assert_eq!(broken(none.clone()), [("born_on", "rule.date"), ("gender", "rule.choose")]);
        let day = NaiveDate::from_ymd_opt(1849, 12, 31);
        assert_eq!(broken(ElderInput { born_on: day, gender, ..none }), [("born_on", "rule.born_on")]);
        assert_eq!(
            broken(ElderInput { phone: Some("110".into()), ..input() }),
            [("phone", "rule.phone_callable")]
        );
        assert_eq!(broken(ElderInput { name: "甲".into(), ..input() })[0].0, "name");
        assert_eq!(broken(ElderInput { longitude: Some(24.7), latitude: Some(118.4), ..input() }).len(), 2);
        assert_eq!(broken(ElderInput { latitude: None, ..input() }), [("latitude", "rule.both_degrees")]);
        assert_eq!(broken(ElderInput { longitude: None, latitude: None, ..input() }), []);
        assert_eq!(
            broken(ElderInput { gender_wish_hard: true, ..input() }),
            [("gender_wish", "rule.wish_hard")]
        );
    }

    #[test]
    fn what_is_sealed_is_never_written_down_or_printed() {
        let input = input().tidy();
        for text in [input.written().to_string(), format!("{input:?}")] {
            assert!(!text.contains("110105") && !text.contains("1380000"), "{text}");
        }
    }
}
