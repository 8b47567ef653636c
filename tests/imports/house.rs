//! An institution's rooms, beds and residents from one workbook.

use songhe::imports::ImportKind;

use super::help::{
    HE_1935, HE_1940, HE_1941, SHE_1935, SHE_1940, SHE_1941, batch, checked, counts, flat, imported, merged,
    run, said, sheets, stored, undo,
};
use crate::support::app::both;

both!(one_flat_sheet_makes_rooms_beds_and_residents, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let file = flat(&[
        // Full-width digits, days in four spellings, a resident who came years ago.
        &format!(
            "１号楼|２|２０１|女|１|护理床位|林一|{SHE_1940}|女|1940年5月1日|13800001111|2019/3/1|全护理|林小一"
        ),
        &format!("1号楼|2|201|女|2|护理床位|王二|{SHE_1941}|女|19410502||2026.11.01|半护理|"),
        "1号楼|2|202||1|自理床位||||||||",
    ]);
    let id = checked(app, ImportKind::House, Some(home), file.clone()).await;
    assert_eq!(said(app, id), Vec::<String>::new());
    assert_eq!((counts(app, id).good, stored(app)), (3, [0; 4]), "a check changes nothing");
    run(app, id).await;
    assert_eq!((counts(app, id).applied, stored(app)), (3, [2, 3, 2, 2]));
    let start = "SELECT count(*) AS n FROM stays WHERE starts_at BETWEEN '2019-02-28 15:59:59' AND '2019-02-28 16:00:01'";
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
                &["1号楼", "301", "1", "林一", SHE_1940, "女", "1940-05-01"],
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
        &format!("1号楼|2|201|男|1|护理床位|林一|{HE_1940}|男|1940-05-01||2026-11-01||"),
        // Two residents for one bed; an elder in two beds.
        &format!("1号楼|2|201|男|1|护理床位|王二|{HE_1941}|男|1941-05-02||2026-11-01||"),
        &format!("1号楼|2|201|男|2|护理床位|林一|{HE_1940}|男|1940-05-01||2026-11-01||"),
        // A rule of the room, a day that is none, in the future, a choice that is none, an error of the workbook.
        &format!("1号楼|2|201|男|3|护理床位|李三|{SHE_1935}|女|1935-05-05||2026-11-01||"),
        "1号楼|2|201|男|4|护理床位|李四|350582193513051253|男|五月五日||2026-11-01||",
        &format!("1号楼|2|202||1|护理床位|周四|{HE_1935}|男|1935-05-05||2036-11-01||"),
        "1号楼|2|203||1|豪华床位||||||||",
        "1号楼|#REF!|204||1|护理床位||||||||",
        "1号楼|2|||1|护理床位||||||||",
        "1号楼|9|201|男|5|护理床位||||||||",
        "1号楼|2|206||1|护理床位|无证||男|1935-05-05||||",
        "1号楼|2|207||1|护理床位|短证|3505|男|1935-05-05||||",
        "1号楼|2|208||1|护理床位|真证|11010519491231002X|男|1949-12-30||||",
    ]);
    let id = imported(app, ImportKind::House, Some(home), file).await;
    assert_eq!(
        said(app, id),
        [
            "3 bed import.repeated",
            "4 identity import.repeated",
            "5 bed fit.gender",
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
    );
    assert_eq!((counts(app, id).applied, stored(app)), (1, [1, 1, 1, 1]));
});
