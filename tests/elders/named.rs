//! A form takes an elder by name, record number or identity number, and tells those of one name apart.

use reqwest::StatusCode;
use songhe::access::Role;

use crate::support::app::{TestApp, both};
use crate::support::client::{expect, location};
use crate::support::people::IDENTITY;
use crate::support::seed::{town, town_code};

fn call(app: &TestApp, elder: i64, name: &str) {
    app.taken(&format!("UPDATE elders SET name = '{name}' WHERE id = {elder}"));
}

both!(an_elder_is_named_by_name_or_number, |app| async {
    app.add_towns();
    let (first, second, third) = (app.add_elder(1), app.add_elder(1), app.add_elder(1));
    let (elsewhere, holder) = (app.add_elder(2), app.add_sealed_elder(1, IDENTITY));
    for (elder, name) in [(first, "林秀英"), (second, "林秀"), (third, "林大海"), (elsewhere, "陈阿来")]
    {
        call(app, elder, name);
    }
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let waits = async |elder: &str| {
        let answer = lin.post_form("/waiting", &[("elder", elder), ("institution", "")]).await;
        if answer.status() == StatusCode::SEE_OTHER { Ok(location(&answer)) } else { Err(answer) }
    };
    // Nobody, somebody of another town, nobody named, and a part that fits several.
    for (text, part) in
        [("", "档案编号"), ("查无此人", "没有这个姓名"), ("陈阿来", "没有这个姓名"), ("林", "多人同名")]
    {
        let page = expect(waits(text).await.unwrap_err(), StatusCode::UNPROCESSABLE_ENTITY).await;
        assert!(page.contains(part), "{text}: {page}");
    }
    let page = expect(waits("林").await.unwrap_err(), StatusCode::UNPROCESSABLE_ENTITY).await;
    for elder in [first, second, third] {
        assert!(page.contains(&format!("{elder} (")), "{elder} is told apart");
    }
    // Who is called just so is meant, though others are called so and more; a part that fits one is enough.
    for (text, elder) in
        [("林秀", second), ("林大", third), (first.to_string().as_str(), first), (IDENTITY, holder)]
    {
        assert!(waits(text).await.is_ok(), "{text}");
        let last = "SELECT elder_id AS n FROM waiting_entries ORDER BY id DESC LIMIT 1";
        assert_eq!(app.count(last), elder, "{text}");
    }
    assert_eq!(app.audited("elder.look_up").len(), 1);
    // With a device it is the same.
    let (code, blob) =
        (town_code(1), if app.kind() == songhe::db::Kind::Sqlite { "x'00'" } else { "'\\x00'" });
    let station = app.add_station(1, None);
    app.taken(&format!(
        "INSERT INTO devices (code, kind, name, town_code, station_id, token_hash, presence, presence_at, created_at) VALUES \
         ('D1', 'home_device', '血压计', '{code}', {station}, {blob}, 'never', '2026-01-01 00:00:00.000', \
         '2026-01-01 00:00:00.000')"
    ));
    let device = app.count("SELECT id AS n FROM devices");
    let path = format!("/devices/{device}/place");
    for (text, status) in [("林", 422), ("", 422), ("林秀", 303)] {
        let fields = [("version", "1"), ("device_place", "elder"), ("elder_id", text)];
        assert_eq!(lin.post_form(&path, &fields).await.status(), status, "{text}");
    }
    assert_eq!(app.count(&format!("SELECT COUNT(*) AS n FROM devices WHERE elder_id = {second}")), 1);
});
