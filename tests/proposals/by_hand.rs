//! One visit by hand: the best first, reasons for the others, and no illegal choice.

use reqwest::Method;
use serde_json::{Value, json};
use songhe::access::Role;
use songhe::error::Code;
use songhe::visits::{assign, pin};

use super::{DAY, minute, planned, visit};
use crate::api::{Program, fields};
use crate::support::app::{TestApp, both};
use crate::support::client::location;
use crate::support::seed::town;

/// Moves an elder some ten kilometres away.
fn far_away(app: &TestApp, elder: i64) {
    app.taken(&format!("UPDATE elders SET longitude = 118.65 WHERE id = {elder}"));
}

both!(candidates_come_with_reasons_and_an_illegal_choice_is_refused_with_its_rule, |app| async {
    app.add_towns();
    let provider = app.add_provider(1);
    let (near, busy, unskilled) =
        (app.add_caregiver(1, provider), app.add_caregiver(1, provider), app.add_caregiver(1, provider));
    app.taken(&format!("UPDATE caregivers SET skills = 'daily' WHERE id = {unskilled}"));
    let (elder, other) = (app.add_elder(1), app.add_elder(1));
    far_away(app, other);
    let before = planned(app, other, "meal", (540, 600));
    app.write(|tx| assign(tx, before, 1, busy, Some(minute(app, 570))));
    let bath = planned(app, elder, "bath", (600, 610));
    app.add_user("lin", Role::Coordinator, town(1));
    let lin = Program::enter(app, "lin").await;
    let found = lin.read(&format!("/api/v1/visits/{bath}/candidates")).await;
    let ids = |list: &Value| -> Vec<i64> {
        list.as_array().unwrap().iter().map(|one| one["caregiver_id"].as_i64().unwrap()).collect()
    };
    assert_eq!(ids(&found["candidates"]), [near], "{found}");
    assert_eq!(found["candidates"][0]["starts_at"], "2026-11-24T10:00:00.000+08:00");
    let mut refused = ids(&found["rejected"]);
    refused.sort_unstable();
    assert_eq!(refused, [busy, unskilled]);
    let rule = |id: i64| {
        let all = found["rejected"].as_array().unwrap();
        all.iter().find(|one| one["caregiver_id"] == id).unwrap().clone()
    };
    assert!(
        rule(unskilled)["rule"].as_str().unwrap().contains("生活照料") || rule(unskilled)["rule"].is_string()
    );
    assert!(rule(busy)["relaxation"].is_string(), "{found}");

    // The page offers the same, and the use case refuses what the page does not offer.
    let page = app.login("lin").await;
    let form = page.page(&format!("/visits/{bath}/assign")).await;
    assert!(
        form.contains(&format!("value=\"{near}\" checked")) && !form.contains(&format!("value=\"{busy}\""))
    );
    for id in [busy, unskilled] {
        let body = json!({ "version": 1, "caregiver_id": id, "starts_at": "2026-11-24T10:05:00+08:00" });
        let (status, problem) = lin.send(Method::POST, &format!("/api/v1/visits/{bath}/assign"), &body).await;
        assert_eq!((status, fields(&problem)), (422, vec!["caregiver_id"]), "{problem}");
    }
    assert_eq!(visit(app, bath).version, 1, "nothing changed");
    let sent = [("version", "1"), ("caregiver_id", &near.to_string()), ("start_time", "")];
    let answer = page.post_form(&format!("/visits/{bath}/assign"), &sent).await;
    assert_eq!(location(&answer), format!("/visits/{bath}"));
    assert_eq!(visit(app, bath).caregiver_id, Some(near));
});

both!(a_pinned_visit_is_moved_by_nobody_before_it_is_unpinned, |app| async {
    app.add_towns();
    let provider = app.add_provider(1);
    let (one, two) = (app.add_caregiver(1, provider), app.add_caregiver(1, provider));
    let meal = planned(app, app.add_elder(1), "meal", (540, 720));
    app.write(|tx| assign(tx, meal, 1, one, Some(minute(app, 600))));
    app.add_user("lin", Role::Coordinator, town(1));
    let lin = Program::enter(app, "lin").await;
    let address = format!("/api/v1/visits/{meal}");
    let (status, problem) =
        lin.send(Method::POST, &format!("{address}/pin"), &json!({ "version": 2, "reason": "" })).await;
    assert_eq!((status, fields(&problem)), (422, vec!["reason"]));
    let (status, _) =
        lin.send(Method::POST, &format!("{address}/pin"), &json!({ "version": 2, "reason": "约定" })).await;
    assert_eq!(status, 200);
    let moved = json!({ "version": 2, "caregiver_id": two });
    let (status, problem) = lin.send(Method::POST, &format!("{address}/assign"), &moved).await;
    assert_eq!((status, &problem["code"]), (409, &json!("taken")), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("约定"));
    let (status, _) = lin.send(Method::POST, &format!("{address}/unpin"), &json!({ "version": 2 })).await;
    assert_eq!(status, 200);
    let (status, _) = lin.send(Method::POST, &format!("{address}/assign"), &moved).await;
    assert_eq!(status, 200);
    assert_eq!(app.audited("visit.pin").len() + app.audited("visit.unpin").len(), 2);
    let free = planned(app, app.add_elder(1), "meal", (540, 720));
    let error = app.app.write_now(&songhe::access::Scope::system(), |tx| pin(tx, free, 1, "x")).unwrap_err();
    assert_eq!(error.code, Code::Taken, "nobody was told of it");
});

both!(the_code_on_paper_is_checked_at_arrival, |app| async {
    app.add_towns();
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    let meal = planned(app, app.add_elder(1), "meal", (540, 720));
    app.write(|tx| assign(tx, meal, 1, caregiver, Some(minute(app, 600))));
    app.add_user("lin", Role::Coordinator, town(1));
    app.hand.set(minute(app, 595));
    let sheet = app.login("lin").await.page(&format!("/day-sheets?town=350582001&day={DAY}")).await;
    let code = songhe::visits::visit_code(app.keys(), meal);
    assert!(
        sheet.contains(&code) && sheet.contains("<svg class=\"qr\"") && sheet.contains("10:00–10:30"),
        "{sheet}"
    );
    let lin = Program::enter(app, "lin").await;
    let address = format!("/api/v1/visits/{meal}/arrive");
    let body = |code: &str| json!({ "version": 2, "code": code });
    let (status, problem) = lin.send(Method::POST, &address, &body("V1-AAAAAA")).await;
    assert_eq!((status, fields(&problem)), (422, vec!["code"]));
    assert_eq!(visit(app, meal).version, 2);
    let (status, _) = lin.send(Method::POST, &address, &body(&code.to_lowercase())).await;
    assert_eq!(status, 200);
});
