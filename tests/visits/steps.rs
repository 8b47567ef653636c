//! What phones report: once for each key, in the order of corrected times, kept where the visit has moved on; photos and
//! their limits; what a step proves.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use songhe::access::{Place, Role};
use songhe::elders::cards::{early_code, grouped};
use songhe::visits::{VisitState, assign};

use super::{planned, visit_of};
use crate::api::{Program, answer, fields};
use crate::support::app::{TestApp, both};
use crate::support::seed::town;

/// A visit at ten, a caregiver who has it, and their phone.
async fn ready(app: &TestApp) -> (i64, i64, Program) {
    app.add_towns();
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    let elder = app.add_elder(1);
    let id = planned(app, elder, (600, 720));
    app.write(|tx| assign(tx, id, 1, caregiver, None));
    app.add_user("chen", Role::Caregiver, Place::Own(caregiver));
    app.add_user("lin", Role::Coordinator, town(1));
    app.hand.advance(TimeDelta::minutes(60));
    let chen = Program::enter(app, "chen").await;
    (id, elder, chen)
}

/// A step at home, `ago` minutes before now, by a phone whose clock is two hours ahead.
fn step(app: &TestApp, kind: &str, ago_min: i64) -> Value {
    let calendar = app.app.calendar;
    let shown = app.app.clock.now() + TimeDelta::hours(2);
    json!({
        "kind": kind, "device_at": calendar.rfc3339(shown - TimeDelta::minutes(ago_min)), "sent_at": calendar.rfc3339(shown),
        "device_ms": 1_000, "sent_ms": 1_000 + ago_min * 60_000,
        "position": { "longitude": 118.55, "latitude": 24.82, "accuracy_m": 15.0 },
    })
}

async fn send(program: &Program, visit: i64, key: &str, body: &Value) -> (u16, Value) {
    let path = format!("/api/v1/visits/{visit}/steps");
    let request = program.request(Method::POST, &path).header("idempotency-key", key).json(body);
    answer(request.send().await.unwrap()).await
}

fn steps_stored(app: &TestApp) -> i64 {
    app.count("SELECT count(*) AS n FROM visit_steps")
}

both!(a_visit_is_reported_once_for_each_key_and_proven, |app| async {
    let (id, elder, chen) = ready(app).await;
    let (status, told) = send(&chen, id, "k1", &step(app, "depart", 5)).await;
    assert_eq!(
        (status, &told["outcome"], &told["state"]),
        (200, &json!("taken"), &json!("on_the_way")),
        "{told}"
    );
    let mut arrive = step(app, "arrive", 0);
    arrive["code"] = json!(early_code(app.keys(), elder));
    for _ in 0..3 {
        let (status, told) = send(&chen, id, "k2", &arrive).await;
        assert_eq!((status, &told["state"], &told["version"]), (200, &json!("arrived"), &json!(4)), "{told}");
    }
    assert_eq!(
        send(&chen, id, "k2", &step(app, "finish", 0)).await.0,
        422,
        "a key is not used for something else"
    );
    assert_eq!(steps_stored(app), 2);
    assert_eq!(visit_of(app, id).arrived_at, Some(app.app.clock.now()));
    app.hand.advance(TimeDelta::minutes(25));
    let mut finish = step(app, "finish", 0);
    finish["signature_path"] = json!("M10 10L40 30");
    let (_, told) = send(&chen, id, "k3", &finish).await;
    assert_eq!((&told["state"], &told["strength"]), (&json!("done"), &json!("strong")), "{told}");
    let proof = chen.read(&format!("/api/v1/visits/{id}/proof")).await;
    assert_eq!(proof["steps"].as_array().unwrap().len(), 3);
    let texts: Vec<&str> =
        proof["findings"].as_array().unwrap().iter().map(|one| one["text"].as_str().unwrap()).collect();
    assert!(texts.iter().any(|text| text.contains("服务卡号码正确")), "{texts:?}");
    assert!(texts.iter().any(|text| text.contains("120 分钟")), "the clock is told: {texts:?}");
    assert_eq!(app.count("SELECT count(*) AS n FROM visit_exceptions"), 0);
    let lin = app.login("lin").await;
    let page = lin.page(&format!("/visits/{id}")).await;
    assert!(
        page.contains("<svg viewBox=\"0 0 240 240\"")
            && page.contains(&grouped(&early_code(app.keys(), elder)))
    );
});

both!(a_visit_is_proven_at_the_place_of_its_day, |app| async {
    let (id, elder, chen) = ready(app).await;
    let day = visit_of(app, id).service_on;
    let place = |label: &str, longitude: f64, from: chrono::NaiveDate| {
        format!(
            "INSERT INTO elder_places (elder_id, kind, label, longitude, latitude, coordinate_source, from_on, to_on) VALUES \
             ({elder}, 'second_home', '{label}', {longitude}, 24.9, 'wgs84', '{from}', '{}')",
            from + chrono::Days::new(1)
        )
    };
    app.taken(&place("今天", 118.6, day));
    app.taken(&place("明天", 118.7, day + chrono::Days::new(1)));
    let there = |kind: &str, at: &Value| {
        let mut body = step(app, kind, 0);
        body["position"] = at.clone();
        body
    };
    let at = json!({ "longitude": 118.6, "latitude": 24.9, "accuracy_m": 15.0 });
    let mut arrive = there("arrive", &at);
    arrive["code"] = json!(early_code(app.keys(), elder));
    send(&chen, id, "k1", &arrive).await;
    app.hand.advance(TimeDelta::minutes(25));
    let (_, told) = send(&chen, id, "k2", &there("finish", &at)).await;
    assert_eq!(told["strength"], "strong", "{told}");
    let proof = chen.read(&format!("/api/v1/visits/{id}/proof")).await.to_string();
    assert!(proof.contains("围栏内") && !proof.contains("围栏外"), "{proof}");
    // The home of the record is some ten kilometres away by now.
    app.taken("UPDATE elder_places SET from_on = NULL, to_on = '2026-01-01' WHERE label = '今天'");
    app.write(|tx| songhe::visits::proof::refresh(tx, id));
    let proof = chen.read(&format!("/api/v1/visits/{id}/proof")).await.to_string();
    assert!(!proof.contains("围栏内"), "{proof}");
});

both!(a_late_step_is_ordered_by_its_time_and_never_lost, |app| async {
    let (id, _, _) = ready(app).await;
    app.hand.advance(TimeDelta::minutes(60));
    let chen = Program::enter(app, "chen").await;
    let offline = |kind: &str, ago: i64| {
        let mut body = step(app, kind, ago);
        body["offline"] = json!(true);
        body
    };
    // The queue was shuffled: the end comes before the beginning.
    let (status, told) = send(&chen, id, "end", &offline("finish", 20)).await;
    assert_eq!(
        (status, &told["outcome"], &told["state"]),
        (200, &json!("kept"), &json!("assigned")),
        "{told}"
    );
    let (_, told) = send(&chen, id, "begin", &offline("arrive", 55)).await;
    assert_eq!((&told["outcome"], &told["state"]), (&json!("taken"), &json!("done")), "{told}");
    let visit = visit_of(app, id);
    let now = app.app.clock.now();
    assert_eq!(visit.arrived_at, Some(now - TimeDelta::minutes(55)));
    assert_eq!(visit.ended_at, Some(now - TimeDelta::minutes(20)));
    let (_, told) = send(&chen, id, "left", &offline("depart", 70)).await;
    assert_eq!(told["outcome"], "kept");
    let settled = "SELECT count(*) AS n FROM visit_exceptions WHERE state = 'settled'";
    assert_eq!(app.count(settled), 1, "a departure before the arrival fits, and so does the end by now");
    let mut fail = offline("fail", 10);
    fail["reason"] = json!("nobody_home");
    let (_, told) = send(&chen, id, "odd", &fail).await;
    assert_eq!((&told["outcome"], &told["strength"]), (&json!("kept"), &json!("contradictory")), "{told}");
    assert_eq!(
        app.count("SELECT count(*) AS n FROM visit_exceptions WHERE cause = 'sequence' AND state = 'open'"),
        1
    );
    assert_eq!(visit_of(app, id).state, VisitState::Done);
});

both!(a_step_of_a_visit_that_was_given_to_somebody_else_is_kept, |app| async {
    let (id, _, chen) = ready(app).await;
    let other = app.add_caregiver(1, app.add_provider(1));
    app.write(|tx| assign(tx, id, 2, other, None));
    let (status, problem) = send(&chen, id, "now", &step(app, "arrive", 0)).await;
    assert_eq!((status, &problem["code"]), (409, &json!("illegal_move")), "{problem}");
    assert_eq!(steps_stored(app), 0);
    let mut late = step(app, "arrive", 10);
    late["offline"] = json!(true);
    let (status, told) = send(&chen, id, "late", &late).await;
    assert_eq!(
        (status, &told["outcome"], &told["state"]),
        (200, &json!("kept"), &json!("assigned")),
        "{told}"
    );
    assert_eq!(app.count("SELECT count(*) AS n FROM visit_exceptions"), 1);
    app.hand.advance(TimeDelta::days(5));
    let chen = Program::enter(app, "chen").await;
    assert_eq!(send(&chen, id, "ages", &late).await.0, 404);
});

both!(bad_reports_change_nothing, |app| async {
    let (id, _, chen) = ready(app).await;
    let png = |width: u32, height: u32, rest: usize| {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend(vec![0; rest]);
        BASE64.encode(bytes)
    };
    let with = |change: &dyn Fn(&mut Value)| {
        let mut body = step(app, "arrive", 0);
        change(&mut body);
        body
    };
    let bad = [
        (with(&|body| body["photo"] = json!(png(30_000, 30_000, 10))), "photo"),
        (with(&|body| body["photo"] = json!(png(100, 100, 2_200_000))), "photo"),
        (with(&|body| body["photo"] = json!(BASE64.encode("<svg onload=alert(1)>"))), "photo"),
        (with(&|body| body["photo"] = json!("!!")), "photo"),
        (with(&|body| body["signature_path"] = json!("M1 1\"/><script>")), "signature_path"),
        (with(&|body| body["position"]["latitude"] = json!(200.0)), "latitude"),
        (with(&|body| body["no_position"] = json!("denied")), "no_position"),
        (with(&|body| body["reason"] = json!("other")), "reason"),
        (
            with(&|body| {
                body["kind"] = json!("fail");
                body["reason"] = json!("not_proven");
            }),
            "reason",
        ),
        (
            with(&|body| {
                body["kind"] = json!("fail");
                body["reason"] = json!("other");
            }),
            "note",
        ),
        (with(&|body| body["more"] = json!(1)), "more"),
    ];
    for (body, field) in bad {
        let (status, problem) = send(&chen, id, "bad", &body).await;
        assert_eq!((status, fields(&problem)), (422, vec![field]), "{problem}");
    }
    let unkeyed =
        chen.send(Method::POST, &format!("/api/v1/visits/{id}/steps"), &step(app, "arrive", 0)).await;
    assert_eq!((unkeyed.0, fields(&unkeyed.1)), (422, vec!["idempotency_key"]));
    let (status, problem) = send(&chen, id, "early", &step(app, "finish", 0)).await;
    assert_eq!((status, &problem["code"]), (409, &json!("illegal_move")), "{problem}");
    let foreign = planned(app, app.add_elder(2), (600, 720));
    let lin = Program::enter(app, "lin").await;
    for program in [&chen, &lin] {
        assert_eq!(send(program, foreign, "far", &step(app, "arrive", 0)).await.0, 404, "another town's");
    }
    let unassigned = planned(app, app.add_elder(1), (600, 720));
    assert_eq!(
        send(&lin, unassigned, "unassigned", &step(app, "arrive", 0)).await.0,
        409,
        "arrival before assignment"
    );
    assert_eq!((steps_stored(app), visit_of(app, id).version), (0, 2));
});

both!(a_photo_is_sealed_and_is_found_when_it_is_used_twice, |app| async {
    let (id, _, chen) = ready(app).await;
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x01\0\0\0\x01\0".to_vec();
    bytes.extend(b"the kitchen table, and nothing else");
    let photo = BASE64.encode(&bytes);
    send(&chen, id, "a", &step(app, "arrive", 0)).await;
    app.hand.advance(TimeDelta::minutes(25));
    let mut finish = step(app, "finish", 0);
    finish["photo"] = json!(photo);
    assert_eq!(send(&chen, id, "b", &finish).await.1["strength"], "strong");
    let lin = app.login("lin").await;
    let file = app.count("SELECT id AS n FROM visit_files");
    let shown = lin.get(&format!("/visits/{id}/files/{file}")).await;
    assert_eq!(shown.headers()["content-type"], "image/png");
    assert_eq!(shown.bytes().await.unwrap().as_ref(), bytes);
    assert_eq!(app.audited("visit.picture").len(), 1, "each look is written down");
    let caregiver = visit_of(app, id).caregiver_id.unwrap();
    let second = planned(app, app.add_elder(1), (660, 780));
    app.write(|tx| assign(tx, second, 1, caregiver, None));
    send(&chen, second, "c", &step(app, "arrive", 0)).await;
    app.hand.advance(TimeDelta::minutes(25));
    let mut finish = step(app, "finish", 0);
    finish["photo"] = json!(photo);
    assert_eq!(send(&chen, second, "d", &finish).await.1["strength"], "contradictory");
    assert_eq!(app.count("SELECT count(*) AS n FROM visit_exceptions WHERE cause = 'photo'"), 2, "of both");
});
