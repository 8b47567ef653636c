//! The bed board: live, by keyboard, on paper, on the phone, and usable by everybody.

use chrono::TimeDelta;
use serde_json::json;
use songhe::access::{Place, Role};
use songhe::beds::{Admission, Going, LeaveKind, Whom, admit, start_leave};
use songhe::db::Kind;
use thirtyfour::Key;

use super::driver::browse;
use super::examine;
use super::page::Browser;
use crate::support::app::TestApp;
use crate::support::seed::PASSWORD;

#[test]
fn the_bed_board_is_live_and_worked_by_keyboard() {
    let Some(app) = TestApp::start(Kind::Sqlite) else { return };
    app.add_towns();
    let home = app.add_institution(1);
    let beds: Vec<i64> = (0..4).map(|_| app.add_bed(1, home)).collect();
    let elder = app.add_elder(1);
    let name = app.name_of_elder(elder);
    let stay = app.write(|tx| admit(tx, &Admission::now(Whom::Elder(elder), beds[2])));
    app.add_user("lin", Role::InstitutionManager, Place::Institution(home));
    app.hand.advance(TimeDelta::minutes(5));
    let board = format!("/institutions/{home}/beds");
    browse("beds", &app.base_url, async |browser| {
        browser.log_in("lin", PASSWORD).await;
        browser.open(&board).await;
        browser.wait("document.documentElement.dataset.link === 'up'").await;
        browser.eval("window.sameDocument = true").await;
        changes_by_itself(browser, &app, stay, beds[2]).await;

        browser.eval(&format!("document.querySelector('#bed-{}').focus()", beds[0])).await;
        browser.press(Key::Right).await;
        browser.wait(&format!("document.activeElement.id === 'bed-{}'", beds[1])).await;
        browser.press(Key::End).await;
        browser.wait(&format!("document.activeElement.id === 'bed-{}'", beds[3])).await;
        browser.press(Key::Up).await;
        browser.press(Key::Enter).await;
        browser.wait_path(&format!("/stays/{stay}")).await;

        browser.open(&board).await;
        browser.press("/").await;
        browser.wait("document.activeElement.id === 'bed-search'").await;
        browser.eval("window.sameDocument = true").await;
        browser.press(name.as_str()).await;
        browser.wait("document.querySelectorAll('[data-bed].hit').length === 1").await;
        browser.press(Key::Enter).await;
        browser.wait(&format!("document.activeElement.id === 'bed-{}'", beds[2])).await;
        assert!(browser.holds("window.sameDocument").await, "a jump needs no new page");
        browser.press(Key::Escape).await;
        browser.wait("document.activeElement.id === 'bed-search'").await;
        browser.open(&format!("{board}?view=timeline#bed-{}", beds[3])).await;
        browser.wait(&format!("document.activeElement.id === 'bed-{}'", beds[3])).await;
        for path in [
            board.clone(),
            format!("{board}?view=timeline"),
            format!("/stays/{stay}"),
            format!("/institutions/{home}/admit"),
            format!("/institutions/{home}/admit?elder={elder}"),
            format!("/institutions/{home}/rooms"),
            format!("/institutions/{home}/rooms/new"),
            "/waiting-classes".to_owned(),
            "/beds/city".to_owned(),
        ] {
            is_sound(browser, &path).await;
        }
        browser.open(&board).await;
        browser.cdp("Emulation.setEmulatedMedia", json!({ "media": "print" })).await;
        assert!(
            browser.holds("getComputedStyle(document.querySelector('.filters')).display === 'none'").await
        );
        assert!(browser.holds("document.querySelector('.bed-card').offsetHeight > 0").await);
    });
}

/// Somebody else sends the resident on leave: the card and the counts follow without a new page.
async fn changes_by_itself(browser: &Browser, app: &TestApp, stay: i64, bed: i64) {
    browser.wait(&format!("document.querySelector('#bed-{bed}').classList.contains('info')")).await;
    let going =
        Going { kind: LeaveKind::Home, from: None, due: None, note: String::new(), reason: String::new() };
    app.write(|tx| start_leave(tx, stay, 1, &going));
    browser.wait(&format!("document.querySelector('#bed-{bed}').classList.contains('note')")).await;
    browser.wait("document.querySelector('#state-on_leave').parentElement.querySelector('.value').textContent === '1'").await;
    assert!(browser.holds("window.sameDocument").await, "the page was not loaded anew");
}

async fn is_sound(browser: &Browser, path: &str) {
    browser.as_desktop().await;
    browser.open(path).await;
    assert_eq!(examine::axe(browser).await, Vec::<String>::new(), "{path}");
    browser.as_phone().await;
    assert_eq!(examine::overflow(browser).await, None, "{path} on the phone");
    assert_eq!(examine::axe(browser).await, Vec::<String>::new(), "{path} on the phone");
    browser.as_desktop().await;
}
