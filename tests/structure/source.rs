//! Reading the tree: its files, and Rust source without comments and the contents of literals.

use std::path::{Path, PathBuf};

/// One text file; the path is relative to the root, with slashes.
pub struct Source {
    pub path: String,
    pub text: String,
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `folder` whose name ends with `.ext`, in order of path; none when the folder is absent.
pub fn files(folder: &str, ext: &str) -> Vec<Source> {
    let mut paths = Vec::new();
    collect(&root().join(folder), &mut paths);
    paths.retain(|path| path.extension().is_some_and(|found| found == ext));
    paths.sort();
    paths
        .iter()
        .map(|path| Source { path: relative(path), text: std::fs::read_to_string(path).unwrap() })
        .collect()
}

/// Paths below `folder`, of every file.
pub fn paths(folder: &str) -> Vec<String> {
    let mut paths = Vec::new();
    collect(&root().join(folder), &mut paths);
    paths.sort();
    paths.iter().map(|path| relative(path)).collect()
}

/// All Rust source of the workspace, tests and benches too.
pub fn rust() -> Vec<Source> {
    ["src", "tests", "benches", "fire-protocol", "firmware-protocol"]
        .iter()
        .flat_map(|folder| files(folder, "rs"))
        .collect()
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/")
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        let is_build_output = path.file_name().is_some_and(|name| name == "target");
        if path.is_dir() && !is_build_output {
            collect(&path, into);
        } else if path.is_file() {
            into.push(path);
        }
    }
}

/// The source with comments and the insides of literals blanked, line for line, so that a word or a brace in
/// them is not taken for code.
pub fn code_only(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = skip_at(&chars, at);
        if end == at {
            code.push(chars[at]);
            at += 1;
        } else {
            code.extend(chars[at..end].iter().map(|&character| if character == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    code
}

/// The end of the comment or literal that starts at `at`, or `at` itself.
fn skip_at(chars: &[char], at: usize) -> usize {
    let rest = &chars[at..];
    let starts =
        |word: &str| word.chars().enumerate().all(|(index, wanted)| rest.get(index) == Some(&wanted));
    let in_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    if starts("//") {
        return at + rest.iter().position(|&character| character == '\n').unwrap_or(rest.len());
    }
    if starts("/*") {
        return block_comment_end(chars, at);
    }
    if !in_word && (starts("r\"") || starts("r#") || starts("br\"") || starts("br#")) {
        return raw_string_end(chars, at);
    }
    if starts("\"") {
        return quoted_end(chars, at, '"');
    }
    // A lifetime has no closing quote behind its first character.
    if starts("'") && (rest.get(1) == Some(&'\\') || rest.get(2) == Some(&'\'')) {
        return quoted_end(chars, at, '\'');
    }
    at
}

fn block_comment_end(chars: &[char], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0);
    while at + 1 < chars.len() {
        match (chars[at], chars[at + 1]) {
            ('/', '*') => (depth, at) = (depth + 1, at + 2),
            ('*', '/') => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    chars.len()
}

fn raw_string_end(chars: &[char], start: usize) -> usize {
    let mut at = start;
    while matches!(chars.get(at), Some('r' | 'b')) {
        at += 1;
    }
    let hashes = chars[at..].iter().take_while(|&&character| character == '#').count();
    if chars.get(at + hashes) != Some(&'"') {
        // A raw identifier such as r#type.
        return start;
    }
    at += hashes + 1;
    while at < chars.len() {
        if chars[at] == '"'
            && chars[at + 1..].iter().take_while(|&&character| character == '#').count() >= hashes
        {
            return at + 1 + hashes;
        }
        at += 1;
    }
    chars.len()
}

fn quoted_end(chars: &[char], start: usize, quote: char) -> usize {
    let mut at = start + 1;
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            character if character == quote => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

#[test]
fn comments_and_literals_are_blanked_and_lines_kept() {
    let text =
        "let a = \"{ // \\\" }\"; // b {\nlet c = '{'; /* d /* { */ */ let e: &'a str = r#\"{\"}\"#;\n";
    let code = code_only(text);
    assert!(!code.contains(['{', '}']), "{code}");
    assert_eq!(code.lines().count(), 2);
    assert!(code.contains("let a =") && code.contains("let e: &'a str ="), "{code}");
}
