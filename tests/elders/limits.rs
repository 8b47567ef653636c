//! An elder's vital signs on the chart, with the limits that hold for that elder on each day; each look is written down.

use reqwest::Method;
use serde_json::{Value, json};
use songhe::access::Role;
use songhe::devices::{DeviceKind, DevicePlace};
use songhe_firmware_protocol::Channel;

use crate::api::{Program, fields};
use crate::support::app::{TestApp, both};
use crate::support::client::location;
use crate::support::seed::town;

/// An hour of what a device measured with the elder: a day of November, and lowest and highest.
fn add_hour(app: &TestApp, (elder, device): (i64, i64), day: u32, channel: Channel, (low, high): (f64, f64)) {
    let code = channel.code();
    // 08:00 on the city's clocks.
    let at = format!("2026-11-{day:02} 00:00:00.000");
    app.taken(&format!(
        "INSERT INTO elder_hours (elder_id, day, device_id, channel, hour_at, readings, doubted, lowest, highest, total, \
         last_value, last_at) VALUES ({elder}, '2026-11-{day:02}', {device}, {code}, '{at}', 2, 0, {low}, {high}, \
         {low} + {high}, {high}, '{at}')"
    ));
}

/// An elder of town 1 with a device, the coordinator's program.
async fn elder(app: &TestApp) -> (i64, i64, Program) {
    app.add_towns();
    let elder = app.add_elder(1);
    let device = app.add_device("HD-1", DeviceKind::HomeDevice, 1, DevicePlace::Elder(elder));
    app.add_user("lin", Role::Coordinator, town(1));
    (elder, device, Program::enter(app, "lin").await)
}

both!(values_are_held_against_the_limits_of_their_own_day, |app| async {
    let (elder, device, lin) = elder(app).await;
    for day in [5, 18, 19, 23] {
        add_hour(app, (elder, device), day, Channel::Pulse, (54.0, 96.0));
    }
    add_hour(app, (elder, device), 23, Channel::BloodPressureSystolic, (120.0, 180.0));
    add_hour(app, (elder, device), 23, Channel::BloodPressureDiastolic, (70.0, 80.0));
    add_hour(app, (elder, device), 23, Channel::RoomTemperature, (20.0, 21.0));
    let vitals = async |days: &str| {
        let body = lin.read(&format!("/api/v1/elders/{elder}/vitals?days={days}")).await;
        let told = body["items"].as_array().unwrap().iter().map(|one| {
            let day = one["starts_at"].as_str().unwrap()[8..10].to_owned();
            (one["channel"].as_i64().unwrap(), day, one["is_outside"] == true)
        });
        told.collect::<Vec<_>>()
    };
    let pulse = |outside: [bool; 3]| -> Vec<(i64, String, bool)> {
        let days = ["18", "19", "23"].map(str::to_owned);
        days.into_iter().zip(outside).map(|(day, outside)| (3, day, outside)).collect()
    };
    // By the protocol 180 mmHg is too high, and a pulse between 40 and 131 is not.
    let pressure = [(1, "23".to_owned(), true), (2, "23".to_owned(), false)];
    let whole = |outside| [&pressure[..], &pulse(outside)[..]].concat();
    assert_eq!(vitals("7d").await, whole([false; 3]));
    let path = format!("/api/v1/elders/{elder}/limits");
    let limit =
        json!({ "channel": 3, "from_on": "2026-11-19", "lowest": 55, "highest": null, "note": "医嘱" });
    assert_eq!(lin.send(Method::POST, &path, &limit).await.0, 201);
    assert_eq!(vitals("7d").await, whole([false, true, true]));
    // From today on 54 is ordinary: the newest that has begun counts, and a later one does not yet.
    for (from_on, lowest) in [("2026-11-23", 54), ("2026-11-30", 80)] {
        let later = json!({ "channel": 3, "from_on": from_on, "lowest": lowest, "highest": 100 });
        assert_eq!(lin.send(Method::POST, &path, &later).await.0, 201);
    }
    assert_eq!(vitals("7d").await, whole([false, true, false]));
    assert_eq!(vitals("30d").await.len(), 6, "and the fifth of November");
    let looks = app.audited("elder.readings");
    assert!(looks.len() == 4 && looks[3].1.contains("\"days\":\"30d\""), "{looks:?}");
    assert_eq!(lin.refusal(&format!("/api/v1/elders/{elder}/vitals?days=1")).await.0, 422);
});

both!(the_page_draws_them_with_marks_words_and_the_elders_own_line, |app| async {
    let (elder, device, lin) = elder(app).await;
    for (day, low) in [(20, 60.0), (22, 48.0), (23, 61.0)] {
        add_hour(app, (elder, device), day, Channel::Pulse, (low, low + 20.0));
    }
    add_hour(app, (elder, device), 23, Channel::BloodPressureSystolic, (120.0, 150.0));
    add_hour(app, (elder, device), 23, Channel::BloodPressureDiastolic, (70.0, 80.0));
    let limit = json!({ "channel": 3, "from_on": "2026-11-01", "lowest": 50, "highest": 110 });
    assert_eq!(lin.send(Method::POST, &format!("/api/v1/elders/{elder}/limits"), &limit).await.0, 201);
    let browser = app.login("lin").await;
    let page = browser.page(&format!("/elders/{elder}/readings?lang=en")).await;
    assert_eq!(page.matches("<figure class=\"chart").count(), 2, "pressures share one: {page}");
    assert!(page.contains("Systolic blood pressure, Diastolic blood pressure"), "{page}");
    assert!(page.contains("class=\"line second\"") && page.contains("Limit of this elder"), "{page}");
    assert!(page.contains("1 times outside of the limits") && page.contains("Below the limit"), "{page}");
    assert!(
        page.contains("<path class=\"outside\"") && page.contains(&format!("/elders/{elder}/limits/new"))
    );
    assert_eq!(app.audited("elder.readings").len(), 1);
    let year = browser.page(&format!("/elders/{elder}/readings?days=365d&lang=en")).await;
    assert!(year.contains("aria-current=\"page\">A year"), "{year}");
    assert_eq!(browser.status(&format!("/elders/{elder}/readings?days=x")).await, 422);
    let hong = app.user("hong", Role::Coordinator, town(2)).await;
    assert_eq!(hong.status(&format!("/elders/{elder}/readings")).await, 404);
    assert_eq!(app.audited("elder.readings").len(), 2, "who is refused has seen nothing");
});

both!(limits_are_rows_of_the_record_with_versions_and_rules, |app| async {
    let (elder, _, lin) = elder(app).await;
    let path = format!("/api/v1/elders/{elder}/limits");
    let good = json!({ "channel": 6, "from_on": "2026-11-01", "lowest": 35.5, "highest": 37.9 });
    for (field, change) in [
        ("channel", json!({ "channel": 32 })),
        ("lowest", json!({ "lowest": 20.0 })),
        ("highest", json!({ "highest": 46.0 })),
        ("highest", json!({ "highest": 35.5 })),
        ("lowest", json!({ "lowest": null, "highest": null })),
        ("note", json!({ "note": "x".repeat(301) })),
    ] {
        let mut wrong = good.clone();
        wrong.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let (status, problem) = lin.send(Method::POST, &path, &wrong).await;
        assert_eq!((status, fields(&problem)), (422, vec![field]), "{problem}");
    }
    let (status, row) = lin.send(Method::POST, &path, &good).await;
    assert_eq!((status, &row["set_by"], &row["version"]), (201, &json!("lin"), &json!(1)), "{row}");
    let (status, twice) = lin.send(Method::POST, &path, &good).await;
    assert_eq!((status, &twice["code"]), (409, &json!("taken")), "one of a channel and a day: {twice}");
    let one = format!("{path}/{}", row["id"]);
    let higher = json!({ "version": 1, "highest": 38.2 });
    let (status, changed) = lin.send(Method::PATCH, &one, &higher).await;
    assert_eq!((status, &changed["lowest"], &changed["highest"]), (200, &json!(35.5), &json!(38.2)));
    assert_eq!(lin.send(Method::PATCH, &one, &higher).await.0, 409);
    let written: Vec<Value> =
        app.audited("elder.change_part").iter().map(|row| serde_json::from_str(&row.1).unwrap()).collect();
    assert_eq!(written[0]["changes"]["highest"], json!([37.9, 38.2]));
    // The page has the same form.
    let browser = app.login("lin").await;
    let page = browser.page(&format!("/elders/{elder}?lang=en")).await;
    assert!(page.contains("Limits of vital signs") && page.contains("38.2 °C"), "{page}");
    let form = [("channel", "3"), ("from_on", "2026-11-23"), ("lowest", "50"), ("highest", ""), ("note", "")];
    assert_eq!(
        location(&browser.post_form(&format!("/elders/{elder}/limits"), &form).await),
        format!("/elders/{elder}#limits")
    );
    let gone = [("version", "2")];
    location(&browser.post_form(&format!("/elders/{elder}/limits/{}/remove", row["id"]), &gone).await);
    assert_eq!(lin.read(&path).await["items"].as_array().unwrap().len(), 1);
});
