//! A row is stored as it was given, in its order, whatever the number of rows; on PostgreSQL each on its day.

use chrono::{NaiveDate, TimeDelta};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use songhe::clock::Instant;
use songhe::db::Kind;
use songhe::db::schema::readings;
use songhe::devices::storage::prepare_days_now;
use songhe::devices::store::{self, NewReading};

use super::{append, pulse, seqs};
use crate::support::app::{TestApp, both, first_instant};

type Row = (i64, i64, i16, i64, i16, f64, Instant, Option<Instant>, Instant);

fn stored(test: &TestApp) -> Vec<Row> {
    test.read(|connection| {
        Ok(readings::table
            .order(readings::id)
            .select((
                readings::device_id,
                readings::boot_id,
                readings::lane,
                readings::seq,
                readings::channel,
                readings::value,
                readings::at,
                readings::device_at,
                readings::received_at,
            ))
            .load(connection)?)
    })
}

fn row_of(one: &NewReading) -> Row {
    let NewReading { device_id, boot_id, lane, seq, channel, value, at, device_at, received_at } = *one;
    (device_id, boot_id, lane, seq, channel, value, at, device_at, received_at)
}

both!(rows_are_stored_as_they_were_given_in_their_order, |app| async {
    let mut given: Vec<NewReading> = Vec::new();
    for count in [0, 1, 7, 8, 9, 63, 64, 65, 137, 1_000] {
        let from = given.len() as i64;
        let row = |seq: i64| NewReading {
            device_id: seq % 5,
            boot_id: if seq % 2 == 0 { i64::MIN + seq } else { seq },
            lane: i16::from(seq % 3 == 0),
            channel: -(seq as i16),
            device_at: (seq % 4 != 0).then(|| first_instant() - TimeDelta::milliseconds(seq * 1_777)),
            received_at: first_instant() + TimeDelta::milliseconds(seq),
            ..pulse(seq, seq as f64 / 8.0, first_instant() + TimeDelta::milliseconds(seq * 250))
        };
        let part: Vec<NewReading> = (from..from + count).map(row).collect();
        append(app, &part);
        given.extend(part);
    }
    let expected: Vec<Row> = given.iter().map(row_of).collect();
    assert_eq!(stored(app), expected);
});

#[test]
fn sqlite_gets_the_instants_that_diesel_writes() {
    let app = TestApp::start(Kind::Sqlite).unwrap();
    let instants: Vec<Instant> = [
        "2026-11-23T01:00:00",
        "2026-11-23T01:00:00.005",
        "2026-11-23T01:00:00.120",
        "1999-01-02T03:04:05.678",
    ]
    .iter()
    .map(|text| text.parse().unwrap())
    .collect();
    for at in &instants {
        let mut one = pulse(0, 70.0, *at);
        one.device_at = Some(*at);
        append(&app, &[one]);
        app.write(|tx| {
            let row = (
                readings::device_id.eq(7),
                readings::boot_id.eq(1),
                readings::lane.eq(0),
                readings::seq.eq(0),
                readings::channel.eq(1),
                readings::value.eq(70.0),
                readings::at.eq(*at),
                readings::device_at.eq(*at),
                readings::received_at.eq(*at),
            );
            Ok(diesel::insert_into(readings::table).values(row).execute(tx.connection)?)
        });
    }
    let written = app.lines(
        "SELECT typeof(at) || at || '|' || device_at || '|' || received_at AS line FROM readings ORDER BY id",
    );
    assert_eq!(written.len(), instants.len() * 2);
    for pair in written.chunks(2) {
        assert_eq!(pair[0], pair[1]);
    }
}

/// Where PostgreSQL keeps each message.
fn places(test: &TestApp) -> Vec<String> {
    test.lines("SELECT seq || ' ' || tableoid::regclass::text AS line FROM readings ORDER BY seq")
}

both!(a_day_takes_what_was_received_on_it_and_another_place_the_rest, |app| async {
    if app.kind() == Kind::Sqlite {
        prepare_days_now(&app.app.db, first_instant()).unwrap();
        assert_eq!(app.read(store::days), Vec::<NaiveDate>::new());
        return;
    }
    let today = first_instant();
    let dates = app.read(store::days);
    let days = |ahead: i64| (today + TimeDelta::days(ahead)).date();
    assert_eq!(dates, (0..=3).map(days).collect::<Vec<_>>());
    let midnight = days(1).and_hms_opt(0, 0, 0).unwrap();
    let before_midnight = midnight - TimeDelta::milliseconds(1);
    let later = days(9).and_hms_opt(12, 0, 0).unwrap();
    append(app, &[pulse(0, 70.0, before_midnight), pulse(1, 70.0, midnight), pulse(2, 70.0, later)]);
    let expected = ["0 readings_20261123", "1 readings_20261124", "2 readings_default"];
    assert_eq!(places(app), expected);

    // A day that comes late takes over what is its own, and nothing is there twice.
    assert!(app.write(|tx| store::make_day(tx.connection, later.date())));
    assert!(!app.write(|tx| store::make_day(tx.connection, later.date())));
    append(app, &[pulse(3, 70.0, later)]);
    assert_eq!(places(app)[2..], ["2 readings_20261202", "3 readings_20261202"]);
    assert_eq!(seqs(app), [0, 1, 2, 3]);
    app.write(|tx| Ok(tx.connection.batch_execute("ANALYZE readings")?));
});
