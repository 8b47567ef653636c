//! A call for help that the database does not take is told to open pages all the same, marked, once, and to those within reach.

use std::sync::mpsc;
use std::time::Duration;

use diesel::prelude::*;
use songhe::access::Role;
use songhe::db::schema::alerts;
use songhe::devices::DeviceKind;
use songhe::devices::ingest::{Health, What, Work, Writer};
use songhe_firmware_protocol::{Alarm, AlarmKind, Header, Lane, TopicKind};

use crate::devices::faults::broken::stop_database;
use crate::devices::faults::full::{fill_up, make_room};
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

both!(an_alarm_is_told_in_time_behind_a_batch_that_is_stuck, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    app.add_user("lin", Role::DutyOfficer, town(1));
    let mut page = Live::open(&app.login("lin").await, "/live").await;
    let (writer, ingest, _to_devices) =
        Writer::start(&app.app, &Health::new(app.app.parts.clone(), "embedded"));
    let came = What::Connected { connection: 1 };
    ingest.note(Work { device_id: id, received_at: app.app.clock.now(), what: came }).await;
    ingest.settle().await.unwrap();
    while page.next(Duration::from_millis(500)).await.is_some() {}

    let stopped = stop_database(app.kind(), app.app.config.database.url.expose());
    let send = |work: Work| {
        let ingest = ingest.clone();
        tokio::spawn(async move { ingest.submit(work).await })
    };
    let first = send(alarm(app, id, (AlarmKind::Tamper, true, 0)));
    // The writer is at work on that one for many seconds.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let handed_over = std::time::Instant::now();
    let second = send(alarm(app, id, (AlarmKind::Sos, true, 1)));
    let told = page.next(Duration::from_secs(3)).await.expect("the alarm is told");
    assert!(handed_over.elapsed() >= Duration::from_millis(400), "it is given the time to be stored");
    let said = payload(&told);
    assert_eq!((&said["durable"], &said["kind"], told.id), (&false.into(), &"sos".into(), None), "{said}");
    stopped.go_on();
    // Refused or stored: either is an answer.
    let _ = (first.await.unwrap(), second.await.unwrap());
    writer.stop().await;
});

both!(each_alarm_has_a_mark_of_its_own, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    app.add_user("lin", Role::DutyOfficer, town(1));
    let lin = app.login("lin").await;
    let (writer, ingest, _to_devices) =
        Writer::start(&app.app, &Health::new(app.app.parts.clone(), "embedded"));
    let (sos, fire) = (alarm(app, id, (AlarmKind::Sos, true, 0)), alarm(app, id, (AlarmKind::Fire, true, 1)));
    fill_up(app, "device_windows");
    let (one, other) = tokio::join!(ingest.submit(sos.clone()), ingest.submit(fire.clone()));
    assert!(one.is_err() && other.is_err(), "{one:?} {other:?}");
    make_room(app, "device_windows");
    // What a page that is opened now is told of.
    let marks = async || {
        let mut page = Live::open(&lin, "/live").await;
        let mut kinds: Vec<String> = Vec::new();
        while let Some(event) = page.next(Duration::from_millis(700)).await {
            let said = payload(&event);
            if event.id.is_none() && said["durable"] == false {
                kinds.push(said["kind"].as_str().unwrap().to_owned());
            }
        }
        kinds.sort();
        kinds
    };
    assert_eq!(marks().await, ["fire", "sos"]);
    assert_eq!(ingest.submit(sos).await, Ok(()));
    assert_eq!(marks().await, ["fire"], "the other one is not stored");
    // One that the database will never take is put aside, and nobody waits for it any more.
    app.write(|tx| {
        let refuse = match tx.connection {
            songhe::db::AnyConnection::Sqlite(_) => {
                "CREATE TRIGGER refuse BEFORE INSERT ON device_windows WHEN NEW.next_seq = 2 \
                 BEGIN SELECT RAISE(ABORT, 'no'); END"
            }
            songhe::db::AnyConnection::Postgres(_) => {
                "ALTER TABLE device_windows ADD CONSTRAINT refuse CHECK (next_seq <> 2)"
            }
        };
        Ok(diesel::sql_query(refuse).execute(tx.connection)?)
    });
    assert_eq!(ingest.submit(fire).await, Ok(()));
    assert_eq!(marks().await, [""; 0]);
    writer.stop().await;
});
