//! Who is there and who has fallen silent: in time, once, and never because we could not hear.

mod gone;
mod links;
mod reconnect;
mod silent;
mod wills;

use std::time::Duration;

use chrono::TimeDelta;
use diesel::prelude::*;
use songhe::access::Role;
use songhe::clock::Instant;
use songhe::db::schema::{alerts, devices};
use songhe::devices::ingest::{Health, Ingest, What, Work, Writer};
use songhe::devices::presence::Watcher;
use songhe::devices::{DeviceKind, DevicePlace, PresenceState, disable_device};
use songhe_firmware_protocol::Channel;

use super::client::{Seen, Version};
use super::live::rig::{Device, add_device, alerts_of, embedded};
use super::raw::RawClient;
use crate::support::app::{TestApp, both};
use crate::support::equipment::TOKEN;
use crate::support::poll::until_async;
use crate::support::seed::town;

const LIMIT: Duration = Duration::from_secs(20);

/// The way into the database and the look for silence, without a broker.
struct Rig<'a> {
    app: &'a TestApp,
    health: Health,
    writer: Writer,
    ingest: Ingest,
    watcher: Watcher,
}

impl<'a> Rig<'a> {
    async fn start(app: &'a TestApp) -> Self {
        let health = Health::new(app.app.parts.clone(), "test");
        let (writer, ingest, _) = Writer::start(&app.app, &health);
        let watcher = Watcher::start(&app.app, Some((health.clone(), ingest.clone()))).await.unwrap();
        Self { app, health, writer, ingest, watcher }
    }

    /// As a broker elsewhere tells of devices.
    async fn hear(&self, ids: &[i64]) {
        for id in ids {
            let what = What::Heard { online: true, connection: None, ends: None };
            self.ingest.note(Work { device_id: *id, received_at: self.app.app.clock.now(), what }).await;
        }
        self.ingest.settle().await.unwrap();
    }

    async fn look_after(&mut self, seconds: i64) -> usize {
        self.app.hand.advance(TimeDelta::seconds(seconds));
        self.watcher.look().await.unwrap()
    }

    async fn stop(self) {
        drop(self.watcher);
        self.writer.stop().await;
    }
}

fn presence(app: &TestApp, device: i64) -> PresenceState {
    app.read(|connection| Ok(devices::table.find(device).select(devices::presence).first(connection)?))
}

/// How many devices are in this state.
fn count(app: &TestApp, state: PresenceState) -> i64 {
    app.read(|connection| {
        Ok(devices::table.filter(devices::presence.eq(state)).count().get_result(connection)?)
    })
}

/// (kind, whether it is over) of all alerts, in order.
fn told(app: &TestApp) -> Vec<(String, bool)> {
    app.read(|connection| {
        Ok(alerts::table
            .order(alerts::id)
            .select((alerts::kind, alerts::cleared_at.is_not_null()))
            .load(connection)?)
    })
}

fn offline(over: bool) -> (String, bool) {
    ("offline".to_owned(), over)
}

both!(a_lost_connection_is_suspect_then_offline_and_told_once_an_hour, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let (service, address) = embedded(app).await;
    let state = async |wanted: PresenceState| {
        until_async(LIMIT, wanted.name(), || async { presence(app, id) == wanted }).await;
    };
    let wait = async |seconds: i64| {
        app.hand.advance(TimeDelta::seconds(seconds));
        service.look_for_silence().await.unwrap()
    };
    let connection = RawClient::connect_with(Version::V3, address, ("ST-1", TOKEN)).await;
    state(PresenceState::Online).await;
    assert_eq!(wait(3_000).await, 0, "a connection that lives counts as heard");
    drop(connection);
    state(PresenceState::Suspect).await;
    assert_eq!(wait(89).await, 0);
    assert_eq!(presence(app, id), PresenceState::Suspect);
    wait(1).await;
    assert_eq!((presence(app, id), told(app)), (PresenceState::Offline, vec![offline(false)]));
    assert_eq!(wait(1_000).await, 0, "told once");
    app.add_user("lin", Role::DutyOfficer, town(1));
    let page = app.login("lin").await.page("/alerts?lang=en").await;
    assert!(page.contains("Device offline") && page.contains("Silent for 90 s"), "{page}");

    // Back, once it has said something twice.
    let mut device = Device::connect(app, address, "ST-1").await;
    assert_eq!(device.live(0, Channel::Pulse, 70).await, Seen::Acked);
    assert_eq!((presence(app, id), told(app)), (PresenceState::Offline, vec![offline(false)]));
    assert_eq!(device.live(1, Channel::Pulse, 70).await, Seen::Acked);
    assert_eq!((presence(app, id), told(app)), (PresenceState::Online, vec![offline(true)]));
    device.say_goodbye().await;
    state(PresenceState::Offline).await;
    assert_eq!(wait(600).await, 0, "it comes and goes: held until the hour is over");
    wait(2_000).await;
    assert_eq!(told(app), [offline(true), offline(false)]);

    // A connection that only pings is believed after two heartbeats.
    let _connection = RawClient::connect_with(Version::V5, address, ("ST-1", TOKEN)).await;
    until_async(LIMIT, "a connection", || async {
        app.read(|connection| {
            let at: Option<Instant> =
                devices::table.find(id).select(devices::connected_at).first(connection)?;
            Ok(at.is_some())
        })
    })
    .await;
    assert_eq!((wait(59).await, presence(app, id)), (0, PresenceState::Offline));
    wait(1).await;
    assert_eq!(presence(app, id), PresenceState::Online);
    assert_eq!(told(app), [offline(true), offline(true)]);
    service.stop().await;
});

both!(a_device_behind_another_broker_is_there_while_it_is_heard, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let slow = add_device(app, "HM-1", DeviceKind::HomeDevice, 1);
    let mut rig = Rig::start(app).await;
    assert_eq!(rig.look_after(10_000).await, 0, "who was never heard is not missed");
    rig.hear(&[id, slow]).await;
    assert_eq!(rig.look_after(44).await, 0);
    assert_eq!((rig.look_after(1).await, presence(app, id)), (1, PresenceState::Suspect));
    rig.hear(&[id]).await;
    assert_eq!(presence(app, id), PresenceState::Online);
    assert_eq!((rig.look_after(45).await, presence(app, slow)), (2, PresenceState::Suspect));
    assert_eq!((rig.look_after(45).await, presence(app, id)), (2, PresenceState::Offline));
    assert_eq!((rig.look_after(45).await, presence(app, slow)), (2, PresenceState::Offline));
    assert_eq!(told(app), [offline(false), offline(false)]);
    // Out of service: nobody waits for it any more.
    app.write(|tx| disable_device(tx, "HM-1"));
    assert_eq!(alerts_of(app, slow).iter().map(|alert| alert.2).collect::<Vec<_>>(), [true], "at once");
    assert_eq!(rig.look_after(1).await, 0, "no look has to find it");
    rig.stop().await;
});

both!(a_goodbye_is_known_from_a_will_behind_another_broker, |app| async {
    app.add_towns();
    let (one, other) = (
        add_device(app, "ST-1", DeviceKind::SmartStation, 1),
        add_device(app, "ST-2", DeviceKind::SmartStation, 1),
    );
    let rig = Rig::start(app).await;
    rig.hear(&[one, other]).await;
    app.write(|tx| {
        for device in [one, other] {
            let sql = format!(
                "INSERT INTO device_windows (device_id, boot_id, lane, next_seq, window_bits) VALUES ({device}, 7, 0, 5, 31)"
            );
            diesel::sql_query(sql).execute(tx.connection)?;
        }
        Ok(())
    });
    let end = async |device_id: i64, seq: u64| {
        let what = What::Heard { online: false, connection: Some(0), ends: Some((7, seq)) };
        rig.ingest.note(Work { device_id, received_at: app.app.clock.now(), what }).await;
        rig.ingest.settle().await.unwrap();
        presence(app, device_id)
    };
    assert_eq!(end(one, 0).await, PresenceState::Suspect, "prepared before the messages that came since");
    assert_eq!(end(other, 5).await, PresenceState::Offline, "said after them");
    rig.stop().await;
});

both!(a_site_that_falls_silent_is_one_alert, |app| async {
    app.add_towns();
    let station = app.add_station(1, None);
    let home = app.add_institution(1);
    let add = |code: String, place| app.add_device(&code, DeviceKind::SmartStation, 1, place);
    let at_station: Vec<i64> =
        (0..6).map(|n| add(format!("ST-{n}"), DevicePlace::Station(station))).collect();
    let at_home: Vec<i64> = (0..3).map(|n| add(format!("IN-{n}"), DevicePlace::Institution(home))).collect();
    let mut rig = Rig::start(app).await;
    let all: Vec<i64> = at_station.iter().chain(&at_home).copied().collect();
    rig.hear(&all).await;
    for _ in 0..3 {
        app.hand.advance(TimeDelta::seconds(30));
        rig.hear(&at_station[3..]).await;
    }
    assert!(rig.watcher.look().await.unwrap() > 0);
    let site = |over| ("site_silent".to_owned(), over);
    assert_eq!(told(app), [site(false), site(false)], "three of six, and three of three");
    assert_eq!(count(app, PresenceState::Offline), 6);
    app.add_user("lin", Role::DutyOfficer, town(1));
    let lin = app.login("lin").await;
    let page = lin.page("/alerts?lang=en").await;
    assert!(page.contains("Site offline") && page.contains("3 devices silent at once"), "{page}");
    for alert in app.read(|connection| Ok(alerts::table.select(alerts::id).load::<i64>(connection)?)) {
        assert_eq!(lin.status(&format!("/alerts/{alert}")).await, 200);
    }
    assert_eq!(lin.status("/map").await, 200);

    // The line is back, but for one device: that is told of by itself after its time.
    for _ in 0..2 {
        app.hand.advance(TimeDelta::seconds(20));
        rig.hear(&at_station[1..]).await;
    }
    rig.watcher.look().await.unwrap();
    assert_eq!(told(app), [site(true), site(false)]);
    for _ in 0..4 {
        app.hand.advance(TimeDelta::seconds(20));
        rig.hear(&at_station[1..]).await;
        rig.watcher.look().await.unwrap();
    }
    assert_eq!(told(app).len(), 2);
    rig.look_after(10).await;
    assert_eq!(told(app), [site(true), site(false), offline(false)]);
    assert_eq!(alerts_of(app, at_station[0]).len(), 1);
    rig.stop().await;
});

both!(a_restart_with_five_thousand_devices_alerts_of_nobody, |app| async {
    const DEVICES: i64 = 5_000;
    app.add_towns();
    let station = app.add_station(1, None);
    app.write(|tx| {
        let at = match tx.connection {
            songhe::db::AnyConnection::Sqlite(_) => "X'00'",
            songhe::db::AnyConnection::Postgres(_) => "'\\x00'",
        };
        let sql = format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {DEVICES}) \
             INSERT INTO devices (code, kind, name, town_code, station_id, token_hash, presence, presence_at, connection_id, \
             connected_at, last_seen_at, created_at) SELECT 'D-' || i, 'smart_station', 'D', '{}', {station}, {at}, 'online', \
             '2026-11-23 00:00:00.000', i, '2026-11-23 00:00:00.000', '2026-11-23 00:59:00.000', '2026-11-23 00:00:00.000' FROM n",
            crate::support::seed::town_code(1)
        );
        diesel::sql_query(sql).execute(tx.connection)?;
        // As the program writes it: SQLite compares instants as texts.
        let heard = devices::last_seen_at.eq(tx.now - TimeDelta::minutes(1));
        Ok(diesel::update(devices::table).set(heard).execute(tx.connection)?)
    });
    let (service, _) = embedded(app).await;
    assert_eq!(count(app, PresenceState::Suspect), DEVICES);
    for _ in 0..8 {
        app.hand.advance(TimeDelta::seconds(11));
        assert_eq!(service.look_for_silence().await.unwrap(), 0);
    }
    // All but four are heard again in time.
    app.write(|tx| {
        Ok(diesel::update(devices::table.filter(devices::code.ne_all(vec!["D-1", "D-2", "D-3", "D-4"])))
            .set((
                devices::presence.eq(PresenceState::Online),
                devices::last_seen_at.eq(tx.now),
                devices::silence_owed.eq(false),
            ))
            .execute(tx.connection)?)
    });
    app.hand.advance(TimeDelta::seconds(2));
    service.look_for_silence().await.unwrap();
    assert_eq!(count(app, PresenceState::Offline), 4);
    assert_eq!(
        told(app),
        [offline(false), offline(false), offline(false), offline(false)],
        "only who stayed away"
    );
    service.stop().await;
});

both!(silence_while_we_could_not_hear_says_nothing, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let mut rig = Rig::start(app).await;
    rig.hear(&[id]).await;
    // The clock is set ahead, and back.
    app.hand.jump(TimeDelta::hours(5));
    assert_eq!(rig.look_after(5).await, 0);
    assert_eq!(rig.look_after(44).await, 0);
    app.hand.jump(TimeDelta::hours(-5));
    assert_eq!(rig.look_after(5).await, 0);
    assert_eq!(rig.look_after(44).await, 0);
    assert_eq!(
        (rig.look_after(1).await, presence(app, id)),
        (1, PresenceState::Suspect),
        "then it counts again"
    );
    // The broker was away, or the whole program.
    rig.health.fails("broker", "no connection");
    for _ in 0..3 {
        assert_eq!(rig.look_after(3_000).await, 0);
    }
    rig.health.works("broker");
    assert_eq!(rig.look_after(3_000).await, 0);
    assert_eq!(rig.look_after(89).await, 0);
    rig.watcher.note_break();
    assert_eq!(rig.look_after(3_000).await, 0);
    assert_eq!(rig.look_after(89).await, 0);

    // The database takes nothing: what was received waits, and nobody is called silent before it is written.
    let (release, held) = std::sync::mpsc::channel::<()>();
    let (taken, holding) = std::sync::mpsc::channel::<()>();
    let db = app.app.db.clone();
    let holder = std::thread::spawn(move || {
        let _ = db.write_now(|_| {
            let _ = taken.send(());
            let _ = held.recv();
            Ok(())
        });
    });
    holding.recv().unwrap();
    app.hand.advance(TimeDelta::seconds(500));
    let what = What::Heard { online: true, connection: None, ends: None };
    rig.ingest.note(Work { device_id: id, received_at: app.app.clock.now(), what }).await;
    let looked = rig.watcher.look().await;
    // One database holds back all writers, the other only itself.
    assert!(presence(app, id) != PresenceState::Offline, "{looked:?}");
    release.send(()).unwrap();
    holder.join().unwrap();
    rig.ingest.settle().await.unwrap();
    assert!(told(app).is_empty());
    rig.stop().await;
});

both!(gone_and_here_again_cannot_overtake_each_other, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let mut rig = Rig::start(app).await;
    for round in 0..25 {
        rig.hear(&[id, id]).await;
        assert_eq!(presence(app, id), PresenceState::Online);
        app.hand.advance(TimeDelta::seconds(200));
        let now = app.app.clock.now();
        let what = What::Heard { online: true, connection: None, ends: None };
        let heard = Work { device_id: id, received_at: now, what };
        let (ingest, late) = (rig.ingest.clone(), round % 5);
        let arriving = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_micros(300 * late)).await;
            ingest.note(heard).await;
            ingest.settle().await.unwrap();
        });
        rig.watcher.look().await.unwrap();
        arriving.await.unwrap();
        let (state, seen, messages): (PresenceState, Option<Instant>, i16) = app.read(|connection| {
            let device = devices::table.find(id);
            let columns = (devices::presence, devices::last_seen_at, devices::returning_messages);
            Ok(device.select(columns).first(connection)?)
        });
        assert_eq!(seen, Some(now));
        // Either the message came first, or it is the first of two after the silence.
        assert!(
            matches!((state, messages), (PresenceState::Online, 0) | (PresenceState::Offline, 1)),
            "{state:?} {messages}"
        );
    }
    assert!(told(app).iter().filter(|alert| !alert.1).count() <= 1);
    assert!(told(app).len() <= 2, "once an hour: {:?}", told(app));
    rig.stop().await;
});
