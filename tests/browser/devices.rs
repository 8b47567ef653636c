//! What the pages of devices do in a browser: a credential is copied, the page of ingest keeps itself current, charts fit a phone
//! and stay legible, and their tables open.

use serde_json::json;
use songhe::access::{Place, Role};
use songhe::db::Kind;
use songhe::devices::{DeviceKind, DevicePlace};
use songhe_firmware_protocol::Channel;

use super::driver::browse;
use super::examine;
use super::page::Browser;
use crate::support::app::TestApp;
use crate::support::seed::PASSWORD;

/// A station with a device whose last day was measured, and an elder with a home device; their numbers.
fn furnish(app: &TestApp) -> (i64, i64, i64) {
    app.add_towns();
    let (station, elder) = (app.add_station(1, None), app.add_elder(1));
    let device = app.add_device("ST-1", DeviceKind::SmartStation, 1, DevicePlace::Station(station));
    let home = app.add_device("HD-1", DeviceKind::HomeDevice, 1, DevicePlace::Elder(elder));
    let now = app.app.clock.now();
    for (quarter, channel) in
        (0..90).flat_map(|quarter| [(quarter, Channel::RoomTemperature), (quarter, Channel::Door)])
    {
        let at = now - chrono::TimeDelta::minutes(15 * quarter);
        let value = if channel == Channel::Door {
            f64::from(u8::from(quarter % 7 == 0))
        } else {
            21.0 + (quarter % 16) as f64
        };
        let (code, at) = (channel.code(), at.format("%Y-%m-%d %H:%M:%S.000"));
        app.taken(&format!(
            "INSERT INTO reading_spans (device_id, channel, span_s, starts_at, readings, doubted, lowest, highest, total, \
             last_value, last_at) VALUES ({device}, {code}, 900, '{at}', 1, 0, {value}, {value} + 0.4, {value}, {value}, '{at}')"
        ));
    }
    for (day, low) in [(18, 61.0), (20, 38.0), (22, 64.0), (23, 66.0)] {
        for (code, low) in [(3, low), (1, low + 60.0), (2, low + 10.0)] {
            app.taken(&format!(
                "INSERT INTO elder_hours (elder_id, day, device_id, channel, hour_at, readings, doubted, lowest, highest, total, \
                 last_value, last_at) VALUES ({elder}, '2026-11-{day}', {home}, {code}, '2026-11-{day} 00:00:00.000', 1, 0, \
                 {low}, {low} + 8, {low}, {low}, '2026-11-{day} 00:00:00.000')"
            ));
        }
    }
    app.add_user("wang", Role::CityManager, Place::City);
    (station, device, elder)
}

/// With `SONGHE_TEST_PICTURES=DIR` a picture of each page is kept in DIR, for people to look at.
async fn keep_picture(browser: &Browser, path: &str, width: &str) {
    let Some(folder) = std::env::var_os("SONGHE_TEST_PICTURES").map(std::path::PathBuf::from) else { return };
    std::fs::create_dir_all(&folder).unwrap();
    let name = path.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
    browser.driver.screenshot(&folder.join(format!("devices{name}-{width}.png"))).await.unwrap();
}

/// Nothing is wrong with the page that is shown, wide or narrow.
async fn is_sound(browser: &Browser, path: &str) {
    browser.as_desktop().await;
    browser.open(path).await;
    let mut problems: Vec<String> = examine::axe(browser).await.into_iter().collect();
    problems.extend(examine::overflow(browser).await);
    keep_picture(browser, path, "desktop").await;
    browser.as_phone().await;
    keep_picture(browser, path, "phone").await;
    problems.extend(examine::axe(browser).await);
    problems.extend(examine::overflow(browser).await.map(|over| format!("on the phone {over}")));
    browser.as_desktop().await;
    assert_eq!(problems, Vec::<String>::new(), "{path}");
}

#[test]
fn pages_of_devices_are_sound_and_do_what_they_say() {
    let Some(app) = TestApp::start(Kind::Sqlite) else { return };
    let (station, device, elder) = furnish(&app);
    browse("devices", &app.base_url, async |browser| {
        browser.log_in("wang", PASSWORD).await;
        for path in [
            format!("/devices/{device}"),
            format!("/stations/{station}"),
            format!("/elders/{elder}/readings"),
            format!("/elders/{elder}/readings?days=30d&lang=en"),
            format!("/devices/{device}/calibrations/new"),
            format!("/elders/{elder}/limits/new"),
            "/devices/new?lang=zh-CN".to_owned(),
            "/devices/health".to_owned(),
            "/quarantine".to_owned(),
            "/claim".to_owned(),
            "/card-readings?state=claimed".to_owned(),
        ] {
            is_sound(browser, &path).await;
        }
        // The table of a chart opens, and is no wider than the phone.
        browser.as_phone().await;
        browser.open(&format!("/devices/{device}")).await;
        let open = "const summary = document.querySelector('.chart-table > summary'); summary.scrollIntoView({ block: 'center' }); summary.click(); return null";
        browser.eval(open).await;
        browser.wait("document.querySelector('.chart-table').open").await;
        assert_eq!(examine::overflow(browser).await, None);
        let drawn = "const box = document.querySelector('.chart-plot svg').getBoundingClientRect(); return [box.width > 200, box.height > 100]";
        assert_eq!(browser.eval(drawn).await, json!([true, true]));
        browser.as_desktop().await;
        // A new credential is shown once, and copied by its button.
        browser.open(&format!("/devices/{device}")).await;
        browser.click(&format!("form[action='/devices/{device}/rotate'] button")).await;
        browser.wait("document.getElementById('confirm').open").await;
        browser.click("#confirm button[value=yes]").await;
        browser.wait("document.getElementById('secret')?.textContent.trim().length === 64").await;
        assert_eq!(examine::axe(browser).await, Vec::<String>::new());
        browser.eval("window.copied = null; navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }; return null").await;
        browser.click("[data-copy]").await;
        browser.wait("window.copied === document.getElementById('secret').textContent.trim()").await;
        // The page of ingest fetches itself again.
        browser.open("/devices/health").await;
        browser.eval("document.getElementById('ingest').dataset.old = 'yes'; return null").await;
        app.app.ingest.note_commit(
            app.app.clock.now(),
            &songhe::devices::ingest::Committed { messages: 600, rows: 1_200, ..Default::default() },
        );
        browser.wait("document.getElementById('ingest').dataset.old === undefined").await;
        browser.wait("document.querySelector('.tile-value').textContent.startsWith('10.0')").await;
    });
}
