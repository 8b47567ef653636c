//! Door cards on paper, and from the door to the phone.

use base64::Engine as _;
use chrono::TimeDelta;
use serde_json::json;
use songhe::access::Role;
use songhe::db::Kind;
use songhe::elders::cards::{code_of, issue};

use super::driver::browse;
use super::phone::Phone;
use crate::support::app::TestApp;
use crate::support::people::IDENTITY;
use crate::support::seed::{PASSWORD, town};

const MM: f64 = 96.0 / 25.4;

#[test]
fn cards_are_printed_eight_to_a_page_and_tell_a_stranger_nothing() {
    let Some(app) = TestApp::start(Kind::Sqlite) else { return };
    app.add_towns();
    for number in 0..9 {
        let elder = if number == 0 { app.add_sealed_elder(1, IDENTITY) } else { app.add_elder(1) };
        app.write(|tx| issue(tx, elder, None));
    }
    app.add_user("lin", Role::Coordinator, town(1));
    browse("cards_print", &app.base_url, async |browser| {
        browser.log_in("lin", PASSWORD).await;
        browser.open("/elders/cards").await;
        browser.click("[name=elder]").await;
        browser.click("form[action='/elders/cards/sheet'] button.primary").await;
        browser.wait("document.querySelectorAll('.door-card').length === 1").await;
        browser.open("/elders/cards/sheet").await;
        browser.wait("document.querySelector('[data-print-page]').hidden === false").await;
        browser.cdp("Emulation.setEmulatedMedia", json!({ "media": "print" })).await;
        let shown =
            "[...document.querySelectorAll('.side, .page-head, .printed')].some((part) => part.offsetParent)";
        assert!(!browser.holds(shown).await, "nothing but cards is on paper");
        // All that a card says fits into it, and none is broken by the end of a page.
        let over = "[...document.querySelectorAll('.door-card, .door-text')].filter((part) =>
            part.scrollHeight > part.clientHeight + 1 || part.scrollWidth > part.clientWidth + 1).length";
        assert_eq!(browser.eval(&format!("return {over}")).await, json!(0));
        let size = "const box = document.querySelector('.door-cell').getBoundingClientRect(); return [box.width, box.height]";
        let size = browser.eval(size).await;
        let (width, height) = (size[0].as_f64().unwrap() / MM, size[1].as_f64().unwrap() / MM);
        assert!((93.0..=95.0).contains(&width) && (67.0..=69.0).contains(&height), "{width} x {height} mm");
        let qr =
            browser.eval("return document.querySelector('.door-qr').getBoundingClientRect().width").await;
        assert!(qr.as_f64().unwrap() / MM >= 30.0, "a phone finds it at arm's length: {qr}");
        let text = browser
            .eval("return [...document.querySelectorAll('.door-card')].map((card) => card.innerText).join()")
            .await;
        let text = text.as_str().unwrap();
        assert!(text.contains("老**") && text.contains("12345") && !text.contains("老人"), "{text}");
        browser.cdp("Emulation.setEmulatedMedia", json!({ "media": "" })).await;
        let printed = browser.cdp("Page.printToPDF", json!({ "preferCSSPageSize": true })).await;
        let pdf =
            base64::engine::general_purpose::STANDARD.decode(printed["data"].as_str().unwrap()).unwrap();
        let pdf = String::from_utf8_lossy(&pdf).into_owned();
        assert_eq!(pdf.matches("/MediaBox").count(), 2, "eight and one");
        assert!(pdf.contains("/MediaBox [0 0 594.95") || pdf.contains("/MediaBox [0 0 595"), "A4 upright");
    });
}

#[test]
fn the_card_at_a_door_opens_its_visit_and_its_number_goes_with_the_step_once() {
    let Some(phone) = Phone::ready() else { return };
    let elder = phone.elder;
    phone.app.write(|tx| issue(tx, elder, None));
    let code = phone.app.read(|connection| code_of(connection, phone.app.keys(), elder)).unwrap();
    browse("cards_phone", &phone.network.url(), async |browser| {
        phone.enter(browser, "chen").await;
        let read = "return import('/static/js/today-evidence.js').then(({ cardIn }) =>
            ['http://a/card/12345678', '12345678', ' 123456 ', 'http://a/today?visit=V1-123456', '123456789', 'x12345678'].map(cardIn))";
        let found = browser.eval(read).await;
        assert_eq!(found, json!(["12345678", "12345678", "123456", null, null, null]));
        browser.open(&format!("/card/{code}")).await;
        browser.wait(&format!("location.hash === '#visit-{}'", phone.visit)).await;
        browser.wait("document.getElementById('today').dataset.kept === 'yes'").await;
        phone.press(browser, "arrive").await;
        browser.wait(&format!("document.getElementById('step-code').value === '{code}'")).await;
        browser.click("[data-confirm-step]").await;
        phone.wait_step(browser, "arrive", "accepted").await;
        phone.wait_sent(browser).await;
        // What was read on coming is no proof of still being there.
        phone.app.hand.advance(TimeDelta::minutes(28));
        phone.press(browser, "finish").await;
        assert_eq!(browser.eval("return document.getElementById('step-code').value").await, json!(""));
        browser.fill("#step-code", "0000 0000").await;
        browser.click("[data-confirm-step]").await;
        browser.wait("document.querySelector('[data-kind=finish] .today-code-note')").await;
        assert!(browser.text("[data-kind=finish] .today-code-note").await.contains("没有这个号码"));
        let found = |kind: &str| {
            phone.app.text(&format!("SELECT code_found AS t FROM visit_steps WHERE kind = '{kind}'"))
        };
        assert_eq!((found("arrive"), found("finish")), ("right".to_owned(), "unknown".to_owned()));
    });
}
