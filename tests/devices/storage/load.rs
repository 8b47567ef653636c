//! The load of a measurement arrives as it is counted, through the broker inside and through one elsewhere.

use diesel::prelude::*;
use songhe::db::schema::{alerts, readings};
use songhe::devices::DeviceKind;
use songhe::devices::simulator::load::{Caller, Idle, Login, Target, Word, flood, steady};

use crate::devices::live::external::{TURN, external};
use crate::devices::live::rig::{TOKEN, add_device, embedded};
use crate::support::app::{TestApp, both};
use crate::support::services::mosquitto_address;

fn logins(test: &TestApp, name: &str, count: usize) -> Vec<Login> {
    let login = |number: usize| {
        let code = format!("{name}-{}-{:?}-{number}", std::process::id(), test.kind());
        add_device(test, &code, DeviceKind::SmartStation, 1);
        Login { code, token: TOKEN.to_owned() }
    };
    (0..count).map(login).collect()
}

fn rows(test: &TestApp) -> u64 {
    let count: i64 = test.read(|connection| Ok(readings::table.count().get_result(connection)?));
    count as u64
}

both!(what_a_load_counts_as_stored_is_stored, |app| async {
    app.add_towns();
    let (service, address) = embedded(app).await;
    let target = Target { address, word: Word::Broker };
    let devices = logins(app, "LD", 3);
    let idle = Idle::open(target, &logins(app, "ID", 4)).await.unwrap();
    assert_eq!(idle.len(), 4);
    let marks = flood(target, &devices, (600, 20, 200)).await.unwrap();
    assert!(marks.len() >= 3 && marks.is_sorted(), "{marks:?}");
    let stored = rows(app);
    assert!((600..600 + 3 * 20).contains(&stored), "{stored}");
    let taken = steady(target, &devices, (30, 2, 1)).await.unwrap();
    assert_eq!(taken.len(), 60);
    assert_eq!(rows(app), stored + 60);
    let mut caller = Caller::open(target, &logins(app, "CA", 1)[0]).await.unwrap();
    for raised in [true, false, true] {
        caller.call(raised).await.unwrap();
    }
    let raised: i64 = app.read(|connection| Ok(alerts::table.count().get_result(connection)?));
    assert_eq!(raised, 2);
    let stranger = Login { code: devices[0].code.clone(), token: "wrong".to_owned() };
    assert!(Caller::open(target, &stranger).await.is_err());
    drop(idle);
    service.stop().await;
});

both!(behind_another_broker_a_load_waits_for_the_server, |app| async {
    let Some(address) = mosquitto_address() else { return };
    let _turn = TURN.lock().await;
    app.add_towns();
    let service = external(app, &address).await;
    let target = Target { address: address.parse().unwrap(), word: Word::Server };
    let marks = flood(target, &logins(app, "EX", 2), (100, 10, 50)).await.unwrap();
    assert!(marks.len() >= 2, "{marks:?}");
    assert!(rows(app) >= 100);
    service.stop().await;
});
