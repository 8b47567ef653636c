//! A cursor walks a list so that every row that was there at the start is met exactly once.

use serde_json::Value;
use songhe::access::{Place, Role};

use super::Program;
use crate::support::app::{TestApp, both};

/// Walks the list at `path` with `between` before every further page; gives the numbers met.
async fn walk(program: &Program, path: &str, limit: usize, mut between: impl FnMut()) -> Vec<i64> {
    let mut met = Vec::new();
    let mut cursor = String::new();
    for _ in 0..1_000 {
        let page = program.read(&format!("{path}?limit={limit}{cursor}")).await;
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= limit);
        met.extend(items.iter().map(|item| item["id"].as_i64().unwrap()));
        match &page["next_cursor"] {
            Value::String(next) => {
                assert_eq!(items.len(), limit, "a page before the last is full");
                cursor = format!("&cursor={next}");
            }
            _ => return met,
        }
        between();
    }
    panic!("the list has no end");
}

fn city(app: &TestApp) {
    app.add_towns();
    app.add_user("hu", Role::CityManager, Place::City);
}

both!(every_row_is_met_once_while_rows_are_added, |app| async {
    city(app);
    let there: Vec<i64> = (0..11).map(|number| app.add_institution(number % 3 + 1)).collect();
    let hu = Program::enter(app, "hu").await;
    let mut added = 0;
    let met = walk(&hu, "/api/v1/institutions", 3, || {
        if added < 4 {
            app.add_institution(1);
            added += 1;
        }
    })
    .await;
    assert_eq!(met[..11], there[..]);
    let mut distinct = met.clone();
    distinct.dedup();
    assert_eq!(distinct, met);
    // Numbers grow in the order in which rows are committed, so that those added on the way come last.
    assert_eq!(met.len(), 11 + added);
});

both!(a_page_that_takes_all_has_no_next, |app| async {
    city(app);
    let hu = Program::enter(app, "hu").await;
    assert_eq!(walk(&hu, "/api/v1/institutions", 2, || {}).await, Vec::<i64>::new());
    let there: Vec<i64> = (0..4).map(|_| app.add_institution(1)).collect();
    for limit in [1, 2, 3, 4, 5, 200] {
        assert_eq!(walk(&hu, "/api/v1/institutions", limit, || {}).await, there, "{limit}");
    }
});
