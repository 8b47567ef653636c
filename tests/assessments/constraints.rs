//! Raw attempts on what the database keeps by itself.

use std::collections::BTreeSet;

use songhe::assessments::store::transitions;
use songhe::assessments::{AssessmentEvent, AssessmentState};
use songhe::error::Code;

use super::help::{ABILITY, done, in_force, ordered};
use crate::support::app::both;

fn event(id: i64, seq: i64, (from, kind, to): (&str, &str, &str), actor: &str) -> String {
    let prev = if seq > 1 { (seq - 1).to_string() } else { "NULL".to_owned() };
    let content = if ["finish", "correct"].contains(&kind) { "'{}'" } else { "NULL" };
    format!(
        "INSERT INTO assessment_events (assessment_id, seq, prev_seq, kind, from_state, to_state, at, actor, note, content) \
         VALUES ({id}, {seq}, {prev}, '{kind}', '{from}', '{to}', '2026-11-23 01:00:00', '{actor}', 'x', {content})"
    )
}

fn bare(id: i64, elder: i64) -> String {
    format!(
        "INSERT INTO assessments (id, elder_id, town_code, scale, reason, ordered_on) \
         VALUES ({id}, {elder}, '350582001', 'gbt42195', 'first', '2026-11-20')"
    )
}

const ORDER: (&str, &str, &str) = ("none", "order", "ordered");
const FINISH: (&str, &str, &str) = ("ordered", "finish", "done");
const REVIEW: (&str, &str, &str) = ("done", "review", "reviewed");

both!(the_table_of_transitions_is_the_models, |app| async {
    let stored: BTreeSet<(String, String, String)> = app.read(transitions).into_iter().collect();
    let mut ours = BTreeSet::new();
    for state in AssessmentState::ALL {
        for event in AssessmentEvent::ALL {
            if let Ok(next) = state.apply(*event) {
                ours.insert((state.name().to_owned(), event.name().to_owned(), next.name().to_owned()));
            }
        }
    }
    assert_eq!(stored, ours);
});

both!(a_state_moves_with_its_events_alone, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    app.taken(&bare(901, elder));
    app.refused("UPDATE assessments SET state = 'ordered' WHERE id = 901");
    app.refused("UPDATE assessments SET state = 'in_force', version = 1 WHERE id = 901");
    app.refused(
        &bare(902, elder)
            .replace("ordered_on)", "ordered_on, state, version)")
            .replace("'2026-11-20')", "'2026-11-20', 'ordered', 1)"),
    );
    for (seq, step) in
        [(1, FINISH), (2, ORDER), (1, ("none", "order", "in_force")), (1, ("none", "enact", "in_force"))]
    {
        app.refused(&event(901, seq, step, "x"));
    }
    app.taken(&event(901, 1, ORDER, "x"));
    app.refused(&event(901, 1, ORDER, "x"));
    app.refused(&event(901, 2, FINISH, "x"));
    app.refused("UPDATE assessment_events SET note = 'other'");
    app.refused("DELETE FROM assessment_events");
    app.refused("DELETE FROM assessments WHERE id = 901");
    app.refused("UPDATE assessments SET state = 'none', version = 0 WHERE id = 901");
});

both!(nothing_is_done_without_answers_nor_reviewed_by_its_writer, |app| async {
    app.add_towns();
    let id = ordered(app, app.add_elder(1), ABILITY);
    app.refused(&event(id, 2, FINISH, "lin"));
    let id = done(app, app.add_elder(1), ABILITY, &[]);
    app.refused(&event(id, 3, REVIEW, "wang"));
    app.refused(&format!("UPDATE assessments SET reviewer = 'lin' WHERE id = {id}"));
    app.taken(&format!("UPDATE assessments SET reviewer = 'wang' WHERE id = {id}"));
    app.refused(&event(id, 3, REVIEW, "lin"));
    app.refused(&event(id, 3, REVIEW, "chen"));
    // The program's own words for what the database refuses.
    let own = app.raw(&event(id, 3, REVIEW, "lin")).unwrap_err();
    assert_eq!((own.code, own.text.key), (Code::Taken, "error.two_people_assess"));
    app.taken(&event(id, 3, REVIEW, "wang"));
});

both!(a_reviewed_result_stays_as_it_is, |app| async {
    app.add_towns();
    let id = in_force(app, app.add_elder(1), ABILITY, &[]);
    for change in [
        "level = 'mild'",
        "total = 1",
        "answers = '{}'",
        "assessor = 'x'",
        "reviewer = 'x'",
        "scale = 'hardship'",
        "notes = '{}'",
    ] {
        app.refused(&format!("UPDATE assessments SET {change} WHERE id = {id}"));
    }
});

both!(one_is_in_force_and_one_is_open_for_each_elder_and_scale, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    in_force(app, elder, ABILITY, &[]);
    let columns = "elder_id, town_code, scale, scale_version, reason, ordered_on, answers, facts, notes, parts, total, \
        unadjusted, level, adjustments, assessed_on, assessor, reviewer, in_force_on";
    app.taken(&format!("INSERT INTO assessments (id, {columns}) SELECT 950, {columns} FROM assessments"));
    app.taken(&event(950, 1, ORDER, "x"));
    let clash = app.raw(&bare(951, elder)).and_then(|_| app.raw(&event(951, 1, ORDER, "x")));
    assert!(clash.is_err(), "two are open");
    app.taken(&event(950, 2, FINISH, "lin"));
    app.taken(&event(950, 3, REVIEW, "wang"));
    app.refused(&event(950, 4, ("reviewed", "enact", "in_force"), "wang"));
    app.refused(&event(950, 4, ("reviewed", "dispute", "disputed"), "wang"));
});
