//! The shape of the tree: what may name what, how large a file may grow, and that words, vendored files and
//! commands are where they are said to be.
//!
//! Every rule is a function from text to offenders, so that a bad example proves that it can fail.

mod assets;
mod commands;
mod layers;
mod sizes;
mod source;
mod texts;

/// Fails with every offender, one a line.
#[track_caller]
fn assert_none(rule: &str, offenders: &[String]) {
    assert!(offenders.is_empty(), "{rule}:\n  {}", offenders.join("\n  "));
}

/// Whether the tree holds the whole product; a part of it alone need not have pages, texts or a README.
fn is_whole() -> bool {
    source::root().join("src/web/mod.rs").exists()
}
