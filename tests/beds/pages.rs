//! The pages: the board with its counts, forms that say what is wrong, the waiting list, the city's view.

use chrono::TimeDelta;
use reqwest::StatusCode;
use songhe::access::{Place, Role};
use songhe::beds::{Holding, Whom, ask_for_bed, hold};

use super::help::{now, stay_in, waiting};
use crate::support::app::both;
use crate::support::client::{expect, location};
use crate::support::seed::town;

both!(a_manager_works_through_a_stay_on_the_pages, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let (bed, free, broken) = (app.add_bed(1, home), app.add_bed(1, home), app.add_bed(1, home));
    let elder = app.add_elder(1);
    let stay = stay_in(app, elder, bed);
    let name = app.name_of_elder(elder);
    app.hand.advance(TimeDelta::minutes(5));
    let manager = app.user("manager", Role::InstitutionManager, Place::Institution(home)).await;
    let board = manager.page(&format!("/institutions/{home}/beds")).await;
    assert!(
        board.contains(&name) && board.contains("9 项风险未评估") && board.contains("尚未确认"),
        "{board}"
    );
    let confirm = format!("/institutions/{home}/confirm-beds");
    assert_eq!(location(&manager.post_form(&confirm, &[]).await), format!("/institutions/{home}/beds"));
    assert!(manager.page(&format!("/institutions/{home}/beds?view=timeline")).await.contains("bed-line"));
    let found = manager.get(&format!("/institutions/{home}/beds?q={name}")).await;
    assert_eq!(location(&found), format!("/institutions/{home}/beds#bed-{bed}"));

    let at = [("from_on", "2026-11-23"), ("from_time", "09:05")];
    let leave = [("version", "1"), ("leave_kind", "hospital"), at[0], at[1]];
    let page = format!("/stays/{stay}");
    assert_eq!(location(&manager.post_form(&format!("{page}/leave"), &leave).await), page);
    assert!(manager.page("/beds?state=on_leave").await.contains(&name));
    let leave_id = app.count("SELECT id AS n FROM leaves");
    app.hand.advance(TimeDelta::minutes(5));
    let back = manager.post_form(&format!("/leaves/{leave_id}/return"), &[("version", "1")]).await;
    assert_eq!(location(&back), page);
    let out = [("why", "repair"), at[0], at[1]];
    assert_eq!(
        location(&manager.post_form(&format!("/beds/{broken}/out"), &out).await),
        format!("/beds/{broken}")
    );
    let risks =
        [("version", "1"), ("care_level", "full_care"), ("risk_fall", "true"), ("risk_scald", "false")];
    assert_eq!(location(&manager.post_form(&format!("{page}/agree"), &risks).await), page);
    assert!(manager.page(&format!("/institutions/{home}/beds")).await.contains("7 项风险未评估"));
    let wrong = [("version", "2"), ("contract_starts_on", "2026-12-01"), ("contract_ends_on", "2026-11-01")];
    let refused = manager.post_form(&format!("{page}/agree"), &wrong).await;
    assert!(expect(refused, StatusCode::UNPROCESSABLE_ENTITY).await.contains("合同终止日期不能早于起始日期"));
    let moved =
        manager.post_form(&format!("{page}/move"), &[("version", "2"), ("bed", &free.to_string())]).await;
    assert!(location(&moved).starts_with("/stays/"));
    let stale = manager.post_form(&format!("{page}/discharge"), &[("version", "1")]).await;
    assert_eq!(stale.status(), StatusCode::CONFLICT);
});

both!(every_form_is_shown_and_names_what_it_changes, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let (bed, held, free) = (app.add_bed(1, home), app.add_bed(1, home), app.add_bed(1, home));
    let (elder, waiter) = (app.add_elder(1), app.add_elder(1));
    let stay = stay_in(app, elder, bed);
    let until = now(app) + TimeDelta::hours(4);
    let holding = Holding { whom: Whom::Elder(waiter), bed_id: held, until, note: String::new() };
    let hold = app.write(|tx| hold(tx, &holding));
    let entry = app.write(|tx| ask_for_bed(tx, &waiting(waiter, Some(home))));
    let manager = app.user("manager", Role::InstitutionManager, Place::Institution(home)).await;
    for step in ["discharge", "plan-discharge", "death", "leave", "move", "transfer", "correct", "agree"] {
        let page = manager.page(&format!("/stays/{stay}/{step}")).await;
        assert!(page.contains(&app.name_of_elder(elder)) && page.contains("name=\"version\""), "{step}");
    }
    for step in ["admit", "hold", "out"] {
        assert!(manager.page(&format!("/beds/{free}/{step}")).await.contains("<form"), "{step}");
    }
    for path in
        [format!("/holds/{hold}/release"), format!("/waiting/{entry}/jump"), "/waiting/new".to_owned()]
    {
        assert!(manager.page(&path).await.contains("<form"), "{path}");
    }
    let shown = manager.page(&format!("/waiting/{entry}")).await;
    assert!(shown.contains("合适的空床（1）") && shown.contains("目前“已入住”"), "{shown}");
    assert!(shown.contains(&format!("/beds/{free}/admit?elder={waiter}")), "one click to admit");
});

both!(the_city_sees_every_house_and_sets_the_rules, |app| async {
    app.add_towns();
    let (home, other) = (app.add_institution(1), app.add_institution(2));
    let (bed, _) = (app.add_bed(1, home), app.add_bed(2, other));
    stay_in(app, app.add_elder(1), bed);
    let city = app.user("city", Role::CityManager, Place::City).await;
    let page = city.page("/beds/city").await;
    assert!(page.contains(&format!("/institutions/{home}/beds")) && page.contains("50.0 %"), "{page}");
    assert!(page.contains("推算方法"), "the method of the forecast is stated");
    let rule = city.post_form("/beds/rules", &[("code", "licence"), ("mode", "block")]).await;
    assert_eq!(location(&rule), "/beds/city#rules");
    assert_eq!(app.audited("beds.rule").len(), 1);
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let own = lin.page("/beds/city").await;
    assert!(!own.contains(&format!("/institutions/{other}/beds")), "another town's house is absent");
    assert_eq!(lin.post_form("/beds/rules", &[("code", "risks"), ("mode", "off")]).await.status(), 403);
});
