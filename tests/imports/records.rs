//! Whole records of elders: what is exported imports unchanged, a cell that says otherwise is a change, and undo takes it back.

use reqwest::StatusCode;
use songhe::access::{Place, Role};
use songhe::imports::ImportKind;

use super::help::{HE_1946, SHE_1941, book, counts, imported, said, undo};
use crate::support::app::{TestApp, both};
use crate::support::client::{Client, expect, location};
use crate::support::seed::{town, village_code};

/// A record with everything in it, marks of lists in its texts included.
async fn whole_record(app: &TestApp, lin: &Client) -> i64 {
    let caregiver = app.add_caregiver(1, app.add_provider(1)).to_string();
    let fields = [
        ("name", "齐全老人"),
        ("identity", HE_1946),
        ("phone", "13800001234"),
        ("village_code", &village_code(1)),
        ("address", "前村 12 号"),
        ("door_note", "=院内有狗；先打电话"),
        ("longitude", "118.55"),
        ("latitude", "24.82"),
        ("coordinate_source", "gcj02"),
        ("home_visits", "true"),
        ("languages", "minnan"),
        ("gender_wish", "female"),
        ("gender_wish_hard", "true"),
        ("language_wish", "minnan"),
    ];
    let path = location(&lin.post_form("/elders", &fields).await);
    let parts: [(&str, &[(&str, &str)]); 7] = [
        (
            "eligibility",
            &[
                ("category_code", "minimum_living"),
                ("from_on", "2024-01-01"),
                ("to_on", "2027-01-01"),
                ("document_number", "民救 2024|7"),
                ("note", "一、二；三，四"),
            ],
        ),
        ("eligibility", &[("category_code", "very_old"), ("from_on", ""), ("to_on", "")]),
        (
            "places",
            &[
                ("place_kind", "second_home"),
                ("place_label", "儿子家"),
                ("address", "后村 3 号；二楼"),
                ("door_note", "门铃|敲门"),
                ("longitude", "118.6"),
                ("latitude", "24.9"),
                ("coordinate_source", "bd09"),
                ("from_on", "2026-12-01"),
                ("to_on", "2027-03-01"),
            ],
        ),
        (
            "contacts",
            &[
                ("call_order", "3"),
                ("contact_name", "第三人"),
                ("relation", "child"),
                ("phone", "13900000003"),
                ("note", "第一行\n第二行"),
            ],
        ),
        ("contacts", &[("call_order", "1"), ("contact_name", "第一人"), ("relation", "neighbour")]),
        ("caregivers", &[("caregiver_id", &caregiver), ("stance", "barred"), ("reason", "亲属；回避")]),
        ("consents", &[("consent_kind", "photo"), ("given_on", "2026-11-20"), ("given_by", "本人")]),
    ];
    for (part, fields) in parts {
        let answer = lin.post_form(&format!("{path}/{part}"), fields).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{part}");
    }
    path.rsplit('/').next().unwrap().parse().unwrap()
}

/// The rows and their versions.
fn versions(app: &TestApp) -> Vec<(i64, i64)> {
    let tables = ["elders", "elder_eligibility", "elder_places", "elder_contacts", "elder_caregivers"];
    let count = |what: &str, table: &str| app.count(&format!("SELECT {what} AS n FROM {table}"));
    tables
        .iter()
        .map(|table| (count("count(*)", table), count("CAST(sum(version) AS BIGINT)", table)))
        .collect()
}

both!(a_whole_record_that_is_exported_imports_unchanged, |app| async {
    app.add_towns();
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    whole_record(app, &lin).await;
    app.add_elder(1);
    let foreign = app.add_elder(2);
    let before = versions(app);
    for lang in ["zh-CN", "en"] {
        for format in ["xlsx", "csv"] {
            let address = format!("/imports/elders/export?lang={lang}");
            let answer = lin.post_form(&address, &[("file_format", format)]).await;
            assert_eq!(
                (answer.status(), &answer.headers()["cache-control"]),
                (StatusCode::OK, &"no-store".parse().unwrap())
            );
            let bytes = answer.bytes().await.unwrap().to_vec();
            if format == "csv" {
                let text = String::from_utf8(bytes.clone()).unwrap();
                assert!(
                    text.contains(HE_1946) && text.contains("13900000003") && text.contains("'=院内有狗"),
                    "{text}"
                );
                assert!(!text.contains(&app.name_of_elder(foreign)), "another town's");
            }
            let id = imported(app, ImportKind::Elders, None, bytes).await;
            assert_eq!((said(app, id), counts(app, id).unchanged), (vec![], 2), "{lang} {format}");
            assert_eq!(versions(app), before, "{lang} {format}");
        }
    }
    let written = app.audited("elder.export");
    assert_eq!(written.len(), 4);
    assert!(!written[0].1.contains(HE_1946) && !written[0].1.contains(&format!("[{foreign}")));
    // By category, and not for somebody who may not see personal data.
    let held = [("file_format", "csv"), ("category", "very_old")];
    let text = expect(lin.post_form("/imports/elders/export", &held).await, StatusCode::OK).await;
    assert_eq!(text.matches("齐全老人").count(), 1);
    let wrong = lin.post_form("/imports/elders/export", &[("file_format", "pdf")]).await;
    expect(wrong, StatusCode::UNPROCESSABLE_ENTITY).await;
    let wang = app.user("wang", Role::CityManager, Place::City).await;
    assert_eq!(wang.post_form("/imports/elders/export", &held).await.status(), StatusCode::FORBIDDEN);
});

both!(a_cell_of_parts_adds_and_changes_and_is_taken_back, |app| async {
    app.add_towns();
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let elder = whole_record(app, &lin).await;
    let before = versions(app);
    let clear = || app.write(|tx| songhe::elders::reveal(tx, elder));
    let phones = |clear: &songhe::elders::Clear| {
        let mut phones: Vec<String> = clear.phones.values().cloned().collect();
        phones.sort();
        phones
    };
    assert_eq!(phones(&clear()), ["", "13900000003"]);
    let rows: &[&[&str]] = &[
        &["姓名", "身份证号", "性别", "出生日期", "镇街", "村（社区）", "对象类别", "联系人", "其他住所"],
        &[
            "齐全老人",
            HE_1946,
            "",
            "",
            "",
            "",
            "低保 2024-01-01~2026-12-01；失能 2026/11/1~",
            "1. 第一人 | 邻居 | 13900000001\n第四人|配偶|13900000004",
            "第二住处 | 儿子家 | 后村 5 号 | 118.61, 24.91 | 2026-12-01~2027-03-01",
        ],
        &["新老人", SHE_1941, "", "", "安海镇", "前村", "孤寡、高龄", "女儿甲 | 子女 | 13900000005", ""],
    ];
    let id = imported(app, ImportKind::Elders, None, book(rows)).await;
    assert_eq!((said(app, id), counts(app, id).applied), (vec![], 2));
    assert_eq!(phones(&clear()), ["13900000001", "13900000003", "13900000004"]);
    assert!(clear().places.values().any(|(address, note)| address == "后村 5 号" && note == "门铃|敲门"));
    assert_eq!(app.count("SELECT count(*) AS n FROM elder_eligibility"), 5);
    assert_eq!(app.count("SELECT count(*) AS n FROM elder_eligibility WHERE to_on = '2026-12-01'"), 1);
    // The same file again says nothing new.
    let again = imported(app, ImportKind::Elders, None, book(rows)).await;
    assert_eq!((said(app, again), counts(app, again).unchanged), (vec![], 2));
    undo(app, id).await;
    assert_eq!((said(app, id), counts(app, id).reverted), (vec![], 2));
    assert_eq!(phones(&clear()), ["", "13900000003"], "sealed numbers are back");
    assert!(clear().places.values().any(|(address, _)| address == "后村 3 号；二楼"));
    let counts_of = |all: &[(i64, i64)]| all.iter().map(|(count, _)| *count).collect::<Vec<_>>();
    assert_eq!(counts_of(&versions(app)), counts_of(&before));
});

both!(a_bad_cell_names_its_column_and_changes_nothing, |app| async {
    app.add_towns();
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    whole_record(app, &lin).await;
    let before = versions(app);
    let cells = [
        ("对象类别", "低保 2026-02-01~2026-01-01", "categories rule.to_after_from"),
        ("对象类别", "低保 2026-02-30~", "categories import.day"),
        ("对象类别", "贵宾", "categories import.unknown_value"),
        ("对象类别", "低保 2023-01-01~2024-06-01", "categories error.eligible_already"),
        ("联系人", "甲 | 同事 | 13900000001", "contacts import.unknown_value"),
        ("联系人", "甲 | 子女 | 110", "contacts rule.phone_callable"),
        ("其他住所", "第二住处 | 女儿家 | | 24.9, 118.6", "places rule.range"),
        (
            "其他住所",
            "第二住处 | 女儿家 | | 118.6, 24.9 | 2027-01-01~2027-02-01",
            "places error.place_already",
        ),
        ("指定与回避的护理员", "回避 | #999999 | 不合", "caregivers rule.choose"),
        ("指定与回避的护理员", "回避 | #1", "caregivers rule.bar_reason"),
        ("坐标系", "火星", "coordinate_source import.choice"),
        ("身份证号", "000000194605011271", "identity rule.identity_check"),
        ("身份证号", "000000194602301270", "identity rule.identity_day"),
    ];
    for (heading, cell, problem) in cells {
        let (number, headings) =
            if heading == "身份证号" { (cell, "备注") } else { (HE_1946, heading) };
        let sheet: &[&[&str]] = &[
            &["姓名", "身份证号", "性别", "出生日期", "镇街", "村（社区）", headings],
            &["齐全老人", number, "男", "1946-05-01", "安海镇", "前村", cell],
        ];
        let id = imported(app, ImportKind::Elders, None, book(sheet)).await;
        let told = said(app, id);
        assert!(told.iter().any(|one| one == &format!("2 {problem}")), "{cell}: {told:?}");
        assert_eq!(versions(app), before, "{cell}");
    }
});
