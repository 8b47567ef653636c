//! Making a fire gateway a panel: by form and by interface, with a version and one message for what is wrong.

use reqwest::{Method, StatusCode};
use serde_json::json;
use songhe::access::Role;
use songhe::devices::{DeviceKind, DevicePlace};

use super::panel::{ADDRESS, Panel, add_panel, alerts_of, gateway};
use crate::api::{Program, fields};
use crate::support::app::both;
use crate::support::client::{expect, location};
use crate::support::seed::town;

both!(a_gateway_becomes_a_panel_by_form_and_is_heard_at_once, |app| async {
    app.add_towns();
    let institution = app.add_institution(1);
    let id = app.add_device("FR-1", DeviceKind::FireSensor, 1, DevicePlace::Institution(institution));
    add_panel(app, "FR-2", "0a0b0c0d0e0f", 1);
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let (service, address) = gateway(app).await;
    let path = format!("/devices/{id}/panel");
    assert!(lin.page(&format!("/devices/{id}")).await.contains(&path), "the page leads to the form");

    for (typed, profile, message) in [
        ("01020304050", "", "twelve hexadecimal digits"),
        ("0A0B0C0D0E0F", "", "is in use"),
        (ADDRESS, "acme", "There is no such dialect"),
    ] {
        let form = [("panel_address", typed), ("panel_profile", profile), ("version", "1")];
        let page = lin.post_form(&format!("{path}?lang=en"), &form).await;
        let page = expect(page, StatusCode::UNPROCESSABLE_ENTITY).await;
        assert!(page.contains(message) && page.contains(typed), "{page}");
    }
    let form = [("panel_address", ADDRESS), ("panel_profile", ""), ("version", "1")];
    location(&lin.post_form(&path, &form).await);
    let late = expect(lin.post_form(&path, &form).await, StatusCode::CONFLICT).await;
    assert!(late.contains("lin"), "{late}");

    let mut panel = Panel::connect(app, address, ADDRESS).await;
    let fire = panel.component((1, 1), 3, "厨房");
    panel.send(&fire).await;
    assert_eq!(alerts_of(app, id).len(), 1);
    assert!(lin.page(&format!("/devices/{id}")).await.contains(ADDRESS));
    assert_eq!(app.audited("device.panel").len(), 2);
    service.stop().await;
});

both!(who_may_make_a_panel_and_of_what, |app| async {
    app.add_towns();
    let station = app.add_station(1, None);
    let other = app.add_device("ST-1", DeviceKind::SmartStation, 1, DevicePlace::Station(station));
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    app.add_user("lin", Role::Coordinator, town(1));
    app.add_user("hong", Role::Coordinator, town(2));
    let (lin, hong) = (Program::enter(app, "lin").await, Program::enter(app, "hong").await);
    let body = |version: i64, address: &str| json!({ "version": version, "address": address });
    let path = |id: i64| format!("/api/v1/devices/{id}/panel");
    assert_eq!(hong.send(Method::POST, &path(id), &body(2, "0a0b0c0d0e0f")).await.0, 404);
    let (status, problem) = lin.send(Method::POST, &path(other), &body(1, "0a0b0c0d0e0f")).await;
    assert_eq!((status, fields(&problem)), (422, vec!["code"]), "{problem}");
    let (status, told) = lin.send(Method::POST, &path(id), &body(2, "0A0B0C0D0E0F")).await;
    assert_eq!((status, &told["address"]), (200, &json!("0a0b0c0d0e0f")), "{told}");
    assert_eq!(lin.send(Method::POST, &path(id), &body(2, ADDRESS)).await.0, 409);
});
