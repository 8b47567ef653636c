//! Days of work through the interface: stations and caregivers edited, a visit done, a stay begun and ended.

use reqwest::Method;
use serde_json::{Value, json};
use songhe::access::{Place, Role};

use super::{Program, fields, put_personal};
use crate::support::app::both;
use crate::support::seed::{town, town_code, village_code};

async fn step(program: &Program, address: &str, step: &str, body: Value) -> (u16, Value) {
    program.send(Method::POST, &format!("{address}/{step}"), &body).await
}

both!(a_station_and_a_caregiver_are_added_and_changed, |app| async {
    app.add_towns();
    app.add_user("lin", Role::Coordinator, town(1));
    let provider = app.add_provider(1);
    let lin = Program::enter(app, "lin").await;
    let station = json!({
        "village_code": village_code(1), "provider_id": provider, "name": "前村居家养老服务站", "smart": true,
        "services": ["meals", "culture"], "phone": "", "longitude": 118.55, "latitude": 24.82,
    });
    let caregiver = json!({
        "name": "林护理", "gender": "female", "provider_id": provider, "town_code": town_code(1), "phone": "13800001234",
        "skills": ["daily"], "languages": ["minnan", "mandarin"], "shift_days": ["1", "2"], "shift_starts_min": 480,
        "shift_ends_min": 1080, "travel_mode": "e_bike", "longitude": 118.55, "latitude": 24.82, "active": true,
    });
    for (list, input, change) in [
        ("stations", station, json!({ "version": 1, "services": ["meals"] })),
        ("caregivers", caregiver, json!({ "version": 1, "skills": ["daily", "health"] })),
    ] {
        let (status, made) = lin.send(Method::POST, &format!("/api/v1/{list}"), &input).await;
        assert_eq!((status, &made["version"]), (201, &json!(1)), "{made}");
        assert!(!made.to_string().contains("13800001234"), "a phone number is not told");
        let address = format!("/api/v1/{list}/{}", made["id"]);
        let (status, changed) = lin.send(Method::PATCH, &address, &change).await;
        assert_eq!((status, &changed["version"]), (200, &json!(2)), "{changed}");
        for (field, value) in change.as_object().unwrap().iter().filter(|(field, _)| *field != "version") {
            assert_eq!(changed[field], *value, "{list}: {field}");
        }
        let (status, problem) = lin.send(Method::PATCH, &address, &change).await;
        assert_eq!((status, &problem["conflict"]["who"]), (409, &json!("lin")), "{problem}");
    }
    let kept = lin.read("/api/v1/caregivers").await;
    assert_eq!(kept["items"][0]["has_phone"], true, "a change without a phone keeps the number");
});

both!(a_visit_is_planned_assigned_arrived_at_and_done, |app| async {
    app.add_towns();
    app.add_user("lin", Role::Coordinator, town(1));
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    let elder = app.add_elder(1);
    let lin = Program::enter(app, "lin").await;
    let today = app.app.calendar.day_of(app.app.clock.now()).to_string();
    let plan = json!({
        "elder_id": elder, "service_code": "meal", "service_on": today, "window_starts_min": 540,
        "window_ends_min": 660,
    });
    let (status, visit) = lin.send(Method::POST, "/api/v1/visits", &plan).await;
    assert_eq!((status, &visit["state"], &visit["version"]), (201, &json!("planned"), &json!(1)), "{visit}");
    assert_eq!(visit["window_starts_at"], format!("{today}T09:00:00.000+08:00"));
    let address = format!("/api/v1/visits/{}", visit["id"]);

    let early = step(&lin, &address, "finish", json!({ "version": 1 })).await;
    assert_eq!((early.0, &early.1["code"]), (409, &json!("illegal_move")));
    let given =
        json!({ "version": 1, "caregiver_id": caregiver, "starts_at": format!("{today}T09:30:00+08:00") });
    let (status, visit) = step(&lin, &address, "assign", given.clone()).await;
    assert_eq!(
        (status, &visit["state"], &visit["caregiver_id"]),
        (200, &json!("assigned"), &json!(caregiver)),
        "{visit}"
    );
    assert_eq!(visit["starts_at"], format!("{today}T09:30:00.000+08:00"));
    let late = step(&lin, &address, "assign", given).await;
    assert_eq!((late.0, &late.1["code"]), (409, &json!("stale")));

    for (name, state) in [("arrive", "arrived"), ("finish", "done")] {
        let version = lin.read(&address).await["version"].clone();
        let (status, visit) = step(&lin, &address, name, json!({ "version": version })).await;
        assert_eq!((status, &visit["state"]), (200, &json!(state)), "{visit}");
    }
    assert!(lin.read(&address).await["done_at"].as_str().unwrap().ends_with("+08:00"));
    let listed = lin.read(&format!("/api/v1/visits?day={today}&state=done&caregiver={caregiver}")).await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
});

both!(a_refused_plan_names_its_fields_as_they_were_sent, |app| async {
    app.add_towns();
    app.add_user("lin", Role::Coordinator, town(1));
    let (near, far) = (app.add_elder(1), app.add_elder(2));
    let lin = Program::enter(app, "lin").await;
    let today = app.app.calendar.day_of(app.app.clock.now()).to_string();
    let plan = |field: &str, value: Value| {
        let mut body = json!({
            "elder_id": near, "service_code": "meal", "service_on": today, "window_starts_min": 540,
            "window_ends_min": 660,
        });
        body[field] = value;
        body
    };
    for (field, value) in [
        ("elder_id", json!(far)),
        ("service_code", json!("nothing")),
        ("service_on", json!("2020-01-01")),
        ("window_starts_min", json!(-1)),
        ("window_ends_min", json!(5_000)),
    ] {
        let (status, problem) = lin.send(Method::POST, "/api/v1/visits", &plan(field, value)).await;
        assert_eq!((status, fields(&problem)), (422, vec![field]), "{problem}");
    }
    let (_, visit) = lin.send(Method::POST, "/api/v1/visits", &plan("elder_id", json!(near))).await;
    let address = format!("/api/v1/visits/{}", visit["id"]);
    let (status, problem) = step(&lin, &address, "fail", json!({ "version": 1, "reason": "other" })).await;
    assert_eq!((status, fields(&problem)), (422, vec!["note"]));
    let (status, visit) =
        step(&lin, &address, "fail", json!({ "version": 1, "reason": "nobody_home" })).await;
    assert_eq!((status, &visit["state"]), (200, &json!("not_done")));
});

both!(a_stay_begins_once_and_ends, |app| async {
    app.add_towns();
    let institution = app.add_institution(1);
    let bed = app.add_bed(1, institution);
    let (elder, other) = (app.add_elder(1), app.add_elder(1));
    app.add_user("mei", Role::InstitutionManager, Place::Institution(institution));
    let identity = "350582194605010011";
    let personal = songhe::elders::Personal { identity: identity.to_owned(), ..Default::default() };
    put_personal(app, elder, &personal);
    let mei = Program::enter(app, "mei").await;
    let admit = |body: Value| {
        let mei = &mei;
        async move { mei.send(Method::POST, "/api/v1/stays", &body).await }
    };

    for (body, field) in [
        (json!({ "bed_id": bed }), "elder_id"),
        (json!({ "bed_id": bed, "elder_id": elder, "identity": identity }), "elder_id"),
        (json!({ "bed_id": bed, "elder_id": other }), "elder_id"),
        (json!({ "bed_id": bed, "identity": "350582194605010012" }), "identity"),
        (
            json!({ "bed_id": bed, "identity": identity, "starts_at": "2030-01-01T00:00:00+08:00" }),
            "starts_at",
        ),
        (json!({ "bed_id": bed, "identity": identity, "starts_at": "yesterday" }), "starts_at"),
    ] {
        let (status, problem) = admit(body.clone()).await;
        assert_eq!((status, fields(&problem)), (422, vec![field]), "{body}: {problem}");
    }
    let (status, stay) = admit(json!({ "bed_id": bed, "identity": identity })).await;
    assert_eq!((status, &stay["elder_id"], &stay["ends_at"]), (201, &json!(elder), &json!(null)), "{stay}");
    let (status, problem) = admit(json!({ "bed_id": bed, "identity": identity })).await;
    assert_eq!((status, &problem["code"]), (409, &json!("taken")));
    assert_eq!(mei.read(&format!("/api/v1/stays?current=true&bed={bed}")).await["items"], json!([stay]));

    let address = format!("/api/v1/stays/{}", stay["id"]);
    let too_early = json!({ "version": 1, "ends_at": "2020-01-01T00:00:00+08:00" });
    let (status, problem) = step(&mei, &address, "discharge", too_early).await;
    assert_eq!((status, fields(&problem)), (422, vec!["ends_at"]));
    app.hand.advance(chrono::TimeDelta::minutes(10));
    let (status, ended) = step(&mei, &address, "discharge", json!({ "version": 1 })).await;
    assert_eq!((status, &ended["version"]), (200, &json!(2)), "{ended}");
    assert!(ended["ends_at"].is_string());
    assert_eq!(mei.read("/api/v1/stays?current=true").await["items"], json!([]));
    assert_eq!(mei.read("/api/v1/stays?current=false").await["items"].as_array().unwrap().len(), 1);
    assert_eq!(mei.read(&format!("/api/v1/beds/{bed}")).await["state"], "free");
});
