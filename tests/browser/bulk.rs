//! Rows that are chosen by hand and by keyboard and decided together; what others do meanwhile.

use songhe::access::Role;
use songhe::db::Kind;
use songhe::visits::{Step, progress};
use thirtyfour::{Key, TypingData};

use super::driver::browse;
use super::examine;
use super::page::Browser;
use crate::support::app::TestApp;
use crate::support::client::location;
use crate::support::seed::{PASSWORD, town};
use crate::visits::{done, planned};

const LINK_UP: &str = "document.documentElement.dataset.link === 'up'";

fn chosen(count: usize) -> String {
    format!("document.querySelectorAll('input[name=row]:checked').length === {count}")
}

/// `count` visits that were done by one caregiver and are well proven.
fn strong_visits(app: &TestApp, count: usize) -> Vec<i64> {
    app.add_towns();
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    let visits: Vec<i64> = (0..count).map(|_| done(app, caregiver)).collect();
    let sql = "UPDATE visit_proofs SET strength = 'strong'";
    assert!(app.raw(sql).is_ok_and(|rows| rows == count));
    visits
}

/// A key while another one is held down.
async fn press_with(browser: &Browser, held: Key, key: impl Into<TypingData>) {
    let keys = browser.driver.action_chain().key_down(held.clone()).send_keys(key).key_up(held);
    keys.perform().await.unwrap();
}

#[test]
fn rows_are_chosen_with_the_keyboard_and_decided_together() {
    let Some(app) = TestApp::start(Kind::Sqlite) else { return };
    let visits = strong_visits(&app, 3);
    app.add_user("lin", Role::Coordinator, town(1));
    browse("bulk_keyboard", &app.base_url, async |browser| {
        browser.log_in("lin", PASSWORD).await;
        browser.open("/visits").await;
        browser.wait("document.querySelector('.desk-decide button').disabled").await;
        browser.eval("document.getElementById('choose-1').focus()").await;
        browser.press(" ").await;
        browser.wait(&chosen(1)).await;
        press_with(browser, Key::Shift, Key::Down).await;
        browser.wait(&chosen(2)).await;
        browser.wait("document.activeElement.id === 'choose-2'").await;
        press_with(browser, Key::Control, "a").await;
        browser.wait(&chosen(3)).await;
        browser.wait("document.querySelector('[data-count]').textContent === '已选 3 条'").await;
        press_with(browser, Key::Control, "a").await;
        browser.wait(&chosen(0)).await;
        browser.click("[data-select-all]").await;
        browser.wait(&chosen(3)).await;
        // One of them loses its proof before the button is pressed: it stays chosen and says why.
        app.taken(&format!("UPDATE visit_proofs SET strength = 'weak' WHERE visit_id = {}", visits[1]));
        browser.click(".desk-decide button").await;
        browser.wait("document.querySelector('.banner.ok')?.textContent.includes('已处理 2 条')").await;
        browser.wait(&chosen(1)).await;
        browser.wait("document.querySelector('tr.bulk-kept .error').textContent.includes('不足')").await;
        assert_eq!(examine::axe(browser).await, Vec::<String>::new());
        browser.as_phone().await;
        assert_eq!(examine::overflow(browser).await, None);
        assert_eq!(browser.console_errors().await, Vec::<String>::new());
    });
}

#[test]
fn a_list_is_fetched_anew_only_while_nothing_is_chosen() {
    let Some(app) = TestApp::start(Kind::Sqlite) else { return };
    let visits = strong_visits(&app, 3);
    app.add_user("lin", Role::Coordinator, town(1));
    app.add_user("wu", Role::Coordinator, town(1));
    browse("bulk_live", &app.base_url, async |browser| {
        let other = app.login("wu").await;
        let confirm = async |id: i64| {
            location(&other.post_form(&format!("/visits/{id}/confirm"), &[("version", "4")]).await);
        };
        browser.log_in("lin", PASSWORD).await;
        browser.open("/visits?state=done").await;
        browser.wait(LINK_UP).await;
        browser.eval("window.sameDocument = true").await;
        confirm(visits[0]).await;
        browser.wait("document.querySelectorAll('input[name=row]').length === 2").await;
        browser.click("#choose-1").await;
        confirm(visits[1]).await;
        browser.wait("!document.querySelector('[data-changed]').hidden").await;
        assert!(browser.holds(&chosen(1)).await && browser.holds("window.sameDocument").await);
    });
}

#[test]
fn a_follow_up_that_is_taken_changes_the_others_page_at_once() {
    let Some(app) = TestApp::start(Kind::Sqlite) else { return };
    app.add_towns();
    let visit = planned(&app, app.add_elder(1), (540, 1_000));
    let fail = Step::Fail { reason: "refused".to_owned(), note: String::new() };
    app.write(|tx| progress(tx, visit, 1, &fail));
    let id = app.count("SELECT id AS n FROM follow_ups");
    app.add_user("lin", Role::Coordinator, town(1));
    app.add_user("wu", Role::Coordinator, town(1));
    browse("follow_up_live", &app.base_url, async |browser| {
        let other = app.login("lin").await;
        browser.log_in("wu", PASSWORD).await;
        for (page, address) in [("/follow-ups", "take?version=1"), ("/visits/day", "take?version=2")] {
            browser.open(page).await;
            browser.wait(LINK_UP).await;
            browser.eval("window.sameDocument = true").await;
            let taker = if page == "/follow-ups" { &other } else { &app.login("wu").await };
            location(&taker.post_form(&format!("/follow-ups/{id}/{address}"), &[]).await);
            let holder = if page == "/follow-ups" { "lin" } else { "由我接手" };
            browser.wait(&format!("document.querySelector('#main').textContent.includes('{holder}')")).await;
            assert!(browser.holds("window.sameDocument").await, "{page} was not loaded anew");
        }
        take_over_by_button(browser).await;
    });
}

/// Whoever has nothing to do with scripts uses the same button.
async fn take_over_by_button(browser: &Browser) {
    browser.open("/follow-ups").await;
    browser.wait("document.querySelector('a[href$=\"/hand-over\"]') !== null").await;
    browser.as_phone().await;
    assert_eq!(examine::overflow(browser).await, None);
    assert_eq!(examine::axe(browser).await, Vec::<String>::new());
}
