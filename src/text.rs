//! The two languages: every text that a person sees has a key in `locales/`, with `{name}` places for arguments.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "locales/"]
struct LocaleFiles;

static TABLES: LazyLock<[HashMap<String, String>; 2]> = LazyLock::new(|| [load("zh-CN"), load("en")]);

/// A language of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Lang {
    #[default]
    Chinese,
    English,
}

impl Lang {
    pub fn code(self) -> &'static str {
        match self {
            Lang::Chinese => "zh-CN",
            Lang::English => "en",
        }
    }

    #[must_use]
    pub fn other(self) -> Lang {
        match self {
            Lang::Chinese => Lang::English,
            Lang::English => Lang::Chinese,
        }
    }

    /// The language of a code such as `zh`, `zh-CN`, `en-GB`.
    pub fn parse(code: &str) -> Option<Lang> {
        let primary = code.trim().split(['-', '_']).next()?.to_ascii_lowercase();
        match primary.as_str() {
            "zh" => Some(Lang::Chinese),
            "en" => Some(Lang::English),
            _ => None,
        }
    }

    /// The first known language of an `Accept-Language` header.
    pub fn from_header(header: &str) -> Option<Lang> {
        header.split(',').find_map(|part| Lang::parse(part.split(';').next()?))
    }

    /// The text of `key`; a missing key shows as itself, and a test keeps that from happening.
    pub fn t(self, key: &str) -> Cow<'static, str> {
        match TABLES[self as usize].get(key) {
            Some(text) => Cow::Borrowed(text.as_str()),
            None => Cow::Owned(key.to_owned()),
        }
    }

    /// The text of `key` with its `{name}` places filled.
    pub fn fill(self, key: &str, arguments: &[(&str, &str)]) -> String {
        let mut text = self.t(key).into_owned();
        for (name, value) in arguments {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }
}

/// Between the two values of an argument that has one for each language.
const BETWEEN: char = '\u{1f}';

/// A text not yet in a language: key and arguments. An argument that starts with `@` is itself a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    pub key: &'static str,
    pub arguments: Vec<(&'static str, String)>,
}

impl Text {
    pub fn new(key: &'static str) -> Self {
        Text { key, arguments: Vec::new() }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.arguments.push((name, value.to_string()));
        self
    }

    /// An argument whose value is data in both languages.
    #[must_use]
    pub fn with_both(self, name: &'static str, chinese: &str, english: &str) -> Self {
        self.with(name, format!("{chinese}{BETWEEN}{english}"))
    }

    pub fn to(&self, lang: Lang) -> String {
        let mut text = lang.t(self.key).into_owned();
        for (name, value) in &self.arguments {
            let shown = match (value.split_once(BETWEEN), value.strip_prefix('@')) {
                (Some((chinese, _)), _) if lang == Lang::Chinese => Cow::Borrowed(chinese),
                (Some((_, english)), _) => Cow::Borrowed(english),
                (None, Some(key)) => lang.t(key),
                (None, None) => Cow::Borrowed(value.as_str()),
            };
            text = text.replace(&format!("{{{name}}}"), &shown);
        }
        text
    }
}

/// All keys of a language.
pub fn keys(lang: Lang) -> impl Iterator<Item = &'static str> {
    TABLES[lang as usize].keys().map(String::as_str)
}

fn load(code: &str) -> HashMap<String, String> {
    let mut table = HashMap::new();
    for path in LocaleFiles::iter().filter(|path| path.starts_with(code) && path.ends_with(".toml")) {
        let Some(file) = LocaleFiles::get(&path) else { continue };
        match toml::from_str::<toml::Table>(&String::from_utf8_lossy(&file.data)) {
            Ok(tree) => flatten("", &tree, &mut table),
            Err(error) => tracing::error!(%path, %error, "locale file is not valid TOML"),
        }
    }
    table
}

fn flatten(prefix: &str, tree: &toml::Table, into: &mut HashMap<String, String>) {
    for (name, value) in tree {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::Table(inner) => flatten(&key, inner, into),
            toml::Value::String(text) => {
                into.insert(key, text.clone());
            }
            other => {
                into.insert(key, other.to_string());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_codes_and_headers_parse() {
        assert_eq!(Lang::parse("zh-Hans-CN"), Some(Lang::Chinese));
        assert_eq!(Lang::from_header("fr-FR, en;q=0.8, zh;q=0.7"), Some(Lang::English));
        assert_eq!(Lang::from_header("fr"), None);
    }

    #[test]
    fn arguments_fill_their_places() {
        let text = Text::new("error.stale").with("who", "W").with("when", "T");
        assert!(text.to(Lang::English).contains('W') && !text.to(Lang::English).contains("{who}"));
    }

    #[test]
    fn an_argument_may_have_a_value_for_each_language() {
        let text = Text::new("error.stale").with_both("who", "协理员", "coordinator");
        assert!(text.to(Lang::Chinese).contains("协理员") && !text.to(Lang::Chinese).contains("coordinator"));
        assert!(text.to(Lang::English).contains("coordinator") && !text.to(Lang::English).contains("协理员"));
    }
}
