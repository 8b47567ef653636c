//! The first users: a link that works once, and two people.

use chrono::TimeDelta;
use reqwest::StatusCode;
use songhe::access;

use crate::support::app::{TestApp, both};
use crate::support::client::{expect, location};

const PASSWORDS: [&str; 2] = ["the system password", "the security password"];

async fn try_set_up(app: &TestApp, token: &str, logins: [&str; 2]) -> reqwest::Response {
    let fields = [
        ("system_login", logins[0]),
        ("system_name", "林系统"),
        ("system_password", PASSWORDS[0]),
        ("security_login", logins[1]),
        ("security_name", "王安全"),
        ("security_password", PASSWORDS[1]),
    ];
    app.client().post_form(&format!("/setup/{token}"), &fields).await
}

both!(a_set_up_link_works_once_for_two_people, |app| async {
    let token = access::offer_set_up(&app.app).unwrap().expect("nobody can sign in yet");
    let response = try_set_up(app, &token, ["lin", "LIN"]).await;
    let body = expect(response, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(body.contains("必须是不同的人"), "{body}");
    assert_eq!(try_set_up(app, "0123456789abcdef", ["lin", "wang"]).await.status(), 422);
    assert_eq!(location(&try_set_up(app, &token, ["lin", "wang"]).await), "/login");
    assert_eq!(try_set_up(app, &token, ["eve", "mallory"]).await.status(), 422, "the link was used");
    assert!(access::offer_set_up(&app.app).unwrap().is_none(), "no link once somebody can sign in");
    for (login, password) in ["lin", "wang"].into_iter().zip(PASSWORDS) {
        let client = app.client();
        let response = client.post_form("/login", &[("name", login), ("password", password)]).await;
        assert_eq!(location(&response), "/");
        // Chosen by themselves: no other password is asked for.
        assert_eq!(
            location(&client.get("/").await).split('?').next(),
            Some(if login == "lin" { "/devices" } else { "/users" })
        );
    }
});

both!(a_set_up_link_is_good_for_a_day, |app| async {
    let token = access::offer_set_up(&app.app).unwrap().unwrap();
    app.hand.advance(TimeDelta::hours(24));
    assert_eq!(try_set_up(app, &token, ["lin", "wang"]).await.status(), 422);
    let newer = access::offer_set_up(&app.app).unwrap().unwrap();
    assert_eq!(location(&try_set_up(app, &newer, ["lin", "wang"]).await), "/login");
});

both!(only_the_newest_link_is_good, |app| async {
    let older = access::offer_set_up(&app.app).unwrap().unwrap();
    let newer = access::offer_set_up(&app.app).unwrap().unwrap();
    assert_eq!(try_set_up(app, &older, ["lin", "wang"]).await.status(), 422);
    assert_eq!(location(&try_set_up(app, &newer, ["lin", "wang"]).await), "/login");
});
