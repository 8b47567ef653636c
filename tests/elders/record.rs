//! Registering elders and changing their records: the rules of an identity number, one record for one person, conflicts.

use diesel::prelude::*;
use reqwest::StatusCode;
use songhe::access::{Place, Role};
use songhe::db::schema::elders;

use crate::support::app::{TestApp, both};
use crate::support::client::{expect, location};
use crate::support::seed::{town, town_code, village_code};

type Fields<'a> = Vec<(&'a str, String)>;

/// Well-formed and of no region: a woman of 31 December 1949.
pub const NUMBER: &str = "00000019491231006X";

pub fn fields<'a>(village: &str, number: &str) -> Fields<'a> {
    [
        ("name", "测试老人"),
        ("identity", number),
        ("phone", "13800001234"),
        ("village_code", village),
        ("address", "前村 12 号"),
        ("door_note", "院内有狗"),
        ("longitude", "118.55"),
        ("latitude", "24.82"),
        ("coordinate_source", "wgs84"),
        ("home_visits", "true"),
        ("languages", "minnan"),
    ]
    .into_iter()
    .map(|(name, value)| (name, value.to_owned()))
    .collect()
}

pub fn with<'a>(mut fields: Fields<'a>, name: &'a str, value: &str) -> Fields<'a> {
    fields.retain(|(known, _)| *known != name);
    fields.push((name, value.to_owned()));
    fields
}

pub fn sent<'a>(fields: &'a Fields<'a>) -> Vec<(&'a str, &'a str)> {
    fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

#[derive(Debug, PartialEq, Queryable)]
struct Stored {
    name: String,
    town_code: String,
    gender: String,
    born_on: chrono::NaiveDate,
    sealed: (Option<Vec<u8>>, Option<Vec<u8>>),
    place: (f64, f64, String),
    version: i64,
}

fn stored(app: &TestApp) -> Vec<Stored> {
    app.read(|connection| {
        Ok(elders::table
            .order(elders::id)
            .select((
                elders::name,
                elders::town_code,
                elders::gender,
                elders::born_on,
                (elders::identity_sealed, elders::door_note_sealed),
                (elders::longitude, elders::latitude, elders::coordinate_source),
                elders::version,
            ))
            .load(connection)?)
    })
}

both!(an_elder_is_registered_sealed_and_masked, |app| async {
    app.add_towns();
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    assert!(lin.page("/elders/new").await.contains("name=\"identity\""));
    let path = location(&lin.post_form("/elders", &sent(&fields(&village_code(1), NUMBER))).await);
    let row = &stored(app)[0];
    assert_eq!((row.gender.as_str(), row.born_on.to_string().as_str()), ("female", "1949-12-31"));
    assert_eq!(row.town_code, town_code(1));
    let sealed = [row.sealed.0.clone().unwrap(), row.sealed.1.clone().unwrap()].concat();
    assert!(!String::from_utf8_lossy(&sealed).contains("19491231"));
    for page in [lin.page(&path).await, lin.page(&format!("{path}/edit")).await] {
        for clear in [NUMBER, "13800001234", "前村 12 号", "院内有狗"] {
            assert!(!page.contains(clear), "{clear}");
        }
    }
    let clear = expect(lin.post_form(&format!("{path}/personal"), &[]).await, StatusCode::OK).await;
    assert!(
        clear.contains(NUMBER) && clear.contains("院内有狗") && clear.contains("tel:13800001234"),
        "{clear}"
    );
    let written = app.audited("elder.add");
    assert!(written.len() == 1 && !written[0].1.contains("19491231") && !written[0].1.contains("1380000"));
});

both!(a_broken_rule_names_its_field_in_both_languages_and_changes_nothing, |app| async {
    app.add_towns();
    let known = app.add_elder(1);
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let before = stored(app);
    for (name, value, chinese, english) in [
        ("identity", "000000194912310060", "校验位不正确", "check sign"),
        ("identity", "00000019491331006X", "出生日期不存在", "is no day"),
        ("identity", "0000001949123100", "18 位", "18 places"),
        ("born_on", "1949-12-30", "1949-12-31", "1949-12-31"),
        ("gender", "male", "性别为女", "says Female"),
        ("phone", "12345", "11 位手机号", "mobile number of 11 digits"),
        ("longitude", "24.8", "73 至 136", "from 73 to 136"),
        ("name", "", "请填写", "is required"),
        ("village_code", &village_code(2), "不在您的管辖范围内", "outside your area"),
        ("village_code", "350582999999", "请选择村", "village"),
        ("gender_wish_hard", "true", "请选择要求", "Choose a wish"),
    ] {
        for (lang, rule) in [("zh-CN", chinese), ("en", english)] {
            let form = with(with(fields(&village_code(1), NUMBER), name, value), "version", "1");
            for path in ["/elders".to_owned(), format!("/elders/{known}")] {
                let answer = lin.post_form(&format!("{path}?lang={lang}"), &sent(&form)).await;
                let page = expect(answer, StatusCode::UNPROCESSABLE_ENTITY).await;
                assert!(page.contains(rule), "{name}={value} {lang} {path}: {page}");
            }
        }
    }
    assert_eq!(stored(app), before);
});

both!(one_person_has_one_record_in_the_city, |app| async {
    app.add_towns();
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let hong = app.user("hong", Role::Coordinator, town(2)).await;
    let path = location(&lin.post_form("/elders", &sent(&fields(&village_code(1), NUMBER))).await);
    let again = lin.post_form("/elders", &sent(&fields(&village_code(1), &NUMBER.to_lowercase()))).await;
    let again = expect(again, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(again.contains(&format!("href=\"{path}\"")) && again.contains("测试老人"), "{again}");
    // From another town: that there is one, and nothing of whose.
    let form = with(fields(&village_code(2), NUMBER), "name", "别名甲");
    let foreign = hong.post_form("/elders?lang=en", &sent(&form)).await;
    let foreign = expect(foreign, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(foreign.contains("registered elsewhere") && !foreign.contains("测试老人"), "{foreign}");
    assert!(!foreign.contains(&format!("\"{path}\"")), "{foreign}");
    // Another record cannot take the number either.
    let other = app.add_elder(2);
    let form = with(form, "version", "1");
    let changed = hong.post_form(&format!("/elders/{other}"), &sent(&form)).await;
    expect(changed, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert_eq!(stored(app).len(), 2);
    // Each try is written down, without the number.
    let tries = app.audited("elder.look_up");
    assert_eq!(tries.len(), 3, "{tries:?}");
    assert!(tries.iter().all(|(_, detail)| !detail.contains("19491231")));
});

both!(sealed_values_stay_are_replaced_or_removed, |app| async {
    app.add_towns();
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let path = location(&lin.post_form("/elders", &sent(&fields(&village_code(1), NUMBER))).await);
    let reveal = async || expect(lin.post_form(&format!("{path}/personal"), &[]).await, StatusCode::OK).await;
    let mut form = fields(&village_code(1), "");
    for name in ["phone", "address", "door_note"] {
        form = with(form, name, "");
    }
    let form = with(with(form, "born_on", "1949-12-31"), "gender", "female");
    location(&lin.post_form(&path, &sent(&with(form.clone(), "version", "1"))).await);
    let clear = reveal().await;
    assert!(
        clear.contains(NUMBER) && clear.contains("13800001234") && clear.contains("前村 12 号"),
        "{clear}"
    );
    let removed = with(with(form.clone(), "remove_phone", "true"), "version", "2");
    location(&lin.post_form(&path, &sent(&removed)).await);
    assert!(!reveal().await.contains("13800001234"));
    // The number on file and the rest of the record must say the same.
    let wrong = with(with(form, "born_on", "1950-01-01"), "version", "3");
    let answer = expect(lin.post_form(&path, &sent(&wrong)).await, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(answer.contains("1949-12-31"), "{answer}");
    assert_eq!(stored(app)[0].version, 3);
});

both!(the_second_to_save_a_record_is_shown_who_changed_what, |app| async {
    app.add_towns();
    let (lin, wu) = (
        app.user("lin", Role::Coordinator, town(1)).await,
        app.user("wu", Role::Coordinator, Place::City).await,
    );
    let path = location(&lin.post_form("/elders", &sent(&fields(&village_code(1), NUMBER))).await);
    let won = with(with(fields(&village_code(1), NUMBER), "name", "改名后"), "version", "1");
    location(&lin.post_form(&path, &sent(&won)).await);
    let before = stored(app);
    let lost = with(fields(&village_code(1), NUMBER), "version", "1");
    let page = expect(wu.post_form(&path, &sent(&lost)).await, StatusCode::CONFLICT).await;
    assert!(page.contains("lin") && page.contains("改名后"), "{page}");
    assert_eq!(stored(app), before);
});

both!(who_sees_elders_does_not_edit_them, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    let duty = app.user("duty", Role::DutyOfficer, Place::City).await;
    assert!(!duty.page(&format!("/elders/{elder}")).await.contains("/edit"));
    assert_eq!(duty.status(&format!("/elders/{elder}/edit")).await, 403);
    assert_eq!(duty.status("/elders/new").await, 403);
    let hong = app.user("hong", Role::Coordinator, town(2)).await;
    assert_eq!(hong.status(&format!("/elders/{elder}/edit")).await, 404);
    assert_eq!(hong.status(&format!("/elders/{elder}/contacts/new")).await, 404);
    let answer = hong
        .post_form(
            &format!("/elders/{elder}/contacts"),
            &[("call_order", "1"), ("contact_name", "甲"), ("relation", "child")],
        )
        .await;
    assert_eq!(answer.status(), 404);
});

both!(a_house_edits_the_records_of_those_who_live_there, |app| async {
    app.add_towns();
    let (home, other) = (app.add_institution(1), app.add_institution(1));
    let bed = app.add_bed(1, home);
    let elder = app.add_elder(2);
    let manager = app.user("manager", Role::InstitutionManager, Place::Institution(home)).await;
    let stranger = app.user("stranger", Role::InstitutionManager, Place::Institution(other)).await;
    let path = format!("/elders/{elder}/edit");
    assert_eq!(manager.status(&path).await, 404);
    app.taken(&format!(
        "INSERT INTO stays (bed_id, elder_id, institution_id, town_code, starts_at) \
         VALUES ({bed}, {elder}, {home}, '350582001', '2026-01-01 00:00:00.000')"
    ));
    assert_eq!((manager.status(&path).await, stranger.status(&path).await), (200, 404));
    app.taken("UPDATE stays SET ends_at = '2026-11-01 00:00:00.000', ending = 'discharge'");
    assert_eq!(manager.status(&path).await, 404, "who has left is seen for thirty days and not edited");
    assert_eq!(manager.status(&format!("/elders/{elder}")).await, 200);
});

both!(where_nobody_has_found_the_house_the_village_counts, |app| async {
    app.add_towns();
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let unplaced = with(with(fields(&village_code(1), NUMBER), "longitude", ""), "latitude", "");
    let one = with(unplaced.clone(), "latitude", "24.8");
    let answer = lin.post_form("/elders?lang=en", &sent(&one)).await;
    let page = expect(answer, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(page.contains("Give longitude and latitude, or neither"), "{page}");
    let path = location(&lin.post_form("/elders", &sent(&unplaced)).await);
    let village: (f64, f64) = app.read(|connection| {
        use songhe::db::schema::villages;
        let row = villages::table.filter(villages::code.eq(village_code(1)));
        Ok(row.select((villages::longitude, villages::latitude)).first(connection)?)
    });
    let place = |app: &TestApp| (stored(app)[0].place.0, stored(app)[0].place.1);
    assert_eq!(place(app), village);
    let found = with(fields(&village_code(1), NUMBER), "version", "1");
    location(&lin.post_form(&path, &sent(&found)).await);
    assert_eq!(place(app), (118.55, 24.82));
    let kept = with(unplaced, "version", "2");
    location(&lin.post_form(&path, &sent(&kept)).await);
    assert_eq!(place(app), (118.55, 24.82), "an empty field keeps what is on file");
});

both!(a_program_registers_and_changes_an_elder, |app| async {
    app.add_towns();
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let body = serde_json::json!({
        "name": "测试老人", "gender": null, "born_on": null, "village_code": village_code(1), "identity": NUMBER,
        "phone": "0595-85680000", "address": "前村 12 号", "door_note": null, "home_visits": true,
        "longitude": 118.556_87, "latitude": 24.817_2, "coordinate_source": "gcj02", "languages": ["minnan"],
        "gender_wish": "female", "gender_wish_hard": true, "language_wish": null, "language_wish_hard": false,
    });
    let made = lin.send_json(reqwest::Method::POST, "/api/v1/elders", &body).await;
    let made: serde_json::Value = serde_json::from_str(&expect(made, StatusCode::CREATED).await).unwrap();
    assert_eq!((&made["born_on"], &made["gender"]), (&"1949-12-31".into(), &"female".into()));
    assert_eq!(made["identity_masked"], "000000********006X");
    let row = &stored(app)[0];
    // The offset of the maps is some 500 m here.
    assert!(
        (0.003..0.008).contains(&(118.556_87 - row.place.0)) && row.place.2 == "gcj02",
        "{:?}",
        row.place
    );
    let address = format!("/api/v1/elders/{}", made["id"]);
    let again = lin.send_json(reqwest::Method::POST, "/api/v1/elders", &body).await;
    assert_eq!(again.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let patch = serde_json::json!({ "version": 1, "name": "改名后" });
    let changed = lin.send_json(reqwest::Method::PATCH, &address, &patch).await;
    let changed: serde_json::Value = serde_json::from_str(&expect(changed, StatusCode::OK).await).unwrap();
    assert_eq!((&changed["name"], &changed["version"]), (&"改名后".into(), &2.into()));
    // Coordinates that were not sent stay, and so does where they came from.
    assert_eq!(stored(app)[0].place, row.place);
    let stale = lin.send_json(reqwest::Method::PATCH, &address, &patch).await;
    assert_eq!(stale.status(), StatusCode::CONFLICT);
});
