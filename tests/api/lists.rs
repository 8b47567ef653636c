//! What holds for every list and its records: they are walked whole, agree with each other, and end at the asker's area.

use serde_json::{Value, json};
use songhe::access::{Place, Role};
use songhe::alerts::AlertKind;
use songhe::devices::{DeviceKind, DevicePlace};
use songhe_firmware_protocol::Channel;

use super::{Program, put_personal};
use crate::support::app::{TestApp, both};
use crate::support::seed::{town, town_code, village_code};

/// Address of a list, and the field by which its records are found.
const LISTS: [(&str, &str); 12] = [
    ("towns", "code"),
    ("villages", "code"),
    ("institutions", "id"),
    ("stations", "id"),
    ("providers", "id"),
    ("caregivers", "id"),
    ("elders", "id"),
    ("beds", "id"),
    ("stays", "id"),
    ("visits", "id"),
    ("devices", "id"),
    ("alerts", "id"),
];

/// Some of everything, in towns 1 and 2; town 3 stays empty.
async fn city(app: &TestApp) {
    app.add_towns();
    for number in [1, 2, 1] {
        let (institution, provider) = (app.add_institution(number), app.add_provider(number));
        let place = DevicePlace::Station(app.add_station(number, Some(provider)));
        let device = app.add_device(&format!("D{institution}"), DeviceKind::SmartStation, number, place);
        app.add_alert(device, AlertKind::Sos, Channel::Sos, 1.0);
        app.add_caregiver(number, provider);
        let login = format!("manager{institution}");
        app.add_user(&login, Role::InstitutionManager, Place::Institution(institution));
        let (bed, resident, client) =
            (app.add_bed(number, institution), app.add_elder(number), app.add_elder(number));
        let manager = Program::enter(app, &login).await;
        // The elder has not lived here before: only the identity number would find one of elsewhere.
        app.write(|tx| {
            let admission = songhe::beds::Admission::now(songhe::beds::Whom::Elder(resident), bed);
            songhe::beds::admit(tx, &admission)
        });
        assert_eq!(manager.read(&format!("/api/v1/beds/{bed}")).await["state"], "occupied");
        let plan = songhe::visits::Plan {
            elder_id: client,
            service_code: "meal".to_owned(),
            service_on: app.app.calendar.day_of(app.app.clock.now()),
            window_starts_min: 14 * 60,
            window_ends_min: 16 * 60,
        };
        app.write(|tx| songhe::visits::plan(tx, &plan));
    }
    app.add_user("hu", Role::CityManager, Place::City);
    app.add_user("lin", Role::Coordinator, town(1));
    app.add_user("far", Role::Coordinator, town(3));
}

async fn all(program: &Program, list: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut cursor = String::new();
    for _ in 0..100 {
        let page = program.read(&format!("/api/v1/{list}?limit=2{cursor}")).await;
        rows.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return rows,
        }
    }
    panic!("{list} has no end");
}

fn address(list: &str, key: &str, row: &Value) -> String {
    let key = row[key].as_str().map_or_else(|| row[key].to_string(), str::to_owned);
    format!("/api/v1/{list}/{key}")
}

both!(a_record_is_the_same_in_its_list_and_by_itself, |app| async {
    city(app).await;
    let hu = Program::enter(app, "hu").await;
    for (list, key) in LISTS {
        let rows = all(&hu, list).await;
        assert!(rows.len() >= 3, "{list}: {rows:?}");
        for row in rows {
            let one = hu.read(&address(list, key, &row)).await;
            for (field, value) in row.as_object().unwrap() {
                assert_eq!(one[field], *value, "{list}: {field}");
            }
        }
    }
});

both!(a_list_ends_at_the_askers_area_and_so_do_its_records, |app| async {
    city(app).await;
    let (hu, lin, far) =
        (Program::enter(app, "hu").await, Program::enter(app, "lin").await, Program::enter(app, "far").await);
    for (list, key) in LISTS {
        let field = if list == "towns" { "code" } else { "town_code" };
        let (everything, near) = (all(&hu, list).await, all(&lin, list).await);
        let mine: Vec<&Value> = everything.iter().filter(|row| row[field] == town_code(1)).collect();
        let ids = |rows: &[&Value]| rows.iter().map(|row| row[key].clone()).collect::<Vec<_>>();
        assert_eq!(ids(&near.iter().collect::<Vec<_>>()), ids(&mine), "{list}");
        assert!(!mine.is_empty() && mine.len() < everything.len(), "{list}");
        for row in &everything {
            let status = lin.get(&address(list, key, row)).await.status();
            assert_eq!(status, if row[field] == town_code(1) { 200 } else { 404 }, "{list}: {row}");
            if row[field] != town_code(3) {
                assert_eq!(far.refusal(&address(list, key, row)).await.0, 404, "{list}: {row}");
            }
        }
    }
});

both!(an_unknown_code_or_number_is_not_found, |app| async {
    city(app).await;
    let hu = Program::enter(app, "hu").await;
    for (list, _) in LISTS {
        for key in ["999999999", "0", "x", "%00", "a%2Fb"] {
            let (status, problem) = hu.refusal(&format!("/api/v1/{list}/{key}")).await;
            assert_eq!((status, &problem["code"]), (404, &json!("not_found")), "{list}/{key}");
        }
    }
});

both!(personal_data_is_masked_and_never_in_a_list, |app| async {
    app.add_towns();
    app.add_user("lin", Role::Coordinator, town(1));
    let id = app.add_elder(1);
    let personal = songhe::elders::Personal {
        identity: "350582194605010011".to_owned(),
        phone: "13800001234".to_owned(),
        address: format!("{}8号", village_code(1)),
        ..songhe::elders::Personal::default()
    };
    put_personal(app, id, &personal);
    let lin = Program::enter(app, "lin").await;
    let (one, list) = (lin.read(&format!("/api/v1/elders/{id}")).await, lin.read("/api/v1/elders").await);
    assert_eq!(one["identity_masked"], "350582********0011");
    assert_eq!(one["phone_masked"], "138****1234");
    assert_eq!(one["has_address"], true);
    for text in [one.to_string(), list.to_string()] {
        for hidden in [&personal.identity, &personal.phone, &personal.address] {
            assert!(!text.contains(hidden.as_str()), "{text}");
        }
    }
});
