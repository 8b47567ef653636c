//! A tenth of the demo city has life on every screen: absences, offers, follow-ups, cards, readings, and a caregiver with a day.

use songhe::demo::logins;

use super::make;
use crate::support::app::{TestApp, both};
use crate::support::client::location;

const TENTH: f64 = 0.1;

/// What must be the same for the same seed, without instants and what keys make.
fn life(app: &TestApp) -> String {
    let lines = |query: &str| app.text(query);
    let (order, concat) = match app.kind() {
        songhe::db::Kind::Sqlite => ("", "group_concat"),
        songhe::db::Kind::Postgres => ("::text", "string_agg"),
    };
    let all = |table: &str, columns: &str| {
        lines(&format!(
            "SELECT coalesce({concat}(line, ';'), '') AS t FROM (SELECT {columns} AS line FROM {table} ORDER BY id) AS rows"
        ))
    };
    let text = |column: &str| format!("CAST({column} AS TEXT){order}");
    [
        all("caregiver_absences", &format!("{} || kind || note", text("caregiver_id"))),
        all("follow_ups", &format!("{} || kind || coalesce(result, '-')", text("visit_id"))),
        all("door_cards", &text("elder_id")),
        all("visits", &format!("{} || state", text("id"))),
    ]
    .join("\n")
}

both!(a_tenth_of_the_city_has_life_on_every_screen, |app| async {
    make(&app.app, 1, TENTH);
    for (what, query, least) in [
        (
            "absences today",
            "SELECT count(*) AS n FROM caregiver_absences WHERE starts_at <= '2026-11-23 12:00' \
            AND ends_at > '2026-11-23 04:00'",
            2,
        ),
        (
            "absences to come",
            "SELECT count(*) AS n FROM caregiver_absences WHERE starts_at >= '2026-11-23 16:00:00.000'",
            3,
        ),
        ("offers", "SELECT count(*) AS n FROM visits WHERE state = 'offered'", 2),
        (
            "offers for tomorrow",
            "SELECT count(*) AS n FROM visits WHERE state = 'offered' AND service_on = '2026-11-24'",
            1,
        ),
        ("second contacts", "SELECT count(*) AS n FROM follow_ups WHERE kind = 'second_contact'", 2),
        ("answered ones", "SELECT count(*) AS n FROM follow_ups WHERE closed_at IS NOT NULL", 1),
        ("doors with a card", "SELECT count(*) AS n FROM door_cards WHERE ended_at IS NULL", 100),
        ("devices with elders", "SELECT count(*) AS n FROM devices WHERE elder_id IS NOT NULL", 1),
        ("days measured", "SELECT count(DISTINCT day) AS n FROM elder_hours", 6),
    ] {
        let found = app.count(query);
        assert!(found >= least, "{what}: {found}");
    }
    // Nobody who is away has a visit: the database keeps it so, and the demo does not try.
    let other = TestApp::start(app.kind()).unwrap();
    make(&other.app, 1, TENTH);
    assert_eq!(life(app), life(&other));
});

both!(the_caregiver_who_can_sign_in_has_visits_today_and_on_later_days, |app| async {
    make(&app.app, 1, TENTH);
    let found = logins(&app.app).unwrap();
    let enter = async || {
        let client = app.client();
        let entered =
            client.post_form("/login", &[("name", "caregiver"), ("password", &found.password)]).await;
        assert_eq!(location(&entered), "/");
        client
    };
    assert!(enter().await.page("/today").await.contains("data-visit="), "today");
    for day in 1..=7 {
        app.hand.advance(chrono::TimeDelta::days(1));
        songhe::demo::ensure_today(&app.app, 1).unwrap();
        assert!(enter().await.page("/today").await.contains("data-visit="), "{day} days later");
    }
});
