//! Who the phone belongs to: signed out in between, refused for good, handed on, and a browser that can keep nothing.

use serde_json::json;
use songhe::access::{Place, Role};
use songhe::visits::assign;

use super::driver::browse;
use super::page::Browser;
use super::phone::{Phone, add_visit, unsent};
use super::wire::Wire;
use crate::support::seed::PASSWORD;

const NAMES_OF_CACHES: &str = "return caches.keys()";

async fn keeps_a_day(browser: &Browser) -> bool {
    browser.eval(NAMES_OF_CACHES).await.as_array().unwrap().contains(&json!("songhe-today-day"))
}

#[test]
fn a_step_made_while_signed_out_waits_and_is_sent_after_the_sign_in() {
    let Some(phone) = Phone::ready() else { return };
    browse("phone_signed_out", &phone.network.url(), async |browser| {
        phone.enter(browser, "chen").await;
        phone.end_sessions();
        phone.step(browser, "arrive").await;
        browser.wait("!document.querySelector('[data-banner=signed-out]').hidden").await;
        phone.wait_step(browser, "arrive", "saved").await;
        assert_eq!((phone.steps(), unsent(browser).await), (0, json!(1)));
        browser.click("[data-banner=signed-out] a").await;
        browser.wait_path("/login?next=/today").await;
        browser.fill_login("chen", PASSWORD).await;
        browser.wait_path("/today").await;
        phone.wait_step(browser, "arrive", "accepted").await;
        phone.wait_sent(browser).await;
        assert_eq!((phone.events("arrive"), phone.steps()), (1, 1));
    });
}

#[test]
fn what_is_refused_for_good_is_shown_in_the_servers_words_and_leaves_the_queue() {
    let Some(phone) = Phone::ready() else { return };
    browse("phone_refused", &phone.network.url(), async |browser| {
        phone.enter(browser, "chen").await;
        let other = phone.app.add_caregiver(1, phone.app.add_provider(1));
        phone.app.write(|tx| assign(tx, phone.visit, 2, other, None));
        phone.step(browser, "arrive").await;
        browser.wait("document.querySelector('[data-refusal]')").await;
        let said = browser.text("[data-refusal] p").await;
        assert!(said.contains("改派"), "the server's words: {said}");
        phone.wait_sent(browser).await;
        assert_eq!((phone.steps(), phone.events("arrive")), (0, 0));
        // It is shown until somebody has read it, also after the page was loaded anew.
        browser.open("/today").await;
        browser.wait("document.querySelector('[data-refusal]')").await;
        browser.click("[data-refusal] button").await;
        browser.wait("!document.querySelector('[data-refusal]')").await;
        browser.open("/today").await;
        browser.wait("document.getElementById('today').dataset.kept === 'yes'").await;
        assert!(!browser.holds("document.querySelector('[data-refusal]')").await);
    });
}

#[test]
fn whoever_signs_out_leaves_nothing_of_the_day_on_the_phone() {
    let Some(phone) = Phone::ready() else { return };
    browse("phone_sign_out", &phone.network.url(), async |browser| {
        phone.enter(browser, "chen").await;
        assert!(keeps_a_day(browser).await);
        sign_out(browser).await;
        browser.wait_path("/login").await;
        assert!(!keeps_a_day(browser).await, "the day was wiped");
        phone.cut(browser).await;
        browser.open("/today").await;
        assert!(browser.text("h1").await.contains("没有网络"));
        assert!(!browser.holds("document.querySelector('[data-visit]')").await);
    });
}

async fn sign_out(browser: &Browser) {
    browser.click(".bottom summary").await;
    browser.click(".sheet form[action='/logout'] button").await;
}

#[test]
fn a_day_that_is_older_than_24_hours_is_wiped() {
    let Some(phone) = Phone::ready() else { return };
    browse("phone_old_day", &phone.network.url(), async |browser| {
        phone.enter(browser, "chen").await;
        // The worker's clock is not the page's: the kept page is made older instead.
        let aged = "return caches.open('songhe-today-day').then(async (cache) => {
            const kept = await cache.match('/today');
            const headers = new Headers(kept.headers);
            headers.set('songhe-kept', String(Date.now() - 24 * 3600 * 1000 - 1000));
            await cache.put('/today', new Response(await kept.blob(), { headers }));
            return true;
        })";
        assert_eq!(browser.eval(aged).await, json!(true));
        phone.cut(browser).await;
        browser.open("/today").await;
        assert!(browser.text("h1").await.contains("没有网络"));
        assert!(!keeps_a_day(browser).await);
    });
}

#[test]
fn another_user_neither_sees_nor_sends_what_is_on_the_phone() {
    let Some(phone) = Phone::ready() else { return };
    let other = phone.app.add_caregiver(1, phone.app.add_provider(1));
    phone.app.add_user("wu", Role::Caregiver, Place::Own(other));
    let elder = phone.app.add_elder(1);
    let theirs = add_visit(&phone.app, elder, other, (600, 720));
    browse("phone_handed_on", &phone.network.url(), async |browser| {
        phone.enter(browser, "chen").await;
        phone.end_sessions();
        phone.step(browser, "arrive").await;
        browser.wait("!document.querySelector('[data-banner=signed-out]').hidden").await;
        // Who leaves is told what stays.
        sign_out(browser).await;
        browser.wait("document.getElementById('confirm').open").await;
        assert!(browser.text("#confirm-text").await.contains("1 条"));
        browser.click("#confirm button[value=no]").await;
        assert_eq!(browser.path().await, "/today");
        sign_out(browser).await;
        browser.click("[data-confirm-yes]").await;
        browser.until("the page is the sign-in", async || browser.path().await.starts_with("/login")).await;
        assert!(!keeps_a_day(browser).await);

        browser.log_in("wu", PASSWORD).await;
        browser.open("/today").await;
        browser.wait("document.getElementById('today').dataset.kept === 'yes'").await;
        browser.wait("!document.querySelector('[data-banner=others]').hidden").await;
        assert!(browser.holds(&format!("document.getElementById('visit-{theirs}')")).await);
        assert!(!browser.holds(&format!("document.getElementById('visit-{}')", phone.visit)).await);
        assert!(!browser.holds("document.querySelector('[data-local]')").await);
        browser.eval("window.dispatchEvent(new Event('online'))").await;
        browser.wait("document.getElementById('today').dataset.kept === 'yes'").await;
        assert_eq!((phone.steps(), unsent(browser).await), (0, json!(1)));
        sign_out(browser).await;
        browser.click("[data-confirm-yes]").await;
        browser.wait_path("/login").await;

        phone.enter(browser, "chen").await;
        phone.wait_step(browser, "arrive", "accepted").await;
        phone.wait_sent(browser).await;
        let own = phone.app.count("SELECT count(*) AS n FROM visit_steps WHERE actor = 'chen'");
        assert_eq!((own, phone.steps(), phone.events("arrive")), (1, 1, 1));
    });
}

#[test]
fn a_page_left_open_by_one_user_sends_nothing_as_another() {
    let Some(phone) = Phone::ready() else { return };
    let other = phone.app.add_caregiver(1, phone.app.add_provider(1));
    phone.app.add_user("wu", Role::Caregiver, Place::Own(other));
    browse("phone_left_open", &phone.network.url(), async |browser| {
        phone.enter(browser, "chen").await;
        let first = browser.driver.window().await.unwrap();
        phone.cut(browser).await;
        phone.step(browser, "arrive").await;
        phone.wait_step(browser, "arrive", "saved").await;
        phone.network.set(Wire::Whole);
        browser.driver.delete_all_cookies().await.unwrap();
        let second = browser.driver.new_tab().await.unwrap();
        browser.driver.switch_to_window(second).await.unwrap();
        browser.log_in("wu", PASSWORD).await;
        browser.driver.switch_to_window(first).await.unwrap();
        let before = phone.network.reports();
        phone.mend(browser).await;
        browser.until("the page has tried", async || phone.network.reports() > before).await;
        // The page is now of the one who is signed in, and the step still waits for the other.
        browser.wait("!document.querySelector('[data-banner=others]').hidden").await;
        assert_eq!((phone.steps(), unsent(browser).await), (0, json!(1)));
    });
}

#[test]
fn a_browser_that_can_keep_nothing_says_so_and_works_with_a_network() {
    let Some(phone) = Phone::ready() else { return };
    browse("phone_embedded", &phone.network.url(), async |browser| {
        let without = json!({ "source": "delete Navigator.prototype.serviceWorker;" });
        browser.cdp("Page.addScriptToEvaluateOnNewDocument", without).await;
        browser.as_phone().await;
        browser.log_in("chen", PASSWORD).await;
        browser.open("/today").await;
        browser.wait("!document.querySelector('[data-banner=unable]').hidden").await;
        for (kind, count) in [("arrive", 1), ("finish", 1)] {
            browser.click(&format!("#{kind}-{}", phone.visit)).await;
            browser.click("[data-confirm-yes]").await;
            browser.until("the step is taken", async || phone.events(kind) == count).await;
            browser.wait_path("/today").await;
        }
    });
}
