//! Residents' lists: what is exported imports unchanged, whose house it is, and what an undo leaves alone.

use songhe::access::{Grant, Place, Role, Scope};
use songhe::imports::{self, ImportKind};

use super::help::{
    SHE_1940, SHE_1941, batch, book, counts, csv, flat, imported, problems, said, send, stored, undo,
};
use crate::support::app::both;

both!(an_exported_list_of_beds_imports_unchanged_in_both_languages, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let file = flat(&[
        &format!(
            "1号楼|2|201|女|1|护理床位|林一|{SHE_1940}|女|1940-05-01|13800001111|2026-11-01|全护理|林小一"
        ),
        "2号楼|-1|B01||乙|日托位||||||||",
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
        &format!("|2|201||1|护理床位|林一|{SHE_1940}|女|1940-05-01||2026-11-01||"),
        &format!("|2|202||1|护理床位|王二|{SHE_1941}|女|1941-05-02||2026-11-01||"),
        "|2|203||1|护理床位||||||||",
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
        &["2", "201", "201-1", "护理床位", "林一", SHE_1940, "138****1234"],
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

both!(the_citys_office_brings_residents_in_and_the_log_names_it, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let row = |name: &str, identity: &str, bed: &str, phone: &str| {
        format!(
            "|2|201||{bed}|护理床位|{name}|{identity}|女|{}-05-0{}|{phone}|2026-11-01|全护理|林小一",
            &identity[6..10],
            &identity[13..14]
        )
    };
    let file = flat(&[&row("林一", SHE_1940, "1", "13800001111")]);
    for (role, place) in [
        (Role::Coordinator, Place::City),
        (Role::DutyOfficer, Place::City),
        (Role::SystemAdministrator, Place::City),
        (Role::SecurityAdministrator, Place::City),
        (Role::AuditAdministrator, Place::City),
    ] {
        let user = app.add_user(role.name(), role, place.clone());
        let scope = Scope::new(user, role.name(), vec![Grant { role, place }]);
        let refused = send(app, &scope, ImportKind::House, Some(home), file.clone()).await.unwrap_err();
        assert_eq!(refused.code, songhe::error::Code::Forbidden, "{role:?}");
    }
    let user = app.add_user("wang", Role::CityManager, Place::City);
    let grant = Grant { role: Role::CityManager, place: Place::City };
    let wang = Scope::new(user, "wang", vec![grant]);
    let bring = async |file: Vec<u8>| {
        let id = send(app, &wang, ImportKind::House, Some(home), file).await.unwrap();
        imports::check(&app.app, &wang, id, None).await.unwrap();
        imports::run(&app.app, &wang, id).await.unwrap();
        id
    };
    let id = bring(file).await;
    assert_eq!((said(app, id), stored(app)), (vec![], [1, 1, 1, 1]));
    for action in ["room.add", "bed.add", "elder.add", "stay.admit"] {
        let actor = app.text(&format!("SELECT actor AS t FROM audit_log WHERE action = '{action}'"));
        assert_eq!(actor, "wang", "{action}");
    }
    let reason = app.text("SELECT detail AS t FROM audit_log WHERE action = 'stay.admit'");
    assert!(reason.contains(&format!("import {id}")), "{reason}");
    // What was agreed is brought up to date, and the whole is taken back, by the same office.
    let changed =
        bring(flat(&[&row("林一", SHE_1940, "1", "13800002222").replace("全护理", "半护理")])).await;
    assert_eq!((said(app, changed), counts(app, changed).applied), (vec![], 1));
    // Admitting day by day stays with the house.
    let bed = app.add_bed(1, home);
    let elder = app.add_elder(1);
    let admission = songhe::beds::Admission::now(songhe::beds::Whom::Elder(elder), bed);
    let refused = app.app.write_now(&wang, |tx| songhe::beds::admit(tx, &admission)).unwrap_err();
    assert_eq!(refused.code, songhe::error::Code::Forbidden);
    let whole = bring(flat(&[&row("林二", SHE_1941, "2", "13800003333")])).await;
    assert_eq!((said(app, whole), app.count("SELECT count(*) AS n FROM stays")), (vec![], 2));
    for id in [changed, whole] {
        imports::undo(&app.app, &wang, id).await.unwrap();
        assert_eq!((counts(app, id).reverted, said(app, id)), (1, vec![]), "{id}");
    }
    assert_eq!(app.count("SELECT count(*) AS n FROM stays"), 1);
    // What was changed since, if only there and back, is not taken from under whoever changed it.
    imports::undo(&app.app, &wang, id).await.unwrap();
    assert_eq!((counts(app, id).reverted, said(app, id)), (0, vec!["2  error.stale".to_owned()]));
});
