//! Adding and changing stations: rules by field, conflicts, reach.

use diesel::prelude::*;
use reqwest::StatusCode;
use songhe::access::{Place, Role};
use songhe::db::schema::stations;

use super::add_people;
use crate::support::app::{TestApp, both};
use crate::support::client::{expect, location};
use crate::support::seed::village_code;

type Fields<'a> = Vec<(&'a str, &'a str)>;

fn fields<'a>(name: &'a str, village: &'a str, version: &'a str) -> Fields<'a> {
    vec![
        ("name", name),
        ("village_code", village),
        ("provider_id", ""),
        ("smart", "true"),
        ("services", "culture"),
        ("services", "meals"),
        ("phone", "0595-85680003"),
        ("longitude", "118.55"),
        ("latitude", "24.82"),
        ("version", version),
    ]
}

/// The same fields with one of them sent otherwise.
fn with<'a>(mut fields: Fields<'a>, name: &'a str, value: &'a str) -> Fields<'a> {
    fields.retain(|(known, _)| *known != name);
    fields.push((name, value));
    fields
}

/// Name, services, version.
fn stored(app: &TestApp) -> Vec<(String, String, i64)> {
    app.read(|connection| {
        Ok(stations::table
            .order(stations::id)
            .select((stations::name, stations::services, stations::version))
            .load(connection)?)
    })
}

both!(a_station_is_added_and_changed, |app| async {
    add_people(app);
    let village = village_code(1);
    let lin = app.login("lin").await;
    let made = lin.post_form("/stations", &fields("青阳服务站", &village, "")).await;
    let path = location(&made);
    assert_eq!(stored(app), [("青阳服务站".into(), "meals,culture".into(), 1)]);
    let page = lin.page(&path).await;
    assert!(page.contains("助餐、文化娱乐") && page.contains("青阳街道"));
    let form = lin.page(&format!("{path}/edit")).await;
    assert!(form.contains("value=\"meals\" checked") && !form.contains("value=\"bathing\" checked"));
    let saved = lin.post_form(&path, &fields("青阳一站", &village, "1")).await;
    assert_eq!(location(&saved), path);
    assert_eq!(stored(app), [("青阳一站".into(), "meals,culture".into(), 2)]);
});

both!(the_second_to_save_is_shown_who_changed_what, |app| async {
    add_people(app);
    let (village, id) = (village_code(1), app.add_station(1, None));
    let (lin, wu) = (app.login("lin").await, app.login("wu").await);
    let path = format!("/stations/{id}");
    let won = with(fields("新名", &village, "1"), "services", "bathing");
    location(&lin.post_form(&path, &won).await);
    let lost = wu.post_form(&format!("{path}?lang=en"), &fields("别名", &village, "1")).await;
    let page = expect(lost, StatusCode::CONFLICT).await;
    assert!(page.contains("lin"), "who: {page}");
    assert!(page.contains("新名") && page.contains("别名"), "theirs and yours");
    assert!(page.contains(">Bathing<") && page.contains(">Meals, Culture<"), "codes are shown as words");
    assert!(page.contains("name=\"version\" value=\"2\""), "saving again is a decision");
    assert_eq!(stored(app), [("新名".into(), "bathing".into(), 2)]);
});

both!(a_broken_rule_names_its_field_in_both_languages_and_changes_nothing, |app| async {
    add_people(app);
    let (village, id) = (village_code(1), app.add_station(1, None));
    let before = stored(app);
    let good = fields("好站", &village, "1");
    let lin = app.login("lin").await;
    let foreign = village_code(3);
    for (name, value, chinese, english) in [
        ("name", "", "请填写名称。", "Name is required."),
        ("longitude", "24.8", "须为 73 至 136 之间的数字。", "Must be a number from 73 to 136."),
        ("latitude", "north", "须为 3 至 54 之间的数字。", "Must be a number from 3 to 54."),
        ("phone", "no", "5 至 20 位数字", "5 to 20 digits"),
        ("services", "singing", "请从列表中选择。", "Choose one of the values."),
        ("village_code", "x", "请选择村（社区）。", "Choose a village."),
        ("village_code", &foreign, "该村（社区）不在您的管辖范围内。", "This village is outside your area."),
        ("provider_id", "999", "没有此服务机构", "There is no such provider"),
    ] {
        for (lang, rule) in [("zh-CN", chinese), ("en", english)] {
            for path in ["/stations".to_owned(), format!("/stations/{id}")] {
                let sent = with(good.clone(), name, value);
                let answer = lin.post_form(&format!("{path}?lang={lang}"), &sent).await;
                let page = expect(answer, StatusCode::UNPROCESSABLE_ENTITY).await;
                assert!(page.contains(rule), "{name}={value} {lang}: {page}");
            }
        }
    }
    assert_eq!(stored(app), before);
});

both!(a_name_is_taken_once_in_a_village, |app| async {
    add_people(app);
    let (village, other) = (village_code(1), village_code(3));
    let wu = app.login("wu").await;
    location(&wu.post_form("/stations", &fields("同名站", &village, "")).await);
    let answer = wu.post_form("/stations?lang=en", &fields("同名站", &village, "")).await;
    let page = expect(answer, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(page.contains("already has a station named “同名站”"));
    location(&wu.post_form("/stations", &fields("同名站", &other, "")).await);
    assert_eq!(stored(app).len(), 2);
});

both!(a_foreign_coordinator_cannot_save_nor_take_a_station_away, |app| async {
    add_people(app);
    let id = app.add_station(1, None);
    let before = stored(app);
    let (own, other) = (village_code(1), village_code(3));
    let (lin, cai) = (app.login("lin").await, app.login("cai").await);
    let path = format!("/stations/{id}");
    let answer = cai.post_form(&path, &fields("夺取", &other, "1")).await;
    expect(answer, StatusCode::NOT_FOUND).await;
    let answer = lin.post_form(&path, &fields("送走", &other, "1")).await;
    expect(answer, StatusCode::UNPROCESSABLE_ENTITY).await;
    let answer = cai.post_form("/stations", &fields("越界", &own, "")).await;
    expect(answer, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert_eq!(stored(app), before);
});

both!(a_coordinator_of_a_provider_works_within_it, |app| async {
    add_people(app);
    let (ours, theirs) = (app.add_provider(1), app.add_provider(1));
    app.add_user("su", Role::Coordinator, Place::Provider(ours));
    let (own, foreign) = (app.add_station(1, Some(ours)), app.add_station(1, Some(theirs)));
    let su = app.login("su").await;
    assert_eq!(su.status(&format!("/stations/{own}/edit")).await, 200);
    assert_eq!(su.status(&format!("/stations/{foreign}")).await, 404);
    assert_eq!(su.status(&format!("/providers/{theirs}")).await, 404);
    let (village, ours) = (village_code(1), ours.to_string());
    let without = fields("无主站", &village, "");
    let answer = su.post_form("/stations?lang=en", &without).await;
    let page = expect(answer, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(page.contains("Choose the provider that you belong to."));
    location(&su.post_form("/stations", &with(without, "provider_id", &ours)).await);
});
