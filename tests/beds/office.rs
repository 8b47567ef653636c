//! The waiting list, confirmed figures, the office's rules, day places, and what a refusal tells.

use chrono::TimeDelta;
use songhe::access::Scope;
use songhe::beds::store;
use songhe::beds::{
    Admission, BedState, RuleCode, RuleMode, Whom, admit, ask_for_bed, confirm, jump, set_rule, withdraw,
};
use songhe::error::Code;
use songhe::listing::ListRequest;
use songhe::text::Lang;

use super::help::{field, manager, now, refusal, state, stay_in, try_write, waiting};
use crate::support::app::{TestApp, both};

fn line(app: &TestApp) -> Vec<i64> {
    let (at, request) = (now(app), ListRequest { limit: 100, ..ListRequest::default() });
    let rows = app.read(|connection| store::list_entries(connection, &Scope::system(), &request, at)).rows;
    assert!(rows.iter().enumerate().all(|(index, row)| row.position == Some(index as i64 + 1)));
    rows.into_iter().map(|row| row.entry.elder_id).collect()
}

both!(the_line_goes_by_class_and_a_jump_needs_a_reason, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let elders: Vec<i64> = (0..4).map(|_| app.add_elder(1)).collect();
    app.taken(&format!(
        "UPDATE elders SET categories = 'very_old,extreme_hardship' WHERE id = {}",
        elders[2]
    ));
    let entries: Vec<i64> =
        elders.iter().map(|elder| app.write(|tx| ask_for_bed(tx, &waiting(*elder, Some(home))))).collect();
    assert_eq!(line(app), [elders[2], elders[0], elders[1], elders[3]], "extreme hardship first");
    let twice = refusal(try_write(app, |tx| ask_for_bed(tx, &waiting(elders[0], None))));
    assert_eq!(twice.code, Code::Taken);
    let bare = refusal(try_write(app, |tx| jump(tx, entries[3], 1, entries[0], " ")));
    assert_eq!((bare.code, field(&bare)), (Code::Invalid, "reason"));
    app.write(|tx| jump(tx, entries[3], 1, entries[0], "出院无人照料"));
    assert_eq!(line(app), [elders[2], elders[3], elders[0], elders[1]]);
    app.write(|tx| jump(tx, entries[1], 1, entries[2], "市领导批示"));
    assert_eq!(line(app), [elders[1], elders[2], elders[3], elders[0]], "over a class");
    let jumps = app.audited("waiting.jump");
    assert!(jumps.len() == 2 && jumps[0].1.contains("出院无人照料"), "{jumps:?}");
    app.write(|tx| withdraw(tx, entries[2], 1, "已搬走"));
    let bed = app.add_bed(1, home);
    stay_in(app, elders[1], bed);
    assert_eq!(line(app), [elders[3], elders[0]], "who was admitted waits no longer");
});

both!(confirmed_figures_have_an_age, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let (bed, _) = (app.add_bed(1, home), app.add_bed(1, home));
    let elder = app.add_elder(1);
    stay_in(app, elder, bed);
    let confirmed = app.write(|tx| confirm(tx, home));
    assert_eq!((confirmed.occupied, confirmed.free, confirmed.beds()), (1, 1, 2));
    let latest = app.read(store::latest_confirmations);
    assert_eq!(latest[&home].at, now(app));
    app.hand.advance(TimeDelta::hours(25));
    assert!(songhe::beds::is_stale(Some(latest[&home].at), now(app)));
    app.refused("UPDATE bed_confirmations SET free = 7");
});

both!(rooms_and_the_offices_rules_decide_who_fits, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let (bed, elder) = (app.add_bed(1, home), app.add_elder(1));
    let try_admit = || try_write(app, |tx| admit(tx, &Admission::now(Whom::Elder(elder), bed)));
    app.taken(&format!(
        "UPDATE rooms SET gender_rule = 'female' WHERE id = (SELECT room_id FROM beds WHERE id = {bed})"
    ));
    let refused = refusal(try_admit());
    assert_eq!((refused.code, field(&refused)), (Code::Invalid, "bed"), "add_elder makes men");
    app.taken(&format!(
        "UPDATE rooms SET gender_rule = 'any' WHERE id = (SELECT room_id FROM beds WHERE id = {bed})"
    ));
    app.taken(&format!("UPDATE institutions SET licence_ends_on = '2026-11-22' WHERE id = {home}"));
    app.write(|tx| set_rule(tx, RuleCode::Licence, RuleMode::Block));
    assert_eq!(field(&refusal(try_admit())), "bed");
    app.write(|tx| set_rule(tx, RuleCode::Licence, RuleMode::Warn));
    app.write(|tx| set_rule(tx, RuleCode::Risks, RuleMode::Block));
    assert_eq!(field(&refusal(try_admit())), "risks", "nothing is answered");
    app.write(|tx| set_rule(tx, RuleCode::Risks, RuleMode::Warn));
    assert!(try_admit().is_ok());
    assert!(app.audited("stay.admit")[0].1.contains("fit.licence"), "the warning is kept");
    let denied = app.app.write_now(&manager(3, home), |tx| set_rule(tx, RuleCode::Risks, RuleMode::Off));
    assert_eq!(refusal(denied).code, Code::Forbidden);
});

both!(a_day_place_counts_by_whole_days_and_is_booked_ahead, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let (bed, elder, other) = (app.add_bed(1, home), app.add_elder(1), app.add_elder(1));
    app.taken(&format!("UPDATE beds SET kind = 'day_place' WHERE id = {bed}"));
    let tomorrow = now(app) + TimeDelta::days(1);
    let booking =
        |elder, from, until| Admission { until, ..Admission::now(Whom::Elder(elder), bed).from(Some(from)) };
    app.write(|tx| admit(tx, &booking(elder, tomorrow, None)));
    assert_eq!(state(app, bed), BedState::Free, "today nobody is booked");
    app.write(|tx| admit(tx, &booking(other, now(app), None)));
    let both_days = refusal(try_write(app, |tx| admit(tx, &booking(other, now(app), Some(tomorrow)))));
    assert_eq!(both_days.code, Code::Taken);
    app.hand.advance(TimeDelta::days(1));
    assert_eq!(state(app, bed), BedState::Occupied);
    assert_eq!(app.count("SELECT count(*) AS n FROM stays WHERE ends_at IS NOT NULL"), 2, "each has its end");
    app.hand.advance(TimeDelta::days(1));
    assert_eq!(state(app, bed), BedState::Free, "the day is over");
    let nursing = app.add_bed(1, home);
    let wrong = Admission { until: Some(tomorrow), ..Admission::now(Whom::Elder(elder), nursing) };
    assert_eq!(field(&refusal(try_write(app, |tx| admit(tx, &wrong)))), "until_on");
});

both!(a_refusal_names_the_person_only_to_who_may_see_them, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let (bed, elder, other) = (app.add_bed(1, home), app.add_elder(2), app.add_elder(1));
    let stay = stay_in(app, elder, bed);
    let name = app.name_of_elder(elder);
    let admission = Admission::now(Whom::Elder(other), bed);
    let seen = refusal(app.app.write_now(&Scope::system(), |tx| admit(tx, &admission)));
    let text = seen.text.to(Lang::Chinese);
    assert!(text.contains(&name) && text.contains(&stay.to_string()), "{text}");
    let twice = Admission::now(Whom::Elder(elder), app.add_bed(1, home));
    let elsewhere = refusal(app.app.write_now(&manager(4, home), |tx| admit(tx, &twice)));
    assert!(elsewhere.text.to(Lang::Chinese).contains("入住"), "{}", elsewhere.text.to(Lang::Chinese));
});
