//! Inputs are strict, and an error names the field and the rule in the asker's language.

use reqwest::Method;
use serde_json::{Value, json};
use songhe::access::{Place, Role};

use super::{Program, answer, fields};
use crate::support::app::both;
use crate::support::seed::town_code;

pub fn institution() -> Value {
    json!({
        "town_code": town_code(1), "village_code": null, "name": "青阳敬老院", "kind": "public", "state": "operating",
        "operator": "青阳街道办事处", "phone": "0595-85680000", "micro_fire_station": true, "opened_on": "2019-05-01",
        "longitude": 118.55, "latitude": 24.82,
    })
}

fn with(field: &str, value: Value) -> Value {
    let mut body = institution();
    body[field] = value;
    body
}

fn without(field: &str) -> Value {
    let mut body = institution();
    body.as_object_mut().unwrap().remove(field);
    body
}

/// Whether a text has letters of the Latin alphabet in a row, as the words of a reader's own message would.
fn is_english(text: &str) -> bool {
    text.split(|letter: char| !letter.is_ascii_alphabetic()).any(|word| word.len() > 5)
}

both!(each_broken_field_is_named_in_the_askers_language, |app| async {
    app.add_towns();
    app.add_user("hu", Role::CityManager, Place::City);
    let hu = Program::enter(app, "hu").await;
    let cases = [
        (with("longitude", json!("east")), "longitude", "须为数字。"),
        (with("micro_fire_station", json!("yes")), "micro_fire_station", "须为布尔值（true 或 false）。"),
        (with("name", json!(7)), "name", "须为文本。"),
        (with("opened_on", json!("2019-02-30")), "opened_on", "此值不能用于该字段。"),
        (with("beds", json!(4)), "beds", "不认识“beds”。"),
        (without("latitude"), "latitude", "缺少此字段。"),
        (json!([]), "body", "须为对象。"),
        (with("name", json!("敬")), "name", "请填写名称。"),
        (with("town_code", json!("350582999")), "town_code", "没有此代码的镇街。"),
    ];
    for (body, field, rule) in cases {
        let send = |lang: &'static str| {
            hu.request(Method::POST, "/api/v1/institutions")
                .header("accept-language", lang)
                .json(&body)
                .send()
        };
        let (status, problem) = answer(send("zh-CN").await.unwrap()).await;
        assert_eq!((status, fields(&problem)), (422, vec![field]), "{body}");
        assert_eq!(problem["fields"][0]["rule"], rule, "{body}");
        let (_, problem) = answer(send("en").await.unwrap()).await;
        let english = problem["fields"][0]["rule"].as_str().unwrap().to_owned();
        assert!(english.is_ascii() || english.contains('“'), "{english}");
    }
});

both!(what_is_no_json_is_refused_with_the_place, |app| async {
    app.add_towns();
    app.add_user("hu", Role::CityManager, Place::City);
    let hu = Program::enter(app, "hu").await;
    let send = |kind: &'static str, body: &'static [u8]| {
        let request = hu.request(Method::POST, "/api/v1/institutions").header("content-type", kind);
        request.body(body).send()
    };
    for body in [&b"{\"name\": "[..], b"", b"\xff\xfe", b"{'name': 1}", b"{\"longitude\": 1e999}"] {
        let (status, problem) = answer(send("application/json", body).await.unwrap()).await;
        assert_eq!((status, fields(&problem)), (422, vec!["body"]), "{problem}");
        let rule = problem["fields"][0]["rule"].as_str().unwrap();
        assert!(rule.contains("第 1 行") && !is_english(&rule.replace("JSON", "")), "{rule}");
    }
    let (status, problem) = answer(send("text/plain", b"{}").await.unwrap()).await;
    assert_eq!((status, fields(&problem)), (422, vec!["content-type"]));
});

both!(a_body_above_the_limit_is_refused_as_too_large, |app| async {
    app.add_towns();
    app.add_user("hu", Role::CityManager, Place::City);
    let hu = Program::enter(app, "hu").await;
    let name = "x".repeat(app.app.config.http.body_max_bytes as usize);
    let (status, problem) = hu.send(Method::POST, "/api/v1/institutions", &with("name", json!(name))).await;
    assert_eq!((status, &problem["code"]), (413, &json!("too_large")));
});

both!(a_query_is_strict_too, |app| async {
    app.add_towns();
    app.add_user("hu", Role::CityManager, Place::City);
    let hu = Program::enter(app, "hu").await;
    for (query, field) in [
        ("page=2", "page"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=x", "limit"),
        ("cursor=abc", "cursor"),
        ("kind=palace", "kind"),
        ("fire=perhaps", "fire"),
        ("q=%00", "q"),
    ] {
        let (status, problem) = hu.refusal(&format!("/api/v1/institutions?{query}")).await;
        assert_eq!((status, fields(&problem)), (422, vec![field]), "{query}");
    }
});

both!(a_path_that_is_no_number_is_of_no_record, |app| async {
    app.add_towns();
    app.add_user("hu", Role::CityManager, Place::City);
    let hu = Program::enter(app, "hu").await;
    for id in ["x", "1.5", "99999999999999999999", "-1", "0"] {
        assert_eq!(hu.refusal(&format!("/api/v1/institutions/{id}")).await.0, 404, "{id}");
    }
});
