//! A visit from plan to done through the pages, and who may do what to it.

use reqwest::StatusCode;
use songhe::access::{Place, Role, Scope};
use songhe::error::Code;
use songhe::visits::store::get_visit;
use songhe::visits::{Plan, Step, VisitState, assign, plan, progress, release};

use crate::support::app::{TestApp, both};
use crate::support::client::{expect, location};
use crate::support::people::{ADDRESS, IDENTITY};
use crate::support::seed::town;

fn state(app: &TestApp, id: i64) -> (VisitState, i64) {
    let at = (app.app.calendar, app.app.clock.now());
    let need = songhe::access::Permission::SeeVisits;
    app.read(|connection| {
        let visit = get_visit(connection, &Scope::system(), need, id, at)?;
        Ok((visit.state, visit.version))
    })
}

fn planned(app: &TestApp, elder: i64, service: &str, (from_min, to_min): (i32, i32)) -> i64 {
    let wanted = Plan {
        elder_id: elder,
        service_code: service.to_owned(),
        service_on: "2026-11-23".parse().unwrap(),
        window_starts_min: from_min,
        window_ends_min: to_min,
    };
    app.write(|tx| plan(tx, &wanted))
}

fn code<T: std::fmt::Debug>(outcome: songhe::error::Result<T>) -> Code {
    outcome.unwrap_err().code
}

both!(a_visit_goes_from_plan_to_done, |app| async {
    app.add_towns();
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    let elder = app.add_sealed_elder(1, IDENTITY);
    let name = app.name_of_elder(elder);
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let chen = app.user("chen", Role::Caregiver, Place::Own(caregiver)).await;
    let elder_text = elder.to_string();
    let fields = [
        ("elder", elder_text.as_str()),
        ("service_code", "bath"),
        ("service_on", "2026-11-23"),
        ("window_from", "10:00"),
        ("window_to", "12:00"),
    ];
    let visit = location(&lin.post_form("/visits", &fields).await);
    let id: i64 = visit.trim_start_matches("/visits/").parse().unwrap();
    assert!(lin.page("/visits").await.contains(&name));
    assert_eq!(location(&chen.get("/visits").await), "/today");
    assert!(!chen.page("/today").await.contains("data-visit"));
    assert_eq!(chen.status(&visit).await, 404);

    let caregiver_text = caregiver.to_string();
    let assigned = lin
        .post_form(&format!("{visit}/assign"), &[("version", "1"), ("caregiver_id", &caregiver_text)])
        .await;
    assert_eq!(location(&assigned), visit);
    let day = chen.page("/today").await;
    assert!(day.contains(ADDRESS) && day.contains("10:00–11:00"), "{day}");
    assert!(!day.contains(IDENTITY));
    assert_eq!(app.audited("elder.address").len(), 1);

    let arrive = format!("{visit}/arrive");
    assert_eq!(location(&chen.post_form(&arrive, &[("version", "2")]).await), "/today");
    assert_eq!(chen.post_form(&arrive, &[("version", "2")]).await.status(), StatusCode::CONFLICT);
    assert_eq!(chen.post_form(&arrive, &[("version", "3")]).await.status(), StatusCode::CONFLICT);
    assert_eq!(state(app, id), (VisitState::Arrived, 3));
    assert_eq!(location(&chen.post_form(&format!("{visit}/finish"), &[("version", "3")]).await), "/today");
    assert_eq!(state(app, id), (VisitState::Done, 4));
    assert!(!chen.page("/today").await.contains(ADDRESS), "done: no address any more");
    let page = lin.page(&visit).await;
    for action in ["visit.plan", "visit.assign", "visit.arrive", "visit.finish"] {
        assert_eq!(app.audited(action).len(), 1, "{action}");
    }
    // Nothing came from a phone: the last one is that somebody has to look at it.
    assert_eq!(page.matches("<li><time").count(), 5, "{page}");
});

both!(visits_of_a_foreign_town_and_of_other_caregivers_do_not_exist, |app| async {
    app.add_towns();
    let provider = app.add_provider(1);
    let (own, other) = (app.add_caregiver(1, provider), app.add_caregiver(1, provider));
    let elder = app.add_elder(1);
    let id = planned(app, elder, "meal", (600, 720));
    app.write(|tx| assign(tx, id, 1, own, None));
    let hong = app.user("hong", Role::Coordinator, town(2)).await;
    let wu = app.user("wu", Role::Caregiver, Place::Own(other)).await;
    for client in [&hong, &wu] {
        assert_eq!(client.status(&format!("/visits/{id}")).await, 404);
        for step in ["arrive", "finish"] {
            let answer = client.post_form(&format!("/visits/{id}/{step}"), &[("version", "2")]).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{step}");
        }
    }
    assert!(!hong.page("/visits").await.contains(&app.name_of_elder(elder)));
    assert!(!wu.page("/today").await.contains("data-visit"));
    assert_eq!(hong.status(&format!("/visits/{id}/assign")).await, 404);
    assert_eq!(wu.status(&format!("/visits/{id}/assign")).await, 403);
    let foreign = elder.to_string();
    let fields = [
        ("elder", foreign.as_str()),
        ("service_code", "meal"),
        ("service_on", "2026-11-23"),
        ("window_from", "10:00"),
        ("window_to", "12:00"),
    ];
    assert_eq!(hong.post_form("/visits", &fields).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    // Own visits are those of today: tomorrow it is gone.
    let chen = app.user("chen", Role::Caregiver, Place::Own(own)).await;
    assert_eq!(chen.status(&format!("/visits/{id}")).await, 200);
    app.hand.advance(chrono::TimeDelta::days(1));
    assert_eq!(app.login("chen").await.status(&format!("/visits/{id}")).await, 404);
});

both!(an_assignment_keeps_skill_shift_window_and_one_place_at_a_time, |app| async {
    app.add_towns();
    let provider = app.add_provider(1);
    let (caregiver, foreign) = (app.add_caregiver(1, provider), app.add_caregiver(2, app.add_provider(2)));
    let (first_elder, second_elder) = (app.add_elder(1), app.add_elder(1));
    let first = planned(app, first_elder, "meal", (600, 720));
    let second = planned(app, second_elder, "bath", (600, 720));
    let at = |minutes: i32| Some(app.app.calendar.at("2026-11-23".parse().unwrap(), minutes));
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let scope = |user: &str| {
        let grants = vec![songhe::access::Grant { role: Role::Coordinator, place: town(1) }];
        Scope::new(1, user, grants)
    };
    let try_assign =
        |id: i64, who: i64, start| app.app.write_now(&scope("lin"), |tx| assign(tx, id, 1, who, start));
    assert_eq!(code(try_assign(first, foreign, None)), Code::Invalid, "not within reach");
    assert_eq!(code(try_assign(first, caregiver, at(599))), Code::Invalid, "before the window");
    assert_eq!(code(try_assign(first, caregiver, at(720))), Code::Invalid, "at the window's end");
    app.taken(&format!("UPDATE caregivers SET skills = 'daily' WHERE id = {caregiver}"));
    assert_eq!(code(try_assign(second, caregiver, None)), Code::Invalid, "without the skill");
    app.taken(&format!(
        "UPDATE caregivers SET skills = 'daily,personal', shift_days = '2,3' WHERE id = {caregiver}"
    ));
    assert_eq!(code(try_assign(second, caregiver, None)), Code::Invalid, "not on Mondays");
    app.taken(&format!("UPDATE caregivers SET shift_days = '1', active = FALSE WHERE id = {caregiver}"));
    assert_eq!(code(try_assign(second, caregiver, None)), Code::Invalid, "no longer active");
    app.taken(&format!("UPDATE caregivers SET active = TRUE WHERE id = {caregiver}"));
    assert!(try_assign(first, caregiver, at(630)).is_ok());

    let text = caregiver.to_string();
    let fields = [("version", "1"), ("caregiver_id", text.as_str()), ("start_time", "10:40")];
    let answer = lin.post_form(&format!("/visits/{second}/assign"), &fields).await;
    let answer = expect(answer, StatusCode::CONFLICT).await;
    assert!(
        answer.contains(&app.name_of_elder(first_elder)) && answer.contains("2026-11-23 10:30"),
        "{answer}"
    );
    assert!(try_assign(second, caregiver, None).is_ok(), "the first free time follows the other visit");
    assert!(lin.page(&format!("/visits/{second}")).await.contains("11:00–12:00"));
    assert_eq!(code(try_assign(second, caregiver, None)), Code::Stale);
    app.write(|tx| release(tx, second, 2));
    assert_eq!(state(app, second), (VisitState::Planned, 3));
    assert_eq!(code(app.app.write_now(&scope("lin"), |tx| release(tx, second, 3))), Code::IllegalMove);
});

both!(a_visit_that_was_not_done_has_a_reason, |app| async {
    app.add_towns();
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    let id = planned(app, app.add_elder(1), "meal", (600, 720));
    app.write(|tx| assign(tx, id, 1, caregiver, None));
    let chen = app.user("chen", Role::Caregiver, Place::Own(caregiver)).await;
    let path = format!("/visits/{id}/fail");
    for fields in [
        [("version", "2"), ("reason", ""), ("note", "x")],
        [("version", "2"), ("reason", "other"), ("note", "")],
    ] {
        assert_eq!(chen.post_form(&path, &fields).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
    let told =
        chen.post_form(&path, &[("version", "2"), ("reason", "nobody_home"), ("note", "敲门无人应")]).await;
    assert_eq!(location(&told), "/today");
    assert_eq!(state(app, id), (VisitState::NotDone, 3));
    let page = chen.page(&format!("/visits/{id}")).await;
    assert!(page.contains("无人应门") && page.contains("敲门无人应"));
    let late = Step::Fail { reason: "nobody_home".to_owned(), note: String::new() };
    assert_eq!(code(app.app.write_now(&Scope::system(), |tx| progress(tx, id, 3, &late))), Code::IllegalMove);
});

both!(a_plan_that_breaks_a_rule_changes_nothing, |app| async {
    app.add_towns();
    let (client, other) = (app.add_elder(1), app.add_elder(1));
    app.taken(&format!("UPDATE elders SET home_visits = FALSE WHERE id = {other}"));
    let good = Plan {
        elder_id: client,
        service_code: "meal".to_owned(),
        service_on: "2026-11-23".parse().unwrap(),
        window_starts_min: 600,
        window_ends_min: 720,
    };
    let bad = [
        (Plan { elder_id: other, ..good.clone() }, "elder"),
        (Plan { elder_id: 999_999, ..good.clone() }, "elder"),
        (Plan { service_code: "none".to_owned(), ..good.clone() }, "service_code"),
        (Plan { service_on: "2026-11-22".parse().unwrap(), ..good.clone() }, "service_on"),
        (Plan { window_starts_min: -1, ..good.clone() }, "window_from"),
        (Plan { window_starts_min: 400, window_ends_min: 500, ..good.clone() }, "window_to"),
    ];
    for (wanted, field) in bad {
        let error = app.app.write_now(&Scope::system(), |tx| plan(tx, &wanted)).unwrap_err();
        assert_eq!((error.code, error.fields[0].field), (Code::Invalid, field), "{wanted:?}");
    }
    assert!(app.audited("visit.plan").is_empty());
    // A window past midnight ends on the next day.
    let night = Plan { window_starts_min: 22 * 60, window_ends_min: 6 * 60, ..good };
    let id = app.write(|tx| plan(tx, &night));
    assert_eq!(state(app, id), (VisitState::Planned, 1));
});
