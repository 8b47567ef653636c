//! Raw attempts on every period that fills a bed or lies inside a stay, one named test for each way to collide.

use songhe::error::Code;

use crate::support::app::{TestApp, both};

/// A bed in each of two institutions, and two elders.
struct City {
    bed: i64,
    other_bed: i64,
    elder: i64,
    other: i64,
}

fn city(app: &TestApp) -> City {
    app.add_towns();
    let (first, second) = (app.add_institution(1), app.add_institution(2));
    City {
        bed: app.add_bed(1, first),
        other_bed: app.add_bed(2, second),
        elder: app.add_elder(1),
        other: app.add_elder(2),
    }
}

fn instant(text: &str) -> String {
    if text.is_empty() { "NULL".to_owned() } else { format!("'2026-11-{text}:00.000'") }
}

/// Inserts into a table with the bed's place; `to` is empty where it goes on. Times are such as `10 08:00`.
fn insert(table: &str, more: &str, values: &str, bed: i64, from: &str, to: &str) -> String {
    format!(
        "INSERT INTO {table} (bed_id, institution_id, town_code, starts_at, ends_at, {more}) \
         SELECT id, institution_id, town_code, {}, {}, {values} FROM beds WHERE id = {bed}",
        instant(from),
        instant(to)
    )
}

fn stay(bed: i64, elder: i64, from: &str, to: &str) -> String {
    insert("stays", "elder_id", &elder.to_string(), bed, from, to)
}

fn hold(bed: i64, elder: i64, from: &str, to: &str) -> String {
    insert("holds", "elder_id, note", &format!("{elder}, ''"), bed, from, to)
}

fn outage(bed: i64, from: &str, to: &str) -> String {
    insert("outages", "reason, note", "'repair', ''", bed, from, to)
}

fn leave(elder: i64, from: &str, to: &str) -> String {
    format!(
        "INSERT INTO leaves (stay_id, kind, starts_at, ends_at, note) \
         SELECT id, 'home', {}, {}, '' FROM stays WHERE elder_id = {elder}",
        instant(from),
        instant(to)
    )
}

#[track_caller]
fn collides(app: &TestApp, statement: &str) {
    let error = app.raw(statement).expect_err(statement);
    assert_eq!(error.code, Code::Taken, "{statement}: {}", error.for_log());
}

both!(an_enclosing_stay_collides, |app| async {
    let city = city(app);
    app.taken(&stay(city.bed, city.elder, "10 08:00", "20 08:00"));
    collides(app, &stay(city.bed, city.other, "05 08:00", "25 08:00"));
    collides(app, &stay(city.bed, city.other, "12 08:00", "13 08:00"));
});

both!(open_ended_collides_with_open_ended, |app| async {
    let city = city(app);
    app.taken(&stay(city.bed, city.elder, "10 08:00", ""));
    collides(app, &stay(city.bed, city.other, "10 08:00", ""));
    collides(app, &stay(city.bed, city.other, "20 08:00", ""));
});

both!(open_ended_collides_with_a_later_start, |app| async {
    let city = city(app);
    app.taken(&stay(city.bed, city.elder, "20 08:00", "21 08:00"));
    collides(app, &stay(city.bed, city.other, "10 08:00", ""));
    collides(app, &outage(city.bed, "10 08:00", ""));
});

both!(touching_ends_are_allowed, |app| async {
    let city = city(app);
    app.taken(&stay(city.bed, city.elder, "10 08:00", "20 08:00"));
    app.taken(&outage(city.bed, "20 08:00", "20 10:00"));
    app.taken(&hold(city.bed, city.other, "20 10:00", "22 08:00"));
    app.taken(&stay(city.bed, city.other, "22 08:00", ""));
    app.taken(&stay(city.other_bed, city.elder, "20 08:00", ""));
});

both!(a_retro_dated_change_collides, |app| async {
    let city = city(app);
    app.taken(&stay(city.bed, city.elder, "01 08:00", "10 08:00"));
    app.taken(&stay(city.bed, city.other, "12 08:00", ""));
    collides(
        app,
        &format!("UPDATE stays SET starts_at = {} WHERE elder_id = {}", instant("09 08:00"), city.other),
    );
    collides(
        app,
        &format!("UPDATE stays SET ends_at = {} WHERE elder_id = {}", instant("13 08:00"), city.elder),
    );
    collides(app, &format!("UPDATE stays SET ends_at = NULL WHERE elder_id = {}", city.elder));
    app.taken(&format!("UPDATE stays SET ends_at = {} WHERE elder_id = {}", instant("12 08:00"), city.elder));
});

both!(two_holds_collide, |app| async {
    let city = city(app);
    app.taken(&hold(city.bed, city.elder, "10 08:00", "12 08:00"));
    collides(app, &hold(city.bed, city.other, "11 08:00", "13 08:00"));
    collides(app, &hold(city.other_bed, city.elder, "11 08:00", "13 08:00"));
    app.taken(&hold(city.other_bed, city.elder, "12 08:00", "13 08:00"));
    collides(
        app,
        &format!("UPDATE holds SET bed_id = {} WHERE bed_id = {}", city.bed, city.other_bed)
            .replace("SET", &format!("SET starts_at = {},", instant("11 08:00"))),
    );
});

both!(a_hold_a_stay_and_an_outage_collide, |app| async {
    let city = city(app);
    app.taken(&hold(city.bed, city.elder, "10 08:00", "12 08:00"));
    collides(app, &stay(city.bed, city.other, "11 08:00", ""));
    collides(app, &outage(city.bed, "11 08:00", "11 09:00"));
    app.taken(&outage(city.other_bed, "10 08:00", ""));
    collides(app, &stay(city.other_bed, city.other, "11 08:00", ""));
    collides(app, &hold(city.other_bed, city.other, "11 08:00", "12 08:00"));
    app.taken(&format!(
        "UPDATE outages SET ends_at = {} WHERE bed_id = {}",
        instant("10 20:00"),
        city.other_bed
    ));
    app.taken(&stay(city.other_bed, city.other, "11 08:00", ""));
    collides(app, &format!("UPDATE outages SET ends_at = NULL WHERE bed_id = {}", city.other_bed));
});

both!(an_elder_in_two_institutions_collides, |app| async {
    let city = city(app);
    app.taken(&stay(city.bed, city.elder, "10 08:00", ""));
    collides(app, &stay(city.other_bed, city.elder, "11 08:00", ""));
    collides(app, &stay(city.other_bed, city.elder, "01 08:00", "10 08:01"));
});

both!(an_expired_or_emptied_hold_is_in_nobodys_way, |app| async {
    let city = city(app);
    app.taken(&hold(city.bed, city.elder, "10 08:00", "12 08:00"));
    app.taken(&stay(city.bed, city.other, "12 08:00", ""));
    collides(app, &format!("UPDATE holds SET ends_at = {}", instant("12 08:01")));
    app.taken(&format!(
        "UPDATE holds SET ends_at = starts_at, outcome = 'released' WHERE elder_id = {}",
        city.elder
    ));
    app.taken(&format!(
        "UPDATE stays SET starts_at = {} WHERE elder_id = {}",
        instant("09 08:00"),
        city.other
    ));
    app.refused(&format!("UPDATE holds SET ends_at = {}", instant("09 08:00")));
});

both!(a_leave_lies_inside_its_stay, |app| async {
    let city = city(app);
    app.taken(&stay(city.bed, city.elder, "10 08:00", ""));
    collides(app, &leave(city.elder, "09 08:00", "11 08:00"));
    app.taken(&leave(city.elder, "11 08:00", "12 08:00"));
    collides(app, &leave(city.elder, "11 20:00", "13 08:00"));
    collides(app, &leave(city.elder, "01 08:00", ""));
    app.taken(&leave(city.elder, "12 08:00", ""));
    collides(app, &leave(city.elder, "20 08:00", ""));
    collides(app, "UPDATE stays SET starts_at = '2026-11-11 09:00:00.000'");
    collides(app, "UPDATE stays SET ends_at = '2026-11-20 08:00:00.000'");
    app.taken("UPDATE leaves SET ends_at = '2026-11-20 08:00:00.000' WHERE ends_at IS NULL");
    collides(app, "UPDATE stays SET ends_at = '2026-11-20 07:59:00.000'");
    app.taken("UPDATE stays SET ends_at = '2026-11-20 08:00:00.000'");
    collides(app, "UPDATE leaves SET ends_at = NULL WHERE starts_at = '2026-11-12 08:00:00.000'");
    app.refused("DELETE FROM stays");
    assert_eq!(app.raw("UPDATE stays SET ending = 'discharge'").unwrap(), 1);
    app.refused("UPDATE stays SET ends_at = NULL");
});

both!(claims_follow_their_sources_and_nobody_else, |app| async {
    let city = city(app);
    app.taken(&stay(city.bed, city.elder, "10 08:00", ""));
    app.taken(&outage(city.other_bed, "10 08:00", "11 08:00"));
    let free = format!(
        "INSERT INTO bed_claims (kind, source_id, bed_id, starts_at, ends_at) \
         VALUES ('hold', 77, {}, '2026-11-01 08:00:00.000', '2026-11-02 08:00:00.000')",
        city.bed
    );
    app.refused(&free);
    app.refused("DELETE FROM bed_claims");
    app.refused("UPDATE bed_claims SET ends_at = '2026-11-12 08:00:00.000'");
    app.refused(&format!("UPDATE bed_claims SET bed_id = {} WHERE kind = 'stay'", city.other_bed));
    assert_eq!(app.raw("UPDATE stays SET starts_at = starts_at").unwrap(), 1);
    assert_eq!(app.raw("DELETE FROM outages").unwrap(), 1);
    let left = "SELECT count(*) AS n FROM bed_claims";
    assert_eq!(app.count(left), 1, "the claim goes with its source");
    app.taken(&stay(city.other_bed, city.other, "10 09:00", "12 08:00"));
    assert_eq!(app.count(left), 2);
});
