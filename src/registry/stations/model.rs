use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::Result;
use crate::input::Checks;
use crate::registry::codes;

crate::text_enum! {
    /// What a station offers.
    pub enum StationService {
        Meals = "meals",
        Bathing = "bathing",
        Cleaning = "cleaning",
        DayCare = "day_care",
        HealthCheck = "health_check",
        Rehabilitation = "rehabilitation",
        Culture = "culture",
        Emergency = "emergency",
    }
}
crate::coded!(StationService);

/// What an editor can set; the town is that of the village. Places are WGS-84 degrees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StationInput {
    /// Statistics code of the village, such as 350582101003.
    pub village_code: String,
    /// The provider that runs it, where there is one.
    pub provider_id: Option<i64>,
    pub name: String,
    /// Equipped with devices that report.
    pub smart: bool,
    pub services: Vec<StationService>,
    pub phone: String,
    pub longitude: f64,
    pub latitude: f64,
}

impl StationInput {
    /// The rules that need no database.
    pub fn check(&self) -> Result<()> {
        let mut checks = Checks::default();
        checks.text("name", &self.name, 2, 60);
        checks.phone("phone", &self.phone);
        checks.place(self.longitude, self.latitude);
        checks.finish()
    }

    /// The values as they are written down when they change: one plain value for each field of the form.
    pub fn written(&self) -> Value {
        json!({
            "name": self.name.trim(),
            "village_code": self.village_code,
            "provider_id": self.provider_id.map(|id| id.to_string()).unwrap_or_default(),
            "smart": self.smart,
            "services": codes::join(&self.services),
            "phone": self.phone,
            "longitude": self.longitude,
            "latitude": self.latitude,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input() -> StationInput {
        StationInput {
            village_code: "350582101003".into(),
            provider_id: None,
            name: "安海居家养老服务站".into(),
            smart: false,
            services: vec![StationService::Culture, StationService::Meals],
            phone: String::new(),
            longitude: 118.47,
            latitude: 24.72,
        }
    }

    fn broken(input: &StationInput) -> Vec<&'static str> {
        let fields = input.check().err().map(|error| error.fields).unwrap_or_default();
        fields.iter().map(|field| field.field).collect()
    }

    #[test]
    fn each_rule_names_its_field() {
        assert_eq!(broken(&input()), Vec::<&str>::new());
        assert_eq!(broken(&StationInput { name: " x ".into(), ..input() }), ["name"]);
        assert_eq!(broken(&StationInput { phone: "abc".into(), ..input() }), ["phone"]);
        let swapped = StationInput { longitude: 24.7, latitude: 118.4, ..input() };
        assert_eq!(broken(&swapped), ["longitude", "latitude"]);
    }

    #[test]
    fn the_order_of_services_is_no_change() {
        let other =
            StationInput { services: vec![StationService::Meals, StationService::Culture], ..input() };
        assert_eq!(other.written(), input().written());
    }
}
