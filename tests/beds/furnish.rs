//! Furnishing houses: rooms and beds come and go, but not under those who live there; classes of the waiting list are data.

use chrono::TimeDelta;
use serde_json::json;
use songhe::access::{Place, Role, Scope};
use songhe::beds::store;
use songhe::beds::{
    Admission, BedInput, BedKind, ClassInput, GenderRule, Holding, RoomInput, Whom, add_bed, add_class,
    add_room, admit, ask_for_bed, change_bed, change_class, change_room, close_bed, close_room, discharge,
    hold, jump, reopen_bed, reopen_room,
};
use songhe::error::Code;
use songhe::listing::ListRequest;
use songhe::text::Lang;

use super::help::{counts, field, manager, now, refusal, stay_in, try_write, waiting};
use crate::support::app::{TestApp, both};

fn room(number: &str) -> RoomInput {
    RoomInput {
        building: "1号楼".into(),
        floor: 1,
        number: number.into(),
        gender_rule: GenderRule::Any,
        couple_room: false,
        isolation_room: false,
    }
}

fn bed(label: &str, kind: BedKind) -> BedInput {
    BedInput { label: label.into(), kind }
}

fn beds_in(app: &TestApp, room: i64) -> Vec<i64> {
    app.read(|connection| store::beds_of_room(connection, room)).into_iter().map(|bed| bed.id).collect()
}

both!(a_room_is_added_with_its_beds_and_changed_by_who_runs_the_house, |app| async {
    app.add_towns();
    let (home, other) = (app.add_institution(1), app.add_institution(2));
    let (own, foreign) = (manager(1, home), manager(2, other));
    let add = |scope: &Scope, input: &RoomInput, beds| {
        app.app.write_now(scope, |tx| add_room(tx, home, input, (beds, BedKind::Nursing)))
    };
    assert_eq!(refusal(add(&foreign, &room("901"), 2)).code, Code::NotFound, "another house");
    let id = add(&own, &room("901"), 3).unwrap();
    assert_eq!((beds_in(app, id).len(), counts(app).beds()), (3, 3));
    assert_eq!(field(&refusal(add(&own, &room("901"), 1))), "number", "once in a building");
    assert_eq!(field(&refusal(add(&own, &room("902"), 21))), "beds");
    assert_eq!(counts(app).beds(), 3, "a refusal changes nothing");
    let change = |seen, input: &RoomInput| app.app.write_now(&own, |tx| change_room(tx, id, seen, input));
    change(1, &RoomInput { gender_rule: GenderRule::Female, ..room("903") }).unwrap();
    let late = refusal(change(1, &room("904")));
    assert_eq!((late.code, late.conflict.unwrap().who), (Code::Stale, "manager1".to_owned()));
    let again = refusal(app.app.write_now(&own, |tx| add_bed(tx, id, &bed("2", BedKind::SelfCare))));
    assert_eq!(field(&again), "label");
    app.app.write_now(&own, |tx| add_bed(tx, id, &bed("4", BedKind::SelfCare))).unwrap();
    assert_eq!(counts(app).beds(), 4);
    for (action, rows) in [("room.add", 1), ("room.change", 1), ("bed.add", 1)] {
        assert_eq!(app.audited(action).len(), rows, "{action}");
    }
});

both!(what_is_lived_in_held_or_booked_is_neither_closed_nor_changed_in_kind, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let id = app.write(|tx| add_room(tx, home, &room("901"), (2, BedKind::Nursing)));
    let [first, second] = beds_in(app, id)[..] else { panic!("two beds") };
    let (elder, other) = (app.add_elder(1), app.add_elder(1));
    let stay = stay_in(app, elder, first);
    let name = app.name_of_elder(elder);
    let lived_in = refusal(try_write(app, |tx| close_bed(tx, first, 1, "改造")));
    assert_eq!(lived_in.code, Code::Taken);
    assert!(lived_in.text.to(Lang::Chinese).contains(&name), "{}", lived_in.text.to(Lang::Chinese));
    let kind = refusal(try_write(app, |tx| change_bed(tx, first, 1, &bed("1", BedKind::Dementia))));
    assert_eq!(kind.code, Code::Taken);
    app.write(|tx| change_bed(tx, first, 1, &bed("A", BedKind::Nursing)));
    assert_eq!(refusal(try_write(app, |tx| close_room(tx, id, 1, "改造"))).code, Code::Taken);
    let until = now(app) + TimeDelta::hours(4);
    let holding = Holding { whom: Whom::Elder(other), bed_id: second, until, note: String::new() };
    app.write(|tx| hold(tx, &holding));
    assert_eq!(refusal(try_write(app, |tx| close_bed(tx, second, 1, "改造"))).code, Code::Taken);
    // Men do not live in a women's room, and nobody in an isolation room who need not be kept apart.
    for (wrong, name) in [
        (RoomInput { gender_rule: GenderRule::Female, ..room("901") }, "gender_rule"),
        (RoomInput { isolation_room: true, ..room("901") }, "isolation_room"),
    ] {
        assert_eq!(field(&refusal(try_write(app, |tx| change_room(tx, id, 1, &wrong)))), name);
    }
    // The database has the last word.
    app.refused(&format!("UPDATE beds SET closed_at = '2026-11-23 00:00:00.000' WHERE id = {first}"));
    app.refused(&format!("UPDATE beds SET kind = 'dementia' WHERE id = {first}"));
    app.refused(&format!("UPDATE rooms SET closed_at = '2026-11-23 00:00:00.000' WHERE id = {id}"));
    app.hand.advance(TimeDelta::hours(5));
    app.write(|tx| discharge(tx, stay, 1, &songhe::beds::Departure::default()));
    let bare = refusal(try_write(app, |tx| close_room(tx, id, 1, " ")));
    assert_eq!((bare.code, field(&bare)), (Code::Invalid, "reason"));
    app.write(|tx| close_room(tx, id, 1, "改造"));
    assert_eq!(counts(app).beds(), 0, "closed beds are no beds");
    assert!(app.audited("bed.close").len() == 2 && app.audited("room.close")[0].1.contains("改造"));
});

both!(a_closed_bed_takes_nobody_and_can_be_opened_again, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let id = app.write(|tx| add_room(tx, home, &room("901"), (1, BedKind::Nursing)));
    let only = beds_in(app, id)[0];
    let elder = app.add_elder(1);
    app.write(|tx| close_room(tx, id, 1, "消防整改"));
    let closed = refusal(try_write(app, |tx| admit(tx, &Admission::now(Whom::Elder(elder), only))));
    assert!(closed.code == Code::IllegalMove && closed.text.to(Lang::Chinese).contains("撤销"));
    app.refused(&format!(
        "INSERT INTO stays (bed_id, elder_id, institution_id, town_code, starts_at) SELECT id, {elder}, institution_id, \
         town_code, '2026-11-23 00:30:00.000' FROM beds WHERE id = {only}"
    ));
    app.refused(&format!(
        "INSERT INTO beds (room_id, institution_id, town_code, label, kind) SELECT room_id, institution_id, town_code, \
         'Z', kind FROM beds WHERE id = {only}"
    ));
    let alone = refusal(try_write(app, |tx| reopen_bed(tx, only, 2)));
    assert_eq!(alone.code, Code::IllegalMove, "its room is closed");
    assert_eq!(
        refusal(try_write(app, |tx| add_bed(tx, id, &bed("2", BedKind::Nursing)))).code,
        Code::IllegalMove
    );
    app.write(|tx| reopen_room(tx, id, 2));
    app.write(|tx| reopen_bed(tx, only, 2));
    assert_eq!(refusal(try_write(app, |tx| reopen_bed(tx, only, 3))).code, Code::IllegalMove);
    stay_in(app, elder, only);
    assert_eq!((counts(app).occupied, counts(app).beds()), (1, 1));
});

fn class(after: Option<&str>) -> ClassInput {
    ClassInput {
        name_zh: "优抚对象".into(),
        name_en: "Veterans".into(),
        confirmed: true,
        retired: false,
        after: after.map(str::to_owned),
    }
}

fn codes(app: &TestApp) -> Vec<String> {
    app.read(store::all_classes).into_iter().map(|class| class.code).collect()
}

fn line(app: &TestApp) -> Vec<i64> {
    let (at, request) = (now(app), ListRequest { limit: 100, ..ListRequest::default() });
    let rows = app.read(|connection| store::list_entries(connection, &Scope::system(), &request, at)).rows;
    rows.into_iter().map(|row| row.entry.elder_id).collect()
}

both!(classes_are_put_in_order_and_jumps_follow_their_class, |app| async {
    app.add_towns();
    let elders: Vec<i64> = (0..3).map(|_| app.add_elder(1)).collect();
    let ask = |elder: i64, class: &str| {
        let asked = songhe::beds::Waiting { class_code: Some(class.to_owned()), ..waiting(elder, None) };
        app.write(|tx| ask_for_bed(tx, &asked))
    };
    let (lone, old, general) =
        (ask(elders[0], "lone"), ask(elders[1], "very_old"), ask(elders[2], "general"));
    app.write(|tx| jump(tx, general, 1, old, "出院无人照料"));
    assert_eq!(line(app), [elders[0], elders[2], elders[1]]);
    app.write(|tx| add_class(tx, "veteran", &class(Some("extreme_hardship"))));
    assert_eq!(codes(app)[..3], ["extreme_hardship", "veteran", "minimum_living"]);
    // Very old before lone: who jumped in front of one who is very old comes along.
    let row = app.read(store::all_classes).into_iter().find(|class| class.code == "very_old").unwrap();
    let moved = ClassInput {
        name_zh: row.name_zh,
        name_en: row.name_en,
        confirmed: true,
        retired: false,
        after: Some("veteran".into()),
    };
    app.write(|tx| change_class(tx, "very_old", 1, &moved));
    assert_eq!(line(app), [elders[2], elders[1], elders[0]]);
    let late = refusal(try_write(app, |tx| change_class(tx, "very_old", 1, &moved)));
    assert_eq!(late.code, Code::Stale);
    assert!(lone > 0 && app.audited("class.change")[0].1.contains("veteran"));
    app.refused("UPDATE waiting_classes SET rank = 10");
});

both!(a_class_in_use_stays_and_the_classes_are_the_citys, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    let asked = songhe::beds::Waiting { class_code: Some("lone".into()), ..waiting(elder, None) };
    let entry = app.write(|tx| ask_for_bed(tx, &asked));
    let retired = ClassInput { retired: true, ..class(Some("bereaved")) };
    let in_use = refusal(try_write(app, |tx| change_class(tx, "lone", 1, &retired)));
    assert_eq!((in_use.code, field(&in_use)), (Code::Invalid, "retired"));
    app.refused("UPDATE waiting_classes SET retired = TRUE WHERE code = 'lone'");
    app.write(|tx| songhe::beds::withdraw(tx, entry, 1, "已搬走"));
    app.write(|tx| change_class(tx, "lone", 1, &retired));
    let gone = refusal(try_write(app, |tx| ask_for_bed(tx, &asked)));
    assert_eq!((gone.code, field(&gone)), (Code::Invalid, "class"));
    app.refused(&format!(
        "INSERT INTO waiting_entries (elder_id, town_code, class_code, place, state, note, asked_at) SELECT id, \
         town_code, 'lone', 9, 'waiting', '', '2026-11-23 00:00:00.000' FROM elders WHERE id = {elder}"
    ));
    for (code, input, name) in [
        ("lone", class(None), "code"),
        ("Veteran", class(None), "code"),
        ("veteran", ClassInput { name_zh: String::new(), ..class(None) }, "name_zh"),
        ("veteran", class(Some("unknown")), "after"),
    ] {
        assert_eq!(field(&refusal(try_write(app, |tx| add_class(tx, code, &input)))), name, "{code}");
    }
    let denied = app.app.write_now(&manager(3, 1), |tx| add_class(tx, "veteran", &class(None)));
    assert_eq!(refusal(denied).code, Code::Forbidden);
});

both!(a_closed_bed_is_closed_everywhere_and_in_no_count, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let (open, closed) = (app.add_bed(1, home), app.add_bed(1, home));
    app.write(|tx| close_bed(tx, closed, 1, "改造"));
    let manager = app.user("guan", Role::InstitutionManager, Place::Institution(home)).await;
    let wang = app.user("wang", Role::CityManager, Place::City).await;
    let ids = async |query: &str| -> Vec<i64> {
        let listed = manager.get_json(&format!("/api/v1/beds?{query}")).await;
        listed["items"].as_array().unwrap().iter().map(|bed| bed["id"].as_i64().unwrap()).collect()
    };
    let bed = manager.get_json(&format!("/api/v1/beds/{closed}")).await;
    assert_eq!((&bed["state"], bed["closed_at"].is_string()), (&json!("closed"), true), "{bed}");
    assert_eq!(manager.get_json(&format!("/api/v1/beds/{open}")).await["state"], "free");
    for (query, wanted) in [
        ("", vec![open]),
        ("state=free", vec![open]),
        ("state=closed", vec![closed]),
        ("closed=true", vec![closed]),
        ("closed=true&state=free", vec![]),
        ("closed=true&state=occupied", vec![]),
    ] {
        assert_eq!(ids(query).await, wanted, "{query}");
    }
    assert_eq!((counts(app).beds(), counts(app).free), (1, 1), "the sum of the states is the open beds");
    let house = manager.get_json("/api/v1/occupancy").await;
    let city = wang.get_json("/api/v1/occupancy").await;
    for figures in [house, city] {
        let figures = &figures["items"][0]["counts"];
        assert_eq!((&figures["free"], &figures["beds"]), (&json!(1), &json!(1)), "{figures}");
    }
    let page = manager.page(&format!("/beds/{closed}?lang=en")).await;
    assert!(page.contains("Closed on") && !page.contains("chip ok"), "{page}");
    let list = manager.page("/beds?state=closed&lang=en").await;
    assert!(list.contains("Closed") && list.contains(&format!("/beds/{closed}")), "{list}");
    let board = manager.page(&format!("/institutions/{home}/beds")).await;
    assert!(
        board.contains(&format!("id=\"bed-{open}\"")) && !board.contains(&format!("id=\"bed-{closed}\""))
    );
});
