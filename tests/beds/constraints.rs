//! Raw attempts on what the database keeps by itself.

use songhe::error::Code;

use crate::support::app::{TestApp, both};

/// An `INSERT` of a stay; `to` is empty for one that goes on. Times are hours of 23 November.
fn stay(bed: i64, elder: i64, from: &str, to: &str) -> String {
    let to = if to.is_empty() { "NULL".to_owned() } else { format!("'2026-11-{to}:00'") };
    format!(
        "INSERT INTO stays (bed_id, elder_id, institution_id, town_code, starts_at, ends_at) \
         SELECT id, {elder}, institution_id, town_code, '2026-11-{from}:00', {to} FROM beds WHERE id = {bed}"
    )
}

/// Two institutions with two beds each, and three elders.
fn seed(app: &TestApp) -> ([i64; 4], [i64; 3]) {
    app.add_towns();
    let (first, second) = (app.add_institution(1), app.add_institution(2));
    let beds = [app.add_bed(1, first), app.add_bed(1, first), app.add_bed(2, second), app.add_bed(2, second)];
    (beds, [app.add_elder(1), app.add_elder(1), app.add_elder(2)])
}

#[track_caller]
fn taken_by_another(app: &TestApp, statement: &str) {
    let error = app.raw(statement).expect_err(statement);
    assert_eq!(error.code, Code::Taken, "{statement}: {}", error.for_log());
}

both!(a_bed_holds_one_stay_at_a_time, |app| async {
    let (beds, elders) = seed(app);
    app.taken(&stay(beds[0], elders[0], "10 08:00", "20 08:00"));
    for (from, to) in [
        ("10 08:00", "20 08:00"),
        ("09 08:00", "10 08:01"),
        ("20 07:59", "21 08:00"),
        ("12 08:00", "13 08:00"),
        ("09 08:00", "21 08:00"),
        ("15 08:00", ""),
        ("09 08:00", ""),
    ] {
        taken_by_another(app, &stay(beds[0], elders[1], from, to));
    }
    app.taken(&stay(beds[0], elders[1], "05 08:00", "10 08:00"));
    app.taken(&stay(beds[0], elders[1], "20 08:00", ""));
    taken_by_another(app, &stay(beds[0], elders[2], "28 08:00", ""));
    taken_by_another(app, &stay(beds[0], elders[2], "28 08:00", "29 08:00"));
    taken_by_another(
        app,
        "UPDATE stays SET ends_at = '2026-11-20 08:01:00' WHERE ends_at = '2026-11-20 08:00:00'",
    );
    taken_by_another(app, "UPDATE stays SET ends_at = NULL WHERE ends_at = '2026-11-20 08:00:00'");
});

both!(an_elder_is_in_one_bed_at_a_time, |app| async {
    let (beds, elders) = seed(app);
    app.taken(&stay(beds[0], elders[0], "10 08:00", ""));
    taken_by_another(app, &stay(beds[1], elders[0], "12 08:00", ""));
    taken_by_another(app, &stay(beds[2], elders[0], "01 08:00", "10 08:01"));
    app.taken(&stay(beds[2], elders[0], "01 08:00", "10 08:00"));
    app.taken(&stay(beds[3], elders[1], "12 08:00", ""));
    taken_by_another(app, &format!("UPDATE stays SET elder_id = {} WHERE bed_id = {}", elders[0], beds[3]));
    taken_by_another(app, &format!("UPDATE stays SET bed_id = {} WHERE bed_id = {}", beds[0], beds[3]));
});

both!(a_stay_has_a_length_and_real_ends, |app| async {
    let (beds, elders) = seed(app);
    app.refused(&stay(beds[0], elders[0], "10 08:00", "10 08:00"));
    app.refused(&stay(beds[0], elders[0], "10 08:00", "09 08:00"));
    app.refused(&stay(beds[0], 999_999, "10 08:00", ""));
    app.taken(&stay(beds[0], elders[0], "10 08:00", ""));
    app.refused(&format!("DELETE FROM beds WHERE id = {}", beds[0]));
    app.refused(&format!("DELETE FROM elders WHERE id = {}", elders[0]));
});
