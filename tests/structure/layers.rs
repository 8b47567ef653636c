//! Who may name what: arrows between layers point one way.

use super::assert_none;
use super::source::{self, Source, code_only};

/// A word that only some files may name, and which.
struct Rule {
    name: &'static str,
    words: &'static [&'static str],
    is_allowed: fn(&str) -> bool,
}

fn has_part(path: &str, names: &[&str]) -> bool {
    path.split('/').any(|part| names.contains(&part))
}

fn diesel(path: &str) -> bool {
    path.starts_with("src/db/") || has_part(path, &["store.rs", "store"])
}

fn http(path: &str) -> bool {
    path.starts_with("src/web/")
        || path.starts_with("src/api/")
        || has_part(path, &["pages.rs", "pages", "api.rs", "api"])
        || path.starts_with("src/cli/serve")
}

fn is_pure(path: &str) -> bool {
    path.starts_with("src/dispatch/solver/") || has_part(path, &["model.rs", "model"])
}

const RULES: [Rule; 6] = [
    Rule {
        name: "diesel is named in store.rs, store/ and src/db/ only",
        words: &["diesel", "diesel_migrations", "libsqlite3_sys", "pq_sys"],
        is_allowed: diesel,
    },
    Rule {
        name: "actix-web is named in pages, api, src/web/, src/api/ and src/cli/serve only",
        words: &["actix_web", "actix_web_lab"],
        is_allowed: http,
    },
    Rule {
        name: "MQTT crates are named in src/devices/ only",
        words: &["rmqtt", "rumqttc"],
        is_allowed: |path| path.starts_with("src/devices/"),
    },
    Rule {
        name: "redis is named in src/bus/ only",
        words: &["redis"],
        is_allowed: |path| path.starts_with("src/bus/"),
    },
    Rule {
        name: "wall time is read in src/clock.rs only",
        words: &["Utc::now", "Local::now", "SystemTime::now", "SystemTime::UNIX_EPOCH.elapsed"],
        is_allowed: |path| path == "src/clock.rs",
    },
    Rule {
        name: "models and the solver do no input or output",
        words: &[
            "std::fs",
            "std::net",
            "std::process",
            "std::env",
            "tokio",
            "reqwest",
            "tracing",
            "crate::db",
            "crate::bus",
            "crate::web",
            "crate::clock",
        ],
        is_allowed: |path| !is_pure(path),
    },
];

/// `path:line: word` for every place where a file names what it may not.
fn offenders(rule: &Rule, sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| !(rule.is_allowed)(&source.path)) {
        for (number, statement) in statements(&code_only(&source.text)) {
            let named = rule.words.iter().filter(|word| names(&statement, word));
            found.extend(named.map(|word| format!("{}:{number}: {word}", source.path)));
        }
    }
    found
}

/// Lines with their numbers; a `use` that goes over several lines is joined into its first.
fn statements(code: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut is_open = false;
    for (index, line) in code.lines().enumerate() {
        match found.last_mut() {
            Some((_, statement)) if is_open => statement.push_str(line.trim()),
            _ => {
                let starts = line.trim_start().trim_start_matches("pub").trim_start();
                is_open = starts.starts_with("use ") || starts.starts_with("(crate) use ");
                found.push((index + 1, line.to_owned()));
            }
        }
        is_open = is_open && !line.contains(';');
    }
    found
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Where `word` stands whole in `text`.
fn whole<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(word).map(|(start, _)| start).filter(move |&start| {
        !text[..start].ends_with(is_word) && !text[start + word.len()..].starts_with(is_word)
    })
}

/// Whether the statement names `word`: a crate in a `use` or before `::`, or a path such as `std::fs`, also
/// from a group as in `use std::{fs, io}`.
fn names(statement: &str, word: &str) -> bool {
    let Some((parent, child)) = word.rsplit_once("::") else {
        return whole(statement, word).any(|start| {
            let before = statement[..start].trim_end();
            let in_use = before.ends_with("use") || before.ends_with("extern crate");
            let is_path = statement[start + word.len()..].starts_with("::");
            // `crate::redis::x` is ours, not the crate.
            !before.ends_with("::") && (in_use || is_path)
        });
    };
    let group = format!("{parent}::{{");
    let in_group = |start: usize| whole(&statement[start + group.len()..], child).next().is_some();
    whole(statement, word).next().is_some() || statement.find(&group).is_some_and(in_group)
}

fn assert_rule(index: usize) {
    let sources = source::files("src", "rs");
    assert!(!sources.is_empty());
    assert_none(RULES[index].name, &offenders(&RULES[index], &sources));
}

#[test]
fn diesel_stays_in_the_stores() {
    assert_rule(0);
}

#[test]
fn http_stays_at_the_edge() {
    assert_rule(1);
}

#[test]
fn mqtt_stays_with_the_devices() {
    assert_rule(2);
}

#[test]
fn redis_stays_in_the_bus() {
    assert_rule(3);
}

#[test]
fn wall_time_is_read_by_the_clock_alone() {
    assert_rule(4);
}

#[test]
fn models_and_the_solver_are_pure() {
    assert_rule(5);
}

#[test]
fn each_rule_names_its_offender_and_spares_the_right_place() {
    for (index, line, wrong, right) in [
        (0, "use diesel::prelude::*;", "src/beds/admit.rs", "src/beds/store.rs"),
        (0, "    let rows = diesel::insert_into(beds);", "src/beds/pages.rs", "src/beds/store/stays.rs"),
        (1, "use actix_web::{get, HttpResponse};", "src/beds/admit.rs", "src/beds/pages.rs"),
        (2, "use rumqttc::v5::AsyncClient;", "src/alerts/notify.rs", "src/devices/external.rs"),
        (3, "use redis;", "src/web/live.rs", "src/bus/shared.rs"),
        (4, "let at = chrono::Utc::now();", "src/beds/admit.rs", "src/clock.rs"),
        (5, "use std::fs;", "src/beds/model.rs", "src/beds/admit.rs"),
        (5, "use std::{\n    collections::BTreeMap,\n    fs,\n};", "src/beds/model.rs", "src/beds/admit.rs"),
        (5, "use crate::db::Db;", "src/dispatch/solver/insert.rs", "src/dispatch/board.rs"),
    ] {
        let source = |path: &str| [Source { path: path.to_owned(), text: format!("\n{line}\n") }];
        let found = offenders(&RULES[index], &source(wrong));
        assert!(found.len() == 1 && found[0].starts_with(&format!("{wrong}:2: ")), "{line}: {found:?}");
        assert_eq!(offenders(&RULES[index], &source(right)), Vec::<String>::new(), "{line}");
    }
}

#[test]
fn a_word_in_a_comment_a_text_or_a_longer_name_is_no_offence() {
    let text =
        "// use diesel::x\nlet a = \"diesel::\"; let diesel_like = 1; crate::redis::b(); Kind::redis;\n";
    let source = [Source { path: "src/beds/admit.rs".to_owned(), text: text.to_owned() }];
    for rule in &RULES {
        assert_eq!(offenders(rule, &source), Vec::<String>::new(), "{}", rule.name);
    }
}
