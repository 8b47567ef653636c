//! A fire that the database does not take is told to open pages all the same, marked, once, and to those within reach.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::Value;
use songhe::access::Role;
use songhe::devices::gb26875::model::Command;

use super::panel::{ADDRESS, Panel, add_panel, alerts_of, analog, gateway};
use crate::devices::faults::broken::stop_database;
use crate::support::app::{TestApp, both};
use crate::support::live::Live;
use crate::support::seed::town;

const LIMIT: Duration = Duration::from_secs(30);
/// A write waits for its turn for longer than this.
const SOON: Duration = Duration::from_secs(4);
const FIRE: u16 = 0b11;
const FIRE_IN_A_TRIAL: u16 = 0b10;

/// Keeps the database from taking anything until the sender is used.
fn hold(app: &TestApp) -> (mpsc::Sender<()>, std::thread::JoinHandle<()>) {
    let (release, held) = mpsc::channel::<()>();
    let (taken, holding) = mpsc::channel::<()>();
    let db = app.app.db.clone();
    let holder = std::thread::spawn(move || {
        let _ = db.write_now(|_| {
            let _ = taken.send(());
            let _ = held.recv();
            Ok(())
        });
    });
    holding.recv().unwrap();
    (release, holder)
}

/// The next event of an alert: whether it has a number, and what it says.
async fn next_alert(page: &mut Live, limit: Duration) -> Option<(bool, Value)> {
    loop {
        let event = page.next(limit).await?;
        if event.name == "alert" {
            return Some((event.id.is_some(), serde_json::from_str(&event.data).unwrap()));
        }
    }
}

both!(a_fire_that_cannot_be_stored_is_told_at_once_and_marked_until_it_is, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    add_panel(app, "FR-2", "0a0b0c0d0e0f", 1);
    app.add_user("lin", Role::DutyOfficer, town(1));
    app.add_user("chen", Role::DutyOfficer, town(2));
    let (lin, chen) = (app.login("lin").await, app.login("chen").await);
    let (service, address) = gateway(app).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    let mut other = Panel::connect(app, address, "0a0b0c0d0e0f").await;
    let quiet = panel.component((1, 1), 1, "厨房");
    panel.tell(&quiet).await;
    other.tell(&quiet).await;
    let mut page = Live::open(&lin, "/live").await;
    let mut foreign = Live::open(&chen, "/live").await;

    let (release, holder) = hold(app);
    let trial = other.component((1, 1), FIRE_IN_A_TRIAL, "");
    let trial = other.frame(&trial).encode();
    other.write(&trial).await;
    let smoke = panel.component((1, 1), FIRE, "厨房");
    let frame = panel.frame(&smoke).encode();
    let sent = Instant::now();
    panel.write(&frame).await;
    let (is_numbered, said) = next_alert(&mut page, LIMIT).await.expect("the fire is told");
    assert!(sent.elapsed() < SOON, "{:?}", sent.elapsed());
    assert!(!is_numbered);
    assert_eq!((&said["durable"], &said["kind"]), (&false.into(), &"smoke".into()), "{said}");
    assert_eq!(said["device_id"], id, "and nothing of the trial: {said}");
    let alarm = said["alarm"].clone();
    for lang in ["en", "zh-CN"] {
        assert!(said["texts"][lang].as_str().unwrap().contains("FR-1"), "{said}");
    }
    // The panel repeats it.
    panel.write(&frame).await;
    assert_eq!(next_alert(&mut page, SOON).await, None, "told once");
    assert_eq!(next_alert(&mut foreign, Duration::from_millis(100)).await, None, "not within reach");
    assert!(alerts_of(app, id).is_empty());
    let mut late = Live::open(&lin, "/live").await;
    assert_eq!(
        next_alert(&mut late, LIMIT).await,
        Some((false, said)),
        "a page that is opened now says so too"
    );

    release.send(()).unwrap();
    holder.join().unwrap();
    panel.write(&frame).await;
    assert_eq!(panel.answer().await.command, Command::Confirm);
    assert_eq!(alerts_of(app, id).len(), 1);
    let (mut is_taken_back, mut is_told) = (false, false);
    while !(is_taken_back && is_told) {
        let (is_numbered, said) = next_alert(&mut late, LIMIT).await.expect("what is stored is told");
        is_taken_back |= !is_numbered && said["durable"] == true && said["alarm"] == alarm;
        is_told |= is_numbered && said["device_id"] == id;
    }
    service.stop().await;
});

both!(a_fire_and_gas_are_told_while_no_database_answers, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    app.add_user("lin", Role::DutyOfficer, town(1));
    let lin = app.login("lin").await;
    let (service, address) = gateway(app).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    let at = panel.now();
    panel.tell(&analog(74, (2, 1), 6, 10, at)).await;
    let mut page = Live::open(&lin, "/live").await;
    let url = app.app.config.database.url.expose().to_owned();
    let stopped = stop_database(app.kind(), &url);
    app.hand.advance(chrono::TimeDelta::seconds(1));
    let (smoke, at) = (panel.component((1, 1), FIRE, ""), panel.now());
    // A third of what explodes, by a value; the panel sends it over another line.
    let (smoke, gas) = (panel.frame(&smoke).encode(), panel.frame(&analog(74, (2, 1), 6, 330, at)).encode());
    let mut other = Panel::connect(app, address, ADDRESS).await;
    panel.write(&smoke).await;
    other.write(&gas).await;
    let mut told = BTreeMap::new();
    while told.len() < 2 {
        let (is_numbered, said) = next_alert(&mut page, LIMIT).await.expect("both are told");
        assert!(!is_numbered && said["durable"] == false && said["device_id"] == id, "{said}");
        told.insert(said["kind"].as_str().unwrap().to_owned(), said["alarm"].clone());
    }
    assert_eq!(told.keys().collect::<Vec<_>>(), ["gas", "smoke"]);
    stopped.go_on();
    for (line, frame) in [(&mut panel, &smoke), (&mut other, &gas)] {
        // As often as it takes until the database is reached again.
        while tokio::time::timeout(SOON, async {
            line.write(frame).await;
            line.answer().await
        })
        .await
        .is_err()
        {}
    }
    while !told.is_empty() {
        let (_, said) = next_alert(&mut page, LIMIT).await.expect("what is stored is told");
        if said["durable"] == true {
            told.retain(|_, alarm| *alarm != said["alarm"]);
        }
    }
    let mut kinds: Vec<String> = alerts_of(app, id).into_iter().map(|alert| alert.0).collect();
    kinds.sort();
    assert_eq!(kinds, ["gas", "smoke"]);
    service.stop().await;
});

both!(a_fire_that_is_stored_at_once_is_told_once, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    app.add_user("lin", Role::DutyOfficer, town(1));
    let lin = app.login("lin").await;
    let (service, address) = gateway(app).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    let mut page = Live::open(&lin, "/live").await;
    let smoke = panel.component((1, 1), FIRE, "");
    panel.tell(&smoke).await;
    let (is_numbered, said) = next_alert(&mut page, LIMIT).await.expect("the stored alert is told");
    assert!(is_numbered && said["device_id"] == id, "{said}");
    assert_eq!(next_alert(&mut page, Duration::from_secs(1)).await, None, "and nothing beside it");
    service.stop().await;
});
