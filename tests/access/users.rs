//! Users, roles and sessions as the administrators manage them in the browser.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use reqwest::StatusCode;
use songhe::access::{Place, Role};

use crate::support::app::{TestApp, both};
use crate::support::client::{Client, expect, location};
use crate::support::live::Live;
use crate::support::seed::PASSWORD;

async fn administrators(app: &TestApp) -> (Client, Client) {
    app.add_towns();
    app.add_user("system", Role::SystemAdministrator, Place::City);
    app.add_user("security", Role::SecurityAdministrator, Place::City);
    (app.login("system").await, app.login("security").await)
}

/// The first password on the page that shows it, which has the form xxxx-xxxx-xxxx-xxxx.
fn shown_password(page: &str) -> String {
    let is_password = |word: &&str| {
        let groups: Vec<&str> = word.split('-').collect();
        groups.len() == 4
            && groups.iter().all(|group| group.len() == 4 && group.chars().all(char::is_alphanumeric))
    };
    let words = page.split(|letter: char| !(letter.is_alphanumeric() || letter == '-'));
    words.filter(|word| word.len() == 19).find(is_password).expect("the page shows a password").to_owned()
}

both!(a_new_user_chooses_a_password_and_gets_a_role_from_somebody_else, |app| async {
    let (system, security) = administrators(app).await;
    let page =
        expect(system.post_form("/users", &[("login", "Lin"), ("name", "林晓")]).await, StatusCode::OK).await;
    let first = shown_password(&page);
    let id = app.read(|connection| Ok(songhe::access::store::find_by_login(connection, "lin")?.unwrap().id));
    assert!(!system.page(&format!("/users/{id}")).await.contains(&first), "it is shown once");

    let lin = app.client();
    let signed_in = lin.post_form("/login", &[("name", "lin"), ("password", &first)]).await;
    assert_eq!(location(&signed_in), "/");
    assert_eq!(location(&lin.get("/account").await), "/account/password");
    assert_eq!(lin.status("/api/v1/session").await, 403);
    let own = "my own password";
    let choose = |current: &'static str, new: &'static str, again: &'static str| {
        [("current_password", current), ("password", new), ("password_again", again)]
    };
    for wrong in [choose("not this one", own, own), choose("", own, own)] {
        assert_eq!(lin.post_form("/account/password", &wrong).await.status(), 422);
    }
    let fields =
        [("current_password", first.as_str()), ("password", own), ("password_again", "another one 12")];
    assert_eq!(lin.post_form("/account/password", &fields).await.status(), 422);
    let fields = [("current_password", first.as_str()), ("password", own), ("password_again", own)];
    assert_eq!(location(&lin.post_form("/account/password", &fields).await), "/");
    assert_eq!(lin.status("/account").await, 200);

    // Without a role there is nothing to see; whoever made the user cannot give one.
    assert_eq!(lin.status("/institutions").await, 403);
    let role = [("role", "coordinator"), ("place", "town:350582001")];
    assert_eq!(system.post_form(&format!("/users/{id}/grants"), &role).await.status(), 403);
    let asks_place = security.post_form(&format!("/users/{id}/grants"), &[("role", "coordinator")]).await;
    assert!(expect(asks_place, StatusCode::OK).await.contains("town:350582001"));
    assert_eq!(
        location(&security.post_form(&format!("/users/{id}/grants"), &role).await),
        format!("/users/{id}")
    );
    assert_eq!(lin.status("/institutions").await, 200);
    let unknown = [("role", "coordinator"), ("place", "town:999999999")];
    assert_eq!(security.post_form(&format!("/users/{id}/grants"), &unknown).await.status(), 422);
});

both!(nobody_is_two_administrators, |app| async {
    let (_, security) = administrators(app).await;
    let id = app.add_user("auditor", Role::AuditAdministrator, Place::City);
    let response =
        security.post_form(&format!("/users/{id}/grants"), &[("role", "system_administrator")]).await;
    assert!(expect(response, StatusCode::UNPROCESSABLE_ENTITY).await.contains("三员必须由不同的人担任"));
    let by_hand = format!(
        "INSERT INTO user_grants (user_id, role, place_kind, place_id) VALUES ({id}, 'system_administrator', 'city', '')"
    );
    let outcome = app.app.db.write_now(|connection| Ok(connection.batch_execute(&by_hand)?));
    assert!(outcome.is_err(), "the database allowed a second administrator role");
});

both!(nobody_changes_their_own_rights_or_another_administrators_password, |app| async {
    let (system, security) = administrators(app).await;
    let id = |login: &'static str| {
        app.read(|connection| Ok(songhe::access::store::find_by_login(connection, login)?.unwrap().id))
    };
    let own = format!("/users/{}/grants", id("security"));
    assert_eq!(security.post_form(&own, &[("role", "city_manager")]).await.status(), 422);
    for step in ["disable", "password"] {
        let address = format!("/users/{}/{step}", id("system"));
        assert_eq!(system.post_form(&address, &[]).await.status(), 422, "{address}");
    }
    let response = system.post_form(&format!("/users/{}/password", id("security")), &[]).await;
    assert_eq!(response.status(), 422);
    assert_eq!(security.status("/users").await, 200, "their password and session still hold");
});

both!(a_role_that_is_taken_and_a_password_that_is_reset_end_the_sessions, |app| async {
    let (system, security) = administrators(app).await;
    let id = app.add_user("lin", Role::CityManager, Place::City);
    let lin = app.login("lin").await;
    let grants = app.read(|connection| songhe::access::store::numbered_grants_of(connection, id));
    let address = format!("/users/{id}/grants/{}/remove", grants[0].0);
    assert_eq!(location(&security.post_form(&address, &[]).await), format!("/users/{id}"));
    assert_eq!(lin.status("/account").await, 303);
    let again = app.login("lin").await;
    assert_eq!(again.status("/institutions").await, 403);
    let page = expect(system.post_form(&format!("/users/{id}/password"), &[]).await, StatusCode::OK).await;
    assert_eq!(again.status("/account").await, 303);
    let old = app.client().post_form("/login", &[("name", "lin"), ("password", PASSWORD)]).await;
    assert_eq!(old.status(), 401);
    let new =
        app.client().post_form("/login", &[("name", "lin"), ("password", &shown_password(&page))]).await;
    assert_eq!(location(&new), "/");
});

both!(a_session_is_seen_and_ended_by_the_security_administrator_and_by_its_owner, |app| async {
    let (_, security) = administrators(app).await;
    let id = app.add_user("lin", Role::CityManager, Place::City);
    let (one, other) = (app.login("lin").await, app.login("lin").await);
    assert!(security.page("/sessions?q=lin").await.contains("127.0.0.1"));
    let open = || app.read(|connection| songhe::access::store::open_sessions_of(connection, id));
    let first = open()[0];
    let mut live = Live::open(&one, "/live").await;
    assert_eq!(location(&security.post_form(&format!("/sessions/{first}/revoke"), &[]).await), "/sessions");
    assert_eq!(live.next(Duration::from_secs(2)).await.expect("the stream ends").name, "gone");
    assert_eq!((one.status("/account").await, other.status("/account").await), (303, 200));
    let third = app.login("lin").await;
    assert_eq!(location(&other.post_form("/account/sessions/revoke-others", &[]).await), "/account");
    assert_eq!((third.status("/account").await, other.status("/account").await), (303, 200));
    assert_eq!(open().len(), 1);
});

both!(a_new_password_of_ones_own_ends_the_other_sessions, |app| async {
    app.add_user("lin", Role::CityManager, Place::City);
    let (one, other) = (app.login("lin").await, app.login("lin").await);
    let new = "an entirely new one";
    let fields = [("current_password", PASSWORD), ("password", new), ("password_again", new)];
    assert_eq!(location(&one.post_form("/account/password", &fields).await), "/account");
    assert_eq!((one.status("/account").await, other.status("/account").await), (200, 303));
});
