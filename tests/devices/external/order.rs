//! What one device sends arrives in the order in which it was sent, however much of it is under way.

use std::sync::mpsc;
use std::time::Duration;

use songhe::access::Role;
use songhe_firmware_protocol::{Alarm, AlarmKind, Channel, Lane, Sample};

use super::{behind, broker_and_stations, heard_at_last};
use crate::devices::client::Seen;
use crate::devices::live::rig::{self, Device, alerts_of, encoded, stored};
use crate::support::app::both;
use crate::support::live::Live;
use crate::support::poll::until_async;
use crate::support::seed::town;

/// Longer than an alarm may wait before it is told.
const WHILE: Duration = Duration::from_secs(2);
const LIMIT: Duration = Duration::from_mins(1);
/// The last of them ends a call.
const MESSAGES: u64 = 200;

both!(an_alarm_that_is_over_does_not_overtake_its_beginning, |app| async {
    let Some((broker, ids)) = broker_and_stations(app, 2) else { return };
    let service = behind(app, &broker, |_| {}).await;
    let mut other = Device::connect(app, broker.address, "EX-2").await;
    heard_at_last(&mut other, app, ids[1]).await;
    // All of it comes in one rush, and who the device is has to be looked up meanwhile.
    let mut device = Device::connect(app, broker.address, "EX-1").await;
    for seq in 0..MESSAGES {
        let header = device.header(Lane::Live, seq);
        // Each third message is readings, which go together where they follow each other.
        if seq % 3 == 2 {
            device.send_only("up", &rig::samples(&header, &[Sample::new(Channel::Pulse, 70)])).await;
        } else {
            let raised = seq % 3 == 0;
            let cause = Some((Channel::Sos.code(), i32::from(raised)));
            let alarm = Alarm { header, kind_code: AlarmKind::Sos.code(), raised, cause, attempt: 0 };
            device.send_only("alarm", &encoded(|out| alarm.encode(out).unwrap())).await;
        }
    }
    for _ in 0..MESSAGES {
        assert_eq!(device.next().await, Seen::Acked, "by the broker");
    }
    until_async(LIMIT, "all is stored", || async { stored(app, ids[0]).len() as u64 == MESSAGES }).await;
    let arrived: Vec<i64> = stored(app, ids[0]).iter().map(|row| row.2).collect();
    assert_eq!(arrived, (0..MESSAGES as i64).collect::<Vec<_>>());
    let alerts = alerts_of(app, ids[0]);
    assert_eq!(alerts.len() as u64, MESSAGES.div_ceil(3), "each call is one of its own");
    // The last message ends the last call.
    assert!(alerts.iter().all(|alert| alert.2), "{alerts:?}");
    service.stop().await;
});

both!(a_call_for_help_behind_what_cannot_be_stored_is_told, |app| async {
    let Some((broker, ids)) = broker_and_stations(app, 1) else { return };
    app.add_user("lin", Role::DutyOfficer, town(1));
    let mut page = Live::open(&app.login("lin").await, "/live").await;
    let service = behind(app, &broker, |_| {}).await;
    let mut device = Device::connect(app, broker.address, "EX-1").await;
    heard_at_last(&mut device, app, ids[0]).await;
    // The database takes nothing for a while.
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
    device.live(1, Channel::Pulse, 70).await;
    device.alarm(2, AlarmKind::Tamper, true, 0).await;
    device.alarm(3, AlarmKind::Sos, true, 0).await;
    let said = loop {
        let event = page.next(LIMIT).await.expect("the call is told");
        if event.id.is_none() && event.name == "alert" {
            break serde_json::from_str::<serde_json::Value>(&event.data).unwrap();
        }
    };
    assert_eq!((&said["durable"], &said["kind"]), (&false.into(), &"sos".into()), "{said}");
    assert_eq!(page.next(WHILE).await, None, "told once");
    release.send(()).unwrap();
    holder.join().unwrap();
    until_async(LIMIT, "all is stored", || async { alerts_of(app, ids[0]).len() == 2 }).await;
    service.stop().await;
});
