//! A call for help that the database does not take is told to open pages all the same, marked, once, and to those within reach.

use std::sync::mpsc;
use std::time::Duration;

use diesel::prelude::*;
use songhe::access::Role;
use songhe::db::schema::alerts;
use songhe::devices::DeviceKind;
use songhe::devices::ingest::{Health, Work, Writer};
use songhe_firmware_protocol::{Alarm, AlarmKind, Header, Lane, TopicKind};

use crate::devices::live::rig::{add_device, encoded};
use crate::support::app::{TestApp, both};
use crate::support::live::{Live, LiveEvent};
use crate::support::seed::town;

const LIMIT: Duration = Duration::from_secs(30);
/// Longer than an alarm may wait before it is told.
const WHILE: Duration = Duration::from_secs(3);

fn alarm(test: &TestApp, device: i64, (kind, raised, seq): (AlarmKind, bool, u64)) -> Work {
    let header = Header { boot_id: 1, lane: Lane::Live, seq, monotonic_ms: seq, wall_ms: None, flags: 0 };
    let alarm = Alarm { header, kind_code: kind.code(), raised, cause: None, attempt: 0 };
    let payload = encoded(|out| alarm.encode(out).unwrap());
    Work::read(device, TopicKind::Alarm, payload.into(), test.app.clock.now())
}

fn payload(event: &LiveEvent) -> serde_json::Value {
    serde_json::from_str(&event.data).unwrap()
}

both!(an_alarm_that_cannot_be_stored_is_told_once_and_marked, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    app.add_user("lin", Role::DutyOfficer, town(1));
    app.add_user("chen", Role::DutyOfficer, town(2));
    let (lin, chen) = (app.login("lin").await, app.login("chen").await);
    let mut page = Live::open(&lin, "/live").await;
    let mut foreign = Live::open(&chen, "/live").await;
    let (writer, ingest, _to_devices) =
        Writer::start(&app.app, &Health::new(app.app.parts.clone(), "embedded"));

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
    // The device repeats its call, and something else happens that can wait for the database.
    let works = [
        alarm(app, id, (AlarmKind::Sos, true, 0)),
        alarm(app, id, (AlarmKind::Sos, true, 0)),
        alarm(app, id, (AlarmKind::Tamper, true, 1)),
    ];
    let sending: Vec<_> = works
        .into_iter()
        .map(|work| {
            let ingest = ingest.clone();
            tokio::spawn(async move { ingest.submit(work).await })
        })
        .collect();
    let told = page.next(LIMIT).await.expect("the alarm is told");
    assert_eq!((told.name.as_str(), told.id), ("alert", None), "{told:?}");
    let said = payload(&told);
    assert_eq!((&said["durable"], &said["kind"]), (&false.into(), &"sos".into()), "{said}");
    assert_eq!(said["device_id"], id);
    assert!(said["texts"]["en"].as_str().unwrap().contains("ST-1"), "{said}");
    assert!(said["texts"]["zh-CN"].as_str().unwrap().contains("ST-1"), "{said}");
    assert_eq!(page.next(WHILE).await, None, "told once");
    assert_eq!(foreign.next(Duration::from_millis(100)).await, None, "not within reach");
    // A page that is opened now says so too.
    let mut late = Live::open(&lin, "/live").await;
    assert_eq!(late.next(LIMIT).await.map(|event| payload(&event)), Some(said));

    release.send(()).unwrap();
    holder.join().unwrap();
    for answer in sending {
        // One that waited too long is refused: its device sends it again.
        let _ = answer.await.unwrap();
    }
    assert_eq!(ingest.submit(alarm(app, id, (AlarmKind::Sos, true, 0))).await, Ok(()));
    let stored: Vec<i64> = app.read(|connection| {
        let sos = alerts::table.filter(alerts::kind.eq("sos"));
        Ok(sos.select(alerts::id).load(connection)?)
    });
    assert_eq!(stored.len(), 1);
    let (mut is_taken_back, mut is_told) = (false, false);
    while !(is_taken_back && is_told) {
        let event = late.next(LIMIT).await.expect("what is stored is told");
        let said = payload(&event);
        is_taken_back |= event.id.is_none() && said["durable"] == true;
        is_told |= event.id.is_some() && said["id"] == stored[0];
    }
    writer.stop().await;
});
