//! Registering an elder who is not on file yet: at an admission or when asking for a bed.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::edit::{ElderInput, insert};
use super::model::{Category, Gender};
use crate::access::Permission;
use crate::app::Tx;
use crate::error::{Error, Result};
use crate::registry::store::{VillagePlace, place_of_village};
use crate::text::Text;

/// What is asked of somebody who is not on file. Identity number, phone and address are sealed.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewElder {
    pub name: String,
    /// 18 places; may be absent where the person has no card at hand.
    pub identity: Option<String>,
    pub gender: Gender,
    pub born_on: NaiveDate,
    pub phone: Option<String>,
    pub address: Option<String>,
    /// Statistics code of the village where the elder is registered.
    pub village_code: String,
    /// Why the elder is entitled to public support; may be empty.
    pub categories: Option<Vec<Category>>,
}

impl NewElder {
    fn identity(&self) -> String {
        self.identity.as_deref().unwrap_or_default().trim().to_ascii_uppercase()
    }

    /// The rules that need no database.
    pub fn check(&self, today: NaiveDate) -> Result<()> {
        self.input(&VillagePlace::default()).check_person(today).finish()
    }

    fn input(&self, place: &VillagePlace) -> ElderInput {
        ElderInput {
            name: self.name.clone(),
            gender: self.gender,
            born_on: self.born_on,
            village_code: self.village_code.clone(),
            categories: self.categories.clone().unwrap_or_default(),
            home_visits: false,
            longitude: place.longitude,
            latitude: place.latitude,
            identity: Some(self.identity()),
            phone: self.phone.clone(),
            address: self.address.clone(),
        }
    }
}

/// Puts an elder on file at the place of the village and gives the number; nobody is on file twice. For those who may admit or put in
/// line: what they do next says in which house.
pub fn register(tx: &mut Tx<'_>, new: &NewElder) -> Result<i64> {
    if !tx.scope.may(Permission::ManageStays) && !tx.scope.may(Permission::ManageWaiting) {
        return Err(Error::forbidden().context("registering an elder"));
    }
    new.check(tx.calendar.day_of(tx.now))?;
    let unknown = || Error::field("village_code", Text::new("rule.unknown_village"));
    let place = place_of_village(tx.connection, &new.village_code)?.ok_or_else(unknown)?;
    insert(tx, &new.input(&place), &place.town_code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elders::is_valid_identity;

    fn new() -> NewElder {
        NewElder {
            name: "林秀英".into(),
            identity: Some("00000019400101002X".into()),
            gender: Gender::Female,
            born_on: NaiveDate::from_ymd_opt(1940, 1, 1).unwrap(),
            phone: None,
            address: None,
            village_code: "350582001201".into(),
            categories: None,
        }
    }

    fn broken(new: &NewElder) -> Vec<&'static str> {
        let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let error = new.check(today).err();
        error.map(|error| error.fields.iter().map(|field| field.field).collect()).unwrap_or_default()
    }

    #[test]
    fn the_identity_number_agrees_with_what_is_said_beside_it() {
        let valid = valid_like("00000019400101002");
        assert_eq!(broken(&NewElder { identity: Some(valid.clone()), ..new() }), Vec::<&str>::new());
        assert_eq!(broken(&NewElder { identity: None, ..new() }), Vec::<&str>::new());
        let male = NewElder { identity: Some(valid.clone()), gender: Gender::Male, ..new() };
        assert_eq!(broken(&male), ["gender"]);
        let other_day = NaiveDate::from_ymd_opt(1941, 1, 1).unwrap();
        assert_eq!(
            broken(&NewElder { identity: Some(valid.clone()), born_on: other_day, ..new() }),
            ["born_on"]
        );
        let last = if valid.ends_with('1') { '2' } else { '1' };
        let mistyped = format!("{}{last}", &valid[..17]);
        assert_eq!(broken(&NewElder { identity: Some(mistyped), ..new() }), ["identity"]);
        assert_eq!(broken(&NewElder { identity: Some("123".into()), ..new() }), ["identity"]);
    }

    fn valid_like(digits: &str) -> String {
        let ends = "0123456789X".chars().map(|last| format!("{digits}{last}"));
        ends.into_iter().find(|whole| is_valid_identity(whole)).unwrap()
    }

    #[test]
    fn each_other_rule_names_its_field() {
        let far = NaiveDate::from_ymd_opt(2027, 1, 1).unwrap();
        let wrong = NewElder {
            name: "x".into(),
            identity: None,
            born_on: far,
            phone: Some("12a".into()),
            address: Some("长".repeat(101)),
            ..new()
        };
        assert_eq!(broken(&wrong), ["name", "born_on", "phone", "address"]);
    }
}
