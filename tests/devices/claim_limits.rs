//! Limits on refused claims: by the client's own address, whoever stands between, and no longer log for whoever tries on.

use reqwest::{Method, StatusCode};
use serde_json::json;
use songhe::access::{Place, Role};
use songhe::devices::{DeviceKind, DevicePlace, DeviceSheet, NewRecord, register_device};

use crate::api::{Program, answer};
use crate::support::app::{TestApp, both};
use crate::support::client::Client;
use crate::support::seed::PASSWORD;

/// A code that was used: nothing that is tried with it succeeds.
async fn used_code(app: &TestApp) -> String {
    app.add_towns();
    app.add_user("wang", Role::CityManager, Place::City);
    let wang = Program::enter(app, "wang").await;
    let place = DevicePlace::Station(app.add_station(1, None));
    let sheet = DeviceSheet { name: "ST-1".to_owned(), ..DeviceSheet::default() };
    let new = NewRecord { code: "ST-1".to_owned(), kind: DeviceKind::SmartStation, place, sheet };
    let device = app.write(|tx| register_device(tx, &new));
    let path = format!("/api/v1/devices/{device}/claim-code");
    let (status, body) = answer(wang.request(Method::POST, &path).send().await.unwrap()).await;
    assert_eq!(status, 200, "{body}");
    let code = body["claim_code"].as_str().unwrap().to_owned();
    assert_eq!(claim(&app.client(), &code, "").await, 200);
    code
}

/// Tries a code as a proxy hands it on.
async fn claim(client: &Client, code: &str, forwarded_for: &str) -> u16 {
    let mut request =
        client.request(Method::POST, "/api/v1/devices/claim").json(&json!({ "claim_code": code }));
    if !forwarded_for.is_empty() {
        request = request.header("x-forwarded-for", forwarded_for);
    }
    request.send().await.unwrap().status().as_u16()
}

/// What ten tries are answered, and the one after them.
async fn eleven(client: &Client, code: &str, forwarded_for: impl Fn(u16) -> String) -> (Vec<u16>, u16) {
    let mut first = Vec::new();
    for number in 1..=10 {
        first.push(claim(client, code, &forwarded_for(number)).await);
    }
    first.dedup();
    (first, claim(client, code, &forwarded_for(11)).await)
}

fn behind_a_proxy(app: &TestApp) -> TestApp {
    app.replica(|config| config.http.trusted_proxies = "127.0.0.1".parse().unwrap())
}

both!(behind_a_trusted_proxy_each_client_has_its_own_tries, |app| async {
    let code = used_code(app).await;
    let replica = behind_a_proxy(app);
    let tool = replica.client();
    let (first, last) = eleven(&tool, &code, |_| "203.0.113.9".to_owned()).await;
    assert_eq!((first, last), (vec![409], 429));
    assert_eq!(claim(&tool, &code, "198.51.100.7").await, 409, "of nobody else's tries");
    // What a client puts in front itself changes nothing, and what is no address is the proxy's own.
    assert_eq!(claim(&tool, &code, "192.0.2.1, 203.0.113.9").await, 429);
    assert_eq!(claim(&tool, &code, "203.0.113.9, nonsense").await, 409);
    let mine = app.count("SELECT count(*) AS n FROM device_claim_tries WHERE address = '127.0.0.1'");
    assert_eq!(mine, 1);
    // The audit and a session name the client.
    let told = app.audited("device.claim_refused");
    assert!(told.iter().all(|(_, detail)| detail.contains("\"203.0.113.9\"")), "{told:?}");
    let login = json!({ "login": "wang", "password": PASSWORD });
    let entered = tool.request(Method::POST, "/api/v1/sessions").header("x-forwarded-for", "2001:db8::5");
    assert_eq!(entered.json(&login).send().await.unwrap().status(), StatusCode::CREATED);
    let address = app.text("SELECT address AS t FROM sessions ORDER BY id DESC LIMIT 1");
    assert_eq!(address, "2001:db8::5");
    // What is for this machine only is not for whoever comes through its proxy.
    let metrics = tool.request(Method::GET, "/metrics").header("x-forwarded-for", "203.0.113.9");
    assert_eq!(metrics.send().await.unwrap().status(), StatusCode::NOT_FOUND);
    assert_eq!(tool.status("/metrics").await, 200);
});

both!(whoever_is_no_proxy_is_not_believed, |app| async {
    let code = used_code(app).await;
    let (first, last) = eleven(&app.client(), &code, |number| format!("203.0.113.{number}")).await;
    assert_eq!((first, last), (vec![409], 429), "one address, whatever it claims");
});

both!(of_ipv6_a_network_counts_as_one_address, |app| async {
    let code = used_code(app).await;
    let replica = behind_a_proxy(app);
    let tool = replica.client();
    let (first, last) = eleven(&tool, &code, |number| format!("2001:db8:1:2::{number:x}")).await;
    assert_eq!((first, last), (vec![409], 429));
    assert_eq!(claim(&tool, &code, "2001:db8:1:3::1").await, 409);
});

both!(a_used_code_makes_the_log_no_longer_for_ever, |app| async {
    let code = used_code(app).await;
    let replica = behind_a_proxy(app);
    let tool = replica.client();
    for address in 1..=3 {
        let (first, last) = eleven(&tool, &code, |_| format!("203.0.113.{address}")).await;
        assert_eq!((first, last), (vec![409], 429));
    }
    assert_eq!(app.audited("device.claim_refused").len(), 5);
    assert_eq!(app.count("SELECT count(*) AS n FROM device_claim_tries"), 30);
});
