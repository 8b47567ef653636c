//! Why a configuration was refused, in words for the operator.

use std::fmt;
use std::path::PathBuf;

/// Where a value was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Default,
    File(PathBuf),
    /// The variable's name.
    Environment(String),
    /// The flag as typed, `--http`.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("the built-in default"),
            Self::File(path) => write!(f, "the file {}", path.display()),
            Self::Environment(name) => write!(f, "the environment variable {name}"),
            Self::Flag(flag) => write!(f, "the flag {flag}"),
        }
    }
}

/// One mistake. `found` texts have their passwords masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    UnknownKey { key: String, origin: Origin, nearest: Option<String> },
    IllTyped { key: String, origin: Origin, expected: String, found: String },
    RuleBroken { key: String, origin: Origin, rule: String, found: String },
    FileUnreadable { path: PathBuf, reason: String },
    FileNotToml { path: PathBuf, line: Option<usize>, reason: String },
    NotUnicode { variable: String },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey { key, origin, nearest: Some(nearest) } => {
                write!(f, "{key}: unknown key in {origin}; did you mean {nearest}?")
            }
            Self::UnknownKey { key, origin, nearest: None } => {
                write!(f, "{key}: unknown key in {origin}; `songhe config print` lists every key")
            }
            Self::IllTyped { key, origin, expected, found } => {
                write!(f, "{key}: expected {expected}, found {found}, from {origin}")
            }
            Self::RuleBroken { key, origin, rule, found } => {
                write!(f, "{key}: {rule}; found {found}, from {origin}")
            }
            Self::FileUnreadable { path, reason } => {
                write!(f, "the file {} cannot be read: {reason}", path.display())
            }
            Self::FileNotToml { path, line: Some(line), reason } => {
                write!(f, "the file {} is not valid TOML in line {line}: {reason}", path.display())
            }
            Self::FileNotToml { path, line: None, reason } => {
                write!(f, "the file {} is not valid TOML: {reason}", path.display())
            }
            Self::NotUnicode { variable } => {
                write!(f, "the environment variable {variable} is not valid Unicode")
            }
        }
    }
}

/// The start is refused; holds at least one problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.as_slice() {
            [problem] => write!(f, "the configuration is refused: {problem}"),
            problems => {
                write!(f, "the configuration is refused for {} reasons:", problems.len())?;
                problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
            }
        }
    }
}

impl std::error::Error for ConfigError {}
