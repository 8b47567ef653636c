//! Errors: each code is used and named in both languages, and a fault of ours shows nothing of our inside.

use diesel::connection::SimpleConnection;
use songhe::access::{Place, Role};
use songhe::error::Code;
use songhe::text::Lang;

use crate::support::app::both;
use crate::support::files;

#[test]
fn every_code_occurs_and_has_a_title_in_both_languages() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = files::under(&source, "rs");
    let text: String = files
        .iter()
        .filter(|file| !file.ends_with("src/error.rs"))
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect();
    let constructors = [
        (Code::NotFound, "Error::not_found()"),
        (Code::Forbidden, "Error::forbidden()"),
        (Code::SignedOut, "Error::signed_out()"),
        (Code::Invalid, "Error::field("),
        (Code::Stale, "Error::stale("),
        (Code::Taken, "Error::taken("),
        (Code::Busy, "Error::busy()"),
        (Code::Internal, "Error::internal("),
    ];
    for code in Code::ALL {
        let named = constructors.iter().find(|(known, _)| *known == code).map(|(_, call)| (*call).to_owned());
        let made = named.unwrap_or_else(|| format!("Error::new(Code::{code:?}"));
        assert!(text.contains(&made), "{code:?} is never made");
        let titles = [Lang::Chinese, Lang::English].map(|lang| lang.t(&code.title_key()).into_owned());
        assert!(titles.iter().all(|title| !title.contains("error.code")), "{code:?}: {titles:?}");
        assert_ne!(titles[0], titles[1], "{code:?}");
    }
}

both!(the_api_answers_errors_as_problems, |app| async {
    let nobody = app.client();
    for (lang, detail) in [("zh-CN", "请重新登录。"), ("en", "Please sign in again.")] {
        let request = nobody.request(reqwest::Method::GET, "/api/v1/session");
        let response = request.header("accept-language", lang).send().await.unwrap();
        assert_eq!(response.status(), 401);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        let problem: serde_json::Value = response.json().await.unwrap();
        assert_eq!(problem["type"], "urn:songhe:error:signed_out");
        assert_eq!((&problem["status"], &problem["code"]), (&401.into(), &"signed_out".into()));
        assert_eq!((&problem["retryable"], &problem["request_id"]), (&false.into(), &id.into()));
        assert_eq!(problem["detail"], detail);
        assert!(!problem["title"].as_str().unwrap().is_empty());
    }
});

both!(a_fault_of_ours_shows_a_number_and_nothing_else, |app| async {
    app.add_user("lin", Role::CityManager, Place::City);
    let lin = app.login("lin").await;
    app.app
        .db
        .write_now(|connection| Ok(connection.batch_execute("ALTER TABLE institutions RENAME TO houses")?))
        .unwrap();
    for address in ["/institutions", "/api/v1/institutions"] {
        let response = lin.get(address).await;
        assert_eq!(response.status(), 500, "{address}");
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        let body = response.text().await.unwrap();
        assert!(body.contains(&id), "{address}: {body}");
        for inside in
            ["no such table", "does not exist", "relation", "SELECT", "database", "diesel", "panicked", ".rs"]
        {
            assert!(!body.contains(inside), "{address} shows {inside:?}: {body}");
        }
    }
});

both!(a_task_that_panics_is_a_fault_and_the_next_one_works, |app| async {
    let outcome = app.app.db.write(|_| -> songhe::error::Result<()> { panic!("on purpose") }).await;
    assert_eq!(outcome.unwrap_err().code, Code::Internal);
    app.add_user("lin", Role::CityManager, Place::City);
    assert_eq!(app.login("lin").await.status("/account").await, 200);
});
