//! Two coordinators accept overlapping proposals at once.

use songhe::access::Scope;
use songhe::dispatch::{RowDecision, Which, accept};
use songhe::visits::VisitState;

use super::{lines, planned, searched, visit};
use crate::support::app::both;

const OVERLAPS: &str = "SELECT count(*) AS n FROM visits a JOIN visits b ON a.caregiver_id = b.caregiver_id AND a.id < b.id \
     AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at";

both!(overlapping_proposals_accepted_at_once_leave_no_overlap, |app| async {
    app.add_towns();
    let provider = app.add_provider(1);
    for _ in 0..2 {
        app.add_caregiver(1, provider);
    }
    let early: Vec<i64> = (0..5).map(|_| planned(app, app.add_elder(1), "meal", (540, 720))).collect();
    let first = searched(app);
    let late: Vec<i64> = (0..5).map(|_| planned(app, app.add_elder(1), "meal", (540, 720))).collect();
    let second = searched(app);
    let other = app.replica(|_| {});
    let (here, there) = (app.app.clone(), other.app.clone());
    let one = tokio::spawn(async move { accept(&here, &Scope::system(), first, Which::All).await });
    let two = tokio::spawn(async move { accept(&there, &Scope::system(), second, Which::All).await });
    let (one, two) = (one.await.unwrap().unwrap(), two.await.unwrap().unwrap());
    assert_eq!(app.count(OVERLAPS), 0);
    assert_eq!(one.accepted + one.refused, 5, "{one:?} {two:?}");
    assert_eq!(two.accepted + two.refused, 10, "{one:?} {two:?}");
    let accepted = |id| lines(app, id).into_iter().filter(|line| line.decision == RowDecision::Accepted);
    for line in accepted(first).chain(accepted(second)) {
        let given = visit(app, line.visit_id);
        assert_eq!((given.caregiver_id, given.starts_at), (line.caregiver_after_id, line.starts_after_at));
    }
    for line in lines(app, first).into_iter().chain(lines(app, second)) {
        assert!(line.decision != RowDecision::Refused || line.refusal.contains("key"), "{line:?}");
    }
    let given = early.iter().chain(&late).filter(|id| visit(app, **id).state == VisitState::Assigned).count();
    assert_eq!(given as i64, one.accepted + two.accepted);
    assert_eq!(app.audited("visit.assign").len(), given);
    drop(other);
});
