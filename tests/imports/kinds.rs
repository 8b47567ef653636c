//! Elders, caregivers, stations, institutions: what is exported imports unchanged, and what is said otherwise is a change.

use songhe::access::{Place, Role};
use songhe::imports::ImportKind;

use super::help::{HE_1946, SHE_1941, book, counts, imported, said, undo};
use crate::support::app::{TestApp, both};
use crate::support::people::IDENTITY;

fn tables(app: &TestApp) -> [i64; 4] {
    ["elders", "caregivers", "stations", "institutions"]
        .map(|table| app.count(&format!("SELECT count(*) AS n FROM {table}")))
}

both!(every_exported_list_imports_unchanged_in_both_languages, |app| async {
    app.add_towns();
    let provider = app.add_provider(1);
    app.add_sealed_elder(1, IDENTITY);
    app.add_elder(2);
    app.add_caregiver(1, provider);
    app.add_station(1, Some(provider));
    app.add_station(2, None);
    app.add_institution(1);
    let wang = app.user("wang", Role::CityManager, Place::City).await;
    let before = app.count("SELECT CAST(sum(version) AS BIGINT) AS n FROM elders")
        + app.count("SELECT CAST(sum(version) AS BIGINT) AS n FROM stations");
    for (kind, list, rows) in [
        (ImportKind::Elders, "elders", 2),
        (ImportKind::Caregivers, "caregivers", 1),
        (ImportKind::Stations, "stations", 2),
        (ImportKind::Institutions, "institutions", 1),
    ] {
        for lang in ["zh-CN", "en"] {
            let bytes = wang.get(&format!("/{list}.xlsx?lang={lang}")).await.bytes().await.unwrap().to_vec();
            let id = imported(app, kind, None, bytes).await;
            assert_eq!((said(app, id), counts(app, id).unchanged), (vec![], rows), "{list} {lang}");
        }
    }
    let after = app.count("SELECT CAST(sum(version) AS BIGINT) AS n FROM elders")
        + app.count("SELECT CAST(sum(version) AS BIGINT) AS n FROM stations");
    assert_eq!(after, before);
});

both!(elders_are_added_changed_and_taken_back, |app| async {
    app.add_towns();
    let known = app.add_sealed_elder(1, HE_1946);
    let before = app.read(|connection| {
        songhe::elders::store::get_elder(
            connection,
            &songhe::access::Scope::system(),
            songhe::access::Permission::SeeElders,
            known,
            app.app.clock.now(),
        )
    });
    let name = before.name.clone();
    let rows: &[&[&str]] = &[
        &["姓名", "身份证号", "性别", "出生日期", "镇街", "村（社区）", "对象类别", "电话", "上门服务对象"],
        &[&name, HE_1946, "男", "1946-05-01", "安海镇", "前村", "低保、失能", "13900005678", "是"],
        &["新来", SHE_1941, "女", "1941/5/2", "安海镇", "后村", "", "", "否"],
        &["缺项", "", "", "", "安海镇", "前村", "", "", ""],
        &["哪村", "", "女", "1941/3/2", "", "前村", "", "", ""],
    ];
    let id = imported(app, ImportKind::Elders, None, book(rows)).await;
    assert_eq!(
        said(app, id),
        ["4 gender import.needed", "4 born_on import.needed", "5 village_code import.village_of_which_town"]
    );
    assert_eq!((counts(app, id).applied, tables(app)[0]), (2, 2));
    let personal = app.write(|tx| songhe::elders::reveal(tx, known)).personal;
    assert_eq!(personal.phone, "13900005678");
    assert_eq!(app.count("SELECT count(*) AS n FROM elder_eligibility"), 2);
    undo(app, id).await;
    assert_eq!((counts(app, id).reverted, tables(app)[0]), (2, 1));
    let after = app.read(|connection| {
        songhe::elders::store::get_elder(
            connection,
            &songhe::access::Scope::system(),
            songhe::access::Permission::SeeElders,
            known,
            app.app.clock.now(),
        )
    });
    assert_eq!((after.town_code, after.gender), (before.town_code, before.gender));
    assert_eq!(app.count("SELECT count(*) AS n FROM elder_eligibility"), 0);
    let personal = app.write(|tx| songhe::elders::reveal(tx, known)).personal;
    assert_eq!(personal.phone, crate::support::people::PHONE, "the sealed number is back");
});

both!(caregivers_stations_and_institutions_are_added_and_taken_back, |app| async {
    app.add_towns();
    let provider = app.add_provider(1).to_string();
    let before = tables(app);
    let caregivers: &[&[&str]] = &[
        &[
            "姓名",
            "服务机构",
            "镇街",
            "性别",
            "服务技能",
            "语言",
            "班次",
            "出行方式",
            "经度（WGS-84）",
            "纬度（WGS-84）",
            "手机",
        ],
        &[
            "护一",
            &provider,
            "安海镇",
            "女",
            "SKILL",
            "闽南语、普通话",
            "周一至周五 08:00–17:00",
            "步行",
            "118.5",
            "24.7",
            "13800001111",
        ],
        &[
            "护二",
            "没有这家",
            "安海镇",
            "女",
            "SKILL",
            "闽南语",
            "周一 08:00–17:00",
            "步行",
            "118.5",
            "24.7",
            "",
        ],
    ];
    let skill = songhe::text::Lang::Chinese.t("enums.skill.daily").into_owned();
    let caregivers: Vec<Vec<&str>> = caregivers
        .iter()
        .map(|row| row.iter().map(|cell| if *cell == "SKILL" { skill.as_str() } else { cell }).collect())
        .collect();
    let caregivers: Vec<&[&str]> = caregivers.iter().map(Vec::as_slice).collect();
    let stations: &[&[&str]] = &[
        &["Name", "Town", "Village", "Smart", "Services"],
        &["Anhai 1", "Anhai", "前村", "yes", "Meals, Day care"],
        &["Anhai 2", "Atlantis", "前村", "no", "Singing"],
    ];
    let institutions: &[&[&str]] = &[
        &["名称", "镇街", "类型", "状态", "运营单位", "微型消防站", "开业日期", "经度", "纬度"],
        &["新院", "安海镇", "公办", "运营中", "镇政府", "是", "2020年1月1日", "118.5", "24.7"],
        &["另院", "安海镇", "", "运营中", "", "", "", "", ""],
    ];
    let mut batches = Vec::new();
    for (kind, file, refused) in [
        (ImportKind::Caregivers, book(&caregivers), vec!["3 provider_id import.no_provider"]),
        (ImportKind::Stations, book(stations), vec!["3 services import.choice"]),
        (
            ImportKind::Institutions,
            book(institutions),
            vec!["3 kind import.needed", "3 longitude import.needed", "3 latitude import.needed"],
        ),
    ] {
        let id = imported(app, kind, None, file).await;
        assert_eq!(
            (said(app, id), counts(app, id).applied),
            (refused.into_iter().map(str::to_owned).collect(), 1)
        );
        batches.push(id);
    }
    assert_eq!(tables(app), [before[0], before[1] + 1, before[2] + 1, before[3] + 1]);
    assert_eq!(app.count("SELECT count(*) AS n FROM caregivers WHERE phone_sealed IS NOT NULL"), 1);
    for id in batches {
        undo(app, id).await;
        assert_eq!(counts(app, id).reverted, 1);
    }
    assert_eq!(tables(app), before);
});
