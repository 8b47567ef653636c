//! Behind a broker of the city's own: a device is told only what is committed.

use std::time::Duration;

use songhe::config::{MqttMode, SecretUrl};
use songhe::devices::{DeviceKind, DeviceService};
use songhe_firmware_protocol::downlink::Ack;
use songhe_firmware_protocol::{Channel, Lane, Sample};
use tokio::sync::Mutex;

use super::rig::{Device, add_device, quarantined, samples, stored, with};
use crate::devices::client::Seen;
use crate::support::app::{TestApp, both};
use crate::support::poll::until_async;
use crate::support::services::mosquitto_address;

const LIMIT: Duration = Duration::from_mins(1);
/// Programs on one broker share its messages: one test at a time.
pub static TURN: Mutex<()> = Mutex::const_new(());

/// Holds all other programs on the broker off until it is dropped.
pub async fn turn_at_mosquitto() -> tokio::sync::MutexGuard<'static, ()> {
    TURN.lock().await
}

pub async fn external(test: &TestApp, address: &str) -> DeviceService {
    let app = with(test, |config| {
        config.mqtt.mode = MqttMode::External;
        config.mqtt.external_url = Some(SecretUrl::new(format!("mqtt://songhe:secret@{address}")));
    });
    DeviceService::start(&app).await.unwrap_or_else(|error| panic!("{}", error.for_log()))
}

/// The next acknowledgement from the program, past those of the broker.
async fn acknowledged(device: &mut Device<'_>) -> u64 {
    let message = tokio::time::timeout(LIMIT, async {
        loop {
            match device.next().await {
                Seen::Message(_, payload) => return payload,
                Seen::Acked => {}
                other => panic!("{other:?}"),
            }
        }
    });
    let ack = Ack::decode(&message.await.expect("an acknowledgement")).unwrap();
    assert_eq!(ack.lane, Lane::Live);
    ack.seq
}

both!(behind_another_broker_only_what_is_committed_is_acknowledged, |app| async {
    let Some(address) = mosquitto_address() else { return };
    let _turn = turn_at_mosquitto().await;
    app.add_towns();
    let code = format!("EX-{}-{:?}", std::process::id(), app.kind());
    let id = add_device(app, &code, DeviceKind::SmartStation, 1);
    let service = external(app, &address).await;
    let mut device = Device::connect(app, address.parse().unwrap(), &code).await;
    device.subscribe("ack").await;
    // Until the program's subscription stands, the broker has nobody to give a message to: the device repeats it.
    let mut tries = 0;
    while stored(app, id).is_empty() {
        tries += 1;
        assert!(tries < 200, "nothing arrives");
        device.live(0, Channel::Pulse, 70).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(acknowledged(&mut device).await, 0);

    // The database takes nothing: the broker has the message, the device is told nothing.
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
    let payload = samples(&device.header(Lane::Live, 1), &[Sample::new(Channel::Pulse, 71)]);
    device.send_only("up", &payload).await;
    until_async(LIMIT, "the program says that it cannot write", || async {
        app.app.parts.report("devices")["ready"] == false
    })
    .await;
    assert_eq!(stored(app, id).len(), 1);
    release.send(()).unwrap();
    holder.join().unwrap();
    loop {
        // Repetitions of the first message may still be acknowledged.
        if acknowledged(&mut device).await == 1 {
            break;
        }
    }
    let rows: Vec<(i64, f64)> = stored(app, id).iter().map(|row| (row.2, row.4)).collect();
    assert_eq!(rows, [(0, 70.0), (1, 71.0)]);
    until_async(LIMIT, "the program is ready again", || async {
        app.app.parts.report("devices")["ready"] == true
    })
    .await;
    service.stop().await;
    assert!(quarantined(app).is_empty());
});
