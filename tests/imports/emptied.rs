//! An empty cell says nothing; the word for it empties a value, where a value may be empty. Cells that a merged range filled are told.

use songhe::access::{Place, Role};
use songhe::imports::store::filled_rows;
use songhe::imports::{self, ImportKind};

use super::help::{HE_1946, SHE_1940, book, checked, counts, flat, imported, merged, said, undo};
use crate::support::app::both;

both!(an_empty_cell_keeps_and_the_word_empties, |app| async {
    app.add_towns();
    let (home, provider) = (app.add_institution(1), app.add_provider(1));
    let (elder, station) = (app.add_sealed_elder(1, HE_1946), app.add_station(1, Some(provider)));
    let caregiver = app.add_caregiver(1, provider);
    let text = |table: &str, id: i64, column: &str, wanted: &str| {
        app.count(&format!("SELECT count(*) AS n FROM {table} WHERE id = {id} AND {column} {wanted}")) == 1
    };
    let name = |table: &str, id: i64| app.text(&format!("SELECT name AS t FROM {table} WHERE id = {id}"));
    let (elder_name, house, post, carer) = (
        name("elders", elder),
        name("institutions", home),
        name("stations", station),
        name("caregivers", caregiver),
    );
    let provider = provider.to_string();
    for (word, emptied) in [("", false), ("清空", true)] {
        let mut batches = Vec::new();
        for (kind, rows) in [
            (ImportKind::Elders, [["name", "identity", "phone"], [&*elder_name, HE_1946, word]]),
            (ImportKind::Institutions, [["name", "phone", "operator"], [&*house, word, word]]),
            (ImportKind::Stations, [["name", "village_code", "provider_id"], [&*post, "350582001201", word]]),
            (ImportKind::Caregivers, [["name", "provider_id", "phone"], [&*carer, &*provider, word]]),
        ] {
            let rows: Vec<&[&str]> = rows.iter().map(|row| &row[..]).collect();
            let id = imported(app, kind, None, book(&rows)).await;
            assert_eq!(said(app, id), Vec::<String>::new(), "{kind:?}");
            batches.push((kind, id));
        }
        assert_eq!(text("elders", elder, "phone_sealed", "IS NULL"), emptied);
        assert_eq!(text("institutions", home, "phone", "= ''"), emptied);
        assert_eq!(text("institutions", home, "operator", "= ''"), emptied);
        assert_eq!(text("stations", station, "provider_id", "IS NULL"), emptied);
        for (kind, id) in batches.into_iter().filter(|(_, id)| counts(app, *id).applied > 0) {
            assert!(emptied, "{kind:?}");
            undo(app, id).await;
            assert_eq!(counts(app, id).reverted, 1, "{kind:?}: {:?}", said(app, id));
        }
        assert!(text("elders", elder, "phone_sealed", "IS NOT NULL"), "undone");
        assert!(
            text("institutions", home, "operator", "<> ''")
                && text("stations", station, "provider_id", "IS NOT NULL")
        );
    }
});

both!(what_was_agreed_with_a_resident_is_emptied_and_what_must_be_there_is_not, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let row = |level: &str, contact: &str| {
        format!("|2|201||1|护理床位|林一|{SHE_1940}|女|1940-05-01|13800001111|2026-11-01|{level}|{contact}")
    };
    imported(app, ImportKind::House, Some(home), flat(&[&row("全护理", "林小一")])).await;
    let agreed = || {
        app.count(
            "SELECT count(*) AS n FROM stays WHERE care_level IS NOT NULL AND contact_sealed IS NOT NULL",
        )
    };
    let same = imported(app, ImportKind::House, Some(home), flat(&[&row("", "")])).await;
    assert_eq!((counts(app, same).unchanged, agreed()), (1, 1), "nothing said, nothing changed");
    let id = imported(app, ImportKind::House, Some(home), flat(&[&row("清空", "clear")])).await;
    assert_eq!((said(app, id), counts(app, id).applied), (vec![], 1));
    let empty = "SELECT count(*) AS n FROM stays WHERE care_level IS NULL AND contact_sealed IS NULL";
    assert_eq!(app.count(empty), 1);
    undo(app, id).await;
    assert_eq!((counts(app, id).reverted, agreed()), (1, 1), "{:?}", said(app, id));
    // A bed is of some kind, a resident came some day: there is nothing to empty.
    let file = flat(&["|2|201||1|清空|林一||||||2026-11-01||", "|清空|202||1|护理床位||||||||"]);
    let id = imported(app, ImportKind::House, Some(home), file).await;
    assert_eq!(said(app, id), ["2 bed_kind import.cannot_be_emptied", "3 floor import.cannot_be_emptied"]);
});

both!(the_dry_run_tells_which_cells_a_merged_range_filled, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let rows: &[&[&str]] = &[
        &["楼层", "房间", "床位", "床位类型"],
        &["", "", "1", "护理床位"],
        &["", "", "2", "护理床位"],
        &["", "", "3", "护理床位"],
        &["3", "301", "1", "护理床位"],
    ];
    let file = merged(rows, &[(1, 0, 3, 0, "2"), (1, 1, 3, 1, "201")]);
    let id = checked(app, ImportKind::House, Some(home), file).await;
    let told = || {
        let (total, rows) = app.read(|connection| filled_rows(connection, id, 50));
        (total, rows.into_iter().map(|row| (row.sheet_row, row.filled)).collect::<Vec<_>>())
    };
    let wanted = |row| (row, r#"["floor","room"]"#.to_owned());
    assert_eq!(told(), (2, vec![wanted(3), wanted(4)]), "not the row that holds the value, nor one outside");
    let wang = app.user("wang", Role::CityManager, Place::City).await;
    let page = wang.page(&format!("/imports/{id}?lang=zh-CN")).await;
    assert!(page.contains("由合并单元格补全：2 行") && page.contains("楼层、房间"), "{page}");
    let rows = wang.get_json(&format!("/api/v1/imports/{id}/rows")).await;
    assert_eq!(rows["items"][1]["filled"], serde_json::json!(["floor", "room"]), "{rows}");
    imports::run(&app.app, &songhe::access::Scope::system(), id).await.unwrap();
    assert_eq!((told().0, counts(app, id).applied), (2, 4), "it is still told afterwards");
});
