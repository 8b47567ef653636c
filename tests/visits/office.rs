//! What the city's office sets of visits: reasons of those that were not done, and figures from a day on; what follows from
//! both, for the phone and for what is to be done.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use songhe::access::{Grant, Place, Role, Scope};
use songhe::error::{Code, Error};
use songhe::visits::reasons::{FailReasonInput, add_reason, change_reason};
use songhe::visits::settings::{Setting, SettingInput, change_setting, value_on};
use songhe::visits::{Step, assign, progress};

use super::{planned, try_write};
use crate::api::{Program, answer, fields};
use crate::support::app::{TestApp, both};
use crate::support::client::{expect, location};
use crate::support::seed::town;

const FORM: [(&str, &str); 7] = [
    ("version", "1"),
    ("name_zh", "敲门无人应答"),
    ("name_en", "Nobody answered"),
    ("contact_within_min", "45"),
    ("welfare_within_min", ""),
    ("may_make_up", "true"),
    ("after", "refused"),
];

fn form<'a>(changed: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = FORM.into_iter().filter(|(name, _)| changed.iter().all(|(other, _)| other != name));
    kept.chain(changed.iter().copied()).collect()
}

fn fail(app: &TestApp, id: i64, seen: i64, reason: &str) -> Result<(), Error> {
    let step = Step::Fail { reason: reason.to_owned(), note: "登记".to_owned() };
    try_write(app, |tx| progress(tx, id, seen, &step))
}

/// Minutes until a to-do of a visit is due, from now.
fn due_min(app: &TestApp, visit: i64, kind: &str) -> Option<i64> {
    let known = app.read(|connection| songhe::visits::follow_ups::store::of_visit(connection, visit));
    let found = known.into_iter().find(|row| row.kind.name() == kind);
    found.map(|row| (row.due_at - app.app.clock.now()).num_minutes())
}

both!(a_reason_is_edited_by_the_citys_office_and_what_follows_changes, |app| async {
    app.add_towns();
    let zheng = app.user("zheng", Role::CityManager, Place::City).await;
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let before = planned(app, app.add_elder(1), (600, 720));
    fail(app, before, 1, "nobody_home").unwrap();
    assert_eq!(
        (due_min(app, before, "second_contact"), due_min(app, before, "welfare_check")),
        (Some(30), Some(120))
    );
    let page = zheng.page("/fail-reasons").await;
    assert!(page.contains("/fail-reasons/nobody_home") && page.contains("30 分钟内"), "{page}");
    assert!(page.contains("2 小时内") && page.contains("系统自动给出"), "{page}");
    // A coordinator looks at the rules and changes none.
    let seen = lin.page("/fail-reasons").await;
    assert!(seen.contains("无人应门") && !seen.contains("/fail-reasons/nobody_home"), "{seen}");
    assert_eq!(lin.status("/fail-reasons/nobody_home").await, 403);
    assert_eq!(lin.post_form("/fail-reasons/nobody_home", &FORM).await.status(), 403);

    for (wrong, said) in [
        (("name_zh", ""), "请填写"),
        (("contact_within_min", "0"), "1 至 10080"),
        (("welfare_within_min", "soon"), "须为整数"),
        (("after", "nothing"), "请从列表中选择"),
    ] {
        let refused = zheng.post_form("/fail-reasons/nobody_home", &form(&[wrong])).await;
        let page = expect(refused, reqwest::StatusCode::UNPROCESSABLE_ENTITY).await;
        assert!(page.contains(said), "{wrong:?}: {page}");
    }
    assert_eq!(app.audited("fail_reason.change").len(), 0, "bad input changes nothing");
    assert_eq!(location(&zheng.post_form("/fail-reasons/nobody_home", &FORM).await), "/fail-reasons");
    let audited = app.audited("fail_reason.change");
    let detail: Value = serde_json::from_str(&audited[0].1).unwrap();
    assert_eq!(
        detail,
        json!({ "version": 2, "changes": {
            "name_zh": ["无人应门", "敲门无人应答"], "name_en": ["Nobody at home", "Nobody answered"],
            "contact_within_min": [30, 45], "welfare_within_min": [120, null], "after": [null, "refused"],
        } })
    );
    // Whoever comes second is shown what changed, and saves again with that in sight.
    let late = zheng.post_form("/fail-reasons/nobody_home", &form(&[("contact_within_min", "90")])).await;
    let page = expect(late, reqwest::StatusCode::CONFLICT).await;
    assert!(
        page.contains("zheng") && page.contains("敲门无人应答") && page.contains("value=\"2\""),
        "{page}"
    );
    let again = form(&[("version", "2"), ("contact_within_min", "90")]);
    location(&zheng.post_form("/fail-reasons/nobody_home", &again).await);

    let after = planned(app, app.add_elder(1), (600, 720));
    fail(app, after, 1, "nobody_home").unwrap();
    assert_eq!(
        (due_min(app, after, "second_contact"), due_min(app, after, "welfare_check")),
        (Some(90), None)
    );
    assert_eq!(due_min(app, before, "second_contact"), Some(30), "what is open keeps its deadline");
    assert!(lin.page(&format!("/visits/{before}")).await.contains("敲门无人应答"));
});

both!(a_closed_reason_is_no_longer_offered_and_stays_on_old_visits, |app| async {
    app.add_towns();
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    let visits: Vec<i64> = (0..3)
        .map(|index| {
            let id = planned(app, app.add_elder(1), (600 + index * 60, 660 + index * 60));
            app.write(|tx| assign(tx, id, 1, caregiver, None));
            id
        })
        .collect();
    let chen = app.user("chen", Role::Caregiver, Place::Own(caregiver)).await;
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let zheng = app.user("zheng", Role::CityManager, Place::City).await;
    fail(app, visits[0], 2, "weather").unwrap();
    let choice = "value=\"weather\"";
    assert!(chen.page("/today").await.contains(choice));
    let office = Program::enter(app, "zheng").await;
    let path = "/api/v1/fail-reasons/weather";
    let (status, body) = office.send(Method::PATCH, path, &json!({ "version": 1, "closed": true })).await;
    assert_eq!((status, &body["closed"], &body["version"]), (200, &json!(true), &json!(2)), "{body}");

    assert!(!chen.page("/today").await.contains(choice), "not on the phone");
    assert!(!lin.page(&format!("/visits/{}/fail", visits[1])).await.contains(choice), "not in the form");
    assert!(
        !lin.page(&format!("/visits/{}/correct", visits[0])).await.contains(choice),
        "nor in a correction"
    );
    assert!(lin.page(&format!("/visits/{}", visits[0])).await.contains("恶劣天气"), "an old visit keeps it");
    assert!(
        lin.page("/visits/day").await.contains(&format!("/visits/{}\"", visits[0])),
        "and is made up for"
    );
    let phone = Program::enter(app, "chen").await;
    let codes = |list: &Value| -> Vec<String> {
        list["items"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
    };
    let offered = codes(&phone.read("/api/v1/fail-reasons").await);
    assert!(offered.contains(&"other".to_owned()) && !offered.contains(&"weather".to_owned()), "{offered:?}");
    let all = codes(&phone.read("/api/v1/fail-reasons?all=true").await);
    assert!(all.contains(&"weather".to_owned()) && all.contains(&"not_proven".to_owned()), "{all:?}");
    // A form that was open, or a phone that is online, is told; what was written down without a network is taken.
    let refused = fail(app, visits[1], 2, "weather").unwrap_err();
    assert_eq!((refused.code, refused.fields[0].field), (Code::Invalid, "reason"));
    let now = app.app.calendar.rfc3339(app.app.clock.now());
    let mut step = json!({
        "kind": "fail", "device_at": now, "sent_at": now, "offline": false, "no_position": "timeout",
        "reason": "weather",
    });
    let send = async |step: &Value, key: &str| {
        let path = format!("/api/v1/visits/{}/steps", visits[1]);
        let request = phone.request(Method::POST, &path).header("idempotency-key", key).json(step);
        answer(request.send().await.unwrap()).await
    };
    let (status, problem) = send(&step, "k1").await;
    assert_eq!((status, fields(&problem)), (422, vec!["reason"]), "{problem}");
    step["offline"] = json!(true);
    let (status, told) = send(&step, "k2").await;
    assert_eq!((status, &told["state"]), (200, &json!("not_done")), "{told}");

    location(
        &zheng.post_form("/fail-reasons/weather", &form(&[("version", "2"), ("name_zh", "恶劣天气")])).await,
    );
    assert!(lin.page(&format!("/visits/{}/fail", visits[2])).await.contains(choice), "opened again");
    assert_eq!(app.audited("fail_reason.change").len(), 2);
});

both!(reasons_are_added_in_their_place_and_one_is_always_left, |app| async {
    app.add_towns();
    let lin = Scope::new(7, "lin", vec![Grant { role: Role::Coordinator, place: Place::City }]);
    let wanted = FailReasonInput {
        name_zh: "道路中断".into(),
        name_en: "Road closed".into(),
        contact_within_min: Some(60),
        welfare_within_min: None,
        may_make_up: true,
        needs_note: true,
        closed: false,
        after: Some("nobody_home".into()),
    };
    let denied = app.app.write_now(&lin, |tx| add_reason(tx, "bad_road", &wanted)).unwrap_err();
    assert_eq!(denied.code, Code::Forbidden);
    let twice = try_write(app, |tx| add_reason(tx, "weather", &wanted)).unwrap_err();
    assert_eq!(twice.fields[0].field, "code");
    app.add_user("zheng", Role::CityManager, Place::City);
    let office = Program::enter(app, "zheng").await;
    let body = json!({
        "code": "bad_road", "name_zh": "道路中断", "name_en": "Road closed", "contact_within_min": 60,
        "welfare_within_min": null, "may_make_up": true, "needs_note": true, "after": "nobody_home",
    });
    let (status, made) = office.send(Method::POST, "/api/v1/fail-reasons", &body).await;
    assert_eq!((status, &made["position"], &made["version"]), (201, &json!(2), &json!(1)), "{made}");
    assert_eq!(office.read("/api/v1/fail-reasons/bad_road").await, made);
    assert_eq!(app.audited("fail_reason.add").len(), 1);
    let visit = planned(app, app.add_elder(1), (600, 720));
    let bare = Step::Fail { reason: "bad_road".to_owned(), note: String::new() };
    let refused = try_write(app, |tx| progress(tx, visit, 1, &bare)).unwrap_err();
    assert_eq!(refused.fields[0].field, "note", "the reason asks for one");

    let path = "/api/v1/fail-reasons/not_proven";
    let (status, problem) = office.send(Method::PATCH, path, &json!({ "version": 1, "closed": true })).await;
    assert_eq!((status, fields(&problem)), (422, vec!["closed"]), "the program gives it: {problem}");
    let offered = app.read(songhe::visits::reasons::store::offered_reasons);
    let close = |code: &str| {
        try_write(app, |tx| {
            let order = songhe::visits::reasons::store::fail_reasons(tx.connection)?;
            let reason = order.iter().find(|reason| reason.code == code).unwrap();
            let stored = songhe::visits::reasons::reason_input(&order, reason);
            change_reason(tx, code, reason.version, &FailReasonInput { closed: true, ..stored })
        })
    };
    for reason in &offered[1..] {
        close(&reason.code).unwrap();
    }
    assert_eq!(close(&offered[0].code).unwrap_err().fields[0].field, "closed", "one is left");
});

both!(a_figure_holds_from_a_day_on, |app| async {
    app.add_towns();
    let zheng = app.user("zheng", Role::CityManager, Place::City).await;
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let path = "/visit-settings/visit_fence_m/change";
    assert!(lin.page("/visit-settings").await.contains("150 米"));
    assert!(lin.page("/visit-settings/visit_fence_m").await.contains("围栏半径"));
    let wanted =
        [("version", "1"), ("value", "200"), ("effective_on", "2026-11-24"), ("source", "民发〔2026〕9号")];
    assert_eq!(lin.post_form(path, &wanted).await.status(), 403);
    for (name, value, said) in [
        ("value", "19", "20 至 5000"),
        ("value", "1.5", "须为整数"),
        ("effective_on", "2026-11-23", "须为明天或以后"),
        ("effective_on", "tomorrow", "日期格式"),
        ("source", " ", "请填写"),
    ] {
        let mut form = wanted.to_vec();
        form.retain(|(known, _)| *known != name);
        form.push((name, value));
        let page =
            expect(zheng.post_form(path, &form).await, reqwest::StatusCode::UNPROCESSABLE_ENTITY).await;
        assert!(page.contains(said), "{name} {value}: {page}");
    }
    assert_eq!(app.audited("visit_setting.change").len(), 0, "bad input changes nothing");
    location(&zheng.post_form(path, &wanted).await);
    let mut second = wanted;
    second[1] = ("value", "300");
    let late = expect(zheng.post_form(path, &second).await, reqwest::StatusCode::CONFLICT).await;
    assert!(late.contains("zheng") && late.contains("200") && late.contains("value=\"2\""), "{late}");
    let detail: Value = serde_json::from_str(&app.audited("visit_setting.change")[0].1).unwrap();
    assert_eq!(detail["changes"]["value"], json!([150, 200]));
    let held = |day: &str| {
        let day = day.parse().unwrap();
        app.read(|connection| value_on(connection, Setting::FenceM, day))
    };
    assert_eq!((held("2026-11-23"), held("2026-11-24")), (150, 200));
    assert!(lin.page("/visit-settings").await.contains("2026-11-24 起 200 米"));
    // What has begun is only confirmed.
    let confirm = |value: i64| SettingInput {
        effective_on: "2025-01-01".parse().unwrap(),
        value,
        source: "核对无误".to_owned(),
    };
    let past = try_write(app, |tx| change_setting(tx, Setting::FenceM, 2, &confirm(151))).unwrap_err();
    assert_eq!(past.fields[0].field, "effective_on");
    app.write(|tx| change_setting(tx, Setting::FenceM, 2, &confirm(150)));
    let office = Program::enter(app, "zheng").await;
    let all = office.read("/api/v1/visit-settings").await;
    let fence = all["items"].as_array().unwrap().iter().find(|one| one["name"] == "visit_fence_m").unwrap();
    assert_eq!((&fence["value"], &fence["version"]), (&json!(150), &json!(3)));
    assert_eq!(fence["days"][1]["source"], "核对无误");
});

both!(figures_keep_their_order_and_visits_follow_them, |app| async {
    app.add_towns();
    app.add_user("zheng", Role::CityManager, Place::City);
    let office = Program::enter(app, "zheng").await;
    let set = async |name: &str, version: i64, day: &str, value: i64| {
        let body = json!({ "version": version, "effective_on": day, "value": value, "source": "会议决定" });
        office.send(Method::POST, &format!("/api/v1/visit-settings/{name}"), &body).await
    };
    let (weak, fair) = ("visit_duration_weak_percent", "visit_duration_fair_percent");
    assert_eq!(set(weak, 1, "2026-11-24", 70).await.0, 200);
    let (status, problem) = set(fair, 1, "2026-12-01", 69).await;
    assert_eq!((status, fields(&problem)), (422, vec!["value"]), "below the other: {problem}");
    assert_eq!(set(fair, 1, "2026-12-01", 70).await.0, 200);
    let (status, problem) = set(weak, 2, "2026-11-25", 75).await;
    assert_eq!((status, fields(&problem)), (422, vec!["value"]), "above it from December on: {problem}");
    assert_eq!(set("visit_moon_m", 1, "2026-11-24", 5).await.0, 404);
    // How long a visit may go on: from tomorrow on longer than today.
    assert_eq!(set("visit_overrun_min", 1, "2026-11-24", 60).await.0, 200);
    assert_eq!(set("visit_welfare_min", 1, "2026-11-24", 15).await.0, 200);
    app.hand.advance(TimeDelta::days(1));
    let today = app.app.calendar.day_of(app.app.clock.now());
    assert_eq!(app.read(|connection| songhe::visits::late::store::overrun_min(connection, today)), 60);
    let wanted = songhe::visits::Plan {
        elder_id: app.add_elder(1),
        service_code: "meal".to_owned(),
        service_on: today,
        window_starts_min: 600,
        window_ends_min: 720,
    };
    let visit = app.write(|tx| songhe::visits::plan(tx, &wanted));
    fail(app, visit, 1, "refused").unwrap();
    let contact = app.count(&format!("SELECT id AS n FROM follow_ups WHERE visit_id = {visit}"));
    let nobody = songhe::visits::follow_ups::Answer {
        result: songhe::visits::follow_ups::FollowUpResult::NotReached,
        whom: None,
        contacted_at: None,
        note: String::new(),
    };
    app.write(|tx| songhe::visits::follow_ups::answer(tx, contact, 1, &nobody));
    assert_eq!(due_min(app, visit, "welfare_check"), Some(15));
});
