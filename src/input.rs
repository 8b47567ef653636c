//! Checks of what people and programs send: every broken rule is collected, so that one answer names them all.

use crate::error::{Error, FieldError, Result};
use crate::text::Text;

/// Collects broken rules field by field.
#[derive(Debug, Default)]
pub struct Checks(Vec<FieldError>);

impl Checks {
    pub fn refuse(&mut self, field: &'static str, rule: Text) {
        self.0.push(FieldError { field, rule });
    }

    /// Whether a rule of the field is broken already.
    pub fn has(&self, field: &str) -> bool {
        self.0.iter().any(|broken| broken.field == field)
    }

    /// A rule that must hold.
    pub fn require(&mut self, field: &'static str, holds: bool, rule: impl FnOnce() -> Text) {
        if !holds {
            self.refuse(field, rule());
        }
    }

    /// Text of at least `min` and at most `max` characters, without control characters.
    pub fn text(&mut self, field: &'static str, value: &str, min: usize, max: usize) {
        let length = value.trim().chars().count();
        if length < min {
            self.refuse(field, Text::new("rule.required").with("field", format!("@field.{field}")));
        } else if length > max {
            self.refuse(field, Text::new("rule.too_long").with("max", max));
        } else if value.chars().any(|letter| letter.is_control() && letter != '\n') {
            self.refuse(field, Text::new("rule.control_characters"));
        }
    }

    /// A number within bounds, both included.
    pub fn range(&mut self, field: &'static str, value: f64, min: f64, max: f64) {
        if !(min..=max).contains(&value) {
            self.refuse(field, Text::new("rule.range").with("min", min).with("max", max));
        }
    }

    /// A place within China's bounds, longitude first.
    pub fn place(&mut self, longitude: f64, latitude: f64) {
        self.range("longitude", longitude, 73.0, 136.0);
        self.range("latitude", latitude, 3.0, 54.0);
    }

    /// Digits, spaces, plus, dash; 5 to 20 characters, or empty.
    pub fn phone(&mut self, field: &'static str, value: &str) {
        let legal = value.chars().all(|letter| letter.is_ascii_digit() || "+- ".contains(letter));
        let fits = value.is_empty() || (5..=20).contains(&value.len());
        self.require(field, legal && fits, || Text::new("rule.phone"));
    }

    pub fn finish(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::invalid(self.0)) }
    }
}

/// What a list says of a value that may be absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Told<T> {
    /// Nothing: the value stays as it is.
    #[default]
    Silent,
    /// That there is none.
    Absent,
    Is(T),
}

impl<T> Told<T> {
    /// The value afterwards.
    pub fn over(self, before: Option<T>) -> Option<T> {
        match self {
            Told::Silent => before,
            Told::Absent => None,
            Told::Is(value) => Some(value),
        }
    }

    pub fn try_map<U>(self, map: impl FnOnce(T) -> Result<U>) -> Result<Told<U>> {
        Ok(match self {
            Told::Silent => Told::Silent,
            Told::Absent => Told::Absent,
            Told::Is(value) => Told::Is(map(value)?),
        })
    }

    pub fn is_silent(&self) -> bool {
        matches!(self, Told::Silent)
    }
}

impl Told<String> {
    /// The text afterwards, where an empty one stands for none.
    pub fn over_text(self, before: &str) -> String {
        match self {
            Told::Silent => before.to_owned(),
            Told::Absent => String::new(),
            Told::Is(text) => text,
        }
    }

    /// For a field that is kept where none is given and emptied by an empty text.
    pub fn given(self) -> Option<String> {
        match self {
            Told::Silent => None,
            Told::Absent => Some(String::new()),
            Told::Is(text) => Some(text),
        }
    }
}

/// A form's number; a text that is none breaks the rule and counts as NaN, which fails every range.
pub fn number(text: &str) -> f64 {
    text.trim().parse().unwrap_or(f64::NAN)
}

/// Minutes after midnight of a time such as `08:30`.
pub fn minutes(text: &str) -> Option<i32> {
    let (hours, minutes) = text.trim().split_once(':')?;
    // Some browsers send seconds as well.
    let minutes = minutes.split(':').next()?;
    let part = |text: &str, max: i32| text.parse().ok().filter(|number: &i32| (0..=max).contains(number));
    Some(part(hours, 23)? * 60 + part(minutes, 59)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Lang;

    #[test]
    fn every_broken_rule_is_named_with_its_field() {
        let mut checks = Checks::default();
        checks.text("name", "  ", 1, 10);
        checks.range("latitude", number("x"), 3.0, 54.0);
        checks.phone("phone", "12a");
        let error = checks.finish().unwrap_err();
        let fields: Vec<&str> = error.fields.iter().map(|broken| broken.field).collect();
        assert_eq!(fields, ["name", "latitude", "phone"]);
        for lang in [Lang::Chinese, Lang::English] {
            assert!(error.fields.iter().all(|broken| !broken.rule.to(lang).starts_with("rule.")));
        }
    }

    #[test]
    fn a_time_is_minutes_after_midnight() {
        assert_eq!(
            [minutes("00:00"), minutes("08:30"), minutes("23:59:30")],
            [Some(0), Some(510), Some(1439)]
        );
        assert_eq!([minutes(""), minutes("24:00"), minutes("8"), minutes("08:-1")], [None; 4]);
    }

    #[test]
    fn what_keeps_the_rules_passes() {
        let mut checks = Checks::default();
        checks.text("name", "青阳敬老院", 1, 10);
        checks.place(118.5, 24.8);
        checks.phone("phone", "0595-8568 0000");
        assert!(checks.finish().is_ok());
    }
}
