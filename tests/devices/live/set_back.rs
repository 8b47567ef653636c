//! The server's clock is set back: what was measured before lies in the future then, and must not hide what is measured now.

use chrono::TimeDelta;
use songhe::devices::DeviceKind;
use songhe::devices::ingest::{Health, Work, Writer};
use songhe_firmware_protocol::{Channel, Header, Lane, Sample, TopicKind};

use super::rig::{add_device, alerts_of, latest, samples};
use crate::support::app::both;

both!(a_clock_that_is_set_back_silences_no_alert, |app| async {
    app.add_towns();
    let id = add_device(app, "FR-1", DeviceKind::FireSensor, 1);
    let (writer, ingest, _) = Writer::start(&app.app, &Health::new(app.app.parts.clone(), "test"));
    let smoke = async |seq: u64, value: i32| {
        let header = Header { boot_id: 1, lane: Lane::Live, seq, monotonic_ms: seq, wall_ms: None, flags: 0 };
        let payload = samples(&header, &[Sample::new(Channel::Smoke, value)]);
        let work = Work::read(id, TopicKind::Up, payload.into(), app.app.clock.now());
        assert_eq!(ingest.submit(work).await, Ok(()));
        latest(app, id, Channel::Smoke)
    };
    assert_eq!(smoke(0, 5).await, Some(0.05));
    // As far as a device's own clock may be ahead: the later value stays.
    app.hand.jump(TimeDelta::minutes(-2));
    assert_eq!(smoke(1, 6).await, Some(0.05));
    app.hand.jump(TimeDelta::minutes(-58));
    assert_eq!(smoke(2, 80).await, Some(0.8));
    assert_eq!(alerts_of(app, id).len(), 1);
    app.hand.advance(TimeDelta::seconds(1));
    assert_eq!(smoke(3, 7).await, Some(0.07));
    assert!(alerts_of(app, id)[0].2, "over");
    writer.stop().await;
});
