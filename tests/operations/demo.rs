//! The demo city lives: its devices report through the broker, its visits move, and nothing outlives it.

use std::collections::BTreeSet;
use std::path::PathBuf;
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

/// The folders under `/proc` of the processes whose command line names the city's folder.
fn processes_of(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let names_it = |process: &PathBuf| {
        std::fs::read(process.join("cmdline"))
            .is_ok_and(|line| String::from_utf8_lossy(&line).contains(folder))
    };
    entries.filter(names_it).collect()
}

/// The most memory that the simulator among these processes has held.
fn simulator_peak_kb(processes: &[PathBuf]) -> u64 {
    let is_simulator = |process: &&PathBuf| {
        let line = std::fs::read(process.join("cmdline")).unwrap();
        line.split(|byte| *byte == 0).any(|word| word == b"simulate")
    };
    let process = processes.iter().find(is_simulator).unwrap();
    let status = std::fs::read_to_string(process.join("status")).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse().unwrap()
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
    let processes = processes_of(&folder);
    assert_eq!(processes.len(), 2, "the program and its simulator");
    // A tenth of what a client library reserves for each connection that sets no limit: a hundred cities must fit.
    let peak_kb = simulator_peak_kb(&processes);
    assert!(peak_kb < 60_000, "42 devices take {peak_kb} kB");
    city.songhe.kill();
    poll::until(LIMIT, "the simulator to end with its program", || processes_of(&folder).is_empty());
}
