//! Admitting and discharging through the pages and under contention.

use reqwest::StatusCode;
use songhe::access::{Place, Role, Scope};
use songhe::beds::{Admission, Departure, Whom, admit, discharge};
use songhe::error::Code;

use crate::support::app::both;
use crate::support::client::{expect, location};
use crate::support::people::IDENTITY;
use crate::support::seed::town;

const AT_NINE: [(&str, &str); 2] = [("from_on", "2026-11-23"), ("from_time", "09:00")];

fn form<'a>(elder: &'a str, at: [(&'a str, &'a str); 2]) -> Vec<(&'a str, &'a str)> {
    [("elder", elder)].into_iter().chain(at).collect()
}

both!(a_manager_admits_by_identity_number_and_discharges, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let (bed, second) = (app.add_bed(1, home), app.add_bed(1, home));
    let elder = app.add_sealed_elder(2, IDENTITY);
    let name = app.name_of_elder(elder);
    let manager = app.user("manager", Role::InstitutionManager, Place::Institution(home)).await;

    let by_number =
        manager.post_form(&format!("/beds/{bed}/admit"), &form(&elder.to_string(), AT_NINE)).await;
    assert_eq!(by_number.status(), StatusCode::UNPROCESSABLE_ENTITY, "not yet within the manager's reach");
    let admitted = manager.post_form(&format!("/beds/{bed}/admit"), &form(IDENTITY, AT_NINE)).await;
    assert_eq!(location(&admitted), format!("/beds/{bed}"));
    assert_eq!(app.audited("elder.look_up").len(), 1);
    assert_eq!(app.audited("stay.admit").len(), 1);
    assert!(manager.page("/beds?state=occupied").await.contains(&name));
    assert!(!manager.page("/beds?state=free").await.contains(&name));

    let twice = manager.post_form(&format!("/beds/{second}/admit"), &form(IDENTITY, AT_NINE)).await;
    assert!(expect(twice, StatusCode::CONFLICT).await.contains("该老人自 2026-11-23 09:00 起已入住"));
    assert_eq!(app.audited("elder.look_up").len(), 2, "a refused admission leaves its look-up behind");
    let other = app.add_elder(1);
    app.taken(&format!("UPDATE elders SET town_code = '350582001' WHERE id = {other}"));
    let full = app.app.write_now(&Scope::system(), |tx| admit(tx, &Admission::now(Whom::Elder(other), bed)));
    assert_eq!(full.unwrap_err().code, Code::Taken);

    app.hand.advance(chrono::TimeDelta::hours(3));
    let manager = app.login("manager").await;
    let stay = app.audited("stay.admit")[0].0.clone();
    let path = format!("/stays/{stay}/discharge");
    let before = [("version", "1"), ("to_on", "2026-11-23"), ("to_time", "09:00")];
    assert_eq!(manager.post_form(&path, &before).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let later = [("version", "1"), ("to_on", "2026-11-24"), ("to_time", "09:00")];
    assert_eq!(manager.post_form(&path, &later).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let at_ten = [("version", "1"), ("to_on", "2026-11-23"), ("to_time", "10:00")];
    assert_eq!(location(&manager.post_form(&path, &at_ten).await), format!("/beds/{bed}"));
    assert_eq!(manager.post_form(&path, &at_ten).await.status(), StatusCode::CONFLICT);
    assert!(manager.page(&format!("/beds/{bed}")).await.contains("2026-11-23 10:00"));
    let again = manager.post_form(&format!("/beds/{second}/admit"), &form(&elder.to_string(), AT_NINE)).await;
    assert_eq!(again.status(), StatusCode::CONFLICT, "the stay until ten is in the way of one from nine");
    let from_ten = [("from_on", "2026-11-23"), ("from_time", "10:00")];
    let again =
        manager.post_form(&format!("/beds/{second}/admit"), &form(&elder.to_string(), from_ten)).await;
    assert_eq!(location(&again), format!("/beds/{second}"), "from the very end of the one before");
});

both!(beds_of_others_do_not_exist, |app| async {
    app.add_towns();
    let (home, foreign) = (app.add_institution(1), app.add_institution(1));
    let bed = app.add_bed(1, foreign);
    let elder = app.add_elder(2);
    let manager = app.user("manager", Role::InstitutionManager, Place::Institution(home)).await;
    let hong = app.user("hong", Role::Coordinator, town(2)).await;
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let stay = app.write(|tx| admit(tx, &Admission::now(Whom::Elder(elder), bed)));
    for path in [format!("/beds/{bed}"), format!("/beds/{bed}/admit"), format!("/stays/{stay}/discharge")] {
        assert_eq!(manager.status(&path).await, 404, "{path}");
    }
    let ended = manager.post_form(&format!("/stays/{stay}/discharge"), &[("version", "1")]).await;
    assert_eq!(ended.status(), StatusCode::NOT_FOUND);
    assert_eq!(hong.status(&format!("/beds/{bed}")).await, 404);
    // The coordinator of the bed's town sees the stay, but not the elder of another town.
    let name = app.name_of_elder(elder);
    let page = lin.page(&format!("/beds/{bed}")).await;
    assert!(page.contains("已入住") && !page.contains(&name));
    assert_eq!(lin.status(&format!("/beds/{bed}/admit")).await, 403);
});

both!(a_house_that_does_not_operate_admits_nobody, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let (bed, elder) = (app.add_bed(1, home), app.add_elder(1));
    app.taken(&format!("UPDATE institutions SET state = 'idle' WHERE id = {home}"));
    let refused =
        app.app.write_now(&Scope::system(), |tx| admit(tx, &Admission::now(Whom::Elder(elder), bed)));
    assert_eq!(refused.unwrap_err().fields[0].rule.key, "bed.not_operating");
    let later = app.app.clock.now() + chrono::TimeDelta::hours(1);
    app.taken(&format!("UPDATE institutions SET state = 'operating' WHERE id = {home}"));
    let reserved = app.app.write_now(&Scope::system(), |tx| {
        admit(tx, &Admission::now(Whom::Elder(elder), bed).from(Some(later)))
    });
    assert_eq!(reserved.unwrap_err().code, Code::Invalid);
});

both!(of_thirty_two_who_admit_to_one_bed_exactly_one_wins, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let bed = app.add_bed(1, home);
    let elders: Vec<i64> = (0..32).map(|_| app.add_elder(1)).collect();
    let system = Scope::system();
    let outcomes = futures_util::future::join_all(elders.into_iter().map(|elder| {
        let admission = Admission::now(Whom::Elder(elder), bed);
        app.app.write(&system, move |tx| admit(tx, &admission))
    }))
    .await;
    let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 31));
    for loser in lost {
        let error = loser.unwrap_err();
        assert_eq!(error.code, Code::Taken, "{}", error.for_log());
    }
    assert_eq!(app.audited("stay.admit").len(), 1);
});

both!(of_two_who_discharge_the_second_is_told, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let (bed, elder) = (app.add_bed(1, home), app.add_elder(1));
    let stay = app.write(|tx| admit(tx, &Admission::now(Whom::Elder(elder), bed)));
    app.hand.advance(chrono::TimeDelta::hours(1));
    app.write(|tx| discharge(tx, stay, 1, &Departure::default()));
    let second =
        app.app.write_now(&Scope::system(), |tx| discharge(tx, stay, 1, &Departure::default())).unwrap_err();
    assert_eq!(second.code, Code::Stale);
    let third =
        app.app.write_now(&Scope::system(), |tx| discharge(tx, stay, 2, &Departure::default())).unwrap_err();
    assert_eq!(third.code, Code::IllegalMove);
});
