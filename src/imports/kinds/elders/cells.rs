//! The rows that belong to a record as one cell holds them: an item a line, its parts with a bar between them. What is written so
//! is read again unchanged.
//!
//! - categories: `孤寡 2024-01-01~2026-01-01 | number | note`; days and what follows may be left out
//! - places: `kind | name | address | longitude, latitude | from~until | door note`
//! - contacts: `1. name | relation | phone | note`
//! - caregivers: `wish | #number | reason`

use chrono::NaiveDate;

use crate::app::Tx;
use crate::elders::store::{Category, categories};
use crate::elders::{CoordinateSource, ListedPart, PlaceKind, Record, Relation, Stance, listable};
use crate::error::{Error, Result};
use crate::imports::model::moment;
use crate::registry::codes::named;
use crate::text::{Lang, Text};
use crate::web::Input;

/// The parts that a row can speak of, and their columns.
pub const PARTS: [(ListedPart, &str); 4] = [
    (ListedPart::Eligibility, "categories"),
    (ListedPart::Places, "places"),
    (ListedPart::Contacts, "contacts"),
    (ListedPart::Caregivers, "caregivers"),
];

/// What a cell says, as the part's own form would send it.
pub fn read(tx: &mut Tx<'_>, part: ListedPart, text: &str) -> Result<Vec<Input>> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    match part {
        ListedPart::Eligibility => {
            let all = categories(tx.connection)?;
            read_categories(&all, text)
        }
        ListedPart::Places => items(text).map(|item| place(&item)).collect(),
        ListedPart::Contacts => items(text).enumerate().map(|(index, item)| contact(index, &item)).collect(),
        ListedPart::Caregivers => items(text).map(|item| caregiver(&item)).collect(),
    }
}

/// What [`read`] reads again, of a record.
pub fn written(part: ListedPart, record: &Record, all: &[Category], lang: Lang) -> String {
    let name = |kind: &str, value: &str| lang.t(&format!("enums.{kind}.{value}")).into_owned();
    let lines: Vec<String> = match part {
        ListedPart::Eligibility => {
            record.eligibility.iter().map(|row| category_line(&row.fields, all, lang)).collect()
        }
        ListedPart::Places => {
            let places = record.places.iter().map(|(row, address, door_note)| {
                let fields = &row.fields;
                let point = format!("{}, {}", fields.longitude, fields.latitude);
                let kind = name("place_kind", fields.kind.name());
                let days = days_text(fields.from_on, fields.to_on);
                line(&[&kind, &fields.label, address, &point, &days, door_note])
            });
            places.collect()
        }
        ListedPart::Contacts => {
            let contacts = record.contacts.iter().map(|(row, phone)| {
                let fields = &row.fields;
                let relation = name("relation", fields.relation.name());
                line(&[&format!("{}. {}", fields.call_order, fields.name), &relation, phone, &fields.note])
            });
            contacts.collect()
        }
        ListedPart::Caregivers => {
            let wishes = record.caregivers.iter().map(|row| {
                let stance = name("stance", row.fields.stance.name());
                line(&[&stance, &format!("#{}", row.fields.caregiver_id), &row.fields.reason])
            });
            wishes.collect()
        }
    };
    lines.join("\n")
}

fn category_line(
    fields: &crate::elders::store::eligibility_rows::Fields,
    all: &[Category],
    lang: Lang,
) -> String {
    let called = Category::find(all, &fields.category_code).map_or("", |one| match lang {
        Lang::Chinese => one.name_zh.as_str(),
        Lang::English => one.name_en.as_str(),
    });
    let first = format!("{called} {}", days_text(fields.from_on, fields.to_on));
    line(&[&first, &fields.document_number, &fields.note])
}

fn items(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let items = text.split(['\n', '；', ';']).map(str::trim).filter(|item| !item.is_empty());
    items.map(|item| item.split(['|', '｜']).map(str::trim).collect())
}

fn part<'a>(item: &[&'a str], place: usize) -> &'a str {
    item.get(place).copied().unwrap_or_default()
}

/// Parts with bars between them; empty ones at the end are left out.
fn line(parts: &[&str]) -> String {
    let parts: Vec<String> = parts.iter().map(|part| listable(part)).collect();
    let used = parts.iter().rposition(|part| !part.is_empty()).map_or(0, |last| last + 1);
    parts[..used].join(" | ")
}

/// The stored name of a value that a cell calls so.
fn value(column: &'static str, kind: &str, names: &[&'static str], text: &str) -> Result<String> {
    named(kind, names, text).map(str::to_owned).ok_or_else(|| unknown(column, text))
}

fn unknown(column: &'static str, text: &str) -> Error {
    Error::field(column, Text::new("import.unknown_value").with("value", text))
}

fn days_text(from: Option<NaiveDate>, until: Option<NaiveDate>) -> String {
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    if from.is_none() && until.is_none() { String::new() } else { format!("{}~{}", day(from), day(until)) }
}

/// Both days of `2024-01-01~2026-01-01`, either of which may be open.
fn days(column: &'static str, text: &str) -> Result<(String, String)> {
    let (from, until) = text.split_once(['~', '～', '至']).unwrap_or((text, ""));
    let day = |text: &str| match text.trim() {
        "" => Ok(String::new()),
        text => moment(text)
            .map(|(day, _)| day.to_string())
            .ok_or_else(|| Error::field(column, Text::new("import.day").with("value", text))),
    };
    Ok((day(from)?, day(until)?))
}

/// Names alone may stand in one line, as the list of elders is exported.
fn read_categories(all: &[Category], text: &str) -> Result<Vec<Input>> {
    let has_parts = text.contains(['\n', '|', '｜']);
    let text = if has_parts { text.to_owned() } else { text.replace(['、', '，', ','], "\n") };
    items(&text).map(|item| category(all, &item)).collect()
}

fn category(all: &[Category], item: &[&str]) -> Result<Input> {
    let first = part(item, 0);
    let is_period =
        |text: &str| text.contains(['~', '～', '至']) || text.starts_with(|c: char| c.is_ascii_digit());
    let (name, period) = match first.rsplit_once(char::is_whitespace) {
        Some((name, period)) if is_period(period) => (name.trim(), period),
        _ => (first, ""),
    };
    let lower = name.to_lowercase();
    let is_called =
        |one: &&Category| one.code == name || one.name_zh == name || one.name_en.to_lowercase() == lower;
    let found = all.iter().find(is_called).ok_or_else(|| unknown("categories", name))?;
    let (from, until) = days("categories", period)?;
    Ok(Input::of([
        ("category_code", found.code.clone()),
        ("from_on", from),
        ("to_on", until),
        ("document_number", part(item, 1).to_owned()),
        ("note", part(item, 2).to_owned()),
    ]))
}

fn place(item: &[&str]) -> Result<Input> {
    const COLUMN: &str = "places";
    let point = part(item, 3);
    let (longitude, latitude) = point.split_once([',', '，', ' ']).unwrap_or((point, ""));
    let (from, until) = days(COLUMN, part(item, 4))?;
    Ok(Input::of([
        ("place_kind", value(COLUMN, "place_kind", PlaceKind::NAMES, part(item, 0))?),
        ("place_label", part(item, 1).to_owned()),
        ("address", part(item, 2).to_owned()),
        ("longitude", longitude.trim().to_owned()),
        ("latitude", latitude.trim().to_owned()),
        ("coordinate_source", CoordinateSource::Wgs84.name().to_owned()),
        ("from_on", from),
        ("to_on", until),
        ("door_note", part(item, 5).to_owned()),
    ]))
}

/// Without a number the place in the cell is the order of calling.
fn contact(index: usize, item: &[&str]) -> Result<Input> {
    let first = part(item, 0);
    let numbered = first.split_once(['.', '、']).filter(|(number, _)| number.trim().parse::<u32>().is_ok());
    let (order, name) = match numbered {
        Some((number, name)) => (number.trim().to_owned(), name.trim()),
        None => ((index + 1).to_string(), first),
    };
    Ok(Input::of([
        ("call_order", order),
        ("contact_name", name.to_owned()),
        ("relation", value("contacts", "relation", Relation::NAMES, part(item, 1))?),
        ("phone", part(item, 2).to_owned()),
        ("note", part(item, 3).to_owned()),
    ]))
}

fn caregiver(item: &[&str]) -> Result<Input> {
    const COLUMN: &str = "caregivers";
    let number = part(item, 1).trim_start_matches(['#', '＃']).trim();
    Ok(Input::of([
        ("stance", value(COLUMN, "stance", Stance::NAMES, part(item, 0))?),
        ("caregiver_id", number.to_owned()),
        ("reason", part(item, 2).to_owned()),
    ]))
}
