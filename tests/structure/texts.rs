//! Both languages hold the same texts, and every text that is asked for exists.

use std::collections::BTreeSet;

use super::source::{Source, files, root};
use super::{assert_none, is_whole};

const LOCALES: [&str; 2] = ["locales/zh-CN", "locales/en"];

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
            // A figure may count things, without a unit.
            toml::Value::String(text) if !text.trim().is_empty() || name == "unit" => {
                keys.insert(key);
            }
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

/// The names of audited actions have the form of text keys; all of them stand in this file.
const ACTIONS: &str = "src/access/audit_log/words.rs";

fn literals(text: &str) -> BTreeSet<&str> {
    text.lines().flat_map(|line| line.split('"').skip(1).step_by(2)).collect()
}

/// Literals that can only be text keys, with their line: dotted names whose first part is a section of the locale files.
fn asked(source: &Source, sections: &BTreeSet<&str>) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (index, line) in source.text.lines().enumerate() {
        if line.trim_start().starts_with("//") || source.path.starts_with("src/config/") {
            continue;
        }
        for literal in line.split('"').skip(1).step_by(2) {
            let is_name = |part: &str| {
                !part.is_empty()
                    && part
                        .chars()
                        .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
            };
            let is_file = [".html", ".json", ".toml", ".xlsx"].iter().any(|ending| literal.ends_with(ending));
            let dotted = literal.contains('.') && !is_file && literal.split('.').all(is_name);
            if dotted && literal.split('.').next().is_some_and(|section| sections.contains(section)) {
                found.push((index + 1, literal.to_owned()));
            }
        }
    }
    found
}

fn absent(source: &Source, keys: &BTreeSet<String>) -> Vec<String> {
    let sections: BTreeSet<&str> = keys.iter().filter_map(|key| key.split('.').next()).collect();
    let missing = asked(source, &sections).into_iter().filter(|(_, key)| !keys.contains(key));
    missing.map(|(line, key)| format!("{}:{line}: {key}", source.path)).collect()
}

/// Both files' keys, or `None` while there are no pages.
fn locales() -> Option<[BTreeSet<String>; 2]> {
    if !root().join("locales").exists() {
        assert!(!is_whole(), "the pages need locales/");
        return None;
    }
    Some(LOCALES.map(|folder| {
        let mut all = BTreeSet::new();
        for source in files(folder, "toml") {
            let found =
                keys(&source.text).unwrap_or_else(|offenders| panic!("{}: {offenders:?}", source.path));
            for key in found {
                assert!(all.insert(key.clone()), "{}: {key} stands in another file too", source.path);
            }
        }
        all
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
    let mut known = chinese;
    if let Some(actions) = sources.iter().find(|source| source.path == ACTIONS) {
        known.extend(literals(&actions.text).into_iter().map(str::to_owned));
    }
    let offenders: Vec<String> = sources.iter().flat_map(|source| absent(source, &known)).collect();
    assert_none("a text is in the locale files", &offenders);
}

/// The kinds of `name_of("KIND", ..)` and `choices("KIND", ..)`, with their line.
fn kinds_asked(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (index, line) in source.text.lines().enumerate() {
        for call in ["name_of(\"", "choices(\""] {
            for (start, _) in line.match_indices(call) {
                let kind = line[start + call.len()..].split('"').next().unwrap_or_default();
                found.push((index + 1, kind.to_owned()));
            }
        }
    }
    found
}

fn nameless(source: &Source, keys: &BTreeSet<String>) -> Vec<String> {
    let named = |kind: &str| keys.iter().any(|key| key.starts_with(&format!("enums.{kind}.")));
    let missing = kinds_asked(source).into_iter().filter(|(_, kind)| !named(kind));
    missing.map(|(line, kind)| format!("{}:{line}: enums.{kind}", source.path)).collect()
}

#[test]
fn every_kind_of_value_has_names() {
    let Some([chinese, _]) = locales() else { return };
    let offenders: Vec<String> =
        files("src", "rs").iter().flat_map(|source| nameless(source, &chinese)).collect();
    assert_none("a kind of value has its names in the locale files", &offenders);
}

#[test]
fn a_kind_without_names_is_found() {
    let keys = BTreeSet::from(["enums.gender.female".to_owned()]);
    let text = "words.name_of(\"gender\", x)\nwords.choices(\"bed_kind\", NAMES)".to_owned();
    assert_eq!(
        nameless(&Source { path: "src/a.rs".to_owned(), text }, &keys),
        ["src/a.rs:2: enums.bed_kind"]
    );
}

#[test]
fn an_unpaired_an_empty_and_an_absent_text_are_found() {
    let chinese = keys("[nav]\nbeds = \"床位\"\nelders = \"老人\"").unwrap();
    let english = keys("[nav]\nbeds = \"Beds\"").unwrap();
    assert_eq!(unpaired(&chinese, &english), ["nav.elders: in locales/zh-CN only"]);
    assert_eq!(unpaired(&english, &chinese), ["nav.elders: in locales/en only"]);
    assert!(keys("[nav]\nbeds = \" \"").unwrap_err()[0].starts_with("nav.beds"));
    let text = "<h1>{{ l.t(\"nav.beds\") }}</h1>\n{{ t(\"nav.bed\") }} {{ format(\"x\") }}".to_owned();
    let source = Source { path: "templates/a.html".to_owned(), text };
    assert_eq!(absent(&source, &chinese), ["templates/a.html:2: nav.bed"]);
}
