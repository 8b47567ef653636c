//! What people do with stays, holds and outages, through the use cases: each with its audit row, and with refusals that
//! change nothing.

use chrono::TimeDelta;
use songhe::beds::store;
use songhe::beds::{
    Admission, Agreed, BedState, CareLevel, Contact, Correction, Departure, Destination, Going, Holding,
    LeaveKind, Move, OutageReason, Risk, Taking, Whom, accept_transfer, admit, ask_for_bed, ask_transfer,
    close_transfer, correct_stay, discharge, end_leave, expire_due, hold, move_within, plan_discharge,
    put_back, record_death, release_hold, reveal_contact, start_leave, take_out,
};
use songhe::clock::Instant;
use songhe::error::Code;
use songhe::text::Lang;

use super::help::{counts, field, manager, now, refusal, state, stay_in, try_write, waiting};
use crate::support::app::both;

fn going(kind: LeaveKind) -> Going {
    Going { kind, from: None, due: None, note: String::new(), reason: String::new() }
}

both!(the_bed_stays_the_elders_while_they_are_away, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let (bed, elder) = (app.add_bed(1, home), app.add_elder(1));
    let stay = stay_in(app, elder, bed);
    app.hand.advance(TimeDelta::hours(1));
    let leave = app.write(|tx| start_leave(tx, stay, 1, &going(LeaveKind::Hospital)));
    assert_eq!(state(app, bed), BedState::OnLeave);
    assert_eq!((counts(app).on_leave, counts(app).occupied, counts(app).beds()), (1, 0, 1));
    let twice = refusal(try_write(app, |tx| start_leave(tx, stay, 1, &going(LeaveKind::Home))));
    assert_eq!(twice.code, Code::Taken);
    let other = app.add_elder(1);
    let taken = refusal(try_write(app, |tx| admit(tx, &Admission::now(Whom::Elder(other), bed))));
    assert_eq!(taken.code, Code::Taken);
    app.hand.advance(TimeDelta::hours(1));
    app.write(|tx| end_leave(tx, leave, 1, None, ""));
    assert_eq!(state(app, bed), BedState::Occupied);
    let again = refusal(try_write(app, |tx| end_leave(tx, leave, 2, None, "")));
    assert_eq!(again.code, Code::IllegalMove);
    app.hand.advance(TimeDelta::hours(1));
    app.write(|tx| start_leave(tx, stay, 1, &going(LeaveKind::Home)));
    app.hand.advance(TimeDelta::hours(1));
    app.write(|tx| discharge(tx, stay, 1, &Departure::default()));
    assert_eq!(state(app, bed), BedState::Free);
    assert_eq!(
        app.count("SELECT count(*) AS n FROM leaves WHERE ends_at IS NULL"),
        0,
        "the leave ended with the stay"
    );
    for (action, rows) in [("stay.leave", 2), ("stay.return", 1), ("stay.discharge", 1)] {
        assert_eq!(app.audited(action).len(), rows, "{action}");
    }
});

both!(an_ordered_discharge_frees_nothing_until_the_person_has_left, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let (bed, elder) = (app.add_bed(1, home), app.add_elder(1));
    let stay = stay_in(app, elder, bed);
    let tomorrow = now(app) + TimeDelta::days(1);
    let far = now(app) + TimeDelta::days(4_000);
    for at in [now(app), far] {
        let wrong = refusal(try_write(app, |tx| plan_discharge(tx, stay, 1, Some(at), None)));
        assert_eq!((wrong.code, field(&wrong)), (Code::Invalid, "planned_on"));
    }
    app.write(|tx| plan_discharge(tx, stay, 1, Some(tomorrow), Some(Destination::Relatives)));
    app.hand.advance(TimeDelta::days(2));
    assert_eq!(state(app, bed), BedState::Occupied, "ordered is not left");
    app.write(|tx| discharge(tx, stay, 2, &Departure::default()));
    assert_eq!(state(app, bed), BedState::Free);
    let kept = "SELECT count(*) AS n FROM stays WHERE destination = 'relatives' AND ending = 'discharge'";
    assert_eq!(app.count(kept), 1, "the destination that was planned is kept");
});

both!(who_has_died_is_admitted_nowhere_and_waits_no_longer, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let (bed, second, elder) = (app.add_bed(1, home), app.add_bed(1, home), app.add_elder(1));
    let stay = stay_in(app, elder, bed);
    app.write(|tx| ask_for_bed(tx, &waiting(elder, None)));
    app.hand.advance(TimeDelta::hours(1));
    app.write(|tx| record_death(tx, stay, 1, &Departure::default()));
    assert_eq!(state(app, bed), BedState::Free);
    let again = refusal(try_write(app, |tx| admit(tx, &Admission::now(Whom::Elder(elder), second))));
    assert_eq!((again.code, field(&again)), (Code::Invalid, "elder"));
    assert_eq!(app.count("SELECT count(*) AS n FROM waiting_entries WHERE state = 'withdrawn'"), 1);
});

fn holding(elder: i64, bed_id: i64, until: Instant) -> Holding {
    Holding { whom: Whom::Elder(elder), bed_id, until, note: String::new() }
}

both!(a_hold_keeps_the_bed_until_it_ends_by_itself, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let (bed, other_bed) = (app.add_bed(1, home), app.add_bed(1, home));
    let (elder, other) = (app.add_elder(1), app.add_elder(1));
    let until = now(app) + TimeDelta::hours(48);
    app.write(|tx| hold(tx, &holding(elder, bed, until)));
    assert_eq!((state(app, bed), counts(app).reserved), (BedState::Reserved, 1));
    let taken = refusal(try_write(app, |tx| admit(tx, &Admission::now(Whom::Elder(other), bed))));
    assert_eq!(taken.code, Code::Taken);
    let name = app.name_of_elder(elder);
    assert!(taken.text.to(Lang::English).contains(&name), "{}", taken.text.to(Lang::English));
    let second = refusal(try_write(app, |tx| hold(tx, &holding(elder, other_bed, until))));
    assert_eq!(second.code, Code::Taken);
    for wrong in [now(app), now(app) + TimeDelta::days(31)] {
        let refused = refusal(try_write(app, |tx| hold(tx, &holding(other, other_bed, wrong))));
        assert_eq!((refused.code, field(&refused)), (Code::Invalid, "until_on"));
    }
    app.hand.advance(TimeDelta::hours(48));
    assert_eq!(state(app, bed), BedState::Free, "without anything having run");
    stay_in(app, other, bed);
    // The timer only writes down what is so already; once, also after a restart.
    expire_due(&app.app).await.unwrap();
    expire_due(&app.app).await.unwrap();
    assert_eq!(app.audited("hold.expire").len(), 1);
    assert_eq!(app.count("SELECT count(*) AS n FROM holds WHERE outcome = 'expired'"), 1);
});

both!(a_hold_is_used_up_by_whom_it_is_for_and_can_be_let_go, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let (bed, second) = (app.add_bed(1, home), app.add_bed(1, home));
    let (elder, other) = (app.add_elder(1), app.add_elder(1));
    let until = now(app) + TimeDelta::hours(48);
    app.write(|tx| hold(tx, &holding(elder, bed, until)));
    app.hand.advance(TimeDelta::hours(1));
    // Written down as of before the hold: it gives way as a whole.
    let before = now(app) - TimeDelta::hours(2) + TimeDelta::minutes(30);
    let early = app.write(|tx| admit(tx, &Admission::now(Whom::Elder(elder), bed).from(Some(before))));
    assert!(early > 0);
    assert_eq!(
        app.count("SELECT count(*) AS n FROM holds WHERE outcome = 'admitted' AND ends_at = starts_at"),
        1
    );
    let released = app.write(|tx| hold(tx, &holding(other, second, until)));
    app.hand.advance(TimeDelta::hours(1));
    app.write(|tx| release_hold(tx, released, 1, "家属改变主意"));
    assert_eq!(state(app, second), BedState::Free);
    let again = refusal(try_write(app, |tx| release_hold(tx, released, 2, "")));
    assert_eq!(again.code, Code::IllegalMove);
});

fn taking(from: Option<Instant>) -> Taking {
    Taking { why: OutageReason::Repair, from, due: None, note: String::new(), reason: String::new() }
}

both!(a_bed_out_of_service_takes_nobody, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let (bed, elder) = (app.add_bed(1, home), app.add_elder(1));
    let outage = app.write(|tx| take_out(tx, bed, &taking(None)));
    assert_eq!((state(app, bed), counts(app).out_of_service), (BedState::OutOfService, 1));
    let taken = refusal(try_write(app, |tx| admit(tx, &Admission::now(Whom::Elder(elder), bed))));
    assert!(taken.text.to(Lang::English).contains(&format!("outage {outage}")), "the row is named");
    app.hand.advance(TimeDelta::hours(1));
    app.write(|tx| put_back(tx, outage, 1, None, ""));
    stay_in(app, elder, bed);
    let lived_in = refusal(try_write(app, |tx| take_out(tx, bed, &taking(None))));
    assert_eq!(lived_in.code, Code::Taken);
});

both!(a_move_within_the_house_closes_and_opens_at_once_and_keeps_what_was_agreed, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let (bed, next, foreign) =
        (app.add_bed(1, home), app.add_bed(1, home), app.add_bed(2, app.add_institution(2)));
    let elder = app.add_elder(1);
    let agreed = Agreed {
        care_level: Some(CareLevel::FullCare),
        risks: vec![(Risk::Fall, true), (Risk::Choking, false)],
        contact: Contact { name: "林家属".into(), phone: "13800001234".into() },
        ..Agreed::default()
    };
    let admission = Admission { agreed, ..Admission::now(Whom::Elder(elder), bed) };
    let stay = app.write(|tx| admit(tx, &admission));
    app.hand.advance(TimeDelta::hours(1));
    app.write(|tx| start_leave(tx, stay, 1, &going(LeaveKind::Hospital)));
    app.hand.advance(TimeDelta::hours(1));
    let to = |bed_id| Move { bed_id, at: None, reason: String::new() };
    let wrong = refusal(try_write(app, |tx| move_within(tx, stay, 1, &to(foreign))));
    assert_eq!((wrong.code, field(&wrong)), (Code::Invalid, "bed"));
    let moved = app.write(|tx| move_within(tx, stay, 1, &to(next)));
    assert_eq!((state(app, bed), state(app, next)), (BedState::Free, BedState::OnLeave), "in hospital still");
    assert_eq!(app.read(|connection| store::risks_of(connection, moved)).len(), 2);
    let contact = app.write(|tx| reveal_contact(tx, moved));
    assert_eq!(contact.phone, "13800001234");
    assert_eq!(app.audited("stay.contact").len(), 1);
    let gap = "SELECT count(*) AS n FROM stays AS a JOIN stays AS b ON a.ends_at = b.starts_at AND a.elder_id = b.elder_id";
    assert_eq!(app.count(gap), 1);
    assert_eq!((app.audited("stay.move_out").len(), app.audited("stay.move_in").len()), (1, 1));
});

both!(a_transfer_between_institutions_needs_both_ends, |app| async {
    app.add_towns();
    let (from, to) = (app.add_institution(1), app.add_institution(2));
    let (bed, next) = (app.add_bed(1, from), app.add_bed(2, to));
    let elder = app.add_elder(1);
    let stay = stay_in(app, elder, bed);
    app.hand.advance(TimeDelta::hours(1));
    let (giver, taker) = (manager(1, from), manager(2, to));
    let there =
        |reason: &'static str| move |tx: &mut songhe::app::Tx<'_>| ask_transfer(tx, stay, 1, to, reason);
    let bare = refusal(app.app.write_now(&giver, there("")));
    assert_eq!((bare.code, field(&bare)), (Code::Invalid, "reason"));
    assert_eq!(refusal(app.app.write_now(&taker, there("需要护理"))).code, Code::NotFound);
    let transfer = app.app.write_now(&giver, there("需要护理")).unwrap();
    assert_eq!(state(app, bed), BedState::Occupied, "asked is not moved");
    assert_eq!(refusal(app.app.write_now(&giver, there("再问"))).code, Code::Taken);
    let into = |bed_id| Move { bed_id, at: None, reason: String::new() };
    let alone = refusal(app.app.write_now(&giver, |tx| accept_transfer(tx, transfer, 1, &into(next))));
    assert_eq!(alone.code, Code::Forbidden, "the end that asked cannot answer for the other");
    app.app.write_now(&taker, |tx| accept_transfer(tx, transfer, 1, &into(next))).unwrap();
    assert_eq!((state(app, bed), state(app, next)), (BedState::Free, BedState::Occupied));
    let late = refusal(app.app.write_now(&taker, |tx| close_transfer(tx, transfer, 2, "晚了")));
    assert_eq!(late.code, Code::IllegalMove);

    let other = app.add_elder(1);
    let stay = stay_in(app, other, bed);
    let asked = app.app.write_now(&giver, |tx| ask_transfer(tx, stay, 1, to, "想离家近")).unwrap();
    app.app.write_now(&taker, |tx| close_transfer(tx, asked, 1, "没有空床")).unwrap();
    assert_eq!((app.audited("transfer.decline").len(), state(app, bed)), (1, BedState::Occupied));
    let asked = app.app.write_now(&giver, |tx| ask_transfer(tx, stay, 1, to, "再试一次")).unwrap();
    app.app.write_now(&giver, |tx| close_transfer(tx, asked, 1, "不去了")).unwrap();
    assert_eq!(app.audited("transfer.take_back").len(), 1);
});

both!(what_is_written_down_late_needs_a_reason_and_never_overlaps, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let bed = app.add_bed(1, home);
    let (elder, other) = (app.add_elder(1), app.add_elder(1));
    let days = |days| now(app) - TimeDelta::days(days);
    let late = Admission::now(Whom::Elder(elder), bed).from(Some(days(3)));
    let bare = refusal(try_write(app, |tx| admit(tx, &late)));
    assert_eq!((bare.code, field(&bare)), (Code::Invalid, "reason"));
    let stay = app.write(|tx| admit(tx, &Admission { reason: "补录".into(), ..late.clone() }));
    let left = Departure { at: Some(days(1)), reason: "补录".into(), ..Departure::default() };
    app.write(|tx| discharge(tx, stay, 1, &left));
    let next =
        Admission { reason: "补录".into(), ..Admission::now(Whom::Elder(other), bed).from(Some(days(1))) };
    app.write(|tx| admit(tx, &next));
    let correction = |from, to, reason: &str| Correction { from, to, reason: reason.into() };
    for (wrong, name, code) in [
        (correction(days(3), Some(days(1)), ""), "reason", Code::Invalid),
        (correction(days(3), None, "x"), "to_on", Code::Invalid),
        (correction(days(3), Some(days(4)), "x"), "to_on", Code::Invalid),
        (correction(days(-1), Some(days(1)), "x"), "from_on", Code::Invalid),
        (correction(days(3), Some(now(app)), "x"), "", Code::Taken),
    ] {
        let refused = refusal(try_write(app, |tx| correct_stay(tx, stay, 2, &wrong)));
        assert_eq!((refused.code, field(&refused)), (code, name), "{wrong:?}");
    }
    app.write(|tx| correct_stay(tx, stay, 2, &correction(days(4), Some(days(2)), "日期写错")));
    let audited = app.audited("stay.correct");
    assert!(audited.len() == 1 && audited[0].1.contains("日期写错"), "{audited:?}");
});
