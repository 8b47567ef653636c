//! Who is due, and what the scales say against each other.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use songhe::assessments::store::{DueRow, due_list};
use songhe::assessments::{DueKind, Order, Reason, order};
use songhe::listing::ListRequest;

use super::help::{ABILITY, HARDSHIP, by, coordinator, done, in_force, practice, wanted};
use crate::support::app::{TestApp, both};
use crate::support::seed::town;

fn due(app: &TestApp, filters: &[(&str, &str)]) -> Vec<DueRow> {
    let now = app.app.clock.now();
    let filters: BTreeMap<String, String> =
        filters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let request = ListRequest { filters, limit: 50, ..ListRequest::default() };
    let today = app.app.calendar.day_of(now);
    app.read(|connection| due_list(connection, &coordinator("lin"), practice(app), &request, (today, now)))
}

both!(the_due_list_names_the_ordered_the_old_and_the_never_assessed, |app| async {
    app.add_towns();
    let (fresh, old, foreign) = (app.add_elder(1), app.add_elder(1), app.add_elder(2));
    let never = due(app, &[]);
    assert_eq!(
        never.iter().map(|row| (row.kind, row.elder_id)).collect::<Vec<_>>(),
        [(DueKind::First, fresh), (DueKind::First, old)],
        "{foreign} is of another town"
    );
    in_force(app, old, ABILITY, &[]);
    app.hand.advance(TimeDelta::days(334));
    assert_eq!(due(app, &[("kind", "renewal")]), [], "31 days ahead");
    app.hand.advance(TimeDelta::days(1));
    let renewal = due(app, &[("kind", "renewal")]);
    assert_eq!((renewal.len(), renewal[0].elder_id), (1, old));
    assert_eq!(renewal[0].due_on, Some("2027-11-23".parse().unwrap()));
    let today = app.app.calendar.day_of(app.app.clock.now());
    assert!(!renewal[0].is_overdue(today));

    let change = Order {
        scale: HARDSHIP.to_owned(),
        reason: Reason::Immediate,
        changed_on: Some(today),
        note: String::new(),
        ..wanted(fresh, HARDSHIP)
    };
    let id = by(app, &coordinator("lin"), |tx| order(tx, practice(app), &change)).unwrap();
    let rows = due(app, &[("scale", HARDSHIP)]);
    assert_eq!((rows.len(), rows[0].kind, rows[0].assessment_id), (1, DueKind::Ordered, Some(id)));
    app.hand.advance(TimeDelta::days(40));
    let late = due(app, &[("overdue", "true")]);
    assert_eq!(late.iter().map(|row| row.elder_id).collect::<Vec<_>>(), [fresh, old], "most urgent first");
    // What is being done is no longer due for renewal.
    done(app, old, ABILITY, &[]);
    assert_eq!(due(app, &[("kind", "renewal")]), []);
    // The dead are not assessed.
    app.taken(&format!("UPDATE elders SET died_at = '2027-01-01 00:00:00.000' WHERE id = {fresh}"));
    assert_eq!(due(app, &[("kind", "first")]), []);
});

both!(what_two_scales_say_against_each_other_is_shown_in_words, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    in_force(app, elder, HARDSHIP, &[]);
    let id = done(app, elder, ABILITY, &[("walking", 0)]);
    let lin = app.user("lin", songhe::access::Role::Coordinator, town(1)).await;
    let page = lin.page(&format!("/assessments/{id}")).await;
    assert!(page.contains("特困评估为能“室内自主行走”，能力评估“平地行走”却为 0～1 分"), "{page}");
    assert!(page.contains("平地行走为 0 分，上下楼梯却为独立完成"), "within itself as well");
    assert!(!page.contains("自主吃饭"), "what agrees is not named");
    let review = lin.page(&format!("/assessments/{id}?lang=en")).await;
    assert!(review.contains("walks indoors by oneself"), "{review}");
});
