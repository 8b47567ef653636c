//! The description and the route table say the same.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use songhe::access::Role;
use songhe::text::Lang;
use songhe::web::{self, Need, Route};

use super::Program;
use crate::support::app::both;
use crate::support::seed::town;

fn document() -> Value {
    serde_json::to_value(songhe::api::document(Lang::English, "songhe_session")).unwrap()
}

fn operations(document: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            found.push((format!("{} {path}", method.to_uppercase()), operation.clone()));
        }
    }
    found
}

fn name(route: &Route) -> String {
    format!("{} {}", route.method, route.path)
}

fn routes() -> Vec<Route> {
    web::all().into_iter().filter(|route| route.path.starts_with("/api/v1")).collect()
}

#[test]
fn every_route_is_described_and_every_description_has_a_route() {
    let described: BTreeSet<String> = operations(&document()).into_iter().map(|(name, _)| name).collect();
    let routed: BTreeSet<String> = routes().iter().map(name).collect();
    assert_eq!(described, routed);
    assert!(routed.len() >= 8, "{routed:?}");
}

#[test]
fn every_operation_says_what_it_needs_and_how_it_fails() {
    let document = document();
    let operations = operations(&document);
    for route in routes() {
        let name = name(&route);
        let operation = &operations.iter().find(|(known, _)| *known == name).unwrap().1;
        let statuses: BTreeSet<&str> =
            operation["responses"].as_object().unwrap().keys().map(String::as_str).collect();
        let mut wanted = BTreeSet::from(["500", "503"]);
        if route.need == Need::Open {
            assert_eq!(operation["security"], json!([{}]), "{name}");
        } else {
            assert_eq!(operation["security"], json!([{ "bearer": [] }, { "session_cookie": [] }]), "{name}");
            wanted.insert("401");
        }
        if matches!(route.need, Need::May(_) | Need::Either(..)) || route.method != "GET" {
            wanted.insert("403");
        }
        if route.path.contains('{') {
            wanted.insert("404");
        }
        let takes = operation.get("requestBody").is_some();
        assert!(takes || route.method != "PATCH", "{name}");
        if takes {
            wanted.extend(["413", "422"]);
        }
        if route.method == "PATCH" {
            wanted.insert("409");
        }
        assert!(wanted.is_subset(&statuses), "{name}: {statuses:?} lacks some of {wanted:?}");
        assert!(statuses.iter().any(|status| status.starts_with('2')), "{name}");
        for (status, response) in operation["responses"].as_object().unwrap() {
            let is_problem = response["content"]["application/problem+json"]["schema"]["$ref"]
                == "#/components/schemas/Problem";
            assert_eq!(is_problem, status.as_str() >= "400", "{name} {status}");
            assert!(!response["description"].as_str().unwrap().starts_with("api."), "{name} {status}");
        }
        let summary = operation["summary"].as_str().unwrap();
        assert!(!summary.is_empty() && !summary.starts_with("api."), "{name}: {summary}");
        assert!(!operation["tags"][0].as_str().unwrap().is_empty(), "{name}");
    }
}

#[test]
fn every_reference_leads_somewhere_and_operations_have_names_of_their_own() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let text = document.to_string();
    for (start, prefix) in text.match_indices("\"$ref\":\"#/") {
        let target = text[start + prefix.len()..].split('"').next().unwrap();
        assert!(document.pointer(&format!("/{target}")).is_some(), "{target}");
    }
    let ids: BTreeSet<String> =
        operations(&document).iter().map(|(_, operation)| operation["operationId"].to_string()).collect();
    assert_eq!(ids.len(), operations(&document).len());
}

#[test]
fn inputs_are_closed_and_a_patch_needs_its_version_only() {
    let schemas = document()["components"]["schemas"].clone();
    for (name, schema) in schemas.as_object().unwrap() {
        if name.ends_with("Input") || name.ends_with("Patch") || name == "Login" {
            assert_eq!(schema["additionalProperties"], false, "{name}");
        }
        if name.ends_with("Patch") {
            assert_eq!(schema["required"], json!(["version"]), "{name}");
        }
    }
}

both!(the_description_is_served_in_the_readers_language, |app| async {
    app.add_towns();
    app.add_user("lin", Role::Coordinator, town(1));
    let lin = Program::enter(app, "lin").await;
    let english = lin.read("/api/v1/openapi.json?lang=en").await;
    assert_eq!(english, document());
    let chinese = lin.read("/api/v1/openapi.json?lang=zh-CN").await;
    assert_eq!(chinese["info"]["title"], "JSON 接口");
    assert_eq!(app.client().status("/api/v1/openapi.json").await, 401);
});

both!(the_viewer_is_a_page_of_ours_with_files_of_ours, |app| async {
    app.add_towns();
    app.add_user("lin", Role::Coordinator, town(1));
    let lin = app.login("lin").await;
    let page = lin.page("/api/docs").await;
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("<script>"), "{page}");
    for file in ["swagger-ui.css", "swagger-ui-bundle.js"] {
        assert!(page.contains(&format!("/api/docs/{file}")));
        assert!(lin.page(&format!("/api/docs/{file}")).await.len() > 10_000);
    }
    for file in ["index.html", "swagger-initializer.js", "nothing.js"] {
        assert_eq!(lin.status(&format!("/api/docs/{file}")).await, 404, "{file}");
    }
    assert_eq!(app.client().status("/api/docs").await, 303);
});
