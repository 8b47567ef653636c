//! A device that moves, is taken out of service, or whose place comes to lie in another town: what becomes of its alerts and
//! values.

use chrono::TimeDelta;
use diesel::prelude::*;
use serde_json::json;
use songhe::access::{Permission, Place, Role, Scope};
use songhe::alerts::AlertKind;
use songhe::alerts::store::{NewSiteAlert, insert_site_alert};
use songhe::db::schema::{alerts, devices};
use songhe::devices::{DeviceKind, DevicePlace, disable_device, place_device, put_in_service};
use songhe::elders::store::get_elder_to_edit;
use songhe::registry::{institutions, stations};
use songhe_firmware_protocol::{Alarm, AlarmKind, Channel, Header, Lane, Sample};

use super::client::Seen;
use super::live::rig::{Device, alerts_of, embedded, encoded, latest, samples};
use crate::api::Program;
use crate::support::app::{TestApp, both};
use crate::support::seed::{town, town_code, village_code};

fn version(app: &TestApp, device: i64) -> i64 {
    app.read(|connection| Ok(devices::table.find(device).select(devices::version).first(connection)?))
}

fn move_to(app: &TestApp, device: i64, place: DevicePlace) {
    app.hand.advance(TimeDelta::minutes(1));
    let seen = version(app, device);
    app.write(|tx| place_device(tx, device, seen, place));
}

/// (town, whether it is over) of a device's alerts, in order.
fn towns(app: &TestApp, device: i64) -> Vec<(String, bool)> {
    app.read(|connection| {
        Ok(alerts::table
            .filter(alerts::device_id.eq(device))
            .order(alerts::id)
            .select((alerts::town_code, alerts::cleared_at.is_not_null()))
            .load(connection)?)
    })
}

fn told_of(app: &TestApp, alert: i64) -> Vec<String> {
    let query = format!(
        "SELECT COALESCE(min(town_code), '') || ' ' || COALESCE(max(town_code), '') AS t FROM outbox \
         WHERE topic = 'alert' AND entity_id = '{alert}'"
    );
    app.text(&query).split(' ').map(str::to_owned).collect()
}

both!(what_a_disabled_device_raised_ends_with_it, |app| async {
    app.add_towns();
    let station = app.add_station(1, None);
    for (code, by_office) in [("ST-1", true), ("ST-2", false)] {
        let id = app.add_device(code, DeviceKind::SmartStation, 1, DevicePlace::Station(station));
        let sos = app.add_alert(id, AlertKind::Sos, Channel::Sos, 1.0);
        app.add_alert(id, AlertKind::Smoke, Channel::Smoke, 9.0);
        app.hand.advance(TimeDelta::minutes(1));
        app.write(|tx| if by_office { put_in_service(tx, id, false) } else { disable_device(tx, code) });
        assert!(alerts_of(app, id).iter().all(|alert| alert.2), "{code}");
        assert_eq!(told_of(app, sos), [town_code(1), town_code(1)]);
        let login = if by_office { "duty1" } else { "duty2" };
        app.add_user(login, Role::DutyOfficer, town(1));
        let page = app.login(login).await.page(&format!("/alerts/{sos}?lang=en")).await;
        assert!(page.contains("by system: the device was moved or taken out of service"), "{page}");
        assert!(page.contains(&format!("/alerts/{sos}/acknowledge")), "over, and nobody has answered");
        app.write(|tx| put_in_service(tx, id, true));
        assert_eq!(alerts_of(app, id).len(), 2);
    }
});

both!(an_alert_stays_where_the_device_was_and_hides_none_at_its_new_place, |app| async {
    app.add_towns();
    let (near, far) = (app.add_station(1, None), app.add_station(2, None));
    let id = app.add_device("ST-1", DeviceKind::SmartStation, 1, DevicePlace::Station(near));
    let (service, address) = embedded(app).await;
    let mut device = Device::connect(app, address, "ST-1").await;
    assert_eq!(device.alarm(0, AlarmKind::Sos, true, 0).await, Seen::Acked);
    let offline = app.add_alert(id, AlertKind::Offline, Channel::Door, 90.0);
    move_to(app, id, DevicePlace::Station(far));
    let [near_town, far_town] = [town_code(1), town_code(2)].map(str::to_owned);
    assert_eq!(towns(app, id), [(near_town.clone(), true), (near_town.clone(), true)]);
    assert_eq!(
        told_of(app, offline),
        [near_town.clone().min(far_town.clone()), near_town.max(far_town.clone())]
    );
    let owed = app.count(&format!("SELECT count(*) AS n FROM devices WHERE id = {id} AND silence_owed"));
    assert_eq!(owed, 1, "its silence is to be told at its new place");
    // A call of before the move, by a clock that is behind, is a call all the same.
    let behind = device.header(Lane::Live, 1);
    app.hand.advance(TimeDelta::seconds(1));
    let header = Header { wall_ms: behind.wall_ms.map(|now| now - 30_000), ..behind };
    let alarm = Alarm { header, kind_code: AlarmKind::Sos.code(), raised: true, cause: None, attempt: 0 };
    let payload = encoded(|out| alarm.encode(out).unwrap());
    assert_eq!(device.send("alarm", &payload).await, Seen::Acked);
    assert_eq!(towns(app, id)[2], (far_town, false));
    service.stop().await;
});

/// What whoever sees the device and its station is told of it.
async fn shown(app: &TestApp, login: &str, (device, station): (i64, i64)) -> String {
    let (client, program) = (app.login(login).await, Program::enter(app, login).await);
    let mut told = client.page("/devices?lang=en").await;
    for path in [
        format!("/devices/{device}?lang=en"),
        format!("/devices/{device}?span=30d&lang=en"),
        format!("/devices/{device}?span=365d&lang=en"),
        format!("/stations/{station}?lang=en"),
        format!("/stations/{station}?span=365d&lang=en"),
        "/board?lang=en".to_owned(),
    ] {
        told += &client.page(&path).await;
    }
    for path in ["", "/spans", "/spans?span=30d", "/spans?span=365d"] {
        told += &program.read(&format!("/api/v1/devices/{device}{path}")).await.to_string();
    }
    told
}

both!(what_was_measured_with_an_elder_does_not_move_with_the_device, |app| async {
    app.add_towns();
    let (station, elder) = (app.add_station(1, None), app.add_elder(1));
    let id = app.add_device("HD-1", DeviceKind::HomeDevice, 1, DevicePlace::Station(station));
    app.add_user("lin", Role::Coordinator, town(1));
    let (service, address) = embedded(app).await;
    let mut device = Device::connect(app, address, "HD-1").await;
    move_to(app, id, DevicePlace::Elder(elder));
    app.hand.advance(TimeDelta::minutes(1));
    assert_eq!(device.live(0, Channel::Pulse, 117).await, Seen::Acked);
    assert_eq!(latest(app, id, Channel::Pulse), Some(117.0));
    let summed = |app: &TestApp, value: i64| {
        // The quarter hour and the hour in which it moves hold some of the elder's.
        for span_s in [900, 3_600] {
            let now = app.app.clock.now().and_utc().timestamp();
            let start = chrono::DateTime::from_timestamp(now - now.rem_euclid(span_s), 0).unwrap();
            let at = start.format("%Y-%m-%d %H:%M:%S.000");
            let code = Channel::Pulse.code();
            app.taken(&format!(
                "INSERT INTO reading_spans (device_id, channel, span_s, starts_at, readings, doubted, lowest, highest, \
                 total, last_value, last_at) VALUES ({id}, {code}, {span_s}, '{at}', 1, 0, {value}, {value}, {value}, \
                 {value}, '{at}')"
            ));
        }
    };
    summed(app, 117);
    move_to(app, id, DevicePlace::Station(station));
    assert_eq!(latest(app, id, Channel::Pulse), None);
    let told = shown(app, "lin", (id, station)).await;
    assert!(!told.contains("117 /min") && !told.contains("117.0"), "{told}");
    assert!(told.contains("Only what was measured at its present place"), "{told}");
    // A live message that was measured with the elder, and only came now, is no value of the station.
    let header = device.header(Lane::Live, 1);
    let late = Sample { age_ms: 90_000, ..Sample::new(Channel::Pulse, 119) };
    let payload = samples(&header, &[late]);
    assert_eq!(device.send("up", &payload).await, Seen::Acked);
    assert_eq!(latest(app, id, Channel::Pulse), None);
    let of_elder = "SELECT CAST(max(highest) AS BIGINT) AS n FROM elder_hours";
    assert_eq!(app.count(of_elder), 119, "it is the elder's");
    // From the next whole span on its figures are told.
    app.hand.advance(TimeDelta::hours(1));
    summed(app, 71);
    assert_eq!(device.live(2, Channel::Pulse, 72).await, Seen::Acked);
    let told = shown(app, "lin", (id, station)).await;
    assert!(!told.contains("117 /min") && !told.contains("117.0"), "{told}");
    assert!(told.contains("71 /min") && told.contains("72 /min"), "{told}");
    service.stop().await;
});

both!(devices_go_with_their_place_to_another_town, |app| async {
    app.add_towns();
    let (elder, station, house) = (app.add_elder(1), app.add_station(1, None), app.add_institution(1));
    let ids = [
        app.add_device("HD-1", DeviceKind::HomeDevice, 1, DevicePlace::Elder(elder)),
        app.add_device("ST-1", DeviceKind::SmartStation, 1, DevicePlace::Station(station)),
        app.add_device("FR-1", DeviceKind::FireSensor, 1, DevicePlace::Institution(house)),
    ];
    let lasting = ids.map(|id| app.add_alert(id, AlertKind::Smoke, Channel::Smoke, 9.0));
    app.report(ids[1], Channel::RoomTemperature, 23.0);
    app.hand.advance(TimeDelta::minutes(5));
    let all = Scope::system();
    app.write(|tx| {
        let mut input = get_elder_to_edit(tx.connection, &all, elder)?.input();
        input.village_code = village_code(2);
        songhe::elders::change(tx, elder, 1, &input)
    });
    app.write(|tx| {
        let permission = Permission::EditStation;
        let mut input = stations::store::get_station(tx.connection, &all, permission, station)?.input();
        input.village_code = village_code(2);
        stations::change(tx, station, 1, &input)
    });
    app.write(|tx| {
        let permission = Permission::EditInstitution;
        let mut input = institutions::store::get_institution(tx.connection, &all, permission, house)?.input();
        (input.town_code, input.village_code) = (town_code(2).to_owned(), None);
        institutions::change(tx, house, 1, &input)
    });
    let (service, address) = embedded(app).await;
    for (id, code) in ids.into_iter().zip(["HD-1", "ST-1", "FR-1"]) {
        let mut device = Device::connect(app, address, code).await;
        assert_eq!(device.alarm(0, AlarmKind::Sos, true, 0).await, Seen::Acked);
        let there = (town_code(2).to_owned(), false);
        assert_eq!(towns(app, id), [there.clone(), there], "{code}: what lasts and what comes");
        let places = format!(
            "SELECT count(*) AS n FROM device_places WHERE device_id = {id} AND ((town_code = '{}' AND to_at IS NOT NULL) \
             OR (town_code = '{}' AND to_at IS NULL))",
            town_code(1),
            town_code(2)
        );
        assert_eq!(app.count(&places), 2, "{code}");
    }
    for (login, number, sees) in [("here", 1, false), ("there", 2, true)] {
        app.add_user(login, Role::DutyOfficer, town(number));
        let client = app.login(login).await;
        let page = client.page("/alerts?state=all").await;
        for alert in lasting {
            assert_eq!(page.contains(&format!("/alerts/{alert}\"")), sees, "{login}");
        }
        assert_eq!(client.status(&format!("/devices/{}", ids[1])).await, if sees { 200 } else { 404 });
    }
    // The same station: its values and charts stay.
    assert_eq!(latest(app, ids[1], Channel::RoomTemperature), Some(23.0));
    app.add_user("wang", Role::CityManager, Place::City);
    let wang = Program::enter(app, "wang").await;
    let places = wang.read(&format!("/api/v1/devices/{}/places", ids[1])).await;
    assert_eq!(places["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(places["items"][0]["station_id"], json!(station));
    let page = app.login("wang").await.page(&format!("/devices/{}?lang=en", ids[1])).await;
    assert!(!page.contains("Only what was measured at its present place"), "{page}");
    service.stop().await;
});

both!(a_sites_own_alert_goes_with_the_site_and_each_device_says_so, |app| async {
    app.add_towns();
    let (station, house) = (app.add_station(1, None), app.add_institution(1));
    let id = app.add_device("ST-1", DeviceKind::SmartStation, 1, DevicePlace::Station(station));
    let site = |station_id: Option<i64>, institution_id: Option<i64>| {
        app.write(|tx| {
            let town_code = town_code(1);
            let raised_at = tx.now;
            let alert = NewSiteAlert { town_code, station_id, institution_id, silent: 3, raised_at };
            insert_site_alert(tx.connection, &alert)
        })
    };
    let lasting = [site(Some(station), None), site(None, Some(house))];
    let all = Scope::system();
    app.write(|tx| {
        let mut input =
            stations::store::get_station(tx.connection, &all, Permission::EditStation, station)?.input();
        input.village_code = village_code(2);
        stations::change(tx, station, 1, &input)
    });
    app.write(|tx| {
        let permission = Permission::EditInstitution;
        let mut input = institutions::store::get_institution(tx.connection, &all, permission, house)?.input();
        (input.town_code, input.village_code) = (town_code(2).to_owned(), None);
        institutions::change(tx, house, 1, &input)
    });
    let [here, there] = [town_code(1), town_code(2)];
    for alert in lasting {
        let town = app.text(&format!("SELECT town_code AS t FROM alerts WHERE id = {alert}"));
        assert_eq!(town, there);
        assert_eq!(told_of(app, alert), [here.min(there), here.max(there)], "both towns are told");
    }
    assert_eq!(version(app, id), 2);
    let moved = app.audited("device.place");
    assert_eq!(moved.len(), 1);
    assert!(moved[0].1.contains(&format!("[\"{here}\",\"{there}\"]")), "{moved:?}");
});

both!(a_device_that_moved_shows_no_value_of_the_elder_it_left, |app| async {
    app.add_towns();
    let (elder, next) = (app.add_elder(1), app.add_elder(1));
    let id = app.add_device("HD-1", DeviceKind::HomeDevice, 1, DevicePlace::Elder(elder));
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    app.add_alert(id, AlertKind::Threshold, Channel::Pulse, 191.0);
    let path = format!("/devices/{id}?lang=en");
    assert!(lin.page(&path).await.contains("191 /min"), "beside the look that is written down");
    let looks = |app: &TestApp| app.audited("elder.readings").len();
    assert_eq!(looks(app), 1);
    for place in [DevicePlace::Elder(next), DevicePlace::Station(app.add_station(1, None))] {
        move_to(app, id, place);
        let page = lin.page(&path).await;
        assert!(page.contains("Pulse") && !page.contains("191"), "{place:?}: {page}");
    }
    assert!(app.audited("elder.readings").iter().filter(|(of, _)| *of == elder.to_string()).count() == 1);
});
