//! Figures as JSON: counted within reach, each with its words and its time.

use serde_json::Value;
use songhe::access::{Place, Role};

use super::Program;
use crate::support::app::both;
use crate::support::seed::town_code;

fn value(set: &Value, key: &str) -> Value {
    let figures = set["figures"].as_array().unwrap();
    figures.iter().find(|figure| figure["key"] == key).unwrap_or_else(|| panic!("{key} in {set}"))["value"]
        .clone()
}

both!(figures_count_what_the_asker_reaches, |app| async {
    app.add_towns();
    app.add_institution(1);
    app.add_institution(2);
    app.add_user("city", Role::CityManager, Place::City);
    app.add_user("town", Role::Coordinator, Place::Town(town_code(1).to_owned()));
    let (city, town) = (Program::enter(app, "city").await, Program::enter(app, "town").await);
    let all = city.read("/api/v1/figures").await;
    assert_eq!(value(&all, "institutions_operating"), 2.0, "{all}");
    for figure in all["figures"].as_array().unwrap() {
        for part in ["label", "definition", "as_of", "shown", "freshness", "rows"] {
            assert!(
                figure[part].as_str().is_some_and(|text| !text.is_empty() && !text.starts_with("figure.")),
                "{figure}"
            );
        }
    }
    let own = town.read("/api/v1/figures").await;
    assert_eq!(value(&own, "institutions_operating"), 1.0);
    let (status, _) = town.refusal(&format!("/api/v1/towns/{}/figures", town_code(2))).await;
    assert_eq!(status, 404);
});
