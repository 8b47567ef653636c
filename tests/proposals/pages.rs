//! Proposals through the pages and the interface.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::json;
use songhe::access::Role;

use super::{DAY, planned, visit};
use crate::api::Program;
use crate::support::app::both;
use crate::support::client::{expect, location};
use crate::support::poll;
use crate::support::seed::{town, town_code};

both!(a_coordinator_plans_tomorrow_with_one_click_and_accepts, |app| async {
    app.add_towns();
    app.add_caregiver(1, app.add_provider(1));
    let (elder, other) = (app.add_elder(1), app.add_elder(1));
    let meal = planned(app, elder, "meal", (540, 720));
    let nobody = planned(app, other, "rehabilitation", (540, 720));
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let form = lin.page("/proposals/new").await;
    assert!(form.contains(&format!("value=\"{DAY}\"")) && form.contains(town_code(1)), "{form}");
    let fields = [("town_code", town_code(1)), ("day", DAY), ("seconds", "x")];
    let refused = lin.post_form("/proposals", &fields).await;
    expect(refused, StatusCode::UNPROCESSABLE_ENTITY).await;
    let fields = [("town_code", town_code(1)), ("day", DAY), ("seconds", "1")];
    let path = location(&lin.post_form("/proposals", &fields).await);
    poll::until_async(Duration::from_mins(1), "the search is over", || async {
        !lin.page(&path).await.contains("every 1s")
    })
    .await;
    let page = lin.page(&path).await;
    assert!(page.contains(&app.name_of_elder(elder)) && page.contains("新派"), "{page}");
    assert!(page.contains("排不进的工单") && page.contains("康复") && page.contains("1 人"), "{page}");
    let accepted =
        lin.post_form(&format!("{path}/accept"), &[("which", "ticked"), ("visits", &meal.to_string())]).await;
    let to = location(&accepted);
    assert!(lin.page(&to).await.contains("已采纳 1 张，未通过 0 张"));
    assert!(visit(app, meal).caregiver_id.is_some() && visit(app, nobody).caregiver_id.is_none());
    assert!(lin.page("/proposals").await.contains("已采纳"));
    let hong = app.user("hong", Role::Coordinator, town(2)).await;
    assert_eq!(hong.status(&path).await, 404);
    assert!(!hong.page("/proposals").await.contains("青阳街道</"));
});

both!(a_program_asks_looks_and_accepts, |app| async {
    app.add_towns();
    app.add_caregiver(1, app.add_provider(1));
    let meal = planned(app, app.add_elder(1), "meal", (540, 720));
    app.add_user("lin", Role::Coordinator, town(1));
    let lin = Program::enter(app, "lin").await;
    let wrong = json!({ "town_code": town_code(1), "day": DAY, "seconds_max": 0 });
    let (status, problem) = lin.send(Method::POST, "/api/v1/proposals", &wrong).await;
    assert_eq!((status, crate::api::fields(&problem)), (422, vec!["seconds_max"]));
    let asked = json!({ "town_code": town_code(1), "day": DAY, "seconds_max": 1 });
    let (status, made) = lin.send(Method::POST, "/api/v1/proposals", &asked).await;
    assert_eq!((status, &made["asked_by"]), (201, &json!("lin")), "{made}");
    let address = format!("/api/v1/proposals/{}", made["id"]);
    poll::until_async(Duration::from_mins(1), "the search is over", || async {
        lin.read(&address).await["state"] == "ready"
    })
    .await;
    let found = lin.read(&address).await;
    assert_eq!((&found["rows"][0]["visit_id"], &found["rows"][0]["change"]), (&json!(meal), &json!("new")));
    let (status, told) = lin.send(Method::POST, &format!("{address}/accept"), &json!({})).await;
    assert_eq!((status, &told["accepted"], &told["proposal"]["state"]), (200, &json!(1), &json!("accepted")));
    let (status, _) = lin.send(Method::POST, &format!("{address}/discard"), &json!({})).await;
    assert_eq!(status, 409);
    assert_eq!(lin.read("/api/v1/proposals?state=accepted").await["items"].as_array().unwrap().len(), 1);
});
