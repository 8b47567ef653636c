//! An import from the file to the undo: chosen by hand, followed by itself, asked before each step, usable by everybody.

use songhe::access::Role;
use songhe::db::Kind;

use super::driver::browse;
use super::examine;
use super::page::Browser;
use crate::support::app::TestApp;
use crate::support::seed::{PASSWORD, town};

/// More than is done while a page is patient.
const ROWS: usize = 3_000;

#[test]
fn an_import_is_followed_to_its_end_and_taken_back() {
    let Some(app) = TestApp::start(Kind::Sqlite) else { return };
    app.add_towns();
    app.add_user("lin", Role::Coordinator, town(2));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stations.csv");
    let mut lines = "名称,镇街,村（社区）\n坏站,安海镇,哪里\n".to_owned();
    for number in 0..ROWS {
        lines.extend(["站", &number.to_string(), ",安海镇,前村\n"]);
    }
    std::fs::write(&file, lines).unwrap();
    browse("imports", &app.base_url, async |browser| {
        browser.log_in("lin", PASSWORD).await;
        browser.open("/stations").await;
        browser.click("a[href='/imports/new?kind=stations']").await;
        is_sound(browser).await;
        browser.find("[name=file]").await.send_keys(file.display().to_string()).await.unwrap();
        browser.click("form.form button.primary").await;
        browser
            .wait("location.pathname.startsWith('/imports/') && !!document.querySelector('#mapping')")
            .await;
        is_sound(browser).await;
        browser.click("#mapping button.primary").await;
        browser.wait("!!document.querySelector('form[action$=\"/run\"]')").await;
        is_sound(browser).await;
        assert!(browser.text("#problems").await.contains("没有名为“哪里”的村（社区）。"));

        browser.click("form[action$='/run'] button").await;
        browser.wait("document.querySelector('#confirm').open").await;
        assert!(browser.text("#confirm-text").await.contains("3,000"), "the question names how many");
        browser.click("[data-confirm-yes]").await;
        browser.wait("!!document.querySelector('form[action$=\"/undo\"]')").await;
        assert_eq!(app.count("SELECT count(*) AS n FROM stations"), ROWS as i64);
        is_sound(browser).await;

        browser.click("form[action$='/undo'] button").await;
        browser.wait("document.querySelector('#confirm').open").await;
        browser.click("[data-confirm-yes]").await;
        browser
            .wait("!document.querySelector('form[action$=\"/undo\"]') && !document.querySelector('progress')")
            .await;
        assert_eq!(app.count("SELECT count(*) AS n FROM stations"), 0);
        browser.open("/imports").await;
        is_sound(browser).await;
    });
}

async fn is_sound(browser: &Browser) {
    let path = browser.path().await;
    assert_eq!(examine::axe(browser).await, Vec::<String>::new(), "{path}");
    browser.as_phone().await;
    assert_eq!(examine::overflow(browser).await, None, "{path} on the phone");
    browser.as_desktop().await;
}
