//! The explained file again, with the values in force.

use super::error::Origin;
use super::keys::{Key, Line, template_lines};
use super::load::Loaded;

/// `config/songhe.toml` with each value as it is now and a note on those that are not the default. Passwords
/// are masked, so what is printed can be shown to others; without passwords it loads to the same values.
pub fn annotated(loaded: &Loaded) -> String {
    // Serialising cannot fail for this type: plain fields and text keys.
    let values = serde_json::to_value(&loaded.config).unwrap_or_default();
    let mut text = String::new();
    for line in template_lines() {
        match line {
            Line::Prose(line) | Line::Section(line) => text.push_str(line),
            Line::Assignment { key, line } => {
                text.push_str(&assignment(loaded, &values, &key).unwrap_or_else(|| line.to_owned()));
            }
        }
        text.push('\n');
    }
    text
}

/// `None` for a key that is not set.
fn assignment(loaded: &Loaded, values: &serde_json::Value, key: &Key) -> Option<String> {
    let name = key.path.rsplit('.').next().unwrap_or(&key.path);
    let value = match key.path.split('.').fold(values, |value, part| &value[part]) {
        serde_json::Value::Null => return None,
        serde_json::Value::String(text) => toml::Value::String(text.clone()).to_string(),
        other => other.to_string(),
    };
    Some(match loaded.origin(&key.path) {
        Origin::Default => format!("{name} = {value}"),
        origin => format!("{name} = {value}  # from {origin}"),
    })
}
