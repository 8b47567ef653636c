//! Undoing an admission that ended a wait or holds brings them back, or says what is in the way.

use chrono::TimeDelta;
use songhe::beds::{Holding, Waiting, Whom, ask_for_bed, hold, release_hold};
use songhe::imports::ImportKind;

use super::help::{HE_1946, book, counts, imported, problems, undo};
use crate::support::app::{TestApp, both};

const HEADINGS: [&str; 7] = ["floor", "room", "bed", "bed_kind", "elder", "identity", "from_on"];

/// An elder who waits for a house and has a hold of its bed 1 for ten days; the house's room and beds are 1 and 2 of room 101.
struct Case {
    home: i64,
    elder: i64,
    name: String,
    beds: [i64; 2],
    hold: i64,
    entry: i64,
}

async fn case(app: &TestApp) -> Case {
    app.add_towns();
    let home = app.add_institution(1);
    let elder = app.add_sealed_elder(1, HE_1946);
    let rows: &[&[&str]] = &[&HEADINGS[..4], &["1", "101", "1", "护理床位"], &["1", "101", "2", "护理床位"]];
    imported(app, ImportKind::House, Some(home), book(rows)).await;
    let bed = |label: &str| app.count(&format!("SELECT id AS n FROM beds WHERE label = '{label}'"));
    let beds = [bed("1"), bed("2")];
    let waiting = Waiting {
        whom: Whom::Elder(elder),
        institution_id: Some(home),
        bed_kind: None,
        care_level: None,
        class_code: None,
        note: String::new(),
    };
    let entry = app.write(|tx| ask_for_bed(tx, &waiting));
    let hold = app.write(|tx| hold(tx, &holding(elder, beds[0], tx.now + TimeDelta::days(10))));
    Case { home, elder, name: app.name_of_elder(elder), beds, hold, entry }
}

fn holding(elder: i64, bed_id: i64, until: songhe::clock::Instant) -> Holding {
    Holding { whom: Whom::Elder(elder), bed_id, until, note: String::new() }
}

/// Admits the elder to a bed by a list; gives the batch.
async fn admitted(app: &TestApp, case: &Case, label: &str) -> i64 {
    let day = "2026-11-01";
    let rows: &[&[&str]] = &[&HEADINGS, &["1", "101", label, "护理床位", &case.name, HE_1946, day]];
    let id = imported(app, ImportKind::House, Some(case.home), book(rows)).await;
    assert_eq!(counts(app, id).applied, 1, "{:?}", problems(app, id));
    id
}

fn open(app: &TestApp) -> [i64; 3] {
    [
        "SELECT count(*) AS n FROM waiting_entries WHERE state = 'waiting' AND closed_at IS NULL",
        "SELECT count(*) AS n FROM holds WHERE outcome IS NULL",
        "SELECT count(*) AS n FROM stays",
    ]
    .map(|query| app.count(query))
}

both!(wait_and_hold_are_back_where_nothing_is_in_the_way, |app| async {
    let case = case(app).await;
    let ends = format!("SELECT count(*) AS n FROM holds WHERE id = {} AND ends_at > '2026-12-01'", case.hold);
    let until = app.count(&ends);
    for label in ["1", "2"] {
        let id = admitted(app, &case, label).await;
        assert_eq!(open(app), [0, 0, 1], "bed {label}");
        undo(app, id).await;
        assert_eq!(
            (counts(app, id).reverted, open(app)),
            (1, [1, 1, 0]),
            "bed {label}: {:?}",
            problems(app, id)
        );
        assert_eq!(app.count(&ends), until, "until the day it was held for");
    }
    assert_eq!(app.count(&format!("SELECT place AS n FROM waiting_entries WHERE id = {}", case.entry)), 1);
    assert_eq!((app.audited("waiting.give_back").len(), app.audited("hold.give_back").len()), (2, 2));
});

both!(a_hold_whose_time_is_over_by_then_ends_as_expired, |app| async {
    let case = case(app).await;
    let id = admitted(app, &case, "1").await;
    app.hand.advance(TimeDelta::days(11));
    undo(app, id).await;
    assert_eq!((counts(app, id).reverted, open(app)), (1, [1, 1, 0]));
    assert_eq!(songhe::beds::expire_due(&app.app).await.unwrap(), 1);
    assert_eq!(open(app), [1, 0, 0]);
});

both!(what_is_in_the_way_keeps_the_whole_row_and_says_so, |app| async {
    let case = case(app).await;
    // The list admitted them to the other bed, and the bed that was held went to somebody else.
    let id = admitted(app, &case, "2").await;
    let other = app.add_elder(1);
    let taken = app.write(|tx| hold(tx, &holding(other, case.beds[0], tx.now + TimeDelta::days(1))));
    undo(app, id).await;
    assert_eq!((counts(app, id).kept, open(app)), (1, [0, 1, 1]), "the admission stays as a whole");
    assert_eq!(problems(app, id)[0].2, "bed.held_until");
    // Once that is gone, the undo is asked for again.
    app.write(|tx| release_hold(tx, taken, 1, ""));
    undo(app, id).await;
    assert_eq!((counts(app, id).reverted, open(app)), (1, [1, 1, 0]), "{:?}", problems(app, id));
    // A hold that somebody has changed since is not touched.
    let id = admitted(app, &case, "1").await;
    app.taken(&format!("UPDATE holds SET version = version + 1 WHERE id = {}", case.hold));
    undo(app, id).await;
    assert_eq!((counts(app, id).kept, problems(app, id)[0].2.as_str()), (1, "error.stale_since"));
    assert_eq!(
        app.count(&format!("SELECT elder_id AS n FROM stays WHERE bed_id = {}", case.beds[0])),
        case.elder
    );
});
