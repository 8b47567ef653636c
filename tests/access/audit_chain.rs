//! The audit log: only ever added to, and whatever is done to it behind the program's back shows.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use songhe::access::audit::{self, Anchor, Verdict};
use songhe::access::{Place, Role};
use songhe::db::Kind;
use songhe::text::Lang;

use crate::support::app::{TestApp, both};

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// The number `n` that a query gives.
pub fn count(app: &TestApp, query: &str) -> i64 {
    app.read(|connection| Ok(diesel::sql_query(query).get_result::<Count>(connection)?.n))
}

fn verdict(app: &TestApp, anchor: Option<&Anchor>) -> Verdict {
    app.read(|connection| audit::verify(connection, app.keys(), anchor))
}

fn whole_log(app: &TestApp) -> i64 {
    for number in 0..8 {
        app.add_user(&format!("user{number}"), Role::CityManager, Place::City);
    }
    let rows = count(app, "SELECT count(*) AS n FROM audit_log");
    assert_eq!((rows, verdict(app, None)), (8, Verdict::Whole { rows: 8 }));
    rows
}

/// As somebody who owns the database would.
fn tamper(app: &TestApp, sql: &str) {
    let drop = match app.kind() {
        Kind::Sqlite => "DROP TRIGGER audit_log_no_update; DROP TRIGGER audit_log_no_delete",
        Kind::Postgres => "DROP TRIGGER audit_log_no_change ON audit_log",
    };
    app.app.db.write_now(|connection| Ok(connection.batch_execute(&format!("{drop}; {sql}"))?)).unwrap();
}

#[track_caller]
fn assert_broken(verdict: Verdict, row: i64, fault: &str) {
    match verdict {
        Verdict::Broken { row: found, why } => assert_eq!((found, why.key), (row, fault)),
        Verdict::Whole { rows } => panic!("the verifier found {rows} rows whole"),
    }
}

both!(the_database_refuses_to_change_or_delete_a_row, |app| async {
    whole_log(app);
    let mut forbidden = vec![
        "UPDATE audit_log SET actor = 'nobody' WHERE id = 3",
        "UPDATE audit_log SET actor = actor",
        "DELETE FROM audit_log WHERE id = 3",
        "DELETE FROM audit_log",
    ];
    if app.kind() == Kind::Postgres {
        forbidden.push("TRUNCATE audit_log");
    }
    for sql in forbidden {
        let outcome = app.app.db.write_now(|connection| Ok(connection.batch_execute(sql)?));
        assert!(outcome.unwrap_err().for_log().contains("only ever added"), "{sql}");
    }
    assert_eq!(verdict(app, None), Verdict::Whole { rows: 8 });
});

both!(a_changed_byte_is_found, |app| async {
    whole_log(app);
    tamper(app, "UPDATE audit_log SET detail = replace(detail, 'user4', 'user5') WHERE id = 5");
    assert_broken(verdict(app, None), 5, "audit.fault.changed");
});

both!(a_changed_time_is_found, |app| async {
    whole_log(app);
    tamper(app, "UPDATE audit_log SET at = '2026-11-22 01:00:00.000' WHERE id = 2");
    assert_broken(verdict(app, None), 2, "audit.fault.changed");
});

both!(a_deleted_row_is_found, |app| async {
    whole_log(app);
    tamper(app, "DELETE FROM audit_log WHERE id = 4");
    assert_broken(verdict(app, None), 4, "audit.fault.missing");
});

both!(a_deleted_row_whose_gap_was_closed_is_found, |app| async {
    whole_log(app);
    tamper(app, "DELETE FROM audit_log WHERE id = 4; UPDATE audit_log SET id = 4 WHERE id = 8");
    assert_broken(verdict(app, None), 4, "audit.fault.changed");
});

both!(two_rows_that_changed_places_are_found, |app| async {
    whole_log(app);
    tamper(
        app,
        "UPDATE audit_log SET id = -1 WHERE id = 6; UPDATE audit_log SET id = 6 WHERE id = 7; \
         UPDATE audit_log SET id = 7 WHERE id = -1",
    );
    assert_broken(verdict(app, None), 6, "audit.fault.changed");
});

both!(a_cut_tail_is_found_by_the_anchor, |app| async {
    let rows = whole_log(app);
    let anchor = app.read(audit::anchor);
    assert_eq!(anchor.row, rows);
    assert_eq!(verdict(app, Some(&anchor)), Verdict::Whole { rows });
    tamper(app, "DELETE FROM audit_log WHERE id > 6");
    assert_eq!(verdict(app, None), Verdict::Whole { rows: 6 });
    assert_broken(verdict(app, Some(&anchor)), 7, "audit.fault.cut");
    // New rows over the cut do not hide it.
    app.add_user("late", Role::CityManager, Place::City);
    app.add_user("later", Role::CityManager, Place::City);
    assert_broken(verdict(app, Some(&anchor)), 8, "audit.fault.anchor");
});

both!(the_auditor_sees_the_verdict_in_the_browser, |app| async {
    app.add_user("auditor", Role::AuditAdministrator, Place::City);
    let auditor = app.login("auditor").await;
    assert!(auditor.page("/audit/verification").await.contains("完整"));
    tamper(app, "UPDATE audit_log SET actor = 'somebody' WHERE id = 1");
    let page = auditor.page("/audit/verification").await;
    assert!(page.contains("已被破坏") && page.contains("该记录或其上一条记录被改动"), "{page}");
    let page = auditor.page("/audit/verification?lang=en").await;
    assert!(page.contains("First row that does not fit"), "{page}");
});

both!(the_log_is_listed_newest_first_and_filtered, |app| async {
    app.add_user("auditor", Role::AuditAdministrator, Place::City);
    app.add_user("lin", Role::CityManager, Place::City);
    let auditor = app.login("auditor").await;
    let name = |action: &str| Lang::English.t(&format!("enums.audit_action.{action}")).into_owned();
    let rows = |page: String| page.split_once("<tbody").unwrap().1.to_owned();
    let all = rows(auditor.page("/audit?lang=en").await);
    let (opened, added) = (all.find(&name("session.open")).unwrap(), all.find(&name("user.add")).unwrap());
    assert!(opened < added, "the sign-in is newer");
    let only = rows(auditor.page("/audit?action=user.add").await);
    assert!(!only.contains(&name("session.open")) && only.contains(&name("user.add")), "{only}");
    let nobodys = auditor.page("/audit?actor=nobody").await;
    assert!(!nobodys.contains("<tbody"), "{nobodys}");
    let book = auditor.get("/audit.xlsx").await;
    assert!(book.bytes().await.unwrap().starts_with(b"PK"));
});
