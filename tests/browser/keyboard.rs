//! Everything by the keyboard, with the focus in sight.

use songhe::access::{Place, Role};
use songhe::db::Kind;
use thirtyfour::Key;

use super::driver::browse;
use super::page::Browser;
use crate::support::app::TestApp;
use crate::support::seed::PASSWORD;

/// The focused element is drawn with an outline or a ring.
const FOCUS_SEEN: &str = "(() => {
    const style = getComputedStyle(document.activeElement);
    return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== 'none';
})()";

#[test]
fn the_pages_are_used_with_the_keyboard_alone() {
    let Some(app) = TestApp::start(Kind::Sqlite) else { return };
    app.add_towns();
    let institution = app.add_institution(1);
    app.add_user("lin", Role::CityManager, Place::City);
    browse("keyboard", &app.base_url, async |browser| {
        browser.log_in("lin", PASSWORD).await;
        browser.open("/institutions").await;
        skip_link_leads_to_the_content(browser).await;
        slash_goes_to_the_filter(browser).await;
        question_mark_shows_the_keys(browser).await;
        letters_lead_to_pages(browser).await;
        browser.open("/institutions").await;
        tab_to(browser, "document.activeElement.id === 'row-1'").await;
        browser.press(Key::Enter).await;
        browser.wait_path(&format!("/institutions/{institution}")).await;
    });
}

async fn skip_link_leads_to_the_content(browser: &Browser) {
    browser.press(Key::Tab).await;
    browser.wait("document.activeElement.matches('a.skip')").await;
    browser.wait("document.activeElement.getBoundingClientRect().top >= 0").await;
    assert!(browser.holds(FOCUS_SEEN).await, "the skip link shows its focus");
    browser.press(Key::Enter).await;
    browser.wait("location.hash === '#main' && document.activeElement.id === 'main'").await;
}

async fn slash_goes_to_the_filter(browser: &Browser) {
    browser.press("/").await;
    browser.wait("document.activeElement.matches('[data-filter]')").await;
    assert!(browser.holds(FOCUS_SEEN).await, "the filter shows its focus");
    // In a field the same keys are text.
    browser.press("g?").await;
    browser.wait("document.activeElement.value === 'g?'").await;
    assert!(!browser.holds("document.querySelector('#keys').open").await);
    browser.eval("document.activeElement.value = ''; document.activeElement.blur()").await;
}

async fn question_mark_shows_the_keys(browser: &Browser) {
    browser.press("?").await;
    browser.wait("document.querySelector('#keys').open").await;
    let entries = browser.eval("return document.querySelectorAll('.nav a').length").await.as_u64().unwrap();
    let shown =
        browser.eval("return document.querySelectorAll('.keys > div').length").await.as_u64().unwrap();
    assert!(shown > entries, "every entry of the navigation has its key in the help");
    browser.press(Key::Escape).await;
    browser.wait("!document.querySelector('#keys').open").await;
}

async fn letters_lead_to_pages(browser: &Browser) {
    let entries = browser
        .eval("return [...document.querySelectorAll('.nav a')].map((a) => [a.dataset.key, a.pathname])")
        .await;
    let (key, path) = entries
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry[0].as_str().unwrap().to_owned(), entry[1].as_str().unwrap().to_owned()))
        .next_back()
        .unwrap();
    browser.press(format!("g{key}")).await;
    browser.wait_path(&path).await;
}

/// Tab by tab, as many as a page may have, each with the focus in sight.
async fn tab_to(browser: &Browser, expression: &str) {
    for _ in 0..80 {
        browser.press(Key::Tab).await;
        assert!(
            browser.holds(FOCUS_SEEN).await,
            "{}",
            browser.eval("return document.activeElement.outerHTML").await
        );
        if browser.holds(expression).await {
            return;
        }
    }
    panic!("Tab does not reach {expression}");
}
