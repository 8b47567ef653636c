//! Values of an instance in JSON, read with the place in the file at hand for whoever has to mend it.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use serde_json::value::RawValue;

use super::Fault;
use crate::dispatch::solver::{Matrix, TIME_MAX, Time};

/// A value and where it is, such as `patients[3].time_window`.
#[derive(Clone)]
pub struct Node<'a> {
    pub value: &'a Value,
    pub path: String,
}

/// Positions of ids; an id is a text or a number.
pub type Ids = HashMap<String, usize>;

pub fn parse(text: &str) -> Result<Value, Fault> {
    serde_json::from_str(text).map_err(|error| Fault::new("JSON", error.to_string()))
}

/// An object without the matrix at `key`, and the matrix: read row by row, since as values it takes ten times what it takes as numbers.
pub fn parse_with_matrix(text: &str, key: &str, scale: Time) -> Result<(Value, Matrix), Fault> {
    let broken = |error: serde_json::Error| Fault::new("JSON", error.to_string());
    let mut root: BTreeMap<String, &RawValue> = serde_json::from_str(text).map_err(broken)?;
    let matrix = root.remove(key).ok_or_else(|| Fault::new("", format!("it has no \"{key}\"")))?;
    let rows: Vec<&RawValue> =
        serde_json::from_str(matrix.get()).map_err(|_| Fault::new(key, "it is not a list"))?;
    let mut read = Matrix { size: rows.len(), ticks: Vec::with_capacity(rows.len() * rows.len()) };
    for (index, row) in rows.iter().enumerate() {
        let value = parse(row.get())?;
        Node { value: &value, path: format!("{key}[{index}]") }.row(scale, &mut read)?;
    }
    let rest = root.into_iter().map(|(key, value)| Ok((key, parse(value.get())?)));
    Ok((Value::Object(rest.collect::<Result<_, Fault>>()?), read))
}

impl<'a> Node<'a> {
    pub fn root(value: &'a Value) -> Self {
        Node { value, path: String::new() }
    }

    pub fn fault(&self, rule: impl Into<String>) -> Fault {
        Fault::new(self.path.clone(), rule)
    }

    /// The value of a key that may be absent or null.
    pub fn find(&self, key: &str) -> Option<Node<'a>> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        let dot = if self.path.is_empty() { "" } else { "." };
        Some(Node { value, path: format!("{}{dot}{key}", self.path) })
    }

    pub fn get(&self, key: &str) -> Result<Node<'a>, Fault> {
        self.find(key).ok_or_else(|| self.fault(format!("it has no \"{key}\"")))
    }

    pub fn list(&self) -> Result<Vec<Node<'a>>, Fault> {
        let items = self.value.as_array().ok_or_else(|| self.fault("it is not a list"))?;
        let node = |(index, value)| Node { value, path: format!("{}[{index}]", self.path) };
        Ok(items.iter().enumerate().map(node).collect())
    }

    /// A list of exactly two.
    pub fn pair(&self) -> Result<[Node<'a>; 2], Fault> {
        self.list()?.try_into().map_err(|_| self.fault("it is not a pair"))
    }

    pub fn text(&self) -> Result<&'a str, Fault> {
        self.value.as_str().ok_or_else(|| self.fault("it is not a text"))
    }

    pub fn is_true(&self, key: &str) -> bool {
        self.value.get(key).and_then(Value::as_bool).unwrap_or(false)
    }

    pub fn id(&self) -> Result<String, Fault> {
        match self.value {
            Value::String(_) | Value::Number(_) => Ok(self.value.to_string()),
            _ => Err(self.fault("it is not an id")),
        }
    }

    /// Where the id that stands here was defined.
    pub fn one_of(&self, ids: &Ids) -> Result<usize, Fault> {
        let id = self.id()?;
        ids.get(&id).copied().ok_or_else(|| self.fault(format!("{id} is not defined")))
    }

    pub fn index(&self) -> Result<usize, Fault> {
        let index = self.value.as_u64().and_then(|index| usize::try_from(index).ok());
        index.ok_or_else(|| self.fault("it is not a position"))
    }

    /// A time, duration or distance in units of which one is `scale` ticks.
    pub fn ticks(&self, scale: Time) -> Result<Time, Fault> {
        ticks(self.value, scale).map_err(|rule| self.fault(rule))
    }

    /// A square of distances, row by row.
    pub fn matrix(&self, scale: Time) -> Result<Matrix, Fault> {
        let rows = self.list()?;
        let mut matrix = Matrix { size: rows.len(), ticks: Vec::with_capacity(rows.len() * rows.len()) };
        for row in &rows {
            row.row(scale, &mut matrix)?;
        }
        Ok(matrix)
    }

    /// One more row of a square.
    fn row(&self, scale: Time, matrix: &mut Matrix) -> Result<(), Fault> {
        let entries = self.value.as_array().ok_or_else(|| self.fault("it is not a list"))?;
        if entries.len() != matrix.size {
            return Err(self.fault(format!("it has {} entries, not {}", entries.len(), matrix.size)));
        }
        for (index, entry) in entries.iter().enumerate() {
            let fault = |rule| Fault::new(format!("{}[{index}]", self.path), rule);
            matrix.ticks.push(ticks(entry, scale).map_err(fault)?);
        }
        Ok(())
    }
}

/// The ids of a list of objects, each once.
pub fn ids(nodes: &[Node<'_>]) -> Result<Ids, Fault> {
    let mut ids = Ids::new();
    for (index, node) in nodes.iter().enumerate() {
        let id = node.get("id")?;
        if ids.insert(id.id()?, index).is_some() {
            return Err(id.fault("it is defined twice"));
        }
    }
    Ok(ids)
}

/// The ids themselves, to be written as they were.
pub fn names(nodes: &[Node<'_>]) -> Result<Vec<Value>, Fault> {
    nodes.iter().map(|node| Ok(node.get("id")?.value.clone())).collect()
}

pub fn label(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}

fn ticks(value: &Value, scale: Time) -> Result<Time, String> {
    let number = value.as_f64().ok_or("it is not a number")?;
    if number < 0.0 {
        return Err(format!("{number} is negative"));
    }
    let exact = number * f64::from(scale);
    let rounded = exact.round();
    if rounded > f64::from(TIME_MAX) {
        return Err(format!("{number} is too large"));
    }
    // A decimal fraction is not exact in binary: what is left is far below any further decimal.
    if (exact - rounded).abs() > 1e-6 {
        return Err(match scale {
            1 => format!("{number} is not a whole number"),
            _ => format!("{number} has more than three decimals"),
        });
    }
    Ok(rounded as Time)
}

/// Ticks in the instance's unit, as a whole number where it is one.
pub fn unit(ticks: Time, scale: Time) -> Value {
    if ticks % scale == 0 {
        Value::from(ticks / scale)
    } else {
        Value::from(f64::from(ticks) / f64::from(scale))
    }
}
