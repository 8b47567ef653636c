//! The demo city lives: its devices report through the broker, its visits move, and nothing outlives it.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::browser::city::City;
use crate::support::client::Client;
use crate::support::live::Live;
use crate::support::poll;

const LIMIT: Duration = Duration::from_mins(1);

async fn figure(client: &Client, key: &str) -> f64 {
    let set = client.get_json("/api/v1/figures").await;
    let figures = set["figures"].as_array().unwrap();
    figures.iter().find(|figure| figure["key"] == key).unwrap()["value"].as_f64().unwrap()
}

/// The processes whose command line names the city's folder.
fn processes_of(folder: &str) -> usize {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.filter(|line| String::from_utf8_lossy(line).contains(folder)).count()
}

#[tokio::test]
async fn devices_come_online_visits_move_and_nothing_outlives_a_kill() {
    let mut city = City::of("1");
    let client = city.client("city_manager").await;
    poll::until_async(LIMIT, "all devices to be online", async || {
        figure(&client, "devices_online").await >= 42.0
    })
    .await;
    let mut live = Live::open(&client, "/live").await;
    let mut awaited = BTreeSet::from(["reading", "visit"]);
    while !awaited.is_empty() {
        let event = live.next(LIMIT).await.unwrap_or_else(|| panic!("in vain for {awaited:?}"));
        awaited.remove(event.name.as_str());
    }
    let folder = city.songhe.data_dir().display().to_string();
    assert_eq!(processes_of(&folder), 2, "the program and its simulator");
    city.songhe.kill();
    poll::until(LIMIT, "the simulator to end with its program", || processes_of(&folder) == 0);
}
