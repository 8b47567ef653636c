//! Printed pages, and dark and light.

use base64::Engine;
use serde_json::json;
use songhe::access::{Place, Role};
use songhe::db::Kind;

use super::driver::browse;
use super::page::Browser;
use crate::support::app::TestApp;
use crate::support::seed::PASSWORD;

#[test]
fn a_printed_list_is_landscape_with_its_head_on_every_sheet() {
    let Some(app) = TestApp::start(Kind::Sqlite) else { return };
    app.add_towns();
    for _ in 0..90 {
        app.add_institution(1);
    }
    app.add_user("lin", Role::CityManager, Place::City);
    browse("print", &app.base_url, async |browser| {
        browser.log_in("lin", PASSWORD).await;
        browser.open("/institutions").await;
        browser.cdp("Emulation.setEmulatedMedia", json!({ "media": "print" })).await;
        for hidden in [".side", ".bottom", ".filters", ".page-head .actions"] {
            assert_eq!(style(browser, hidden, "display").await, "none", "{hidden}");
        }
        assert_eq!(style(browser, "table.data thead", "display").await, "table-header-group");
        assert_eq!(style(browser, "html", "backgroundColor").await, "rgb(255, 255, 255)");
        assert_ne!(style(browser, ".printed", "display").await, "none");
        browser.cdp("Emulation.setEmulatedMedia", json!({ "media": "" })).await;

        let printed = browser.cdp("Page.printToPDF", json!({ "preferCSSPageSize": true })).await;
        let pdf =
            base64::engine::general_purpose::STANDARD.decode(printed["data"].as_str().unwrap()).unwrap();
        let pdf = String::from_utf8_lossy(&pdf).into_owned();
        let sheets = pdf.matches("/MediaBox").count();
        assert!(sheets > 1, "ninety rows need more than one sheet");
        let (width, height) = media_box(&pdf);
        assert!(width > height && (width - 842.0).abs() < 3.0, "A4 across, not {width} x {height}");
    });
}

#[test]
fn the_theme_that_was_chosen_stays() {
    let Some(app) = TestApp::start(Kind::Sqlite) else { return };
    app.add_user("lin", Role::CityManager, Place::City);
    browse("theme", &app.base_url, async |browser| {
        browser.cdp("Emulation.setEmulatedMedia", preference("light")).await;
        browser.log_in("lin", PASSWORD).await;
        browser.open("/institutions").await;
        let light = style(browser, "html", "backgroundColor").await;
        browser.click(".side [data-theme-switch]").await;
        browser.wait("document.documentElement.dataset.theme === 'dark'").await;
        let dark = style(browser, "html", "backgroundColor").await;
        assert_ne!(light, dark);
        browser.driver.refresh().await.unwrap();
        assert_eq!(style(browser, "html", "backgroundColor").await, dark, "dark after loading anew");
        browser.click(".side [data-theme-switch]").await;
        browser.cdp("Emulation.setEmulatedMedia", preference("dark")).await;
        browser.driver.refresh().await.unwrap();
        assert_eq!(style(browser, "html", "backgroundColor").await, light, "the choice beats the system's");
    });
}

fn preference(scheme: &str) -> serde_json::Value {
    json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] })
}

async fn style(browser: &Browser, css: &str, property: &str) -> String {
    let script = format!("return getComputedStyle(document.querySelector('{css}')).{property}");
    browser.eval(&script).await.as_str().unwrap_or_default().to_owned()
}

/// Width and height of the first sheet, in points.
fn media_box(pdf: &str) -> (f64, f64) {
    let inside = pdf.split_once("/MediaBox [").unwrap().1.split_once(']').unwrap().0;
    let numbers: Vec<f64> = inside.split_whitespace().map(|number| number.parse().unwrap()).collect();
    (numbers[2], numbers[3])
}
