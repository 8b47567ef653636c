//! Every frame, part and refusal can be reached: page by page, with filters, as a workbook and by the interface.

use calamine::Reader;
use chrono::TimeDelta;
use diesel::RunQueryDsl;
use reqwest::StatusCode;
use serde_json::Value;
use songhe::access::{Place, Role};
use songhe::devices::gb26875::model::{
    Command, ComponentState, Content, Operation, Request, Timed, text_bytes, text_of,
};

use super::panel::{ADDRESS, FIRE_SYSTEM, Panel, add_panel, gateway, gateway_with, part};
use crate::support::app::both;
use crate::support::client::{Client, expect};
use crate::support::seed::town;

const FRAMES: u16 = 60;
/// Parts of one frame, and frames of them that make more parts than a page shows.
const PARTS: u16 = 22;
const FRAMES_OF_PARTS: u16 = 23;

async fn all(client: &Client, path: &str) -> Vec<Value> {
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get_json(&format!("{path}{cursor}")).await;
        rows.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return rows,
        }
    }
}

both!(every_frame_of_a_panel_is_on_a_page_and_in_the_interface, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    let foreign = add_panel(app, "FR-2", "0a0b0c0d0e0f", 2);
    let (service, address) = gateway_with(app, |config| config.fire.frames_per_s = 1_000).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    for place in 1..=FRAMES {
        let content = panel.component((1, place), 1, "三楼");
        panel.tell(&content).await;
    }
    for operator in 1..=2 {
        let of = Operation { system: FIRE_SYSTEM, flags: 1 << 1, operator };
        let content = Content::Operations(vec![Timed { of, at: panel.now() }]);
        panel.tell(&content).await;
    }
    let trial = panel.component((1, 1), 0, "三楼");
    panel.tell(&trial).await;
    let mut other = Panel::connect(app, address, "0a0b0c0d0e0f").await;
    let content = other.component((9, 9), 1, "异地");
    other.tell(&content).await;

    app.add_user("lin", Role::DutyOfficer, town(1));
    app.add_user("hu", Role::CityManager, Place::City);
    let (lin, hu) = (app.login("lin").await, app.login("hu").await);
    let page = lin.page(&format!("/devices/{id}")).await;
    assert!(page.contains(&format!("/fire-frames?device={id}")), "the panel's page leads there: {page}");
    let page = lin.page(&format!("/fire-frames?device={id}&lang=en")).await;
    assert!(page.contains("Page 1 of 2") && page.contains("page=2"), "{page}");
    assert!(page.contains("FR-1") && !page.contains("FR-2") && !page.contains("异地"), "{page}");
    let page = lin.page(&format!("/fire-frames?device={id}&kind=4&lang=en")).await;
    assert!(page.contains("operator 2") && !page.contains("Component state</td>"), "{page}");
    let page = lin.page("/fire-frames?test=true&lang=en").await;
    assert!(page.contains("Component state · Test") && !page.contains("operator 2"), "{page}");
    assert!(hu.page("/fire-frames").await.contains("异地"));
    for path in ["/fire-frames.xlsx", "/fire-parts.xlsx", "/fire-refusals.xlsx"] {
        let answer = lin.get(path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert!(answer.bytes().await.unwrap().starts_with(b"PK"), "{path}");
    }

    let frames = all(&lin, &format!("/api/v1/fire-frames?device={id}&limit=25")).await;
    let seqs: Vec<i64> = frames.iter().map(|frame| frame["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, (0..i64::from(FRAMES) + 3).collect::<Vec<_>>(), "each once, in order");
    assert_eq!(all(&lin, "/api/v1/fire-frames?kind=4").await.len(), 2);
    assert_eq!(all(&lin, "/api/v1/fire-frames?test=true").await.len(), 1);
    let one = lin.get_json(&format!("/api/v1/fire-frames/{}", frames[7]["id"])).await;
    assert_eq!(one, frames[7]);
    assert_eq!((&one["kind"], &one["command"], &one["device_id"]), (&2.into(), &2.into(), &id.into()));
    assert!(one["raw"].as_str().unwrap().starts_with("4040"));
    let elsewhere = all(&hu, &format!("/api/v1/fire-frames?device={foreign}")).await;
    assert_eq!(elsewhere.len(), 1);
    let path = format!("/api/v1/fire-frames/{}", elsewhere[0]["id"]);
    assert_eq!(lin.get(&path).await.status(), StatusCode::NOT_FOUND);
    assert!(all(&lin, &format!("/api/v1/fire-frames?device={foreign}")).await.is_empty());
    service.stop().await;
});

both!(a_workbook_of_more_frames_than_it_holds_is_refused_and_days_narrow_it, |app| async {
    app.add_towns();
    add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) = gateway(app).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    let first_day = app.app.calendar.day_of(app.app.clock.now());
    let content = panel.component((1, 1), 1, "三楼");
    panel.tell(&content).await;
    app.hand.advance(TimeDelta::days(2));
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    panel.seq = 1;
    let content = panel.component((1, 2), 1, "四楼");
    panel.tell(&content).await;
    service.stop().await;
    // As many again as fit, alike but for their numbers.
    app.write(|tx| {
        let many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999) \
            INSERT INTO fire_frames (device_id, source, seq, hash, round, command, kind, raw, panel_at, received_at, is_test) \
            SELECT device_id, source, 1000 + n.i, hash, round, command, kind, raw, panel_at, received_at, is_test \
            FROM fire_frames, n WHERE seq = 1";
        Ok(diesel::sql_query(many).execute(tx.connection)?)
    });
    app.add_user("lin", Role::DutyOfficer, town(1));
    let lin = app.login("lin").await;
    let narrow = format!("/fire-frames.xlsx?until={first_day}");
    let refused = lin.get("/fire-frames.xlsx?lang=en").await;
    let page = expect(refused, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(page.contains("More than 10000 rows fit") && page.contains("by days"), "{page}");
    let page = expect(lin.get("/fire-frames.xlsx?lang=zh-CN").await, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(page.contains("上限 10000 条"), "{page}");
    let bytes = lin.get(&narrow).await.bytes().await.unwrap();
    let mut book: calamine::Xlsx<_> = calamine::Xlsx::new(std::io::Cursor::new(bytes)).unwrap();
    let sheet = book.worksheet_range_at(0).unwrap().unwrap();
    assert_eq!((sheet.height(), sheet.width()), (2, 8), "one frame under its heads, with every column");
    let hex = sheet.get((1, 7)).unwrap().to_string();
    assert!(hex.starts_with("40 40 ") && hex.ends_with("23 23"), "{hex}");
    // Exactly as many as fit.
    let later = first_day.succ_opt().unwrap();
    let fits = lin.get(&format!("/fire-frames.xlsx?from={later}")).await;
    assert_eq!(fits.status(), StatusCode::OK);
    let page = lin.page(&format!("/fire-frames?until={first_day}&lang=en")).await;
    assert!(page.contains("1 rows") && page.contains(&format!("value=\"{first_day}\"")), "{page}");
    assert!(lin.page("/fire-frames?from=soon&lang=en").await.contains("No frame fits."));
    assert_eq!(all(&lin, &format!("/api/v1/fire-frames?until={first_day}")).await.len(), 1);
});

both!(a_panel_with_many_parts_says_that_it_shows_some_and_where_all_are, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) = gateway_with(app, |config| config.fire.frames_per_s = 1_000).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    app.add_user("lin", Role::DutyOfficer, town(1));
    let lin = app.login("lin").await;
    for zone in 1..=FRAMES_OF_PARTS {
        let at = panel.now();
        let state = |place: u16| {
            let of = ComponentState { part: part(42, (zone, place)), state: 1, text: text_bytes("") };
            Timed { of, at }
        };
        panel.tell(&Content::ComponentStates((1..=PARTS).map(state).collect())).await;
        if zone == 1 {
            let page = lin.page(&format!("/devices/{id}?lang=en")).await;
            assert!(!page.contains("The first"), "nothing is cut: {page}");
        }
    }
    let total = usize::from(FRAMES_OF_PARTS * PARTS);
    let page = lin.page(&format!("/devices/{id}?lang=en")).await;
    assert!(page.contains(&format!("The first 500 of {total} parts")), "{page}");
    let listed = format!("/fire-parts?device={id}");
    assert!(page.contains(&listed), "{page}");
    let page = lin.page(&format!("{listed}&page=11&lang=en")).await;
    assert!(
        page.contains(&format!("{FRAMES_OF_PARTS}-{PARTS}")) && page.contains("Smoke detector"),
        "{page}"
    );
    assert_eq!(lin.get_json(&format!("/api/v1/devices/{id}/panel")).await["parts_total"], total);
    let parts = all(&lin, &format!("/api/v1/fire-parts?device={id}&level=component&limit=200")).await;
    assert_eq!(parts.len(), total);
    assert!(all(&lin, "/api/v1/fire-parts?level=device").await.is_empty());
    service.stop().await;
});

both!(a_refusal_says_what_exactly_was_wrong_to_people_and_nothing_to_the_panel, |app| async {
    app.add_towns();
    add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) = gateway(app).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    let smoke = panel.component((1, 1), 3, "厨房");
    let good = panel.frame(&smoke);
    let mut counted = good.clone();
    counted.data[1] = 9;
    let mut corrupt = good.encode();
    let at = corrupt.len() - 3;
    let (sum, found) = (corrupt[at], corrupt[at] ^ 1);
    corrupt[at] = found;
    let command = songhe::devices::gb26875::model::Frame { command: Command::Other(77), ..good.clone() };
    for bytes in [counted.encode(), corrupt, command.encode()] {
        panel.write(&bytes).await;
        let answer = panel.answer().await;
        assert_eq!(answer.command, Command::Deny);
        assert_eq!(text_of(&answer.data), "", "the standard's refusal has no data");
    }
    app.add_user("hu", Role::CityManager, Place::City);
    app.add_user("lin", Role::DutyOfficer, town(1));
    let (hu, lin) = (app.login("hu").await, app.login("lin").await);
    let english = hu.page("/fire-refusals?lang=en").await;
    let checksum = format!("The checksum is {found}, not {sum}.");
    for said in ["9 objects of type 2 are 414 bytes, not 46.", &checksum, "Command 77."] {
        assert!(english.contains(said), "{said}: {english}");
    }
    let chinese = hu.page("/fire-refusals?lang=zh-CN").await;
    let checksum = format!("校验和为 {found}，应为 {sum}。");
    for said in ["类型 2 的 9 个对象应为 414 字节，实为 46 字节。", &checksum, "命令 77。"]
    {
        assert!(chinese.contains(said), "{said}: {chinese}");
    }
    let some = hu.page("/fire-refusals?reason=command&lang=en").await;
    assert!(some.contains("Command 77.") && !some.contains("objects of type"), "{some}");
    let told = hu.get_json("/api/v1/fire-refusals").await;
    let faults: Vec<&str> =
        told["items"].as_array().unwrap().iter().map(|one| one["fault"].as_str().unwrap()).collect();
    assert_eq!(faults.len(), 3);
    assert!(faults.contains(&"size kind=2 count=9 expected=414 found=46"), "{faults:?}");
    assert_eq!(lin.get_json("/api/v1/fire-refusals").await["items"], serde_json::json!([]), "of no town");
    service.stop().await;
});

both!(a_guard_check_is_given_as_many_minutes_as_somebody_chooses, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) = gateway(app).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    panel.tell(&Content::Heartbeat).await;
    let (clock, _) = panel.question().await;
    panel.settle(&clock, Command::Confirm).await;
    app.add_user("lin", Role::DutyOfficer, town(1));
    app.add_user("far", Role::DutyOfficer, town(2));
    let lin = app.login("lin").await;
    let path = format!("/devices/{id}/guard-checks");
    assert!(lin.page(&path).await.contains("value=\"5\""), "five, where nobody says otherwise");
    assert_eq!(app.login("far").await.get(&path).await.status(), StatusCode::NOT_FOUND);
    for wrong in ["0", "61", "soon"] {
        let answer = lin.post_form(&format!("{path}?lang=en"), &[("minutes", wrong)]).await;
        let page = expect(answer, StatusCode::UNPROCESSABLE_ENTITY).await;
        assert!(page.contains("60") && page.contains(&format!("value=\"{wrong}\"")), "{wrong}: {page}");
    }
    assert_eq!(lin.post_form(&path, &[("minutes", "17")]).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(panel.question().await.1, Request::GuardCheck { minutes: 17 });
    service.stop().await;
});
