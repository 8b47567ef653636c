//! What one device sends arrives in the order in which it was sent, however much of it is under way.

use std::time::Duration;

use songhe_firmware_protocol::{Alarm, AlarmKind, Channel, Lane, Sample};

use super::{behind, broker_and_stations, heard_at_last};
use crate::devices::client::Seen;
use crate::devices::live::rig::{self, Device, alerts_of, encoded, stored};
use crate::support::app::both;
use crate::support::poll::until_async;

const LIMIT: Duration = Duration::from_mins(1);
/// The last of them ends a call.
const MESSAGES: u64 = 200;

both!(an_alarm_that_is_over_does_not_overtake_its_beginning, |app| async {
    let Some((broker, ids)) = broker_and_stations(app, 2) else { return };
    let service = behind(app, &broker, |_| {}).await;
    let mut other = Device::connect(app, broker.address, "EX-2").await;
    heard_at_last(&mut other, app, ids[1]).await;
    // All of it comes in one rush, and who the device is has to be looked up meanwhile.
    let mut device = Device::connect(app, broker.address, "EX-1").await;
    for seq in 0..MESSAGES {
        let header = device.header(Lane::Live, seq);
        // Each third message is readings, which go together where they follow each other.
        if seq % 3 == 2 {
            device.send_only("up", &rig::samples(&header, &[Sample::new(Channel::Pulse, 70)])).await;
        } else {
            let raised = seq % 3 == 0;
            let cause = Some((Channel::Sos.code(), i32::from(raised)));
            let alarm = Alarm { header, kind_code: AlarmKind::Sos.code(), raised, cause, attempt: 0 };
            device.send_only("alarm", &encoded(|out| alarm.encode(out).unwrap())).await;
        }
    }
    for _ in 0..MESSAGES {
        assert_eq!(device.next().await, Seen::Acked, "by the broker");
    }
    until_async(LIMIT, "all is stored", || async { stored(app, ids[0]).len() as u64 == MESSAGES }).await;
    let arrived: Vec<i64> = stored(app, ids[0]).iter().map(|row| row.2).collect();
    assert_eq!(arrived, (0..MESSAGES as i64).collect::<Vec<_>>());
    let alerts = alerts_of(app, ids[0]);
    assert_eq!(alerts.len() as u64, MESSAGES.div_ceil(3), "each call is one of its own");
    // The last message ends the last call.
    assert!(alerts.iter().all(|alert| alert.2), "{alerts:?}");
    service.stop().await;
});
