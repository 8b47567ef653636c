//! The values of a row, each read by its rule; every broken rule is collected.

use chrono::NaiveDate;

use crate::error::Result;
use crate::imports::model::{Values, list_of, moment, plain_number, yes_or_no};
use crate::input::{Checks, Told};
use crate::registry::codes::{Coded, named};
use crate::text::{Lang, Text};

pub struct Fields<'a> {
    row: &'a Values,
    checks: Checks,
}

impl<'a> Fields<'a> {
    pub fn of(row: &'a Values) -> Fields<'a> {
        Fields { row, checks: Checks::default() }
    }

    /// None where the cell is empty or its column is not there.
    pub fn text(&self, key: &'static str) -> Option<&'a str> {
        Some(self.row.get(key)).filter(|text| !text.is_empty())
    }

    /// The text, with a refusal where there is none.
    pub fn required(&mut self, key: &'static str) -> &'a str {
        let text = self.row.get(key);
        if text.is_empty() {
            self.missing(key);
        }
        text
    }

    pub fn missing(&mut self, key: &'static str) {
        self.checks.refuse(key, Text::new("import.needed"));
    }

    fn read<T>(
        &mut self,
        key: &'static str,
        rule: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(key)?;
        let value = parse(text);
        if value.is_none() {
            self.checks.refuse(key, Text::new(rule).with("value", text));
        }
        value
    }

    /// What the row says of a value that it may empty: `value` is what its cell was read as.
    pub fn told<T>(&self, key: &'static str, value: Option<T>) -> Told<T> {
        match value {
            _ if self.row.emptied.contains(&key) => Told::Absent,
            Some(value) => Told::Is(value),
            None => Told::Silent,
        }
    }

    pub fn told_text(&self, key: &'static str) -> Told<String> {
        self.told(key, self.text(key).map(str::to_owned))
    }

    pub fn told_day(&mut self, key: &'static str) -> Told<NaiveDate> {
        let day = self.day(key);
        self.told(key, day)
    }

    pub fn day(&mut self, key: &'static str) -> Option<NaiveDate> {
        self.moment(key).map(|(day, _)| day)
    }

    /// A day, and minutes after midnight where they stand with it.
    pub fn moment(&mut self, key: &'static str) -> Option<(NaiveDate, Option<i32>)> {
        self.read(key, "import.day", moment)
    }

    pub fn flag(&mut self, key: &'static str) -> Option<bool> {
        self.read(key, "import.yes_no", yes_or_no)
    }

    pub fn number(&mut self, key: &'static str) -> Option<f64> {
        self.read(key, "import.number", plain_number)
    }

    pub fn whole(&mut self, key: &'static str) -> Option<i32> {
        let whole = |text: &str| {
            plain_number(text).filter(|number| number.fract() == 0.0).map(|number| number as i32)
        };
        self.read(key, "import.number", whole)
    }

    /// One of an enum's values by its name in either language, or by the stored one.
    pub fn one_of<T>(
        &mut self,
        key: &'static str,
        kind: &str,
        names: &[&'static str],
        parse: fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(key)?;
        let value = named(kind, names, text).and_then(parse);
        if value.is_none() {
            self.refuse_choice(key, kind, names, text);
        }
        value
    }

    /// Several values of an enum.
    pub fn many<T: Coded>(
        &mut self,
        key: &'static str,
        kind: &str,
        names: &[&'static str],
    ) -> Option<Vec<T>> {
        let parts = list_of(self.text(key)?);
        let mut values = Vec::new();
        for part in &parts {
            let Some(value) = named(kind, names, part).and_then(T::parse) else {
                self.refuse_choice(key, kind, names, part);
                return None;
            };
            values.push(value);
        }
        Some(T::ALL.iter().copied().filter(|value| values.contains(value)).collect())
    }

    fn refuse_choice(&mut self, key: &'static str, kind: &str, names: &[&'static str], text: &str) {
        let labels = |lang: Lang| {
            let labels: Vec<_> = names.iter().map(|name| label(lang, kind, name)).collect();
            labels.join(&lang.t("list.separator"))
        };
        let rule = Text::new("import.choice").with("value", text);
        let rule = rule.with("chinese", labels(Lang::Chinese)).with("english", labels(Lang::English));
        self.checks.refuse(key, rule);
    }

    pub fn refuse(&mut self, key: &'static str, rule: Text) {
        self.checks.refuse(key, rule);
    }

    pub fn finish(self) -> Result<()> {
        self.checks.finish()
    }
}

fn label(lang: Lang, kind: &str, name: &str) -> String {
    lang.t(&format!("enums.{kind}.{name}")).into_owned()
}
