//! The life of a batch: one runner, once for each row, and what becomes of the file.

use std::time::Duration;

use chrono::TimeDelta;
use songhe::access::Scope;
use songhe::error::Code;
use songhe::imports::{self, BatchState, ImportKind, KEEP_DAYS};

use super::help::{batch, book, checked, counts, imported, run, said, send};
use crate::support::app::{TestApp, both};

fn stations(rows: usize) -> Vec<u8> {
    let mut lines = "名称,镇街,村（社区）\n".to_owned();
    for number in 0..rows {
        lines.extend(["站", &number.to_string(), ",安海镇,前村\n"]);
    }
    lines.into_bytes()
}

fn written(app: &TestApp) -> i64 {
    app.count("SELECT count(*) AS n FROM stations")
}

both!(of_two_who_run_a_batch_at_once_one_wins_and_the_other_is_told, |app| async {
    app.add_towns();
    let id = checked(app, ImportKind::Stations, None, stations(450)).await;
    let scope = Scope::system();
    let (one, other) = tokio::join!(imports::run(&app.app, &scope, id), imports::run(&app.app, &scope, id));
    let outcomes = [one, other];
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let refused = outcomes.into_iter().find_map(Result::err).unwrap();
    assert!(["import.busy", "import.not_in_state"].contains(&refused.text.key), "{}", refused.text.key);
    assert_eq!((written(app), counts(app, id).applied), (450, 450));
    let again = imports::run(&app.app, &scope, id).await.unwrap_err();
    assert_eq!((again.code, again.text.key), (Code::IllegalMove, "import.not_in_state"));
    assert_eq!(written(app), 450);
});

both!(a_run_that_stops_goes_on_where_it_was, |app| async {
    app.add_towns();
    let id = checked(app, ImportKind::Stations, None, stations(2_000)).await;
    let scope = Scope::system();
    let running = {
        let (app, scope) = (app.app.clone(), scope.clone());
        tokio::spawn(async move { imports::run(&app, &scope, id).await })
    };
    crate::support::poll::until_async(Duration::from_mins(1), "a part is written", || async {
        written(app) >= 200
    })
    .await;
    running.abort();
    let _ = running.await;
    let stopped = written(app);
    assert!(stopped < 2_000, "it was stopped in the middle: {stopped}");
    assert_eq!(counts(app, id).applied, stopped, "what is written is exactly what is noted");
    let early = imports::run(&app.app, &scope, id).await.unwrap_err();
    assert_eq!(early.text.key, "import.busy", "it may be alive");
    app.hand.advance(TimeDelta::minutes(3));
    assert!(batch(app, id).is_stopped(app.app.clock.now()));
    run(app, id).await;
    assert_eq!(
        (written(app), counts(app, id).applied, batch(app, id).state),
        (2_000, 2_000, BatchState::Done)
    );
});

both!(the_database_lets_no_row_be_applied_twice, |app| async {
    app.add_towns();
    let id = imported(app, ImportKind::Stations, None, stations(1)).await;
    for outcome in ["good", "applied", "unchanged", "refused", "failed"] {
        app.refused(&format!("UPDATE import_rows SET outcome = '{outcome}' WHERE import_id = {id}"));
    }
    app.refused(&format!("DELETE FROM import_rows WHERE import_id = {id}"));
    app.refused(&format!(
        "INSERT INTO import_rows (import_id, number, sheet, sheet_row, outcome, problems, made) \
         VALUES ({id}, 2, '', 2, 'applied', '[]', '[]')"
    ));
    let again = imports::check(&app.app, &Scope::system(), id, None).await.unwrap_err();
    assert_eq!(again.code, Code::IllegalMove);
});

both!(a_row_that_the_world_overtook_is_refused_when_it_is_written, |app| async {
    app.add_towns();
    let rows: &[&[&str]] =
        &[&["名称", "村（社区）", "镇街"], &["甲站", "前村", "安海镇"], &["乙站", "前村", "安海镇"]];
    let id = checked(app, ImportKind::Stations, None, book(rows)).await;
    app.taken("UPDATE villages SET name_zh = '改名村' WHERE code = '350582101201'");
    run(app, id).await;
    assert_eq!(said(app, id), ["2 village_code import.no_village", "3 village_code import.no_village"]);
    assert_eq!((counts(app, id).failed, written(app)), (2, 0));
});

both!(the_rows_of_a_file_are_sealed_and_wiped, |app| async {
    app.add_towns();
    let id = checked(app, ImportKind::Stations, None, stations(3)).await;
    let plain = "SELECT count(*) AS n FROM import_parts";
    assert_eq!(app.count(plain), 1);
    let database = app.app.config.database.url.expose().strip_prefix("sqlite:").map(std::path::PathBuf::from);
    if let Some(file) = database {
        let bytes = std::fs::read(file).unwrap();
        assert!(!bytes.windows("站2".len()).any(|window| window == "站2".as_bytes()), "a cell in clear");
    }
    app.hand.advance(TimeDelta::days(KEEP_DAYS) + TimeDelta::seconds(1));
    assert_eq!(imports::wipe_due(&app.app).await.unwrap(), 1);
    assert_eq!(app.count(plain), 0);
    let expired = imports::run(&app.app, &Scope::system(), id).await.unwrap_err();
    assert_eq!((expired.code, expired.text.key), (Code::IllegalMove, "import.wiped"));
    let book = imports::errors_book(&app.app, &Scope::system(), id, songhe::text::Lang::English).await;
    assert_eq!(book.unwrap_err().text.key, "import.wiped");

    let other = checked(app, ImportKind::Stations, None, stations(3)).await;
    imports::forget(&app.app, &Scope::system(), other).await.unwrap();
    assert_eq!((app.count(plain), batch(app, other).state), (0, BatchState::Discarded));
    assert_eq!(written(app), 0);
});

both!(headings_can_be_chosen_and_a_missing_one_is_named, |app| async {
    app.add_towns();
    let rows: &[&[&str]] = &[&["站的叫法", "镇街", "在哪个村"], &["甲站", "安海镇", "前村"]];
    let scope = Scope::system();
    let id = send(app, &scope, ImportKind::Stations, None, book(rows)).await.unwrap();
    let error = imports::check(&app.app, &scope, id, None).await.unwrap_err();
    let fields: Vec<&str> = error.fields.iter().map(|broken| broken.field).collect();
    assert_eq!((error.code, fields), (Code::Invalid, vec!["name", "village_code"]));
    assert_eq!(batch(app, id).state, BatchState::Uploaded);
    let mapping = |pairs: &[(&str, usize)]| {
        imports::Mapping(pairs.iter().map(|(key, place)| ((*key).to_owned(), *place)).collect())
    };
    let twice = mapping(&[("name", 0), ("village_code", 0)]);
    let error = imports::check(&app.app, &scope, id, Some(twice)).await.unwrap_err();
    assert_eq!(error.fields[0].rule.key, "import.heading_twice");
    let chosen = mapping(&[("name", 0), ("town_code", 1), ("village_code", 2)]);
    imports::check(&app.app, &scope, id, Some(chosen)).await.unwrap();
    run(app, id).await;
    assert_eq!(written(app), 1);
});
