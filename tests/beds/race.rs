//! Many clients over HTTP who want the same beds and the same elders at once.

use std::collections::HashMap;

use reqwest::Method;
use serde_json::{Value, json};
use songhe::access::{Place, Role};

use super::contest::OVERLAPS;
use super::help::counts;
use crate::support::app::{TestApp, both};
use crate::support::client::Client;
use crate::support::seed::PASSWORD;

const CLIENTS: usize = 64;
const BEDS: usize = 5;
const ELDERS: usize = 5;

async fn token(app: &TestApp) -> (Client, String) {
    let client = app.client();
    let body = json!({ "login": "manager", "password": PASSWORD });
    let response = client.request(Method::POST, "/api/v1/sessions").json(&body).send().await.unwrap();
    let opened: Value = response.json().await.unwrap();
    (client, opened["token"].as_str().unwrap().to_owned())
}

both!(sixty_four_clients_with_keys_fill_each_bed_once, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let beds: Vec<i64> = (0..BEDS).map(|_| app.add_bed(1, home)).collect();
    let elders: Vec<i64> = (0..ELDERS).map(|_| app.add_elder(1)).collect();
    // The manager sees who has a stay in the house: each elder had one.
    for elder in &elders {
        let statement = format!(
            "INSERT INTO stays (bed_id, elder_id, institution_id, town_code, starts_at, ends_at) SELECT id, {elder}, \
             institution_id, town_code, '2026-11-{:02} 00:00:00.000', '2026-11-{:02} 00:00:00.000' FROM beds WHERE id = {}",
            elder - elders[0] + 10,
            elder - elders[0] + 11,
            beds[0]
        );
        app.taken(&statement);
    }
    app.add_user("manager", Role::InstitutionManager, Place::Institution(home));
    let (client, token) = token(app).await;
    let attempts = (0..CLIENTS).flat_map(|one| {
        // Each asks twice with the same key, as after an answer that was lost.
        let (bed, elder) = (beds[one % BEDS], elders[(one / BEDS) % ELDERS]);
        [(one, bed, elder), (one, bed, elder)]
    });
    let answers = futures_util::future::join_all(attempts.map(|(one, bed, elder)| {
        let request = client
            .request(Method::POST, "/api/v1/stays")
            .bearer_auth(&token)
            .header("idempotency-key", format!("client-{one}"))
            .json(&json!({ "bed_id": bed, "elder_id": elder }));
        async move {
            let response = request.send().await.unwrap();
            let status = response.status().as_u16();
            (one, status, response.json::<Value>().await.unwrap())
        }
    }))
    .await;
    let mut made: HashMap<usize, Vec<i64>> = HashMap::new();
    for (one, status, body) in &answers {
        match status {
            201 => made.entry(*one).or_default().push(body["id"].as_i64().unwrap()),
            409 | 503 => {}
            other => panic!("{other}: {body}"),
        }
    }
    let admitted = app.audited("stay.admit").len();
    assert!(admitted >= 1 && admitted <= BEDS.min(ELDERS), "{admitted}");
    assert_eq!(made.len(), admitted, "one key for each stay");
    assert!(made.values().all(|ids| ids.iter().all(|id| *id == ids[0])), "one effect for each key: {made:?}");
    for query in OVERLAPS {
        assert_eq!(app.count(query), 0, "{query}");
    }
    for ids in made.values() {
        let stored = format!("SELECT count(*) AS n FROM stays WHERE id = {} AND ends_at IS NULL", ids[0]);
        assert_eq!(app.count(&stored), 1, "acknowledged is stored");
    }
    assert_eq!(counts(app).lived_in(), admitted as i64);
});

both!(a_key_answers_again_and_is_not_used_for_something_else, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let (bed, other) = (app.add_bed(1, home), app.add_bed(1, home));
    app.add_user("manager", Role::InstitutionManager, Place::Institution(home));
    let (client, token) = token(app).await;
    let take = |bed: i64, key: &str| {
        client
            .request(Method::POST, "/api/v1/outages")
            .bearer_auth(&token)
            .header("idempotency-key", key)
            .json(&json!({ "bed_id": bed, "why": "repair" }))
            .send()
    };
    let first = take(bed, "a").await.unwrap();
    assert_eq!(first.status(), 201);
    let first: Value = first.json().await.unwrap();
    let again: Value = take(bed, "a").await.unwrap().json().await.unwrap();
    assert_eq!(first["id"], again["id"]);
    assert_eq!(take(other, "a").await.unwrap().status(), 422);
    assert_eq!(take(bed, "b").await.unwrap().status(), 409, "another key is another wish");
    assert_eq!(take(other, &"k".repeat(101)).await.unwrap().status(), 422);
    assert_eq!(app.audited("outage.begin").len(), 1);
});
