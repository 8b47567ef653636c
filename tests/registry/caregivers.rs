//! Caregivers: shifts over midnight, the sealed phone and who looked at it, conflicts.

use diesel::prelude::*;
use reqwest::StatusCode;
use songhe::access::{Role, store as access_store};
use songhe::db::schema::caregivers;

use super::add_people;
use crate::support::app::{TestApp, both};
use crate::support::client::{expect, location};
use crate::support::seed::{town, town_code};

type Fields<'a> = Vec<(&'a str, &'a str)>;

const PHONE: &str = "13900000001";

fn fields<'a>(provider: &'a str, phone: &'a str, version: &'a str) -> Fields<'a> {
    vec![
        ("name", "测试甲"),
        ("gender", "female"),
        ("provider_id", provider),
        ("town_code", town_code(1)),
        ("phone", phone),
        ("skills", "health"),
        ("skills", "daily"),
        ("languages", "minnan"),
        ("shift_days", "1"),
        ("shift_days", "2"),
        ("shift_days", "3"),
        ("shift_starts_min", "22:00"),
        ("shift_ends_min", "06:00"),
        ("travel_mode", "e_bike"),
        ("longitude", "118.55"),
        ("latitude", "24.82"),
        ("active", "true"),
        ("version", version),
    ]
}

fn with<'a>(mut fields: Fields<'a>, name: &'a str, value: &'a str) -> Fields<'a> {
    fields.retain(|(known, _)| *known != name);
    fields.push((name, value));
    fields
}

#[derive(Debug, PartialEq, Queryable)]
struct Stored {
    name: String,
    phone_sealed: Option<Vec<u8>>,
    skills: String,
    shift: (i32, i32),
    version: i64,
}

fn stored(app: &TestApp) -> Vec<Stored> {
    app.read(|connection| {
        Ok(caregivers::table
            .order(caregivers::id)
            .select((
                caregivers::name,
                caregivers::phone_sealed,
                caregivers::skills,
                (caregivers::shift_starts_min, caregivers::shift_ends_min),
                caregivers::version,
            ))
            .load(connection)?)
    })
}

/// Details of the audit rows of caregivers, with the action in front.
fn audited(app: &TestApp, id: &str) -> Vec<String> {
    let rows = app.read(|connection| access_store::rows_of(connection, "caregiver", id));
    rows.into_iter().map(|row| format!("{} {} {}", row.actor, row.action, row.detail)).collect()
}

both!(the_phone_is_sealed_masked_and_its_reading_written_down, |app| async {
    add_people(app);
    let provider = app.add_provider(1).to_string();
    let lin = app.login("lin").await;
    let path = location(&lin.post_form("/caregivers", &fields(&provider, PHONE, "")).await);
    let id = path.rsplit('/').next().unwrap();
    let found = stored(app);
    assert_eq!((found[0].skills.as_str(), found[0].shift), ("daily,health", (1320, 1800)));
    let sealed = found[0].phone_sealed.clone().unwrap();
    assert!(!String::from_utf8_lossy(&sealed).contains("1390000"));

    let page = lin.page(&format!("{path}?lang=en")).await;
    assert!(!page.contains(PHONE) && page.contains("Mon to Wed 22:00–06:00 next day"), "{page}");
    assert!(!lin.page(&format!("{path}/edit")).await.contains(PHONE));
    let shown = lin.post_form(&format!("{path}/phone"), &[]).await;
    assert!(expect(shown, StatusCode::OK).await.contains(PHONE));
    assert_eq!(location(&lin.get(&format!("{path}/phone")).await), path);

    // The city manager sees caregivers, but no personal data in clear.
    let wu = app.login("wu").await;
    assert!(!wu.page(&path).await.contains(&format!("{path}/phone")));
    expect(wu.post_form(&format!("{path}/phone"), &[]).await, StatusCode::FORBIDDEN).await;
    // A duty officer may unmask elders, and sees no caregivers.
    app.add_user("duty", Role::DutyOfficer, town(1));
    let duty = app.login("duty").await;
    expect(duty.post_form(&format!("{path}/phone"), &[]).await, StatusCode::FORBIDDEN).await;
    let cai = app.login("cai").await;
    expect(cai.post_form(&format!("{path}/phone"), &[]).await, StatusCode::NOT_FOUND).await;

    let rows = audited(app, id);
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(rows[1].starts_with("lin caregiver.show_phone"), "{rows:?}");
    assert!(rows.iter().all(|row| !row.contains("1390000")), "{rows:?}");
});

both!(a_phone_stays_is_replaced_or_is_removed, |app| async {
    add_people(app);
    let provider = app.add_provider(1).to_string();
    let lin = app.login("lin").await;
    let path = location(&lin.post_form("/caregivers", &fields(&provider, PHONE, "")).await);
    let first = stored(app)[0].phone_sealed.clone();
    location(&lin.post_form(&path, &fields(&provider, "", "1")).await);
    assert_eq!(stored(app)[0].phone_sealed, first);
    location(&lin.post_form(&path, &fields(&provider, "13900000002", "2")).await);
    let shown = lin.post_form(&format!("{path}/phone"), &[]).await;
    assert!(expect(shown, StatusCode::OK).await.contains("13900000002"));
    location(&lin.post_form(&path, &with(fields(&provider, "", "3"), "remove_phone", "true")).await);
    assert_eq!(stored(app)[0].phone_sealed, None);
    assert_eq!(stored(app)[0].version, 4);
});

both!(the_second_to_save_a_caregiver_is_shown_who_changed_what, |app| async {
    add_people(app);
    let provider = app.add_provider(1);
    let id = app.add_caregiver(1, provider);
    let provider = provider.to_string();
    let (lin, wu) = (app.login("lin").await, app.login("wu").await);
    let path = format!("/caregivers/{id}");
    let won = with(fields(&provider, PHONE, "1"), "travel_mode", "car");
    location(&lin.post_form(&path, &won).await);
    let before = stored(app);
    let lost = wu.post_form(&format!("{path}?lang=en"), &fields(&provider, "", "1")).await;
    let page = expect(lost, StatusCode::CONFLICT).await;
    assert!(page.contains("lin") && page.contains("Electric bicycle") && page.contains(">Car<"), "{page}");
    assert!(page.contains("Daily living, Health care") && !page.contains(PHONE), "{page}");
    assert_eq!(stored(app), before);
});

both!(a_broken_rule_of_a_caregiver_names_its_field_and_changes_nothing, |app| async {
    add_people(app);
    let provider = app.add_provider(1);
    let foreign = app.add_provider(3).to_string();
    let id = app.add_caregiver(1, provider);
    let before = stored(app);
    let provider = provider.to_string();
    let lin = app.login("lin").await;
    for (name, value, chinese, english) in [
        ("skills", "flying", "请从列表中选择。", "Choose one of the values."),
        ("shift_starts_min", "8", "时间格式如 08:30。", "A time such as 08:30."),
        ("shift_ends_min", "22:00", "下班时间须不同于上班时间。", "A shift cannot end when it starts."),
        ("gender", "", "请从列表中选择。", "Choose one of the values."),
        ("phone", "12", "5 至 20 位数字", "5 to 20 digits"),
        ("town_code", town_code(3), "该镇街不在您的管辖范围内。", "This town is outside your area."),
        ("provider_id", &foreign, "没有此服务机构", "There is no such provider"),
    ] {
        for (lang, rule) in [("zh-CN", chinese), ("en", english)] {
            let sent = with(fields(&provider, "", "1"), name, value);
            for path in ["/caregivers".to_owned(), format!("/caregivers/{id}")] {
                let answer = lin.post_form(&format!("{path}?lang={lang}"), &sent).await;
                let page = expect(answer, StatusCode::UNPROCESSABLE_ENTITY).await;
                assert!(page.contains(rule), "{name}={value} {lang}: {page}");
            }
        }
    }
    let none: Fields =
        fields(&provider, "", "1").into_iter().filter(|(name, _)| *name != "languages").collect();
    let page =
        expect(lin.post_form("/caregivers?lang=zh-CN", &none).await, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(page.contains("请至少选择一项。"));
    assert_eq!(stored(app), before);
});

both!(caregivers_are_found_by_what_they_can_do, |app| async {
    add_people(app);
    let provider = app.add_provider(1);
    app.add_caregiver(1, provider);
    let wu = app.login("wu").await;
    let href = "href=\"/caregivers/";
    for (query, found) in [
        ("skill=health", true),
        ("skill=rehabilitation", false),
        ("language=minnan", true),
        ("language=english", false),
        ("active=true", true),
        ("active=false", false),
        ("q=护理员", true),
    ] {
        let page = wu.page(&format!("/caregivers?{query}")).await;
        // One link leads to the form for a new caregiver.
        assert_eq!(page.matches(href).count() - 1, usize::from(found), "{query}");
    }
});
