//! kill -9 of the browser between keeping a step and hearing of it: exactly one effect.

use super::driver::{browse_on, kill_browser};
use super::phone::Phone;
use super::wire::Wire;

#[test]
fn a_browser_killed_before_it_could_send_sends_once_when_it_is_started_again() {
    let Some(phone) = Phone::ready() else { return };
    let profile = tempfile::tempdir().unwrap();
    let profile = profile.path().join("profile");
    browse_on(&profile, "phone_killed_before", &phone.network.url(), async |browser| {
        phone.enter(browser, "chen").await;
        phone.cut(browser).await;
        phone.step(browser, "arrive").await;
        phone.wait_step(browser, "arrive", "saved").await;
        kill_browser(&profile);
    });
    assert_eq!(phone.steps(), 0);
    browse_on(&profile, "phone_started_again", &phone.network.url(), async |browser| {
        phone.prepare(browser).await;
        // Still without a network: the day and the step are there.
        browser.open("/today").await;
        phone.wait_step(browser, "arrive", "saved").await;
        phone.network.set(Wire::Whole);
        // A browser that was killed has lost its session.
        phone.enter(browser, "chen").await;
        phone.wait_sent(browser).await;
        phone.wait_step(browser, "arrive", "accepted").await;
    });
    assert_eq!((phone.events("arrive"), phone.steps()), (1, 1));
}

#[test]
fn a_browser_killed_before_it_heard_the_answer_has_one_effect() {
    let Some(phone) = Phone::ready() else { return };
    let profile = tempfile::tempdir().unwrap();
    let profile = profile.path().join("profile");
    browse_on(&profile, "phone_killed_after", &phone.network.url(), async |browser| {
        phone.enter(browser, "chen").await;
        phone.network.set(Wire::AnswersLost);
        phone.step(browser, "arrive").await;
        browser.until("the office has it", async || phone.steps() == 1).await;
        kill_browser(&profile);
    });
    phone.network.set(Wire::Whole);
    let before = phone.network.reports();
    browse_on(&profile, "phone_sent_again", &phone.network.url(), async |browser| {
        phone.enter(browser, "chen").await;
        phone.wait_sent(browser).await;
        phone.wait_step(browser, "arrive", "accepted").await;
    });
    assert!(phone.network.reports() > before, "it was sent again");
    assert_eq!((phone.events("arrive"), phone.steps()), (1, 1));
}
