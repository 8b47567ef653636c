//! What an elder wishes and where they are found on the day: an illegal choice is not offered, and refused with its rule.

use reqwest::Method;
use serde_json::{Value, json};
use songhe::access::Role;
use songhe::visits::assign;

use super::{DAY, minute, planned, visit};
use crate::api::{Program, fields};
use crate::support::app::{TestApp, both};
use crate::support::seed::town;

/// A place some ten kilometres away, on these days.
fn elsewhere(app: &TestApp, elder: i64, from: &str, to: &str) {
    app.taken(&format!(
        "INSERT INTO elder_places (elder_id, kind, label, longitude, latitude, coordinate_source, from_on, to_on) \
         VALUES ({elder}, 'second_home', 'x', 118.65, 24.82, 'wgs84', '{from}', '{to}')"
    ));
}

async fn candidates(lin: &Program, visit: i64) -> (Vec<i64>, Vec<(i64, String)>) {
    let found = lin.read(&format!("/api/v1/visits/{visit}/candidates")).await;
    let id = |one: &Value| one["caregiver_id"].as_i64().unwrap();
    let rule = |one: &Value| (id(one), one["rule"].as_str().unwrap_or_default().to_owned());
    let list = |name: &str| found[name].as_array().unwrap().clone();
    (list("candidates").iter().map(id).collect(), list("rejected").iter().map(rule).collect())
}

both!(a_hard_wish_and_a_bar_refuse_by_hand_with_their_rule, |app| async {
    app.add_towns();
    let provider = app.add_provider(1);
    let add = || app.add_caregiver(1, provider);
    let (fit, man, stranger, barred) = (add(), add(), add(), add());
    app.taken(&format!("UPDATE caregivers SET gender = 'male' WHERE id = {man}"));
    app.taken(&format!("UPDATE caregivers SET languages = 'mandarin' WHERE id = {stranger}"));
    let elder = app.add_elder(1);
    let meal = planned(app, elder, "meal", (600, 720));
    app.add_user("lin", Role::Coordinator, town(1));
    let lin = Program::enter(app, "lin").await;
    assert_eq!(candidates(&lin, meal).await.0.len(), 4, "without a wish everybody can come");

    app.taken(&format!(
        "UPDATE elders SET gender_wish = 'female', gender_wish_hard = TRUE, language_wish = 'minnan', \
         language_wish_hard = TRUE WHERE id = {elder}"
    ));
    app.taken(&format!(
        "INSERT INTO elder_caregivers (elder_id, caregiver_id, stance, reason, set_by, set_at) \
         VALUES ({elder}, {barred}, 'barred', '亲属关系', 'lin', '2026-11-01 00:00:00.000')"
    ));
    let (offered, refused) = candidates(&lin, meal).await;
    assert_eq!(offered, [fit]);
    for (id, rule) in [(man, "性别"), (stranger, "语言"), (barred, "不接受")] {
        let told = refused.iter().find(|(known, _)| *known == id).map_or("", |(_, rule)| rule.as_str());
        assert!(told.contains(rule), "{refused:?}");
        let body = json!({ "version": 1, "caregiver_id": id, "starts_at": "2026-11-24T10:05:00+08:00" });
        let (status, problem) = lin.send(Method::POST, &format!("/api/v1/visits/{meal}/assign"), &body).await;
        assert_eq!((status, fields(&problem)), (422, vec!["caregiver_id"]), "{problem}");
        assert!(problem.to_string().contains(rule), "{problem}");
    }
    assert_eq!((visit(app, meal).version, visit(app, meal).caregiver_id), (1, None), "nothing changed");

    // A wish that need not be met only moves its man behind the others.
    app.taken(&format!("UPDATE elders SET gender_wish_hard = FALSE WHERE id = {elder}"));
    let offered = candidates(&lin, meal).await.0;
    assert_eq!((offered.len(), offered.last()), (2, Some(&man)));
});

both!(whom_an_elder_asks_for_comes_first, |app| async {
    app.add_towns();
    let provider = app.add_provider(1);
    let (_, asked_for) = (app.add_caregiver(1, provider), app.add_caregiver(1, provider));
    let elder = app.add_elder(1);
    let meal = planned(app, elder, "meal", (600, 720));
    app.taken(&format!(
        "INSERT INTO elder_caregivers (elder_id, caregiver_id, stance, reason, set_by, set_at) \
         VALUES ({elder}, {asked_for}, 'preferred', '', 'lin', '2026-11-01 00:00:00.000')"
    ));
    app.add_user("lin", Role::Coordinator, town(1));
    let lin = Program::enter(app, "lin").await;
    assert_eq!(candidates(&lin, meal).await.0.first(), Some(&asked_for));
    let page = app.login("lin").await.page(&format!("/visits/{meal}/assign")).await;
    assert!(page.contains("老人或照护计划指定"), "{page}");
});

both!(the_place_of_the_day_decides_who_is_there_in_time, |app| async {
    app.add_towns();
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    let (elder, before) = (app.add_elder(1), app.add_elder(1));
    let first = planned(app, before, "meal", (540, 600));
    app.write(|tx| assign(tx, first, 1, caregiver, Some(minute(app, 570))));
    // It begins at ten, or ten minutes later.
    let bath = planned(app, elder, "bath", (600, 610));
    app.add_user("lin", Role::Coordinator, town(1));
    let lin = Program::enter(app, "lin").await;
    let near = candidates(&lin, bath).await.0;
    elsewhere(app, elder, "2026-11-25", "2026-12-01");
    assert_eq!(candidates(&lin, bath).await.0, near, "from the next day on");
    app.taken(&format!("UPDATE elder_places SET from_on = '{DAY}' WHERE elder_id = {elder}"));
    assert_eq!((near, candidates(&lin, bath).await.0), (vec![caregiver], vec![]));
});
