//! Exceptions, corrections, follow-ups, offers and make-up visits: who decides what, and that all of it is kept.

use songhe::access::{Grant, Place, Role, Scope};
use songhe::error::Code;
use songhe::visits::corrections::{self, Correction};
use songhe::visits::exceptions::{Decision, decide, decide_many};
use songhe::visits::follow_ups::{Answer, FollowUpResult, Whom, answer};
use songhe::visits::{
    MakeUp, Step, VisitState, accept, assign, confirm, decline, make_up, offer, progress, reopen,
};

use super::{planned, try_write, visit_of};
use crate::support::app::{TestApp, both};
use crate::support::client::location;
use crate::support::seed::town;

/// A visit that the office reported as done: its proof is weak.
pub(crate) fn done(app: &TestApp, caregiver: i64) -> i64 {
    let id = planned(app, app.add_elder(1), (540, 1_000));
    app.write(|tx| assign(tx, id, 1, caregiver, None));
    for (seen, step) in [(2, Step::Arrive), (3, Step::Finish)] {
        app.write(|tx| progress(tx, id, seen, &step));
        app.hand.advance(chrono::TimeDelta::minutes(30));
    }
    id
}

pub(super) fn exception_of(app: &TestApp, visit: i64) -> (i64, i64) {
    let column =
        |name: &str| app.count(&format!("SELECT {name} AS n FROM visit_exceptions WHERE visit_id = {visit}"));
    (column("id"), column("version"))
}

pub(super) fn coordinator(name: &str) -> Scope {
    Scope::new(1, name, vec![Grant { role: Role::Coordinator, place: town(1) }])
}

both!(weak_proofs_are_decided_one_by_one_or_together, |app| async {
    app.add_towns();
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    let visits = [done(app, caregiver), done(app, caregiver), done(app, caregiver)];
    let open: Vec<(i64, i64)> = visits.iter().map(|visit| exception_of(app, *visit)).collect();
    assert_eq!(
        try_write(app, |tx| decide(tx, open[0].0, 1, Decision::Approve, " ")).unwrap_err().code,
        Code::Invalid
    );
    app.write(|tx| decide(tx, open[0].0, 1, Decision::Ask, "请补充说明"));
    assert_eq!(visit_of(app, visits[0]).state, VisitState::Done);
    let stale = try_write(app, |tx| decide_many(tx, &open, Decision::Approve, "已电话核实"));
    assert_eq!(stale.unwrap_err().code, Code::Stale, "one was changed meanwhile: none is decided");
    assert_eq!(visit_of(app, visits[1]).state, VisitState::Done);
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let hong = app.user("hong", Role::Coordinator, town(2)).await;
    let page = lin.page("/visits/exceptions").await;
    assert!(visits.iter().all(|visit| page.contains(&format!("/visits/{visit}\""))), "{page}");
    assert!(!hong.page("/visits/exceptions").await.contains("name=\"row\""));
    let (a, b) = (format!("{}.2", open[0].0), format!("{}.1", open[1].0));
    let form = [("row", a.as_str()), ("row", &b), ("decision", "approve"), ("reason", "已电话核实")];
    assert_eq!(hong.post_form("/visits/exceptions", &form).await.status(), 404, "of another town");
    location(&lin.post_form("/visits/exceptions", &form).await);
    assert!(visits[..2].iter().all(|visit| visit_of(app, *visit).state == VisitState::Confirmed));
    let again = lin.post_form("/visits/exceptions", &form).await;
    assert_eq!(again.status(), 409);
    app.write(|tx| decide(tx, open[2].0, 1, Decision::Reject, "老人否认"));
    let rejected = visit_of(app, visits[2]);
    assert_eq!((rejected.state, rejected.fail_reason.as_deref()), (VisitState::NotDone, Some("not_proven")));
    app.write(|tx| decide(tx, open[1].0, 2, Decision::Reopen, "再查"));
    assert_eq!(visit_of(app, visits[1]).state, VisitState::Done);
    assert_eq!(app.count("SELECT count(*) AS n FROM visit_exception_events"), 3 + 1 + 2 + 1 + 1);
    app.refused("UPDATE visit_exception_events SET reason = ''");
    app.refused("DELETE FROM visit_exception_events");
    assert_eq!(lin.get("/visits/exceptions.xlsx").await.status(), 200);
});

both!(a_correction_is_decided_by_somebody_else_and_both_stay, |app| async {
    app.add_towns();
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    let id = done(app, caregiver);
    let before = visit_of(app, id);
    let wanted = Correction {
        arrived_at: before.arrived_at.map(|at| at - chrono::TimeDelta::minutes(5)),
        reason: "忘记点到达".to_owned(),
        ..Correction::default()
    };
    for (wrong, field) in [
        (Correction { reason: String::new(), ..wanted.clone() }, "reason"),
        (Correction { arrived_at: None, ..wanted.clone() }, "arrived_at"),
        (Correction { arrived_at: before.ended_at, ..wanted.clone() }, "arrived_at"),
        (Correction { fail_reason: Some("other".into()), ..wanted.clone() }, "fail_reason"),
    ] {
        let error =
            app.app.write_now(&coordinator("lin"), |tx| corrections::ask(tx, id, 4, &wrong)).unwrap_err();
        assert_eq!((error.code, error.fields[0].field), (Code::Invalid, field));
    }
    let asked = app.app.write_now(&coordinator("lin"), |tx| corrections::ask(tx, id, 4, &wanted)).unwrap();
    let twice = app.app.write_now(&coordinator("wu"), |tx| corrections::ask(tx, id, 4, &wanted));
    assert_eq!(twice.unwrap_err().code, Code::Taken);
    let own = app.app.write_now(&coordinator("lin"), |tx| corrections::decide(tx, asked, 1, true, ""));
    assert_eq!(own.unwrap_err().code, Code::Forbidden);
    app.refused(&format!(
        "UPDATE visit_corrections SET state = 'refused', decided_by = 'lin', decided_at = asked_at WHERE id = {asked}"
    ));
    app.app.write_now(&coordinator("wu"), |tx| corrections::decide(tx, asked, 1, true, "同意")).unwrap();
    let after = visit_of(app, id);
    assert_eq!((after.arrived_at, after.ended_at, after.version), (wanted.arrived_at, before.ended_at, 5));
    let arrivals = format!(
        "SELECT count(*) AS n FROM visit_events WHERE visit_id = {id} AND kind IN ('arrive', 'correct')"
    );
    assert_eq!(app.count(&arrivals), 2, "what was reported stays");
    let corrected = "SELECT count(*) AS n FROM visit_exceptions WHERE state = 'corrected'";
    assert_eq!(app.count(corrected), 1);
});

both!(a_visit_that_was_not_done_is_followed_up_and_made_up_for, |app| async {
    app.add_towns();
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    let id = planned(app, app.add_elder(1), (540, 1_000));
    app.write(|tx| assign(tx, id, 1, caregiver, None));
    let fail = |reason: &str| Step::Fail { reason: reason.to_owned(), note: "敲门无人".to_owned() };
    let wrong = try_write(app, |tx| progress(tx, id, 2, &fail("nothing")));
    assert_eq!(wrong.unwrap_err().fields[0].field, "reason");
    app.write(|tx| progress(tx, id, 2, &fail("nobody_home")));
    let to_do = |kind: &str| {
        app.count(&format!(
            "SELECT id AS n FROM follow_ups WHERE visit_id = {id} AND kind = '{kind}' AND closed_at IS NULL"
        ))
    };
    let (contact, check) = (to_do("second_contact"), to_do("welfare_check"));
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let hong = app.user("hong", Role::Coordinator, town(2)).await;
    assert!(lin.page("/visits/day").await.contains(&format!("/follow-ups/{check}")));
    assert_eq!(hong.status(&format!("/follow-ups/{check}")).await, 404);
    let found = |result, whom| Answer { result, whom, contacted_at: None, note: String::new() };
    let nobody = try_write(app, |tx| answer(tx, contact, 1, &found(FollowUpResult::Well, None)));
    assert_eq!(nobody.unwrap_err().fields[0].field, "whom");
    app.write(|tx| answer(tx, contact, 1, &found(FollowUpResult::NotReached, None)));
    assert_eq!(to_do("welfare_check"), check, "still open");
    app.write(|tx| answer(tx, check, 1, &found(FollowUpResult::Well, Some(Whom::Neighbour))));
    assert_eq!(app.count("SELECT count(*) AS n FROM follow_ups WHERE closed_at IS NULL"), 0);
    let later =
        MakeUp { service_on: "2026-11-24".parse().unwrap(), window_starts_min: 540, window_ends_min: 660 };
    let made = app.write(|tx| make_up(tx, id, &later));
    assert_eq!(visit_of(app, made).makes_up_id, Some(id));
    assert_eq!(try_write(app, |tx| make_up(tx, id, &later)).unwrap_err().code, Code::Taken);
    let page = lin.page(&format!("/visits/{id}")).await;
    assert!(
        page.contains(&format!("/visits/{made}")) && page.contains("平安") && page.contains("无人应门"),
        "{page}"
    );
    let other = planned(app, app.add_elder(1), (540, 1_000));
    assert_eq!(try_write(app, |tx| make_up(tx, other, &later)).unwrap_err().code, Code::IllegalMove);
    app.write(|tx| reopen(tx, id, 3, "老人回来了"));
    let again = visit_of(app, id);
    assert_eq!((again.state, again.caregiver_id, again.fail_reason), (VisitState::Planned, None, None));
});

both!(an_offer_keeps_the_time_until_it_is_answered, |app| async {
    app.add_towns();
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    let (first, second) =
        (planned(app, app.add_elder(1), (600, 620)), planned(app, app.add_elder(1), (600, 620)));
    app.write(|tx| offer(tx, first, 1, caregiver, None));
    assert!(try_write(app, |tx| assign(tx, second, 1, caregiver, None)).is_err(), "their time is kept");
    let chen = Scope::new(2, "chen", vec![Grant { role: Role::Caregiver, place: Place::Own(caregiver) }]);
    app.app.write_now(&chen, |tx| decline(tx, first, 2, "家中有事")).unwrap();
    let declined = visit_of(app, first);
    assert_eq!((declined.state, declined.caregiver_id), (VisitState::Planned, None));
    app.write(|tx| offer(tx, second, 1, caregiver, None));
    app.app.write_now(&chen, |tx| accept(tx, second, 2)).unwrap();
    assert_eq!(visit_of(app, second).state, VisitState::Assigned);
    assert_eq!(app.app.write_now(&chen, |tx| accept(tx, second, 3)).unwrap_err().code, Code::IllegalMove);
    let visit = done(app, caregiver);
    assert_eq!(app.app.write_now(&chen, |tx| confirm(tx, visit, 4, "")).unwrap_err().code, Code::Forbidden);
    app.app.write_now(&coordinator("lin"), |tx| confirm(tx, visit, 4, "")).unwrap();
    assert_eq!(visit_of(app, visit).state, VisitState::Confirmed);
});
