//! Whether bytes are what a rule of the grammar says.

use std::collections::{BTreeMap, HashMap};

use super::grammar::{Entry, Group, Item, Type};

/// A CBOR item of definite length, as far as the grammar looks into it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Number(i128),
    Bool(bool),
    Null,
    Text(String),
    Array(Vec<Value>),
    /// Something only `any` takes.
    Other,
}

impl Value {
    /// Reads one item and nothing behind it.
    pub fn read(bytes: &[u8]) -> Option<Value> {
        let mut rest = bytes;
        let value = item(&mut rest)?;
        rest.is_empty().then_some(value)
    }
}

fn take<'b>(rest: &mut &'b [u8], count: usize) -> Option<&'b [u8]> {
    let (taken, left) = rest.split_at_checked(count)?;
    *rest = left;
    Some(taken)
}

fn item(rest: &mut &[u8]) -> Option<Value> {
    let first = take(rest, 1)?[0];
    let short = first & 31;
    let argument = match short {
        0..=23 => u64::from(short),
        24..=27 => {
            take(rest, 1 << (short - 24))?.iter().fold(0, |value, byte| value * 256 + u64::from(*byte))
        }
        _ => return None,
    };
    Some(match first >> 5 {
        0 => Value::Number(argument.into()),
        1 => Value::Number(-1 - i128::from(argument)),
        2 => take(rest, usize::try_from(argument).ok()?).map(|_| Value::Other)?,
        3 => {
            let bytes = take(rest, usize::try_from(argument).ok()?)?;
            String::from_utf8(bytes.to_vec()).map_or(Value::Other, Value::Text)
        }
        4 => Value::Array((0..argument).map(|_| item(rest)).collect::<Option<_>>()?),
        5 => {
            for _ in 0..argument {
                item(rest)?;
                item(rest)?;
            }
            Value::Other
        }
        6 => item(rest).map(|_| Value::Other)?,
        _ => match short {
            20 | 21 => Value::Bool(short == 21),
            22 => Value::Null,
            24 if argument < 32 => return None,
            _ => Value::Other,
        },
    })
}

pub struct Grammar(pub HashMap<String, Item>);

impl Grammar {
    fn rule(&self, name: &str) -> &Item {
        self.0.get(name).unwrap_or_else(|| panic!("no rule {name}"))
    }

    pub fn is(&self, rule: &str, value: &Value) -> bool {
        self.matches(&Type::Name(rule.to_owned()), value)
    }

    fn matches(&self, a_type: &Type, value: &Value) -> bool {
        match (a_type, value) {
            (Type::Name(name), value) => match (name.as_str(), value) {
                ("any", _) | ("null", Value::Null) | ("bool", Value::Bool(_)) => true,
                ("null" | "bool", _) => false,
                (name, value) => match self.rule(name) {
                    Item::Type(a_type) => self.matches(a_type, value),
                    Item::Group(_) => panic!("{name} is a group"),
                },
            },
            (Type::Choice(types), value) => types.iter().any(|one| self.matches(one, value)),
            (Type::Range(from, to), Value::Number(number)) => (from..=to).contains(&number),
            (Type::Text(from, to), Value::Text(text)) => (*from..=*to).contains(&text.len()),
            (Type::Pattern(pattern), Value::Text(text)) => is_like(pattern, text),
            (Type::Array(group), Value::Array(items)) => self.group(group, items, 0) == Some(items.len()),
            (Type::Codes(group), Value::Number(number)) => {
                codes_of(group).values().any(|code| code == number)
            }
            (Type::CodesOf(name), Value::Number(number)) => {
                self.codes(name).values().any(|code| code == number)
            }
            _ => false,
        }
    }

    /// Where the group ends among the items, if it is there.
    fn group(&self, group: &Group, items: &[Value], from: usize) -> Option<usize> {
        group
            .0
            .iter()
            .find_map(|entries| entries.iter().try_fold(from, |at, entry| self.entry(entry, items, at)))
    }

    fn entry(&self, entry: &Entry, items: &[Value], from: usize) -> Option<usize> {
        let (mut at, mut count) = (from, 0);
        while count < entry.max {
            let Some(next) = self.once(&entry.item, items, at) else { break };
            (at, count) = (next, count + 1);
        }
        (count >= entry.min).then_some(at)
    }

    fn once(&self, item: &Item, items: &[Value], at: usize) -> Option<usize> {
        match item {
            Item::Group(group) => self.group(group, items, at),
            Item::Type(Type::Name(name)) if matches!(self.0.get(name), Some(Item::Group(_))) => {
                self.once(self.rule(name), items, at)
            }
            Item::Type(a_type) => items.get(at).filter(|value| self.matches(a_type, value)).map(|_| at + 1),
        }
    }

    /// Names and numbers of a group of codes.
    pub fn codes(&self, name: &str) -> BTreeMap<String, i128> {
        match self.rule(name) {
            Item::Group(group) => codes_of(group),
            Item::Type(_) => panic!("{name} is no group"),
        }
    }

    /// Names of an array's fields in their order, added ones included; a field without a name of its own has its type's.
    pub fn fields(&self, rule: &str) -> Vec<String> {
        match self.rule(rule) {
            Item::Type(Type::Array(group)) => self.fields_of(group),
            other => panic!("{rule} is no array: {other:?}"),
        }
    }

    fn fields_of(&self, group: &Group) -> Vec<String> {
        let names = group.0[0].iter().filter(|entry| entry.max == 1).flat_map(|entry| match &entry.item {
            Item::Group(group) => self.fields_of(group),
            Item::Type(Type::Name(name)) => match self.0.get(name) {
                Some(Item::Group(group)) => self.fields_of(group),
                _ => vec![entry.key.clone().unwrap_or_else(|| name.clone())],
            },
            Item::Type(_) => vec![entry.key.clone().unwrap_or_default()],
        });
        names.collect()
    }
}

fn codes_of(group: &Group) -> BTreeMap<String, i128> {
    let code = |entry: &Entry| match (&entry.key, &entry.item) {
        (Some(key), Item::Type(Type::Range(code, to))) if code == to => (key.clone(), *code),
        _ => panic!("no code: {entry:?}"),
    };
    let codes: BTreeMap<String, i128> = group.0[0].iter().map(code).collect();
    assert_eq!(codes.len(), group.0[0].len(), "a name occurs twice");
    codes
}

/// `[CLASS]{FROM,TO}`.
fn is_like(pattern: &str, text: &str) -> bool {
    let (class, counts) = pattern.strip_prefix('[').and_then(|rest| rest.split_once("]{")).unwrap();
    let (from, to) = counts.trim_end_matches('}').split_once(',').unwrap();
    let class: Vec<char> = class.chars().collect();
    let is_in_class = |c: char| {
        let mut at = 0;
        while at < class.len() {
            let is_range = class.get(at + 1) == Some(&'-') && at + 2 < class.len();
            let end = if is_range { class[at + 2] } else { class[at] };
            if (class[at]..=end).contains(&c) {
                return true;
            }
            at += if is_range { 3 } else { 1 };
        }
        false
    };
    let count = text.chars().count();
    (from.parse().unwrap()..=to.parse().unwrap()).contains(&count) && text.chars().all(is_in_class)
}
