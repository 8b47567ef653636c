//! Pages that change by themselves: in one window, in eight, and after the link was lost.

use std::process::Command;
use std::time::Duration;

use super::city::{City, any_institution, change_operator};
use super::driver::browse;
use super::page::Browser;
use crate::support::client::Client;

/// Keeps the numbers of the registry's events that the page hears.
const LISTEN: &str = "window.heard = [];
    document.body.addEventListener('songhe:registry', (event) => window.heard.push(event.detail.id))";
const LINK_UP: &str = "document.documentElement.dataset.link === 'up'";
const BANNER: &str = "!document.querySelector('#link-lost').hidden";

#[test]
fn a_list_changes_by_itself_when_another_session_changes_it() {
    let city = City::start();
    browse("live_list", &city.songhe.url(""), async |browser| {
        let other = city.client("city_manager").await;
        let institution = any_institution(&other).await;
        city.enter(browser, "city_manager").await;
        browser.open("/institutions?sort=name").await;
        browser.eval("window.sameDocument = true").await;
        browser.wait(LINK_UP).await;
        change_operator(&other, institution, "晋江市养老服务集团").await;
        browser.open("/institutions?q=晋江市养老服务集团").await;
        browser.eval("window.sameDocument = true").await;
        browser.wait(LINK_UP).await;
        change_operator(&other, institution, "另一家公司").await;
        browser.wait("!document.querySelector('#rows').textContent.includes('晋江市养老服务集团')").await;
        change_operator(&other, institution, "晋江市养老服务集团").await;
        browser.wait("document.querySelector('#rows').textContent.includes('晋江市养老服务集团')").await;
        assert!(browser.holds("window.sameDocument").await, "the page was not loaded anew");
    });
}

#[test]
fn eight_tabs_share_one_stream_and_all_hear_an_event() {
    let city = City::start();
    browse("eight_tabs", &city.songhe.url(""), async |browser| {
        let other = city.client("city_manager").await;
        let institution = any_institution(&other).await;
        city.enter(browser, "city_manager").await;
        let mut tabs = vec![browser.driver.window().await.unwrap()];
        while tabs.len() < 8 {
            tabs.push(browser.driver.new_tab().await.unwrap());
        }
        let pages = ["/board", "/institutions", "/map", "/stations"];
        for (number, tab) in tabs.iter().enumerate() {
            browser.driver.switch_to_window(tab.clone()).await.unwrap();
            browser.open(pages[number % pages.len()]).await;
            browser.wait(LINK_UP).await;
            browser.eval(LISTEN).await;
        }
        browser.until("one stream serves the tabs", async || streams(&other).await == Some(1)).await;
        change_operator(&other, institution, "晋江市养老服务集团").await;
        for tab in tabs {
            browser.driver.switch_to_window(tab).await.unwrap();
            browser.wait("window.heard.length === 1").await;
        }
        assert_eq!(streams(&other).await, Some(1));
    });
}

#[test]
fn a_lost_link_is_shown_and_what_was_missed_arrives_later() {
    let mut city = City::start();
    let base_url = city.songhe.url("");
    browse("lost_link", &base_url, async |browser| {
        city.enter(browser, "city_manager").await;
        browser.open("/institutions").await;
        browser.wait(LINK_UP).await;
        browser.eval(LISTEN).await;
        silence_shows_the_banner(browser, city.songhe.process_id()).await;

        city.songhe.kill();
        within_eight_seconds(browser, BANNER).await;
        city.songhe.restart_in_place();
        let other = city.client("city_manager").await;
        let institution = any_institution(&other).await;
        change_operator(&other, institution, "晋江市养老服务集团").await;
        browser.wait("window.heard.length === 1").await;
        browser.wait("document.querySelector('#link-lost').hidden").await;
    });
}

/// A program that hangs keeps its connections: only the missing heartbeat tells.
async fn silence_shows_the_banner(browser: &Browser, process: u32) {
    let signal = |name: &str| {
        let sent = Command::new("kill").args([name, &process.to_string()]).status().unwrap();
        assert!(sent.success());
    };
    signal("-STOP");
    within_eight_seconds(browser, BANNER).await;
    signal("-CONT");
    browser.wait("document.querySelector('#link-lost').hidden").await;
}

async fn within_eight_seconds(browser: &Browser, expression: &str) {
    let waited = tokio::time::timeout(Duration::from_secs(8), browser.wait(expression)).await;
    assert!(waited.is_ok(), "not within eight seconds: {expression}");
}

/// `songhe_live_streams` of the program's metrics.
async fn streams(client: &Client) -> Option<u64> {
    let metrics = client.page("/metrics").await;
    metrics.lines().find_map(|line| line.strip_prefix("songhe_live_streams ")?.parse().ok())
}
