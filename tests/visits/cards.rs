//! What a door card proves: the right one, an old one, somebody else's; and what its code opens for whom.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use songhe::access::{Place, Role};
use songhe::elders::cards::{code_of, grouped, issue, revoke};
use songhe::visits::assign;

use super::{planned, visit_of};
use crate::api::{Program, answer};
use crate::support::app::{TestApp, both};
use crate::support::client::{Client, location};
use crate::support::seed::town;

/// A visit at ten with a card at its door, and the caregiver's phone.
async fn ready(app: &TestApp) -> (i64, i64, Program) {
    app.add_towns();
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    let elder = app.add_elder(1);
    let id = planned(app, elder, (600, 720));
    app.write(|tx| assign(tx, id, 1, caregiver, None));
    app.write(|tx| issue(tx, elder, None));
    app.add_user("chen", Role::Caregiver, Place::Own(caregiver));
    app.hand.advance(TimeDelta::minutes(60));
    (id, elder, Program::enter(app, "chen").await)
}

fn code(app: &TestApp, elder: i64) -> String {
    app.read(|connection| code_of(connection, app.keys(), elder)).unwrap()
}

/// A new card in place of the one that counts.
fn exchange(app: &TestApp, elder: i64) {
    let seen = app.count(&format!("SELECT max(id) AS n FROM door_cards WHERE elder_id = {elder}"));
    app.write(|tx| issue(tx, elder, Some(seen)));
}

/// A step without a place, `ago` minutes before now.
async fn report(
    app: &TestApp,
    program: &Program,
    visit: i64,
    (kind, ago_min): (&str, i64),
    code: &str,
) -> Value {
    let (calendar, now) = (app.app.calendar, app.app.clock.now());
    let body = json!({
        "kind": kind, "device_at": calendar.rfc3339(now - TimeDelta::minutes(ago_min)), "sent_at": calendar.rfc3339(now),
        "device_ms": 1_000, "sent_ms": 1_000 + ago_min * 60_000, "no_position": "timeout", "code": code,
        "offline": ago_min > 0,
    });
    let key = format!("{visit}-{kind}-{ago_min}");
    let request = program.request(Method::POST, &format!("/api/v1/visits/{visit}/steps"));
    let (status, told) =
        answer(request.header("idempotency-key", key).json(&body).send().await.unwrap()).await;
    assert_eq!(
        (status, &told["outcome"]),
        (200, &json!("taken")),
        "no card keeps a step from being taken: {told}"
    );
    told
}

both!(the_right_card_gives_a_visit_without_a_place_its_strength, |app| async {
    let (id, elder, chen) = ready(app).await;
    // As people write it, and as an input method does.
    let told = report(app, &chen, id, ("arrive", 0), &grouped(&code(app, elder))).await;
    assert_eq!(told["code_found"], "right", "{told}");
    app.hand.advance(TimeDelta::minutes(30));
    let wide: String =
        code(app, elder).chars().map(|digit| char::from_u32(digit as u32 - 0x30 + 0xFF10).unwrap()).collect();
    let told = report(app, &chen, id, ("finish", 0), &wide).await;
    assert_eq!((&told["code_found"], &told["strength"]), (&json!("right"), &json!("fair")), "{told}");
    assert_eq!(app.count("SELECT count(*) AS n FROM visit_exceptions"), 0);
    let proof = chen.read(&format!("/api/v1/visits/{id}/proof")).await.to_string();
    assert!(proof.contains("服务卡号码正确"), "{proof}");
});

both!(an_old_a_foreign_and_an_unknown_card_are_told_as_such, |app| async {
    let (_, elder, chen) = ready(app).await;
    let caregiver = app.count("SELECT max(id) AS n FROM caregivers");
    let other = app.add_elder(1);
    app.write(|tx| issue(tx, other, None));
    let (old, foreign) = (code(app, elder), code(app, other));
    exchange(app, elder);
    app.hand.advance(TimeDelta::seconds(1));
    app.add_user("lin", Role::Coordinator, town(1));
    let cases = [
        (old.as_str(), "old", "旧卡"),
        (&foreign, "foreign", "别人家"),
        ("00000000", "unknown", "服务卡号码不符"),
    ];
    for (hour, (given, found, said)) in cases.into_iter().enumerate() {
        let from = 660 + hour as i32 * 60;
        let visit = planned(app, elder, (from, from + 60));
        app.write(|tx| assign(tx, visit, 1, caregiver, None));
        let told = report(app, &chen, visit, ("arrive", 0), given).await;
        assert_eq!(told["code_found"], found, "{told}");
        app.hand.advance(TimeDelta::minutes(30));
        let (calendar, now) = (app.app.calendar, app.app.clock.now());
        let body = json!({
            "kind": "finish", "device_at": calendar.rfc3339(now), "sent_at": calendar.rfc3339(now), "device_ms": 1, "sent_ms": 1,
            "position": { "longitude": 118.55, "latitude": 24.82, "accuracy_m": 15.0 },
        });
        let request = chen.request(Method::POST, &format!("/api/v1/visits/{visit}/steps"));
        let sent =
            request.header("idempotency-key", format!("finish-{visit}")).json(&body).send().await.unwrap();
        assert_eq!(answer(sent).await.0, 200);
        let proof = chen.read(&format!("/api/v1/visits/{visit}/proof")).await;
        let finding =
            proof["findings"].as_array().unwrap().iter().find(|one| one["element"] == "code").unwrap();
        assert!(finding["text"].as_str().unwrap().contains(said), "{finding}");
        let verdict = if found == "old" { "fair" } else { "weak" };
        assert_eq!(finding["verdict"], verdict, "{finding}");
        let page = app.login("lin").await.page(&format!("/visits/{visit}")).await;
        assert!(page.contains(said), "{page}");
        assert_eq!(proof["steps"][0]["code_found"], found);
        app.hand.advance(TimeDelta::minutes(30));
    }
});

both!(a_card_that_counted_when_it_was_read_counts_though_the_report_came_later, |app| async {
    let (id, elder, chen) = ready(app).await;
    let before = code(app, elder);
    app.hand.advance(TimeDelta::minutes(40));
    let seen = app.count("SELECT max(id) AS n FROM door_cards");
    app.write(|tx| revoke(tx, elder, seen));
    app.hand.advance(TimeDelta::minutes(10));
    let told = report(app, &chen, id, ("arrive", 45), &before).await;
    assert_eq!(told["code_found"], "right", "it was read before the card was revoked: {told}");
    let told = report(app, &chen, id, ("finish", 5), &before).await;
    assert_eq!(told["code_found"], "old", "and this was read afterwards: {told}");
    assert!(visit_of(app, id).ended_at.is_some());
});

async fn opened(client: &Client, code: &str) -> String {
    location(&client.get(&format!("/card/{code}")).await)
}

both!(the_code_of_a_card_opens_nothing_for_a_stranger, |app| async {
    let (id, elder, _) = ready(app).await;
    let right = code(app, elder);
    let (chen, lin) = (app.login("chen").await, app.user("lin", Role::Coordinator, town(1)).await);
    let hong = app.user("hong", Role::Coordinator, town(2)).await;
    let nobody = app.client();
    let seen = nobody.page(&format!("/card/{right}")).await;
    assert!(seen.contains("居家养老服务卡") && seen.contains("tel:12345"), "{seen}");
    assert!(!seen.contains(&app.name_of_elder(elder)) && !seen.contains("青阳"), "{seen}");
    // Of no number it says anything else: nobody finds out which ones there are.
    let plain = |page: String, code: &str| page.replace(code, "CODE");
    for guess in ["12345678", "00000000", "no-such-card"] {
        assert_eq!(
            plain(nobody.page(&format!("/card/{guess}")).await, guess),
            plain(seen.clone(), &right),
            "{guess}"
        );
    }
    assert_eq!(opened(&lin, &right).await, format!("/elders/{elder}"));
    assert!(
        hong.page(&format!("/card/{right}")).await.contains("tel:12345"),
        "another town's is a stranger's"
    );

    assert_eq!(opened(&chen, &right).await, format!("/today?card={right}#visit-{id}"));
    assert!(
        !chen.page(&format!("/today?card={right}")).await.contains("class=\"banner warn\" role=\"status\"")
    );
    exchange(app, elder);
    assert_eq!(
        opened(&chen, &right).await,
        format!("/today?card={right}#visit-{id}"),
        "an old card still leads there"
    );
    assert!(
        chen.page(&format!("/today?card={right}&lang=en")).await.contains("tell the office to exchange it")
    );
    let other = app.add_elder(1);
    app.write(|tx| issue(tx, other, None));
    let foreign = code(app, other);
    assert_eq!(opened(&chen, &foreign).await, format!("/today?card={foreign}"));
    assert!(
        chen.page(&format!("/today?card={foreign}&lang=en"))
            .await
            .contains("none of the elders you visit today")
    );
});
