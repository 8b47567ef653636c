//! From the order to the level that counts, and what is refused on the way.

use chrono::TimeDelta;
use songhe::assessments::store::events_of;
use songhe::assessments::{
    Answers, AssessmentState, NoteValue, Order, Reason, correct, current_levels, dispute, enact, finish,
    give_back, keep_draft, order, review, uphold, withdraw,
};
use songhe::error::Code;
use songhe::text::Lang;

use super::help::{
    ABILITY, HARDSHIP, by, city, coordinator, done, in_force, ordered, practice, refusal, row, sheet, wanted,
};
use crate::support::app::{TestApp, both};

fn levels(app: &TestApp, elder: i64) -> Vec<(String, String, bool)> {
    let now = app.app.clock.now();
    let found = app.read(|connection| current_levels(connection, &coordinator("lin"), &[elder], now));
    let found = found.get(&elder).cloned().unwrap_or_default();
    found.into_iter().map(|one| (one.scale, one.level, one.disputed)).collect()
}

both!(an_assessment_takes_two_people_and_its_result_counts_once_in_force, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    let (lin, wang) = (coordinator("lin"), coordinator("wang"));
    let id = ordered(app, elder, ABILITY);
    let mut given = sheet(app, ABILITY, &[("walking", 0), ("stairs", 0), ("bathing", 1), ("eating", 0)]);
    given.facts.insert("falls".to_owned(), 2);
    given.notes.insert("special_care".to_owned(), NoteValue::Many(vec!["gastric_tube".to_owned()]));
    by(app, &lin, |tx| finish(tx, practice(app), id, 1, &given)).unwrap();
    let stored = row(app, id);
    let written = stored.written().unwrap().unwrap();
    // 90 - 4 - 3 - 3 - 4 = 76: mild, and two falls make it moderate.
    assert_eq!(
        (written.total, written.unadjusted.as_str(), written.level.as_str()),
        (76, "mild", "moderate")
    );
    assert_eq!(written.adjustments, ["care_risk_events"]);
    assert_eq!(
        (written.answers, written.facts, written.notes),
        (given.answers.clone(), given.facts, given.notes)
    );
    assert_eq!(
        (stored.scale_version.as_deref(), stored.assessor.as_deref(), stored.state),
        (Some("2022"), Some("lin"), AssessmentState::Done)
    );
    assert!(levels(app, elder).is_empty(), "not before it is in force");

    let own = refusal(by(app, &lin, |tx| review(tx, id, 2, "", true)));
    assert_eq!((own.code, own.text.key), (Code::Taken, "error.two_people_assess"));
    by(app, &wang, |tx| review(tx, id, 2, "已核对", false)).unwrap();
    assert!(levels(app, elder).is_empty());
    by(app, &wang, |tx| enact(tx, id, 3)).unwrap();
    assert_eq!(levels(app, elder), [(ABILITY.to_owned(), "moderate".to_owned(), false)]);
    let kinds: Vec<&str> =
        app.read(|connection| events_of(connection, id)).iter().map(|event| event.kind.name()).collect();
    assert_eq!(kinds, ["order", "finish", "review", "enact"]);
    for action in ["order", "finish", "review", "enact"] {
        let rows = app.audited(&format!("assessment.{action}"));
        assert_eq!(rows.len(), 1, "{action}");
        assert!(
            !rows[0].1.contains("walking") && !rows[0].1.contains("gastric"),
            "answers stay out of the log"
        );
    }
    let verdict = app.read(|connection| songhe::access::audit::verify(connection, app.keys(), None));
    assert!(matches!(verdict, songhe::access::audit::Verdict::Whole { .. }), "{verdict:?}");
});

fn put(values: &mut songhe::assessments::Values, key: &str, number: i32) {
    values.insert(key.to_owned(), number);
}

both!(a_missing_or_impossible_answer_is_named_in_both_languages_and_changes_nothing, |app| async {
    app.add_towns();
    let id = ordered(app, app.add_elder(1), ABILITY);
    let lin = coordinator("lin");
    let full = sheet(app, ABILITY, &[]);
    let change = |make: &dyn Fn(&mut Answers)| {
        let mut given = full.clone();
        make(&mut given);
        refusal(by(app, &lin, |tx| finish(tx, practice(app), id, 1, &given)))
    };
    let missing = change(&|given| {
        given.answers.remove("stairs");
        given.answers.remove("memory");
    });
    assert_eq!((missing.code, missing.fields.len()), (Code::Invalid, 1));
    assert_eq!(missing.text.to(Lang::Chinese), "还有 2 项未答：上下楼梯、记忆。");
    assert!(
        missing.text.to(Lang::English).contains("Stairs")
            && missing.text.to(Lang::English).contains("Memory")
    );
    for (make, field, word) in [
        (
            &(|given: &mut Answers| put(&mut given.answers, "stairs", 4)) as &dyn Fn(&mut Answers),
            "answers",
            "上下楼梯",
        ),
        (&|given| put(&mut given.answers, "cooking", 1), "answers", "cooking"),
        (&|given| put(&mut given.facts, "coma", 2), "answers", "昏迷"),
        (&|given| drop(given.notes.insert("wine".into(), NoteValue::Text("x".into()))), "notes", "wine"),
        (&|given| drop(given.notes.insert("bmi".into(), NoteValue::Number(300.0))), "notes", "体质指数"),
        (
            &|given| {
                let both = NoteValue::Many(vec!["none".into(), "burn".into()]);
                given.notes.insert("wounds".into(), both);
            },
            "notes",
            "伤口",
        ),
        (&|given| given.assessed_on = Some("2026-11-24".parse().unwrap()), "assessed_on", "90"),
        (&|given| given.assessed_on = Some("2026-01-01".parse().unwrap()), "assessed_on", "90"),
    ] {
        let error = change(make);
        assert_eq!((error.code, error.fields[0].field), (Code::Invalid, field));
        assert!(error.text.to(Lang::Chinese).contains(word), "{}", error.text.to(Lang::Chinese));
    }
    let stored = row(app, id);
    assert_eq!((stored.state, stored.version, stored.answers), (AssessmentState::Ordered, 1, None));
    assert!(app.audited("assessment.finish").is_empty());
});

both!(a_correction_keeps_what_was_said_before_and_a_reviewed_result_stays, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    let (lin, wang, chen) = (coordinator("lin"), coordinator("wang"), coordinator("chen"));
    let id = done(app, elder, HARDSHIP, &[]);
    let other = sheet(app, HARDSHIP, &[("bathing", 0)]);
    let silent = refusal(by(app, &lin, |tx| correct(tx, practice(app), id, 2, &other, " ")));
    assert_eq!(silent.fields[0].field, "reason");
    by(app, &wang, |tx| correct(tx, practice(app), id, 2, &other, "洗澡一项误选")).unwrap();
    assert_eq!(row(app, id).level.as_deref(), Some("half_care"));
    let contents = app.count(&format!(
        "SELECT count(*) AS n FROM assessment_events WHERE assessment_id = {id} AND content IS NOT NULL"
    ));
    assert_eq!(contents, 2, "the answers before are in the history");
    // Neither of the two who wrote answers can review.
    for writer in [&lin, &wang] {
        assert_eq!(refusal(by(app, writer, |tx| review(tx, id, 3, "", true))).code, Code::Taken);
    }
    assert_eq!(row(app, id).version, 3);
    by(app, &chen, |tx| give_back(tx, id, 3, "请到户重评")).unwrap();
    by(app, &lin, |tx| finish(tx, practice(app), id, 4, &other)).unwrap();
    by(app, &chen, |tx| review(tx, id, 5, "", true)).unwrap();
    let late = refusal(by(app, &lin, |tx| correct(tx, practice(app), id, 7, &other, "晚了")));
    assert_eq!(late.code, Code::IllegalMove);
    let stale = refusal(by(app, &lin, |tx| dispute(tx, id, 6, "旧版本")));
    assert_eq!(stale.code, Code::Stale);
});

both!(a_disputed_result_counts_until_another_one_takes_its_place, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    let first = in_force(app, elder, ABILITY, &[]);
    by(app, &coordinator("lin"), |tx| dispute(tx, first, 4, "家属有异议")).unwrap();
    assert_eq!(levels(app, elder), [(ABILITY.to_owned(), "intact".to_owned(), true)]);
    by(app, &city("gov"), |tx| uphold(tx, first, 5, "复核无误")).unwrap();
    by(app, &city("gov"), |tx| dispute(tx, first, 6, "再次提出")).unwrap();

    app.hand.advance(TimeDelta::days(2));
    let again = Order { reason: Reason::Doubt, note: String::new(), ..wanted(elder, ABILITY) };
    let soon = refusal(by(app, &coordinator("lin"), |tx| order(tx, practice(app), &again)));
    assert_eq!(
        (soon.code, soon.fields[0].field),
        (Code::Invalid, "note"),
        "a repeat within 30 days needs a reason"
    );
    let again = Order { note: "对结果有异议".to_owned(), ..again };
    let second = by(app, &coordinator("lin"), |tx| order(tx, practice(app), &again)).unwrap();
    assert_eq!(row(app, second).follows_id, Some(first));
    let twice = refusal(by(app, &coordinator("lin"), |tx| order(tx, practice(app), &again)));
    assert_eq!(twice.code, Code::Taken, "one is open");
    let worse = sheet(app, ABILITY, &[("walking", 1)]);
    by(app, &coordinator("lin"), |tx| finish(tx, practice(app), second, 1, &worse)).unwrap();
    by(app, &coordinator("wang"), |tx| review(tx, second, 2, "", true)).unwrap();
    assert_eq!(row(app, first).state, AssessmentState::Superseded);
    assert_eq!(levels(app, elder), [(ABILITY.to_owned(), "mild".to_owned(), false)]);

    app.hand.advance(TimeDelta::days(40));
    let next = Order { reason: Reason::Routine, note: String::new(), ..wanted(elder, ABILITY) };
    assert!(
        by(app, &coordinator("lin"), |tx| order(tx, practice(app), &next)).is_ok(),
        "40 days on, none is asked"
    );
});

both!(orders_are_checked, |app| async {
    app.add_towns();
    let (elder, foreign) = (app.add_elder(1), app.add_elder(2));
    let try_order = |wanted: &Order| by(app, &coordinator("lin"), |tx| order(tx, practice(app), wanted));
    let base = wanted(elder, ABILITY);
    let day = |text: &str| Some(text.parse().unwrap());
    for (wrong, field) in [
        (Order { elder_id: foreign, ..base.clone() }, "elder"),
        (Order { elder_id: 999_999, ..base.clone() }, "elder"),
        (Order { scale: "none".to_owned(), ..base.clone() }, "scale"),
        (Order { reason: Reason::Immediate, ..base.clone() }, "changed_on"),
        (Order { reason: Reason::Immediate, changed_on: day("2026-11-24"), ..base.clone() }, "changed_on"),
        (Order { due_on: day("2026-11-22"), ..base.clone() }, "assess_by"),
        (Order { note: " ".to_owned(), ..base.clone() }, "note"),
        (Order { note: "字".repeat(301), ..base.clone() }, "note"),
    ] {
        let error = refusal(try_order(&wrong));
        assert_eq!((error.code, error.fields[0].field), (Code::Invalid, field), "{wrong:?}");
    }
    assert_eq!(app.count("SELECT count(*) AS n FROM assessments"), 0);
    // Ten working days after the change, weekends passed over; an earlier day that was set wins.
    let change = Order {
        scale: HARDSHIP.to_owned(),
        reason: Reason::Immediate,
        changed_on: day("2026-11-20"),
        note: String::new(),
        ..base
    };
    let id = try_order(&change).unwrap();
    assert_eq!(row(app, id).due_on, day("2026-12-04"));
    by(app, &coordinator("lin"), |tx| withdraw(tx, id, 1, "登记有误")).unwrap();
    let id = try_order(&Order { due_on: day("2026-11-25"), ..change }).unwrap();
    assert_eq!(row(app, id).due_on, day("2026-11-25"));
    app.taken(&format!("UPDATE elders SET died_at = '2026-11-22 00:00:00.000' WHERE id = {elder}"));
    assert_eq!(refusal(try_order(&wanted(elder, ABILITY))).fields[0].field, "elder");
});

both!(working_days_are_those_of_the_public_schedule, |app| async {
    app.add_towns();
    let due = |name: &str, day: &str| {
        let elder = app.add_elder(1);
        let change = Order {
            scale: HARDSHIP.to_owned(),
            reason: Reason::Immediate,
            changed_on: Some(day.parse().unwrap()),
            note: name.to_owned(),
            ..wanted(elder, HARDSHIP)
        };
        let id = by(app, &coordinator("lin"), |tx| order(tx, practice(app), &change)).unwrap();
        row(app, id).due_on.unwrap().to_string()
    };
    // The schedule of 2026: seven days off from 1 October, and Saturday the 10th is worked.
    assert_eq!(due("国庆节", "2026-09-30"), "2026-10-20");
    assert_eq!(due("平日", "2026-11-20"), "2026-12-04");
    for (day, kind) in [("2026-11-25", "off"), ("2026-11-27", "off"), ("2026-11-28", "work")] {
        app.taken(&format!(
            "INSERT INTO holidays (day, kind, name_zh, name_en, source, confirmed, updated_at) VALUES \
             ('{day}', '{kind}', '试', 'Trial', 'test', TRUE, '2026-11-01 00:00:00.000')"
        ));
    }
    assert_eq!(due("改动", "2026-11-20"), "2026-12-07");
});

both!(a_draft_is_kept_without_being_judged, |app| async {
    app.add_towns();
    let id = ordered(app, app.add_elder(1), ABILITY);
    let lin = coordinator("lin");
    let part = Answers { answers: [("eating".to_owned(), 3)].into(), ..Answers::default() };
    by(app, &lin, |tx| keep_draft(tx, id, 1, &part)).unwrap();
    let stored = row(app, id);
    assert_eq!((stored.state, stored.version), (AssessmentState::Ordered, 1));
    let kept: Answers = serde_json::from_str(stored.draft.as_deref().unwrap()).unwrap();
    assert_eq!(kept, part);
    let full = sheet(app, ABILITY, &[]);
    by(app, &lin, |tx| finish(tx, practice(app), id, 1, &full)).unwrap();
    assert_eq!(row(app, id).draft, None);
    assert_eq!(refusal(by(app, &lin, |tx| keep_draft(tx, id, 2, &part))).code, Code::IllegalMove);
});
