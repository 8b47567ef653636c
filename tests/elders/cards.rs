//! Door cards: one counts at a time, an ended one stays ended, paper tells no more than it must, and who may do what.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use songhe::access::{Place, Role};
use songhe::elders::cards::{code_of, grouped, issue};

use crate::api::{Program, answer, fields};
use crate::support::app::{TestApp, both};
use crate::support::client::{Client, expect, location};
use crate::support::people::{ADDRESS, IDENTITY, PHONE};
use crate::support::seed::town;

/// The number that is right at an elder's door.
fn code(app: &TestApp, elder: i64) -> String {
    app.read(|connection| code_of(connection, app.keys(), elder)).expect("a card counts")
}

fn valid(app: &TestApp) -> i64 {
    app.count("SELECT count(*) AS n FROM door_cards WHERE ended_at IS NULL")
}

async fn send(client: &Client, path: &str, seen: &str) -> reqwest::Response {
    client.post_form(path, &[("seen", seen)]).await
}

both!(a_card_is_issued_exchanged_and_revoked, |app| async {
    app.add_towns();
    let elder = app.add_sealed_elder(1, IDENTITY);
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    app.add_user("wu", Role::Coordinator, Place::City);
    let wu = app.login("wu").await;
    let path = format!("/elders/{elder}/card");
    assert!(lin.page(&format!("/elders/{elder}")).await.contains(&format!("href=\"{path}\"")));
    let early = code(app, elder);
    assert!(lin.page(&path).await.contains(&grouped(&early)), "until there is a card the told digits count");
    assert_eq!(location(&send(&lin, &path, "").await), path);
    let first = code(app, elder);
    assert!(first.len() == 8 && first != early);
    let page = lin.page(&path).await;
    assert!(
        page.contains(&grouped(&first)) && page.contains("老**") && page.contains("居家养老服务卡"),
        "{page}"
    );
    let card = page.split("class=\"door-card\"").nth(1).unwrap().split("</article>").next().unwrap();
    for hidden in [IDENTITY, PHONE, ADDRESS, &app.name_of_elder(elder)] {
        assert!(!card.contains(hidden), "{hidden} hangs at the door: {card}");
    }
    // Its words are Chinese in the English interface too; whom to call is the coordinator, or else the city.
    let english = lin.page(&format!("{path}?lang=en")).await;
    assert!(english.contains("Issue a new card") && english.contains("扫码") && english.contains("12345"));
    location(&lin.post_form("/account/phone", &[("work_phone", "0595-00009000")]).await);
    assert!(lin.page(&path).await.contains("0595-00009000"));

    let seen = app.count("SELECT id AS n FROM door_cards");
    location(&send(&wu, &path, &seen.to_string()).await);
    let second = code(app, elder);
    assert!(second != first && valid(app) == 1);
    // Whoever saw the first card exchanges nothing any more, and is told who was faster.
    for stale in ["", &seen.to_string()] {
        let late = send(&lin, &format!("{path}?lang=en"), stale).await;
        assert!(expect(late, StatusCode::CONFLICT).await.contains("wu"));
        let late = send(&lin, &format!("{path}/revoke"), &seen.to_string()).await;
        assert_eq!(late.status(), StatusCode::CONFLICT);
    }
    assert_eq!(code(app, elder), second);
    app.refused(&format!(
        "UPDATE door_cards SET ended_at = NULL, ended_by = NULL, ending = NULL WHERE id = {seen}"
    ));
    app.refused(&format!(
        "INSERT INTO door_cards (elder_id, code_sealed, code_index, issued_at, issued_by) SELECT elder_id, code_sealed, \
         code_index, issued_at, issued_by FROM door_cards WHERE id = {seen}"
    ));
    let now = app.count("SELECT max(id) AS n FROM door_cards").to_string();
    location(&send(&lin, &format!("{path}/revoke"), &now).await);
    assert_eq!(app.read(|connection| code_of(connection, app.keys(), elder)), None);
    assert!(lin.page(&format!("{path}?lang=en")).await.contains("The card was revoked"));
    location(&send(&lin, &path, "").await);
    assert_eq!((valid(app), app.count("SELECT count(*) AS n FROM door_cards")), (1, 3));
    let written = ["elder.issue_card", "elder.revoke_card"].map(|action| app.audited(action).len());
    assert_eq!(written, [3, 1]);
    assert!(!app.audited("elder.print_card").is_empty(), "each look at the number is written down");
    for secret in [&first, &second] {
        let told = app.count(&format!("SELECT count(*) AS n FROM audit_log WHERE detail LIKE '%{secret}%'"));
        assert_eq!(told, 0, "the log holds no number");
    }
    let timeline = lin.page(&format!("/elders/{elder}/timeline?kind=record&lang=en")).await;
    assert!(timeline.contains("Issue a door card") && timeline.contains("Revoke a door card"), "{timeline}");
});

both!(who_edits_a_record_issues_its_card, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    app.write(|tx| issue(tx, elder, None));
    let duty = app.user("duty", Role::DutyOfficer, Place::City).await;
    let hong = app.user("hong", Role::Coordinator, town(2)).await;
    let path = format!("/elders/{elder}/card");
    assert!(!duty.page(&format!("/elders/{elder}")).await.contains(&path));
    for (client, status) in [(&duty, 403), (&hong, 404)] {
        assert_eq!(client.status(&path).await, status);
        assert_eq!(send(client, &path, "").await.status(), status);
        assert_eq!(send(client, &format!("{path}/revoke"), "1").await.status(), status);
    }
    assert_eq!(duty.status("/elders/cards").await, 403);
    assert_eq!(send(&hong, &format!("{path}/revoke"), "x").await.status(), 422);
    assert_eq!((valid(app), app.count("SELECT count(*) AS n FROM door_cards")), (1, 1));
    assert!(app.audited("elder.print_card").is_empty());
});

both!(cards_of_a_town_or_of_some_are_issued_and_printed_together, |app| async {
    app.add_towns();
    let elders: Vec<i64> = (0..10).map(|_| app.add_elder(1)).collect();
    let (foreign, home) = (app.add_elder(2), app.add_elder(1));
    app.taken(&format!("UPDATE elders SET home_visits = FALSE WHERE id = {home}"));
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let names = elders.iter().map(|id| app.name_of_elder(*id)).collect::<Vec<_>>();
    let page = lin.page("/elders/cards?lang=en").await;
    assert!(names.iter().all(|name| page.contains(name)) && page.contains("None"), "{page}");
    assert!(!page.contains(&app.name_of_elder(foreign)) && !page.contains(&app.name_of_elder(home)));
    assert!(lin.page("/elders/cards/sheet?lang=en").await.contains("issue them first"));

    let two =
        [("elder", elders[0].to_string()), ("elder", elders[1].to_string()), ("elder", foreign.to_string())];
    let two: Vec<(&str, &str)> = two.iter().map(|(name, id)| (*name, id.as_str())).collect();
    assert_eq!(location(&lin.post_form("/elders/cards", &two).await), "/elders/cards?issued=2");
    assert_eq!(valid(app), 2);
    let kept = (code(app, elders[0]), code(app, elders[1]));
    let to = location(&lin.post_form("/elders/cards", &[("town", "350582001")]).await);
    assert_eq!(to, "/elders/cards?town=350582001&issued=8");
    assert!(lin.page(&format!("{to}&lang=en")).await.contains("8 cards were issued"));
    assert_eq!(kept, (code(app, elders[0]), code(app, elders[1])), "who has a card keeps it");
    assert_eq!((valid(app), app.audited("elder.issue_card").len()), (10, 10));

    let sheet = lin.page("/elders/cards/sheet?town=350582001").await;
    assert_eq!(sheet.matches("class=\"door-card\"").count(), 10);
    assert!(elders.iter().all(|elder| sheet.contains(&grouped(&code(app, *elder)))));
    let some = lin.page(&format!("/elders/cards/sheet?elder={}&elder={foreign}", elders[3])).await;
    assert!(
        some.matches("class=\"door-card\"").count() == 1 && some.contains(&grouped(&code(app, elders[3])))
    );
    let looks = app.audited("elder.print_card");
    assert!(looks.len() == 2 && looks[0].1.matches(',').count() == 9, "one row names all: {looks:?}");
    assert!(!looks.iter().any(|(_, detail)| detail.contains(&kept.0)));
    let without = lin.page("/elders/cards?card=false&lang=en").await;
    assert!(without.contains("No elder who is visited at home fits"), "{without}");
    for wrong in ["elder=x", "q=%00"] {
        assert_eq!(lin.status(&format!("/elders/cards/sheet?{wrong}")).await, 422, "{wrong}");
    }
});

both!(a_program_issues_tells_and_revokes_cards, |app| async {
    app.add_towns();
    let (elder, other) = (app.add_elder(1), app.add_elder(1));
    app.add_user("lin", Role::Coordinator, town(1));
    app.add_user("hong", Role::Coordinator, town(2));
    let (lin, hong) = (Program::enter(app, "lin").await, Program::enter(app, "hong").await);
    let path = format!("/api/v1/elders/{elder}/card");
    assert_eq!(lin.read(&path).await, json!({ "elder_id": elder, "cards": [] }));
    let show = |program: &Program| program.request(Method::POST, &format!("{path}/show")).send();
    assert_eq!(answer(show(&lin).await.unwrap()).await.0, 404, "there is no card yet");
    let (status, made) = lin.send(Method::POST, &path, &json!({ "seen_id": null })).await;
    let card = made["cards"][0]["id"].clone();
    assert_eq!((status, &made["cards"][0]["issued_by"]), (201, &json!("lin")), "{made}");
    let (status, told) = answer(show(&lin).await.unwrap()).await;
    assert_eq!((status, told["code"].as_str().unwrap()), (200, code(app, elder).as_str()));
    assert!(told["url"].as_str().unwrap().ends_with(&format!("/card/{}", code(app, elder))), "{told}");
    assert_eq!(app.audited("elder.print_card").len(), 1);
    let (status, late) = lin.send(Method::POST, &path, &json!({ "seen_id": null })).await;
    assert_eq!((status, &late["conflict"]["who"]), (409, &json!("lin")));
    let again = json!({ "seen_id": card });
    for refused in [hong.send(Method::POST, &path, &again).await, hong.refusal(&path).await] {
        assert_eq!(refused.0, 404);
    }
    let (_, exchanged) = lin.send(Method::POST, &path, &again).await;
    assert_eq!(exchanged["cards"][1]["ending"], "replaced", "{exchanged}");
    let revoke = json!({ "seen_id": exchanged["cards"][0]["id"] });
    let (status, revoked) = lin.send(Method::POST, &format!("{path}/revoke"), &revoke).await;
    assert_eq!((status, &revoked["cards"][0]["ending"]), (200, &json!("revoked")), "{revoked}");
    assert_eq!(valid(app), 0);

    let all = "/api/v1/door-cards";
    for (body, field) in [
        (json!({}), "elder_ids"),
        (json!({ "town_code": "350582001", "elder_ids": [elder] }), "elder_ids"),
        (json!({ "elder_ids": vec![elder; 401] }), "elder_ids"),
        (json!({ "town": "350582001" }), "town"),
    ] {
        let (status, problem) = lin.send(Method::POST, all, &body).await;
        assert_eq!((status, fields(&problem)), (422, vec![field]), "{body}");
    }
    assert_eq!(
        lin.send(Method::POST, all, &json!({ "elder_ids": [other] })).await,
        (200, json!({ "issued": 1 }))
    );
    let town = json!({ "town_code": "350582001" });
    assert_eq!(
        hong.send(Method::POST, all, &town).await,
        (200, json!({ "issued": 0 })),
        "of another town nobody is"
    );
    assert_eq!(lin.send(Method::POST, all, &town).await, (200, json!({ "issued": 1 })));
    let counted: Vec<Value> = lin.read(&path).await["cards"].as_array().unwrap().clone();
    assert_eq!((counted.len(), &counted[0]["ended_at"]), (3, &Value::Null));
});
