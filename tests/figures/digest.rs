//! One number for all that a city holds, apart from what must differ: times, sealed bytes and what keys make.

use diesel::prelude::*;
use diesel::sql_types::Text;
use sha2::{Digest, Sha256};
use songhe::db::AnyConnection;
use songhe::error::Result;

/// Table, columns, order. Instants, sealed columns and keyed indexes are left out.
const TABLES: [(&str, &[&str], &str); 14] = [
    ("towns", &["code", "name_zh", "kind", "longitude", "latitude"], "code"),
    ("villages", &["code", "town_code", "name_zh", "longitude", "latitude"], "code"),
    ("providers", &["id", "town_code", "name", "phone"], "id"),
    (
        "institutions",
        &["id", "town_code", "name", "kind", "state", "operator", "phone", "longitude", "latitude"],
        "id",
    ),
    ("stations", &["id", "village_code", "name", "services", "phone", "longitude", "latitude"], "id"),
    (
        "caregivers",
        &["id", "provider_id", "name", "skills", "languages", "shift_days", "shift_starts_min"],
        "id",
    ),
    ("elders", &["id", "village_code", "name", "gender", "born_on", "categories", "longitude"], "id"),
    ("rooms", &["id", "institution_id", "building", "floor", "number"], "id"),
    ("beds", &["id", "room_id", "label", "kind"], "id"),
    ("stays", &["id", "bed_id", "elder_id", "institution_id"], "id"),
    ("devices", &["id", "code", "kind", "name"], "id"),
    ("visits", &["id", "elder_id", "service_code", "duration_min", "state"], "id"),
    ("visit_events", &["visit_id", "seq", "kind", "to_state", "note"], "visit_id, seq"),
    ("users", &["id", "login", "name"], "id"),
];

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

pub fn digest(connection: &mut AnyConnection) -> Result<String> {
    let mut hasher = Sha256::new();
    for (table, columns, order) in TABLES {
        let cells: Vec<String> = columns.iter().map(|column| format!("CAST({column} AS TEXT)")).collect();
        let query = format!("SELECT {} AS line FROM {table} ORDER BY {order}", cells.join(" || '|' || "));
        let lines: Vec<Line> = diesel::sql_query(query).load(connection)?;
        assert!(!lines.is_empty(), "{table} is empty");
        for Line { line } in lines {
            hasher.update(line.as_bytes());
            hasher.update([0]);
        }
    }
    Ok(hex::encode(hasher.finalize()))
}
