//! A device whose numbers jump: what is kept of it is bounded, and every message is kept once all the same.

use diesel::prelude::*;
use songhe::db::schema::device_gaps;
use songhe::devices::DeviceKind;
use songhe::devices::ingest::{Health, Work, Writer};
use songhe::devices::store::{GAPS_MAX, Stream, insert_gap};
use songhe_firmware_protocol::{Alarm, AlarmKind, Channel, Header, Lane, Sample, TopicKind};

use super::rig::{add_device, alerts_of, encoded, quarantined, samples, stored};
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
    // A call for help is heard nevertheless, and once.
    let header = Header { boot_id: 1, lane: Lane::Live, seq: 2, monotonic_ms: 2, wall_ms: None, flags: 0 };
    let call = Alarm { header, kind_code: AlarmKind::Sos.code(), raised: true, cause: None, attempt: 0 };
    for _ in 0..2 {
        let payload = encoded(|out| call.encode(out).unwrap());
        let work = Work::read(id, TopicKind::Alarm, payload.into(), now);
        assert_eq!(ingest.submit(work).await, Ok(()));
    }
    assert_eq!(alerts_of(app, id).len(), 1);
    // Nothing beyond the first number that may be missing was ever called stored.
    while let Ok(told) = to_devices.try_recv() {
        let ack = songhe_firmware_protocol::downlink::Ack::decode(&told.payload).unwrap();
        assert_eq!(ack.seq, 0);
    }
    writer.stop().await;
});

both!(more_gaps_than_there_may_be_become_few_at_once, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let stream = Stream { device_id: id, boot_id: 1, lane: 0 };
    // As an earlier version left them.
    app.write(|tx| {
        (0..GAPS_MAX + 500)
            .try_for_each(|number| insert_gap(tx.connection, stream, number * 10 + 1, number * 10 + 2))
    });
    let (writer, ingest, _) = Writer::start(&app.app, &Health::new(app.app.parts.clone(), "test"));
    for seq in [100_000, 200_000] {
        let header = Header { boot_id: 1, lane: Lane::Live, seq, monotonic_ms: seq, wall_ms: None, flags: 0 };
        let payload = samples(&header, &[Sample::new(Channel::Pulse, 70)]);
        let work = Work::read(id, TopicKind::Up, payload.into(), app.app.clock.now());
        assert_eq!(ingest.submit(work).await, Ok(()));
    }
    let gaps: Vec<(i64, i64, bool)> = app.read(|connection| {
        let all = device_gaps::table.order(device_gaps::from_seq);
        Ok(all
            .select((device_gaps::from_seq, device_gaps::to_seq, device_gaps::is_blurred))
            .load(connection)?)
    });
    assert_eq!(gaps.len() as i64, GAPS_MAX);
    assert_eq!(gaps.iter().filter(|gap| gap.2).count(), 1);
    assert!(gaps[0].2 && gaps.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{:?}", &gaps[..2]);
    assert_eq!(gaps.last().map(|gap| gap.1), Some(199_937), "the newest is exact");
    writer.stop().await;
});
