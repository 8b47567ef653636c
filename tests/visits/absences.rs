//! A caregiver is in one place at a time or away: raw attempts, and many clients at once.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use songhe::access::Role;
use songhe::clock::Instant;
use songhe::error::Code;
use songhe::visits::absences::{Absence, AbsenceKind, add, cancel};
use songhe::visits::{VisitState, assign};

use super::{planned, try_write, visit_of};
use crate::api::Program;
use crate::support::app::{TestApp, both};
use crate::support::seed::town;

const CLIENTS: usize = 64;
const OVERLAPS: &str = "SELECT count(*) AS n FROM caregiver_claims AS a JOIN caregiver_claims AS b ON a.caregiver_id = b.caregiver_id \
     AND (a.kind, a.source_id) < (b.kind, b.source_id) AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at";
/// Every assigned visit and every absence has its claim, and nothing else has one.
const CLAIMS: &str = "SELECT (SELECT count(*) FROM caregiver_claims) - (SELECT count(*) FROM visits WHERE caregiver_id IS NOT NULL \
     AND state <> 'not_done') - (SELECT count(*) FROM caregiver_absences WHERE cancelled_at IS NULL) AS n";

fn raw_absence(caregiver: i64, from: &str, to: &str) -> String {
    format!(
        "INSERT INTO caregiver_absences (caregiver_id, kind, starts_at, ends_at, note, recorded_by, recorded_at) VALUES \
         ({caregiver}, 'leave', '2026-11-{from}:00.000', '2026-11-{to}:00.000', '', 'x', '2026-11-23 01:00:00.000')"
    )
}

fn absence(app: &TestApp, caregiver: i64, (from_min, to_min): (i64, i64), releases: bool) -> Absence {
    let midnight: Instant = app.app.calendar.at("2026-11-23".parse().unwrap(), 0);
    Absence {
        caregiver_id: caregiver,
        kind: AbsenceKind::Sick,
        starts_at: midnight + TimeDelta::minutes(from_min),
        ends_at: midnight + TimeDelta::minutes(to_min),
        note: String::new(),
        releases,
    }
}

both!(absences_and_visits_exclude_each_other_also_overnight, |app| async {
    app.add_towns();
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    let other = app.add_caregiver(1, app.add_provider(1));
    // At ten of the city's clocks, which is two o'clock here.
    let id = planned(app, app.add_elder(1), (600, 720));
    app.write(|tx| assign(tx, id, 1, caregiver, None));
    for (from, to) in [
        ("23 02:00", "23 02:30"),
        ("22 20:00", "24 04:00"),
        ("23 02:29", "23 09:00"),
        ("22 10:00", "23 02:01"),
    ] {
        let error = app.raw(&raw_absence(caregiver, from, to)).expect_err(from);
        assert_eq!(error.code, Code::Taken, "{}", error.for_log());
    }
    app.taken(&raw_absence(caregiver, "23 02:30", "24 03:00"));
    app.refused(&raw_absence(caregiver, "23 22:00", "24 01:00"));
    app.refused(&raw_absence(caregiver, "25 01:00", "25 01:00"));
    app.taken(&raw_absence(other, "23 02:00", "24 02:00"));
    app.refused(&format!("UPDATE visits SET caregiver_id = {other} WHERE id = {id}"));
    app.refused(&format!(
        "UPDATE caregiver_absences SET starts_at = '2026-11-23 02:10:00.000' WHERE caregiver_id = {caregiver}"
    ));
    app.refused("UPDATE caregiver_claims SET starts_at = '2020-01-01 00:00:00.000'");
    app.refused(&format!("DELETE FROM caregiver_claims WHERE source_id = {id}"));
    app.refused(&format!(
        "INSERT INTO caregiver_claims (kind, source_id, caregiver_id, starts_at, ends_at) VALUES \
         ('visit', 999, {caregiver}, '2026-11-28 01:00:00.000', '2026-11-28 02:00:00.000')"
    ));
    assert_eq!((app.count(OVERLAPS), app.count(CLAIMS)), (0, 0));
    // A cancelled absence and a visit that was not done leave their time free.
    app.taken(&format!(
        "UPDATE caregiver_absences SET cancelled_at = '2026-11-23 01:00:00.000', cancelled_by = 'x' WHERE caregiver_id = {other}"
    ));
    app.taken(&format!("UPDATE visits SET caregiver_id = {other} WHERE id = {id}"));
    assert_eq!((app.count(OVERLAPS), app.count(CLAIMS)), (0, 0));
});

both!(an_absence_names_the_visits_in_it_or_releases_them, |app| async {
    app.add_towns();
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    let ids = [planned(app, app.add_elder(1), (600, 720)), planned(app, app.add_elder(1), (600, 720))];
    for id in ids {
        app.write(|tx| assign(tx, id, 1, caregiver, None));
    }
    let sick = absence(app, caregiver, (540, 1_080), false);
    let error = try_write(app, |tx| add(tx, &sick)).unwrap_err();
    let text = error.text.to(songhe::text::Lang::Chinese);
    assert_eq!(error.code, Code::Taken);
    assert!(text.contains(&format!("{} (2026-11-23 10:00)", ids[0])) && text.contains('2'), "{text}");
    assert!(ids.iter().all(|id| visit_of(app, *id).state == VisitState::Assigned));
    let sick = Absence { releases: true, ..sick };
    let made = app.write(|tx| add(tx, &sick));
    assert!(ids.iter().all(|id| visit_of(app, *id).state == VisitState::Planned));
    let error =
        try_write(app, |tx| assign(tx, ids[0], 3, caregiver, Some(sick.starts_at + TimeDelta::minutes(90))))
            .unwrap_err();
    assert_eq!(error.code, Code::Taken, "away");
    let wrong = Absence { ends_at: sick.starts_at, ..sick.clone() };
    assert_eq!(try_write(app, |tx| add(tx, &wrong)).unwrap_err().code, Code::Invalid);
    app.write(|tx| cancel(tx, made, 1));
    app.write(|tx| assign(tx, ids[0], 3, caregiver, None));
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let path = format!("/caregivers/{caregiver}/absence");
    let form = [
        ("absence_kind", "leave"),
        ("away_on", "2026-11-24"),
        ("away_time", "08:00"),
        ("back_on", "2026-11-25"),
        ("back_time", "08:00"),
        ("note", "回乡"),
    ];
    assert_eq!(lin.post_form(&path, &form).await.status(), 303);
    assert!(lin.page("/absences").await.contains("回乡"));
    assert_eq!(lin.post_form(&path, &form).await.status(), 409, "twice");
});

both!(sixty_four_clients_race_for_one_caregivers_day, |app| async {
    app.add_towns();
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    app.add_user("lin", Role::Coordinator, town(1));
    let visits: Vec<i64> = (0..12).map(|_| planned(app, app.add_elder(1), (600, 700))).collect();
    let lin = Program::enter(app, "lin").await;
    let attempts = (0..CLIENTS).map(|one| {
        let request = if one % 3 == 0 {
            let at =
                |minute: usize| format!("2026-11-23T{:02}:{:02}:00+08:00", 10 + minute / 60, minute % 60);
            let (from, to) = (at(one), at(one + 25));
            lin.request(Method::POST, "/api/v1/absences")
                .header("idempotency-key", format!("absence-{one}"))
                .json(
                    &json!({ "caregiver_id": caregiver, "kind": "leave", "starts_at": from, "ends_at": to }),
                )
        } else {
            let id = visits[one % visits.len()];
            lin.request(Method::POST, &format!("/api/v1/visits/{id}/assign"))
                .json(&json!({ "version": 1, "caregiver_id": caregiver }))
        };
        async move {
            let response = request.send().await.unwrap();
            (response.status().as_u16(), response.json::<Value>().await.unwrap())
        }
    });
    let answers = futures_util::future::join_all(attempts).await;
    let done = answers.iter().filter(|(status, _)| [200, 201].contains(status)).count();
    for (status, body) in &answers {
        // No time in the window, taken, stale, or no connection in time.
        assert!([200, 201, 409, 422, 503].contains(status), "{status}: {body}");
    }
    assert!(done >= 2, "{answers:?}");
    assert_eq!((app.count(OVERLAPS), app.count(CLAIMS)), (0, 0));
    assert_eq!(
        app.count("SELECT count(*) AS n FROM caregiver_claims"),
        done as i64,
        "acknowledged is stored"
    );
});
