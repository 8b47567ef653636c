//! Adding, changing and finding institutions, and the area of whoever asks.

use reqwest::Method;
use serde_json::json;
use songhe::access::{Place, Role};

use super::input::institution;
use super::{Program, answer, fields};
use crate::support::app::both;
use crate::support::seed::{town, town_code};

const PATH: &str = "/api/v1/institutions";

both!(an_institution_is_added_found_and_changed, |app| async {
    app.add_towns();
    app.add_user("hu", Role::CityManager, Place::City);
    let hu = Program::enter(app, "hu").await;
    let response = hu.request(Method::POST, PATH).json(&institution()).send().await.unwrap();
    let address = response.headers()["location"].to_str().unwrap().to_owned();
    let (status, made) = answer(response).await;
    assert_eq!((status, &made["version"]), (201, &json!(1)));
    for (field, value) in institution().as_object().unwrap() {
        assert_eq!(made[field], *value, "{field}");
    }
    assert!(made["updated_at"].as_str().unwrap().ends_with("+08:00"));
    assert_eq!(hu.read(&address).await, made);

    let change = json!({ "version": 1, "phone": "0595-85681111", "opened_on": null });
    let (status, changed) = hu.send(Method::PATCH, &address, &change).await;
    assert_eq!((status, &changed["version"]), (200, &json!(2)));
    assert_eq!((&changed["phone"], &changed["opened_on"]), (&json!("0595-85681111"), &json!(null)));
    assert_eq!(changed["name"], made["name"]);
    assert_eq!(hu.read(&address).await, changed);

    let (status, problem) = hu.send(Method::POST, PATH, &institution()).await;
    assert_eq!((status, fields(&problem)), (422, vec!["name"]));
});

both!(the_loser_of_an_edit_is_told_who_changed_what, |app| async {
    app.add_towns();
    app.add_user("hu", Role::CityManager, Place::City);
    app.add_user("wu", Role::CityManager, Place::City);
    let address = format!("{PATH}/{}", app.add_institution(1));
    let (hu, wu) = (Program::enter(app, "hu").await, Program::enter(app, "wu").await);
    let first = json!({ "version": 1, "state": "idle" });
    assert_eq!(hu.send(Method::PATCH, &address, &first).await.0, 200);
    let (status, problem) =
        wu.send(Method::PATCH, &address, &json!({ "version": 1, "phone": "12345" })).await;
    assert_eq!((status, &problem["code"]), (409, &json!("stale")));
    assert_eq!(problem["conflict"]["who"], "hu");
    assert_eq!(
        problem["conflict"]["changes"],
        json!([{ "field": "state", "before": "operating", "now": "idle" }])
    );
    assert_eq!(wu.read(&address).await["phone"], "0595-85680000");
    // One from the future is as little a version that was seen.
    assert_eq!(wu.send(Method::PATCH, &address, &json!({ "version": 9, "phone": "12345" })).await.0, 409);
});

both!(what_is_outside_the_area_does_not_exist, |app| async {
    app.add_towns();
    let (near, far) = (app.add_institution(1), app.add_institution(2));
    app.add_user("lin", Role::Coordinator, town(1));
    app.add_user("mei", Role::InstitutionManager, Place::Institution(near));
    for login in ["lin", "mei"] {
        let program = Program::enter(app, login).await;
        let listed = program.read(PATH).await;
        let ids: Vec<_> = listed["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect();
        assert_eq!(ids, [json!(near)], "{login}");
        assert_eq!(program.refusal(&format!("{PATH}/{far}")).await.0, 404, "{login}");
        assert_eq!(program.read(&format!("{PATH}?town={}", town_code(2))).await["items"], json!([]));
    }
    let mei = Program::enter(app, "mei").await;
    let change = json!({ "version": 1, "phone": "12345" });
    assert_eq!(mei.send(Method::PATCH, &format!("{PATH}/{far}"), &change).await.0, 404);
    assert_eq!(mei.send(Method::PATCH, &format!("{PATH}/{near}"), &change).await.0, 200);
    let moved = json!({ "version": 2, "town_code": town_code(2), "village_code": null });
    let (status, problem) = mei.send(Method::PATCH, &format!("{PATH}/{near}"), &moved).await;
    assert_eq!((status, fields(&problem)), (422, vec!["town_code"]));
    let lin = Program::enter(app, "lin").await;
    assert_eq!(
        lin.send(Method::POST, PATH, &institution()).await.0,
        403,
        "a coordinator adds no institutions"
    );
});

both!(filters_narrow_as_on_the_page, |app| async {
    app.add_towns();
    app.add_user("hu", Role::CityManager, Place::City);
    let (one, two) = (app.add_institution(1), app.add_institution(2));
    let hu = Program::enter(app, "hu").await;
    let idle = json!({ "version": 1, "state": "idle", "kind": "private", "micro_fire_station": false });
    assert_eq!(hu.send(Method::PATCH, &format!("{PATH}/{two}"), &idle).await.0, 200);
    for (query, wanted) in [
        ("state=idle", two),
        ("kind=public", one),
        ("fire=true", one),
        ("fire=false", two),
        ("town=350582101", two),
        ("state=operating&kind=public", one),
    ] {
        let listed = hu.read(&format!("{PATH}?{query}")).await;
        let ids: Vec<_> = listed["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect();
        assert_eq!(ids, [json!(wanted)], "{query}");
    }
});
