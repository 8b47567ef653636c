//! What panels are asked: their clocks are set, and control rooms answer guard checks in time or not.

use std::time::Duration;

use chrono::TimeDelta;
use diesel::prelude::*;
use reqwest::{Method, StatusCode};
use serde_json::json;
use songhe::access::{Place, Role};
use songhe::clock::Instant;
use songhe::db::schema::{fire_panels, guard_checks};
use songhe::devices::gb26875::model::{Command, Content, DeviceOperation, Request, Timed};

use super::panel::{ADDRESS, Panel, add_panel, gateway};
use crate::support::app::{TestApp, both};
use crate::support::client::expect;
use crate::support::poll::until_async;
use crate::support::seed::town;

const LIMIT: Duration = Duration::from_secs(20);

/// How far ahead, when told, when confirmed.
fn clock(app: &TestApp, device: i64) -> (Option<i64>, Option<Instant>, Option<Instant>) {
    app.read(|connection| {
        Ok(fire_panels::table
            .find(device)
            .select((fire_panels::clock_ahead_s, fire_panels::clock_set_at, fire_panels::clock_taken_at))
            .first(connection)?)
    })
}

both!(a_clock_is_set_at_first_daily_and_when_it_is_off, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) = gateway(app).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    panel.ahead = TimeDelta::seconds(61);
    panel.tell(&Content::Heartbeat).await;
    let (question, request) = panel.question().await;
    let began = app.app.clock.now();
    let right = songhe::devices::gb26875::model::Stamp::new(app.app.calendar.local(began));
    assert_eq!((question.command, question.destination), (Command::Control, panel.source));
    assert_eq!(request, Request::SetClock(right), "the city's time");
    assert_eq!(clock(app, id), (Some(61), Some(began), None));
    panel.settle(&question, Command::Confirm).await;
    until_async(LIMIT, "the confirmation is noted", || async { clock(app, id).2 == Some(began) }).await;

    // A panel that does not take it is told again, and not at every frame.
    panel.tell(&Content::Heartbeat).await;
    assert!(panel.questions.is_empty() && panel.hears_nothing(Duration::from_millis(100)).await);
    app.hand.advance(TimeDelta::minutes(10));
    panel.tell(&Content::Heartbeat).await;
    assert!(matches!(panel.question().await.1, Request::SetClock(_)));
    panel.ahead = TimeDelta::seconds(-60);
    app.hand.advance(TimeDelta::minutes(10));
    panel.tell(&Content::Heartbeat).await;
    assert_eq!(clock(app, id).0, Some(-60));
    assert!(panel.hears_nothing(Duration::from_millis(100)).await, "off by a minute and no more");
    // Another day of the city.
    app.hand.advance(TimeDelta::hours(15));
    panel.tell(&Content::Heartbeat).await;
    assert!(matches!(panel.question().await.1, Request::SetClock(_)));
    app.add_user("lin", Role::DutyOfficer, town(1));
    let page = app.login("lin").await.page(&format!("/devices/{id}?lang=en")).await;
    assert!(page.contains("60 s behind"), "{page}");
    service.stop().await;
});

/// (asked by, outcome) of a panel's guard checks, the last first.
fn checks(app: &TestApp, device: i64) -> Vec<(String, Option<String>)> {
    app.read(|connection| {
        Ok(guard_checks::table
            .filter(guard_checks::device_id.eq(device))
            .order(guard_checks::id.desc())
            .select((guard_checks::asked_by, guard_checks::outcome))
            .load(connection)?)
    })
}

async fn ends_with(app: &TestApp, device: i64, outcome: &str) {
    until_async(LIMIT, outcome, || async { checks(app, device)[0].1.as_deref() == Some(outcome) }).await;
}

fn answered(panel: &Panel<'_>) -> Content {
    let of = DeviceOperation { flags: 1 << 5, operator: 3 };
    Content::DeviceOperations(vec![Timed { of, at: panel.now() }])
}

both!(a_guard_check_is_answered_in_time_or_not, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    let foreign = add_panel(app, "FR-2", "0a0b0c0d0e0f", 2);
    let (service, address) = gateway(app).await;
    app.add_user("lin", Role::DutyOfficer, town(1));
    app.add_user("hu", Role::CityManager, Place::City);
    let (lin, hu) = (app.login("lin").await, app.login("hu").await);
    let path = format!("/devices/{id}/guard-checks");
    let told = expect(lin.post_form(&path, &[("minutes", "5")]).await, StatusCode::CONFLICT).await;
    assert!(told.contains("不在线"), "{told}");

    let mut panel = Panel::connect(app, address, ADDRESS).await;
    panel.tell(&Content::Heartbeat).await;
    let (clock, _) = panel.question().await;
    panel.settle(&clock, Command::Confirm).await;
    assert_eq!(hu.post_form(&path, &[("minutes", "5")]).await.status(), StatusCode::FORBIDDEN);
    let far = format!("/devices/{foreign}/guard-checks");
    assert_eq!(lin.post_form(&far, &[("minutes", "5")]).await.status(), StatusCode::NOT_FOUND);
    for minutes in ["0", "61", "x", ""] {
        let answer = lin.post_form(&path, &[("minutes", minutes)]).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{minutes}");
    }
    assert!(lin.page(&format!("/devices/{id}")).await.contains(&path));
    assert!(!hu.page(&format!("/devices/{id}")).await.contains(&path), "no button for whoever may not");

    // Answered in time, by a person at the device.
    assert_eq!(lin.post_form(&path, &[("minutes", "5")]).await.status(), StatusCode::SEE_OTHER);
    let (question, request) = panel.question().await;
    assert_eq!(request, Request::GuardCheck { minutes: 5 });
    assert_eq!(
        lin.post_form(&path, &[("minutes", "5")]).await.status(),
        StatusCode::CONFLICT,
        "one at a time"
    );
    panel.settle(&question, Command::Confirm).await;
    let page = format!("/devices/{id}?lang=en");
    until_async(LIMIT, "it is delivered", || async {
        lin.page(&page).await.contains("Delivered, waiting for an answer")
    })
    .await;
    app.hand.advance(TimeDelta::minutes(5));
    let answer = answered(&panel);
    panel.tell(&answer).await;
    assert_eq!(checks(app, id), [("lin".to_owned(), Some("answered".to_owned()))]);
    // An answer that nobody asked for changes nothing.
    app.hand.advance(TimeDelta::seconds(1));
    let answer = answered(&panel);
    panel.tell(&answer).await;

    // Not answered in time; refused by the panel.
    let api = format!("/api/v1/devices/{id}/guard-checks");
    let made = lin.send_json(Method::POST, &api, &json!({ "minutes": 1 })).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let (question, _) = panel.question().await;
    panel.settle(&question, Command::Confirm).await;
    until_async(LIMIT, "it is delivered", || async {
        lin.page(&page).await.contains("Delivered, waiting for an answer")
    })
    .await;
    app.hand.advance(TimeDelta::seconds(61));
    ends_with(app, id, "missed").await;
    assert_eq!(lin.post_form(&path, &[("minutes", "60")]).await.status(), StatusCode::SEE_OTHER);
    let (question, _) = panel.question().await;
    panel.settle(&question, Command::Deny).await;
    ends_with(app, id, "refused").await;

    let told = lin.get_json(&format!("/api/v1/devices/{id}/panel")).await;
    let outcomes: Vec<&str> =
        told["guard_checks"].as_array().unwrap().iter().map(|one| one["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["refused", "missed", "answered"]);
    assert_eq!(told["address"], ADDRESS);
    assert_eq!(told["frames"].as_array().unwrap().len(), 2);
    let shown = lin.page(&page).await;
    for outcome in ["Answered in time", "Not answered in time", "Refused by the panel"] {
        assert!(shown.contains(outcome), "{outcome}: {shown}");
    }
    let audited =
        |action: &str| app.count(&format!("SELECT count(*) AS n FROM audit_log WHERE action = '{action}'"));
    assert_eq!((audited("device.guard_ask"), audited("device.guard_end")), (3, 3));
    service.stop().await;
});

both!(a_check_that_no_panel_can_be_asked_is_given_up, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) = gateway(app).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    panel.tell(&Content::Heartbeat).await;
    service.stop().await;
    // As if another process had the connection and had died with it.
    app.set_presence(id, songhe::devices::PresenceState::Online);
    app.add_user("lin", Role::DutyOfficer, town(1));
    let lin = app.login("lin").await;
    let path = format!("/devices/{id}/guard-checks");
    assert_eq!(lin.post_form(&path, &[("minutes", "5")]).await.status(), StatusCode::SEE_OTHER);
    let (service, _) = gateway(app).await;
    app.hand.advance(TimeDelta::seconds(61));
    ends_with(app, id, "not_sent").await;
    service.stop().await;
});

both!(a_check_that_the_panel_never_confirms_is_not_the_control_rooms_fault, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) = gateway(app).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    panel.tell(&Content::Heartbeat).await;
    let (clock, _) = panel.question().await;
    panel.settle(&clock, Command::Confirm).await;
    app.add_user("lin", Role::DutyOfficer, town(1));
    let lin = app.login("lin").await;
    let path = format!("/devices/{id}/guard-checks");
    assert_eq!(lin.post_form(&path, &[("minutes", "5")]).await.status(), StatusCode::SEE_OTHER);
    // It leaves, and the connection ends before the panel says that it has it.
    assert!(matches!(panel.question().await.1, Request::GuardCheck { minutes: 5 }));
    drop(panel);
    app.hand.advance(TimeDelta::seconds(301));
    ends_with(app, id, "not_sent").await;
    let page = lin.page(&format!("/devices/{id}?lang=en")).await;
    assert!(page.contains("Did not reach the panel") && !page.contains("Not answered in time"), "{page}");
    service.stop().await;
});
