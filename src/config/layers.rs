//! The three places above the defaults, each read into the same list of entries.

use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use figment::value::{Dict, Value};

use super::error::{Origin, Problem};
use super::keys::{Key, ValueKind};
use super::load::shown;
use super::secret::SecretUrl;
use super::settings::LogFormat;

const PREFIX: &str = "SONGHE_";
/// Variables with our prefix that are not keys: the file's own path, and what the tests are told.
const CONFIG_VARIABLE: &str = "SONGHE_CONFIG";
const TEST_PREFIX: &str = "SONGHE_TEST_";

/// What the command line sets; `None` leaves the key as the other places have it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides {
    pub data_dir: Option<PathBuf>,
    pub http_listen: Option<SocketAddr>,
    pub mqtt_listen: Option<SocketAddr>,
    pub database_url: Option<SecretUrl>,
    pub log_format: Option<LogFormat>,
    pub log_filter: Option<String>,
}

/// One value given by the operator.
#[derive(Clone)]
pub struct Entry {
    /// With its section: `http.listen`.
    pub path: String,
    pub value: Value,
    pub origin: Origin,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {} from {}", self.path, shown(&self.value), self.origin)
    }
}

/// The entries of a TOML text, and the file it came from.
pub fn from_file(path: &Path, text: &str) -> Result<Vec<Entry>, Problem> {
    let not_toml = |line, reason| Problem::FileNotToml { path: path.to_owned(), line, reason };
    let table: toml::Table = toml::from_str(text).map_err(|error| {
        // The parser's own text quotes the line, which may hold a password: tell only its number.
        let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        not_toml(line, error.message().to_owned())
    })?;
    let value = Value::serialize(table).map_err(|error| not_toml(None, error.to_string()))?;
    let mut entries = Vec::new();
    if let Value::Dict(_, dict) = value {
        collect_leaves("", dict, &Origin::File(path.to_owned()), &mut entries);
    }
    Ok(entries)
}

fn collect_leaves(prefix: &str, dict: Dict, origin: &Origin, entries: &mut Vec<Entry>) {
    for (name, value) in dict {
        let path = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        match value {
            Value::Dict(_, inner) if !inner.is_empty() => collect_leaves(&path, inner, origin, entries),
            value => entries.push(Entry { path, value, origin: origin.clone() }),
        }
    }
}

/// The entries of the environment. Text keys take the variable as it is, so that a city code stays text.
pub fn from_environment(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
    keys: &[Key],
) -> Result<Vec<Entry>, Vec<Problem>> {
    let mut entries = Vec::new();
    let mut problems = Vec::new();
    for (name, value) in variables {
        let Some(name) = name.to_str().filter(|name| is_key_variable(name)) else { continue };
        let Some(value) = value.to_str() else {
            problems.push(Problem::NotUnicode { variable: name.to_owned() });
            continue;
        };
        if value.is_empty() {
            continue;
        }
        let path = name[PREFIX.len()..].to_lowercase().replace("__", ".");
        let kind = keys.iter().find(|key| key.path == path).map_or(ValueKind::Text, |key| key.kind);
        entries.push(Entry {
            path,
            value: parse_text(value, kind),
            origin: Origin::Environment(name.to_owned()),
        });
    }
    if problems.is_empty() { Ok(entries) } else { Err(problems) }
}

fn is_key_variable(name: &str) -> bool {
    name.starts_with(PREFIX) && name != CONFIG_VARIABLE && !name.starts_with(TEST_PREFIX)
}

fn parse_text(text: &str, kind: ValueKind) -> Value {
    let parsed = match kind {
        ValueKind::Text => None,
        ValueKind::WholeNumber => text.parse::<i64>().ok().map(Value::from),
        ValueKind::Switch => text.parse::<bool>().ok().map(Value::from),
    };
    parsed.unwrap_or_else(|| Value::from(text))
}

/// The file named by `SONGHE_CONFIG`, if any.
pub fn file_from_environment(variables: &[(OsString, OsString)]) -> Option<PathBuf> {
    let (_, value) = variables.iter().find(|(name, _)| name == CONFIG_VARIABLE)?;
    (!value.is_empty()).then(|| PathBuf::from(value))
}

impl Overrides {
    pub(super) fn entries(&self) -> Vec<Entry> {
        let path_text = |path: &PathBuf| path.to_string_lossy().into_owned();
        let format_text = |format: LogFormat| match format {
            LogFormat::Human => "human".to_owned(),
            LogFormat::Json => "json".to_owned(),
        };
        let given = [
            ("data_dir", "--data", self.data_dir.as_ref().map(path_text)),
            ("http.listen", "--http", self.http_listen.map(|address| address.to_string())),
            ("mqtt.listen", "--mqtt", self.mqtt_listen.map(|address| address.to_string())),
            ("database.url", "--database", self.database_url.as_ref().map(|url| url.expose().to_owned())),
            ("log.format", "--log-format", self.log_format.map(format_text)),
            ("log.filter", "--log", self.log_filter.clone()),
        ];
        given
            .into_iter()
            .filter_map(|(path, flag, value)| {
                Some(Entry { path: path.to_owned(), value: Value::from(value?), origin: Origin::Flag(flag) })
            })
            .collect()
    }
}
