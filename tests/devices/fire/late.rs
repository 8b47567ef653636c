//! Frames that a panel kept during an outage: they keep their own times, and say nothing of how its clock goes now.

use std::time::Duration;

use chrono::TimeDelta;
use diesel::prelude::*;
use songhe::access::Role;
use songhe::clock::Instant;
use songhe::db::schema::{alerts, fire_panels, fire_parts};
use songhe::devices::gb26875::model::{Command, Content, Frame};

use super::panel::{ADDRESS, Panel, add_panel, analog, gateway};
use crate::devices::live::rig::stored;
use crate::support::app::{TestApp, both};
use crate::support::seed::town;

const FIRE: u16 = 0b11;

fn clock(app: &TestApp, device: i64) -> Option<i64> {
    app.read(|connection| {
        Ok(fire_panels::table.find(device).select(fire_panels::clock_ahead_s).first(connection)?)
    })
}

fn raised(app: &TestApp, device: i64) -> Vec<Instant> {
    app.read(|connection| {
        Ok(alerts::table
            .filter(alerts::device_id.eq(device))
            .filter(alerts::kind.eq("smoke"))
            .order(alerts::id)
            .select(alerts::raised_at)
            .load(connection)?)
    })
}

/// When the components were last heard of, in the order in which they were first.
fn said_at(app: &TestApp, device: i64) -> Vec<Option<Instant>> {
    app.read(|connection| {
        Ok(fire_parts::table
            .filter(fire_parts::device_id.eq(device))
            .filter(fire_parts::state.is_not_null())
            .order(fire_parts::slot)
            .select(fire_parts::state_at)
            .load(connection)?)
    })
}

both!(what_a_panel_kept_for_an_hour_keeps_its_times, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) = gateway(app).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    panel.tell(&Content::Heartbeat).await;
    let (set, _) = panel.question().await;
    panel.settle(&set, Command::Confirm).await;
    assert_eq!(clock(app, id), Some(0));
    // The line is dead; three detectors speak, and a switch, ten minutes apart.
    let (mut kept, mut times): (Vec<Frame>, Vec<Instant>) = (Vec::new(), Vec::new());
    for place in 1..=3 {
        app.hand.advance(TimeDelta::minutes(10));
        times.push(app.app.clock.now());
        let smoke = panel.component((1, place), FIRE, "");
        kept.push(panel.frame(&smoke));
    }
    let (measured_at, at) = (app.app.clock.now(), panel.now());
    kept.push(panel.frame(&analog(99, (2, 1), 4, 5, at)));
    app.hand.advance(TimeDelta::minutes(30));
    for frame in &kept {
        panel.write(&frame.encode()).await;
        assert_eq!(panel.answer().await.command, Command::Confirm);
    }
    assert_eq!(raised(app, id), times, "of the fires");
    assert_eq!(said_at(app, id), times.iter().copied().map(Some).collect::<Vec<_>>(), "of the parts");
    let readings = stored(app, id);
    assert_eq!(readings.len(), 1, "{readings:?}");
    let measured: Instant = app.read(|connection| {
        Ok(songhe::db::schema::readings::table
            .filter(songhe::db::schema::readings::device_id.eq(id))
            .select(songhe::db::schema::readings::at)
            .first(connection)?)
    });
    assert_eq!(measured, measured_at, "of the value");
    assert_eq!(clock(app, id), Some(0), "the clock is as right as it was");
    assert!(
        panel.questions.is_empty() && panel.hears_nothing(Duration::from_millis(200)).await,
        "nor is it set"
    );
    app.add_user("lin", Role::DutyOfficer, town(1));
    let page = app.login("lin").await.page(&format!("/devices/{id}?lang=en")).await;
    assert!(page.contains("The same as ours") && !page.contains("s behind"), "{page}");

    // A sign of life is of now: a clock that is behind in it is behind.
    panel.ahead = TimeDelta::minutes(-20);
    panel.tell(&Content::Heartbeat).await;
    assert_eq!(clock(app, id), Some(-1_200));
    let smoke = panel.component((1, 4), FIRE, "");
    panel.tell(&smoke).await;
    assert_eq!(raised(app, id)[3], app.app.clock.now(), "its times are not believed then");
    service.stop().await;
});
