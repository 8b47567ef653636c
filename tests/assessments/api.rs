//! Assessments over the JSON interface.

use reqwest::Method;
use serde_json::{Value, json};
use songhe::access::Role;

use super::help::{ABILITY, HARDSHIP, answers};
use crate::api::{Program, answer, fields};
use crate::support::app::both;
use crate::support::seed::{town, town_code};

both!(a_program_orders_answers_and_another_reviews, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    for login in ["lin", "wang"] {
        app.add_user(login, Role::Coordinator, town(1));
    }
    let (lin, wang) = (Program::enter(app, "lin").await, Program::enter(app, "wang").await);
    let scales = lin.read("/api/v1/scales").await;
    let items: Vec<&Value> = scales["items"].as_array().unwrap().iter().collect();
    assert_eq!(items.len(), 3);
    assert_eq!(items[0]["parts"][1]["items"][3]["maximum"], 3);

    let wanted =
        json!({ "elder_id": elder, "scale": HARDSHIP, "reason": "immediate", "changed_on": "2026-11-20" });
    let send = || async {
        let request = lin.request(Method::POST, "/api/v1/assessments").header("idempotency-key", "k1");
        answer(request.json(&wanted).send().await.unwrap()).await
    };
    let ((status, made), (again, same)) = (send().await, send().await);
    assert_eq!((status, again), (201, 201));
    assert_eq!(made, same, "a request sent again has one effect");
    assert_eq!((made["state"].as_str(), made["due_on"].as_str()), (Some("ordered"), Some("2026-12-04")));
    assert_eq!(app.count("SELECT count(*) AS n FROM assessments"), 1);
    let path = format!("/api/v1/assessments/{}", made["id"]);

    let mut given = json!({ "version": 1, "answers": answers(app, HARDSHIP, &[("bathing", 0)]) });
    given["answers"].as_object_mut().unwrap().remove("eating");
    let (status, problem) = lin.send(Method::POST, &format!("{path}/answers"), &given).await;
    assert_eq!((status, fields(&problem)), (422, vec!["answers"]));
    assert!(problem["detail"].as_str().unwrap().contains("自主吃饭"), "{problem}");
    given["answers"]["eating"] = json!(1);
    let (status, done) = lin.send(Method::POST, &format!("{path}/answers"), &given).await;
    assert_eq!(
        (status, done["level"].as_str(), done["total"].as_i64()),
        (200, Some("half_care"), Some(1)),
        "{done}"
    );
    let (status, _) = lin.send(Method::POST, &format!("{path}/review"), &json!({ "version": 2 })).await;
    assert_eq!(status, 409, "another person reviews");
    let agreed = json!({ "version": 2, "in_force": true });
    let (status, reviewed) = wang.send(Method::POST, &format!("{path}/review"), &agreed).await;
    assert_eq!(
        (status, reviewed["state"].as_str(), reviewed["counts"].as_bool()),
        (200, Some("in_force"), Some(true))
    );
    let doubt = json!({ "version": 4, "reason": "家属有异议" });
    assert_eq!(lin.send(Method::POST, &format!("{path}/dispute"), &doubt).await.0, 200);
    assert_eq!(
        wang.send(Method::POST, &format!("{path}/dispute"), &doubt).await.0,
        409,
        "of an older version"
    );
    let listed = lin.read("/api/v1/assessments?state=disputed").await;
    assert_eq!(listed["items"][0]["elder_name"].as_str(), Some(app.name_of_elder(elder).as_str()));
});

both!(the_due_list_is_walked_and_another_town_is_not_there, |app| async {
    app.add_towns();
    let elders: Vec<i64> = (0..3).map(|_| app.add_elder(1)).collect();
    app.add_elder(2);
    app.add_user("lin", Role::Coordinator, town(1));
    app.add_user("li", Role::Coordinator, town(2));
    let (lin, li) = (Program::enter(app, "lin").await, Program::enter(app, "li").await);
    let first = lin.read("/api/v1/assessments/due?limit=2").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = lin.read(&format!("/api/v1/assessments/due?limit=2&cursor={cursor}")).await;
    let all: Vec<i64> = [&first, &rest]
        .iter()
        .flat_map(|page| page["items"].as_array().unwrap())
        .map(|item| item["elder_id"].as_i64().unwrap())
        .collect();
    assert_eq!(all, elders);
    assert_eq!((first["items"][0]["kind"].as_str(), rest["next_cursor"].as_str()), (Some("first"), None));
    let foreign = json!({ "elder_id": elders[0], "scale": ABILITY, "reason": "first" });
    let (status, problem) = li.send(Method::POST, "/api/v1/assessments", &foreign).await;
    assert_eq!((status, fields(&problem)), (422, vec!["elder_id"]));
    let (_, made) = lin.send(Method::POST, "/api/v1/assessments", &foreign).await;
    assert_eq!(li.get(&format!("/api/v1/assessments/{}", made["id"])).await.status(), 404);
    assert_eq!(li.read("/api/v1/assessments").await["items"], json!([]));
    assert_eq!(lin.read(&format!("/api/v1/assessments?town={}", town_code(2))).await["items"], json!([]));
});
