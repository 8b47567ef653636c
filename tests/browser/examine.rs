//! What must hold on every page, found out in the browser.

use serde_json::{Value, json};

use super::page::Browser;

const AXE: &str = include_str!("../support/vendor/axe.min.js");

/// Texts of the page that look like a key of `locales/`.
const BARE_KEYS: &str = r"
    const found = [];
    const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const text = walker.currentNode.textContent.trim();
        if (/^[a-z_]+(\.[a-z_]+)+$/.test(text)) {
            found.push(text);
        }
    }
    for (const element of document.querySelectorAll('[aria-label], [title], [placeholder], [alt]')) {
        for (const name of ['aria-label', 'title', 'placeholder', 'alt']) {
            const text = element.getAttribute(name) ?? '';
            if (/^[a-z_]+(\.[a-z_]+)+$/.test(text)) {
                found.push(text);
            }
        }
    }
    return found;";

/// The page does not scroll sideways; else what sticks out furthest.
const OVERFLOW: &str = r"
    const over = document.documentElement.scrollWidth - innerWidth;
    if (over <= 0) {
        return null;
    }
    const wide = [...document.querySelectorAll('main *')]
        .sort((a, b) => b.getBoundingClientRect().right - a.getBoundingClientRect().right)[0];
    return `${over} px too wide: ${wide?.outerHTML.slice(0, 200)}`;";

const RUN_AXE: &str = r"
    const done = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ['violations'] }).then(
        (result) => done(result.violations
            .filter((one) => ['serious', 'critical'].includes(one.impact))
            .map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 160)).slice(0, 3).join(' | ')}`)),
        (error) => done([String(error)]));";

pub async fn bare_keys(browser: &Browser) -> Vec<String> {
    texts(&browser.eval(BARE_KEYS).await)
}

pub async fn overflow(browser: &Browser) -> Option<String> {
    browser.eval(OVERFLOW).await.as_str().map(str::to_owned)
}

/// Serious and critical findings of axe-core on the page as it is now.
pub async fn axe(browser: &Browser) -> Vec<String> {
    if !browser.holds("window.axe").await {
        browser.driver.execute(AXE, Vec::new()).await.unwrap();
    }
    let answer = browser.driver.execute_async(RUN_AXE, Vec::new()).await;
    answer.map_or_else(|error| vec![format!("axe did not run: {error}")], |found| texts(found.json()))
}

/// The HTTP status with which the page came.
pub async fn status(browser: &Browser) -> u64 {
    let script = "return performance.getEntriesByType('navigation')[0]?.responseStatus";
    browser.eval(script).await.as_u64().unwrap_or_default()
}

/// Paths of our own pages to which the page links, and of the files it offers.
pub async fn links(browser: &Browser) -> (Vec<String>, Vec<String>) {
    let script = "return [...document.querySelectorAll('a[href]')]
        .filter((a) => a.origin === location.origin && !new URLSearchParams(a.search).has('lang'))
        .map((a) => [a.pathname + a.search, a.hasAttribute('download')])";
    let found = browser.eval(script).await;
    let (mut pages, mut files) = (Vec::new(), Vec::new());
    for link in found.as_array().into_iter().flatten() {
        let path = link[0].as_str().unwrap_or_default().to_owned();
        if link[1] == json!(true) { files.push(path) } else { pages.push(path) }
    }
    (pages, files)
}

/// Status of a file fetched with the page's session.
pub async fn fetch_status(browser: &Browser, path: &str) -> u64 {
    let script =
        "const done = arguments[1]; fetch(arguments[0]).then((answer) => done(answer.status), () => done(0))";
    let answer = browser.driver.execute_async(script, vec![json!(path)]).await.unwrap();
    answer.json().as_u64().unwrap_or_default()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}
