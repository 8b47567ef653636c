//! Rooms, beds, classes, rules and fitting beds for programs.

use reqwest::Method;
use serde_json::{Value, json};
use songhe::access::{Place, Role};

use super::{Program, fields};
use crate::support::app::both;
use crate::support::seed::village_code;

fn room(institution: i64, number: &str) -> Value {
    json!({
        "institution_id": institution, "building": "1号楼", "floor": 1, "number": number, "gender_rule": "any",
        "couple_room": false, "isolation_room": false, "beds": 2, "bed_kind": "nursing",
    })
}

both!(a_program_furnishes_a_house, |app| async {
    app.add_towns();
    let (home, other) = (app.add_institution(1), app.add_institution(2));
    app.add_user("mei", Role::InstitutionManager, Place::Institution(home));
    let mei = Program::enter(app, "mei").await;
    let post = Method::POST;
    let (status, made) = mei.send(post.clone(), "/api/v1/rooms", &room(home, "101")).await;
    assert_eq!((status, &made["beds"]), (201, &json!(2)), "{made}");
    assert_eq!(mei.send(post.clone(), "/api/v1/rooms", &room(other, "101")).await.0, 404);
    let (status, twice) = mei.send(post.clone(), "/api/v1/rooms", &room(home, "101")).await;
    assert_eq!((status, fields(&twice)), (422, vec!["number"]));
    let path = format!("/api/v1/rooms/{}", made["id"]);
    let patch = json!({ "version": 1, "gender_rule": "female" });
    let (status, changed) = mei.send(Method::PATCH, &path, &patch).await;
    assert_eq!((status, &changed["number"], &changed["version"]), (200, &json!("101"), &json!(2)));
    assert_eq!(mei.send(Method::PATCH, &path, &patch).await.0, 409, "an old version loses");
    let bed = json!({ "room_id": made["id"], "label": "3", "kind": "dementia" });
    let (status, added) = mei.send(post.clone(), "/api/v1/beds", &bed).await;
    assert_eq!((status, &added["state"]), (201, &json!("free")), "{added}");
    let one = format!("/api/v1/beds/{}", added["id"]);
    let (status, renamed) = mei.send(Method::PATCH, &one, &json!({ "version": 1, "label": "B" })).await;
    assert_eq!((status, &renamed["kind"], &renamed["label"]), (200, &json!("dementia"), &json!("B")));
    let (status, bare) =
        mei.send(post.clone(), &format!("{one}/close"), &json!({ "version": 2, "reason": "" })).await;
    assert_eq!((status, fields(&bare)), (422, vec!["reason"]));
    let closing = json!({ "version": 2, "reason": "改造" });
    let (status, closed) = mei.send(post.clone(), &format!("{one}/close"), &closing).await;
    assert!(status == 200 && closed["closed_at"].is_string(), "{closed}");
    let open = mei.read("/api/v1/beds").await["items"].as_array().unwrap().len();
    let gone = mei.read("/api/v1/beds?closed=true").await["items"].as_array().unwrap().len();
    assert_eq!((open, gone), (2, 1));
    assert_eq!(mei.send(post.clone(), &format!("{one}/reopen"), &json!({ "version": 3 })).await.0, 200);
    let all = json!({ "version": 2, "reason": "改造" });
    assert_eq!(mei.send(post.clone(), &format!("{path}/close"), &all).await.0, 200);
    assert_eq!(mei.read(&path).await["beds"], 0);
    assert_eq!(mei.send(post, &format!("{path}/reopen"), &json!({ "version": 3 })).await.0, 200);
});

both!(a_program_admits_somebody_new_and_asks_what_fits, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let (bed, free) = (app.add_bed(1, home), app.add_bed(1, home));
    app.add_user("mei", Role::InstitutionManager, Place::Institution(home));
    let mei = Program::enter(app, "mei").await;
    let elder = json!({
        "name": "林秀英", "identity": "350582194005061022", "gender": "female", "born_on": "1940-05-06",
        "phone": "13800001234", "address": null, "village_code": village_code(2),
    });
    let both_ways = json!({ "bed_id": bed, "elder_id": 1, "new_elder": elder });
    let (status, problem) = mei.send(Method::POST, "/api/v1/stays", &both_ways).await;
    assert_eq!((status, fields(&problem)), (422, vec!["elder_id"]));
    let mut mistyped = elder.clone();
    mistyped["identity"] = json!("350582194005061023");
    let wrong = json!({ "bed_id": bed, "new_elder": mistyped });
    let (status, problem) = mei.send(Method::POST, "/api/v1/stays", &wrong).await;
    assert_eq!((status, fields(&problem)), (422, vec!["identity"]));
    let (status, stay) =
        mei.send(Method::POST, "/api/v1/stays", &json!({ "bed_id": bed, "new_elder": elder })).await;
    assert_eq!(status, 201, "{stay}");
    let twice = json!({ "bed_id": free, "new_elder": elder });
    let (status, problem) = mei.send(Method::POST, "/api/v1/stays", &twice).await;
    assert_eq!((status, fields(&problem)), (422, vec!["identity"]), "nobody is on file twice");
    let path = format!("/api/v1/elders/{}/fitting-beds", stay["elder_id"]);
    let found = mei.read(&format!("{path}?kind=nursing&level=full_care")).await;
    assert_eq!(found["items"].as_array().unwrap().len(), 2, "{found}");
    let taken = found["items"].as_array().unwrap().iter().find(|one| one["bed_id"] == bed).unwrap();
    assert!(taken["fits"] == false && !taken["reasons"].as_array().unwrap().is_empty(), "{found}");
    let (status, problem) = mei.refusal(&format!("{path}?kind=hammock")).await;
    assert_eq!((status, fields(&problem)), (422, vec!["kind"]));
});

both!(a_program_of_the_city_sets_classes_and_rules, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    app.add_user("city", Role::CityManager, Place::City);
    app.add_user("mei", Role::InstitutionManager, Place::Institution(home));
    let (city, mei) = (Program::enter(app, "city").await, Program::enter(app, "mei").await);
    let new = json!({
        "code": "veteran", "name_zh": "优抚对象", "name_en": "Veterans", "confirmed": false, "after": "extreme_hardship",
    });
    assert_eq!(mei.send(Method::POST, "/api/v1/waiting-classes", &new).await.0, 403);
    let (status, made) = city.send(Method::POST, "/api/v1/waiting-classes", &new).await;
    assert_eq!((status, &made["position"]), (201, &json!(2)), "{made}");
    let first = json!({ "version": 1, "after": null, "confirmed": true });
    let (status, moved) = city.send(Method::PATCH, "/api/v1/waiting-classes/veteran", &first).await;
    assert_eq!(
        (status, &moved["position"], &moved["name_zh"]),
        (200, &json!(1), &json!("优抚对象")),
        "{moved}"
    );
    assert_eq!(mei.read("/api/v1/waiting-classes").await["items"][0]["code"], "veteran");
    let block = json!({ "mode": "block" });
    assert_eq!(mei.send(Method::POST, "/api/v1/admission-rules/risks", &block).await.0, 403);
    assert_eq!(city.send(Method::POST, "/api/v1/admission-rules/weather", &block).await.0, 404);
    assert_eq!(city.send(Method::POST, "/api/v1/admission-rules/risks", &block).await.0, 200);
    let rules = mei.read("/api/v1/admission-rules").await;
    assert!(
        rules["items"].as_array().unwrap().contains(&json!({ "code": "risks", "mode": "block" })),
        "{rules}"
    );
});
