//! Asked, searched, accepted whole or in part, stopped, put aside.

use std::time::Duration;

use songhe::access::{Grant, Role, Scope};
use songhe::dispatch::{ProposalState, RowChange, RowDecision, Which, accept, ask, discard, stop};
use songhe::error::Code;
use songhe::visits::{Step, VisitState, assign, pin, progress, release, unpin};

use super::{asked, line, lines, minute, planned, proposal, searched, visit};
use crate::support::app::{TestApp, both};
use crate::support::poll;
use crate::support::seed::{town, town_code};

fn lin() -> Scope {
    Scope::new(1, "lin", vec![Grant { role: Role::Coordinator, place: town(1) }])
}

fn seeded(app: &TestApp, caregivers: usize, visits: usize) -> (Vec<i64>, Vec<i64>) {
    app.add_towns();
    let provider = app.add_provider(1);
    let caregivers = (0..caregivers).map(|_| app.add_caregiver(1, provider)).collect();
    let visits = (0..visits).map(|_| planned(app, app.add_elder(1), "meal", (540, 720))).collect();
    (caregivers, visits)
}

both!(a_day_is_planned_and_accepted_whole, |app| async {
    let (_, visits) = seeded(app, 2, 6);
    let nurse = planned(app, app.add_elder(1), "rehabilitation", (540, 720));
    let id = searched(app);
    let found = proposal(app, id);
    assert_eq!((found.state, found.visit_count, found.served_count), (ProposalState::Ready, 7, 6));
    assert!(found.best_cost.is_some() && found.problem_digest.len() == 16, "{found:?}");
    let refused = line(app, id, nurse);
    assert_eq!(refused.change, RowChange::Unserved);
    assert!(refused.reasons.contains("dispatch.reason.skill"), "{}", refused.reasons);
    assert!(visits.iter().all(|id| visit(app, *id).state == VisitState::Planned), "nothing is given yet");

    let tally = accept(&app.app, &lin(), id, Which::All).await.unwrap();
    assert_eq!((tally.accepted, tally.refused), (6, 0));
    assert_eq!(proposal(app, id).state, ProposalState::Accepted);
    for id in &visits {
        assert_eq!(visit(app, *id).state, VisitState::Assigned);
    }
    for told in lines(app, id).iter().filter(|line| line.change == RowChange::New) {
        let given = visit(app, told.visit_id);
        assert_eq!((given.caregiver_id, given.starts_at), (told.caregiver_after_id, told.starts_after_at));
        assert_eq!((told.decision, told.decided_by.as_deref()), (RowDecision::Accepted, Some("lin")));
    }
    assert_eq!(app.audited("visit.assign").len(), 6);
    assert_eq!(app.audited("proposal.accept").len(), 1);
    let again = accept(&app.app, &lin(), id, Which::All).await.unwrap_err();
    assert_eq!(again.code, Code::IllegalMove);
});

both!(ticked_rows_are_accepted_and_what_changed_meanwhile_is_refused_with_who, |app| async {
    let (caregivers, visits) = seeded(app, 2, 4);
    let id = searched(app);
    // Somebody gives one by hand, and gives another away and takes it back.
    app.app.write_now(&lin(), |tx| assign(tx, visits[0], 1, caregivers[0], Some(minute(app, 700)))).unwrap();
    app.app.write_now(&lin(), |tx| assign(tx, visits[1], 1, caregivers[1], Some(minute(app, 710)))).unwrap();
    app.app.write_now(&lin(), |tx| release(tx, visits[1], 2)).unwrap();
    let which = Which::Visits(vec![visits[0], visits[1], visits[2]]);
    let tally = accept(&app.app, &Scope::system(), id, which).await.unwrap();
    assert_eq!((tally.accepted, tally.refused), (1, 2));
    for visit_id in &visits[..2] {
        let refused = line(app, id, *visit_id);
        assert_eq!(refused.decision, RowDecision::Refused);
        assert!(
            refused.refusal.contains("error.stale") && refused.refusal.contains("lin"),
            "{}",
            refused.refusal
        );
    }
    assert_eq!(visit(app, visits[0]).starts_at, Some(minute(app, 700)), "what was told stands");
    assert_eq!(proposal(app, id).state, ProposalState::PartlyAccepted);
    assert_eq!(visit(app, visits[3]).state, VisitState::Planned, "it was not ticked");
    let tally = accept(&app.app, &lin(), id, Which::Visits(vec![visits[3]])).await.unwrap();
    assert_eq!((tally.accepted, tally.refused), (1, 0));
    for wrong in [vec![], vec![987_654]] {
        let error = accept(&app.app, &lin(), id, Which::Visits(wrong)).await.unwrap_err();
        assert_eq!((error.code, error.fields[0].field), (Code::Invalid, "visits"));
    }
});

both!(pinned_visits_and_running_ones_never_move, |app| async {
    let (caregivers, visits) = seeded(app, 2, 5);
    app.write(|tx| assign(tx, visits[0], 1, caregivers[0], Some(minute(app, 640))));
    app.write(|tx| pin(tx, visits[0], 2, "家属已约定"));
    app.write(|tx| assign(tx, visits[1], 1, caregivers[0], Some(minute(app, 545))));
    app.hand.set(minute(app, 545));
    app.write(|tx| progress(tx, visits[1], 2, &Step::Arrive));
    let id = searched(app);
    for fixed in &visits[..2] {
        let row = line(app, id, *fixed);
        assert!(row.fixed && row.change == RowChange::Same, "{row:?}");
    }
    accept(&app.app, &lin(), id, Which::All).await.unwrap();
    assert_eq!(visit(app, visits[0]).starts_at, Some(minute(app, 640)));
    assert_eq!(visit(app, visits[1]).starts_at, Some(minute(app, 545)));
    let earliest = visits[2..].iter().filter_map(|id| visit(app, *id).starts_at).min().unwrap();
    assert!(earliest >= minute(app, 545), "nothing begins before the present");
    // The database keeps the pin, and the reason says why; who takes the visit away takes the pin with it.
    let moved = format!(
        "UPDATE visits SET starts_at = starts_at, caregiver_id = {} WHERE id = {}",
        caregivers[1], visits[0]
    );
    assert!(app.raw(&moved).is_err());
    let error = app.app.write_now(&lin(), |tx| pin(tx, visits[1], 3, "x")).unwrap_err();
    assert_eq!(error.code, Code::Taken, "it has begun");
    app.write(|tx| unpin(tx, visits[0], 2));
    app.write(|tx| pin(tx, visits[0], 2, "又固定"));
    app.write(|tx| release(tx, visits[0], 2));
    assert_eq!(visit(app, visits[0]).pinned_reason, None);
});

both!(a_search_is_stopped_or_put_aside_and_only_one_goes_on_for_a_day, |app| async {
    let (_, visits) = seeded(app, 2, 4);
    let id = app.write(|tx| ask(tx, &asked(300)));
    app.app.planner.wake();
    poll::until(Duration::from_mins(1), "there is a first plan", || proposal(app, id).served_count == 4);
    let second = app.app.write_now(&lin(), |tx| ask(tx, &asked(5))).unwrap_err();
    assert_eq!(second.code, Code::Taken);
    // Asked in another process: the row says so, and the search sees it.
    app.app.write_now(&lin(), |tx| stop(tx, id)).unwrap();
    poll::until(Duration::from_mins(1), "it has ended", || proposal(app, id).state == ProposalState::Stopped);
    assert_eq!(lines(app, id).len(), 4, "the best so far is kept");
    app.app.write_now(&lin(), |tx| discard(tx, id)).unwrap();
    let error = accept(&app.app, &lin(), id, Which::All).await.unwrap_err();
    assert_eq!(error.code, Code::IllegalMove);
    assert_eq!(visit(app, visits[0]).state, VisitState::Planned);
});

both!(what_cannot_be_asked_is_refused_by_field, |app| async {
    app.add_towns();
    let yesterday = "2026-11-22".parse().unwrap();
    let cases = [
        (songhe::dispatch::Asked { town_code: town_code(2).to_owned(), ..asked(5) }, "town_code"),
        (songhe::dispatch::Asked { town_code: "nowhere".to_owned(), ..asked(5) }, "town_code"),
        (songhe::dispatch::Asked { day: yesterday, ..asked(5) }, "day"),
        (asked(0), "seconds"),
        (asked(301), "seconds"),
    ];
    for (wrong, field) in cases {
        let error = app.app.write_now(&lin(), |tx| ask(tx, &wrong)).unwrap_err();
        assert_eq!((error.code, error.fields[0].field), (Code::Invalid, field));
    }
    assert_eq!(app.count("SELECT count(*) AS n FROM day_proposals"), 0);
});

both!(an_assigned_visit_that_is_in_the_way_moves_before_the_one_that_takes_its_place, |app| async {
    app.add_towns();
    let provider = app.add_provider(1);
    let (one, two) = (app.add_caregiver(1, provider), app.add_caregiver(1, provider));
    // Only `one` may do the bath, and the meal is where it has to be.
    app.taken(&format!("UPDATE caregivers SET skills = 'daily' WHERE id = {two}"));
    let meal = planned(app, app.add_elder(1), "meal", (600, 630));
    let bath = planned(app, app.add_elder(1), "bath", (600, 605));
    app.write(|tx| assign(tx, meal, 1, one, Some(minute(app, 600))));
    let id = searched(app);
    assert_eq!(line(app, id, meal).change, RowChange::Moved);
    let tally = accept(&app.app, &lin(), id, Which::All).await.unwrap();
    assert_eq!((tally.accepted, tally.refused), (2, 0), "{:?}", lines(app, id));
    assert_eq!((visit(app, bath).caregiver_id, visit(app, meal).caregiver_id), (Some(one), Some(two)));
});

both!(what_breaks_a_rule_is_refused_and_the_rest_of_the_day_is_given, |app| async {
    let (caregivers, visits) = seeded(app, 1, 4);
    let id = searched(app);
    let mut rows: Vec<_> = lines(app, id)
        .into_iter()
        .filter_map(|line| line.starts_after_at.map(|at| (at, line.visit_id)))
        .collect();
    rows.sort_unstable();
    assert_eq!(rows.len(), visits.len());
    // Somebody gives the caregiver another visit meanwhile, where the first one of the proposal should be.
    let urgent = planned(app, app.add_elder(1), "meal", (540, 720));
    app.write(|tx| assign(tx, urgent, 1, caregivers[0], Some(rows[0].0)));
    let tally = accept(&app.app, &lin(), id, Which::All).await.unwrap();
    assert!(tally.refused >= 1 && tally.accepted >= 1 && tally.accepted + tally.refused == 4, "{tally:?}");
    assert_eq!(line(app, id, rows[0].1).decision, RowDecision::Refused, "it is in the way of what was told");
    assert!(line(app, id, rows[0].1).refusal.contains("dispatch.rule"), "{:?}", line(app, id, rows[0].1));
    assert_eq!(visit(app, urgent).starts_at, Some(rows[0].0));
    for accepted in lines(app, id).iter().filter(|line| line.decision == RowDecision::Accepted) {
        let given = visit(app, accepted.visit_id);
        assert_eq!(
            (given.caregiver_id, given.starts_at),
            (accepted.caregiver_after_id, accepted.starts_after_at)
        );
    }
});
