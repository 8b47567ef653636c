//! Signing in and out, and when a session ends.

use std::time::Duration;

use chrono::TimeDelta;
use reqwest::StatusCode;
use songhe::access::{Place, Role, users};
use songhe::db::Kind;

use crate::support::app::{TestApp, both};
use crate::support::client::{Client, expect, location};
use crate::support::live::Live;
use crate::support::seed::{PASSWORD, town};

async fn refused(client: &Client, login: &str, password: &str) -> String {
    let response = client.post_form("/login", &[("name", login), ("password", password)]).await;
    assert!(response.headers().get("set-cookie").is_none(), "{login} got a cookie");
    // What was typed comes back in the form, and is the only difference that there may be.
    expect(response, StatusCode::UNAUTHORIZED).await.replace(&format!("value=\"{login}\""), "value=LOGIN")
}

both!(a_wrong_password_an_unknown_and_a_disabled_user_get_the_same_answer, |app| async {
    app.add_user("lin", Role::CityManager, Place::City);
    let gone = app.add_user("gone", Role::CityManager, Place::City);
    app.write(|tx| users::retire(tx, gone));
    let client = app.client();
    let before = app.app.passwords.checks();
    let wrong = refused(&client, "lin", "not the password").await;
    assert!(wrong.contains("账号或密码不正确"), "{wrong}");
    assert_eq!(app.app.passwords.checks(), before + 1);
    assert_eq!(refused(&client, "nobody", "not the password").await, wrong);
    // An unknown login costs a comparison too, so that time does not tell.
    assert_eq!(app.app.passwords.checks(), before + 2);
    assert_eq!(refused(&client, "gone", PASSWORD).await, wrong);
    assert_eq!(app.app.passwords.checks(), before + 3);
});

both!(a_session_idles_out_after_half_an_hour_and_the_duty_desks_after_twelve_hours, |app| async {
    app.add_towns();
    app.add_user("lin", Role::CityManager, Place::City);
    app.add_user("desk", Role::DutyOfficer, town(1));
    let (lin, desk) = (app.login("lin").await, app.login("desk").await);
    app.hand.advance(TimeDelta::minutes(29));
    assert_eq!(lin.status("/institutions").await, 200);
    // Seen a moment ago, so the half hour begins anew.
    app.hand.advance(TimeDelta::minutes(29));
    assert_eq!(lin.status("/institutions").await, 200);
    app.hand.advance(TimeDelta::minutes(30));
    assert_eq!(location(&lin.get("/institutions").await), "/login?next=/institutions");
    assert_eq!(lin.status("/api/v1/session").await, 401);
    app.hand.advance(TimeDelta::hours(10));
    assert_eq!(desk.status("/institutions").await, 200);
    app.hand.advance(TimeDelta::hours(12));
    assert_eq!(desk.status("/institutions").await, 303);
});

both!(a_session_ends_after_its_lifetime_however_busy_it_is, |app| async {
    app.add_user("lin", Role::CityManager, Place::City);
    let lin = app.login("lin").await;
    for _ in 0..(24 * 60 / 20 - 1) {
        app.hand.advance(TimeDelta::minutes(20));
        assert_eq!(lin.status("/institutions").await, 200);
    }
    app.hand.advance(TimeDelta::minutes(20));
    assert_eq!(lin.status("/institutions").await, 303);
});

/// The session cookie as the server set it.
async fn cookie_of(client: &Client, login: &str) -> String {
    let response = client.post_form("/login", &[("name", login), ("password", PASSWORD)]).await;
    response.headers()["set-cookie"].to_str().unwrap().to_owned()
}

async fn status_with(app: &TestApp, cookie: &str) -> u16 {
    let pair = cookie.split(';').next().unwrap();
    let request = app.client().request(reqwest::Method::GET, "/institutions").header("cookie", pair);
    request.send().await.unwrap().status().as_u16()
}

both!(a_token_is_worth_nothing_after_signing_out, |app| async {
    app.add_user("lin", Role::CityManager, Place::City);
    let lin = app.client();
    let cookie = cookie_of(&lin, "lin").await;
    assert_eq!(status_with(app, &cookie).await, 200);
    assert_eq!(location(&lin.post_form("/logout", &[]).await), "/login");
    assert_eq!(status_with(app, &cookie).await, 303);
    // Signing in again makes a new token.
    assert_ne!(cookie_of(&lin, "lin").await, cookie);
});

both!(a_disabled_user_is_out_at_once_and_their_live_stream_ends, |app| async {
    let id = app.add_user("lin", Role::CityManager, Place::City);
    let lin = app.login("lin").await;
    let mut live = Live::open(&lin, "/live").await;
    app.write(|tx| users::retire(tx, id));
    let last = live.next(Duration::from_secs(2)).await.expect("the stream says that it is over");
    assert_eq!(last.name, "gone");
    assert_eq!(live.next(Duration::from_secs(2)).await, None);
    assert_eq!(lin.status("/institutions").await, 303);
    app.write(|tx| users::enable(tx, id));
    assert_eq!(lin.status("/institutions").await, 303, "the old session stays ended");
    assert_eq!(app.login("lin").await.status("/institutions").await, 200);
});

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_cookie_is_closed_to_scripts_and_to_other_sites() {
    let app = TestApp::start(Kind::Sqlite).unwrap();
    app.add_user("lin", Role::CityManager, Place::City);
    let plain = cookie_of(&app.client(), "lin").await;
    assert!(plain.starts_with("songhe_session="), "{plain}");
    for flag in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(plain.contains(flag), "{plain}");
    }
    assert!(!plain.contains("Secure") && !plain.contains("Domain"), "{plain}");

    let over_tls = TestApp::start_with(Kind::Sqlite, |config| {
        config.http.public_url = Some("https://songhe.example.org".to_owned());
    });
    let app = over_tls.unwrap();
    app.add_user("lin", Role::CityManager, Place::City);
    let bound = cookie_of(&app.client(), "lin").await;
    assert!(bound.starts_with("__Host-songhe="), "{bound}");
    for flag in ["HttpOnly", "SameSite=Lax", "Path=/", "Secure"] {
        assert!(bound.contains(flag), "{bound}");
    }
    let response = app.client().get("/login").await;
    assert_eq!(response.headers()["strict-transport-security"], "max-age=31536000");
}
