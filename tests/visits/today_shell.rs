//! What lets the phone's page open without a network: the worker's list of files is whole, and everything has the right form.

use std::collections::BTreeSet;

use serde_json::Value;
use songhe::access::{Place, Role};

use crate::support::app::both;
use crate::support::client::Client;

/// The value that the program wrote in front of the worker's script.
fn constant(script: &str, name: &str) -> Value {
    let start = format!("const {name} = ");
    let line = script.lines().find_map(|line| line.strip_prefix(&start)).expect(name);
    serde_json::from_str(line.trim_end_matches(';')).unwrap()
}

/// Addresses below `/static/` that a text names, in quotes of either kind.
fn named(text: &str) -> BTreeSet<String> {
    let quoted = text.split(['"', '\'', '`']).filter(|part| part.starts_with("/static/"));
    quoted.map(|part| part.split(['#', '?']).next().unwrap_or(part).to_owned()).collect()
}

/// What scripts import, as addresses.
fn imported(text: &str) -> BTreeSet<String> {
    let names = text.lines().filter_map(|line| line.split_once("from \"./")?.1.split('"').next());
    names.map(|name| format!("/static/js/{name}")).collect()
}

async fn needed(client: &Client, pages: [&str; 2]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut texts = vec![client.page(pages[0]).await, client.page(pages[1]).await];
    while let Some(text) = texts.pop() {
        for path in named(&text).union(&imported(&text)) {
            if found.insert(path.clone()) && path.rsplit('.').next() == Some("js") {
                texts.push(client.page(path).await);
            }
        }
    }
    found
}

both!(the_worker_keeps_every_file_that_the_page_asks_for, |app| async {
    app.add_towns();
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    let chen = app.user("chen", Role::Caregiver, Place::Own(caregiver)).await;
    let answer = app.client().get("/today/worker.js").await;
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("service-worker-allowed"), "/today", "the page, and nothing else");
    assert_eq!(header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(header("cache-control"), "no-cache");
    assert!(header("content-security-policy").contains("worker-src 'self'"));
    let script = answer.text().await.unwrap();
    assert!(constant(&script, "VERSION").as_str().is_some_and(|version| version.len() == 16));
    let listed: BTreeSet<String> = serde_json::from_value(constant(&script, "FILES")).unwrap();
    for path in &listed {
        assert_eq!(app.client().status(path).await, 200, "{path}");
    }
    assert_eq!(constant(&script, "OFFLINE"), "/today/offline");
    assert_eq!(needed(&chen, ["/today", "/today/offline"]).await, listed);
});

both!(the_manifest_makes_the_page_an_app_in_both_languages, |app| async {
    for (lang, name) in [("zh-CN", "松鹤护理员"), ("en", "Songhe for caregivers")] {
        let answer = app.client().get(&format!("/today/manifest.webmanifest?lang={lang}")).await;
        assert_eq!(answer.headers()["content-type"], "application/manifest+json");
        let manifest: Value = answer.json().await.unwrap();
        assert_eq!((&manifest["name"], &manifest["lang"]), (&name.into(), &lang.into()));
        assert_eq!(manifest["start_url"], "/today");
        for icon in manifest["icons"].as_array().unwrap() {
            let answer = app.client().get(icon["src"].as_str().unwrap()).await;
            assert_eq!(answer.headers()["content-type"], "image/png");
            let bytes = answer.bytes().await.unwrap();
            let side = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
            assert_eq!(icon["sizes"], format!("{}x{}", side(16), side(20)));
        }
    }
});
