//! Personal data is sealed: neither the raw database nor the audit log nor the outbox holds it in clear.

use diesel::prelude::*;
use diesel::sql_types::Text;
use songhe::db::Kind;
use songhe::registry::caregivers::{self, CaregiverInput, Gender, Language, Skill, TravelMode, Weekday};

use crate::support::app::{TestApp, both};
use crate::support::seed::town_code;

const PHONE: &str = "13959512345";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Every byte that the database stores, as text.
fn raw(app: &TestApp) -> String {
    if app.kind() == Kind::Sqlite {
        let read = |name: &str| std::fs::read(app.data_dir().join(name)).unwrap_or_default();
        let bytes = [read("songhe.db"), read("songhe.db-wal")].concat();
        return String::from_utf8_lossy(&bytes).into_owned();
    }
    let lines = |query: &str| -> Vec<String> {
        app.read(|connection| {
            let rows: Vec<Row> = diesel::sql_query(query).load(connection)?;
            Ok(rows.into_iter().map(|row| row.line).collect())
        })
    };
    let tables =
        lines("SELECT table_name::text AS line FROM information_schema.tables WHERE table_schema = 'public'");
    tables.iter().flat_map(|table| lines(&format!("SELECT t::text AS line FROM {table} AS t"))).collect()
}

both!(a_phone_number_is_nowhere_in_clear, |app| async {
    app.add_towns();
    let provider = app.add_provider(1);
    let input = CaregiverInput {
        name: "陈护理".to_owned(),
        gender: Gender::Female,
        provider_id: provider,
        town_code: town_code(1).to_owned(),
        phone: Some(PHONE.to_owned()),
        skills: vec![Skill::Daily],
        languages: vec![Language::Minnan],
        shift_days: vec![Weekday::Monday],
        shift_starts_min: 480,
        shift_ends_min: 1_080,
        travel_mode: TravelMode::EBike,
        longitude: 118.55,
        latitude: 24.82,
        active: true,
    };
    app.write(|tx| caregivers::add(tx, &input));
    let stored = raw(app);
    assert!(stored.contains("陈护理"), "what is not sealed is found in the raw data");
    assert!(!stored.contains(PHONE), "the phone number is in the raw data");
    // Nor as the digits of its bytes, in which PostgreSQL shows binary columns.
    assert!(!stored.contains(&hex::encode(PHONE)));
});
