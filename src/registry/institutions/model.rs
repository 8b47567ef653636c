use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::input::Checks;
use crate::text::Text;

crate::text_enum! {
    /// Who built and runs it.
    pub enum InstitutionKind {
        Public = "public",
        Private = "private",
        PublicBuilt = "public_built",
        VillageHome = "village_home",
        Embedded = "embedded",
        WelfareCentre = "welfare_centre",
    }
}

crate::text_enum! {
    pub enum InstitutionState {
        Operating = "operating",
        UnderConstruction = "under_construction",
        Idle = "idle",
        Closed = "closed",
    }
}

/// What an editor can set. Places are WGS-84 degrees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InstitutionInput {
    /// Statistics code of the town, such as 350582101.
    pub town_code: String,
    /// Statistics code of the village, where it is known.
    pub village_code: Option<String>,
    pub name: String,
    pub kind: InstitutionKind,
    pub state: InstitutionState,
    /// The organisation that runs it.
    pub operator: String,
    pub phone: String,
    pub micro_fire_station: bool,
    pub opened_on: Option<NaiveDate>,
    /// First day of the licence or filing, where it is known.
    pub licence_starts_on: Option<NaiveDate>,
    /// Its last day; absent where it has none.
    pub licence_ends_on: Option<NaiveDate>,
    pub longitude: f64,
    pub latitude: f64,
}

impl InstitutionInput {
    /// The rules that need no database. `today` bounds the opening day of a house that already operates.
    pub fn check(&self, today: NaiveDate) -> Result<()> {
        let mut checks = Checks::default();
        checks.text("name", &self.name, 2, 60);
        checks.text("operator", &self.operator, 0, 80);
        checks.phone("phone", &self.phone);
        checks.place(self.longitude, self.latitude);
        let opened_later = self.opened_on.is_some_and(|day| day > today);
        checks.require("opened_on", !(opened_later && self.state == InstitutionState::Operating), || {
            Text::new("rule.opened_later")
        });
        let in_order = match (self.licence_starts_on, self.licence_ends_on) {
            (Some(first), Some(last)) => first <= last,
            _ => true,
        };
        checks.require("licence_ends_on", in_order, || Text::new("rule.licence_order"));
        for (field, day) in
            [("licence_starts_on", self.licence_starts_on), ("licence_ends_on", self.licence_ends_on)]
        {
            let is_near = day.is_none_or(|day| (1949..=2100).contains(&chrono::Datelike::year(&day)));
            checks.require(field, is_near, || Text::new("rule.licence_years"));
        }
        checks.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input() -> InstitutionInput {
        InstitutionInput {
            town_code: "350582101".into(),
            village_code: None,
            name: "安海镇敬老院".into(),
            kind: InstitutionKind::Public,
            state: InstitutionState::Operating,
            operator: String::new(),
            phone: String::new(),
            micro_fire_station: false,
            opened_on: None,
            licence_starts_on: None,
            licence_ends_on: None,
            longitude: 118.47,
            latitude: 24.72,
        }
    }

    fn broken(input: &InstitutionInput) -> Vec<&'static str> {
        let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        input
            .check(today)
            .err()
            .map(|error| error.fields.iter().map(|field| field.field).collect())
            .unwrap_or_default()
    }

    #[test]
    fn each_rule_names_its_field() {
        assert_eq!(broken(&input()), Vec::<&str>::new());
        assert_eq!(broken(&InstitutionInput { name: "x".into(), ..input() }), ["name"]);
        assert_eq!(
            broken(&InstitutionInput { longitude: 24.7, latitude: 118.4, ..input() }),
            ["longitude", "latitude"]
        );
        let tomorrow = NaiveDate::from_ymd_opt(2026, 11, 24);
        assert_eq!(broken(&InstitutionInput { opened_on: tomorrow, ..input() }), ["opened_on"]);
        let planned =
            InstitutionInput { opened_on: tomorrow, state: InstitutionState::UnderConstruction, ..input() };
        assert_eq!(broken(&planned), Vec::<&str>::new());
        let licence = |first, last| InstitutionInput {
            licence_starts_on: NaiveDate::from_ymd_opt(first, 1, 1),
            licence_ends_on: NaiveDate::from_ymd_opt(last, 1, 1),
            ..input()
        };
        assert_eq!(broken(&licence(2026, 2031)), Vec::<&str>::new());
        assert_eq!(broken(&licence(2031, 2026)), ["licence_ends_on"]);
        assert_eq!(broken(&licence(202, 2026)), ["licence_starts_on"]);
    }
}
