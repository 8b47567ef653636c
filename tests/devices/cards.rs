//! A shared device names whose values it sends by their card: they are that person's wherever it stands, and nobody else's.

use diesel::prelude::*;
use reqwest::{Method, StatusCode};
use serde_json::json;
use songhe::access::{Place, Role};
use songhe::db::schema::{card_readings, elder_hours};
use songhe::devices::{DeviceKind, DevicePlace};
use songhe::elders::cards::{code_of, issue, revoke};
use songhe_firmware_protocol::message::ReadingsMessage;
use songhe_firmware_protocol::{CardNumber, Channel, Lane, Message, Readings, Sample, json as twin};

use super::client::Seen;
use super::live::rig::{Device, add_device, alerts_of, embedded, encoded, latest, stored};
use crate::support::app::{TestApp, both};
use crate::support::client::location;
use crate::support::seed::town;

impl Device<'_> {
    /// What one person measured at this device.
    async fn measured_by(&mut self, card: &str, lane: Lane, seq: u64, samples: &[Sample]) -> Seen {
        let (header, card) = (self.header(lane, seq), CardNumber::parse(card).unwrap());
        let payload = encoded(|out| Readings::encode_of(&header, samples, Some(&card), out).unwrap());
        self.send(if lane == Lane::Live { "up" } else { "bf" }, &payload).await
    }
}

/// Elder, channel, values that can be true and that cannot, lowest, highest.
type Hour = (i64, i16, i64, i64, Option<f64>, Option<f64>);

/// All hours.
fn hours(app: &TestApp) -> Vec<Hour> {
    app.read(|connection| {
        Ok(elder_hours::table
            .order((elder_hours::elder_id, elder_hours::channel, elder_hours::device_id))
            .select((
                elder_hours::elder_id,
                elder_hours::channel,
                elder_hours::readings,
                elder_hours::doubted,
                elder_hours::lowest,
                elder_hours::highest,
            ))
            .load(connection)?)
    })
}

/// Whose the values with cards are, in order of arrival.
fn owners(app: &TestApp) -> Vec<Option<i64>> {
    app.read(|connection| {
        Ok(card_readings::table.order(card_readings::id).select(card_readings::elder_id).load(connection)?)
    })
}

fn code(app: &TestApp, elder: i64) -> String {
    app.read(|connection| code_of(connection, app.keys(), elder)).unwrap()
}

both!(a_card_says_whose_values_they_are, |app| async {
    app.add_towns();
    let kiosk = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let (elder, other) = (app.add_elder(1), app.add_elder(2));
    let card = app.write(|tx| issue(tx, elder, None));
    app.write(|tx| issue(tx, other, None));
    let (service, address) = embedded(app).await;
    let mut device = Device::connect(app, address, "ST-1").await;
    let (mine, theirs) = (code(app, elder), code(app, other));
    let pressure = [Sample::new(Channel::BloodPressureSystolic, 190), Sample::new(Channel::Pulse, 71)];
    assert_eq!(device.measured_by(&mine, Lane::Live, 0, &pressure).await, Seen::Acked);
    assert_eq!(device.measured_by(&mine, Lane::Live, 0, &pressure).await, Seen::Acked, "the same again");
    // Typed with a dash; and later, from the kiosk's own store.
    let dashed = format!("{}-{}", &theirs[..4], &theirs[4..]);
    assert_eq!(
        device.measured_by(&dashed, Lane::Live, 1, &[Sample::new(Channel::Pulse, 900)]).await,
        Seen::Acked
    );
    assert_eq!(
        device.measured_by(&mine, Lane::Backfill, 0, &[Sample::new(Channel::Pulse, 75)]).await,
        Seen::Acked
    );
    let of = |channel: Channel| channel.code() as i16;
    assert_eq!(
        hours(app),
        [
            (elder, of(Channel::BloodPressureSystolic), 1, 0, Some(190.0), Some(190.0)),
            (elder, of(Channel::Pulse), 2, 0, Some(71.0), Some(75.0)),
            (other, of(Channel::Pulse), 0, 1, None, None),
        ]
    );
    assert_eq!(owners(app), [Some(elder), Some(elder), Some(other), Some(elder)]);
    // Of the station itself nothing is told, and no alert names its place for a person's value.
    assert!(stored(app, kiosk).is_empty() && latest(app, kiosk, Channel::Pulse).is_none());
    assert!(alerts_of(app, kiosk).is_empty());
    let events = app.count("SELECT count(*) AS n FROM outbox WHERE topic = 'reading'");
    assert_eq!(events, 0, "nobody is told");

    // The JSON twin says the same; a card that has ended counts for what was read before.
    let header = device.header(Lane::Live, 2);
    let samples = vec![Sample::new(Channel::Weight, 610)];
    let readings = ReadingsMessage { header, samples, card: CardNumber::parse(&mine) };
    let text = twin::encode(&Message::Readings(readings)).unwrap();
    assert_eq!(device.send("json", text.as_bytes()).await, Seen::Acked);
    app.hand.advance(chrono::TimeDelta::minutes(10));
    app.write(|tx| revoke(tx, elder, card));
    let before = Sample { age_ms: 60_000, ..Sample::new(Channel::Pulse, 77) };
    assert_eq!(device.measured_by(&mine, Lane::Live, 3, &[before]).await, Seen::Acked);
    assert_eq!(
        device.measured_by(&mine, Lane::Live, 4, &[Sample::new(Channel::Pulse, 78)]).await,
        Seen::Acked
    );
    assert_eq!(owners(app)[4..], [Some(elder), Some(elder), None]);
    service.stop().await;
});

both!(an_unknown_card_waits_for_whoever_knows_whose_it_is, |app| async {
    app.add_towns();
    add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let station = app.add_station(2, None);
    app.add_device("ST-2", DeviceKind::SmartStation, 2, DevicePlace::Station(station));
    let (elder, foreign) = (app.add_elder(1), app.add_elder(2));
    for (login, role, place) in [
        ("lin", Role::Coordinator, town(1)),
        ("chen", Role::Coordinator, town(2)),
        ("duty", Role::DutyOfficer, Place::City),
    ] {
        app.add_user(login, role, place);
    }
    let (lin, chen, duty) = (app.login("lin").await, app.login("chen").await, app.login("duty").await);
    let (service, address) = embedded(app).await;
    let mut near = Device::connect(app, address, "ST-1").await;
    let mut far = Device::connect(app, address, "ST-2").await;
    let pulse = |value| [Sample::new(Channel::Pulse, value)];
    assert_eq!(near.measured_by("CITY-00123456", Lane::Live, 0, &pulse(70)).await, Seen::Acked);
    assert_eq!(far.measured_by("CITY-00123456", Lane::Live, 0, &pulse(74)).await, Seen::Acked);
    assert_eq!(far.measured_by("CITY-00999999", Lane::Live, 1, &pulse(80)).await, Seen::Acked);
    assert_eq!(owners(app), [None, None, None]);
    // The number is sealed: nothing of it is in the database.
    let (sealed, ids): (Vec<Option<Vec<u8>>>, Vec<i64>) = app.read(|connection| {
        let rows: Vec<(Option<Vec<u8>>, i64)> = card_readings::table
            .order(card_readings::id)
            .select((card_readings::card_sealed, card_readings::id))
            .load(connection)?;
        Ok(rows.into_iter().unzip())
    });
    let holds = |bytes: &[u8]| bytes.windows(8).any(|part| part == b"00123456");
    assert!(sealed.iter().all(|sealed| sealed.as_ref().is_some_and(|sealed| !holds(sealed))));

    let path = format!("/card-readings/{}", ids[0]);
    assert!(lin.page("/card-readings").await.contains(&path));
    assert!(!chen.page("/card-readings").await.contains("ST-1"));
    assert_eq!(duty.status("/card-readings").await, StatusCode::FORBIDDEN);
    assert_eq!(chen.status(&path).await, StatusCode::NOT_FOUND);
    let page = lin.page(&path).await;
    assert!(page.contains("…3456") && !page.contains("00123456") && page.contains("70 /min"), "{page}");
    assert!(page.contains("74 /min"), "what was measured elsewhere with the same card");
    assert_eq!(app.audited("card_reading.show").len(), 1);
    for path in [format!("{path}/claim"), format!("{path}/dismiss")] {
        assert_eq!(lin.status(&path).await, 200, "{path}");
    }
    // Only an elder whose record one may change, and nobody else's.
    for wrong in [foreign.to_string(), "x".to_owned(), String::new()] {
        let response = lin.post_form(&format!("{path}/claim"), &[("elder_id", &wrong)]).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
    assert_eq!(lin.post_form(&format!("{path}/dismiss"), &[("reason", " ")]).await.status(), 422);
    assert!(hours(app).is_empty());
    let response = lin.post_form(&format!("{path}/claim"), &[("elder_id", &elder.to_string())]).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(owners(app), [Some(elder), Some(elder), None]);
    let of = Channel::Pulse.code() as i16;
    let each = |rows: Vec<Hour>| rows.into_iter().map(|row| (row.0, row.1, row.2, row.4)).collect::<Vec<_>>();
    assert_eq!(each(hours(app)), [(elder, of, 1, Some(70.0)), (elder, of, 1, Some(74.0))]);
    // What comes later follows; who comes second is told who was first.
    assert_eq!(near.measured_by("CITY-00123456", Lane::Live, 1, &pulse(72)).await, Seen::Acked);
    assert_eq!(owners(app)[3..], [Some(elder)]);
    assert_eq!(each(hours(app))[0], (elder, of, 2, Some(70.0)));
    let body = json!({ "elder_id": elder });
    let request = lin.request(Method::POST, &format!("/api/v1{path}/claim"));
    let response = request.header("sec-fetch-site", "same-origin").json(&body).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::CONFLICT);
    assert!(response.text().await.unwrap().contains("lin"));

    // Nobody's, with a reason; it stays so, and a new value of the same card is asked about again.
    let items = chen.get_json("/api/v1/card-readings").await["items"].clone();
    assert_eq!(items.as_array().unwrap().len(), 1, "{items}");
    let path = format!("/api/v1/card-readings/{}/dismiss", items[0]["id"]);
    let request = chen.request(Method::POST, &path).header("sec-fetch-site", "same-origin");
    let response = request.json(&json!({ "reason": "a trial" })).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(chen.get_json("/api/v1/card-readings").await["items"], json!([]));
    assert_eq!((app.audited("card_reading.claim").len(), app.audited("card_reading.dismiss").len()), (1, 1));
    service.stop().await;
});

both!(what_was_said_of_a_card_can_be_taken_back, |app| async {
    app.add_towns();
    add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let (wrong, right) = (app.add_elder(1), app.add_elder(1));
    app.write(|tx| issue(tx, wrong, None));
    let own = code(app, wrong);
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let chen = app.user("chen", Role::Coordinator, town(2)).await;
    let (service, address) = embedded(app).await;
    let mut kiosk = Device::connect(app, address, "ST-1").await;
    let pulse = |value| [Sample::new(Channel::Pulse, value)];
    // With the own card, with the one that is claimed wrongly, and again with both.
    assert_eq!(kiosk.measured_by(&own, Lane::Live, 0, &pulse(70)).await, Seen::Acked);
    assert_eq!(kiosk.measured_by("CITY-00123456", Lane::Live, 1, &pulse(120)).await, Seen::Acked);
    let first: i64 = app.count("SELECT min(id) AS n FROM card_readings WHERE elder_id IS NULL");
    let path = format!("/card-readings/{first}");
    assert_eq!(lin.post_form(&format!("{path}/take-back"), &[]).await.status(), 409, "nothing was said");
    let claimed = lin.post_form(&format!("{path}/claim"), &[("elder_id", &wrong.to_string())]).await;
    assert_eq!(claimed.status(), StatusCode::SEE_OTHER);
    assert_eq!(kiosk.measured_by("CITY-00123456", Lane::Live, 2, &pulse(124)).await, Seen::Acked);
    assert_eq!(kiosk.measured_by(&own, Lane::Live, 3, &pulse(72)).await, Seen::Acked);
    let of = Channel::Pulse.code() as i16;
    assert_eq!(hours(app), [(wrong, of, 4, 0, Some(70.0), Some(124.0))]);

    // It is found among the claimed ones, by whoever may change records here.
    assert!(!lin.page("/card-readings").await.contains(&path));
    assert!(lin.page("/card-readings?state=claimed").await.contains(&path));
    let page = lin.page(&format!("{path}?lang=en")).await;
    let name = app.name_of_elder(wrong);
    assert!(page.contains(&name) && page.contains("Take back") && page.contains("lin"), "{page}");
    assert_eq!(chen.post_form(&format!("{path}/take-back"), &[]).await.status(), 404);
    assert_eq!(location(&lin.post_form(&format!("{path}/take-back"), &[]).await), path);
    assert_eq!(owners(app), [Some(wrong), None, None, Some(wrong)]);
    assert_eq!(hours(app), [(wrong, of, 2, 0, Some(70.0), Some(72.0))], "as if it had never been said");
    let audited = app.audited("card_reading.take_back");
    assert_eq!(audited.len(), 1);
    assert!(audited[0].1.contains("\"readings\":2"), "{audited:?}");
    // What comes now is nobody's again, every number is sealed, and the next one may say whose it is.
    assert_eq!(kiosk.measured_by("CITY-00123456", Lane::Live, 4, &pulse(118)).await, Seen::Acked);
    assert_eq!(owners(app)[4..], [None]);
    let unsealed =
        app.count("SELECT count(*) AS n FROM card_readings WHERE elder_id IS NULL AND card_sealed IS NULL");
    assert_eq!(unsealed, 0);
    lin.post_form(&format!("{path}/claim"), &[("elder_id", &right.to_string())]).await;
    assert_eq!(
        hours(app),
        [(wrong, of, 2, 0, Some(70.0), Some(72.0)), (right, of, 3, 0, Some(118.0), Some(124.0))]
    );

    // So can be that it is nobody's.
    assert_eq!(kiosk.measured_by("CITY-00777777", Lane::Live, 5, &pulse(66)).await, Seen::Acked);
    let last: i64 = app.count("SELECT max(id) AS n FROM card_readings");
    let path = format!("/card-readings/{last}");
    lin.post_form(&format!("{path}/dismiss"), &[("reason", "a trial")]).await;
    assert!(lin.page("/card-readings?state=dismissed").await.contains(&path));
    let page = lin.page(&format!("{path}?lang=zh-CN")).await;
    assert!(
        page.contains("a trial") && page.contains("撤回处理") && page.contains("重新列为待认领"),
        "{page}"
    );
    assert!(!page.contains("生命体征"), "nobody's values leave nobody's vital signs: {page}");
    let request = lin.request(Method::POST, &format!("/api/v1{path}/take-back"));
    let response = request.header("sec-fetch-site", "same-origin").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.json::<serde_json::Value>().await.unwrap()["readings"], 1);
    assert!(lin.page("/card-readings").await.contains(&path));
    service.stop().await;
});

both!(a_claimed_card_is_for_those_who_may_see_the_elder, |app| async {
    app.add_towns();
    add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    add_device(app, "ST-2", DeviceKind::SmartStation, 2);
    let elder = app.add_elder(1);
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let chen = app.user("chen", Role::Coordinator, town(2)).await;
    let (service, address) = embedded(app).await;
    let pulse = |value| [Sample::new(Channel::Pulse, value)];
    let mut near = Device::connect(app, address, "ST-1").await;
    let mut far = Device::connect(app, address, "ST-2").await;
    assert_eq!(far.measured_by("CITY-00123456", Lane::Live, 0, &pulse(74)).await, Seen::Acked);
    assert_eq!(near.measured_by("CITY-00123456", Lane::Live, 0, &pulse(70)).await, Seen::Acked);
    let (of_far, of_near): (i64, i64) = (
        app.count("SELECT min(id) AS n FROM card_readings"),
        app.count("SELECT max(id) AS n FROM card_readings"),
    );
    let [far_path, near_path] = [of_far, of_near].map(|id| format!("/card-readings/{id}"));
    assert_eq!(chen.status(&far_path).await, 200, "nobody's yet");
    lin.post_form(&format!("{near_path}/claim"), &[("elder_id", &elder.to_string())]).await;
    for path in [far_path.clone(), format!("/api/v1{far_path}")] {
        assert_eq!(chen.status(&path).await, 404, "{path}");
    }
    for path in ["/card-readings?state=claimed", "/api/v1/card-readings?state=claimed"] {
        assert!(!chen.page(path).await.contains("ST-2"), "{path}");
        assert!(lin.page(path).await.contains("ST-1"), "{path}");
    }
    assert!(app.audited("elder.readings").is_empty());
    assert!(lin.page(&near_path).await.contains("74 /min"));
    assert_eq!(lin.status(&format!("/api/v1{near_path}")).await, 200);
    let looks = app.audited("elder.readings");
    let detail = format!("{{\"card_reading\":{of_near}}}");
    assert_eq!(looks, vec![(elder.to_string(), detail); 2], "as for every look at the elder's readings");
    service.stop().await;
});

both!(an_hour_of_which_values_are_forgotten_is_not_taken_back, |app| async {
    app.add_towns();
    add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let wrong = app.add_elder(1);
    app.write(|tx| issue(tx, wrong, None));
    let own = code(app, wrong);
    let (service, address) = embedded(app).await;
    let mut kiosk = Device::connect(app, address, "ST-1").await;
    let pulse = |value| [Sample::new(Channel::Pulse, value)];
    // An hour of both cards, and a later one.
    assert_eq!(kiosk.measured_by(&own, Lane::Live, 0, &pulse(70)).await, Seen::Acked);
    let mine: i64 = app.count("SELECT max(id) AS n FROM card_readings");
    assert_eq!(kiosk.measured_by("CITY-00123456", Lane::Live, 1, &pulse(120)).await, Seen::Acked);
    let early: i64 = app.count("SELECT max(id) AS n FROM card_readings");
    app.hand.advance(chrono::TimeDelta::hours(1));
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    assert_eq!(kiosk.measured_by("CITY-00123456", Lane::Live, 2, &pulse(124)).await, Seen::Acked);
    let path = format!("/card-readings/{early}");
    lin.post_form(&format!("{path}/claim"), &[("elder_id", &wrong.to_string())]).await;
    // The rightful value is forgotten as a single one: its hour is all that tells of it.
    app.taken(&format!("DELETE FROM card_readings WHERE id = {mine}"));
    let page = lin.page(&format!("{path}?lang=en")).await;
    assert!(page.contains("stays with the elder") && page.contains("from 20"), "{page}");
    let request = lin.request(Method::POST, &format!("/api/v1{path}/take-back"));
    let response = request.header("sec-fetch-site", "same-origin").send().await.unwrap();
    assert_eq!(response.status(), 200);
    let told = response.json::<serde_json::Value>().await.unwrap();
    assert_eq!(told, json!({ "readings": 1, "kept": 1 }));
    let of = Channel::Pulse.code() as i16;
    assert_eq!(
        hours(app),
        [(wrong, of, 2, 0, Some(70.0), Some(120.0))],
        "the hour as it was, and no later one"
    );
    assert_eq!(owners(app), [Some(wrong), None]);
    assert_eq!(lin.status(&path).await, 404, "nobody is asked about what stays");
    // By nobody's word is the card the elder's any more.
    assert_eq!(kiosk.measured_by("CITY-00123456", Lane::Live, 3, &pulse(118)).await, Seen::Acked);
    assert_eq!(owners(app)[2..], [None]);
    service.stop().await;
});

both!(a_card_with_many_values_is_shown_by_its_newest, |app| async {
    app.add_towns();
    add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let (service, address) = embedded(app).await;
    let mut kiosk = Device::connect(app, address, "ST-1").await;
    let each: Vec<Sample> = (0..15)
        .map(|n| Sample { age_ms: 1_000 * (15 - n), ..Sample::new(Channel::Pulse, 60 + n as i32) })
        .collect();
    for seq in 0..14 {
        assert_eq!(kiosk.measured_by("CITY-00123456", Lane::Live, seq, &each).await, Seen::Acked);
        app.hand.advance(chrono::TimeDelta::minutes(1));
    }
    let newest = [Sample::new(Channel::Pulse, 133)];
    assert_eq!(kiosk.measured_by("CITY-00123456", Lane::Live, 14, &newest).await, Seen::Acked);
    assert_eq!(kiosk.measured_by("CITY-00777777", Lane::Live, 15, &newest).await, Seen::Acked);
    let first: i64 = app.count("SELECT min(id) AS n FROM card_readings");
    let page = lin.page(&format!("/card-readings/{first}?lang=en")).await;
    assert!(page.contains("the newest 200 of 211") && page.contains("133 /min"), "{page}");
    let told = lin.get_json(&format!("/api/v1/card-readings/{first}")).await;
    assert_eq!(told["total"], 211);
    assert_eq!(told["readings"].as_array().map(Vec::len), Some(200));
    assert_eq!(told["readings"][0]["value"], 133.0);
    // The list goes from page to page.
    let list = lin.get_json("/api/v1/card-readings?limit=1").await;
    assert_eq!((&list["items"][0]["id"], &list["items"][0]["readings"]), (&json!(first), &json!(211)));
    let next = list["next_cursor"].as_str().unwrap();
    let list = lin.get_json(&format!("/api/v1/card-readings?limit=1&cursor={next}")).await;
    assert_eq!(list["items"][0]["readings"], 1);
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1));
    service.stop().await;
});
