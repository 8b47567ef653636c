//! A disk that is nearly full: backfill waits with its devices, and not in the window of what the broker may send.

use std::time::Duration;

use songhe_firmware_protocol::{AlarmKind, Channel, Lane, Sample};

use super::{Ears, behind, broker_and_stations, heard_at_last};
use crate::devices::client::Seen;
use crate::devices::live::rig::{Device, alerts_of, stored};
use crate::support::app::both;
use crate::support::poll::until_async;

const LIMIT: Duration = Duration::from_mins(1);
/// More than any disk has.
const EVERYTHING_MB: u32 = 1_000_000_000;
/// More than the broker may send before the first of them is acknowledged.
const BACKFILL: u64 = 1_100;

both!(backfill_that_is_put_off_holds_up_no_call_for_help, |app| async {
    let Some((broker, ids)) = broker_and_stations(app, 2) else { return };
    let service = behind(app, &broker, |config| config.disk.free_min_mb = EVERYTHING_MB).await;
    let mut device = Device::connect(app, broker.address, "EX-1").await;
    heard_at_last(&mut device, app, ids[0]).await;
    let mut ears = Ears::open(&broker, "EX-1", "ack").await;
    let sample = Sample::new(Channel::Pulse, 80);
    for seq in 0..BACKFILL {
        assert_eq!(device.backfill(seq, sample).await, Seen::Acked, "by the broker");
    }
    let mut other = Device::connect(app, broker.address, "EX-2").await;
    assert_eq!(other.alarm(0, AlarmKind::Sos, true, 0).await, Seen::Acked);
    assert_eq!(device.alarm(1, AlarmKind::Sos, true, 0).await, Seen::Acked);
    for id in &ids {
        until_async(LIMIT, "the call has come through", || async { alerts_of(app, *id).len() == 1 }).await;
    }
    assert_eq!(stored(app, ids[0]).len(), 1, "no backfill is stored");
    let told = ears.so_far().await;
    assert!(told.iter().any(|ack| ack.seq == 1), "{told:?}");
    assert!(told.iter().all(|ack| ack.lane == Lane::Live), "{told:?}");
    service.stop().await;

    // With room again the device, which was told nothing, sends it once more.
    let service = behind(app, &broker, |config| {
        (config.disk.free_min_mb, config.disk.free_min_percent) = (0, 0);
    })
    .await;
    until_async(LIMIT, "backfill is stored", || {
        let payload = crate::devices::live::rig::samples(&device.header(Lane::Backfill, 0), &[sample]);
        let (device, id) = (&device, ids[0]);
        async move {
            device.send_only("bf", &payload).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
            stored(app, id).len() == 2
        }
    })
    .await;
    let told = ears.ack().await;
    assert_eq!((told.lane, told.seq), (Lane::Backfill, 0));
    service.stop().await;
});
