//! Beds for programs: what is refused names its field and changes nothing; a day of a bed through the interface.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use songhe::access::{Place, Role};

use super::{Program, fields};
use crate::support::app::{TestApp, both};
use crate::support::seed::town;

/// A house with two beds, an elder who lives in the first, one who lived there, and the manager's program.
async fn house(app: &TestApp) -> (i64, [i64; 2], i64, Program) {
    app.add_towns();
    let home = app.add_institution(1);
    let beds = [app.add_bed(1, home), app.add_bed(1, home)];
    let elder = app.add_elder(1);
    app.taken(&format!(
        "INSERT INTO stays (bed_id, elder_id, institution_id, town_code, starts_at, ends_at) SELECT id, {elder}, \
         institution_id, town_code, '2026-11-01 00:00:00.000', '2026-11-20 00:00:00.000' FROM beds WHERE id = {}",
        beds[0]
    ));
    app.add_user("mei", Role::InstitutionManager, Place::Institution(home));
    (home, beds, elder, Program::enter(app, "mei").await)
}

both!(bad_input_names_its_field_and_changes_nothing, |app| async {
    let (home, [bed, _], elder, mei) = house(app).await;
    let audited = app.count("SELECT count(*) AS n FROM audit_log");
    let elders = json!(elder);
    for (path, body, status, field) in [
        (
            "stays",
            json!({ "bed_id": bed, "elder_id": elders, "starts_at": "2066-01-01T00:00:00+08:00" }),
            422,
            "starts_at",
        ),
        (
            "stays",
            json!({ "bed_id": bed, "elder_id": elders, "starts_at": "1990-01-01T00:00:00+08:00" }),
            422,
            "starts_at",
        ),
        (
            "stays",
            json!({ "bed_id": bed, "elder_id": elders, "starts_at": "2026-11-21T00:00:00+08:00" }),
            422,
            "reason",
        ),
        (
            "stays",
            json!({ "bed_id": bed, "elder_id": elders, "contract_ends_on": "2026-01-01" }),
            422,
            "contract_ends_on",
        ),
        ("stays", json!({ "bed_id": bed, "elder_id": elders, "contact_phone": "x" }), 422, "contact_phone"),
        (
            "stays",
            json!({ "bed_id": bed, "elder_id": elders, "ends_at": "2026-12-01T00:00:00+08:00" }),
            422,
            "ends_at",
        ),
        ("stays", json!({ "bed_id": bed, "elder_id": 987_654 }), 422, "elder_id"),
        ("stays", json!({ "bed_id": 987_654, "elder_id": elders }), 422, "bed_id"),
        (
            "holds",
            json!({ "bed_id": bed, "elder_id": elders, "ends_at": "2056-01-01T00:00:00+08:00" }),
            422,
            "ends_at",
        ),
        (
            "holds",
            json!({ "bed_id": bed, "elder_id": elders, "ends_at": "2026-11-22T00:00:00+08:00" }),
            422,
            "ends_at",
        ),
        (
            "outages",
            json!({ "bed_id": bed, "why": "repair", "due_at": "2020-01-01T00:00:00+08:00" }),
            422,
            "due_at",
        ),
        ("outages", json!({ "bed_id": bed, "why": "tired" }), 422, "why"),
        ("waiting", json!({ "elder_id": elders, "institution_id": 987_654 }), 422, "institution_id"),
        (
            "waiting",
            json!({ "elder_id": elders, "institution_id": home, "class_code": "vip" }),
            422,
            "class_code",
        ),
        (
            "transfers",
            json!({ "stay_id": 987_654, "version": 1, "institution_id": home, "reason": "x" }),
            422,
            "stay_id",
        ),
    ] {
        let (found, problem) = mei.send(Method::POST, &format!("/api/v1/{path}"), &body).await;
        let named = fields(&problem).first().copied().unwrap_or_default();
        assert_eq!((found, named), (status, field), "{path} {body}: {problem}");
    }
    app.taken(&format!("UPDATE institutions SET state = 'closed' WHERE id = {home}"));
    let closed = mei.send(Method::POST, "/api/v1/stays", &json!({ "bed_id": bed, "elder_id": elder })).await;
    assert_eq!((closed.0, fields(&closed.1)), (422, vec!["bed_id"]), "{}", closed.1);
    assert_eq!(app.count("SELECT count(*) AS n FROM audit_log"), audited, "nothing was changed");
    assert_eq!(app.count("SELECT count(*) AS n FROM bed_claims"), 1);
});

async fn post(program: &Program, path: &str, body: Value) -> Value {
    let (status, answer) = program.send(Method::POST, &format!("/api/v1/{path}"), &body).await;
    assert!([200, 201].contains(&status), "{path}: {answer}");
    answer
}

both!(a_bed_is_held_lived_in_left_and_counted_by_programs, |app| async {
    let (home, [bed, next], elder, mei) = house(app).await;
    let until = "2026-11-25T12:00:00+08:00";
    post(&mei, "waiting", json!({ "elder_id": elder, "institution_id": home, "care_level": "half_care" }))
        .await;
    assert_eq!(mei.read("/api/v1/waiting").await["items"][0]["position"], 1);
    let hold = post(&mei, "holds", json!({ "bed_id": bed, "elder_id": elder, "ends_at": until })).await;
    let shown = mei.read(&format!("/api/v1/beds/{bed}")).await;
    assert_eq!((&shown["state"], &shown["hold_id"]), (&json!("reserved"), &hold["id"]), "{shown}");
    app.hand.advance(TimeDelta::minutes(5));
    let risks = json!([{ "risk": "fall", "present": true }]);
    let stay = post(&mei, "stays", json!({ "bed_id": bed, "elder_id": elder, "risks": risks })).await;
    assert_eq!(mei.read("/api/v1/waiting").await["items"], json!([]), "who was admitted waits no longer");
    assert_eq!(mei.read(&format!("/api/v1/holds/{}", hold["id"])).await["outcome"], "admitted");
    let path = format!("stays/{}", stay["id"]);
    app.hand.advance(TimeDelta::minutes(5));
    post(&mei, &format!("{path}/leave"), json!({ "version": 1, "kind": "hospital" })).await;
    let leave = mei.read(&format!("/api/v1/beds/{bed}")).await["leave_id"].clone();
    app.hand.advance(TimeDelta::minutes(5));
    post(&mei, &format!("leaves/{leave}/return"), json!({ "version": 1 })).await;
    let planned =
        json!({ "version": 1, "planned_ends_at": "2026-11-24T10:00:00+08:00", "destination": "home" });
    post(&mei, &format!("{path}/plan-discharge"), planned).await;
    let forecast = mei.read("/api/v1/free-beds-forecast").await;
    let free: Vec<i64> =
        forecast["days"].as_array().unwrap().iter().map(|day| day["free"].as_i64().unwrap()).collect();
    assert_eq!((free.len(), &free[..2]), (14, &[1, 2][..]), "{forecast}");
    let moved = post(&mei, &format!("{path}/move"), json!({ "version": 2, "bed_id": next })).await;
    assert_eq!(moved["bed_id"], next);
    let confirmed = post(&mei, &format!("institutions/{home}/confirm-beds"), json!({})).await;
    assert_eq!((&confirmed["beds"], &confirmed["occupied"]), (&json!(2), &json!(1)));
    let counted = mei.read("/api/v1/occupancy").await["items"][0].clone();
    assert_eq!((&counted["counts"], &counted["is_stale"]), (&confirmed, &json!(false)), "{counted}");
    let year = mei.read("/api/v1/occupancy-trend").await["days"].clone();
    let last = year.as_array().unwrap().last().unwrap();
    assert_eq!((year.as_array().unwrap().len(), &last["lived_in"]), (365, &json!(1)));
    app.add_user("hong", Role::Coordinator, town(2));
    let hong = Program::enter(app, "hong").await;
    assert_eq!(hong.read("/api/v1/occupancy").await["items"], json!([]), "another town counts nothing of it");
    assert_eq!(hong.refusal(&format!("/api/v1/holds/{}", hold["id"])).await.0, 404);
});
