//! Many rows decided at once, each by itself: what is refused stays chosen and says why; pages, filters and figures of the desk.

use std::io::Cursor;

use calamine::{Reader, Xlsx};
use chrono::TimeDelta;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use songhe::access::{Grant, Place, Role, Scope};
use songhe::error::Code;
use songhe::visits::exceptions::{Decision, decide};
use songhe::visits::{VisitState, confirm, confirm_each};

use super::desk::{coordinator, done, exception_of};
use super::visit_of;
use crate::api::{Program, fields};
use crate::support::app::{TestApp, both};
use crate::support::client::{expect, location};
use crate::support::seed::{town, town_code};

/// Visits that were done, with proofs as strong as that. All are made before the first is proven: what is made later is a
/// neighbour, by which the proof of the one before is judged anew.
fn proven<const N: usize>(app: &TestApp, wanted: [(i64, &str); N]) -> [i64; N] {
    let visits = wanted.map(|(caregiver, _)| done(app, caregiver));
    for (visit, (_, strength)) in visits.into_iter().zip(wanted) {
        prove(app, visit, strength);
    }
    visits
}

fn prove(app: &TestApp, visit: i64, strength: &str) {
    app.taken(&format!("UPDATE visit_proofs SET strength = '{strength}' WHERE visit_id = {visit}"));
}

/// The page with its ampersands as they are typed.
fn plain(page: &str) -> String {
    page.replace("&#38;", "&").replace("&amp;", "&")
}

fn chosen(page: &str) -> usize {
    page.matches("checked aria-describedby").count()
}

fn rows(page: &str) -> usize {
    page.matches("name=\"row\"").count()
}

both!(strong_visits_of_the_day_are_confirmed_together_row_by_row, |app| async {
    app.add_towns();
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    let [fair, strong @ ..] =
        proven(app, ["fair", "strong", "strong", "strong", "strong"].map(|strength| (caregiver, strength)));
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let zheng = app.user("zheng", Role::CityManager, Place::City).await;
    let page = lin.page("/visits").await;
    assert_eq!((rows(&page), chosen(&page)), (4, 0), "those that are done and well proven: {page}");
    assert!(!page.contains(&format!("value=\"{fair}.4\"")), "{page}");
    assert_eq!(chosen(&lin.page("/visits?select=all").await), 4, "all of the page, also without a script");
    assert_eq!(rows(&lin.page("/visits?strength=fair").await), 0);
    assert_eq!(rows(&zheng.page("/visits?state=done").await), 0, "who assigns no visits confirms none");
    assert!(plain(&lin.page("/visits/day").await).contains("/visits?state=done&strength=strong"));

    // Since the page was shown: one was confirmed, one lost its strength, one was corrected.
    app.write(|tx| confirm(tx, strong[1], 4, ""));
    let wanted = songhe::visits::corrections::Correction {
        arrived_at: visit_of(app, strong[3]).arrived_at.map(|at| at - TimeDelta::minutes(2)),
        reason: "忘记点到达".to_owned(),
        ..Default::default()
    };
    let asked = app
        .app
        .write_now(&coordinator("wu"), |tx| songhe::visits::corrections::ask(tx, strong[3], 4, &wanted))
        .unwrap();
    app.write(|tx| songhe::visits::corrections::decide(tx, asked, 1, true, ""));
    // The correction judged its neighbours anew as well.
    for (visit, strength) in [(strong[0], "strong"), (strong[2], "weak"), (strong[3], "strong")] {
        prove(app, visit, strength);
    }
    let keys: Vec<String> = strong.iter().map(|id| format!("{id}.4")).collect();
    let mut form: Vec<(&str, &str)> = keys.iter().map(|key| ("row", key.as_str())).collect();
    form.push(("note", "抽查无误"));
    assert_eq!(zheng.post_form("/visits/confirm", &form).await.status(), 403);
    let answer = lin.post_form("/visits/confirm?state=done&sort=elder", &form).await;
    let page = expect(answer, StatusCode::OK).await;
    assert!(page.contains("已处理 1 条") && page.contains("抽查无误"), "{page}");
    assert!(page.contains("凭证为“不足”"), "why the weak one was refused: {page}");
    assert!(plain(&page).contains("action=\"/visits/confirm?state=done&sort=elder\""), "{page}");
    for refused in &strong[1..] {
        assert!(page.contains(&format!("第 {refused} 号")), "{refused}: {page}");
    }
    // Two of them are on the page of what is done, with the version they have now.
    assert_eq!(chosen(&page), 2, "{page}");
    assert!(page.contains(&format!("value=\"{}.5\" checked", strong[3])), "{page}");
    assert_eq!(visit_of(app, strong[0]).state, VisitState::Confirmed);
    assert_eq!(visit_of(app, strong[2]).state, VisitState::Done);
    let note =
        format!("SELECT note AS t FROM visit_events WHERE visit_id = {} AND kind = 'confirm'", strong[0]);
    assert_eq!(app.text(&note), "抽查无误");
    let confirmed: Vec<String> = app.audited("visit.confirm").into_iter().map(|(id, _)| id).collect();
    assert_eq!(confirmed, [strong[1].to_string(), strong[0].to_string()], "each has its own row");
    // What is left over is confirmed with the newer version.
    let again =
        lin.post_form("/visits/confirm?state=done", &[("row", &format!("{}.5", strong[3])[..])]).await;
    assert_eq!(location(&again), "/visits?done=1&state=done");
    assert!(lin.page("/visits?done=1&state=done").await.contains("已处理 1 条"));
    let nothing = lin.post_form("/visits/confirm", &[("note", "x")]).await;
    assert!(expect(nothing, StatusCode::UNPROCESSABLE_ENTITY).await.contains("请选择 1 至 200 条"));
    assert_eq!(location(&lin.get("/visits/confirm?state=done").await), "/visits?state=done");
});

both!(nobody_confirms_their_own_visit_among_others, |app| async {
    app.add_towns();
    let provider = app.add_provider(1);
    let (own, other) = (app.add_caregiver(1, provider), app.add_caregiver(1, provider));
    let visits = proven(app, [(own, "strong"), (other, "strong"), (other, "contradictory")]);
    let grants = [
        Grant { role: Role::Coordinator, place: town(1) },
        Grant { role: Role::Caregiver, place: Place::Own(own) },
    ];
    let both = Scope::new(9, "chen", grants.to_vec());
    let seen: Vec<(i64, i64)> = visits.iter().map(|id| (*id, 4)).collect();
    let outcomes = app.app.write_now(&both, |tx| confirm_each(tx, &seen, "")).unwrap();
    let codes: Vec<Option<Code>> =
        outcomes.iter().map(|(_, refusal)| refusal.as_ref().map(|error| error.code)).collect();
    assert_eq!(codes, [Some(Code::Forbidden), None, Some(Code::IllegalMove)]);
    let long = "长".repeat(201);
    let refused = app.app.write_now(&both, |tx| confirm_each(tx, &seen, &long)).unwrap_err();
    assert_eq!((refused.code, refused.fields[0].field), (Code::Invalid, "note"), "the whole is refused");

    app.add_user("hong", Role::Coordinator, town(2));
    app.add_user("lin", Role::Coordinator, town(1));
    let foreign = Program::enter(app, "hong").await;
    let body = json!({ "visits": [{ "id": visits[0], "version": 4 }], "note": "" });
    let (status, told) = foreign.send(Method::POST, "/api/v1/visits/confirm", &body).await;
    assert_eq!((status, &told["items"][0]["problem"]), (200, &json!("not_found")), "{told}");
    let office = Program::enter(app, "lin").await;
    let listed = office.read("/api/v1/visits?state=done&strength=strong").await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
    let (status, told) = office.send(Method::POST, "/api/v1/visits/confirm", &body).await;
    assert_eq!((status, &told["done"], &told["items"][0]["done"]), (200, &json!(1), &json!(true)), "{told}");
    let (status, problem) =
        office.send(Method::POST, "/api/v1/visits/confirm", &json!({ "visits": [] })).await;
    assert_eq!((status, fields(&problem)), (422, vec!["visits"]), "{problem}");
});

both!(exceptions_are_decided_row_by_row_and_what_is_refused_stays_chosen, |app| async {
    app.add_towns();
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    let visits: Vec<i64> = (0..3).map(|_| done(app, caregiver)).collect();
    let open: Vec<(i64, i64)> = visits.iter().map(|visit| exception_of(app, *visit)).collect();
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let keys: Vec<String> = open.iter().map(|(id, _)| format!("{id}.1")).collect();
    let form = |decision: &'static str, reason: &'static str| {
        let mut form: Vec<(&str, String)> = keys.iter().map(|key| ("row", key.clone())).collect();
        form.extend([("decision", decision.to_owned()), ("reason", reason.to_owned())]);
        form
    };
    let send = async |query: &str, form: &[(&str, String)]| {
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        lin.post_form(&format!("/visits/exceptions{query}"), &form).await
    };
    for (decision, reason, said) in [("", "已核实", "请选择处理方式"), ("approve", " ", "请填写")]
    {
        let page = expect(send("", &form(decision, reason)).await, StatusCode::UNPROCESSABLE_ENTITY).await;
        assert!(page.contains(said), "{page}");
        assert_eq!(chosen(&page), 3, "all stay chosen");
    }
    assert_eq!(app.audited("visit_exception.decide").len(), 0, "nothing was decided");
    app.write(|tx| decide(tx, open[0].0, 1, Decision::Ask, "请补充说明"));
    app.write(|tx| decide(tx, open[1].0, 1, Decision::Approve, "已核实"));
    let page = expect(send("?sort=cause", &form("approve", "电话核实")).await, StatusCode::OK).await;
    assert!(page.contains("已处理 1 条") && page.contains("电话核实"), "{page}");
    assert!(page.contains("system"), "who was faster: {page}");
    assert!(
        page.contains(&format!("第 {} 号", visits[1])),
        "also the one that is not on the page any more: {page}"
    );
    assert_eq!((rows(&page), chosen(&page)), (1, 1), "{page}");
    assert!(page.contains(&format!("value=\"{}.2\" checked", open[0].0)), "with its newest version: {page}");
    assert_eq!(visit_of(app, visits[2]).state, VisitState::Confirmed);
    let reasons = format!(
        "SELECT reason AS t FROM visit_exception_events WHERE exception_id = {} AND seq = 2",
        open[2].0
    );
    assert_eq!(app.text(&reasons), "电话核实");
    assert_eq!(app.audited("visit_exception.decide").len(), 3);
    let all_refused = send("", &form("approve", "再来")).await;
    assert_eq!(all_refused.status(), 409, "nothing could be decided");

    let office = Program::enter(app, "lin").await;
    let body = json!({
        "exceptions": [{ "id": open[0].0, "version": 2 }, { "id": open[1].0, "version": 1 }],
        "decision": "reject", "reason": "老人否认",
    });
    let (status, told) = office.send(Method::POST, "/api/v1/visit-exceptions/decide-each", &body).await;
    assert_eq!((status, &told["done"]), (200, &json!(1)), "{told}");
    assert_eq!(told["items"][1]["problem"], "stale", "{told}");
    assert_eq!(visit_of(app, visits[0]).fail_reason.as_deref(), Some("not_proven"));
});

/// Exceptions by the hundred: half of each cause, each age a quarter, a third contradictory.
fn many(app: &TestApp, count: i64, caregiver: i64) {
    let (elder, code) = (app.add_elder(1), town_code(1));
    app.raw(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) \
         INSERT INTO visits (elder_id, town_code, service_code, service_on, window_starts_at, window_ends_at, duration_min) \
         SELECT {elder}, '{code}', 'meal', '2026-11-10', '2026-11-10 02:00:00.000', '2026-11-10 04:00:00.000', 30 FROM n"
    ))
    .unwrap_or_else(|error| panic!("{}", error.for_log()));
    let insert = format!(
        "INSERT INTO visit_exceptions (visit_id, town_code, caregiver_id, cause, causes, strength, state, opened_at, changed_at) \
         SELECT id, '{code}', {caregiver}, CASE WHEN id % 2 = 0 THEN 'place' ELSE 'duration' END, 'place,duration', \
         CASE WHEN id % 3 = 0 THEN 'contradictory' ELSE 'weak' END, 'open', \
         CASE id % 4 WHEN 0 THEN TIMESTAMP_1 WHEN 1 THEN TIMESTAMP_2 WHEN 2 THEN TIMESTAMP_3 ELSE TIMESTAMP_4 END, \
         TIMESTAMP_1 FROM visits WHERE elder_id = {elder}"
    );
    let days = ["2026-11-23 00:30", "2026-11-21 12:00", "2026-11-18 12:00", "2026-11-01 12:00"];
    let insert = days.iter().enumerate().fold(insert, |sql, (index, day)| {
        let instant = match app.kind() {
            songhe::db::Kind::Sqlite => format!("'{day}:00.000'"),
            songhe::db::Kind::Postgres => format!("TIMESTAMP '{day}:00.000'"),
        };
        sql.replace(&format!("TIMESTAMP_{}", index + 1), &instant)
    });
    let rows = app.raw(&insert).unwrap_or_else(|error| panic!("{}", error.for_log()));
    assert_eq!(rows as i64, count);
}

both!(the_desk_has_pages_filters_sorting_figures_and_a_workbook, |app| async {
    app.add_towns();
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    many(app, 240, caregiver);
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let first = lin.page("/visits/exceptions?sort=cause").await;
    assert!(first.contains("共 240 条") && first.contains("第 1 / 3 页"), "{first}");
    assert_eq!(rows(&first), 100);
    assert!(plain(&first).contains("href=\"/visits/exceptions?sort=cause&page=2\""), "{first}");
    let last = lin.page("/visits/exceptions?sort=cause&page=3").await;
    assert_eq!(rows(&last), 40);
    assert_eq!(rows(&lin.page("/visits/exceptions?page=9").await), 40, "beyond the last is the last");
    for (query, count) in [
        ("cause=place", 120),
        ("strength=contradictory", 80),
        ("age=older", 60),
        ("age=day&cause=duration", 0),
        ("age=young", 0),
        ("town=350582101", 0),
        ("state=asked", 0),
    ] {
        let page = lin.page(&format!("/visits/exceptions?{query}")).await;
        assert!(page.contains(&format!("共 {count} 条")), "{query}: {page}");
    }
    assert!(lin.page(&format!("/visits/exceptions?caregiver={caregiver}")).await.contains("共 240 条"));
    assert_eq!(lin.status("/visits/exceptions?sort=elder").await, 422);
    // The figures lead to the rows that they count.
    for (key, count) in [("cause=place", 120), ("age=week", 60), (&*format!("caregiver={caregiver}"), 240)] {
        let figure = format!("href=\"/visits/exceptions?{key}\"");
        let at = first.find(&figure).unwrap_or_else(|| panic!("{key}: {first}"));
        let shown: String = first[at..].chars().take(200).collect();
        assert!(shown.contains(&format!("<strong>{count}</strong>")), "{key}: {shown}");
    }
    let book = lin.get("/visits/exceptions.xlsx?cause=place&sort=-age").await;
    let mut book = Xlsx::new(Cursor::new(book.bytes().await.unwrap().to_vec())).unwrap();
    let sheet = book.worksheet_range_at(0).unwrap().unwrap();
    assert_eq!(sheet.height(), 121, "the same query as the page, all of its rows");

    // All of the last page are decided at once: the answer is the page before it.
    let keys: Vec<String> = last
        .split("name=\"row\" value=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect();
    let mut form: Vec<(&str, &str)> = keys.iter().map(|key| ("row", key.as_str())).collect();
    form.extend([("decision", "approve"), ("reason", "核对无误")]);
    let to = location(&lin.post_form("/visits/exceptions?sort=cause&page=3", &form).await);
    assert_eq!(to, "/visits/exceptions?done=40&sort=cause&page=3");
    let page = lin.page(&to).await;
    assert!(page.contains("已处理 40 条") && page.contains("第 2 / 2 页"), "{page}");
    assert_eq!(rows(&page), 100);
    assert_eq!(app.audited("visit_exception.decide").len(), 40, "each by itself");

    let office = Program::enter(app, "lin").await;
    let figures: Value = office.read("/api/v1/visit-exceptions/figures").await;
    let sum = |kind: &str| -> i64 {
        figures[kind].as_array().unwrap().iter().map(|one| one["count"].as_i64().unwrap()).sum()
    };
    assert_eq!(["causes", "ages", "caregivers", "towns"].map(sum), [200; 4], "{figures}");
    let old = office.read("/api/v1/visit-exceptions?age=older&limit=200").await;
    let (_, problem) = office.refusal("/api/v1/visit-exceptions?age=young").await;
    assert_eq!(fields(&problem), ["age"]);
    let counted = figures["ages"].as_array().unwrap().iter().find(|one| one["key"] == "older").unwrap();
    assert_eq!(json!(old["items"].as_array().unwrap().len()), counted["count"]);
});
