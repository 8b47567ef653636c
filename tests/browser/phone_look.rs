//! The phone's page as people use it: small screens, both languages, the keyboard, and what can be added to a step.
//!
//! With `SONGHE_TEST_PICTURES=DIR` pictures are kept in DIR, for people to look at.

use std::path::PathBuf;

use chrono::TimeDelta;
use serde_json::json;
use songhe::elders::cards::early_code;
use thirtyfour::{By, Key};

use super::driver::browse;
use super::examine;
use super::page::Browser;
use super::phone::Phone;

async fn as_wide_as(browser: &Browser, width: u32) {
    let size = json!({ "width": width, "height": 844, "deviceScaleFactor": 1, "mobile": true });
    browser.cdp("Emulation.setDeviceMetricsOverride", size).await;
}

/// Controls in sight that a thumb would miss.
const SMALL: &str = "return [...document.querySelectorAll('main a, main button, dialog[open] button, dialog[open] select, \
        dialog[open] label.btn, dialog[open] .today-choice')]
    .filter((one) => one.checkVisibility())
    .filter((one) => one.getBoundingClientRect().height < (one.closest('.today-actions, .today-confirm') ? 64 : 44))
    .map((one) => one.outerHTML.slice(0, 120))";

async fn assert_sound(browser: &Browser, what: &str) {
    assert_eq!(examine::overflow(browser).await, None, "{what}");
    assert_eq!(examine::bare_keys(browser).await, Vec::<String>::new(), "{what}");
    assert_eq!(examine::axe(browser).await, Vec::<String>::new(), "{what}");
    assert_eq!(browser.eval(SMALL).await, json!([]), "{what}");
    if let Some(folder) = std::env::var_os("SONGHE_TEST_PICTURES").map(PathBuf::from) {
        std::fs::create_dir_all(&folder).unwrap();
        browser.driver.screenshot(&folder.join(format!("today-{what}.png"))).await.unwrap();
    }
}

#[test]
fn the_page_fits_small_phones_in_both_languages() {
    let Some(phone) = Phone::ready() else { return };
    phone.app.taken("UPDATE users SET work_phone = '0595-00009000' WHERE login = 'lin'");
    browse("phone_look", &phone.network.url(), async |browser| {
        phone.enter(browser, "chen").await;
        for lang in ["zh-CN", "en"] {
            for width in [360, 390] {
                as_wide_as(browser, width).await;
                browser.open(&format!("/today?lang={lang}")).await;
                browser.wait("document.getElementById('today').dataset.kept === 'yes'").await;
                assert_sound(browser, &format!("{lang}-{width}")).await;
                for kind in ["depart", "arrive", "fail"] {
                    phone.press(browser, kind).await;
                    assert_sound(browser, &format!("{lang}-{width}-{kind}")).await;
                    browser.click("#step-form .form-actions [data-close]").await;
                }
            }
        }
        phone.step(browser, "arrive").await;
        phone.wait_step(browser, "arrive", "accepted").await;
        phone.cut(browser).await;
        for width in [360, 390] {
            as_wide_as(browser, width).await;
            phone.press(browser, "finish").await;
            assert_sound(browser, &format!("en-{width}-finish")).await;
            browser.click("#step-form .form-actions [data-close]").await;
        }
        phone.step(browser, "finish").await;
        browser.open("/today").await;
        phone.wait_step(browser, "finish", "saved").await;
        browser.wait("!document.querySelector('[data-banner=copy]').hidden").await;
        assert_sound(browser, "en-390-offline").await;
        let errors = browser.console_errors().await;
        let breaches: Vec<_> =
            errors.iter().filter(|error| error.contains("Content Security Policy")).collect();
        assert!(breaches.is_empty(), "{breaches:?}");
    });
}

#[test]
fn a_step_is_made_with_the_keyboard_alone() {
    let Some(phone) = Phone::ready() else { return };
    browse("phone_keyboard", &phone.network.url(), async |browser| {
        phone.enter(browser, "chen").await;
        let button = format!("document.activeElement.id === 'arrive-{}'", phone.visit);
        browser
            .until("the focus is on the button", async || {
                browser.press(Key::Tab).await;
                browser.holds(&button).await
            })
            .await;
        browser.press(Key::Enter).await;
        browser.wait("document.activeElement.matches('[data-confirm-step]')").await;
        browser.press(Key::Escape).await;
        browser.wait("!document.getElementById('step').open").await;
        browser.wait(&button).await;
        browser.press(Key::Enter).await;
        browser.wait("document.activeElement.matches('[data-confirm-step]')").await;
        browser.press(Key::Enter).await;
        phone.wait_step(browser, "arrive", "accepted").await;
        assert_eq!((phone.events("arrive"), phone.steps()), (1, 1));
    });
}

/// A picture of 3000 x 2000 pixels, chosen in the file field.
const TAKE_PHOTO: &str = "return new Promise((done) => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [3000, 2000];
    canvas.getContext('2d').fillRect(10, 10, 500, 500);
    canvas.toBlob((blob) => {
        const given = new DataTransfer();
        given.items.add(new File([blob], 'photo.png', { type: 'image/png' }));
        const field = document.querySelector('[data-photo-file]');
        field.files = given.files;
        field.dispatchEvent(new Event('change'));
        done(true);
    });
})";

#[test]
fn photo_signature_code_problem_and_note_go_along() {
    let Some(phone) = Phone::ready() else { return };
    browse("phone_evidence", &phone.network.url(), async |browser| {
        phone.enter(browser, "chen").await;
        phone.press(browser, "arrive").await;
        browser.fill("#step-code", &early_code(phone.app.keys(), phone.elder)).await;
        browser.click("[data-confirm-step]").await;
        phone.wait_step(browser, "arrive", "accepted").await;
        phone.app.hand.advance(TimeDelta::minutes(28));
        phone.press(browser, "finish").await;
        browser.eval(TAKE_PHOTO).await;
        browser.wait("!document.querySelector('[data-photo]').hidden").await;
        let canvas = browser.driver.find(By::Css("[data-sign]")).await.unwrap();
        canvas.scroll_into_view().await.unwrap();
        let pen = browser.driver.action_chain().move_to_element_center(&canvas).click_and_hold();
        pen.move_by_offset(40, 20).move_by_offset(30, -25).release().perform().await.unwrap();
        browser.eval("document.getElementById('step-problem').value = 'unwell'").await;
        browser.fill("#step-note", "老人说头晕").await;
        browser.click("[data-confirm-step]").await;
        phone.wait_step(browser, "finish", "accepted").await;
        let jpeg = "SELECT count(*) AS n FROM visit_files WHERE kind = 'photo' AND media = 'image/jpeg' AND width = 1280 \
            AND height = 853 AND size_bytes < 400000";
        let signature =
            "SELECT count(*) AS n FROM visit_files WHERE kind = 'signature' AND media = 'image/svg+xml'";
        let said = "SELECT count(*) AS n FROM visit_steps WHERE kind = 'finish' AND problem = 'unwell' AND note = '老人说头晕'";
        let code = "SELECT count(*) AS n FROM visit_steps WHERE kind = 'arrive' AND code_matches";
        let counts = [jpeg, signature, said, code].map(|query| phone.app.count(query));
        assert_eq!(counts, [1, 1, 1, 1]);
        assert_eq!(phone.app.count("SELECT count(*) AS n FROM visit_proofs WHERE strength = 'strong'"), 1);
    });
}

#[test]
fn a_visit_that_could_not_be_done_needs_its_reason() {
    let Some(phone) = Phone::ready() else { return };
    browse("phone_fail", &phone.network.url(), async |browser| {
        phone.enter(browser, "chen").await;
        phone.press(browser, "fail").await;
        browser.click("[data-confirm-step]").await;
        browser.wait("!document.querySelector('[data-error=reason]').hidden").await;
        browser.click("[name=reason][value=other]").await;
        browser.click("[data-confirm-step]").await;
        browser.wait("!document.querySelector('[data-error=note]').hidden").await;
        assert_eq!(phone.steps(), 0);
        browser.click("[name=reason][value=nobody_home]").await;
        browser.click("[data-confirm-step]").await;
        phone.wait_step(browser, "fail", "accepted").await;
        assert_eq!((phone.events("fail"), phone.steps()), (1, 1));
        assert_eq!(phone.stored().fail_reason.as_deref(), Some("nobody_home"));
    });
}
