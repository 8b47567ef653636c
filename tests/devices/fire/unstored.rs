//! A fire that the database does not take is told to open pages all the same, marked, once, and to those within reach.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::Value;
use songhe::access::Role;
use songhe::devices::gb26875::model::Command;

use super::panel::{ADDRESS, Panel, add_panel, alerts_of, gateway};
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
