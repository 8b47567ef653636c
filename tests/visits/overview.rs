//! A town's week by caregiver, and a day's visits on the map.

use songhe::access::{Place, Role};
use songhe::visits::{Step, assign, progress};

use super::planned;
use crate::support::app::both;
use crate::support::seed::{town, town_code};

both!(a_week_shows_what_everybody_has_and_what_nobody_has, |app| async {
    app.add_towns();
    let provider = app.add_provider(1);
    let (busy, free) = (app.add_caregiver(1, provider), app.add_caregiver(1, provider));
    let visits: Vec<i64> = (0..3).map(|_| planned(app, app.add_elder(1), (540, 1_000))).collect();
    app.write(|tx| assign(tx, visits[0], 1, busy, None));
    app.write(|tx| assign(tx, visits[1], 1, busy, None));
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let hong = app.user("hong", Role::Coordinator, town(2)).await;
    let name = |id: i64| app.text(&format!("SELECT name AS t FROM caregivers WHERE id = {id}"));
    let week = |lang: &str| format!("/visits/week?day=2026-11-25&lang={lang}");
    let page = lin.page(&week("zh-CN")).await;
    assert!(page.contains(&name(busy)) && page.contains(&name(free)), "also who has room");
    assert!(
        page.contains("2 单") && page.contains("1 单") && page.contains("2026-11-23 至 2026-11-29"),
        "{page}"
    );
    let own = format!("/visits?day=2026-11-23&amp;town={}&amp;caregiver={busy}", town_code(1));
    assert!(page.contains(&own.replace("&amp;", "&#38;")) || page.contains(&own), "{page}");
    assert!(lin.page(&week("en")).await.contains("2 visits"));
    let next = lin.page("/visits/week?day=2026-12-02&lang=zh-CN").await;
    assert!(next.contains(&name(busy)) && !next.contains("2 单"), "another week");
    let other = hong.page(&week("zh-CN")).await;
    assert!(!other.contains(&name(busy)) && !other.contains("2 单"), "of another town");
    let foreign = format!("/visits/week?town={}", town_code(1));
    assert_eq!(hong.status(&foreign).await, 422);
    assert_eq!(lin.status("/visits/week?day=someday").await, 422);
});

both!(the_map_shows_the_days_visits_by_how_far_they_are, |app| async {
    app.add_towns();
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    let elder = app.add_elder(1);
    let visits = [planned(app, elder, (540, 1_000)), planned(app, app.add_elder(1), (540, 1_000))];
    app.write(|tx| assign(tx, visits[0], 1, caregiver, None));
    app.write(|tx| progress(tx, visits[0], 2, &Step::Arrive));
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let hong = app.user("hong", Role::Coordinator, town(2)).await;
    let chen = app.user("chen", Role::Caregiver, Place::Own(caregiver)).await;
    let page = lin.page("/visits/map?lang=zh-CN").await;
    assert!(page.contains("工单地图") && page.contains("/visits/points.json?day=2026-11-23"), "{page}");
    let layers = lin.get_json("/visits/points.json?lang=en").await;
    let points = |layers: &serde_json::Value, key: &str| {
        let layer = layers["layers"].as_array().unwrap().iter().find(|layer| layer["key"] == key).unwrap();
        layer["points"].as_array().unwrap().clone()
    };
    let running = points(&layers, "running");
    assert_eq!(running.len(), 1);
    assert_eq!(running[0]["href"], format!("/visits/{}", visits[0]));
    assert!(running[0]["label"].as_str().unwrap().contains(&app.name_of_elder(elder)));
    assert!(running[0]["lon"].as_f64().unwrap() > 118.0 && running[0]["lat"].as_f64().unwrap() > 24.0);
    assert_eq!((points(&layers, "open").len(), points(&layers, "over").len()), (1, 0));
    assert!(points(&hong.get_json("/visits/points.json").await, "running").is_empty(), "of another town");
    assert_eq!(points(&chen.get_json("/visits/points.json").await, "running").len(), 1, "one's own");
    assert!(points(&lin.get_json("/visits/points.json?day=2026-11-24").await, "running").is_empty());
    assert_eq!(lin.status(&format!("/visits/map?town={}", town_code(2))).await, 422);
});
