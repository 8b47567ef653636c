//! An institution's rooms, beds and residents from one workbook.

use songhe::access::{Grant, Place, Role, Scope};
use songhe::imports::{self, ImportKind};

use super::help::{
    batch, book, checked, counts, csv, imported, merged, problems, run, said, send, sheets, undo,
};
use crate::support::app::{TestApp, both};
use crate::support::people::IDENTITY;

const OTHER: &str = "350582194113021221";
const THIRD: &str = "350582193513051237";

const FLAT: [&str; 14] = [
    "楼栋",
    "楼层",
    "房间",
    "性别规定",
    "床位",
    "床位类型",
    "入住老人",
    "身份证号",
    "性别",
    "出生日期",
    "电话",
    "入住日期",
    "照护等级",
    "紧急联系人",
];

fn flat(rows: &[[&'static str; 14]]) -> Vec<u8> {
    let mut all: Vec<&[&str]> = vec![&FLAT];
    all.extend(rows.iter().map(|row| &row[..]));
    book(&all)
}

/// Rooms, beds, elders, stays.
fn stored(app: &TestApp) -> [i64; 4] {
    ["rooms", "beds", "elders", "stays"].map(|table| app.count(&format!("SELECT count(*) AS n FROM {table}")))
}

both!(one_flat_sheet_makes_rooms_beds_and_residents, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let file = flat(&[
        // Full-width digits, days in four spellings, a resident who came years ago.
        [
            "１号楼",
            "２",
            "２０１",
            "女",
            "１",
            "护理床位",
            "林一",
            IDENTITY,
            "女",
            "1940年5月1日",
            "13800001111",
            "2019/3/1",
            "全护理",
            "林小一",
        ],
        [
            "1号楼",
            "2",
            "201",
            "女",
            "2",
            "护理床位",
            "王二",
            OTHER,
            "女",
            "19410502",
            "",
            "2026.11.01",
            "半护理",
            "",
        ],
        ["1号楼", "2", "202", "", "1", "自理床位", "", "", "", "", "", "", "", ""],
    ]);
    let id = checked(app, ImportKind::House, Some(home), file.clone()).await;
    assert_eq!(said(app, id), Vec::<String>::new());
    assert_eq!((counts(app, id).good, stored(app)), (3, [0; 4]), "a check changes nothing");
    run(app, id).await;
    assert_eq!((counts(app, id).applied, stored(app)), (3, [2, 3, 2, 2]));
    let start = "SELECT count(*) AS n FROM stays WHERE starts_at = '2019-02-28 16:00:00.000'";
    assert_eq!(app.count(start), 1, "the day begins on the city's clocks");
    let clear =
        app.count("SELECT count(*) AS n FROM elders WHERE identity_index IS NULL OR identity_sealed IS NULL");
    assert_eq!(clear, 0);

    let again = imported(app, ImportKind::House, Some(home), file).await;
    assert_eq!(
        (counts(app, again).unchanged, stored(app)),
        (3, [2, 3, 2, 2]),
        "the same again says nothing new"
    );

    undo(app, id).await;
    assert_eq!((counts(app, id).reverted, stored(app)), (3, [0; 4]), "taken back to the last row");
    let audit = app.read(|connection| songhe::access::audit::verify(connection, app.keys(), None));
    assert!(matches!(audit, songhe::access::audit::Verdict::Whole { .. }));
});

both!(three_sheets_are_joined_by_room_and_bed, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let file = sheets(&[
        (
            "房间",
            &[
                &["楼栋", "楼层", "房号", "性别规定", "夫妻房"],
                &["1号楼", "3", "301", "不限", "是"],
                &["1号楼", "3", "302", "男", "否"],
            ],
        ),
        (
            "床位",
            &[
                &["楼栋", "房号", "床号", "床型"],
                &["1号楼", "301", "1", "护理床位"],
                &["1号楼", "302", "1", "失智照护床位"],
            ],
        ),
        (
            "老人",
            &[
                &["楼栋", "房号", "床号", "姓名", "身份证号", "性别", "出生日期"],
                &["1号楼", "301", "1", "林一", IDENTITY, "女", "1940-05-01"],
            ],
        ),
        ("填表说明", &[&["请勿修改"], &["x"]]),
    ]);
    let id = imported(app, ImportKind::House, Some(home), file).await;
    assert_eq!(
        (counts(app, id).applied + counts(app, id).unchanged, stored(app)),
        (5, [2, 2, 1, 1]),
        "{:?}",
        said(app, id)
    );
    assert!(batch(app, id).remarks.contains("填表说明"), "the sheet that was left out is told of");
    assert_eq!(app.count("SELECT count(*) AS n FROM rooms WHERE couple AND number = '301'"), 1);
});

both!(merged_cells_fill_down_where_a_column_says_so_and_only_there, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let rows: &[&[&str]] = &[
        &["某院床位一览表（2026年11月）"],
        &["楼层", "房间", "床位", "床位类型"],
        &["", "", "1", ""],
        &["", "", "2", "护理床位"],
        &["", "", "3", "护理床位"],
    ];
    // Floor and room hold for the three rows; the kind, merged over two rows, belongs to the first only.
    let file = merged(rows, &[(2, 0, 4, 0, "2"), (2, 1, 4, 1, "201"), (2, 3, 2, 4, "护理床位")]);
    let id = imported(app, ImportKind::House, Some(home), file).await;
    assert_eq!((said(app, id), stored(app)), (vec![], [1, 3, 0, 0]));
    let file = merged(
        &[&["楼层", "房间", "床位", "床位类型"], &["2", "205", "1", ""], &["2", "205", "2", ""]],
        &[(1, 3, 2, 3, "护理床位")],
    );
    let id = imported(app, ImportKind::House, Some(home), file).await;
    assert_eq!(said(app, id), ["3 bed_kind rule.required"], "the value belongs to the first cell");
});

both!(each_refused_row_says_why_and_the_good_ones_go_in, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let file = flat(&[
        [
            "1号楼",
            "2",
            "201",
            "男",
            "1",
            "护理床位",
            "林一",
            IDENTITY,
            "男",
            "1940-05-01",
            "",
            "2026-11-01",
            "",
            "",
        ],
        // Two residents for one bed; an elder in two beds.
        [
            "1号楼",
            "2",
            "201",
            "男",
            "1",
            "护理床位",
            "王二",
            OTHER,
            "男",
            "1941-05-02",
            "",
            "2026-11-01",
            "",
            "",
        ],
        [
            "1号楼",
            "2",
            "201",
            "男",
            "2",
            "护理床位",
            "林一",
            IDENTITY,
            "男",
            "1940-05-01",
            "",
            "2026-11-01",
            "",
            "",
        ],
        // A rule of the room, a day that is none, in the future, a choice that is none, an error of the workbook.
        [
            "1号楼",
            "2",
            "201",
            "男",
            "3",
            "护理床位",
            "李三",
            THIRD,
            "女",
            "1935-05-05",
            "",
            "2026-11-01",
            "",
            "",
        ],
        [
            "1号楼",
            "2",
            "201",
            "男",
            "4",
            "护理床位",
            "李三",
            THIRD,
            "男",
            "五月五日",
            "",
            "2026-11-01",
            "",
            "",
        ],
        [
            "1号楼",
            "2",
            "202",
            "",
            "1",
            "护理床位",
            "周四",
            "350582193513061237",
            "男",
            "1935-05-05",
            "",
            "2036-11-01",
            "",
            "",
        ],
        ["1号楼", "2", "203", "", "1", "豪华床位", "", "", "", "", "", "", "", ""],
        ["1号楼", "#REF!", "204", "", "1", "护理床位", "", "", "", "", "", "", "", ""],
        ["1号楼", "2", "", "", "1", "护理床位", "", "", "", "", "", "", "", ""],
        ["1号楼", "9", "201", "男", "5", "护理床位", "", "", "", "", "", "", "", ""],
        ["1号楼", "2", "206", "", "1", "护理床位", "无证", "", "男", "1935-05-05", "", "", "", ""],
        ["1号楼", "2", "207", "", "1", "护理床位", "短证", "3505", "男", "1935-05-05", "", "", "", ""],
        [
            "1号楼",
            "2",
            "208",
            "",
            "1",
            "护理床位",
            "真证",
            "11010519491231002X",
            "男",
            "1949-12-30",
            "",
            "",
            "",
            "",
        ],
    ]);
    let id = imported(app, ImportKind::House, Some(home), file).await;
    assert_eq!(
        said(app, id),
        [
            "3 bed import.repeated",
            "4 identity import.repeated",
            "5 bed fit.gender",
            "5 identity import.repeated",
            "6 born_on import.day",
            "7 from_on rule.not_later_than_now",
            "8 bed_kind import.choice",
            "9 floor import.formula_fault",
            "10 room import.needed",
            "11 floor import.contradicts",
            "12 identity import.identity_to_admit",
            "13 identity rule.identity",
            "14 born_on import.identity_differs",
            "14 gender import.identity_differs",
        ]
        .into_iter()
        .filter(|line| *line != "5 identity import.repeated")
        .collect::<Vec<_>>()
    );
    assert_eq!((counts(app, id).applied, stored(app)), (1, [1, 1, 1, 1]));
});

both!(an_exported_list_of_beds_imports_unchanged_in_both_languages, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let file = flat(&[
        [
            "1号楼",
            "2",
            "201",
            "女",
            "1",
            "护理床位",
            "林一",
            IDENTITY,
            "女",
            "1940-05-01",
            "13800001111",
            "2026-11-01",
            "全护理",
            "林小一",
        ],
        ["2号楼", "-1", "B01", "", "乙", "日托位", "", "", "", "", "", "", "", ""],
    ]);
    imported(app, ImportKind::House, Some(home), file).await;
    let before = app.count("SELECT count(*) AS n FROM audit_log WHERE entity <> 'import'");
    let manager = app.user("guan", Role::InstitutionManager, Place::Institution(home)).await;
    for lang in ["zh-CN", "en"] {
        let bytes = manager.get(&format!("/beds.xlsx?lang={lang}")).await.bytes().await.unwrap().to_vec();
        let id = imported(app, ImportKind::House, None, bytes).await;
        assert_eq!((said(app, id), counts(app, id).unchanged), (vec![], 2), "{lang}");
    }
    let users_and_sessions = "SELECT count(*) AS n FROM audit_log WHERE entity IN ('user', 'session')";
    let after = app.count("SELECT count(*) AS n FROM audit_log WHERE entity <> 'import'");
    assert_eq!(after - app.count(users_and_sessions), before, "nothing was written");
});

both!(a_manager_imports_into_their_house_only, |app| async {
    app.add_towns();
    let (home, other) = (app.add_institution(1), app.add_institution(1));
    let name = |id: i64| {
        app.read(|connection| {
            use diesel::prelude::*;
            use songhe::db::schema::institutions;
            Ok(institutions::table.find(id).select(institutions::name).first::<String>(connection)?)
        })
    };
    let (own_name, other_name) = (name(home), name(other));
    let user = app.add_user("guan", Role::InstitutionManager, Place::Institution(home));
    let grant = Grant { role: Role::InstitutionManager, place: Place::Institution(home) };
    let scope = Scope::new(user, "guan", vec![grant]);
    let rows: &[&[&str]] = &[
        &["机构", "楼层", "房间", "床位", "床位类型"],
        &[&own_name, "1", "101", "1", "护理床位"],
        &["", "1", "102", "1", "护理床位"],
        &[&other_name, "1", "103", "1", "护理床位"],
        &["没有这家", "1", "104", "1", "护理床位"],
    ];
    let id = send(app, &scope, ImportKind::House, None, book(rows)).await.unwrap();
    assert_eq!(batch(app, id).institution_id, Some(home), "of somebody with one house");
    imports::check(&app.app, &scope, id, None).await.unwrap();
    imports::run(&app.app, &scope, id).await.unwrap();
    let refused = said(app, id);
    assert_eq!(refused, ["4 institution import.no_institution", "5 institution import.no_institution"]);
    assert_eq!(app.count(&format!("SELECT count(*) AS n FROM rooms WHERE institution_id = {home}")), 2);
    assert_eq!(app.count(&format!("SELECT count(*) AS n FROM rooms WHERE institution_id = {other}")), 0);
    let foreign = send(app, &scope, ImportKind::House, Some(other), book(rows)).await.unwrap_err();
    assert_eq!(foreign.fields[0].rule.key, "rule.no_such_institution");
    let stations = send(app, &scope, ImportKind::Stations, None, book(rows)).await.unwrap_err();
    assert_eq!(stations.code, songhe::error::Code::Forbidden);
});

both!(what_has_changed_since_stays_when_a_batch_is_undone, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let file = flat(&[
        ["", "2", "201", "", "1", "护理床位", "林一", IDENTITY, "女", "1940-05-01", "", "2026-11-01", "", ""],
        ["", "2", "202", "", "1", "护理床位", "王二", OTHER, "女", "1941-05-02", "", "2026-11-01", "", ""],
        ["", "2", "203", "", "1", "护理床位", "", "", "", "", "", "", "", ""],
    ]);
    let id = imported(app, ImportKind::House, Some(home), file).await;
    let stay = app.count("SELECT min(id) AS n FROM stays");
    let departure = songhe::beds::Departure::default();
    app.write(|tx| songhe::beds::discharge(tx, stay, 1, &departure));
    undo(app, id).await;
    let (after, kept) = (counts(app, id), problems(app, id));
    assert_eq!((after.reverted, after.kept, stored(app)), (2, 1, [1, 1, 1, 1]));
    assert_eq!((kept.len(), kept[0].0, kept[0].2.as_str()), (1, 2, "error.stale"));
});

both!(csv_in_gb_18030_and_a_mask_that_is_no_value, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let text = csv(&[
        &["楼层", "房间", "床位", "床位类型", "姓名", "身份证号", "电话"],
        &["2", "201", "201-1", "护理床位", "林一", IDENTITY, "138****1234"],
    ]);
    let text = text
        .replace("电话\n", "电话,性别,出生日期\n")
        .replace("138****1234\n", "138****1234,女,1940-05-01\n");
    let (bytes, _, _) = encoding_rs::GB18030.encode(&text);
    let id = imported(app, ImportKind::House, Some(home), bytes.into_owned()).await;
    assert_eq!((said(app, id), stored(app)), (vec![], [1, 1, 1, 1]));
    assert_eq!(
        app.count("SELECT count(*) AS n FROM elders WHERE phone_sealed IS NOT NULL"),
        0,
        "a mask is not stored"
    );
    assert_eq!(app.count("SELECT count(*) AS n FROM beds WHERE label = '1'"), 1);
});
