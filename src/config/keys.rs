//! The list of keys, read from the explained file itself so that there is only one.

/// `config/songhe.toml` as it was when the program was built.
pub const TEMPLATE: &str = include_str!("../../config/songhe.toml");

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    Text,
    WholeNumber,
    Switch,
}

impl ValueKind {
    pub fn expected(self) -> &'static str {
        match self {
            Self::Text => "text in quotes",
            Self::WholeNumber => "a whole number",
            Self::Switch => "true or false",
        }
    }
}

/// One key of the template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// With its section: `http.listen`.
    pub path: String,
    pub kind: ValueKind,
}

/// One line of the template, told apart so that it can be printed with another value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line<'a> {
    Prose(&'a str),
    Section(&'a str),
    Assignment { key: Key, line: &'a str },
}

/// The template's lines in order.
pub fn template_lines() -> Vec<Line<'static>> {
    let mut section = "";
    TEMPLATE
        .lines()
        .map(|line| {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = name;
                return Line::Section(line);
            }
            assignment(section, line).unwrap_or(Line::Prose(line))
        })
        .collect()
}

/// Every key, in the order of the template.
pub fn all() -> Vec<Key> {
    template_lines()
        .into_iter()
        .filter_map(|line| match line {
            Line::Assignment { key, .. } => Some(key),
            Line::Prose(_) | Line::Section(_) => None,
        })
        .collect()
}

fn assignment<'a>(section: &str, line: &'a str) -> Option<Line<'a>> {
    let (name, value) = line.strip_prefix("# ").unwrap_or(line).split_once(" = ")?;
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
        return None;
    }
    let kind = match value {
        "true" | "false" => ValueKind::Switch,
        text if text.starts_with('"') => ValueKind::Text,
        _ => ValueKind::WholeNumber,
    };
    let path = if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") };
    Some(Line::Assignment { key: Key { path, kind }, line })
}

/// The known key a mistyped one most likely meant: alike as a whole, or the right name in a wrong section.
pub fn nearest_key(path: &str, keys: &[Key]) -> Option<String> {
    if let Some(key) = keys.iter().find(|key| last_part(&key.path) == last_part(path) && path != key.path) {
        let alone = keys.iter().filter(|other| last_part(&other.path) == last_part(path)).count() == 1;
        if alone {
            return Some(key.path.clone());
        }
    }
    super::nearest::nearest(path, keys.iter().map(|key| key.path.as_str())).map(str::to_owned)
}

fn last_part(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_key_is_found_by_likeness_or_by_its_name_in_another_section() {
        let keys = all();
        for (typed, meant) in [
            ("http.lisen", Some("http.listen")),
            ("htp.listen", Some("http.listen")),
            ("tile_url", Some("map.tile_url")),
            ("http.pool_size", Some("database.pool_size")),
            ("database.poolsize", Some("database.pool_size")),
            ("datadir", Some("data_dir")),
            ("qqqq.zzzz", None),
        ] {
            assert_eq!(nearest_key(typed, &keys).as_deref(), meant, "{typed}");
        }
    }

    #[test]
    fn a_key_is_listed_once() {
        let mut paths: Vec<String> = all().into_iter().map(|key| key.path).collect();
        let count = paths.len();
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), count);
    }
}
