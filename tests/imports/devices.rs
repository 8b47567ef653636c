//! Devices out of a workbook: put on file with reasons for what is refused, taken back, and claimed with codes that are printed
//! once.

use calamine::{Data, Reader, Xlsx};
use reqwest::Method;
use serde_json::json;
use songhe::access::{Place, Role, Scope};
use songhe::devices::{DeviceKind, DevicePlace};
use songhe::imports::{ImportKind, claim_codes_book};
use songhe::text::Lang;

use super::help::{book, checked, counts, imported, run, said, undo};
use crate::api::answer;
use crate::support::app::{TestApp, both};
use crate::support::client::{Client, expect};
use crate::support::seed::town_code;

/// The claim codes of a workbook, by device.
fn codes(bytes: Vec<u8>) -> Vec<(String, String)> {
    let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(bytes)).unwrap();
    let range = book.worksheet_range_at(0).unwrap().unwrap();
    let text = |cell: &Data| cell.to_string();
    range.rows().skip(1).map(|row| (text(&row[0]), text(&row[3]))).collect()
}

async fn claim(client: &Client, code: &str) -> (u16, serde_json::Value) {
    let body = json!({ "claim_code": code, "serial_number": "SN-1" });
    answer(client.request(Method::POST, "/api/v1/devices/claim").json(&body).send().await.unwrap()).await
}

fn station_name(app: &TestApp, station: i64) -> String {
    app.text(&format!("SELECT name AS t FROM stations WHERE id = {station}"))
}

both!(a_batch_of_devices_is_checked_written_and_claimed_with_printed_codes, |app| async {
    app.add_towns();
    let station = app.add_station(1, None);
    let name = station_name(app, station);
    app.add_device("OLD-1", DeviceKind::FireSensor, 1, DevicePlace::Station(station));
    let town = town_code(1);
    let rows: &[&[&str]] = &[
        &[
            "设备编号",
            "类型",
            "名称",
            "镇街",
            "安装站点",
            "序列号",
            "安装日期",
            "校准到期",
            "心跳间隔（秒）",
            "说明",
        ],
        &[
            "NEW-1",
            "智能服务站终端",
            "一号终端",
            town,
            &name,
            "SN-1",
            "2026-11-20",
            "2027-11-20",
            "60",
            "门厅",
        ],
        &["NEW-2", "smart_station", "", town, &name, "", "", "", "", ""],
        &["BAD 3", "smart_station", "", town, &name, "", "", "", "", ""],
        &["NEW-4", "toaster", "", town, &name, "", "", "", "", ""],
        &["NEW-5", "smart_station", "", town, "没有的站", "", "2026-13-01", "", "x", ""],
        &["NEW-2", "smart_station", "", town, &name, "", "", "", "", ""],
        &["OLD-1", "smart_station", "", town, &name, "", "", "", "", ""],
        &["NEW-6", "", "", "", "", "", "", "", "", ""],
    ];
    let id = checked(app, ImportKind::Devices, None, book(rows)).await;
    assert_eq!(app.count("SELECT count(*) AS n FROM devices"), 1, "the check changes nothing");
    assert_eq!(
        said(app, id),
        [
            "4 code rule.device_code",
            "5 kind import.choice",
            "6 installed_on import.day",
            "6 heartbeat_s import.number",
            "7 code import.repeated",
            "8 kind rule.device_kind_stays",
            "9 kind import.needed",
            "9 place import.needed",
        ]
    );
    run(app, id).await;
    assert_eq!(counts(app, id).applied, 2);
    assert_eq!(
        app.text("SELECT name || serial_number || note AS t FROM devices WHERE code = 'NEW-1'"),
        "一号终端SN-1门厅"
    );
    assert_eq!(app.text("SELECT name AS t FROM devices WHERE code = 'NEW-2'"), "NEW-2");
    assert_eq!(app.count("SELECT count(*) AS n FROM devices WHERE claimed_at IS NULL"), 2);

    // The manager prints the codes; whoever may not manage devices has no such button.
    let wang = app.user("wang", Role::CityManager, Place::City).await;
    let page = wang.page(&format!("/imports/{id}?lang=en")).await;
    assert!(page.contains("Claim codes to print"), "{page}");
    let path = format!("/imports/{id}/claim-codes");
    let first = codes(wang.post_form(&path, &[]).await.bytes().await.unwrap().to_vec());
    assert_eq!(first.iter().map(|(device, _)| device.as_str()).collect::<Vec<_>>(), ["NEW-1", "NEW-2"]);
    let tool = app.client();
    assert_eq!(claim(&tool, &first[0].1).await.0, 200);
    // Made again: only for what is not claimed yet, and the code before ends.
    let second = codes(wang.post_form(&path, &[]).await.bytes().await.unwrap().to_vec());
    assert_eq!(second.len(), 1);
    assert_ne!(second[0].1, first[1].1);
    assert_eq!(claim(&tool, &first[1].1).await.0, 409);
    assert_eq!(claim(&tool, &second[0].1).await.0, 200);
    let none =
        expect(wang.post_form(&format!("{path}?lang=en"), &[]).await, reqwest::StatusCode::CONFLICT).await;
    assert!(none.contains("No device of this import waits to be claimed"), "{none}");
    assert_eq!(app.audited("import.claim_codes").len(), 2);
    // What is claimed is not taken back by taking the batch back.
    undo(app, id).await;
    assert_eq!((counts(app, id).kept, app.count("SELECT count(*) AS n FROM devices")), (2, 3));
});

both!(a_list_that_is_sent_again_changes_what_it_says_otherwise_and_is_taken_back, |app| async {
    app.add_towns();
    let station = app.add_station(1, None);
    let (name, town) = (station_name(app, station), town_code(1));
    let list = |serial: &'static str, note: &'static str| -> Vec<u8> {
        book(&[
            &["Device code", "Kind", "Town", "Place", "Serial number", "Note"],
            &["NEW-1", "smart_station", town, &name, serial, note],
        ])
    };
    let first = imported(app, ImportKind::Devices, None, list("SN-1", "门厅")).await;
    let again = imported(app, ImportKind::Devices, None, list("SN-1", "")).await;
    assert_eq!((counts(app, first).applied, counts(app, again).unchanged), (1, 1));
    let changed = imported(app, ImportKind::Devices, None, list("SN-2", "清空")).await;
    assert_eq!(counts(app, changed).applied, 1);
    assert_eq!(app.text("SELECT serial_number || '/' || note AS t FROM devices"), "SN-2/");
    undo(app, changed).await;
    assert_eq!(app.text("SELECT serial_number || '/' || note AS t FROM devices"), "SN-1/门厅");
    // Somewhere else: that is said on its page, from when on.
    let other = station_name(app, app.add_station(2, None));
    let moved = book(&[&["Device code", "Town", "Place"], &["NEW-1", town_code(2), &other]]);
    let moved = imported(app, ImportKind::Devices, None, moved).await;
    assert_eq!(said(app, moved), ["2 place rule.device_elsewhere"]);
    // Codes that were made and not used are no hindrance; a device that has changed since is.
    claim_codes_book(&app.app, &Scope::system(), first, Lang::English).await.unwrap();
    undo(app, first).await;
    assert_eq!((counts(app, first).kept, app.count("SELECT count(*) AS n FROM devices")), (1, 1));
    let lone = book(&[&["Device code", "Kind", "Town", "Place"], &["NEW-9", "smart_station", town, &name]]);
    let lone = imported(app, ImportKind::Devices, None, lone).await;
    claim_codes_book(&app.app, &Scope::system(), lone, Lang::English).await.unwrap();
    undo(app, lone).await;
    assert_eq!((counts(app, lone).reverted, app.count("SELECT count(*) AS n FROM devices")), (1, 1));
});
