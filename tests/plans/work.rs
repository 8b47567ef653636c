//! Plans through their use cases: what is generated, withdrawn, replaced, left alone, and refused.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use songhe::access::Scope;
use songhe::error::{Code, Result};
use songhe::plans::model::{HolidayRule, ItemInput, PauseInput, PauseReason, PlanInput};
use songhe::plans::{
    activate, add_item, begin, change_item, end, generate, pause, remove_item, remove_pause,
};
use songhe::visits::{CaregiverRule, assign};

use crate::access::audit_chain::count;
use crate::support::app::{TestApp, both};
use crate::support::poll;

#[derive(QueryableByName, Debug, PartialEq)]
struct Line {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    on: String,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    price_fen: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    group_id: Option<i64>,
}

/// Every visit, in order of day, item and part.
fn visits(app: &TestApp) -> Vec<Line> {
    let query = "SELECT id, CAST(service_on AS TEXT) AS \"on\", state, version, price_fen, group_id FROM visits \
         ORDER BY service_on, plan_item_id, occurrence_part, id";
    app.read(|connection| Ok(diesel::sql_query(query).load(connection)?))
}

/// The program's own generation of its first day is over: from here on the test is alone with its clock.
fn alone(app: &TestApp) {
    let done = "SELECT count(*) AS n FROM jobs WHERE done_on IS NOT NULL AND leased_until IS NULL";
    poll::until(Duration::from_mins(1), "the first generation", || count(app, done) == 1);
}

fn open_days(app: &TestApp) -> Vec<String> {
    visits(app).into_iter().filter(|line| line.state != "none").map(|line| line.on).collect()
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn item(service: &str, rule: &str) -> ItemInput {
    ItemInput {
        service_code: service.to_owned(),
        rule: rule.to_owned(),
        starts_on: day("2026-11-23"),
        ends_on: None,
        window_starts_min: 600,
        window_ends_min: 720,
        duration_min: None,
        tolerance_days: 3,
        holiday_rule: HolidayRule::AsPlanned,
        caregivers: 1,
        after_item_id: None,
        lag_min_min: None,
        lag_max_min: None,
        caregiver_rule: CaregiverRule::Any,
        preferred_caregiver_id: None,
        note: String::new(),
    }
}

pub fn from(text: &str) -> PlanInput {
    PlanInput { starts_on: day(text), ends_on: None, note: String::new() }
}

/// An active plan with these items; gives plan, items and version.
pub fn planned(app: &TestApp, elder: i64, items: &[ItemInput]) -> (i64, Vec<i64>) {
    let plan = app.write(|tx| begin(tx, elder, &from("2026-11-23")));
    let ids = items.iter().map(|item| app.write(|tx| add_item(tx, plan, item))).collect();
    let version = version(app, "care_plans", plan);
    app.write(|tx| activate(tx, plan, version));
    (plan, ids)
}

pub fn version(app: &TestApp, table: &str, id: i64) -> i64 {
    let query = format!("SELECT version AS n FROM {table} WHERE id = {id}");
    count(app, &query)
}

fn code<T: std::fmt::Debug>(outcome: Result<T>) -> Code {
    outcome.unwrap_err().code
}

fn try_write<T>(app: &TestApp, work: impl FnMut(&mut songhe::app::Tx<'_>) -> Result<T>) -> Result<T> {
    app.app.write_now(&Scope::system(), work)
}

both!(an_active_plan_has_the_visits_of_fourteen_days_once, |app| async {
    alone(app);
    app.add_towns();
    let elder = app.add_elder(1);
    planned(app, elder, &[item("meal", "FREQ=WEEKLY;BYDAY=MO,TH"), item("bath", "FREQ=WEEKLY;BYDAY=SA")]);
    let wanted = ["2026-11-23", "2026-11-26", "2026-11-28", "2026-11-30", "2026-12-03", "2026-12-05"];
    assert_eq!(open_days(app), wanted);
    let before = visits(app);
    assert!(before.iter().all(|line| line.state == "planned" && line.price_fen.is_some()));
    let tally = generate(&app.app, 14, false, || false).unwrap();
    assert_eq!((tally.plans, tally.planned, tally.replaced, tally.withdrawn), (1, 0, 0, 0));
    assert_eq!(visits(app), before);
    // A dry run says what a longer look would plan, and plans nothing.
    assert_eq!(generate(&app.app, 28, true, || false).unwrap().planned, 6);
    assert_eq!(visits(app), before);
    app.hand.advance(TimeDelta::days(1));
    assert_eq!(generate(&app.app, 14, false, || false).unwrap().planned, 1);
    assert_eq!(open_days(app).last().unwrap(), "2026-12-07");
    assert_eq!(app.audited("demand.generate").len(), 2);
});

both!(two_processes_at_once_make_each_visit_once, |app| async {
    alone(app);
    app.add_towns();
    let elders: Vec<i64> = (0..20).map(|_| app.add_elder(1)).collect();
    for elder in elders {
        planned(app, elder, &[item("meal", "FREQ=DAILY")]);
    }
    app.hand.advance(TimeDelta::days(7));
    let other = app.replica(|_| {});
    let done = std::thread::scope(|threads| {
        let here = threads.spawn(|| generate(&app.app, 14, false, || false).unwrap().planned);
        let there = threads.spawn(|| generate(&other.app, 14, false, || false).unwrap().planned);
        [here.join().unwrap(), there.join().unwrap()]
    });
    // The job of the second program may have been the third of them.
    assert!(done.iter().sum::<i64>() <= 20 * 7, "{done:?}");
    assert_eq!(visits(app).len(), 20 * 21);
    drop(other);
});

both!(a_change_replaces_what_is_planned_and_leaves_what_was_told_or_is_over, |app| async {
    alone(app);
    app.add_towns();
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    let elder = app.add_elder(1);
    let (_, items) = planned(app, elder, &[item("meal", "FREQ=DAILY")]);
    let before = visits(app);
    // Tomorrow's is given to somebody; the first day goes by.
    let tomorrow = before[1].id;
    app.write(|tx| assign(tx, tomorrow, 1, caregiver, None));
    app.hand.advance(TimeDelta::hours(23));
    let later = ItemInput { window_starts_min: 840, window_ends_min: 900, ..item("meal", "FREQ=DAILY") };
    app.write(|tx| change_item(tx, items[0], 1, &later));
    let after = visits(app);
    assert_eq!(after.len(), before.len() + 1, "the rows are the same ones, and the next day's is new");
    assert_eq!((&after[0].state, after[0].version), (&"planned".to_owned(), 1), "it is over");
    assert_eq!((&after[1].state, after[1].version), (&"assigned".to_owned(), 2), "it was told");
    assert!(after[2..14].iter().all(|line| line.state == "planned" && line.version == 3));
    assert_eq!(after[14].version, 1);
    let windows = "SELECT count(*) AS n FROM visits WHERE CAST(window_starts_at AS TEXT) LIKE '%06:00:00%'";
    assert_eq!(count(app, windows), 13);
    assert_eq!(generate(&app.app, 14, false, || false).unwrap().to_settle, 1);
    // Without the item nothing is planned any more, and still nothing is taken from the caregiver.
    app.write(|tx| remove_item(tx, items[0], 2));
    let left: Vec<String> = visits(app).into_iter().map(|line| line.state).collect();
    assert_eq!(left[..2], ["planned", "assigned"]);
    assert!(left[2..].iter().all(|state| state == "none"));
});

both!(a_pause_withdraws_and_its_end_plans_again, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    let (plan, _) = planned(app, elder, &[item("meal", "FREQ=DAILY")]);
    let away = PauseInput {
        reason: PauseReason::Hospital,
        starts_on: day("2026-11-25"),
        ends_on: Some(day("2026-11-27")),
        note: String::new(),
    };
    let all = open_days(app);
    let number = app.write(|tx| pause(tx, plan, &away));
    let left: Vec<String> = all
        .iter()
        .filter(|on| !["2026-11-25", "2026-11-26", "2026-11-27"].contains(&on.as_str()))
        .cloned()
        .collect();
    assert_eq!(open_days(app), left);
    let reasons = "SELECT count(*) AS n FROM visit_events WHERE kind = 'withdraw' AND note = 'paused'";
    assert_eq!(count(app, reasons), 3);
    app.write(|tx| remove_pause(tx, number, 1));
    assert_eq!(open_days(app), all);
    assert_eq!(visits(app).len(), 14, "the withdrawn ones are planned again, and none is made anew");
});

both!(whoever_lives_in_an_institution_or_has_died_is_not_visited, |app| async {
    app.add_towns();
    let (resident, dead) = (app.add_elder(1), app.add_elder(1));
    let bed = app.add_bed(1, app.add_institution(1));
    for elder in [resident, dead] {
        planned(app, elder, &[item("meal", "FREQ=DAILY")]);
    }
    assert_eq!(open_days(app).len(), 28);
    app.taken(&format!(
        "INSERT INTO stays (bed_id, elder_id, institution_id, town_code, starts_at, planned_ends_at) SELECT {bed}, {resident}, \
         institution_id, town_code, '2026-11-24 00:00:00.000', '2026-11-30 00:00:00.000' FROM beds WHERE id = {bed}"
    ));
    app.taken(&format!("UPDATE elders SET died_at = '2026-11-23 00:30:00.000' WHERE id = {dead}"));
    let tally = generate(&app.app, 14, false, || false).unwrap();
    // Of the resident the days of the stay, up to the ordered discharge; of the dead all but what has begun.
    assert_eq!(tally.withdrawn, 6 + 14);
    let reasons = |note: &str| {
        let query =
            format!("SELECT count(*) AS n FROM visit_events WHERE kind = 'withdraw' AND note = '{note}'");
        count(app, &query)
    };
    assert_eq!((reasons("resident"), reasons("died")), (6, 14));
});

both!(an_ended_plan_withdraws_its_later_days, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    let (plan, _) = planned(app, elder, &[item("meal", "FREQ=DAILY")]);
    let seen = version(app, "care_plans", plan);
    assert_eq!(code(try_write(app, |tx| end(tx, plan, seen - 1))), Code::Stale);
    // An ended plan asks for nothing after today; the visit of today stays.
    app.write(|tx| end(tx, plan, seen));
    generate(&app.app, 14, false, || false).unwrap();
    assert_eq!(open_days(app), ["2026-11-23"]);
    assert_eq!(code(try_write(app, |tx| add_item(tx, plan, &item("bath", "FREQ=DAILY")))), Code::IllegalMove);
    // The next one can begin.
    app.write(|tx| begin(tx, elder, &from("2026-12-01")));
    assert_eq!(code(try_write(app, |tx| begin(tx, elder, &from("2026-12-01")))), Code::Taken);
});

both!(two_caregivers_and_pairs_are_groups, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    let two = ItemInput { caregivers: 2, ..item("transfer", "FREQ=WEEKLY;BYDAY=MO") };
    let (plan, items) = planned(app, elder, &[two, item("care", "FREQ=WEEKLY;BYDAY=TU,WE")]);
    let after = ItemInput {
        after_item_id: Some(items[1]),
        lag_min_min: Some(30),
        lag_max_min: Some(90),
        caregiver_rule: CaregiverRule::Different,
        ..item("medicine", "FREQ=WEEKLY;BYDAY=WE")
    };
    app.write(|tx| add_item(tx, plan, &after));
    let all = visits(app);
    let of = |on: &str| all.iter().filter(|line| line.on == on).collect::<Vec<_>>();
    assert_eq!(of("2026-11-23").len(), 2);
    assert_eq!(of("2026-11-23")[0].group_id, of("2026-11-23")[1].group_id);
    assert_eq!(of("2026-11-24")[0].group_id, None);
    let wednesday = of("2026-11-25");
    assert!(wednesday.len() == 2 && wednesday[0].group_id == wednesday[1].group_id);
    let groups: BTreeSet<i64> = all.iter().filter_map(|line| line.group_id).collect();
    assert_eq!(groups.len(), 4);
    let pairs = "SELECT count(*) AS n FROM visit_groups WHERE relation = 'after' AND lag_max_min = 90";
    assert_eq!(count(app, pairs), 2);
    // A pair is for one caregiver each, and has two items only; the first one cannot go before the second.
    let refused = |input: ItemInput| {
        let error = try_write(app, |tx| add_item(tx, plan, &input)).unwrap_err();
        error.fields[0].field
    };
    assert_eq!(refused(ItemInput { after_item_id: Some(items[0]), ..after.clone() }), "after_item_id");
    assert_eq!(refused(ItemInput { caregivers: 2, ..after.clone() }), "caregivers");
    assert_eq!(refused(ItemInput { after_item_id: Some(99), ..after }), "after_item_id");
    assert_eq!(code(try_write(app, |tx| remove_item(tx, items[1], 1))), Code::IllegalMove);
    assert_eq!(generate(&app.app, 14, false, || false).unwrap().planned, 0);
});

both!(a_plan_without_a_window_or_with_bad_input_changes_nothing, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    let plan = app.write(|tx| begin(tx, elder, &from("2026-11-23")));
    let good = item("meal", "FREQ=DAILY");
    for (input, field) in [
        (ItemInput { window_starts_min: 600, window_ends_min: 600, ..good.clone() }, "window_to"),
        (ItemInput { rule: "FREQ=SECONDLY".into(), ..good.clone() }, "rule"),
        (ItemInput { service_code: "flying".into(), ..good.clone() }, "service_code"),
        (ItemInput { preferred_caregiver_id: Some(77), ..good.clone() }, "preferred_caregiver_id"),
        (ItemInput { holiday_rule: HolidayRule::Next, tolerance_days: 0, ..good.clone() }, "tolerance_days"),
    ] {
        let error = try_write(app, |tx| add_item(tx, plan, &input)).unwrap_err();
        assert_eq!((error.code, error.fields[0].field), (Code::Invalid, field));
        for lang in [songhe::text::Lang::Chinese, songhe::text::Lang::English] {
            assert!(!error.fields[0].rule.to(lang).starts_with("rule."), "{field}");
        }
    }
    assert_eq!(version(app, "care_plans", plan), 1, "nothing changed");
    assert_eq!(code(try_write(app, |tx| activate(tx, plan, 1))), Code::Invalid, "without items");
    let homeless = app.add_elder(1);
    app.taken(&format!("UPDATE elders SET home_visits = FALSE WHERE id = {homeless}"));
    assert_eq!(code(try_write(app, |tx| begin(tx, homeless, &from("2026-11-23")))), Code::Invalid);
});

both!(a_visit_keeps_the_price_of_its_day, |app| async {
    use songhe::visits::catalogue::{PriceInput, set_price};
    app.add_towns();
    let elder = app.add_elder(1);
    planned(app, elder, &[item("meal", "FREQ=DAILY")]);
    let service = count(app, "SELECT id AS n FROM service_items WHERE code = 'meal'");
    let price = |on: &str, price_fen| PriceInput { effective_on: day(on), price_fen, confirmed: true };
    let refused = try_write(app, |tx| set_price(tx, service, 1, &price("2026-11-23", 9_900)));
    assert_eq!(refused.unwrap_err().fields[0].field, "effective_on");
    app.write(|tx| set_price(tx, service, 1, &price("2026-12-01", 3_500)));
    let all = visits(app);
    assert!(
        all.iter().all(|line| line.price_fen == Some(if *line.on < *"2026-12-01" { 3_000 } else { 3_500 }))
    );
});
