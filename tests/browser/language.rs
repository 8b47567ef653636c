//! Two languages on every page of the navigation.

use std::collections::BTreeSet;

use serde_json::json;

use super::city::City;
use super::driver::browse;
use super::examine;
use super::page::Browser;

#[test]
fn every_page_of_the_navigation_speaks_both_languages() {
    let city = City::start();
    browse("language", &city.songhe.url(""), async |browser| {
        let mut known = BTreeSet::new();
        for role in city.roles() {
            city.enter(browser, &role).await;
            for path in navigation(browser).await {
                if known.insert(path.clone()) {
                    switch_there_and_back(browser, &path).await;
                }
            }
        }
        assert!(known.len() > 6, "{known:?}");
    });
}

async fn navigation(browser: &Browser) -> Vec<String> {
    let found = browser.eval("return [...document.querySelectorAll('.nav a')].map((a) => a.pathname)").await;
    serde_json::from_value(found).unwrap()
}

async fn switch_there_and_back(browser: &Browser, path: &str) {
    browser.open(path).await;
    let chinese = look(browser, path, "zh-CN").await;
    switch(browser, "en").await;
    let english = look(browser, path, "en").await;
    assert_ne!(chinese, english, "{path} has the same heading in both languages");
    // The choice is kept for the pages that follow.
    browser.open(path).await;
    look(browser, path, "en").await;
    switch(browser, "zh-CN").await;
    look(browser, path, "zh-CN").await;
}

async fn switch(browser: &Browser, lang: &str) {
    browser.click(".side-foot a[href*='lang=']").await;
    browser
        .wait(&format!("document.documentElement.lang === '{lang}' && document.readyState === 'complete'"))
        .await;
}

/// Language, address and texts of the page; gives its heading.
async fn look(browser: &Browser, path: &str, lang: &str) -> String {
    assert_eq!(browser.eval("return document.documentElement.lang").await, json!(lang), "{path}");
    assert_eq!(browser.eval("return location.pathname").await, json!(path));
    let keys = examine::bare_keys(browser).await;
    assert!(keys.is_empty(), "{path} in {lang}: {keys:?}");
    browser.text("h1").await
}
