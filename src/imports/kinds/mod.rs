//! The kinds of records that can be imported: which columns each has, and how a row becomes a record.

mod caregivers;
mod devices;
pub(super) mod elders;
mod fields;
mod house;
mod institutions;
mod places;
mod stations;
mod waiting;

use std::collections::{BTreeMap, HashMap};

use super::model::{Column, ImportKind, Made, Values};
use crate::access::Permission;
use crate::app::Tx;
use crate::error::Result;

/// A kind of record. A row goes through the record's own use cases, which check reach and rules.
pub trait Kind: Send + Sync {
    fn columns(&self) -> &'static [Column];

    /// What the asker needs beside the right to import.
    fn need(&self) -> Permission;

    /// What may stand in one row of a file only: column and value.
    fn keys(&self, row: &Values) -> Vec<(&'static str, String)>;

    /// Takes a row's part of what all rows together tell.
    fn learn(&self, _memory: &mut Memory, _row: &Values) {}

    /// Completes a row by what other rows tell.
    fn complete(&self, _memory: &Memory, _row: &mut Values) {}

    /// Adds or changes what the row says; gives what it made, which is nothing where the row says what is on file.
    fn apply(&self, tx: &mut Tx<'_>, ground: &Ground, row: &Values) -> Result<Vec<Made>>;

    /// Takes back one record that a row made. Refused where it has changed since.
    fn undo(&self, tx: &mut Tx<'_>, made: &Made) -> Result<()>;
}

/// What all rows of a batch stand on.
#[derive(Clone, Copy, Debug)]
pub struct Ground {
    pub batch_id: i64,
    /// Of rows that name none.
    pub institution_id: Option<i64>,
}

/// Values by the key of what they belong to, from all rows of a file.
#[derive(Debug, Default)]
pub struct Memory(HashMap<String, BTreeMap<&'static str, String>>);

impl Memory {
    /// Keeps the values of these columns; the first row that gives one counts.
    fn keep(&mut self, key: String, row: &Values, columns: &[&'static str]) {
        let given = columns.iter().filter(|column| row.has(column));
        let given: Vec<(&'static str, String)> =
            given.map(|column| (*column, row.get(column).to_owned())).collect();
        if given.is_empty() {
            return;
        }
        let kept = self.0.entry(key).or_default();
        for (column, value) in given {
            kept.entry(column).or_insert(value);
        }
    }

    /// Gives a row the values that it leaves open.
    fn fill(&self, key: &str, row: &mut Values) {
        let Some(kept) = self.0.get(key) else { return };
        for (column, value) in kept {
            match row.cells.get(column) {
                Some(own) if own != value => row.contradicts.push(column),
                Some(_) => {}
                None => {
                    row.cells.insert(column, value.clone());
                }
            }
        }
    }
}

pub fn kind_of(kind: ImportKind) -> &'static dyn Kind {
    match kind {
        ImportKind::House => &house::House,
        ImportKind::Elders => &elders::Elders,
        ImportKind::Caregivers => &caregivers::Caregivers,
        ImportKind::Stations => &stations::Stations,
        ImportKind::Institutions => &institutions::Institutions,
        ImportKind::Waiting => &waiting::Waiting,
        ImportKind::Devices => &devices::Devices,
    }
}

pub fn columns_of(kind: ImportKind) -> &'static [Column] {
    kind_of(kind).columns()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imports::model::normal_heading;
    use crate::text::Lang;

    #[test]
    fn no_heading_stands_for_two_columns_of_a_kind() {
        for kind in ImportKind::ALL {
            let mut owner: HashMap<String, &'static str> = HashMap::new();
            for column in columns_of(*kind) {
                let labels = [Lang::Chinese, Lang::English].map(|lang| lang.t(column.label).into_owned());
                assert_ne!(labels[0], column.label, "{} has a text", column.label);
                let aliases = column.aliases.iter().map(|alias| (*alias).to_owned());
                for heading in labels.into_iter().chain(aliases).chain([column.key.to_owned()]) {
                    let other = owner.insert(normal_heading(&heading), column.key);
                    assert!(other.is_none_or(|other| other == column.key), "{}: {heading}", kind.name());
                }
            }
        }
    }
}
