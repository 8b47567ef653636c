//! Charts: out of sums, never out of readings; limits and gaps are to be seen; the same numbers stand in the table.

use chrono::TimeDelta;
use serde_json::json;
use songhe::access::{Place, Role};
use songhe::clock::Instant;
use songhe::devices::{DeviceKind, DevicePlace};
use songhe_firmware_protocol::Channel;

use crate::api::Program;
use crate::support::app::{TestApp, both};
use crate::support::seed::town;

/// One span of a device's channel.
fn add_span(
    app: &TestApp,
    device: i64,
    (span_s, starts_at): (i32, Instant),
    channel: Channel,
    values: (f64, f64),
) {
    let ((low, high), code) = (values, channel.code());
    let at = starts_at.format("%Y-%m-%d %H:%M:%S.000");
    app.taken(&format!(
        "INSERT INTO reading_spans (device_id, channel, span_s, starts_at, readings, doubted, lowest, highest, total, \
         last_value, last_at) VALUES ({device}, {code}, {span_s}, '{at}', 2, 1, {low}, {high}, {low} + {high}, {high}, '{at}')"
    ));
}

fn station(app: &TestApp) -> (i64, i64) {
    app.add_towns();
    let station = app.add_station(1, None);
    let device = app.add_device("ST-1", DeviceKind::SmartStation, 1, DevicePlace::Station(station));
    (station, device)
}

both!(a_day_is_drawn_by_the_quarter_with_its_limits_and_its_gaps, |app| async {
    let (station, device) = station(app);
    // 09:00 in the city: quarters of the last day, with two hours missing.
    let now = app.app.clock.now();
    for quarter in (0..96).filter(|quarter| !(40..48).contains(quarter)) {
        let starts_at = now - TimeDelta::minutes(15 * (95 - quarter));
        let value = if quarter == 20 { 36.0 } else { 22.0 };
        add_span(app, device, (900, starts_at), Channel::RoomTemperature, (value - 0.5, value));
        add_span(app, device, (900, starts_at), Channel::Door, (0.0, f64::from(u8::from(quarter < 4))));
    }
    // Of another length, and too old.
    add_span(app, device, (3_600, now - TimeDelta::hours(3)), Channel::RoomHumidity, (40.0, 50.0));
    add_span(app, device, (900, now - TimeDelta::hours(30)), Channel::RoomTemperature, (99.0, 99.0));
    let wang = app.user("wang", Role::CityManager, Place::City).await;
    for path in [format!("/devices/{device}?lang=en"), format!("/stations/{station}?lang=en")] {
        let page = wang.page(&path).await;
        assert_eq!(page.matches("<figure class=\"chart").count(), 2, "temperature and door: {page}");
        let path_of = |class: &str| {
            let path = page
                .split(&format!("<path class=\"{class}\" d=\""))
                .nth(1)
                .unwrap_or_else(|| panic!("{class}: {page}"));
            path.split('"').next().unwrap().to_owned()
        };
        assert_eq!(path_of("line").matches('M').count(), 2, "one gap");
        assert_eq!(path_of("band").matches('Z').count(), 2);
        // 8 °C is far away and 35 °C near: one limit is drawn.
        assert_eq!(path_of("limit").matches('M').count(), 1);
        assert_eq!(path_of("outside").matches('M').count(), 1, "one quarter was too warm");
        assert_eq!(path_of("on").matches('M').count(), 4, "the door was open in four quarters");
        assert!(page.contains("Above the limit") && page.contains("36.0 °C"), "in words too: {page}");
        assert!(!page.contains("99.0 °C") && !page.contains("Room humidity"), "{page}");
        assert!(page.contains("<span>09:15</span>"), "the city's clocks: {page}");
        assert!(page.contains(&format!("{}?span=30d", path.split('?').next().unwrap())), "{page}");
    }
    let lin = app.user("hong", Role::Coordinator, town(2)).await;
    assert_eq!(lin.status(&format!("/devices/{device}?span=30d")).await, 404);
    assert_eq!(wang.status(&format!("/devices/{device}?span=1h")).await, 422);
});

both!(a_month_is_drawn_by_the_hour_and_a_year_by_the_day_of_the_city, |app| async {
    let (_, device) = station(app);
    // Midnight of the city is 16:00 UTC: an hour before and one after are of two days.
    let midnight: Instant = "2026-11-21T16:00:00".parse().unwrap();
    for (hours, value) in [(-2, 20.0), (-1, 22.0), (0, 30.0), (1, 32.0), (-24 * 200, 10.0)] {
        let starts_at = midnight + TimeDelta::hours(hours);
        add_span(app, device, (3_600, starts_at), Channel::RoomTemperature, (value - 1.0, value + 1.0));
    }
    app.add_user("wang", Role::CityManager, Place::City);
    let wang = Program::enter(app, "wang").await;
    let spans = async |span: &str| {
        let body = wang.read(&format!("/api/v1/devices/{device}/spans?span={span}")).await;
        let items = body["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|one| {
                (
                    one["starts_at"].as_str().unwrap()[..16].to_owned(),
                    one["mean"].clone(),
                    one["readings"].clone(),
                )
            })
            .collect::<Vec<_>>()
    };
    let hour = |at: &str, mean: f64, readings: i64| (at.to_owned(), json!(mean), json!(readings));
    assert_eq!(
        spans("30d").await,
        [
            hour("2026-11-21T22:00", 20.0, 2),
            hour("2026-11-21T23:00", 22.0, 2),
            hour("2026-11-22T00:00", 30.0, 2),
            hour("2026-11-22T01:00", 32.0, 2),
        ]
    );
    let year = spans("365d").await;
    assert_eq!(year[1..], [hour("2026-11-21T00:00", 21.0, 4), hour("2026-11-22T00:00", 31.0, 4)]);
    assert_eq!(year[0].1, json!(10.0));
    assert_eq!(spans("24h").await, []);
    let (status, _) = wang.refusal(&format!("/api/v1/devices/{device}/spans?span=x")).await;
    assert_eq!(status, 422);
    let browser = app.login("wang").await;
    let page = browser.page(&format!("/devices/{device}?span=365d&lang=en")).await;
    assert!(page.contains("2026-11</") && page.contains("aria-current=\"page\">A year"), "{page}");
});

both!(what_a_device_measures_with_an_elder_is_in_no_chart_of_the_device, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    let device = app.add_device("HD-1", DeviceKind::HomeDevice, 1, DevicePlace::Elder(elder));
    add_span(app, device, (900, app.app.clock.now() - TimeDelta::hours(2)), Channel::Pulse, (61.0, 67.0));
    app.add_user("wang", Role::CityManager, Place::City);
    let browser = app.login("wang").await;
    let page = browser.page(&format!("/devices/{device}?lang=en")).await;
    assert!(!page.contains("<figure") && !page.contains("67 /min"), "{page}");
    let wang = Program::enter(app, "wang").await;
    assert_eq!(wang.read(&format!("/api/v1/devices/{device}/spans")).await, json!({ "items": [] }));
});
