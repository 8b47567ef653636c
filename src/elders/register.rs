//! Registering an elder who is not on file yet: at an admission or when asking for a bed.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::model::{Category, Gender, age_years, is_identity, is_valid_identity};
use super::personal::{Personal, seal};
use super::store;
use crate::access::Permission;
use crate::access::audit::Entry;
use crate::app::Tx;
use crate::bus::{Event, Topic};
use crate::error::{Error, Result};
use crate::input::Checks;
use crate::registry::store::place_of_village;
use crate::text::Text;

const AGE_YEARS_MAX: i64 = 130;

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
        let mut checks = Checks::default();
        checks.text("name", &self.name, 2, 40);
        let in_range = self.born_on <= today && age_years(self.born_on, today) <= AGE_YEARS_MAX;
        checks.require("born_on", in_range, || Text::new("rule.born_on"));
        checks.phone("phone", self.phone.as_deref().unwrap_or_default());
        checks.text("address", self.address.as_deref().unwrap_or_default(), 0, 100);
        let identity = self.identity();
        if !identity.is_empty() {
            checks.require("identity", is_identity(&identity), || Text::new("rule.identity"));
            if is_identity(&identity) {
                checks
                    .require("identity", is_valid_identity(&identity), || Text::new("rule.identity_digits"));
                let born =
                    format!("{:04}{:02}{:02}", self.born_on.year(), self.born_on.month(), self.born_on.day());
                checks.require("born_on", identity[6..14] == born, || Text::new("rule.born_on_identity"));
                let is_male = identity.as_bytes()[16] % 2 == 1;
                let fits = is_male == (self.gender == Gender::Male);
                checks.require("gender", fits, || Text::new("rule.gender_identity"));
            }
        }
        checks.finish()
    }
}

/// Puts an elder on file and gives the number; nobody is on file twice. For those who may admit or put in line: what they do
/// next says in which house.
pub fn register(tx: &mut Tx<'_>, new: &NewElder) -> Result<i64> {
    if !tx.scope.may(Permission::ManageStays) && !tx.scope.may(Permission::ManageWaiting) {
        return Err(Error::forbidden().context("registering an elder"));
    }
    new.check(tx.calendar.day_of(tx.now))?;
    let unknown = || Error::field("village_code", Text::new("rule.unknown_village"));
    let place = place_of_village(tx.connection, &new.village_code)?.ok_or_else(unknown)?;
    let id = store::insert_elder(tx.connection, new, &place, tx.now)?;
    let personal = Personal {
        identity: new.identity(),
        phone: new.phone.clone().unwrap_or_default().trim().to_owned(),
        address: new.address.clone().unwrap_or_default().trim().to_owned(),
    };
    store::set_personal(tx.connection, id, &seal(tx.keys, id, &personal)?)?;
    tx.audit(&Entry {
        action: "elder.add",
        entity: "elder",
        entity_id: id.to_string(),
        town_code: Some(&place.town_code),
        detail: json!({ "version": 1, "has_identity": new.identity.is_some() }),
    })?;
    tx.publish(&Event::new(Topic::Registry, &place.town_code, id, json!({ "entity": "elder", "id": id })))?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new() -> NewElder {
        NewElder {
            name: "林秀英".into(),
            identity: Some("35058219400101002X".into()),
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
        let valid = valid_like("35058219400101002");
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
