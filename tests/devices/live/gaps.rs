//! A device whose numbers jump: what is kept of it is bounded, and every message is kept once all the same.

use diesel::prelude::*;
use songhe::db::schema::device_gaps;
use songhe::devices::DeviceKind;
use songhe::devices::ingest::{Health, Work, Writer};
use songhe::devices::store::GAPS_MAX;
use songhe_firmware_protocol::{Channel, Header, Lane, Sample, TopicKind};

use super::rig::{add_device, quarantined, samples, stored};
use crate::support::app::both;

/// Just beyond the window, so that each message leaves one number behind.
const JUMP: u64 = 65;

both!(numbers_that_jump_leave_a_bounded_trace_and_lose_nothing, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let (writer, ingest, mut to_devices) =
        Writer::start(&app.app, &Health::new(app.app.parts.clone(), "test"));
    let now = app.app.clock.now();
    let submit = |seq: u64| {
        let header = Header { boot_id: 1, lane: Lane::Live, seq, monotonic_ms: seq, wall_ms: None, flags: 0 };
        let payload = samples(&header, &[Sample::new(Channel::Pulse, 70)]);
        let ingest = ingest.clone();
        async move { ingest.submit(Work::read(id, TopicKind::Up, payload.into(), now)).await }
    };
    let jumps = GAPS_MAX as u64 + 30;
    let all: Vec<u64> = (0..jumps).map(|number| number * JUMP).collect();
    for part in all.chunks(400) {
        for answer in futures_util::future::join_all(part.iter().map(|seq| submit(*seq))).await {
            assert_eq!(answer, Ok(()));
        }
    }
    let gaps: i64 = app.read(|connection| Ok(device_gaps::table.count().get_result(connection)?));
    assert!((GAPS_MAX / 2..=GAPS_MAX).contains(&gaps), "{gaps}");
    let rows = |message: &str| {
        let mut seqs: Vec<i64> = stored(app, id).iter().map(|row| row.2).collect();
        let count = seqs.len();
        seqs.sort_unstable();
        seqs.dedup();
        assert_eq!(seqs.len(), count, "{message}: stored twice");
        count as u64
    };
    assert_eq!(rows("jumps"), jumps);
    assert!(quarantined(app).is_empty());

    // Of the newest gaps everything is known: what was missing is stored, and what was stored is not stored again.
    let last = (jumps - 1) * JUMP;
    for seq in [last - 3 * JUMP + 1, last - 3 * JUMP, last - 3 * JUMP + 1] {
        assert_eq!(submit(seq).await, Ok(()));
    }
    assert_eq!(rows("a new gap"), jumps + 1);
    assert!(quarantined(app).is_empty());
    // Of the oldest it is not known any more: the message is kept apart, whether it was missing or stored.
    for seq in [1, JUMP] {
        assert_eq!(submit(seq).await, Ok(()));
    }
    assert_eq!(rows("an old gap"), jumps + 1);
    let apart = quarantined(app);
    assert_eq!(apart.iter().map(|row| row.2).sum::<i64>(), 2, "{apart:?}");
    // Nothing beyond the first number that may be missing was ever called stored.
    while let Ok(told) = to_devices.try_recv() {
        let ack = songhe_firmware_protocol::downlink::Ack::decode(&told.payload).unwrap();
        assert_eq!(ack.seq, 0);
    }
    writer.stop().await;
});
