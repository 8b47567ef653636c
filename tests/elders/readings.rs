//! What devices measure with an elder: a real reading through the broker, on the timeline by day and channel, each look written
//! down; and where devices stood.

use chrono::TimeDelta;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use songhe::access::{Place, Role};
use songhe::devices::{DeviceKind, DevicePlace};
use songhe_firmware_protocol::{AlarmKind, Channel, Sample};

use crate::api::{Program, fields};
use crate::devices::client::Seen;
use crate::devices::live::rig::{Device, embedded};
use crate::support::app::{TestApp, both};
use crate::support::client::{Client, expect, location};
use crate::support::seed::{town, town_code};

/// A home device at a station of town 1; gives its number and the station's.
fn device(app: &TestApp) -> (i64, i64) {
    let station = app.add_station(1, None);
    (app.add_device("HD-1", DeviceKind::HomeDevice, 1, DevicePlace::Station(station)), station)
}

async fn place(
    client: &Client,
    device: i64,
    version: i64,
    place: &str,
    field: (&str, String),
) -> reqwest::Response {
    let version = version.to_string();
    let fields = [("device_place", place), (field.0, &field.1), ("version", &version)];
    client.post_form(&format!("/devices/{device}/place"), &fields).await
}

both!(a_reading_through_the_broker_belongs_to_the_elder_with_whom_the_device_stands, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    let (id, _) = device(app);
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let (service, address) = embedded(app).await;
    let mut sent = Device::connect(app, address, "HD-1").await;
    assert_eq!(sent.birth(0).await, Seen::Acked);
    assert_eq!(sent.live(1, Channel::Pulse, 99).await, Seen::Acked, "at the station it is nobody's");
    app.hand.advance(TimeDelta::minutes(1));
    location(&place(&lin, id, 1, "elder", ("elder_id", elder.to_string())).await);
    for (seq, pulse) in [(2, 66), (3, 88), (4, 74), (4, 74)] {
        app.hand.advance(TimeDelta::minutes(1));
        assert_eq!(sent.live(seq, Channel::Pulse, pulse).await, Seen::Acked);
    }
    assert_eq!(sent.live(5, Channel::Pulse, 900).await, Seen::Acked);
    assert_eq!(sent.live(6, Channel::Door, 1).await, Seen::Acked);
    app.hand.advance(TimeDelta::minutes(60));
    assert_eq!(sent.live(7, Channel::Pulse, 60).await, Seen::Acked);
    assert_eq!(sent.alarm(8, AlarmKind::Sos, true, 0).await, Seen::Acked);
    // Measured at the station, and only heard of now.
    assert_eq!(
        sent.backfill(1, Sample { age_ms: 65 * 60_000, ..Sample::new(Channel::Pulse, 40) }).await,
        Seen::Acked
    );
    service.stop().await;

    let lin = app.login("lin").await;
    let path = format!("/elders/{elder}/timeline?lang=en");
    let page = lin.page(&format!("{path}&kind=reading")).await;
    assert_eq!(page.matches("<time datetime").count(), 2, "one line for a day and a channel: {page}");
    assert!(
        page.contains("Pulse: 60 /min to 88 /min, 72 /min on average, 4 readings · 1 out of plausible range"),
        "{page}"
    );
    assert!(page.contains("1 readings, the last: open") && page.contains("HD-1"), "{page}");
    let alerts = lin.page(&format!("{path}&kind=alert")).await;
    assert!(alerts.matches("<time datetime").count() == 1 && alerts.contains("With an elder"), "{alerts}");
    // The timeline's days are a look; its other lines are none.
    let shown = (elder.to_string(), "{\"timeline\":[\"2026-11-23\",\"2026-11-23\"]}".to_owned());
    assert_eq!(app.audited("elder.readings"), std::slice::from_ref(&shown));
    let day = format!("/elders/{elder}/readings?day=2026-11-23&lang=en");
    assert!(page.contains(&format!("/elders/{elder}/readings?day=2026-11-23")));
    let hours = lin.page(&day).await;
    assert!(hours.contains("66 /min to 88 /min") && hours.contains("60 /min to 60 /min"), "{hours}");
    let looks = app.audited("elder.readings");
    let day_shown = (elder.to_string(), "{\"day\":\"2026-11-23\",\"days\":\"7d\"}".to_owned());
    assert_eq!(looks, [shown, day_shown]);
    let before = lin.page(&format!("/elders/{elder}/readings?day=2026-11-22")).await;
    assert!(
        before.contains("2026-11-22") && !before.contains("66 /min to 88 /min"),
        "nothing the day before: {before}"
    );
    assert_eq!(lin.status(&format!("/elders/{elder}/readings?day=x")).await, 422);

    // Another town's, and who sees no devices.
    let hong = app.user("hong", Role::Coordinator, town(2)).await;
    assert_eq!((hong.status(&day).await, hong.status(&format!("/devices/{id}")).await), (404, 404));
    assert_eq!(app.audited("elder.readings").len(), 3, "who is refused has seen nothing");
});

both!(a_device_with_an_elder_shows_its_values_only_where_the_look_is_written_down, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    let name = app.name_of_elder(elder);
    let (id, _) = device(app);
    app.report(id, Channel::Pulse, 71.0);
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    assert!(lin.page("/devices?lang=en").await.contains("71 /min"));
    location(&place(&lin, id, 1, "elder", ("elder_id", elder.to_string())).await);
    let list = lin.page("/devices?lang=en").await;
    assert!(list.contains("With an elder") && !list.contains("71 /min") && !list.contains(&name), "{list}");
    assert!(app.audited("elder.readings").is_empty());
    let page = lin.page(&format!("/devices/{id}?lang=en")).await;
    assert!(!page.contains("71 /min"), "what was measured at the station is not the elder's: {page}");
    app.report(id, Channel::Pulse, 73.0);
    let page = lin.page(&format!("/devices/{id}?lang=en")).await;
    assert!(page.contains("73 /min") && page.contains(&format!("href=\"/elders/{elder}\">{name}")), "{page}");
    assert!(!lin.page("/devices?lang=en").await.contains("73 /min"));
    assert!(
        !page.contains("hx-trigger=\"songhe:"),
        "a page that is fetched again by itself looks at nothing"
    );
    let look = (elder.to_string(), format!("{{\"device\":{id}}}"));
    assert_eq!(app.audited("elder.readings"), [look.clone(), look]);
    assert!(lin.page(&format!("/elders/{elder}")).await.contains(&format!("/devices/{id}")));
    // Who sees devices and no elders sees that it is somebody's, and not whose.
    let root = app.user("root", Role::SystemAdministrator, Place::City).await;
    let page = root.page(&format!("/devices/{id}?lang=en")).await;
    assert!(page.contains("With an elder") && !page.contains(&name), "{page}");
    assert!(!page.contains("73 /min") && !page.contains("Latest readings"), "nor what was measured: {page}");
    assert_eq!(app.audited("elder.readings").len(), 2, "who is shown nothing has looked at nothing");
    app.add_user("hu", Role::CityManager, Place::City);
    let hu = Program::enter(app, "hu").await;
    let told = hu.read(&format!("/api/v1/devices/{id}")).await;
    assert_eq!(
        (&told["with_elder"], &told["latest"], &told["station_id"]),
        (&json!(true), &json!([]), &Value::Null)
    );
});

both!(where_a_device_stood_stays_on_record, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    let house = app.add_institution(1);
    let bed = app.add_bed(1, house);
    let room = app.text(&format!(
        "SELECT r.number AS t FROM rooms r JOIN beds b ON b.room_id = r.id WHERE b.id = {bed}"
    ));
    let (id, station) = device(app);
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    app.hand.advance(TimeDelta::minutes(20));
    location(&place(&lin, id, 1, "elder", ("elder_id", elder.to_string())).await);
    app.hand.advance(TimeDelta::minutes(20));
    let (house_id, room_form) = (house.to_string(), [("device_place", "room"), ("version", "2")]);
    let fields_of =
        |number| [&room_form[..], &[("institution_id", &*house_id), ("room_number", number)]].concat();
    let path = format!("/devices/{id}/place?lang=en");
    let wrong =
        expect(lin.post_form(&path, &fields_of("no such")).await, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(wrong.contains("has no such room"), "{wrong}");
    let by_building = format!("1 {room}");
    location(&lin.post_form(&path, &fields_of(&by_building)).await);
    let late = expect(
        place(&lin, id, 2, "station", ("station_id", station.to_string())).await,
        StatusCode::CONFLICT,
    )
    .await;
    assert!(late.contains("lin"), "{late}");
    let there =
        [("device_place", "room"), ("institution_id", &*house_id), ("room_number", &*room), ("version", "3")];
    let there = expect(lin.post_form(&path, &there).await, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(there.contains("stands there already"), "{there}");

    app.add_user("wu", Role::Coordinator, town(1));
    let wu = Program::enter(app, "wu").await;
    let places = wu.read(&format!("/api/v1/devices/{id}/places")).await;
    let stays = places["items"].as_array().unwrap();
    assert_eq!(stays.len(), 3, "{places}");
    assert_eq!((&stays[1]["elder_id"], &stays[2]["station_id"]), (&json!(elder), &json!(station)));
    assert!(stays[0]["room_id"].is_i64() && stays[0]["to_at"].is_null() && stays[0]["placed_by"] == "lin");
    assert_eq!((&stays[1]["to_at"], &stays[1]["from_at"]), (&stays[0]["from_at"], &stays[2]["to_at"]));
    let page = lin.page(&format!("/devices/{id}?lang=en")).await;
    assert!(page.contains("Where it stood") && page.contains(&format!("1 {room}")), "{page}");
    let moved = app.audited("device.place");
    assert!(moved.len() == 2 && moved[1].1.contains(&format!("elder {elder}")), "{moved:?}");
    // One place at a time, whatever is written.
    let code = town_code(1);
    app.refused(&format!(
        "INSERT INTO device_places (device_id, town_code, station_id, from_at, placed_by) VALUES \
         ({id}, '{code}', {station}, '2026-11-23 01:50:00.000', 'x')"
    ));
    app.refused(&format!(
        "INSERT INTO device_places (device_id, town_code, station_id, from_at, to_at, placed_by) VALUES \
         ({id}, '{code}', {station}, '2026-11-23 01:10:00.000', '2026-11-23 01:30:00.000', 'x')"
    ));
    app.refused(&format!("UPDATE devices SET elder_id = {elder} WHERE id = {id}"));
});

both!(who_may_place_a_device_and_where, |app| async {
    app.add_towns();
    let (elder, foreign) = (app.add_elder(1), app.add_elder(2));
    let (id, _) = device(app);
    let home = app.add_institution(1);
    app.add_user("lin", Role::Coordinator, town(1));
    app.add_user("hong", Role::Coordinator, town(2));
    app.add_user("duty", Role::DutyOfficer, Place::City);
    app.add_user("mei", Role::InstitutionManager, Place::Institution(home));
    let path = format!("/api/v1/devices/{id}/place");
    let body = json!({ "version": 1, "elder_id": elder });
    let lin = Program::enter(app, "lin").await;
    for (login, status) in [("duty", 403), ("hong", 404), ("mei", 404)] {
        let other = Program::enter(app, login).await;
        assert_eq!(other.send(Method::POST, &path, &body).await.0, status, "{login}");
    }
    for (wrong, field) in [
        (json!({ "version": 1, "elder_id": foreign }), "elder_id"),
        (json!({ "version": 1, "station_id": 999_999 }), "station_id"),
        (json!({ "version": 1, "room_id": 999_999 }), "room_id"),
        (json!({ "version": 1, "institution_id": 999_999 }), "institution_id"),
        (json!({ "version": 1 }), "place"),
        (json!({ "version": 1, "elder_id": elder, "institution_id": home }), "place"),
    ] {
        let (status, problem) = lin.send(Method::POST, &path, &wrong).await;
        assert_eq!((status, fields(&problem)), (422, vec![field]), "{wrong}");
    }
    assert_eq!(app.count("SELECT count(*) AS n FROM device_places"), 1);
    let (status, told) = lin.send(Method::POST, &path, &body).await;
    assert_eq!((status, &told["with_elder"], &told["version"]), (200, &json!(true), &json!(2)), "{told}");
    let (status, late) =
        lin.send(Method::POST, &path, &json!({ "version": 1, "institution_id": home })).await;
    assert_eq!((status, &late["conflict"]["who"]), (409, &json!("lin")), "{late}");
    // A house reaches what stands with those who live there.
    let mei = app.login("mei").await;
    assert_eq!(mei.status(&format!("/devices/{id}")).await, 404);
    let bed = app.add_bed(1, home);
    app.taken(&format!(
        "INSERT INTO stays (bed_id, elder_id, institution_id, town_code, starts_at) VALUES \
         ({bed}, {elder}, {home}, '{}', '2026-11-01 00:00:00.000')",
        town_code(1)
    ));
    assert_eq!(mei.status(&format!("/devices/{id}")).await, 200);
    let day = lin.read(&format!("/api/v1/elders/{elder}/readings")).await;
    assert_eq!((&day["day"], &day["hours"]), (&json!("2026-11-23"), &json!([])));
});

both!(what_an_elder_measured_is_on_no_board_and_in_no_list_and_is_exported_with_a_look, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    let (id, _) = device(app);
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    location(&place(&lin, id, 1, "elder", ("elder_id", elder.to_string())).await);
    let (service, address) = embedded(app).await;
    let mut sent = Device::connect(app, address, "HD-1").await;
    assert_eq!(sent.birth(0).await, Seen::Acked);
    app.hand.advance(TimeDelta::minutes(1));
    assert_eq!(sent.live(1, Channel::Pulse, 171).await, Seen::Acked);
    service.stop().await;
    let hu = app.user("hu", Role::CityManager, Place::City).await;
    for path in ["/board?lang=en", "/devices?lang=en", "/alerts?lang=en", "/api/v1/devices"] {
        let page = hu.page(path).await;
        assert!(!page.contains("171"), "{path}: {page}");
    }
    let alerts = lin.page("/alerts?lang=en").await;
    assert!(alerts.contains("Pulse") && !alerts.contains("171"), "the channel, and no value: {alerts}");
    let listed = lin.get_json("/api/v1/alerts").await["items"][0].clone();
    assert_eq!((&listed["kind"], &listed["value"]), (&json!("threshold"), &Value::Null));
    assert!(app.audited("elder.readings").is_empty());

    // One alert tells it, and the look is written down.
    let number = &listed["id"];
    assert!(lin.page(&format!("/alerts/{number}?lang=en")).await.contains("171 /min"));
    assert_eq!(lin.get_json(&format!("/api/v1/alerts/{number}")).await["value"], json!(171.0));
    let look = (elder.to_string(), format!("{{\"alert\":{number}}}"));
    assert_eq!(app.audited("elder.readings"), [look.clone(), look]);

    // From the elder's page to the readings, and from there to a file.
    let path = format!("/elders/{elder}/readings");
    assert!(lin.page(&format!("/elders/{elder}")).await.contains(&format!("href=\"{path}\"")));
    let page = lin.page(&path).await;
    assert!(page.contains(&format!("href=\"{path}.xlsx?days=7d\"")), "{page}");
    let cells = cells_of(lin.get(&format!("{path}.xlsx?days=30d&lang=en")).await).await;
    assert_eq!(cells[0][..2], ["Channel", "Unit"]);
    assert_eq!((cells.len(), &cells[1][0][..], &cells[1][6][..]), (2, "Pulse", "171"));
    let exported = (elder.to_string(), "{\"days\":\"30d\",\"export\":true}".to_owned());
    assert_eq!(app.audited("elder.readings").last(), Some(&exported));
    assert_eq!(
        lin.status(&format!("/devices/{id}/measured.xlsx")).await,
        404,
        "the device's file has none of it"
    );
});

/// The cells of a workbook's only sheet.
async fn cells_of(response: reqwest::Response) -> Vec<Vec<String>> {
    use calamine::Reader;
    assert_eq!(response.status(), StatusCode::OK);
    let bytes = response.bytes().await.unwrap().to_vec();
    let mut book: calamine::Xlsx<_> = calamine::Xlsx::new(std::io::Cursor::new(bytes)).unwrap();
    let sheet = book.worksheet_range_at(0).unwrap().unwrap();
    sheet.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect()
}
