//! What a state means: one alert for a fire, none for a trial, and what ends it.

use chrono::TimeDelta;
use songhe::access::Role;
use songhe::devices::gb26875::model::{Content, DeviceOperation, SystemState, Timed};

use super::panel::{ADDRESS, FIRE_SYSTEM, Panel, add_panel, alerts_of, component, frames, gateway};
use crate::support::app::both;
use crate::support::seed::town;

const NORMAL: u16 = 1;
const FIRE: u16 = 0b11;
const FIRE_IN_A_TRIAL: u16 = 0b10;
const FAULT: u16 = 0b101;

fn one(kind: &str, detail: &str, is_over: bool) -> (String, String, bool) {
    (kind.to_owned(), detail.to_owned(), is_over)
}

both!(a_fire_is_one_alert_until_it_is_over, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) = gateway(app).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    let smoke = panel.component((3, 15), FIRE, "三楼东走廊");
    let frame = panel.frame(&smoke);
    for _ in 0..3 {
        panel.write(&frame.encode()).await;
        panel.answer().await;
    }
    panel.tell(&smoke).await;
    assert_eq!(alerts_of(app, id), [one("smoke", "3-15 三楼东走廊", false)]);
    // Another detector is another alert, a call point is a fire.
    let at = panel.now();
    panel.tell(&component(23, (3, 16), FIRE, "西楼梯", at)).await;
    assert_eq!(alerts_of(app, id)[1], one("fire", "3-16 西楼梯", false));
    app.hand.advance(TimeDelta::seconds(2));
    let quiet = panel.component((3, 15), NORMAL, "三楼东走廊");
    panel.tell(&quiet).await;
    let over: Vec<bool> = alerts_of(app, id).into_iter().map(|alert| alert.2).collect();
    assert_eq!(over, [true, false]);
    app.hand.advance(TimeDelta::seconds(2));
    let again = panel.component((3, 15), FIRE, "三楼东走廊");
    panel.tell(&again).await;
    assert_eq!(alerts_of(app, id).len(), 3, "a fire after the first one is over is a new one");

    app.add_user("lin", Role::DutyOfficer, town(1));
    let lin = app.login("lin").await;
    let page = lin.page("/alerts").await;
    assert!(page.contains("3-15 三楼东走廊") && page.contains("3-16 西楼梯"), "{page}");
    let page = lin.page(&format!("/devices/{id}")).await;
    assert!(page.contains("火警") && page.contains("感烟探测器") && page.contains("40 40 "), "{page}");
    service.stop().await;
});

both!(a_trial_is_kept_marked_and_raises_nothing, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) = gateway(app).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    let burning = panel.component((1, 1), FIRE, "厨房");
    panel.tell(&burning).await;
    app.hand.advance(TimeDelta::seconds(1));
    for (place, state) in [((1, 1), 0), ((1, 2), FIRE_IN_A_TRIAL)] {
        let trial = panel.component(place, state, "试验");
        panel.tell(&trial).await;
    }
    let at = panel.now();
    let system = SystemState { system: FIRE_SYSTEM, state: FIRE_IN_A_TRIAL };
    panel.tell(&Content::SystemStates(vec![Timed { of: system, at }])).await;
    panel.tell(&Content::DeviceStates(vec![Timed { of: 2, at }])).await;
    let marks: Vec<bool> = frames(app, id).into_iter().map(|frame| frame.2).collect();
    assert_eq!(marks, [false, true, true, true, true]);
    assert_eq!(alerts_of(app, id), [one("smoke", "1-1 厨房", false)], "what burns goes on burning");
    app.add_user("lin", Role::DutyOfficer, town(1));
    let lin = app.login("lin").await;
    let page = lin.page(&format!("/devices/{id}?lang=en")).await;
    assert!(page.contains("4 parts in test: their alarms raise no alert"), "{page}");
    assert!(page.contains("Component state · Test"), "{page}");
    service.stop().await;
});

both!(an_acknowledged_fault_does_not_hide_a_fire, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) = gateway(app).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    let fault = panel.component((1, 1), FAULT, "厨房");
    panel.tell(&fault).await;
    app.hand.advance(TimeDelta::seconds(1));
    let both = panel.component((1, 1), FAULT | FIRE, "厨房");
    panel.tell(&both).await;
    assert_eq!(alerts_of(app, id), [one("fault", "1-1 厨房", false), one("smoke", "1-1 厨房", false)]);
    service.stop().await;
});

both!(an_older_state_raises_a_fire_and_ends_none, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) = gateway(app).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    let quiet = panel.component((1, 1), NORMAL, "");
    app.hand.advance(TimeDelta::seconds(3));
    let burning = panel.component((1, 1), FIRE, "");
    panel.tell(&burning).await;
    // What was said before comes after, as when its first sending was lost.
    panel.tell(&quiet).await;
    assert_eq!(alerts_of(app, id), [one("smoke", "1-1", false)]);
    let before = panel.component((1, 2), FIRE, "");
    app.hand.advance(TimeDelta::seconds(3));
    let after = panel.component((1, 2), NORMAL, "");
    panel.tell(&after).await;
    panel.tell(&before).await;
    assert_eq!(alerts_of(app, id)[1], one("smoke", "1-2", false), "a fire that comes late is told");
    service.stop().await;
});

both!(a_reset_ends_what_components_said_before, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) = gateway(app).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    for (place, state) in [((1, 1), FIRE), ((1, 2), FAULT)] {
        let content = panel.component(place, state, "");
        panel.tell(&content).await;
    }
    let system = |state: u16, panel: &Panel<'_>| {
        let of = SystemState { system: FIRE_SYSTEM, state };
        Content::SystemStates(vec![Timed { of, at: panel.now() }])
    };
    app.hand.advance(TimeDelta::seconds(1));
    let plain = system(NORMAL, &panel);
    panel.tell(&plain).await;
    assert!(
        alerts_of(app, id).iter().all(|alert| !alert.2),
        "a system that is well says nothing of its parts"
    );
    app.hand.advance(TimeDelta::seconds(1));
    let reset = system(NORMAL | 1 << 13, &panel);
    panel.tell(&reset).await;
    assert!(alerts_of(app, id).iter().all(|alert| alert.2));
    let burning = system(FIRE | 1 << 8, &panel);
    panel.tell(&burning).await;
    assert_eq!(
        alerts_of(app, id)[2..],
        [one("fire", "1#1", false), one("fault", "1#1 {mains_fault}", false)]
    );
    // Somebody presses the alarm at the transmission device.
    let of = DeviceOperation { flags: 1 << 2, operator: 7 };
    let pressed = Content::DeviceOperations(vec![Timed { of, at: panel.now() }]);
    panel.tell(&pressed).await;
    assert_eq!(alerts_of(app, id)[4], one("fire", "{device} {manual_alarm}", false));
    service.stop().await;
});
