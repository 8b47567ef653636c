//! The way in and out: the first users, a wrong password, leaving, a session that ended.

use songhe::access::Role;
use songhe::db::Kind;

use super::driver::browse;
use crate::support::app::TestApp;
use crate::support::process::Songhe;
use crate::support::seed::{PASSWORD, town};

#[test]
fn the_printed_link_makes_the_first_users_and_then_ends() {
    let songhe = Songhe::start(&["serve"], &[]);
    let output = songhe.output();
    let link = output.lines().find_map(|line| line.trim().split_once("/setup/")).expect("a link is printed");
    let link = format!("/setup/{}", link.1.trim());
    browse("set_up", &songhe.url(""), async |browser| {
        browser.open(&link).await;
        for (field, value) in [
            ("system_login", "xitong"),
            ("system_name", "陈系统"),
            ("system_password", "a long enough secret"),
            ("security_login", "anquan"),
            ("security_name", "林安全"),
            ("security_password", "short"),
        ] {
            browser.fill(&format!("#field-{field}"), value).await;
        }
        browser.click(".form button.primary").await;
        // Refused: the field is marked and has the focus, what was typed is kept, passwords are not.
        browser.wait("document.activeElement.id === 'field-security_password'").await;
        assert!(browser.holds("document.querySelector('#field-system_login').value === 'xitong'").await);
        assert!(browser.holds("document.querySelector('#field-system_password').value === ''").await);
        browser.fill("#field-system_password", "a long enough secret").await;
        browser.fill("#field-security_password", "another long secret").await;
        browser.click(".form button.primary").await;
        browser.wait_path("/login").await;
        browser.fill_login("xitong", "a long enough secret").await;
        browser.wait("document.querySelector('.who strong')?.textContent === '陈系统'").await;
        browser.open(&link).await;
        assert!(!browser.holds("document.querySelector('#field-system_login')").await, "the link ended");
    });
}

#[test]
fn a_wrong_password_is_said_and_leaving_hides_what_was_shown() {
    let Some(app) = TestApp::start(Kind::Sqlite) else { return };
    app.add_towns();
    app.add_institution(1);
    app.add_user("lin", Role::Coordinator, town(1));
    browse("sign_in_and_out", &app.base_url, async |browser| {
        browser.open("/institutions").await;
        browser.wait_path("/login?next=/institutions").await;
        browser.fill_login("lin", "not her password").await;
        browser.wait("document.querySelector('[role=alert]')?.textContent.trim().length > 4").await;
        assert!(browser.holds("document.querySelector('#name').value === 'lin'").await);
        assert!(browser.holds("document.activeElement.id === 'password'").await);
        browser.fill("#password", PASSWORD).await;
        browser.click("button.primary").await;
        browser.wait_path("/institutions").await;
        let shown = browser.text("#rows td.lead").await;
        browser.click(".side form[action='/logout'] button").await;
        browser.wait_path("/login").await;
        browser.driver.back().await.unwrap();
        browser.wait("location.pathname === '/login' && document.readyState === 'complete'").await;
        assert!(!browser.driver.source().await.unwrap().contains(&shown), "{shown} is seen after leaving");
    });
}

#[test]
fn a_session_that_ended_leads_to_the_login_and_back_to_where_one_was() {
    let Some(app) = TestApp::start(Kind::Sqlite) else { return };
    app.add_towns();
    app.add_user("lin", Role::Coordinator, town(1));
    browse("session_ended", &app.base_url, async |browser| {
        browser.log_in("lin", PASSWORD).await;
        browser.open("/institutions?state=operating").await;
        app.hand.advance(chrono::Duration::days(30));
        browser.driver.refresh().await.unwrap();
        browser.wait_path("/login?next=/institutions%3Fstate%3Doperating").await;
        browser.fill_login("lin", PASSWORD).await;
        browser.wait_path("/institutions?state=operating").await;
        // A part of the page that is asked for alone leads to the same address.
        app.hand.advance(chrono::Duration::days(30));
        browser.eval("document.body.dispatchEvent(new Event('songhe:registry-changed'))").await;
        browser.wait_path("/login?next=/institutions%3Fstate%3Doperating").await;
    });
}
