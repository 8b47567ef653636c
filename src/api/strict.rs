//! Reading a JSON value into a type so that an error says which field breaks which rule, and nothing of the reader.

use std::fmt;

use serde::de::value::StringDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, Visitor,
};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::text::Text;

/// The field that stands for the body as a whole.
const BODY: &str = "body";

/// Reads `value`, naming the field of the first broken rule.
pub fn read<T: DeserializeOwned>(value: Value) -> Result<T> {
    T::deserialize(Node(value)).map_err(|fault| Error::field(fault.field.unwrap_or(BODY), fault.rule))
}

/// A broken rule, and its field where that is known by now.
#[derive(Debug)]
struct Fault {
    field: Option<&'static str>,
    rule: Text,
}

impl Fault {
    fn rule(rule: Text) -> Fault {
        Fault { field: None, rule }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rule.key)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(_message: T) -> Self {
        Fault::rule(Text::new("rule.json_value"))
    }

    fn invalid_type(_found: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        let kind = match wanted.to_string().as_str() {
            "a string" => "@api.kind.text",
            "a boolean" => "@api.kind.flag",
            "f32" | "f64" => "@api.kind.number",
            "i16" | "i32" | "i64" | "u16" | "u32" | "u64" => "@api.kind.whole_number",
            "a sequence" => "@api.kind.list",
            _ => return Fault::rule(Text::new("rule.json_value")),
        };
        Fault::rule(Text::new("rule.json_kind").with("kind", kind))
    }

    fn invalid_value(_found: Unexpected<'_>, _wanted: &dyn Expected) -> Self {
        Fault::rule(Text::new("rule.json_value"))
    }

    fn unknown_variant(_variant: &str, wanted: &'static [&'static str]) -> Self {
        Fault::rule(Text::new("rule.one_of").with("values", wanted.join(", ")))
    }

    fn unknown_field(field: &str, _wanted: &'static [&'static str]) -> Self {
        Fault::rule(unknown_field(field))
    }

    fn missing_field(field: &'static str) -> Self {
        Fault { field: Some(field), rule: Text::new("rule.missing") }
    }
}

/// The rule that a field or parameter must be known; the error's `field` is its argument `name`.
pub fn unknown_field(name: &str) -> Text {
    Text::new(crate::error::UNKNOWN_FIELD).with("name", name.chars().take(64).collect::<String>())
}

/// A JSON value being read.
struct Node(Value);

impl<'de> Deserializer<'de> for Node {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(flag) => visitor.visit_bool(flag),
            Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
                (Some(whole), _, _) => visitor.visit_i64(whole),
                (_, Some(whole), _) => visitor.visit_u64(whole),
                (_, _, real) => visitor.visit_f64(real.unwrap_or(f64::NAN)),
            },
            // PostgreSQL stores no text with this character.
            Value::String(text) if text.contains('\0') => {
                Err(Fault::rule(Text::new("rule.control_characters")))
            }
            Value::String(text) => visitor.visit_string(text),
            Value::Array(items) => visitor.visit_seq(Items(items.into_iter())),
            Value::Object(fields) => visitor.visit_map(Fields::new(fields, &[])),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.0 {
            Value::Object(fields) => visitor.visit_map(Fields::new(fields, known)),
            _ => Err(Fault::rule(Text::new("rule.json_kind").with("kind", "@api.kind.object"))),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.0 {
            Value::String(name) => visitor.visit_enum::<StringDeserializer<Fault>>(name.into_deserializer()),
            _ => Err(de::Error::unknown_variant("", names)),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

struct Items(std::vec::IntoIter<Value>);

impl<'de> SeqAccess<'de> for Items {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        self.0.next().map(|item| seed.deserialize(Node(item))).transpose()
    }
}

struct Fields {
    rest: serde_json::map::IntoIter,
    known: &'static [&'static str],
    current: Option<(&'static str, Value)>,
}

impl Fields {
    fn new(fields: Map<String, Value>, known: &'static [&'static str]) -> Fields {
        Fields { rest: fields.into_iter(), known, current: None }
    }
}

impl<'de> MapAccess<'de> for Fields {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some((name, value)) = self.rest.next() else { return Ok(None) };
        let field = self.known.iter().copied().find(|known| *known == name);
        self.current = Some((field.unwrap_or(BODY), value));
        seed.deserialize(Node(Value::String(name))).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let (field, value) = self.current.take().unwrap_or((BODY, Value::Null));
        seed.deserialize(Node(value)).map_err(|fault| match fault.rule.key {
            crate::error::UNKNOWN_FIELD => fault,
            _ => Fault { field: Some(field), ..fault },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        name: String,
        count: i64,
        ratio: f64,
        on: bool,
        kind: crate::registry::institutions::InstitutionKind,
        day: Option<chrono::NaiveDate>,
        #[serde(default)]
        tags: Vec<String>,
    }

    fn whole() -> Value {
        json!({ "name": "n", "count": 3, "ratio": 1, "on": true, "kind": "public", "day": "2026-11-23", "tags": ["a"] })
    }

    fn broken(field: &str, value: Value) -> (String, &'static str) {
        let mut body = whole();
        body[field] = value;
        let error = read::<Sample>(body).unwrap_err();
        (error.fields[0].name().to_owned(), error.fields[0].rule.key)
    }

    #[test]
    fn a_right_value_is_read_with_optional_fields_left_out() {
        let sample: Sample = read(whole()).unwrap();
        assert_eq!((sample.count, sample.ratio, sample.tags.len()), (3, 1.0, 1));
        let bare = json!({ "name": "n", "count": 3, "ratio": 0.5, "on": true, "kind": "public" });
        assert_eq!(read::<Sample>(bare).unwrap().day, None);
    }

    #[test]
    fn each_broken_rule_names_its_field() {
        for (field, value, rule) in [
            ("name", json!(1), "rule.json_kind"),
            ("count", json!("3"), "rule.json_kind"),
            ("count", json!(1.5), "rule.json_kind"),
            ("ratio", json!(null), "rule.json_kind"),
            ("on", json!("yes"), "rule.json_kind"),
            ("name", json!("a\0b"), "rule.control_characters"),
            ("kind", json!("palace"), "rule.one_of"),
            ("kind", json!(4), "rule.one_of"),
            ("day", json!("2026-02-30"), "rule.json_value"),
            ("tags", json!([1]), "rule.json_kind"),
            ("extra", json!(1), crate::error::UNKNOWN_FIELD),
        ] {
            assert_eq!(broken(field, value.clone()), (field.to_owned(), rule), "{field}: {value}");
        }
    }

    #[test]
    fn a_missing_field_and_a_body_of_another_shape_are_named() {
        let mut body = whole();
        body.as_object_mut().unwrap().remove("count");
        let error = read::<Sample>(body).unwrap_err();
        assert_eq!((error.fields[0].name(), error.fields[0].rule.key), ("count", "rule.missing"));
        for shape in [json!([]), json!(null), json!("x")] {
            assert_eq!(read::<Sample>(shape).unwrap_err().fields[0].name(), "body");
        }
    }
}
