//! Which alarm ends which alert, what is an alert anew, and what is told of late.

use chrono::TimeDelta;
use diesel::prelude::*;
use reqwest::StatusCode;
use songhe::access::Role;
use songhe::alerts::AlertKind;
use songhe::clock::Instant;
use songhe::db::schema::alerts;
use songhe::devices::DeviceKind;
use songhe_firmware_protocol::{Alarm, AlarmKind, Channel, Header, Lane};

use super::client::Seen;
use super::live::rig::{Device, add_device, alerts_of, embedded, encoded};
use crate::support::app::{TestApp, both};
use crate::support::client::Client;
use crate::support::seed::town;

/// (kind, whether it is over) of a device's alerts, in order.
fn told(app: &TestApp, device: i64) -> Vec<(String, bool)> {
    alerts_of(app, device).into_iter().map(|alert| (alert.1, alert.2)).collect()
}

fn are(expected: &[(&str, bool)]) -> Vec<(String, bool)> {
    expected.iter().map(|(kind, is_over)| ((*kind).to_owned(), *is_over)).collect()
}

/// When a device's alerts were raised and over.
fn times(app: &TestApp, device: i64) -> Vec<(Instant, Option<Instant>)> {
    app.read(|connection| {
        Ok(alerts::table
            .filter(alerts::device_id.eq(device))
            .order(alerts::id)
            .select((alerts::raised_at, alerts::cleared_at))
            .load(connection)?)
    })
}

/// An alarm that says which channel caused it.
async fn caused(device: &mut Device<'_>, seq: u64, kind: AlarmKind, raised: bool, channel: Channel) {
    let (header, cause) = (device.header(Lane::Live, seq), Some((channel.code(), 60)));
    let alarm = Alarm { header, kind_code: kind.code(), raised, cause, attempt: 0 };
    let payload = encoded(|out| alarm.encode(out).unwrap());
    assert_eq!(device.send("alarm", &payload).await, Seen::Acked);
}

/// An alarm with another header than that of now.
async fn with_header(device: &mut Device<'_>, kind: AlarmKind, raised: bool, header: Header) {
    let alarm = Alarm { header, kind_code: kind.code(), raised, cause: None, attempt: 0 };
    let payload = encoded(|out| alarm.encode(out).unwrap());
    assert_eq!(device.send("alarm", &payload).await, Seen::Acked);
}

async fn acknowledge(client: &Client, alert: i64) {
    let answer = client.post_form(&format!("/alerts/{alert}/acknowledge"), &[]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
}

both!(the_end_of_one_alarm_is_not_the_end_of_another, |app| async {
    app.add_towns();
    let id = add_device(app, "FR-1", DeviceKind::FireSensor, 1);
    let (service, address) = embedded(app).await;
    let mut device = Device::connect(app, address, "FR-1").await;
    caused(&mut device, 0, AlarmKind::Fault, true, Channel::Smoke).await;
    app.hand.advance(TimeDelta::seconds(1));
    assert_eq!(device.alarm(1, AlarmKind::Smoke, true, 0).await, Seen::Acked);
    assert_eq!(told(app, id), are(&[("fault", true), ("smoke", false)]));
    app.hand.advance(TimeDelta::seconds(1));
    caused(&mut device, 2, AlarmKind::Fault, false, Channel::Smoke).await;
    assert_eq!(told(app, id), are(&[("fault", true), ("smoke", false)]), "it burns on");
    assert_eq!(device.alarm(3, AlarmKind::Smoke, false, 0).await, Seen::Acked);
    assert_eq!(told(app, id), are(&[("fault", true), ("smoke", true)]));
    service.stop().await;
});

both!(what_a_graver_alert_took_the_place_of_lasts_behind_it, |app| async {
    app.add_towns();
    let id = add_device(app, "FR-1", DeviceKind::FireSensor, 1);
    app.add_user("lin", Role::DutyOfficer, town(1));
    let lin = app.login("lin").await;
    let (service, address) = embedded(app).await;
    let mut device = Device::connect(app, address, "FR-1").await;
    caused(&mut device, 0, AlarmKind::Fault, true, Channel::Smoke).await;
    acknowledge(&lin, alerts_of(app, id)[0].0).await;
    for (seq, raised) in [(1, true), (2, false)] {
        app.hand.advance(TimeDelta::seconds(1));
        assert_eq!(device.alarm(seq, AlarmKind::Smoke, raised, 0).await, Seen::Acked);
    }
    assert_eq!(told(app, id), are(&[("fault", false), ("smoke", true)]), "nobody has mended it");
    for (seq, value) in [(3, 60), (4, 0)] {
        app.hand.advance(TimeDelta::seconds(1));
        assert_eq!(device.live(seq, Channel::Smoke, value).await, Seen::Acked);
    }
    assert_eq!(told(app, id), are(&[("fault", false), ("smoke", true), ("smoke", true)]));
    let page = lin.page(&format!("/alerts/{}?lang=en", alerts_of(app, id)[0].0)).await;
    assert!(page.contains("Still active") && page.contains("lin"), "answered, and not over: {page}");
    caused(&mut device, 5, AlarmKind::Fault, false, Channel::Smoke).await;
    assert!(told(app, id).iter().all(|(_, is_over)| *is_over));
    service.stop().await;
});

both!(what_was_covered_at_a_former_place_stays_there, |app| async {
    app.add_towns();
    let id = add_device(app, "FR-1", DeviceKind::FireSensor, 1);
    let (service, address) = embedded(app).await;
    let mut device = Device::connect(app, address, "FR-1").await;
    caused(&mut device, 0, AlarmKind::Fault, true, Channel::Smoke).await;
    app.hand.advance(TimeDelta::seconds(1));
    assert_eq!(device.alarm(1, AlarmKind::Smoke, true, 0).await, Seen::Acked);
    // As a move does.
    app.write(|tx| songhe::alerts::store::close_alerts_of(tx.connection, id, ("lin", tx.now)));
    for (seq, raised) in [(2, true), (3, false)] {
        app.hand.advance(TimeDelta::seconds(1));
        assert_eq!(device.alarm(seq, AlarmKind::Smoke, raised, 0).await, Seen::Acked);
    }
    assert_eq!(told(app, id), are(&[("fault", true), ("smoke", true), ("smoke", true)]));
    service.stop().await;
});

both!(what_gets_worse_or_comes_again_after_an_answer_waits_for_another, |app| async {
    app.add_towns();
    let (id, other) = (
        add_device(app, "FR-1", DeviceKind::FireSensor, 1),
        add_device(app, "ST-1", DeviceKind::SmartStation, 1),
    );
    app.add_user("lin", Role::DutyOfficer, town(1));
    let lin = app.login("lin").await;
    let (service, address) = embedded(app).await;
    let mut device = Device::connect(app, address, "FR-1").await;
    assert_eq!(device.alarm(0, AlarmKind::Smoke, true, 0).await, Seen::Acked);
    acknowledge(&lin, alerts_of(app, id)[0].0).await;
    app.hand.advance(TimeDelta::seconds(9));
    caused(&mut device, 1, AlarmKind::Fire, true, Channel::Smoke).await;
    assert_eq!(told(app, id), are(&[("smoke", true), ("fire", false)]));
    let (smoke, fire) = (alerts_of(app, id)[0].0, alerts_of(app, id)[1].0);
    let page = lin.page("/alerts").await;
    assert!(page.contains(&format!("/alerts/{fire}/acknowledge")), "{page}");
    let kept = lin.page(&format!("/alerts/{smoke}?lang=en")).await;
    assert!(
        kept.contains("lin") && !kept.contains("Still active"),
        "answered and over are two facts: {kept}"
    );
    let now = app.app.clock.now();
    assert_eq!(times(app, id)[1], (now, None));

    // Pressed again while the first call is answered and lasts; unanswered it is the same call.
    let mut device = Device::connect(app, address, "ST-1").await;
    for (seq, is_answered) in [(0, false), (1, true), (2, false), (3, false)] {
        assert_eq!(device.alarm(seq, AlarmKind::Sos, true, 0).await, Seen::Acked);
        app.hand.advance(TimeDelta::seconds(9));
        if is_answered {
            acknowledge(&lin, alerts_of(app, other)[0].0).await;
        }
    }
    assert_eq!(told(app, other), are(&[("sos", true), ("sos", false)]));
    let again = alerts_of(app, other)[1].0;
    assert!(lin.page("/alerts").await.contains(&format!("/alerts/{again}/acknowledge")));
    // A value that still says so is no news to whoever has answered.
    acknowledge(&lin, again).await;
    assert_eq!(device.live(4, Channel::Sos, 1).await, Seen::Acked);
    assert_eq!(told(app, other).len(), 2);
    service.stop().await;
});

both!(no_value_ends_what_an_alarm_raised, |app| async {
    app.add_towns();
    let id = add_device(app, "HD-1", DeviceKind::HomeDevice, 1);
    let (service, address) = embedded(app).await;
    let mut device = Device::connect(app, address, "HD-1").await;
    let mut seq = 0;
    let mut next = || {
        app.hand.advance(TimeDelta::seconds(5));
        seq += 1;
        seq
    };
    assert_eq!(device.alarm(next(), AlarmKind::Sos, true, 0).await, Seen::Acked);
    caused(&mut device, next(), AlarmKind::Fall, true, Channel::Pulse).await;
    assert_eq!(device.live(next(), Channel::Sos, 0).await, Seen::Acked);
    assert_eq!(device.live(next(), Channel::Pulse, 70).await, Seen::Acked);
    assert_eq!(told(app, id), are(&[("sos", false), ("fall", false)]), "let go, and nobody has come yet");
    assert_eq!(device.alarm(next(), AlarmKind::Sos, false, 0).await, Seen::Acked);
    caused(&mut device, next(), AlarmKind::Fall, false, Channel::Pulse).await;
    assert_eq!(told(app, id), are(&[("sos", true), ("fall", true)]));
    // What a value raised a value ends, unless an alarm has said the same since.
    for alarm in [false, true] {
        assert_eq!(device.live(next(), Channel::Sos, 1).await, Seen::Acked);
        if alarm {
            assert_eq!(device.alarm(next(), AlarmKind::Sos, true, 0).await, Seen::Acked);
        }
        assert_eq!(device.live(next(), Channel::Sos, 0).await, Seen::Acked);
    }
    assert_eq!(told(app, id)[2..], are(&[("sos", true), ("sos", false)]));
    service.stop().await;
});

both!(what_comes_late_is_taken_in_the_order_in_which_it_happened, |app| async {
    app.add_towns();
    let id = add_device(app, "HD-1", DeviceKind::HomeDevice, 1);
    let (service, address) = embedded(app).await;
    let mut device = Device::connect(app, address, "HD-1").await;
    // Numbers as the device gave them; two messages come later than those behind them.
    let early = device.header(Lane::Live, 0);
    app.hand.advance(TimeDelta::seconds(10));
    assert_eq!(device.alarm(1, AlarmKind::Sos, true, 0).await, Seen::Acked);
    app.hand.advance(TimeDelta::seconds(10));
    with_header(&mut device, AlarmKind::Sos, false, early).await;
    assert_eq!(told(app, id), are(&[("sos", false)]), "the end of the call before");
    let between = device.header(Lane::Live, 2);
    app.hand.advance(TimeDelta::seconds(10));
    assert_eq!(device.alarm(3, AlarmKind::Sos, false, 0).await, Seen::Acked);
    assert_eq!(told(app, id), are(&[("sos", true)]));
    let over_at = app.app.clock.now();
    app.hand.advance(TimeDelta::seconds(10));
    with_header(&mut device, AlarmKind::Sos, true, between).await;
    assert_eq!(told(app, id), are(&[("sos", true), ("sos", true)]), "its end came before it");
    let pressed_at = over_at - TimeDelta::seconds(10);
    assert_eq!(times(app, id)[1], (pressed_at, Some(pressed_at)));
    app.add_user("lin", Role::DutyOfficer, town(1));
    let late = format!("/alerts/{}/acknowledge", alerts_of(app, id)[1].0);
    assert!(app.login("lin").await.page("/alerts").await.contains(&late), "nobody has answered it");
    // The end of a call ends no fall.
    with_header(&mut device, AlarmKind::Fall, true, Header { seq: 4, ..between }).await;
    assert_eq!(told(app, id)[2], ("fall".to_owned(), false));
    service.stop().await;
});

both!(the_numbers_of_a_boot_decide_whatever_its_clock_says, |app| async {
    app.add_towns();
    let id = add_device(app, "HD-1", DeviceKind::HomeDevice, 1);
    app.add_user("lin", Role::DutyOfficer, town(1));
    let lin = app.login("lin").await;
    let (service, address) = embedded(app).await;
    let mut device = Device::connect(app, address, "HD-1").await;
    let ahead = |header: Header| Header { wall_ms: header.wall_ms.map(|ms| ms + 110_000), ..header };
    let header = ahead(device.header(Lane::Live, 0));
    with_header(&mut device, AlarmKind::Sos, true, header).await;
    app.hand.advance(TimeDelta::seconds(5));
    assert_eq!(device.alarm(1, AlarmKind::Sos, false, 0).await, Seen::Acked, "the clock was set right");
    assert_eq!(told(app, id), are(&[("sos", true)]), "over, although it began later by the clock");
    app.hand.advance(TimeDelta::seconds(5));
    assert_eq!(device.alarm(2, AlarmKind::Sos, true, 0).await, Seen::Acked);
    assert_eq!(told(app, id), are(&[("sos", true), ("sos", false)]), "a call of now lasts");
    let header = ahead(device.header(Lane::Live, 3));
    with_header(&mut device, AlarmKind::Sos, true, header).await;
    acknowledge(&lin, alerts_of(app, id)[1].0).await;
    app.hand.advance(TimeDelta::seconds(5));
    assert_eq!(device.alarm(4, AlarmKind::Sos, true, 0).await, Seen::Acked);
    assert_eq!(told(app, id), are(&[("sos", true), ("sos", true), ("sos", false)]), "and calls again");
    // The device starts anew with a clock that is behind: in doubt it calls.
    acknowledge(&lin, alerts_of(app, id)[2].0).await;
    device.boot_id = 2;
    let header = device.header(Lane::Live, 0);
    let behind = Header { wall_ms: header.wall_ms.map(|ms| ms - 240_000), ..header };
    with_header(&mut device, AlarmKind::Sos, true, behind).await;
    assert_eq!(told(app, id)[2..], are(&[("sos", true), ("sos", false)]));
    // Its end, by the same clock, is the end of all of them.
    let header = Header { seq: 1, ..behind };
    with_header(&mut device, AlarmKind::Sos, false, header).await;
    assert!(told(app, id).iter().all(|(_, is_over)| *is_over), "{:?}", told(app, id));
    service.stop().await;
});

both!(a_beginning_that_comes_after_its_end_is_over, |app| async {
    app.add_towns();
    let id = add_device(app, "HD-1", DeviceKind::HomeDevice, 1);
    let (service, address) = embedded(app).await;
    let mut device = Device::connect(app, address, "HD-1").await;
    assert_eq!(device.alarm(1, AlarmKind::Sos, false, 0).await, Seen::Acked);
    assert_eq!(device.alarm(0, AlarmKind::Sos, true, 1).await, Seen::Acked);
    assert_eq!(told(app, id), are(&[("sos", true)]), "nothing would end it any more");
    // What a value says to be over says nothing of a call that an alarm tells of.
    assert_eq!(device.live(3, Channel::Sos, 1).await, Seen::Acked);
    app.hand.advance(TimeDelta::seconds(1));
    assert_eq!(device.live(4, Channel::Sos, 0).await, Seen::Acked);
    assert_eq!(device.alarm(2, AlarmKind::Sos, true, 1).await, Seen::Acked);
    assert_eq!(told(app, id), are(&[("sos", true), ("sos", true), ("sos", false)]));
    // An end of another kind on the channel ends nothing.
    caused(&mut device, 5, AlarmKind::Fall, false, Channel::Sos).await;
    assert_eq!(told(app, id)[2], ("sos".to_owned(), false));
    service.stop().await;
});

both!(an_alarm_of_the_past_is_on_record_and_calls_nobody, |app| async {
    app.add_towns();
    let id = add_device(app, "HD-1", DeviceKind::HomeDevice, 1);
    let (service, address) = embedded(app).await;
    let mut device = Device::connect(app, address, "HD-1").await;
    let past = |device: &Device<'_>, seq| {
        let header = device.header(Lane::Live, seq);
        Header { flags: header.flags | Header::HISTORICAL, ..header }
    };
    let header = past(&device, 0);
    with_header(&mut device, AlarmKind::Sos, true, header).await;
    with_header(&mut device, AlarmKind::Sos, true, header).await;
    assert_eq!(told(app, id), are(&[("sos", true)]), "once, however often it is repeated");
    let now = app.app.clock.now();
    assert_eq!(times(app, id), [(now, Some(now))]);
    app.add_user("lin", Role::DutyOfficer, town(1));
    let lin = app.login("lin").await;
    let path = format!("/alerts/{}", alerts_of(app, id)[0].0);
    assert!(!lin.page("/alerts").await.contains(&path));
    assert!(!lin.page(&format!("/devices/{id}?lang=en")).await.contains("Call for help"));
    let history = lin.page("/alerts?state=cleared&lang=en").await;
    assert!(history.contains(&path) && history.contains("nobody need come"), "{history}");
    assert!(!history.contains(&format!("{path}/acknowledge")));
    // It neither raises nor ends what is active, and does not make what follows late.
    app.hand.advance(TimeDelta::seconds(5));
    assert_eq!(device.alarm(1, AlarmKind::Sos, true, 0).await, Seen::Acked);
    app.hand.advance(TimeDelta::seconds(5));
    for (seq, raised) in [(2, false), (3, true)] {
        let header = past(&device, seq);
        with_header(&mut device, AlarmKind::Sos, raised, header).await;
    }
    assert_eq!(told(app, id), are(&[("sos", true), ("sos", false), ("sos", true)]));
    service.stop().await;
});

both!(a_call_that_nobody_has_answered_stands_above_everything_else, |app| async {
    app.add_towns();
    let ids: Vec<i64> =
        (0..8).map(|number| add_device(app, &format!("ST-{number}"), DeviceKind::SmartStation, 1)).collect();
    let call = app.add_alert(ids[0], AlertKind::Sos, Channel::Sos, 1.0);
    app.hand.advance(TimeDelta::seconds(5));
    app.write(|tx| songhe::alerts::store::clear_alert(tx.connection, call, tx.now));
    let newer: Vec<i64> = ids[1..]
        .iter()
        .map(|id| {
            app.hand.advance(TimeDelta::seconds(5));
            app.add_alert(*id, AlertKind::Threshold, Channel::RoomTemperature, 41.0)
        })
        .collect();
    app.add_user("lin", Role::DutyOfficer, town(1));
    let lin = app.login("lin").await;
    let page = lin.page("/alerts?lang=en").await;
    let at = |id: i64| page.find(&format!("/alerts/{id}\"")).unwrap_or_else(|| panic!("{id}: {page}"));
    assert!(newer.iter().all(|id| at(call) < at(*id)), "{page}");
    let row = &page[..page.rfind("Call for help</").map_or(0, |end| end + 20)];
    assert!(row.rfind("urgent").is_some_and(|mark| row.len() - mark < 200), "not grey: {row}");
    let board = lin.page("/board?lang=en").await;
    assert!(board.contains(&format!("/alerts/{call}\"")), "{board}");
    // Once answered it is done.
    acknowledge(&lin, call).await;
    assert!(!lin.page("/alerts").await.contains(&format!("/alerts/{call}\"")));
});
