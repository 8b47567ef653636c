//! Plans through the pages and the interface, as the office uses them.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use songhe::access::{Place, Role};

use super::work::{item, planned, version};
use crate::api::Program;
use crate::support::app::both;
use crate::support::client::{expect, location};
use crate::support::seed::town;

both!(a_coordinator_plans_an_elders_week, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let page = lin.page("/plans?plan=without").await;
    assert!(page.contains(&app.name_of_elder(elder)), "{page}");
    let begun = lin.post_form(&format!("/elders/{elder}/plan"), &[("starts_on", "2026-11-23")]).await;
    let plan = location(&begun);
    assert!(plan.starts_with("/plans/"), "{plan}");
    assert_eq!(location(&lin.get(&format!("/elders/{elder}/plan")).await), plan, "one plan is enough");
    let fields = [
        ("service_code", "bath"),
        ("repeat", "weekly"),
        ("every", "3"),
        ("weekdays", "1"),
        ("weekdays", "4"),
        ("window_from", "09:00"),
        ("window_to", "11:00"),
        ("starts_on", "2026-11-23"),
        ("tolerance_days", "3"),
        ("holiday_rule", "next"),
        ("caregivers", "1"),
        ("caregiver_rule", "any"),
    ];
    let preview = lin.post_form(&format!("{plan}/preview"), &fields).await;
    let preview = expect(preview, StatusCode::OK).await;
    assert!(preview.contains("每 3 周的周一、周四") && preview.contains("2026-12-14 周一"), "{preview}");
    assert!(preview.contains("2027"), "the schedule of 2027 is said to be unknown: {preview}");
    assert_eq!(location(&lin.post_form(&format!("{plan}/items"), &fields).await), plan);
    let page = lin.page(&plan).await;
    assert!(page.contains("每 3 周的周一、周四") && page.contains("09:00–11:00"), "{page}");
    let seen = version(app, "care_plans", 1).to_string();
    let activated = lin.post_form(&format!("{plan}/activate"), &[("version", &seen)]).await;
    assert_eq!(location(&activated), plan);
    let visits = lin.page("/visits?day=2026-11-26").await;
    assert!(visits.contains(&app.name_of_elder(elder)), "{visits}");
    assert!(!lin.page("/plans?plan=without").await.contains(&app.name_of_elder(elder)));
});

both!(a_form_without_a_window_says_so_beside_the_field, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let plan =
        location(&lin.post_form(&format!("/elders/{elder}/plan"), &[("starts_on", "2026-11-23")]).await);
    let fields = [
        ("service_code", "bath"),
        ("repeat", "daily"),
        ("every", "1"),
        ("starts_on", "2026-11-23"),
        ("holiday_rule", "as_planned"),
        ("caregivers", "1"),
    ];
    let page = lin.post_form(&format!("{plan}/items"), &fields).await;
    let page = expect(page, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(page.contains("请填写服务时段"), "{page}");
    let preview = expect(lin.post_form(&format!("{plan}/preview"), &fields).await, StatusCode::OK).await;
    assert!(preview.contains("请填写服务时段"), "{preview}");
    // The form comes back as it was sent.
    assert!(page.contains("value=\"daily\" selected"), "{page}");
});

both!(more_than_is_entitled_is_shown_and_not_cut, |app| async {
    app.add_towns();
    let (much, little) = (app.add_elder(1), app.add_elder(1));
    for elder in [much, little] {
        app.taken(&format!("UPDATE elders SET categories = 'lone' WHERE id = {elder}"));
    }
    // 60 minutes a day from the 23rd are 8 hours in November; a lone elder has 10 hours a month.
    planned(app, little, &[item("bath", "FREQ=DAILY")]);
    planned(app, much, &[item("bath", "FREQ=DAILY"), item("medical", "FREQ=DAILY")]);
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let over = lin.page("/plans?plan=over").await;
    assert!(over.contains(&app.name_of_elder(much)) && !over.contains(&app.name_of_elder(little)), "{over}");
    assert!(over.contains("超出 6 小时"), "{over}");
    let months = lin.page("/entitlements?month=2026-11").await;
    assert!(
        months.contains("16 小时") && months.contains("8 小时") && months.contains("10 小时（待确认）"),
        "{months}"
    );
    // December is longer than what is generated: the plan tells the rest.
    let december = lin.page("/entitlements?month=2026-12&over=true").await;
    assert!(december.contains("31 小时") && december.contains("62 小时"), "{december}");
});

/// The body of an answer of this status.
async fn send(program: &Program, method: Method, path: &str, body: &Value, wanted: u16) -> Value {
    let (status, answer) = program.send(method, path, body).await;
    assert_eq!(status, wanted, "{path}: {answer}");
    answer
}

both!(a_program_plans_through_the_interface, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    app.add_user("lin", Role::Coordinator, town(1));
    let lin = Program::enter(app, "lin").await;
    let body = json!({ "elder_id": elder, "starts_on": "2026-11-23" });
    let plan = send(&lin, Method::POST, "/api/v1/plans", &body, 201).await;
    let path = format!("/api/v1/plans/{}", plan["id"]);
    let good = json!({
        "service_code": "meal", "rule": "FREQ=WEEKLY;BYDAY=TU", "starts_on": "2026-11-23", "window_starts_min": 600,
        "window_ends_min": 720, "holiday_rule": "as_planned", "caregivers": 1, "caregiver_rule": "any"
    });
    let mut without = good.clone();
    without.as_object_mut().unwrap().remove("window_starts_min");
    let problem = send(&lin, Method::POST, &format!("{path}/items"), &without, 422).await;
    assert_eq!(problem["fields"][0]["field"], "window_starts_min");
    let with_item = send(&lin, Method::POST, &format!("{path}/items"), &good, 201).await;
    assert_eq!(with_item["items"][0]["rule"], "FREQ=WEEKLY;BYDAY=TU");
    let active = send(
        &lin,
        Method::POST,
        &format!("{path}/activate"),
        &json!({ "version": with_item["version"] }),
        200,
    )
    .await;
    assert_eq!(active["state"], "active");
    let preview = lin.read(&format!("{path}/preview")).await;
    assert_eq!(preview["visits"].as_array().unwrap().len(), 10);
    assert_eq!(preview["unknown_years"], json!([2027]));
    let visits = lin.read("/api/v1/visits?day=2026-11-24").await;
    assert_eq!(visits["items"][0]["plan_item_id"], with_item["items"][0]["id"]);
    assert_eq!(visits["items"][0]["price_fen"], 3_000);
    let item_path = format!("/api/v1/plan-items/{}", with_item["items"][0]["id"]);
    let changed =
        send(&lin, Method::PATCH, &item_path, &json!({ "version": 1, "rule": "FREQ=DAILY" }), 200).await;
    assert_eq!(changed["items"][0]["version"], 2);
    assert_eq!(
        send(&lin, Method::PATCH, &item_path, &json!({ "version": 1, "rule": "FREQ=DAILY" }), 409).await["code"],
        "stale"
    );
    let months = lin.read("/api/v1/entitlements?month=2026-11").await;
    assert_eq!(months["items"][0]["elder_id"], elder);
});

both!(what_holds_for_the_whole_city_is_the_city_managers_to_change, |app| async {
    app.add_towns();
    let wang = app.user("wang", Role::CityManager, Place::City).await;
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    for path in ["/services", "/holidays", "/entitlement-rules"] {
        assert_eq!(lin.status(path).await, 200, "{path}");
        assert_eq!(lin.status(&format!("{path}/new")).await, 403, "{path}");
        assert_eq!(wang.status(&format!("{path}/new")).await, 200, "{path}");
    }
    let fields = [
        ("day", "2027-01-01"),
        ("kind", "off"),
        ("name_zh", "元旦"),
        ("name_en", "New Year"),
        ("source", "通知"),
    ];
    let made = location(&wang.post_form("/holidays", &fields).await);
    assert!(wang.page(&made).await.contains("2027-01-01"));
    let again = wang.post_form("/holidays", &fields).await;
    assert_eq!(again.status(), StatusCode::UNPROCESSABLE_ENTITY, "a day is there once");
    let removed = wang.post_form(&format!("{made}/remove"), &[("version", "1")]).await;
    assert_eq!(location(&removed), "/holidays");
    assert_eq!(wang.status(&made).await, 404);
    assert_eq!(app.audited("holiday.add").len() + app.audited("holiday.remove").len(), 2);
});
