//! Who has what is to be done after a visit: taken over, handed over, given back; only those who may do it, and all of it told.

use chrono::TimeDelta;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use songhe::access::{Grant, Place, Role, Scope};
use songhe::error::Code;
use songhe::visits::follow_ups::{Answer, FollowUpResult, answer, hand_over, take};
use songhe::visits::{Step, assign, progress};

use super::{planned, try_write};
use crate::api::{Program, fields};
use crate::support::app::{TestApp, both};
use crate::support::client::{expect, location};
use crate::support::seed::town;

/// The second contact and the welfare check of a visit that found nobody.
fn to_do(app: &TestApp, caregiver: i64) -> (i64, i64) {
    let id = planned(app, app.add_elder(1), (540, 1_000));
    app.write(|tx| assign(tx, id, 1, caregiver, None));
    let fail = Step::Fail { reason: "nobody_home".to_owned(), note: String::new() };
    app.write(|tx| progress(tx, id, 2, &fail));
    let of = |kind: &str| {
        app.count(&format!("SELECT id AS n FROM follow_ups WHERE visit_id = {id} AND kind = '{kind}'"))
    };
    (of("second_contact"), of("welfare_check"))
}

fn holder(app: &TestApp, id: i64) -> i64 {
    app.count(&format!("SELECT coalesce(held_by, 0) AS n FROM follow_ups WHERE id = {id}"))
}

fn events(app: &TestApp) -> i64 {
    app.count("SELECT count(*) AS n FROM outbox WHERE topic = 'visit'")
}

both!(a_follow_up_is_taken_over_and_handed_on, |app| async {
    app.add_towns();
    let (contact, check) = to_do(app, app.add_caregiver(1, app.add_provider(1)));
    let lin_id = app.add_user("lin", Role::Coordinator, town(1));
    let wu_id = app.add_user("wu", Role::Coordinator, town(1));
    app.add_user("hong", Role::Coordinator, town(2));
    let (lin, wu, hong) = (app.login("lin").await, app.login("wu").await, app.login("hong").await);
    let page = wu.page("/follow-ups").await;
    assert!(
        page.contains("待接手") && page.contains(&format!("/follow-ups/{contact}/take?version=1")),
        "{page}"
    );
    assert!(page.contains("共 2 条"), "{page}");
    assert_eq!(hong.post_form(&format!("/follow-ups/{contact}/take?version=1"), &[]).await.status(), 404);
    assert!(hong.page("/follow-ups").await.contains("共 0 条"));

    let before = events(app);
    let back = lin.post_form(&format!("/follow-ups/{contact}/take?version=1&back=day"), &[]).await;
    assert_eq!(location(&back), "/visits/day");
    assert_eq!((holder(app, contact), events(app) - before), (lin_id, 1), "the other's page is told");
    let page = wu.page("/follow-ups").await;
    assert!(page.contains(">lin<") || page.contains("lin</td>"), "who has it: {page}");
    assert!(lin.page("/follow-ups?holder=mine").await.contains("共 1 条"));
    assert!(wu.page("/follow-ups?holder=mine").await.contains("共 0 条"));
    assert!(wu.page("/follow-ups?holder=nobody").await.contains(&format!("/follow-ups/{check}/take")));
    assert!(wu.page(&format!("/follow-ups/{contact}")).await.contains("现由 lin 负责"));
    let day = wu.page("/visits/day").await;
    assert!(day.contains("/follow-ups?holder=mine") && day.contains("lin"), "{day}");
    // Whoever comes second is told who was faster, and can still take it from them.
    let late = wu.post_form(&format!("/follow-ups/{contact}/take?version=1"), &[]).await;
    assert!(expect(late, StatusCode::CONFLICT).await.contains("lin"));
    let taken = wu.post_form(&format!("/follow-ups/{contact}/take?version=2"), &[]).await;
    assert_eq!(location(&taken), "/follow-ups?holder=mine");
    assert_eq!(holder(app, contact), wu_id);

    let path = format!("/follow-ups/{contact}/hand-over");
    let form = wu.page(&path).await;
    assert!(form.contains(&format!("value=\"{lin_id}\"")) && form.contains("现由 wu 负责"), "{form}");
    assert!(!form.contains("hong") && !form.contains(&format!("value=\"{wu_id}\"")), "{form}");
    let nobody = wu.post_form(&path, &[("version", "3"), ("holder_id", "")]).await;
    assert_eq!(nobody.status(), 422);
    let given = wu.post_form(&path, &[("version", "3"), ("holder_id", &lin_id.to_string())]).await;
    assert_eq!(location(&given), "/follow-ups");
    location(&lin.post_form(&path, &[("version", "4"), ("holder_id", "office")]).await);
    assert_eq!(holder(app, contact), 0, "the town's office has it again");
    let told: Vec<Value> = app
        .audited("follow_up.hand_over")
        .iter()
        .map(|(_, detail)| serde_json::from_str::<Value>(detail).unwrap()["changes"]["holder_id"].clone())
        .collect();
    assert_eq!(
        told,
        [json!([null, "lin"]), json!(["lin", "wu"]), json!(["wu", "lin"]), json!(["lin", null])]
    );
    app.refused(&format!("UPDATE follow_ups SET held_by = {wu_id} WHERE id = {contact}"));
});

both!(only_who_handles_the_town_can_have_it, |app| async {
    app.add_towns();
    let provider = app.add_provider(1);
    let caregiver = app.add_caregiver(1, provider);
    let (contact, check) = to_do(app, caregiver);
    let lin = app.add_user("lin", Role::Coordinator, town(1));
    let of_provider = app.add_user("pan", Role::Coordinator, Place::Provider(provider));
    let of_city = app.add_user("shi", Role::Coordinator, Place::City);
    let others = [
        app.add_user("hong", Role::Coordinator, town(2)),
        app.add_user("qiu", Role::Coordinator, Place::Provider(app.add_provider(1))),
        app.add_user("zheng", Role::CityManager, Place::City),
        app.add_user("chen", Role::Caregiver, Place::Own(caregiver)),
        app.add_user("duty", Role::DutyOfficer, town(1)),
    ];
    let gone = app.add_user("gone", Role::Coordinator, town(1));
    app.taken(&format!("UPDATE users SET disabled_at = created_at WHERE id = {gone}"));
    let office = Program::enter(app, "lin").await;
    let found = office.read(&format!("/api/v1/follow-ups/{contact}/holders")).await;
    let mut ids: Vec<i64> =
        found["items"].as_array().unwrap().iter().map(|one| one["id"].as_i64().unwrap()).collect();
    ids.sort_unstable();
    let mut wanted = vec![lin, of_provider, of_city];
    wanted.sort_unstable();
    assert_eq!(ids, wanted, "{found}");
    let path = format!("/api/v1/follow-ups/{contact}/hand-over");
    for other in others.into_iter().chain([gone, 987_654]) {
        let body = json!({ "version": 1, "holder_id": other });
        let (status, problem) = office.send(Method::POST, &path, &body).await;
        assert_eq!((status, fields(&problem)), (422, vec!["holder_id"]), "{other}: {problem}");
    }
    let same = office.send(Method::POST, &path, &json!({ "version": 1, "holder_id": null })).await;
    assert_eq!((same.0, fields(&same.1)), (422, vec!["holder_id"]), "nobody has it already");
    let (status, told) =
        office.send(Method::POST, &path, &json!({ "version": 1, "holder_id": of_provider })).await;
    assert_eq!((status, &told["holder_name"], &told["version"]), (200, &json!("pan"), &json!(2)), "{told}");
    assert!(told["held_since"].is_string() && told["overdue"] == false, "{told}");
    let caregiver = Program::enter(app, "chen").await;
    let (status, _) = caregiver
        .send(Method::POST, &format!("/api/v1/follow-ups/{check}/take"), &json!({ "version": 1 }))
        .await;
    assert_eq!(status, 403);
    let city = Program::enter(app, "zheng").await;
    assert_eq!(
        city.read("/api/v1/follow-ups").await["items"].as_array().unwrap().len(),
        2,
        "is seen by the city"
    );
    let mine = Program::enter(app, "pan").await;
    let own = mine.read("/api/v1/follow-ups?holder=mine").await;
    assert_eq!(own["items"][0]["id"], json!(contact), "{own}");
    let answered = json!({ "version": 2, "result": "well", "whom": "elder" });
    let (status, told) =
        mine.send(Method::POST, &format!("/api/v1/follow-ups/{contact}/answer"), &answered).await;
    assert_eq!((status, &told["result"], &told["closed_by"]), (200, &json!("well"), &json!("pan")), "{told}");
    // What is done is nobody's to take.
    let scope = Scope::new(lin, "lin", vec![Grant { role: Role::Coordinator, place: town(1) }]);
    let closed = app.app.write_now(&scope, |tx| take(tx, contact, 3)).unwrap_err();
    assert_eq!(closed.code, Code::IllegalMove);
    let system = try_write(app, |tx| hand_over(tx, contact, 3, None)).unwrap_err();
    assert_eq!(system.code, Code::IllegalMove);
});

both!(overdue_ones_stand_out_and_whoever_called_goes_on_looking, |app| async {
    app.add_towns();
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    let (contact, check) = to_do(app, caregiver);
    let lin = app.add_user("lin", Role::Coordinator, town(1));
    let scope = Scope::new(lin, "lin", vec![Grant { role: Role::Coordinator, place: town(1) }]);
    app.app.write_now(&scope, |tx| take(tx, contact, 1)).unwrap();
    let page = app.login("lin").await.page("/follow-ups").await;
    assert!(!page.contains("· 超期"), "{page}");
    app.hand.advance(TimeDelta::minutes(45));
    let page = app.login("lin").await.page("/follow-ups").await;
    assert!(page.contains("已到期 · 超期 15 分钟"), "{page}");
    let overdue = app.login("lin").await.page("/follow-ups?overdue=true").await;
    assert!(
        overdue.contains("共 1 条") && overdue.contains(&format!("/follow-ups/{contact}\"")),
        "{overdue}"
    );
    app.hand.advance(TimeDelta::minutes(200));
    let page = app.login("lin").await.page("/visits/day").await;
    assert!(page.contains("已升级 · 超期 3 小时") && page.contains("chip bad"), "{page}");
    // The check was done otherwise; the contact reaches nobody, and a new check is the caller's.
    let found = |result| Answer { result, whom: None, contacted_at: None, note: "见说明".to_owned() };
    app.write(|tx| answer(tx, check, 1, &found(FollowUpResult::NotNeeded)));
    app.app.write_now(&scope, |tx| answer(tx, contact, 2, &found(FollowUpResult::NotReached))).unwrap();
    let open = "SELECT id AS n FROM follow_ups WHERE closed_at IS NULL";
    assert_eq!(holder(app, app.count(open)), lin);
    let all = app.login("lin").await;
    assert!(all.page("/follow-ups?state=closed").await.contains("共 2 条"));
    assert!(all.page("/follow-ups?state=all&kind=welfare_check").await.contains("共 2 条"));
    assert_eq!(all.get("/follow-ups.xlsx?state=all").await.status(), 200);
});
