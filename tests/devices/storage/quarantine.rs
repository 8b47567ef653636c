//! What cannot be read is kept sealed, within limits; a device that sends too much of it is flagged.

use chrono::TimeDelta;
use diesel::prelude::*;
use songhe::access::{Grant, Role, Scope};
use songhe::db::schema::quarantine;
use songhe::devices::DeviceKind;
use songhe::devices::ingest::{Health, What, Work, Writer};
use songhe::devices::storage::tidy;
use songhe::devices::store::{self, PAYLOAD_BYTES_MAX, QuarantineRow};
use songhe::error::Code;
use songhe::listing::ListRequest;

use crate::devices::live::rig::{add_device, quarantined};
use crate::support::app::{TestApp, both};
use crate::support::seed::town;

const SECRET: &str = "somebody's blood pressure";

fn poison(test: &TestApp, device_id: i64, error: &str, payload: &[u8]) -> Work {
    let payload = bytes::Bytes::copy_from_slice(payload);
    let what = What::Poison { topic: "up", payload, error: error.to_owned(), header: None };
    Work { device_id, received_at: test.app.clock.now(), what }
}

fn listed(test: &TestApp, scope: &Scope) -> Vec<QuarantineRow> {
    let request = ListRequest { limit: 1_000, ..ListRequest::default() };
    let listed = test.read(|connection| store::list_quarantine(connection, scope, &request));
    assert_eq!(listed.rows.len() as i64, listed.total);
    listed.rows
}

both!(a_payload_is_kept_sealed_and_opened_within_reach_only, |app| async {
    app.add_towns();
    let own = add_device(app, "ST-OWN", DeviceKind::SmartStation, 1);
    let foreign = add_device(app, "ST-FAR", DeviceKind::SmartStation, 2);
    let (writer, ingest, _to_devices) =
        Writer::start(&app.app, &Health::new(app.app.parts.clone(), "embedded"));
    let large = [SECRET.as_bytes(), &vec![b'x'; PAYLOAD_BYTES_MAX]].concat();
    for (device, payload) in
        [(own, large.as_slice()), (own, b"later".as_slice()), (foreign, b"far".as_slice())]
    {
        assert_eq!(ingest.submit(poison(app, device, "not CBOR", payload)).await, Ok(()));
    }
    writer.stop().await;
    let raw: Vec<(Option<Vec<u8>>, Vec<u8>)> = app.read(|connection| {
        let both = (quarantine::payload_sealed, quarantine::payload);
        Ok(quarantine::table.order(quarantine::id).select(both).load(connection)?)
    });
    assert_eq!(raw.len(), 2);
    for (sealed, open) in raw {
        let sealed = sealed.expect("sealed");
        assert!(open.is_empty());
        assert!(!sealed.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()));
    }

    let lin = Scope::new(1, "lin", vec![Grant { role: Role::CityManager, place: town(1) }]);
    let rows = listed(app, &lin);
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].device_code.as_str(), rows[0].occurrences), ("ST-OWN", 2));
    let open = |scope: &Scope, id: i64| {
        app.app.db.read_now(|connection| {
            let row = store::get_quarantined(connection, scope, id)?;
            store::open_quarantined(connection, app.keys(), &row)
        })
    };
    assert_eq!(open(&lin, rows[0].id).unwrap(), large[..PAYLOAD_BYTES_MAX]);
    let all = listed(app, &Scope::system());
    let far = all.iter().find(|row| row.device_id == foreign).unwrap().id;
    assert_eq!(open(&lin, far).unwrap_err().code, Code::NotFound);
    assert_eq!(open(&Scope::system(), far).unwrap(), b"far");
});

both!(a_device_that_sends_too_much_is_counted_and_flagged, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let (writer, ingest, _to_devices) =
        Writer::start(&app.app, &Health::new(app.app.parts.clone(), "embedded"));
    let flooding =
        || app.read(|connection| store::flooding(connection, &[id], app.app.clock.now())).contains(&id);
    let send = async |from: usize, upto: usize| {
        for number in from..upto {
            assert_eq!(ingest.submit(poison(app, id, &format!("fault {number}"), b"x")).await, Ok(()));
        }
    };
    send(0, 100).await;
    assert!(!flooding());
    send(100, 130).await;
    assert!(flooding());
    assert_eq!(quarantined(app).len(), 100, "the rest is only counted");

    // An hour later it begins anew, and stays flagged as long as it goes on.
    app.hand.advance(TimeDelta::minutes(59));
    send(130, 131).await;
    app.hand.advance(TimeDelta::minutes(2));
    send(131, 132).await;
    assert!(flooding());
    assert_eq!(quarantined(app).len(), 101);
    app.hand.advance(TimeDelta::minutes(61));
    assert!(!flooding());
    tidy(&app.app).await.unwrap();
    send(132, 133).await;
    assert!(!flooding());
    writer.stop().await;
});

both!(payloads_of_before_are_sealed, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let row: i64 = app.write(|tx| {
        let values = (
            quarantine::device_id.eq(id),
            quarantine::topic.eq("up"),
            quarantine::payload.eq(SECRET.as_bytes()),
            quarantine::error.eq("x"),
            quarantine::first_at.eq(tx.now),
            quarantine::last_at.eq(tx.now),
            quarantine::occurrences.eq(1),
        );
        Ok(diesel::insert_into(quarantine::table)
            .values(values)
            .returning(quarantine::id)
            .get_result(tx.connection)?)
    });
    let open = || {
        app.read(|connection| {
            let row = store::get_quarantined(connection, &Scope::system(), row)?;
            store::open_quarantined(connection, app.keys(), &row)
        })
    };
    assert_eq!(open(), SECRET.as_bytes());
    tidy(&app.app).await.unwrap();
    assert_eq!(open(), SECRET.as_bytes());
    let plain: Vec<u8> = app
        .read(|connection| Ok(quarantine::table.find(row).select(quarantine::payload).first(connection)?));
    assert!(plain.is_empty());
});
