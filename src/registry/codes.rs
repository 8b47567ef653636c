//! Sets of codes that share one cell: the services of a station; the skills, languages and working days of a caregiver.
//!
//! Stored joined with commas, in the order of the enum, each once.

use crate::error::{Error, Result};
use crate::text::{Lang, Text};

/// An enum whose values are kept several to a cell.
pub trait Coded: Copy + PartialEq + 'static {
    const ALL: &'static [Self];
    fn name(self) -> &'static str;
    fn parse(text: &str) -> Option<Self>;
}

/// Makes text enums usable here.
#[macro_export]
macro_rules! coded {
    ($($name:ty),+) => {$(
        impl $crate::registry::codes::Coded for $name {
            const ALL: &'static [Self] = <$name>::ALL;

            fn name(self) -> &'static str {
                <$name>::name(self)
            }

            fn parse(text: &str) -> Option<Self> {
                <$name>::parse(text)
            }
        }
    )+};
}

/// The stored form.
pub fn join<T: Coded>(values: &[T]) -> String {
    let names: Vec<&str> =
        T::ALL.iter().filter(|value| values.contains(value)).map(|value| value.name()).collect();
    names.join(",")
}

/// The values of a stored form; what is no code of `T` is left out.
pub fn split<T: Coded>(stored: &str) -> Vec<T> {
    stored.split(',').filter_map(T::parse).collect()
}

/// The values that a form sent for `field`.
pub fn read<T: Coded>(field: &'static str, sent: &[String]) -> Result<Vec<T>> {
    let parse = |name: &String| T::parse(name).ok_or_else(|| Error::field(field, Text::new("rule.choose")));
    sent.iter().map(parse).collect()
}

/// What a form would send for the values.
pub fn names<T: Coded>(values: &[T]) -> Vec<String> {
    values.iter().map(|value| value.name().to_owned()).collect()
}

/// Values and labels for the boxes of a form.
pub fn options(lang: Lang, kind: &str, names: &[&str]) -> Vec<(String, String)> {
    let label = |name: &str| lang.t(&format!("enums.{kind}.{name}")).into_owned();
    names.iter().map(|name| ((*name).to_owned(), label(name))).collect()
}

/// The stored name of a value that is called so, by its name in either language or by the stored one.
pub fn named(kind: &str, names: &[&'static str], text: &str) -> Option<&'static str> {
    let text = text.trim().to_lowercase();
    let label = |lang: Lang, name: &str| lang.t(&format!("enums.{kind}.{name}")).to_lowercase();
    let is_called = |name: &str| {
        text == name || [Lang::Chinese, Lang::English].iter().any(|lang| label(*lang, name) == text)
    };
    names.iter().copied().find(|name| is_called(name))
}

/// A stored form as people read it.
pub fn shown(lang: Lang, kind: &str, stored: &str) -> String {
    let codes = stored.split(',').filter(|code| !code.is_empty());
    let labels: Vec<String> =
        codes.map(|code| lang.t(&format!("enums.{kind}.{code}")).into_owned()).collect();
    labels.join(&lang.t("list.separator"))
}

/// A LIKE pattern (escape character `\`) that finds a code in a stored form with a comma put before and after it.
pub fn pattern(code: &str) -> String {
    let escaped = code.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%,{escaped},%")
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::text_enum! {
        pub enum Colour {
            Red = "red",
            DarkBlue = "dark_blue",
            Green = "green",
        }
    }
    crate::coded!(Colour);

    #[test]
    fn a_set_is_stored_in_the_enums_order_and_each_value_once() {
        let stored = join(&[Colour::Green, Colour::Red, Colour::Green]);
        assert_eq!(stored, "red,green");
        assert_eq!(split::<Colour>(&stored), [Colour::Red, Colour::Green]);
        assert_eq!(split::<Colour>(""), []);
        assert_eq!(join::<Colour>(&[]), "");
    }

    #[test]
    fn an_unknown_code_names_its_field() {
        let error = read::<Colour>("colours", &["red".to_owned(), "black".to_owned()]).unwrap_err();
        assert_eq!(error.fields[0].field, "colours");
        assert_eq!(read::<Colour>("colours", &["dark_blue".to_owned()]).unwrap(), [Colour::DarkBlue]);
    }

    #[test]
    fn a_pattern_takes_the_codes_characters_literally() {
        assert_eq!(pattern("day_care"), "%,day\\_care,%");
        assert_eq!(pattern("%"), "%,\\%,%");
    }
}
