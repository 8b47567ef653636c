//! Two people change the same institution: the second sees who changed what, and nothing of theirs is lost from view.

use songhe::access::{Place, Role};
use songhe::db::Kind;

use super::driver::browse;
use crate::support::app::TestApp;
use crate::support::seed::PASSWORD;

#[test]
fn whoever_saves_second_sees_who_changed_what() {
    let Some(app) = TestApp::start(Kind::Sqlite) else { return };
    app.add_towns();
    let path = format!("/institutions/{}", app.add_institution(1));
    app.add_user("lin", Role::CityManager, Place::City);
    browse("conflict", &app.base_url, async |browser| {
        browser.log_in("lin", PASSWORD).await;
        let edit = format!("{path}/edit");
        browser.open(&edit).await;
        let late = browser.driver.window().await.unwrap();
        let early = browser.driver.new_window().await.unwrap();
        browser.driver.switch_to_window(early).await.unwrap();
        browser.open(&edit).await;
        browser.fill("#field-operator", "晋江市社会福利中心").await;
        browser.click(".form button.primary").await;
        browser.wait_path(&path).await;

        browser.driver.switch_to_window(late).await.unwrap();
        browser.fill("#field-operator", "某某公司").await;
        browser.click(".form button.primary").await;
        let conflict = browser.text(".conflict").await;
        for told in ["lin", "2026-11-23 09:00", "运营单位", "晋江市社会福利中心", "某某公司"]
        {
            assert!(conflict.contains(told), "{told} is missing from: {conflict}");
        }
        // Saving again is a decision made knowingly, and holds.
        assert!(browser.holds("document.querySelector('#field-operator').value === '某某公司'").await);
        browser.click(".form button.primary").await;
        browser.wait_path(&path).await;
        assert!(browser.text("#sections").await.contains("某某公司"));
    });
}
