//! The waiting list from a workbook: who is found, who is put on file, in which order, and that nobody gets a place by writing it.

use songhe::access::{Grant, Place, Role, Scope};
use songhe::beds::{Waiting, Whom, ask_for_bed};
use songhe::imports::{self, ImportKind};

use super::help::{HE_1941, HE_1946, SHE_1940, book, counts, imported, said, send, undo};
use crate::support::app::{TestApp, both};
use crate::support::seed::town;

fn waiting(app: &TestApp) -> i64 {
    app.count("SELECT count(*) AS n FROM waiting_entries WHERE state = 'waiting'")
}

both!(a_paper_list_comes_in_by_its_order_with_the_days_people_asked, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let known = app.add_sealed_elder(1, HE_1946);
    let name = app.name_of_elder(known);
    let rows: &[&[&str]] = &[
        &[
            "老人",
            "身份证号",
            "镇街",
            "村（社区）",
            "轮候类别",
            "意向机构",
            "床位类别",
            "照护等级",
            "申请时间",
            "note",
        ],
        &[
            &name,
            "",
            "青阳街道",
            "",
            "特困人员",
            &home.to_string(),
            "护理床位",
            "全护理",
            "2025-03-01",
            "家属已看房",
        ],
        &["林一", SHE_1940, "安海镇", "前村", "", "不限机构", "", "", "2026/1/5 9:30", ""],
        // Not on file, and not enough to put them there; a class, a day and a house that are none.
        &["无名", "", "", "", "", "", "", "", "", ""],
        &["王二", HE_1941, "", "", "", "", "", "", "", ""],
        &["王二", HE_1941, "安海镇", "后村", "贵宾", "", "", "", "", ""],
    ];
    let id = imported(app, ImportKind::Waiting, None, book(rows)).await;
    assert_eq!(
        said(app, id),
        ["4 identity import.identity_to_wait", "5 village_code import.needed", "6 identity import.repeated"]
    );
    assert_eq!((counts(app, id).applied, waiting(app)), (2, 2));
    // Between two seconds: SQLite compares instants as texts.
    let asked = |place: i64, after: &str, before: &str| {
        app.count(&format!(
            "SELECT count(*) AS n FROM waiting_entries WHERE place = {place} AND asked_at > '{after}' AND asked_at < '{before}'"
        ))
    };
    let first = asked(1, "2025-02-28 15:59:59", "2025-02-28 16:00:01");
    let second = asked(2, "2026-01-05 01:29:59", "2026-01-05 01:30:01");
    assert_eq!((first, second), (1, 1), "in the order of the rows, in the city's time");
    undo(app, id).await;
    assert_eq!((counts(app, id).reverted, waiting(app)), (2, 0));
    assert_eq!(app.count("SELECT count(*) AS n FROM elders"), 1, "who was put on file is taken off it again");
});

both!(a_list_moves_nobody_who_waits_already, |app| async {
    app.add_towns();
    let (home, elder) = (app.add_institution(1), app.add_elder(1));
    let name = app.name_of_elder(elder);
    let ask = Waiting {
        whom: Whom::Elder(elder),
        institution_id: Some(home),
        bed_kind: None,
        care_level: None,
        class_code: None,
        note: "一楼".to_owned(),
    };
    app.write(|tx| ask_for_bed(tx, &ask));
    let heads = ["position", "elder", "class", "institution", "bed_kind", "asked_at", "note"];
    for (row, refused) in [
        (["1", &name, "", "", "", "", ""], vec![]),
        // The position of a file is only a text.
        (["99", &name, "", "", "", "", "一楼"], vec![]),
        // Who no longer waits is not put in line again.
        (["—", &name, "特困人员", "", "", "", "别的"], vec![]),
        (["1", &name, "特困人员", "", "", "", ""], vec!["2 class waiting.listed_otherwise"]),
        (
            ["1", &name, "", "不限机构", "", "", "清空"],
            vec!["2 institution waiting.listed_otherwise", "2 note waiting.listed_otherwise"],
        ),
        (
            ["1", &name, "", "", "护理床位", "2020-01-01", ""],
            vec!["2 bed_kind waiting.listed_otherwise", "2 asked_at waiting.listed_otherwise"],
        ),
        (["1", &name, "贵宾", "", "", "", ""], vec!["2 class import.no_class"]),
        (["1", &name, "", "没有这家", "", "", ""], vec!["2 institution import.no_institution"]),
    ] {
        let id = imported(app, ImportKind::Waiting, None, book(&[&heads, &row])).await;
        assert_eq!(said(app, id), refused, "{row:?}");
        assert_eq!((counts(app, id).applied, waiting(app)), (0, 1), "{row:?}");
    }
    assert_eq!(app.count("SELECT max(version) AS n FROM waiting_entries"), 1);
});

both!(a_coordinator_puts_elders_of_their_town_in_line_and_no_others, |app| async {
    app.add_towns();
    let (own, other) = (app.add_elder(1), app.add_elder(2));
    let (own, other) = (app.name_of_elder(own), app.name_of_elder(other));
    let user = app.add_user("lin", Role::Coordinator, town(1));
    let scope = Scope::new(user, "lin", vec![Grant { role: Role::Coordinator, place: town(1) }]);
    let rows: &[&[&str]] = &[&["老人"], &[&own], &[&other]];
    let id = send(app, &scope, ImportKind::Waiting, None, book(rows)).await.unwrap();
    imports::check(&app.app, &scope, id, None).await.unwrap();
    imports::run(&app.app, &scope, id).await.unwrap();
    assert_eq!((said(app, id), waiting(app)), (vec!["3 identity import.identity_to_wait".to_owned()], 1));
    assert_eq!(app.audited("waiting.ask").len(), 1);
    assert_eq!(app.text("SELECT actor AS t FROM audit_log WHERE action = 'waiting.ask'"), "lin");
    let duty = app.add_user("zhi", Role::DutyOfficer, Place::City);
    let duty = Scope::new(duty, "zhi", vec![Grant { role: Role::DutyOfficer, place: Place::City }]);
    let refused = send(app, &duty, ImportKind::Waiting, None, book(rows)).await.unwrap_err();
    assert_eq!(refused.code, songhe::error::Code::Forbidden);
});
