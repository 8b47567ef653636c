//! The commands that the papers promise are the ones that are there.

use super::source::root;
use super::{assert_none, is_whole};

const README_COMMANDS: [&str; 2] = ["cargo run --release -- demo", "tests/run"];
/// How far down the first screen reaches.
const FIRST_SCREEN_LINES: usize = 40;

fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(root().join(path)).ok()
}

/// The commands that the first screen of a README leaves out.
fn left_out(path: &str, text: &str) -> Vec<String> {
    let screen: String = text.lines().take(FIRST_SCREEN_LINES).collect::<Vec<_>>().join("\n");
    let missing = README_COMMANDS.iter().filter(|command| !screen.contains(*command));
    missing.map(|command| format!("{path}: {command}")).collect()
}

/// Whether a shell script runs `tests/run`, comments aside.
fn runs_the_tests(script: &str) -> bool {
    script.lines().any(|line| {
        let line = line.trim_start();
        !line.starts_with('#')
            && line.split_whitespace().any(|word| word == "tests/run" || word == "./tests/run")
    })
}

#[test]
fn ci_runs_what_everyone_runs() {
    assert!(runs_the_tests(&read(".ci/run").unwrap()));
}

#[test]
fn both_readmes_name_both_commands_on_their_first_screen() {
    let mut offenders = Vec::new();
    for path in ["README.md", "README.zh-CN.md"] {
        match read(path) {
            Some(text) => offenders.extend(left_out(path, &text)),
            None if is_whole() => offenders.push(format!("{path}: absent")),
            None => {}
        }
    }
    assert_none("a README says how to see and how to test the product", &offenders);
}

#[test]
fn a_script_without_the_tests_and_a_readme_without_the_commands_are_found() {
    assert!(runs_the_tests("set -e\nexec tests/run \"$@\"\n"));
    assert!(!runs_the_tests("# tests/run\ncargo test\n"));
    assert_eq!(left_out("README.md", "`cargo run --release -- demo`"), ["README.md: tests/run"]);
    let below = format!("{}tests/run\ncargo run --release -- demo", "\n".repeat(FIRST_SCREEN_LINES));
    assert_eq!(left_out("README.md", &below).len(), 2);
}

/// Addresses such as `/today` that a text names and no route begins with.
fn dead_addresses(path: &str, text: &str, known: &[&str]) -> Vec<String> {
    let named = text.split('`').skip(1).step_by(2).filter(|name| {
        let is_address = |letter: char| letter.is_ascii_alphanumeric() || "/-_".contains(letter);
        name.strip_prefix('/').is_some_and(|rest| !rest.is_empty()) && name.chars().all(is_address)
    });
    let dead = named.filter(|name| !known.iter().any(|route| route.starts_with(name)));
    dead.map(|name| format!("{path}: {name}")).collect()
}

#[test]
fn the_papers_name_addresses_that_are_there() {
    let routes = songhe::web::all();
    let known: Vec<&str> = routes.iter().map(|route| route.path).collect();
    let mut offenders = Vec::new();
    for path in ["README.md", "README.zh-CN.md", "ARCHITECTURE.md", "CHANGELOG.md"] {
        offenders.extend(dead_addresses(path, &read(path).unwrap_or_default(), &known));
    }
    assert_none("an address that a paper names is there", &offenders);
    for path in ["README.md", "README.zh-CN.md"] {
        assert!(read(path).unwrap().contains("`/today`"), "{path} tells of the caregiver's phone");
    }
}

#[test]
fn an_address_that_is_not_there_is_found() {
    let known = ["/today", "/today/worker.js"];
    assert_eq!(dead_addresses("a", "`/today` and `/tomorrow`, `a/b`, `/`", &known), ["a: /tomorrow"]);
}
