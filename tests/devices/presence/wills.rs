//! A will that comes late is not the end of a device that is here again.

use songhe::devices::ingest::{What, Work};
use songhe::devices::{DeviceKind, PresenceState};
use songhe_firmware_protocol::{Channel, Lane, Sample, State};

use super::{LIMIT, Rig, presence};
use crate::devices::client::Seen;
use crate::devices::live::external::{external, turn_at_mosquitto};
use crate::devices::live::rig::{Device, add_device, embedded, encoded, samples, stored};
use crate::support::app::both;
use crate::support::poll::until_async;
use crate::support::services::mosquitto_address;

impl Device<'_> {
    fn state(&self, seq: u64, online: bool, connection: u32) -> Vec<u8> {
        let state = State { header: self.header(Lane::Live, seq), online, connection, answer: None };
        encoded(|out| state.encode(out).unwrap())
    }
}

both!(a_will_of_an_older_connection_means_nothing, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let rig = Rig::start(app).await;
    let tell = async |online: bool, connection: i64| {
        let ends = (!online).then_some((7, 0));
        let what = What::Heard { online, connection: Some(connection), ends };
        rig.ingest.note(Work { device_id: id, received_at: app.app.clock.now(), what }).await;
        rig.ingest.settle().await.unwrap();
        presence(app, id)
    };
    assert_eq!(tell(true, 1).await, PresenceState::Online);
    // Its connection broke, it came again, and only then did the broker miss the first one.
    assert_eq!(tell(true, 2).await, PresenceState::Online);
    assert_eq!(tell(false, 1).await, PresenceState::Online, "the will of the first connection");
    assert_eq!(tell(false, 2).await, PresenceState::Suspect, "the will of the present one");
    rig.stop().await;
});

both!(a_state_is_a_message_like_others_at_the_own_broker, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let (service, address) = embedded(app).await;
    let mut device = Device::connect(app, address, "ST-1").await;
    assert_eq!(device.send("state", &device.state(0, true, 1)).await, Seen::Acked);
    assert_eq!(device.send("state", &device.state(1, false, 0)).await, Seen::Acked, "an older will");
    assert_eq!(device.live(0, Channel::Pulse, 70).await, Seen::Acked, "a number that the state used");
    assert_eq!(device.live(1, Channel::Pulse, 70).await, Seen::Acked);
    assert_eq!(presence(app, id), PresenceState::Online, "the connection counts");
    assert_eq!(stored(app, id).iter().map(|row| row.2).collect::<Vec<_>>(), [1]);
    service.stop().await;
});

both!(behind_another_broker_a_late_will_is_no_end, |app| async {
    let Some(address) = mosquitto_address() else { return };
    let _turn = turn_at_mosquitto().await;
    app.add_towns();
    let code = format!("WL-{}-{:?}", std::process::id(), app.kind());
    let id = add_device(app, &code, DeviceKind::SmartStation, 1);
    let service = external(app, &address).await;
    let device = Device::connect(app, address.parse().unwrap(), &code).await;
    // Until the program's subscription stands, the broker has nobody to give a message to.
    until_async(LIMIT, "online", || async {
        device.send_only("state", &device.state(0, true, 2)).await;
        presence(app, id) == PresenceState::Online
    })
    .await;
    device.send_only("state", &device.state(0, false, 1)).await;
    // What comes after the will is stored after it.
    let payload = samples(&device.header(Lane::Live, 1), &[Sample::new(Channel::Pulse, 70)]);
    device.send_only("up", &payload).await;
    until_async(LIMIT, "stored", || async { !stored(app, id).is_empty() }).await;
    assert_eq!(presence(app, id), PresenceState::Online, "the will of an older connection");
    // What was sent until it was online may still be on its way, and says the contrary.
    until_async(LIMIT, "suspect", || async {
        device.send_only("state", &device.state(0, false, 2)).await;
        presence(app, id) == PresenceState::Suspect
    })
    .await;
    service.stop().await;
});
