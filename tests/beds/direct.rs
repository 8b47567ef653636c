//! Admitting directly on the pages: who, then only beds that fit, then what is agreed; and the pages of rooms and classes.

use chrono::TimeDelta;
use reqwest::StatusCode;
use songhe::access::{Place, Role};
use songhe::beds::{Going, LeaveKind, start_leave};

use super::help::{stay_in, waiting};
use crate::support::app::both;
use crate::support::client::{expect, location};
use crate::support::seed::village_code;

/// A made-up number whose last place is right: a woman, born on 1940-05-06.
/// Well-formed, and impossible as a real number: there is no region 000000.
const IDENTITY: &str = "000000194005061020";

both!(somebody_not_on_file_is_registered_and_admitted_in_two_steps, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let (bed, taken) = (app.add_bed(1, home), app.add_bed(1, home));
    stay_in(app, app.add_elder(1), taken);
    app.hand.advance(TimeDelta::minutes(5));
    let manager = app.user("manager", Role::InstitutionManager, Place::Institution(home)).await;
    let path = format!("/institutions/{home}/admit");
    assert!(manager.page(&format!("/institutions/{home}/beds")).await.contains(&path), "from the board");
    let first = manager.page(&path).await;
    assert!(first.contains("已建档的老人") && first.contains("尚未建档"), "{first}");
    let nobody = expect(manager.post_form(&path, &[("step", "who")]).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(nobody.await.contains("请填写姓名、身份证号或档案编号"));
    let village = village_code(1);
    let person = [
        ("person_name", "林秀英"),
        ("identity", IDENTITY),
        ("gender", "female"),
        ("born_on", "1940-05-06"),
        ("village", &village),
        ("phone", "13800001234"),
        ("address", "前村 12 号"),
        ("care_level", "half_care"),
    ];
    let wrong: Vec<(&str, &str)> =
        person.iter().map(|pair| if pair.0 == "gender" { ("gender", "male") } else { *pair }).collect();
    let refused = expect(manager.post_form(&path, &wrong).await, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(
        refused.contains("与身份证号不符：身份证号中的性别为女")
            && refused.contains("<details class=\"card bed-part\" open")
    );
    let second = expect(manager.post_form(&path, &person).await, StatusCode::OK).await;
    assert!(
        second.contains("林秀英") && second.contains(&format!("name=\"bed\" value=\"{bed}\"")),
        "{second}"
    );
    assert!(!second.contains(&format!("name=\"bed\" value=\"{taken}\"")), "only free beds are offered");
    assert!(second.contains("其他床位及原因（1）") && second.contains("目前“已入住”"), "{second}");
    assert_eq!(app.count("SELECT count(*) AS n FROM elders"), 1, "nothing is stored before the last step");
    let bed_text = bed.to_string();
    let mut last = person.to_vec();
    last.extend([("step", "admit"), ("risk_fall", "true"), ("risk_scald", "false")]);
    let without = expect(manager.post_form(&path, &last).await, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(
        without.contains("请从列表中选择") && without.contains("value=\"13800001234\""),
        "what was typed stays"
    );
    last.extend([("bed", bed_text.as_str()), ("contact_name", "林家属"), ("contact_phone", "13800005678")]);
    let stay = location(&manager.post_form(&path, &last).await);
    assert!(stay.starts_with("/stays/"), "{stay}");
    let shown = manager.page(&stay).await;
    assert!(shown.contains("林秀英") && shown.contains("半护理"), "{shown}");
    let sealed = "SELECT count(*) AS n FROM elders WHERE name = '林秀英' AND identity_sealed IS NOT NULL \
        AND phone_sealed IS NOT NULL AND address_sealed IS NOT NULL AND identity_index IS NOT NULL";
    assert_eq!(app.count(sealed), 1);
    assert_eq!((app.audited("elder.add").len(), app.audited("stay.admit").len()), (1, 2));
    assert!(!app.audited("elder.add")[0].1.contains(IDENTITY));
    // The same card again is somebody who is on file.
    let again = expect(manager.post_form(&path, &person).await, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(again.contains("已经建档"), "{again}");
});

both!(an_elder_on_file_is_found_by_card_number_or_name, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let bed = app.add_bed(1, home);
    let elsewhere = app.add_sealed_elder(2, IDENTITY);
    let manager = app.user("manager", Role::InstitutionManager, Place::Institution(home)).await;
    let path = format!("/institutions/{home}/admit");
    let foreign = app.name_of_elder(elsewhere);
    let by_card = expect(manager.post_form(&path, &[("elder", IDENTITY)]).await, StatusCode::OK).await;
    assert!(
        by_card.contains("000000********1020") && !by_card.contains(&foreign),
        "no more than the card says"
    );
    assert_eq!(app.audited("elder.look_up").len(), 1);
    let number = elsewhere.to_string();
    let beyond = manager.post_form(&path, &[("elder", &number)]).await;
    assert_eq!(beyond.status(), 422, "a record number of anywhere is no key");
    let by_name = manager.post_form(&path, &[("elder", foreign.as_str())]).await;
    assert!(expect(by_name, StatusCode::UNPROCESSABLE_ENTITY).await.contains("管辖范围内没有这个姓名"));
    // Two of one name within reach: they wait for this house.
    let (one, two) = (app.add_elder(1), app.add_elder(1));
    app.taken(&format!("UPDATE elders SET name = '洪阿水' WHERE id = {one}"));
    app.taken(&format!("UPDATE elders SET name = '洪阿水' WHERE id = {two}"));
    for elder in [one, two] {
        app.write(|tx| songhe::beds::ask_for_bed(tx, &waiting(elder, Some(home))));
    }
    let same = manager.post_form(&path, &[("elder", "洪阿水"), ("care_level", "half_care")]).await;
    let same = expect(same, StatusCode::UNPROCESSABLE_ENTITY).await;
    let choice = format!("{path}?elder={two}&#38;care_level=half_care");
    assert!(same.contains(&choice) || same.contains(&choice.replace("&#38;", "&amp;")), "{same}");
    let chosen = manager.page(&format!("{path}?elder={two}&bed={bed}")).await;
    assert!(chosen.contains("洪阿水") && chosen.contains(&format!("value=\"{bed}\" checked")), "{chosen}");
    let fields = [("step", "admit"), ("elder", &two.to_string()), ("bed", &bed.to_string())];
    assert!(location(&manager.post_form(&path, &fields).await).starts_with("/stays/"));
    assert_eq!(app.count("SELECT count(*) AS n FROM waiting_entries WHERE state = 'admitted'"), 1);
});

both!(a_house_is_furnished_on_the_pages, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let manager = app.user("manager", Role::InstitutionManager, Place::Institution(home)).await;
    let board = manager.page(&format!("/institutions/{home}/beds")).await;
    assert!(board.contains("请先新增房间") && board.contains("/rooms/new"), "an empty house says what to do");
    let rooms = format!("/institutions/{home}/rooms");
    assert!(manager.page(&rooms).await.contains("还没有房间"));
    let new = [
        ("building", "1号楼"),
        ("floor", "2"),
        ("number", "201"),
        ("gender_rule", "female"),
        ("couple_room", "true"),
        ("beds", "2"),
        ("bed_kind", "nursing"),
    ];
    let room = location(&manager.post_form(&format!("{rooms}/new"), &new).await);
    let twice = manager.post_form(&format!("{rooms}/new"), &new).await;
    assert!(expect(twice, StatusCode::UNPROCESSABLE_ENTITY).await.contains("该楼栋已有房间“201”"));
    assert!(manager.page(&rooms).await.contains("夫妻房"));
    let edit = manager.page(&format!("{room}/edit")).await;
    assert!(edit.contains("value=\"201\"") && edit.contains("name=\"version\" value=\"1\""), "{edit}");
    let label = [("label", "3"), ("kind", "dementia")];
    assert_eq!(location(&manager.post_form(&format!("{room}/beds/new"), &label).await), room);
    let bed = app.count("SELECT id AS n FROM beds WHERE label = '3'");
    let close = [("version", "1"), ("reason", "改作他用")];
    assert_eq!(
        location(&manager.post_form(&format!("/beds/{bed}/close"), &close).await),
        format!("/beds/{bed}")
    );
    let shown = manager.page(&format!("/beds/{bed}")).await;
    assert!(shown.contains("撤销") && shown.contains(&format!("/beds/{bed}/reopen")), "{shown}");
    assert!(!shown.contains(&format!("/beds/{bed}/out")), "nothing else can be done with it");
    let licence = [
        ("version", "1"),
        ("name", "改名的养老院"),
        ("town_code", "350582001"),
        ("kind", "public"),
        ("state", "operating"),
        ("longitude", "118.55"),
        ("latitude", "24.82"),
        ("licence_starts_on", "2021-01-01"),
        ("licence_ends_on", "2025-12-31"),
    ];
    let saved = manager.post_form(&format!("/institutions/{home}"), &licence).await;
    assert_eq!(location(&saved), format!("/institutions/{home}"));
    let house = manager.page(&format!("/institutions/{home}")).await;
    assert!(house.contains("2021-01-01 – 2025-12-31") && house.contains("已过期"), "{house}");
});

both!(the_city_orders_the_classes_and_maps_the_houses, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let beds: Vec<i64> = (0..6).map(|_| app.add_bed(1, home)).collect();
    stay_in(app, app.add_elder(1), beds[0]);
    app.taken(&format!("UPDATE institutions SET kind = 'village_home' WHERE id = {home}"));
    let city = app.user("city", Role::CityManager, Place::City).await;
    let page = city.page("/beds/city").await;
    assert!(
        page.contains("data-src=\"/beds/map.json\"") && page.contains("GB 38600 的九项安全风险"),
        "{page}"
    );
    let map = city.get_json("/beds/map.json").await;
    let layers = map["layers"].as_array().unwrap();
    let idle = layers.iter().find(|layer| layer["key"] == "idle").unwrap();
    assert_eq!(idle["points"][0]["href"], format!("/institutions/{home}/beds"), "{map}");
    assert!(idle["points"][0]["note"].as_str().unwrap().contains("尚未确认"), "a figure shows its age");
    let shapes: std::collections::BTreeSet<&str> =
        layers.iter().map(|layer| layer["shape"].as_str().unwrap()).collect();
    assert_eq!(shapes.len(), layers.len(), "colour is not needed to tell them apart");
    assert!(city.page("/waiting-classes").await.contains("特困人员"));
    let new = [
        ("code", "veteran"),
        ("name_zh", "优抚对象"),
        ("name_en", "Veterans"),
        ("after", "extreme_hardship"),
    ];
    assert_eq!(location(&city.post_form("/waiting-classes", &new).await), "/waiting-classes");
    let edit = city.page("/waiting-classes/veteran").await;
    assert!(edit.contains("<option value=\"extreme_hardship\" selected>"), "{edit}");
    let manager = app.user("manager", Role::InstitutionManager, Place::Institution(home)).await;
    assert!(!manager.page("/waiting-classes").await.contains("/waiting-classes/veteran"), "only to read");
    assert_eq!(manager.status("/waiting-classes/veteran").await, 403);
});

both!(the_timeline_tells_leaves_by_pattern_and_word, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let (bed, home_bed) = (app.add_bed(1, home), app.add_bed(1, home));
    let (ill, visiting) = (stay_in(app, app.add_elder(1), bed), stay_in(app, app.add_elder(1), home_bed));
    app.hand.advance(TimeDelta::hours(1));
    let due = Some(app.app.clock.now() + TimeDelta::days(5));
    let going = |kind| Going { kind, from: None, due, note: String::new(), reason: String::new() };
    app.write(|tx| start_leave(tx, ill, 1, &going(LeaveKind::Hospital)));
    app.write(|tx| start_leave(tx, visiting, 1, &going(LeaveKind::Home)));
    let manager = app.user("manager", Role::InstitutionManager, Place::Institution(home)).await;
    let page = manager.page(&format!("/institutions/{home}/beds?view=timeline")).await;
    for (class, word) in [("hospital", "住院"), ("leave", "回家")] {
        assert!(page.contains(&format!("class=\"period {class}\"")), "{class}: {page}");
        assert!(page.contains(&format!("fill=\"url(#bed-{class})\"")), "{class}");
        assert!(page.contains(word), "{word}: {page}");
    }
    assert!(page.contains("预计 2026-11-28"), "when they are expected back");
    let name = app.name_of_elder(1);
    let found = manager.get(&format!("/institutions/{home}/beds?view=timeline&q={name}")).await;
    assert!(location(&found).contains("?view=timeline#bed-"), "the search stays on the timeline");
});
