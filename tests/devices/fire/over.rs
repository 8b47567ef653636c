//! What ends an alarm: a reset, and what people do at the panel and at the transmission device. And what an alert says of them.

use chrono::TimeDelta;
use reqwest::StatusCode;
use songhe::access::Role;
use songhe::devices::gb26875::model::{Content, DeviceOperation, Operation, SystemState, Timed};

use super::panel::{ADDRESS, FIRE_SYSTEM, Panel, add_panel, alerts_of, gateway};
use crate::support::app::{TestApp, both};
use crate::support::client::Client;
use crate::support::seed::town;

const NORMAL: u16 = 1;
const FIRE: u16 = 0b11;
const FAULT: u16 = 0b101;
const TRIAL: u16 = 0;
const RESET: u16 = 1 << 13;
const OPERATION_RESET: u8 = 1;
const BY_HAND: u8 = 1 << 2;
const ALARM_CLEARED: u8 = 1 << 3;

fn system(panel: &Panel<'_>, state: u16) -> Content {
    let of = SystemState { system: FIRE_SYSTEM, state };
    Content::SystemStates(vec![Timed { of, at: panel.now() }])
}

fn at_the_panel(panel: &Panel<'_>, flags: u8) -> Content {
    let of = Operation { system: FIRE_SYSTEM, flags, operator: 7 };
    Content::Operations(vec![Timed { of, at: panel.now() }])
}

fn at_the_device(panel: &Panel<'_>, flags: u8) -> Content {
    let of = DeviceOperation { flags, operator: 7 };
    Content::DeviceOperations(vec![Timed { of, at: panel.now() }])
}

/// Details of the alerts that are not over.
fn open(app: &TestApp, device: i64) -> Vec<String> {
    alerts_of(app, device).into_iter().filter(|alert| !alert.2).map(|alert| alert.1).collect()
}

/// The alert that was raised last; somebody has answered it now.
async fn acknowledge_last(app: &TestApp, client: &Client) {
    let id = app.count("SELECT max(id) AS n FROM alerts");
    let answer = client.post_form(&format!("/alerts/{id}/acknowledge"), &[]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
}

/// A fire that came late, one that a trial followed, one that lasts, and a fault.
async fn four_alarms(app: &TestApp, panel: &mut Panel<'_>) {
    let before = panel.component((1, 1), FIRE, "");
    app.hand.advance(TimeDelta::seconds(3));
    let after = panel.component((1, 1), NORMAL, "");
    panel.tell(&after).await;
    panel.tell(&before).await;
    for (place, states) in [(2, [FIRE, TRIAL]), (3, [FIRE, FIRE]), (4, [FAULT, FAULT])] {
        for state in states {
            app.hand.advance(TimeDelta::seconds(1));
            let content = panel.component((1, place), state, "");
            panel.tell(&content).await;
        }
    }
    app.hand.advance(TimeDelta::seconds(1));
}

both!(a_reset_ends_every_alarm_of_its_system_and_none_that_came_later, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) = gateway(app).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    for by_operation in [false, true] {
        four_alarms(app, &mut panel).await;
        assert_eq!(open(app, id), ["1-1", "1-2", "1-3", "1-4"]);
        let (first, second) = if by_operation {
            (at_the_panel(&panel, OPERATION_RESET), at_the_panel(&panel, OPERATION_RESET))
        } else {
            (system(&panel, NORMAL | RESET), system(&panel, NORMAL | RESET))
        };
        // A reset of the transmission device is not one of the panel, nor is another system's.
        let content = at_the_device(&panel, OPERATION_RESET);
        panel.tell(&content).await;
        let of = Operation {
            system: songhe::devices::gb26875::model::System { system_type: 1, address: 2 },
            flags: OPERATION_RESET,
            operator: 7,
        };
        let content = Content::Operations(vec![Timed { of, at: panel.now() }]);
        panel.tell(&content).await;
        assert_eq!(open(app, id).len(), 4);
        panel.tell(&first).await;
        assert_eq!(open(app, id), Vec::<String>::new(), "by operation: {by_operation}");
        // A detector that still sees fire says so anew, and the reset that comes late once more ends nothing.
        app.hand.advance(TimeDelta::seconds(1));
        let again = panel.component((1, 3), FIRE, "");
        panel.tell(&again).await;
        panel.tell(&second).await;
        assert_eq!(open(app, id), ["1-3"]);
        app.hand.advance(TimeDelta::seconds(1));
        let quiet = panel.component((1, 3), NORMAL, "");
        panel.tell(&quiet).await;
        assert_eq!(open(app, id), Vec::<String>::new());
    }
    service.stop().await;
});

both!(an_alarm_by_hand_ends_where_somebody_says_so, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) = gateway(app).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    for end in [OPERATION_RESET, ALARM_CLEARED] {
        for (press, detail) in [
            (at_the_device as fn(&Panel<'_>, u8) -> Content, "{device} {manual_alarm}"),
            (at_the_panel, "1#1 {manual_alarm}"),
        ] {
            app.hand.advance(TimeDelta::seconds(1));
            let pressed = press(&panel, BY_HAND);
            panel.tell(&pressed).await;
            assert_eq!(open(app, id), [detail]);
            app.hand.advance(TimeDelta::seconds(1));
            // Silenced, tested, confirmed: it lasts. So it does where both are said at once.
            for flags in [1 << 1, 1 << 4, 1 << 6, BY_HAND | end] {
                let done = press(&panel, flags);
                panel.tell(&done).await;
            }
            assert_eq!(open(app, id), [detail]);
            let ended = press(&panel, end);
            panel.tell(&ended).await;
            assert_eq!(open(app, id), Vec::<String>::new(), "{detail} {end}");
        }
    }
    // A cleared alarm ends what no detector says of itself, and no fire that one does.
    four_alarms(app, &mut panel).await;
    let cleared = at_the_panel(&panel, ALARM_CLEARED);
    panel.tell(&cleared).await;
    assert_eq!(open(app, id), ["1-3", "1-4"]);
    service.stop().await;
});

both!(a_second_press_is_news_once_the_first_was_answered, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) = gateway(app).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    app.add_user("lin", Role::DutyOfficer, town(1));
    let lin = app.login("lin").await;
    for (press, detail) in [
        (at_the_device as fn(&Panel<'_>, u8) -> Content, "{device} {manual_alarm}"),
        (at_the_panel, "1#1 {manual_alarm}"),
    ] {
        let before = alerts_of(app, id).len();
        // Nobody has answered the first: a second one says nothing new.
        for _ in 0..2 {
            app.hand.advance(TimeDelta::seconds(10));
            let pressed = press(&panel, BY_HAND);
            panel.tell(&pressed).await;
        }
        assert_eq!(alerts_of(app, id).len(), before + 1);
        acknowledge_last(app, &lin).await;
        app.hand.advance(TimeDelta::minutes(5));
        let pressed = press(&panel, BY_HAND);
        panel.tell(&pressed).await;
        let told: Vec<_> = alerts_of(app, id).split_off(before);
        let one = |is_over: bool| ("fire".to_owned(), detail.to_owned(), is_over);
        assert_eq!(told, [one(true), one(false)], "who answered the first knows nothing of the second");
        app.hand.advance(TimeDelta::seconds(1));
        let cleared = press(&panel, ALARM_CLEARED);
        panel.tell(&cleared).await;
        assert_eq!(open(app, id), Vec::<String>::new());
    }
    service.stop().await;
});

both!(no_state_ends_an_alarm_by_hand, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) = gateway(app).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    let device =
        |state: u8, panel: &Panel<'_>| Content::DeviceStates(vec![Timed { of: state, at: panel.now() }]);
    // Of before the presses, and told after them.
    let (system_before, device_before) = (system(&panel, NORMAL), device(1, &panel));
    app.hand.advance(TimeDelta::seconds(1));
    let burning = system(&panel, FIRE);
    for content in [at_the_panel(&panel, BY_HAND), at_the_device(&panel, BY_HAND)] {
        panel.tell(&content).await;
    }
    let pressed = ["1#1 {manual_alarm}", "{device} {manual_alarm}"];
    for content in [system_before, device_before] {
        panel.tell(&content).await;
        assert_eq!(open(app, id), pressed);
    }
    // The same parts burn, and burn no more: that is an alert of its own.
    panel.tell(&burning).await;
    assert_eq!(open(app, id), ["1#1 {manual_alarm}", "{device} {manual_alarm}", "1#1"]);
    app.hand.advance(TimeDelta::seconds(1));
    for content in [system(&panel, NORMAL), device(1, &panel)] {
        panel.tell(&content).await;
    }
    assert_eq!(open(app, id), pressed);
    // A system that says that it was reset was reset by somebody; of the device nobody has said anything.
    app.hand.advance(TimeDelta::seconds(1));
    let reset = system(&panel, NORMAL | RESET);
    panel.tell(&reset).await;
    assert_eq!(open(app, id), ["{device} {manual_alarm}"]);
    let reset = at_the_device(&panel, OPERATION_RESET);
    panel.tell(&reset).await;
    assert_eq!(open(app, id), Vec::<String>::new());
    service.stop().await;
});

both!(an_alert_says_which_fault_it_is_in_the_readers_language, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) = gateway(app).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    app.add_user("lin", Role::DutyOfficer, town(1));
    let lin = app.login("lin").await;
    let device =
        |state: u8, panel: &Panel<'_>| Content::DeviceStates(vec![Timed { of: state, at: panel.now() }]);
    let mains = device(0b1001, &panel);
    panel.tell(&mains).await;
    assert!(lin.page("/alerts?lang=en").await.contains("Transmission device Mains fault"));
    assert!(lin.page("/alerts?lang=zh-CN").await.contains("传输装置 主电故障"));
    let told = lin.get_json("/api/v1/alerts?lang=en").await;
    assert_eq!(told["items"][0]["detail"], "Transmission device Mains fault", "{told}");
    // The battery fails too, and then the mains come back: still one alert.
    for (state, said) in
        [(0b1_1001, "{device} {mains_fault} {battery_fault}"), (0b1_0001, "{device} {battery_fault}")]
    {
        app.hand.advance(TimeDelta::seconds(1));
        let content = device(state, &panel);
        panel.tell(&content).await;
        assert_eq!(alerts_of(app, id), [("fault".to_owned(), said.to_owned(), false)]);
    }
    // What a label says stays as it is.
    let labelled = panel.component((1, 1), FIRE, "东 {x}");
    panel.tell(&labelled).await;
    assert!(lin.page("/alerts?lang=en").await.contains("1-1 东 {x}"));
    service.stop().await;
});
