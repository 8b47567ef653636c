//! Who may ask: tokens, cookies, other sites.

use reqwest::Method;
use serde_json::{Value, json};
use songhe::access::{Place, Role};

use super::{Program, answer, fields};
use crate::support::app::both;
use crate::support::seed::{PASSWORD, town, town_code};

both!(a_token_is_a_session_until_it_is_closed, |app| async {
    app.add_towns();
    let id = app.add_user("lin", Role::Coordinator, town(1));
    let lin = Program::enter(app, "lin").await;
    let session = lin.read("/api/v1/session").await;
    assert_eq!((&session["login"], &session["user_id"]), (&json!("lin"), &json!(id)));
    let grant = json!({ "role": "coordinator", "place_kind": "town", "place_id": town_code(1) });
    assert_eq!(session["grants"], json!([grant]));
    let lifetime = i64::from(app.app.config.sessions.lifetime_h);
    let ends = app.app.calendar.rfc3339(app.app.clock.now() + chrono::TimeDelta::hours(lifetime));
    assert!(ends.ends_with("+08:00"));
    assert_eq!(session["expires_at"], ends);
    let closed = lin.request(Method::DELETE, "/api/v1/session").send().await.unwrap();
    assert_eq!(closed.status(), 204);
    let (status, problem) = lin.refusal("/api/v1/session").await;
    assert_eq!((status, &problem["code"]), (401, &json!("signed_out")));
});

both!(a_wrong_password_says_so_and_no_more, |app| async {
    app.add_towns();
    app.add_user("lin", Role::Coordinator, town(1));
    for login in ["lin", "nobody"] {
        let body = json!({ "login": login, "password": "wrong wrong wrong" });
        let request = app.client().request(Method::POST, "/api/v1/sessions").json(&body);
        let (status, problem) = answer(request.send().await.unwrap()).await;
        assert_eq!((status, &problem["code"]), (401, &json!("wrong_password")), "{login}");
        assert_eq!(fields(&problem), Vec::<&str>::new());
    }
});

both!(a_browsers_session_works_from_our_own_pages_only, |app| async {
    app.add_towns();
    app.add_user("hu", Role::CityManager, Place::City);
    let hu = app.login("hu").await;
    assert_eq!(hu.get_json("/api/v1/session").await["login"], "hu");
    let close = |name: &'static str, value: &'static str| {
        hu.request(Method::DELETE, "/api/v1/session").header(name, value).send()
    };
    for (name, value) in
        [("sec-fetch-site", "cross-site"), ("origin", "http://elsewhere.test"), ("x-none", "")]
    {
        let (status, problem) = answer(close(name, value).await.unwrap()).await;
        assert_eq!((status, &problem["code"]), (403, &json!("cross_site")), "{name}: {value}");
    }
    assert_eq!(close("sec-fetch-site", "same-origin").await.unwrap().status(), 204);
    assert_eq!(hu.status("/api/v1/session").await, 401);
});

both!(another_site_cannot_sign_a_browser_in, |app| async {
    app.add_towns();
    app.add_user("lin", Role::Coordinator, town(1));
    let body = json!({ "login": "lin", "password": PASSWORD });
    let request = app.client().request(Method::POST, "/api/v1/sessions").json(&body);
    let (status, _) = answer(request.header("origin", "http://elsewhere.test").send().await.unwrap()).await;
    assert_eq!(status, 403);
});

both!(without_a_session_or_a_role_there_is_nothing, |app| async {
    app.add_towns();
    app.add_user("wen", Role::AuditAdministrator, Place::City);
    let id = app.add_institution(1);
    let wen = Program::enter(app, "wen").await;
    for path in ["/api/v1/institutions".to_owned(), format!("/api/v1/institutions/{id}")] {
        assert_eq!(wen.refusal(&path).await.0, 403, "{path}");
        let (status, problem) = answer(app.client().get(&path).await).await;
        assert_eq!((status, &problem["code"]), (401, &json!("signed_out")), "{path}");
    }
    let (status, body): (u16, Value) = answer(app.client().get("/api/v1/nothing").await).await;
    assert_eq!((status, &body["code"]), (404, &json!("not_found")));
});
