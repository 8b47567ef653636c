//! Merges the layers, checks them, and tells every mistake at once.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::error::Kind;
use figment::providers::Serialized;
use figment::value::{Dict, Value};

use super::error::{ConfigError, Origin, Problem};
use super::keys::{self, Key};
use super::layers::{self, Entry, Overrides};
use super::nearest::nearest;
use super::settings::Config;
use super::{rules, secret};

/// Read when no file is named and it exists, relative to the working directory.
pub const DEFAULT_FILE: &str = "config/songhe.toml";

/// A configuration and where each of its values came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub config: Config,
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
    entries: Vec<Entry>,
}

impl Loaded {
    /// Where the value of the key `path` (`http.listen`) came from.
    pub fn origin(&self, path: &str) -> Origin {
        origin_of(&self.entries, path)
    }

    /// How many keys were given in each place: file, environment, flags. A key given twice counts twice.
    pub fn given_counts(&self) -> (usize, usize, usize) {
        let count =
            |wanted: fn(&Origin) -> bool| self.entries.iter().filter(|entry| wanted(&entry.origin)).count();
        (
            count(|origin| matches!(origin, Origin::File(_))),
            count(|origin| matches!(origin, Origin::Environment(_))),
            count(|origin| matches!(origin, Origin::Flag(_))),
        )
    }
}

impl Config {
    /// Defaults < file < environment < flags, checked.
    ///
    /// `file` is the one the operator named, which must exist. Without it `SONGHE_CONFIG` names one, and
    /// without that [`DEFAULT_FILE`] is read if it exists.
    pub fn load(file: Option<&Path>, overrides: &Overrides) -> Result<Self, ConfigError> {
        Self::load_with_origins(file, overrides).map(|loaded| loaded.config)
    }

    /// As [`Config::load`], and tells where each value came from.
    pub fn load_with_origins(file: Option<&Path>, overrides: &Overrides) -> Result<Loaded, ConfigError> {
        load_from(file, std::env::vars_os().collect(), overrides)
    }
}

pub(super) fn load_from(
    file: Option<&Path>,
    variables: Vec<(OsString, OsString)>,
    overrides: &Overrides,
) -> Result<Loaded, ConfigError> {
    let keys = keys::all();
    let mut problems = Vec::new();
    let mut entries = Vec::new();

    let file = choose_file(file, &variables);
    if let Some(path) = &file {
        match read_file(path) {
            Ok(read) => entries.extend(read),
            Err(problem) => problems.push(problem),
        }
    }
    match layers::from_environment(variables, &keys) {
        Ok(read) => entries.extend(read),
        Err(found) => problems.extend(found),
    }
    entries.extend(overrides.entries());

    problems.extend(entries.iter().filter_map(|entry| misplaced(entry, &keys)));
    entries.retain(|entry| keys.iter().any(|key| key.path == entry.path));
    match extract(&entries, &keys) {
        Ok(config) => {
            problems.extend(config.check().into_iter().map(|refusal| refusal.into_problem(&entries)));
            if problems.is_empty() {
                return Ok(Loaded { config, file, entries });
            }
        }
        Err(found) => problems.extend(found),
    }
    Err(ConfigError { problems })
}

fn choose_file(named: Option<&Path>, variables: &[(OsString, OsString)]) -> Option<PathBuf> {
    named
        .map(Path::to_owned)
        .or_else(|| layers::file_from_environment(variables))
        .or_else(|| Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.exists()))
}

fn read_file(path: &Path) -> Result<Vec<Entry>, Problem> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Problem::FileUnreadable { path: path.to_owned(), reason: error.to_string() })?;
    layers::from_file(path, &text)
}

/// A key nobody knows, or a section used as a key.
fn misplaced(entry: &Entry, keys: &[Key]) -> Option<Problem> {
    if keys.iter().any(|key| key.path == entry.path) {
        return None;
    }
    let (key, origin) = (entry.path.clone(), entry.origin.clone());
    let is_section = keys.iter().any(|known| known.path.split('.').next() == Some(entry.path.as_str()));
    if !is_section {
        let nearest = keys::nearest_key(&entry.path, keys);
        return Some(Problem::UnknownKey { key, origin, nearest });
    }
    // An empty section changes nothing and is no mistake.
    let is_empty_section = matches!(&entry.value, Value::Dict(..));
    (!is_empty_section).then(|| Problem::IllTyped {
        expected: format!("a section [{key}] with keys in it"),
        found: shown(&entry.value),
        key,
        origin,
    })
}

/// All ill-typed values are told at once: each is taken out and the rest tried again.
fn extract(entries: &[Entry], keys: &[Key]) -> Result<Config, Vec<Problem>> {
    let mut remaining = entries.to_vec();
    let mut problems = Vec::new();
    loop {
        let figment = Figment::from(Serialized::defaults(Config::default()))
            .merge(Serialized::defaults(nested(&remaining)));
        let error = match figment.extract::<Config>() {
            Ok(config) if problems.is_empty() => return Ok(config),
            Ok(_) => return Err(problems),
            Err(error) => error,
        };
        let path = error.path.join(".");
        let Some(entry) = remaining.iter().rfind(|entry| entry.path == path).cloned() else {
            problems.push(unplaced(path, &error.kind));
            return Err(problems);
        };
        problems.push(explain(&entry, error.kind, keys));
        remaining.retain(|entry| entry.path != path);
    }
}

/// Later entries replace earlier ones; every path has at most one dot.
fn nested(entries: &[Entry]) -> Dict {
    let mut root = Dict::new();
    for entry in entries {
        let Some((section, name)) = entry.path.split_once('.') else {
            root.insert(entry.path.clone(), entry.value.clone());
            continue;
        };
        let inner = root.entry(section.to_owned()).or_insert_with(|| Value::from(Dict::new()));
        if let Value::Dict(_, dict) = inner {
            dict.insert(name.to_owned(), entry.value.clone());
        }
    }
    root
}

fn explain(entry: &Entry, kind: Kind, keys: &[Key]) -> Problem {
    let (key, origin, found) = (entry.path.clone(), entry.origin.clone(), shown(&entry.value));
    let rule = match kind {
        Kind::InvalidType(_, expected) => {
            let known =
                keys.iter().find(|known| known.path == key).map(|known| known.kind.expected().to_owned());
            return Problem::IllTyped { expected: known.unwrap_or(expected), key, origin, found };
        }
        Kind::UnknownVariant(word, words) => one_of(&word, words),
        Kind::InvalidValue(..) => {
            rules::range_rule(&key).unwrap_or_else(|| "is outside what the program can hold".to_owned())
        }
        Kind::Message(message) if message == "invalid socket address syntax" => {
            "must be an IP address and a port such as \"127.0.0.1:8080\" or \"[::1]:8080\"".to_owned()
        }
        Kind::Message(message) => message,
        other => other.to_string(),
    };
    Problem::RuleBroken { key, origin, rule, found }
}

fn unplaced(path: String, kind: &Kind) -> Problem {
    Problem::RuleBroken {
        key: path,
        origin: Origin::Default,
        rule: kind.to_string(),
        found: "nothing".to_owned(),
    }
}

fn one_of(word: &str, words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
    let hint = nearest(word, words.iter().copied()).map(|word| format!(" (did you mean {word:?}?)"));
    format!("must be one of {}{}", quoted.join(", "), hint.unwrap_or_default())
}

pub(super) fn origin_of(entries: &[Entry], path: &str) -> Origin {
    entries.iter().rfind(|entry| entry.path == path).map_or(Origin::Default, |entry| entry.origin.clone())
}

/// The value as the operator wrote it. Passwords are masked under every key, since one may stand under a wrong
/// one.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(_, text) => format!("{:?}", secret::masked(text)),
        // A list or a table has the wrong type everywhere, and its inside could be anything.
        Value::Array(..) => "a list".to_owned(),
        Value::Dict(..) => "a section".to_owned(),
        other => serde_json::to_string(other).unwrap_or_else(|_| "an unreadable value".to_owned()),
    }
}
