//! The time of a device without a clock: by the birth of its boot, over restarts of the program, and whichever birth came late.

use chrono::TimeDelta;
use diesel::prelude::*;
use songhe::clock::Instant;
use songhe::db::schema::readings;
use songhe::devices::DeviceKind;
use songhe::devices::ingest::{Health, Ingest, Work, Writer};
use songhe_firmware_protocol::{Birth, Channel, Header, Lane, Sample, TopicKind};

use super::rig::{add_device, encoded, samples};
use crate::support::app::{TestApp, both, first_instant};

fn start(app: &TestApp) -> (Writer, Ingest) {
    let (writer, ingest, _) = Writer::start(&app.app, &Health::new(app.app.parts.clone(), "test"));
    (writer, ingest)
}

/// A device without a clock; each message is (number, seconds since its boot).
struct Clockless<'a> {
    app: &'a TestApp,
    id: i64,
    boot_id: u64,
}

impl Clockless<'_> {
    fn header(&self, lane: Lane, (seq, seconds): (u64, u64)) -> Header {
        let boot_id = self.boot_id;
        Header { boot_id, lane, seq, monotonic_ms: seconds * 1_000, wall_ms: None, flags: 0 }
    }

    async fn birth(&self, ingest: &Ingest, at: (u64, u64)) {
        let header = self.header(Lane::Live, at);
        let payload = encoded(|out| Birth::encode(&header, 1, "1.0", 30, &[32], out).unwrap());
        self.bring(ingest, TopicKind::Birth, payload).await;
    }

    async fn reading(&self, ingest: &Ingest, lane: Lane, at: (u64, u64)) {
        let payload = samples(&self.header(lane, at), &[Sample::new(Channel::Pulse, 70)]);
        let kind = if lane == Lane::Live { TopicKind::Up } else { TopicKind::Backfill };
        self.bring(ingest, kind, payload).await;
    }

    async fn bring(&self, ingest: &Ingest, kind: TopicKind, payload: Vec<u8>) {
        let work = Work::read(self.id, kind, payload.into(), self.app.app.clock.now());
        assert_eq!(ingest.submit(work).await, Ok(()));
    }
}

fn times(app: &TestApp, id: i64) -> Vec<Instant> {
    app.read(|connection| {
        let of_device = readings::table.filter(readings::device_id.eq(id));
        Ok(of_device.order(readings::id).select(readings::at).load(connection)?)
    })
}

both!(a_clock_that_was_synchronised_dates_what_comes_after_it_in_the_boot, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let (writer, ingest) = start(app);
    let device = Clockless { app, id, boot_id: 7 };
    device.birth(&ingest, (0, 100)).await;
    app.hand.advance(TimeDelta::minutes(30));
    // Its monotonic clock has lost a minute since.
    let now = app.app.clock.now();
    let synchronised = Header {
        wall_ms: u64::try_from(now.and_utc().timestamp_millis()).ok(),
        flags: Header::CLOCK_SYNCED,
        ..device.header(Lane::Live, (1, 1_840))
    };
    let payload = samples(&synchronised, &[Sample::new(Channel::Pulse, 70)]);
    device.bring(&ingest, TopicKind::Up, payload).await;
    app.hand.advance(TimeDelta::seconds(10));
    device.reading(&ingest, Lane::Live, (2, 1_850)).await;
    assert_eq!(times(app, id), [now, now + TimeDelta::seconds(10)]);
    // Another program, and messages of the past.
    writer.stop().await;
    let (writer, ingest) = start(app);
    device.reading(&ingest, Lane::Backfill, (0, 1_830)).await;
    device.reading(&ingest, Lane::Live, (3, 1_851)).await;
    assert_eq!(times(app, id)[2..], [now - TimeDelta::seconds(10), now + TimeDelta::seconds(11)]);
    writer.stop().await;
});

both!(a_device_without_a_clock_is_dated_by_the_birth_of_its_boot, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let (writer, ingest) = start(app);
    let device = Clockless { app, id, boot_id: 7 };
    let begun = first_instant() - TimeDelta::seconds(100);
    let after = |seconds: i64| begun + TimeDelta::seconds(seconds);
    device.birth(&ingest, (0, 100)).await;
    // Hours of the past, all at once, from before the birth and after it.
    app.hand.advance(TimeDelta::hours(3));
    for (seq, seconds) in [(0, 40), (1, 3_600), (2, 7_200)] {
        device.reading(&ingest, Lane::Backfill, (seq, seconds)).await;
    }
    device.reading(&ingest, Lane::Live, (1, 10_890)).await;
    let mut expected = vec![after(40), after(3_600), after(7_200), after(10_890)];
    assert_eq!(times(app, id), expected);
    writer.stop().await;

    // The program starts anew, or it is another one: the device says nothing of its boot again.
    let (writer, ingest) = start(app);
    device.reading(&ingest, Lane::Backfill, (3, 9_000)).await;
    device.reading(&ingest, Lane::Live, (2, 10_895)).await;
    expected.extend([after(9_000), after(10_895)]);
    assert_eq!(times(app, id), expected);

    // The same birth again, and another one that was long on its way, move nothing.
    device.birth(&ingest, (0, 100)).await;
    device.birth(&ingest, (3, 10_000)).await;
    device.reading(&ingest, Lane::Backfill, (4, 9_001)).await;
    expected.push(after(9_001));
    // One that took less time says better when the boot began.
    app.hand.advance(TimeDelta::seconds(50));
    device.birth(&ingest, (4, 10_960)).await;
    device.reading(&ingest, Lane::Backfill, (5, 9_002)).await;
    expected.push(after(9_002) - TimeDelta::seconds(10));
    assert_eq!(times(app, id), expected);

    // Another boot is another beginning, and the first one keeps its own.
    let reborn = Clockless { app, id, boot_id: 8 };
    reborn.reading(&ingest, Lane::Live, (0, 5)).await;
    expected.push(app.app.clock.now());
    reborn.birth(&ingest, (1, 10)).await;
    reborn.reading(&ingest, Lane::Backfill, (0, 4)).await;
    expected.push(app.app.clock.now() - TimeDelta::seconds(6));
    device.reading(&ingest, Lane::Backfill, (6, 9_003)).await;
    expected.push(after(9_003) - TimeDelta::seconds(10));
    assert_eq!(times(app, id), expected);
    writer.stop().await;
});
