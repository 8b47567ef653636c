//! Steps without a network: kept on the phone, sent once, at the time at which they were made.

use serde_json::json;
use songhe::visits::VisitState;

use super::driver::browse;
use super::page::Browser;
use super::phone::{Phone, unsent};
use super::wire::Wire;

#[test]
fn a_check_in_without_a_network_is_queued_survives_a_reload_and_is_sent_once() {
    let Some(phone) = Phone::ready() else { return };
    browse("phone_offline", &phone.network.url(), async |browser| {
        phone.enter(browser, "chen").await;
        phone.cut(browser).await;
        phone.step(browser, "arrive").await;
        phone.wait_step(browser, "arrive", "saved").await;
        assert_eq!((phone.steps(), unsent(browser).await), (0, json!(1)));
        // Loaded anew: the visits and the queue are still there, and the day goes on.
        browser.open("/today").await;
        phone.wait_step(browser, "arrive", "saved").await;
        browser.wait("!document.querySelector('[data-banner=copy]').hidden").await;
        browser.wait("!document.querySelector('[data-banner=waiting]').hidden").await;
        assert!(browser.text("[data-chip]").await.contains("服务中"));
        phone.step(browser, "finish").await;
        phone.wait_step(browser, "finish", "saved").await;
        assert_eq!(phone.steps(), 0);
        phone.mend(browser).await;
        phone.wait_step(browser, "arrive", "accepted").await;
        phone.wait_step(browser, "finish", "accepted").await;
        phone.wait_sent(browser).await;
        browser.wait("document.querySelector('[data-banner=waiting]').hidden").await;
        assert_eq!((phone.events("arrive"), phone.events("finish"), phone.steps()), (1, 1, 2));
        assert_eq!(phone.stored().state, VisitState::Done);
        assert_eq!(phone.network.reports(), 2, "each was sent once");
    });
}

#[test]
fn a_step_whose_answer_was_lost_has_one_effect() {
    let Some(phone) = Phone::ready() else { return };
    browse("phone_answer_lost", &phone.network.url(), async |browser| {
        phone.enter(browser, "chen").await;
        phone.network.set(Wire::AnswersLost);
        phone.step(browser, "arrive").await;
        browser.until("the office has it", async || phone.steps() == 1).await;
        phone.wait_step(browser, "arrive", "saved").await;
        assert_eq!(unsent(browser).await, json!(1), "without an answer it stays");
        phone.mend(browser).await;
        phone.wait_sent(browser).await;
        phone.wait_step(browser, "arrive", "accepted").await;
        assert!(phone.network.reports() >= 2, "it was sent again");
        assert_eq!((phone.events("arrive"), phone.steps()), (1, 1));
    });
}

#[test]
fn a_server_that_is_busy_gets_the_step_later() {
    let Some(phone) = Phone::ready() else { return };
    browse("phone_busy", &phone.network.url(), async |browser| {
        phone.enter(browser, "chen").await;
        phone.network.set(Wire::Busy);
        phone.step(browser, "arrive").await;
        let paused = "import('/static/js/today-store.js').then((store) => store.listSteps())
            .then((steps) => steps.length === 1 && steps[0].pause_until > Date.now())";
        browser
            .until("it waits before it goes again", async || {
                browser.eval(&format!("return {paused}")).await == json!(true)
            })
            .await;
        phone.mend(browser).await;
        phone.wait_step(browser, "arrive", "saved").await;
        // Half a minute later by the phone's clock.
        browser.eval("songheShift(31000)").await;
        phone.mend(browser).await;
        phone.wait_step(browser, "arrive", "accepted").await;
        assert_eq!((phone.events("arrive"), phone.steps()), (1, 1));
    });
}

#[test]
fn two_tabs_send_a_step_once() {
    let Some(phone) = Phone::ready() else { return };
    browse("phone_two_tabs", &phone.network.url(), async |browser| {
        phone.enter(browser, "chen").await;
        let first = browser.driver.window().await.unwrap();
        let second = browser.driver.new_tab().await.unwrap();
        browser.driver.switch_to_window(second.clone()).await.unwrap();
        phone.prepare(browser).await;
        browser.open("/today").await;
        browser.wait("document.getElementById('today').dataset.kept === 'yes'").await;
        phone.cut(browser).await;
        browser.driver.switch_to_window(first.clone()).await.unwrap();
        phone.step(browser, "arrive").await;
        phone.wait_step(browser, "arrive", "saved").await;
        browser.driver.switch_to_window(second.clone()).await.unwrap();
        phone.wait_step(browser, "arrive", "saved").await;
        // Both hear of the network at the same moment.
        phone.network.set(Wire::Whole);
        browser
            .eval("new BroadcastChannel('songhe-test').postMessage(1); window.dispatchEvent(new Event('online'))")
            .await;
        phone.mend(browser).await;
        browser.driver.switch_to_window(first).await.unwrap();
        phone.mend(browser).await;
        phone.wait_step(browser, "arrive", "accepted").await;
        browser.driver.switch_to_window(second).await.unwrap();
        phone.wait_step(browser, "arrive", "accepted").await;
        phone.wait_sent(browser).await;
        assert_eq!((phone.network.reports(), phone.events("arrive"), phone.steps()), (1, 1, 1));
    });
}

/// The visit began when it began: by the program's clock, which stands.
fn assert_began_now(phone: &Phone) {
    let visit = phone.stored();
    let ago = phone.app.app.clock.now() - visit.arrived_at.unwrap();
    assert!((0..120).contains(&ago.num_seconds()), "the visit was moved by {ago}");
}

async fn arrive_without_network(phone: &Phone, browser: &Browser) {
    phone.cut(browser).await;
    phone.step(browser, "arrive").await;
    phone.wait_step(browser, "arrive", "saved").await;
    // The place is known by now.
    let placed = "import('/static/js/today-store.js').then((store) => store.listSteps()).then((steps) => !steps[0].locating)";
    browser
        .until("the place is known", async || browser.eval(&format!("return {placed}")).await == json!(true))
        .await;
}

#[test]
fn a_clock_that_is_wrong_by_an_hour_does_not_move_the_visit() {
    let Some(phone) = Phone::ready() else { return };
    browse("phone_wrong_clock", &phone.network.url(), async |browser| {
        phone.enter(browser, "chen").await;
        browser.eval("songheShift(3600000)").await;
        browser.open("/today").await;
        arrive_without_network(&phone, browser).await;
        phone.mend(browser).await;
        phone.wait_step(browser, "arrive", "accepted").await;
        assert_began_now(&phone);
        assert_eq!((phone.events("arrive"), phone.steps()), (1, 1));
        assert_eq!(phone.app.count("SELECT count(*) AS n FROM visit_steps WHERE clock_jumped"), 0);
    });
}

#[test]
fn a_clock_that_is_set_by_an_hour_in_between_does_not_move_the_visit() {
    let Some(phone) = Phone::ready() else { return };
    browse("phone_set_clock", &phone.network.url(), async |browser| {
        phone.enter(browser, "chen").await;
        arrive_without_network(&phone, browser).await;
        browser.eval("songheShift(3600000)").await;
        phone.mend(browser).await;
        phone.wait_step(browser, "arrive", "accepted").await;
        assert_began_now(&phone);
        let told = "SELECT count(*) AS n FROM visit_steps WHERE clock_jumped AND time_basis = 'monotonic'";
        assert_eq!((phone.app.count(told), phone.events("arrive")), (1, 1), "and the office is told");
    });
}

#[test]
fn a_phone_that_does_not_say_where_it_is_records_all_the_same() {
    let Some(phone) = Phone::ready() else { return };
    browse("phone_no_place", &phone.network.url(), async |browser| {
        phone.enter(browser, "chen").await;
        let denied = json!({ "permission": { "name": "geolocation" }, "setting": "denied", "origin": phone.network.url() });
        browser.cdp("Browser.setPermission", denied).await;
        phone.step(browser, "depart").await;
        phone.wait_step(browser, "depart", "accepted").await;
        phone.step(browser, "arrive").await;
        phone.wait_step(browser, "arrive", "accepted").await;
        let arrived =
            "SELECT count(*) AS n FROM visit_steps WHERE kind = 'arrive' AND no_position = 'denied'";
        let set_off = "SELECT count(*) AS n FROM visit_steps WHERE kind = 'depart' AND no_position IS NULL AND longitude IS NULL";
        assert_eq!((phone.app.count(arrived), phone.app.count(set_off)), (1, 1));
    });
}
