//! Both languages hold the same texts, and every text that is asked for exists.

use std::collections::BTreeSet;

use super::source::{Source, files, root};
use super::{assert_none, is_whole};

const LOCALES: [&str; 2] = ["locales/zh-CN.toml", "locales/en.toml"];

/// The keys of a locale file, sections joined with dots; an empty text is an offence, not a key.
fn keys(text: &str) -> Result<BTreeSet<String>, Vec<String>> {
    let table: toml::Table = toml::from_str(text).map_err(|error| vec![error.to_string()])?;
    let (mut keys, mut empty) = (BTreeSet::new(), Vec::new());
    collect("", &table, &mut keys, &mut empty);
    if empty.is_empty() { Ok(keys) } else { Err(empty) }
}

fn collect(prefix: &str, table: &toml::Table, keys: &mut BTreeSet<String>, empty: &mut Vec<String>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::Table(inner) => collect(&key, inner, keys, empty),
            toml::Value::String(text) if !text.trim().is_empty() => drop(keys.insert(key)),
            _ => empty.push(format!("{key}: not a text, or an empty one")),
        }
    }
}

/// Keys that only one of the two has.
fn unpaired(chinese: &BTreeSet<String>, english: &BTreeSet<String>) -> Vec<String> {
    let only = |key: &String| {
        let place = if chinese.contains(key) { LOCALES[0] } else { LOCALES[1] };
        format!("{key}: in {place} only")
    };
    chinese.symmetric_difference(english).map(only).collect()
}

/// The literals of `t("...")` calls, with their line.
fn asked(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (index, line) in source.text.lines().enumerate() {
        for (start, call) in line.match_indices("t(\"") {
            let before = line[..start].chars().next_back();
            let is_call = !before.is_some_and(|character| character.is_alphanumeric() || character == '_');
            let key = line[start + call.len()..].split('"').next().unwrap_or_default();
            if is_call && !line.trim_start().starts_with("//") {
                found.push((index + 1, key.to_owned()));
            }
        }
    }
    found
}

fn absent(source: &Source, keys: &BTreeSet<String>) -> Vec<String> {
    let missing = asked(source).into_iter().filter(|(_, key)| !keys.contains(key));
    missing.map(|(line, key)| format!("{}:{line}: {key}", source.path)).collect()
}

/// Both files' keys, or `None` while there are no pages.
fn locales() -> Option<[BTreeSet<String>; 2]> {
    if !root().join("locales").exists() {
        assert!(!is_whole(), "the pages need locales/");
        return None;
    }
    Some(LOCALES.map(|path| {
        let text = std::fs::read_to_string(root().join(path)).unwrap();
        keys(&text).unwrap_or_else(|offenders| panic!("{path}: {offenders:?}"))
    }))
}

#[test]
fn both_languages_have_the_same_texts() {
    if let Some([chinese, english]) = locales() {
        assert_none("a text is there in both languages", &unpaired(&chinese, &english));
    }
}

#[test]
fn every_text_that_is_asked_for_exists() {
    let Some([chinese, _]) = locales() else { return };
    let mut sources = files("src", "rs");
    sources.extend(files("templates", "html"));
    let offenders: Vec<String> = sources.iter().flat_map(|source| absent(source, &chinese)).collect();
    assert_none("a text is in the locale files", &offenders);
}

#[test]
fn an_unpaired_an_empty_and_an_absent_text_are_found() {
    let chinese = keys("[nav]\nbeds = \"床位\"\nelders = \"老人\"").unwrap();
    let english = keys("[nav]\nbeds = \"Beds\"").unwrap();
    assert_eq!(unpaired(&chinese, &english), ["nav.elders: in locales/zh-CN.toml only"]);
    assert_eq!(unpaired(&english, &chinese), ["nav.elders: in locales/en.toml only"]);
    assert!(keys("[nav]\nbeds = \" \"").unwrap_err()[0].starts_with("nav.beds"));
    let text = "<h1>{{ l.t(\"nav.beds\") }}</h1>\n{{ t(\"nav.bed\") }} {{ format(\"x\") }}".to_owned();
    let source = Source { path: "templates/a.html".to_owned(), text };
    assert_eq!(absent(&source, &chinese), ["templates/a.html:2: nav.bed"]);
}
