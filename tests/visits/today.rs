//! A caregiver's page of today: own visits only, names masked, addresses while they are needed, and whom to call.

use chrono::TimeDelta;
use diesel::prelude::*;
use reqwest::Method;
use serde_json::{Value, json};
use songhe::access::{Place, Role};
use songhe::db::schema::elders;
use songhe::visits::{CaregiverRule, Group, GroupRelation, assign, put_groups, visit_code};

use super::{planned, visit_of};
use crate::api::{Program, answer, fields};
use crate::support::app::{TestApp, both};
use crate::support::client::location;
use crate::support::people::{ADDRESS, IDENTITY, PHONE};
use crate::support::seed::town;

/// A visit at ten to an elder on file, and the caregiver who has it, who signs in as chen.
fn ready(app: &TestApp) -> (i64, i64, i64) {
    app.add_towns();
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    let elder = app.add_sealed_elder(1, IDENTITY);
    let id = planned(app, elder, (600, 720));
    app.write(|tx| assign(tx, id, 1, caregiver, None));
    app.add_user("chen", Role::Caregiver, Place::Own(caregiver));
    (id, elder, caregiver)
}

both!(the_page_of_today_holds_what_is_needed_at_the_door_and_no_more, |app| async {
    let (id, elder, _) = ready(app);
    let other = app.add_caregiver(1, app.add_provider(1));
    let second = planned(app, elder, (600, 720));
    app.write(|tx| assign(tx, second, 1, other, None));
    let group = Group {
        relation: GroupRelation::Together,
        lag_min_min: 0,
        lag_max_min: 0,
        caregiver_rule: CaregiverRule::Different,
        visits: [id, second],
    };
    app.write(|tx| put_groups(tx, std::slice::from_ref(&group)));
    app.add_user("wu", Role::Caregiver, Place::Own(other));
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let saved = lin.post_form("/account/phone", &[("work_phone", "0595-00009000")]).await;
    assert_eq!(location(&saved), "/account");
    assert_eq!(app.audited("user.work_phone").len(), 1);

    let page = app.login("chen").await.page("/today").await;
    let partner = app.read(|connection| {
        let found = songhe::visits::store::caregiver_names(connection, &[other])?;
        Ok(found[0].1.clone())
    });
    for wanted in ["10:00–10:30", ADDRESS, "老**", "tel:0595-00009000", "geo:24.82", &partner] {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
    for hidden in [&app.name_of_elder(elder), IDENTITY, PHONE] {
        assert!(!page.contains(hidden), "{hidden} is kept by the phone");
    }
    assert_eq!(page.matches("data-visit=").count(), 1, "the other caregiver's visit is not there");
    assert_eq!(app.audited("elder.address").len(), 1, "the look at the address is written down");
    // Whoever has no visits of their own has no such day.
    assert_eq!(location(&lin.get("/today").await), "/visits");
});

both!(a_door_note_is_on_the_page_while_somebody_goes_there, |app| async {
    let (id, elder, _) = ready(app);
    let cell = songhe::access::seal::Cell { table: "elders", row: elder, column: "door_note" };
    let sealed = app.keys().seal(cell, "院内有狗").unwrap();
    app.write(|tx| {
        diesel::update(elders::table.filter(elders::id.eq(elder)))
            .set(elders::door_note_sealed.eq(&sealed))
            .execute(tx.connection)?;
        Ok(())
    });
    let chen = app.login("chen").await;
    assert!(chen.page("/today").await.contains("院内有狗"));
    let done = [("version", "2"), ("reason", "nobody_home"), ("note", "")];
    assert_eq!(location(&chen.post_form(&format!("/visits/{id}/fail"), &done).await), "/today");
    assert!(!chen.page("/today").await.contains("院内有狗"));
});

both!(a_phone_number_is_shown_for_a_visit_that_is_to_be_done_and_written_down, |app| async {
    let (id, elder, _) = ready(app);
    let chen = Program::enter(app, "chen").await;
    let path = format!("/api/v1/visits/{id}/phone");
    let ask = || async { answer(chen.request(Method::POST, &path).send().await.unwrap()).await };
    assert_eq!(ask().await, (200, json!({ "phone": PHONE })));
    let audited = app.audited("elder.call");
    assert_eq!((audited.len(), &audited[0].0), (1, &elder.to_string()));
    assert!(!audited[0].1.contains(PHONE));
    app.taken(&format!("UPDATE elders SET phone_sealed = NULL WHERE id = {elder}"));
    assert_eq!(ask().await, (200, json!({ "phone": null })));
    let foreign = app.add_caregiver(1, app.add_provider(1));
    app.write(|tx| assign(tx, id, 2, foreign, None));
    assert_eq!(ask().await.0, 404, "somebody else goes there now");
    app.add_user("lin", Role::Coordinator, town(1));
    let lin = Program::enter(app, "lin").await;
    assert_eq!(answer(lin.request(Method::POST, &path).send().await.unwrap()).await.0, 404);
    assert_eq!(app.audited("elder.call").len(), 2);
});

both!(the_code_of_a_day_sheet_leads_to_its_visit, |app| async {
    let (id, _, _) = ready(app);
    let (chen, lin) = (app.login("chen").await, app.user("lin", Role::Coordinator, town(1)).await);
    let path = format!("/today?visit={}", visit_code(app.keys(), id));
    assert_eq!(location(&chen.get(&path).await), format!("/today#visit-{id}"));
    assert_eq!(location(&lin.get(&path).await), format!("/visits/{id}"));
    let foreign = planned(app, app.add_elder(1), (600, 720));
    let codes = [visit_code(app.keys(), foreign), format!("V{id}-000000"), "nonsense".to_owned()];
    for code in codes {
        let page = chen.page(&format!("/today?visit={code}")).await;
        assert!(page.contains("这个二维码的工单今天不在您名下"), "{code}");
    }
    let sheet = lin.page("/day-sheets?town=350582001&day=2026-11-23").await;
    assert!(sheet.contains(&visit_code(app.keys(), id)));
    // Whoever is signed out comes to the visit by way of the sign-in.
    let asked = location(&app.client().get(&path).await);
    assert!(asked.starts_with("/login?next=/today%3Fvisit%3DV"), "{asked}");
});

/// A report at home, `ago` minutes before now, by a clock that is right.
fn report(app: &TestApp, kind: &str, ago_min: i64) -> Value {
    let (calendar, now) = (app.app.calendar, app.app.clock.now());
    json!({
        "kind": kind, "device_at": calendar.rfc3339(now - TimeDelta::minutes(ago_min)), "sent_at": calendar.rfc3339(now),
        "device_ms": 1_000, "sent_ms": 1_000 + ago_min * 60_000, "no_position": "timeout",
    })
}

both!(a_step_that_is_sent_again_later_is_the_same_step, |app| async {
    let (id, _, _) = ready(app);
    let chen = Program::enter(app, "chen").await;
    let path = format!("/api/v1/visits/{id}/steps");
    let send = |body: Value| {
        let request = chen.request(Method::POST, &path).header("idempotency-key", "same").json(&body);
        async { answer(request.send().await.unwrap()).await }
    };
    let first = report(app, "arrive", 0);
    let (status, told) = send(first.clone()).await;
    assert_eq!((status, &told["outcome"]), (200, &json!("taken")), "{told}");
    let at = visit_of(app, id).arrived_at;
    app.hand.advance(TimeDelta::minutes(40));
    let mut again = report(app, "arrive", 40);
    again["offline"] = json!(true);
    assert_eq!(send(again.clone()).await, (200, told), "the answer was lost, the step was not");
    // A page that was loaded anew has no count of its own from the step on.
    again["sent_ms"] = json!(null);
    assert_eq!(send(again.clone()).await.0, 200);
    again["note"] = json!("another");
    let (status, problem) = send(again).await;
    assert_eq!((status, fields(&problem)), (422, vec!["idempotency_key"]), "another step is another");
    assert_eq!(app.count("SELECT count(*) AS n FROM visit_steps"), 1);
    assert_eq!(visit_of(app, id).arrived_at, at);
});

both!(a_phone_that_changed_hands_sends_nobody_elses_step, |app| async {
    let (id, _, caregiver) = ready(app);
    let own = app.add_user("chen2", Role::Caregiver, Place::Own(caregiver));
    let program = Program::enter(app, "chen2").await;
    let path = format!("/api/v1/visits/{id}/steps");
    for (named, wanted) in [((own - 1).to_string(), 401), ("x".to_owned(), 401), (own.to_string(), 200)] {
        let request = program.request(Method::POST, &path).header("idempotency-key", "k");
        let request = request.header("songhe-user", &named).json(&report(app, "arrive", 0));
        assert_eq!(answer(request.send().await.unwrap()).await.0, wanted, "{named}");
    }
    assert_eq!(app.count("SELECT count(*) AS n FROM visit_steps"), 1);
});

both!(setting_off_needs_no_place_and_arriving_does, |app| async {
    let (id, _, _) = ready(app);
    let chen = Program::enter(app, "chen").await;
    let path = format!("/api/v1/visits/{id}/steps");
    let send = |kind: &str, key: &'static str| {
        let mut body = report(app, kind, 0);
        body["no_position"] = json!(null);
        chen.request(Method::POST, &path).header("idempotency-key", key).json(&body).send()
    };
    assert_eq!(answer(send("depart", "a").await.unwrap()).await.0, 200);
    let (status, problem) = answer(send("arrive", "b").await.unwrap()).await;
    assert_eq!((status, fields(&problem)), (422, vec!["no_position"]));
});

both!(a_caregiver_stays_signed_in_through_the_shift, |app| async {
    ready(app);
    let (chen, lin) = (app.login("chen").await, app.user("lin", Role::Coordinator, town(1)).await);
    app.hand.advance(TimeDelta::hours(3));
    assert_eq!((chen.status("/today").await, lin.status("/visits").await), (200, 303));
});

both!(a_work_phone_that_is_none_is_refused, |app| async {
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    for wrong in ["call me", "1", "123456789012345678901"] {
        let answer = lin.post_form("/account/phone", &[("work_phone", wrong)]).await;
        assert_eq!(answer.status(), 422, "{wrong}");
    }
    assert!(app.audited("user.work_phone").is_empty());
});
