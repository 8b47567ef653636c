//! Confirmed means stored once, however the bytes come; what cannot be stored is not confirmed.

use std::time::Duration;

use diesel::prelude::*;
use songhe::access::Role;
use songhe::db::schema::{devices, fire_frames};
use songhe::devices::PresenceState;
use songhe::devices::gb26875::model::{Command, Content, Frame};
use songhe_firmware_protocol::Channel;

use super::panel::{ADDRESS, Panel, add_panel, alerts_of, analog, component, frames, gateway, gateway_with};
use crate::devices::live::rig::{latest, stored};
use crate::support::app::{TestApp, both};
use crate::support::poll::until_async;
use crate::support::seed::town;

const LIMIT: Duration = Duration::from_secs(20);

fn presence(app: &TestApp, device: i64) -> PresenceState {
    app.read(|connection| Ok(devices::table.find(device).select(devices::presence).first(connection)?))
}

both!(glued_split_and_repeated_frames_are_each_stored_once, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) = gateway(app).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    let sent: Vec<Frame> = (1..=5)
        .map(|place| {
            let content = panel.component((1, place), 1, "三楼");
            panel.frame(&content)
        })
        .collect();
    let bytes: Vec<Vec<u8>> = sent.iter().map(Frame::encode).collect();
    // Three at once, with noise between them and one of them twice; then one byte by byte; then one in two parts.
    panel.write(&[&b"noise@"[..], &bytes[0], &bytes[1], &bytes[1], b"@@", &bytes[2]].concat()).await;
    for seq in [0, 1, 1, 2] {
        let answer = panel.answer().await;
        assert_eq!((answer.command, answer.seq), (Command::Confirm, seq));
    }
    for byte in &bytes[3] {
        panel.write(&[*byte]).await;
    }
    assert_eq!(panel.answer().await.seq, 3);
    panel.write(&bytes[4][..40]).await;
    assert!(panel.hears_nothing(Duration::from_millis(100)).await);
    panel.write(&bytes[4][40..]).await;
    assert_eq!(panel.answer().await.seq, 4);
    // Again over another connection, as of a panel that missed the answers.
    let mut again = Panel::connect(app, address, ADDRESS).await;
    for (seq, frame) in bytes.iter().enumerate() {
        again.write(frame).await;
        let answer = again.answer().await;
        assert_eq!((answer.command, usize::from(answer.seq)), (Command::Confirm, seq));
    }
    let kept: Vec<(i32, Vec<u8>)> = frames(app, id).into_iter().map(|row| (row.0, row.1)).collect();
    let wanted: Vec<(i32, Vec<u8>)> = (0..).zip(bytes).collect();
    assert_eq!(kept, wanted, "to the byte");
    service.stop().await;
});

both!(numbers_begin_anew_and_the_same_number_later_is_another_frame, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) = gateway(app).await;
    for round in 0..3 {
        let mut panel = Panel::connect(app, address, ADDRESS).await;
        let content = panel.component((1, 1), 1, "");
        panel.tell(&content).await;
        assert_eq!(frames(app, id).len(), round + 1);
        app.hand.advance(chrono::TimeDelta::seconds(1));
    }
    // A clock that stands still: alike to the byte, an alarm of another day all the same.
    for round in 0..2 {
        let mut panel = Panel::connect(app, address, ADDRESS).await;
        let content = panel.component((2, 1), 3, "");
        let mut frame = panel.frame(&content);
        frame.time = songhe::devices::gb26875::model::Stamp([0; 6]);
        let fire = component(42, (2, 1), 3, "", frame.time).encode();
        let frame = Frame { data: fire, ..frame };
        for _ in 0..2 {
            panel.write(&frame.encode()).await;
            assert_eq!(panel.answer().await.command, Command::Confirm);
        }
        assert_eq!(frames(app, id).len(), 4 + round);
        app.hand.advance(chrono::TimeDelta::hours(2));
    }
    service.stop().await;
});

both!(a_frame_that_cannot_be_stored_is_not_confirmed, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) = gateway(app).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    panel.tell(&Content::Heartbeat).await;
    let _ = panel.question().await;
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
    let content = panel.component((1, 1), 3, "三楼");
    let frame = panel.frame(&content).encode();
    panel.write(&frame).await;
    // Longer than a write waits for its turn.
    assert!(panel.hears_nothing(Duration::from_secs(7)).await, "neither confirmed nor refused");
    assert!(frames(app, id).is_empty() && alerts_of(app, id).is_empty());
    release.send(()).unwrap();
    holder.join().unwrap();
    panel.write(&frame).await;
    assert_eq!(panel.answer().await.command, Command::Confirm);
    assert_eq!((frames(app, id).len(), alerts_of(app, id).len()), (1, 1));
    service.stop().await;
});

both!(values_become_readings_where_a_channel_fits, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) = gateway(app).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    let at = panel.now();
    panel.tell(&analog(99, (1, 1), 5, 3_000, at)).await;
    // Another switch on the same device keeps its value to itself; so does the heat of a cable.
    panel.tell(&analog(99, (1, 2), 5, 1_000, at)).await;
    panel.tell(&analog(18, (1, 3), 3, 900, at)).await;
    let pressure = Channel::WaterPressure.code() as i16;
    let rows = stored(app, id);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!((rows[0].3, rows[0].4), (pressure, 0.3));
    let first: i64 = app.read(|connection| {
        Ok(fire_frames::table
            .select(diesel::dsl::min(fire_frames::id))
            .first::<Option<i64>>(connection)?
            .unwrap())
    });
    assert_eq!((rows[0].0, rows[0].2), (first, 0), "by its frame and number");
    assert!(alerts_of(app, id).is_empty());
    app.hand.advance(chrono::TimeDelta::seconds(5));
    let at = panel.now();
    panel.tell(&analog(99, (1, 1), 4, 1, at)).await;
    assert_eq!(latest(app, id, Channel::WaterPressure), Some(0.1));
    assert_eq!(alerts_of(app, id), [("threshold".to_owned(), String::new(), false)]);

    app.add_user("lin", Role::DutyOfficer, town(1));
    let lin = app.login("lin").await;
    let page = lin.page(&format!("/devices/{id}?lang=en")).await;
    for shown in ["0.1 MPa", "100.0 kPa", "90.0 °C", "1-2", "Pressure switch", "Analog values"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    service.stop().await;
});

both!(a_panel_is_there_while_it_is_heard, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) = gateway_with(app, |config| config.fire.idle_s = 5).await;
    assert_eq!(presence(app, id), PresenceState::Never);
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    panel.tell(&Content::Heartbeat).await;
    assert_eq!(presence(app, id), PresenceState::Online);
    assert!(frames(app, id).is_empty(), "a sign of life is no row");
    // Over another connection; the end of the first means nothing then.
    let mut other = Panel::connect(app, address, ADDRESS).await;
    other.tell(&Content::Heartbeat).await;
    drop(panel);
    other.tell(&Content::Heartbeat).await;
    assert_eq!(presence(app, id), PresenceState::Online);
    // Silent for too long: the gateway ends the connection.
    assert!(tokio::time::timeout(LIMIT, async { while other.read().await.is_some() {} }).await.is_ok());
    until_async(LIMIT, "the panel is not heard", || async { presence(app, id) == PresenceState::Suspect })
        .await;
    service.stop().await;
});
