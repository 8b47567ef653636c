//! The devices of a station and of an institution on their pages.

use songhe::access::{Place, Role};
use songhe::alerts::AlertKind;
use songhe::devices::{DeviceKind, DevicePlace, disable_device};
use songhe_firmware_protocol::Channel;

use super::add_people;
use crate::support::app::both;
use crate::support::seed::town;

both!(a_station_shows_its_devices_latest_values_to_whoever_reaches_it, |app| async {
    add_people(app);
    let (ours, theirs) = (app.add_provider(1), app.add_provider(1));
    let (station, other) = (app.add_station(1, Some(ours)), app.add_station(1, Some(theirs)));
    let device = |code: &str, station| {
        app.add_device(code, DeviceKind::SmartStation, 1, DevicePlace::Station(station))
    };
    let (in_service, out, foreign) =
        (device("ST-1", station), device("ST-2", station), device("ST-3", other));
    for (device, value) in [(in_service, 23.5), (out, 31.5), (foreign, 17.5)] {
        app.report(device, Channel::RoomTemperature, value);
    }
    app.report(in_service, Channel::Door, 1.0);
    app.write(|tx| disable_device(tx, "ST-2"));
    app.add_user("su", Role::Coordinator, Place::Provider(ours));
    let path = format!("/stations/{station}?lang=en");
    for login in ["wu", "lin", "su"] {
        let page = app.login(login).await.page(&path).await;
        assert!(page.contains("Latest readings") && page.contains("23.5 °C"), "{login}: {page}");
        assert!(page.contains(&format!("data-live-value=\"reading:{in_service}:32\"")), "{login}: {page}");
        assert!(page.contains("ST-1") && page.contains(">open<"), "{login}: {page}");
        assert!(!page.contains("ST-2") && !page.contains("31.5"), "{login} sees a device out of service");
        assert!(!page.contains("ST-3") && !page.contains("17.5"), "{login} sees another station's device");
    }
    assert_eq!(app.login("cai").await.status(&path).await, 404);
});

both!(an_institution_shows_its_devices_to_its_own_people, |app| async {
    add_people(app);
    let (home, other) = (app.add_institution(1), app.add_institution(1));
    for (code, house) in [("FIRE-2", home), ("FIRE-1", home), ("FIRE-3", other)] {
        app.add_device(code, DeviceKind::FireSensor, 1, DevicePlace::Institution(house));
    }
    app.add_user("mei", Role::InstitutionManager, Place::Institution(home));
    app.add_user("duty", Role::DutyOfficer, town(1));
    let path = format!("/institutions/{home}?lang=en");
    for login in ["mei", "duty", "wu"] {
        let page = app.login(login).await.page(&path).await;
        let at = |code: &str| page.find(code).unwrap_or_else(|| panic!("{login}: {code} in {page}"));
        assert!(at("FIRE-1") < at("FIRE-2"), "in order of code");
        assert!(page.contains("Never connected") && !page.contains("FIRE-3"), "{login}: {page}");
    }
});

both!(whoever_works_for_a_stations_provider_reaches_its_devices_and_alerts, |app| async {
    add_people(app);
    let (ours, theirs) = (app.add_provider(1), app.add_provider(1));
    let (station, other) = (app.add_station(1, Some(ours)), app.add_station(1, Some(theirs)));
    let device = |code: &str, station| {
        app.add_device(code, DeviceKind::SmartStation, 1, DevicePlace::Station(station))
    };
    let (near, far) = (device("ST-1", station), device("ST-2", other));
    let call = app.add_alert(near, AlertKind::Sos, Channel::Sos, 1.0);
    let foreign = app.add_alert(far, AlertKind::Sos, Channel::Sos, 1.0);
    let su = app.user("su", Role::Coordinator, Place::Provider(ours)).await;
    let page = su.page(&format!("/stations/{station}")).await;
    assert!(page.contains(&format!("href=\"/devices/{near}\"")), "{page}");
    assert_eq!(
        (su.status(&format!("/devices/{near}")).await, su.status(&format!("/devices/{far}")).await),
        (200, 404)
    );
    let list = su.page("/alerts").await;
    assert!(list.contains(&format!("/alerts/{call}/acknowledge")) && !list.contains("ST-2"), "{list}");
    assert_eq!(su.status(&format!("/alerts/{foreign}")).await, 404);
    assert_eq!(su.post_form(&format!("/alerts/{foreign}/acknowledge"), &[]).await.status(), 404);
    su.post_form(&format!("/alerts/{call}/acknowledge"), &[]).await;
    assert_eq!(app.audited("alert.acknowledge").len(), 1);
});
