//! Raw attempts on what the database keeps by itself.

use std::collections::BTreeSet;

use songhe::error::Code;
use songhe::visits::store::transitions;
use songhe::visits::{VisitEvent, VisitState};

use crate::support::app::{TestApp, both};

/// An `INSERT` of a visit without events, given to a caregiver where one is named, by times of November.
fn visit(id: i64, elder: i64, assignment: Option<(i64, &str, &str)>) -> String {
    let (caregiver, from, to) = match assignment {
        Some((id, from, to)) => {
            (id.to_string(), format!("'2026-11-{from}:00'"), format!("'2026-11-{to}:00'"))
        }
        None => ("NULL".to_owned(), "NULL".to_owned(), "NULL".to_owned()),
    };
    format!(
        "INSERT INTO visits (id, elder_id, town_code, service_code, service_on, window_starts_at, window_ends_at, \
         duration_min, caregiver_id, starts_at, ends_at) VALUES ({id}, {elder}, '350582001', 'meal', '2026-11-23', \
         '2026-11-23 00:00:00', '2026-11-23 04:00:00', 30, {caregiver}, {from}, {to})"
    )
}

/// An `INSERT` of an event; `prev` is `NULL` for the first.
fn event(visit: i64, seq: i64, prev: &str, (from, kind, to): (&str, &str, &str)) -> String {
    format!(
        "INSERT INTO visit_events (visit_id, seq, prev_seq, kind, from_state, to_state, at, recorded_at, actor, note) \
         VALUES ({visit}, {seq}, {prev}, '{kind}', '{from}', '{to}', '2026-11-23 01:00:00', '2026-11-23 01:00:00', 'x', '')"
    )
}

const PLAN: (&str, &str, &str) = ("none", "plan", "planned");
const FAIL: (&str, &str, &str) = ("planned", "fail", "not_done");

fn seed(app: &TestApp) -> (i64, i64) {
    app.add_towns();
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    (app.add_elder(1), caregiver)
}

both!(the_table_of_transitions_is_the_models, |app| async {
    let stored: BTreeSet<(String, String, String)> = app.read(transitions).into_iter().collect();
    let mut ours = BTreeSet::new();
    for state in VisitState::ALL {
        for event in VisitEvent::ALL {
            if let Ok(next) = state.apply(*event) {
                ours.insert((state.name().to_owned(), event.name().to_owned(), next.name().to_owned()));
            }
        }
    }
    assert_eq!(stored, ours);
});

both!(a_state_moves_with_its_events_alone, |app| async {
    let (elder, _) = seed(app);
    app.taken(&visit(1, elder, None));
    app.refused("UPDATE visits SET state = 'planned' WHERE id = 1");
    app.refused("UPDATE visits SET state = 'done', version = 1 WHERE id = 1");
    app.refused(
        "INSERT INTO visits (elder_id, town_code, service_code, service_on, window_starts_at, window_ends_at, duration_min, \
         state, version) SELECT elder_id, town_code, service_code, service_on, window_starts_at, window_ends_at, 30, \
         'planned', 1 FROM visits WHERE id = 1",
    );
    app.taken(&event(1, 1, "NULL", PLAN));
    app.taken("UPDATE visits SET duration_min = 40 WHERE id = 1 AND state = 'planned' AND version = 1");
    app.refused("UPDATE visits SET state = 'none', version = 0 WHERE id = 1");
    app.refused("UPDATE visits SET state = 'arrived' WHERE id = 1");
    app.taken(&event(1, 2, "1", FAIL));
    app.refused("UPDATE visits SET state = 'planned', version = 1 WHERE id = 1");
    app.refused("DELETE FROM visits WHERE id = 1");
});

both!(events_form_one_legal_chain, |app| async {
    let (elder, _) = seed(app);
    app.taken(&visit(1, elder, None));
    app.taken(&visit(2, elder, None));
    for (seq, prev, step) in [
        (1, "NULL", FAIL),
        (2, "NULL", PLAN),
        (2, "1", FAIL),
        (1, "NULL", ("none", "plan", "done")),
        (1, "NULL", ("none", "assign", "assigned")),
        (0, "NULL", PLAN),
        (1, "0", PLAN),
    ] {
        app.refused(&event(1, seq, prev, step));
    }
    app.taken(&event(1, 1, "NULL", PLAN));
    for (seq, prev, step) in [
        (1, "NULL", PLAN),
        (3, "2", FAIL),
        (3, "1", FAIL),
        (2, "NULL", FAIL),
        (2, "1", PLAN),
        (2, "1", ("assigned", "arrive", "arrived")),
        (2, "1", ("arrived", "finish", "done")),
        (2, "1", ("planned", "finish", "done")),
    ] {
        app.refused(&event(1, seq, prev, step));
    }
    // The chain of another visit does not carry this one.
    app.refused(&event(2, 2, "1", FAIL));
    app.taken(&event(1, 2, "1", FAIL));
    app.refused(&event(1, 3, "2", ("not_done", "plan", "planned")));
});

both!(an_event_is_never_changed_or_taken_away, |app| async {
    let (elder, _) = seed(app);
    app.taken(&visit(1, elder, None));
    app.taken(&event(1, 1, "NULL", PLAN));
    app.refused("UPDATE visit_events SET note = 'other'");
    app.refused("UPDATE visit_events SET to_state = 'done'");
    app.refused("DELETE FROM visit_events");
    if app.kind() == songhe::db::Kind::Postgres {
        app.refused("TRUNCATE visit_events");
    } else {
        app.refused(&event(1, 1, "NULL", PLAN).replacen("INSERT", "INSERT OR REPLACE", 1));
    }
});

both!(a_caregiver_is_in_one_place_at_a_time_also_overnight, |app| async {
    let (elder, caregiver) = seed(app);
    let other = app.add_caregiver(1, app.add_provider(1));
    let by = |from, to| Some((caregiver, from, to));
    let elsewhere = |statement: &str| {
        let error = app.raw(statement).expect_err(statement);
        assert_eq!(error.code, Code::Taken, "{statement}: {}", error.for_log());
    };
    app.taken(&visit(1, elder, by("23 14:00", "23 22:00")));
    for (from, to) in [
        ("23 14:00", "23 22:00"),
        ("23 18:30", "23 19:00"),
        ("23 13:00", "23 14:01"),
        ("23 12:00", "24 02:00"),
    ] {
        elsewhere(&visit(2, elder, by(from, to)));
    }
    app.taken(&visit(2, elder, by("23 22:00", "24 06:00")));
    elsewhere(&visit(3, elder, by("24 01:00", "24 02:00")));
    app.taken(&visit(3, elder, Some((other, "24 01:00", "24 02:00"))));
    elsewhere(&format!("UPDATE visits SET caregiver_id = {caregiver} WHERE id = 3"));
    app.refused(&visit(4, elder, by("25 02:00", "25 02:00")));
    app.refused("UPDATE visits SET caregiver_id = NULL WHERE id = 3");
    // A visit that was not done leaves its time free.
    app.taken(&event(2, 1, "NULL", PLAN));
    app.taken(&event(2, 2, "1", FAIL));
    app.taken(&format!("UPDATE visits SET caregiver_id = {caregiver} WHERE id = 3"));
});
