//! Files and functions that a person can hold in the head.

use super::assert_none;
use super::source::{Source, code_only, rust};

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;

fn long_files(sources: &[Source]) -> Vec<String> {
    let count = |source: &Source| source.text.lines().count();
    // The list of tables is looked up, not read.
    let long =
        sources.iter().filter(|source| count(source) > FILE_LINES_MAX && source.path != "src/db/schema.rs");
    long.map(|source| format!("{}: {} lines", source.path, count(source))).collect()
}

fn long_functions(source: &Source) -> Vec<String> {
    let code = code_only(&source.text);
    let lines: Vec<&str> = code.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        let length = length_of(&lines[start..]);
        if length > FUNCTION_LINES_MAX {
            found.push(format!("{}:{}: fn {name} has {length} lines", source.path, start + 1));
        }
    }
    found
}

fn function_name(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let is_declaration = before.split_whitespace().all(|word| {
        ["pub", "const", "async", "unsafe", "extern", "default"].contains(&word)
            || word.starts_with("pub(")
            || word.ends_with(')')
    });
    let name = after.split(|character: char| !(character.is_alphanumeric() || character == '_')).next()?;
    (is_declaration && !name.is_empty()).then_some(name)
}

/// Lines from the signature to the brace that closes the body; 1 for a function without a body.
fn length_of(lines: &[&str]) -> usize {
    let mut depth = 0_usize;
    for (index, line) in lines.iter().enumerate() {
        for character in line.chars() {
            match character {
                ';' if depth == 0 => return index + 1,
                '{' => depth += 1,
                '}' if depth <= 1 => return index + 1,
                '}' => depth -= 1,
                _ => {}
            }
        }
    }
    lines.len()
}

#[test]
fn no_file_is_longer_than_400_lines() {
    assert_none("a file has at most 400 lines", &long_files(&rust()));
}

#[test]
fn no_function_is_longer_than_70_lines() {
    let offenders: Vec<String> = rust().iter().flat_map(long_functions).collect();
    assert_none("a function has at most 70 lines", &offenders);
}

fn source(text: String) -> Source {
    Source { path: "src/a.rs".to_owned(), text }
}

#[test]
fn a_file_of_401_lines_is_found() {
    assert_eq!(long_files(&[source("a\n".repeat(400))]), Vec::<String>::new());
    assert_eq!(long_files(&[source("a\n".repeat(401))]), ["src/a.rs: 401 lines"]);
}

#[test]
fn a_function_of_71_lines_is_found_and_its_neighbour_is_not() {
    let body = |lines: usize| "    let a = \"}\"; // }\n".repeat(lines - 2);
    let text = |lines: usize| {
        format!("fn short();\npub(crate) async fn long() {{\n{}}}\nfn b() {{}}\n", body(lines))
    };
    assert_eq!(long_functions(&source(text(70))), Vec::<String>::new());
    assert_eq!(long_functions(&source(text(71))), ["src/a.rs:2: fn long has 71 lines"]);
}
