//! The city board changes by itself: a figure when the registry changes, the states of visits when one moves.

use reqwest::Method;
use serde_json::json;

use super::city::City;
use super::driver::browse;
use super::page::Browser;
use crate::support::client::Client;

const LINK_UP: &str = "document.documentElement.dataset.link === 'up'";

#[test]
fn the_city_board_shows_changes_without_being_loaded_anew() {
    // Large enough that the coordinator's town has assigned visits on any day.
    let city = City::of("0.3");
    browse("city_board", &city.songhe.url(""), async |browser| {
        let manager = city.client("city_manager").await;
        let coordinator = city.client("coordinator").await;
        city.enter(browser, "city_manager").await;
        browser.open("/board").await;
        browser.wait(LINK_UP).await;
        browser.eval("window.sameDocument = true").await;

        let operating = figure(browser, "institutions_operating").await;
        close_an_institution(&manager).await;
        browser
            .until("one institution less is shown", async || {
                figure(browser, "institutions_operating").await == operating - 1
            })
            .await;

        let planned = state(browser, "planned").await;
        release_a_visit(&coordinator).await;
        browser
            .until("one planned visit more is shown", async || state(browser, "planned").await == planned + 1)
            .await;
        assert!(browser.holds("window.sameDocument").await, "the page was not loaded anew");
    });
}

async fn close_an_institution(manager: &Client) {
    let page = manager.get_json("/api/v1/institutions?state=operating").await;
    let institution = &page["items"][0];
    let body = json!({ "version": institution["version"], "state": "idle" });
    let path = format!("/api/v1/institutions/{}", institution["id"]);
    assert_eq!(manager.send_json(Method::PATCH, &path, &body).await.status(), 200);
}

/// Takes a visit of today back from its caregiver.
async fn release_a_visit(coordinator: &Client) {
    let page = coordinator.get_json("/api/v1/visits?state=assigned&limit=200").await;
    let visits = page["items"].as_array().unwrap();
    let today = visits.iter().map(|visit| visit["service_on"].as_str().unwrap()).min().unwrap();
    let visit = visits.iter().find(|visit| visit["service_on"] == today).unwrap();
    let path = format!("/visits/{}/release", visit["id"]);
    let version = visit["version"].to_string();
    assert_eq!(coordinator.post_form(&path, &[("version", &version)]).await.status(), 303);
}

/// The number on a tile of the board; -1 while it is being exchanged.
async fn figure(browser: &Browser, key: &str) -> i64 {
    number(browser, &format!("document.querySelector('#figure-{key} .tile-value').firstChild.textContent"))
        .await
}

/// The number of today's visits in a state.
async fn state(browser: &Browser, key: &str) -> i64 {
    let value =
        format!("document.querySelector('#state-{key}').closest('li').querySelector('.value').textContent");
    number(browser, &value).await
}

async fn number(browser: &Browser, text: &str) -> i64 {
    browser.eval(&format!("return Number({text}.replaceAll(',', ''))")).await.as_i64().unwrap_or(-1)
}
