//! Every reading counts once in its quarter hour and its hour, in whatever order it came and whatever was killed.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::time::Duration;

use chrono::{TimeDelta, Timelike};
use diesel::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use songhe::clock::Instant;
use songhe::db::schema::{reading_spans, readings};
use songhe::devices::storage::{Step, compact_once, gather, put};
use songhe::devices::store::{self, NewReading, SpanRow};
use songhe::error::Error;
use songhe_firmware_protocol::Channel;

use super::{append, hold_back, pulse};
use crate::support::app::{TestApp, both, first_instant};
use crate::support::poll::until_async;

/// Device, channel, length and start.
type Key = (i64, i16, i32, Instant);

const LIMIT: Duration = Duration::from_mins(1);

/// Sums up until there is nothing left.
pub fn drain(test: &TestApp) {
    while let Some(piece) = test.read(gather) {
        test.write(|tx| put(tx.connection, &piece, ("the test", tx.now)));
    }
}

pub fn spans(test: &TestApp) -> Vec<SpanRow> {
    test.read(|connection| {
        let key = (
            reading_spans::device_id,
            reading_spans::channel,
            reading_spans::span_s,
            reading_spans::starts_at,
        );
        Ok(reading_spans::table.order(key).select(SpanRow::as_select()).load(connection)?)
    })
}

/// The sums of the whole log, made in another way: each group by itself.
pub fn expected(test: &TestApp) -> Vec<SpanRow> {
    let log: Vec<(i64, i64, i16, f64, Instant)> = test.read(|connection| {
        Ok(readings::table
            .order(readings::id)
            .select((readings::id, readings::device_id, readings::channel, readings::value, readings::at))
            .load(connection)?)
    });
    let mut groups: BTreeMap<Key, Vec<(Instant, i64, f64)>> = BTreeMap::new();
    for (id, device, channel, value, at) in log {
        let hour =
            at.with_nanosecond(0).and_then(|at| at.with_second(0)).and_then(|at| at.with_minute(0)).unwrap();
        let quarter = hour.with_minute(at.minute() / 15 * 15).unwrap();
        for (span_s, starts_at) in [(900, quarter), (3_600, hour)] {
            groups.entry((device, channel, span_s, starts_at)).or_default().push((at, id, value));
        }
    }
    let sums = groups.into_iter().map(|((device_id, channel, span_s, starts_at), group)| {
        let known = Channel::from_code(channel as u16);
        let is_true = |value: f64| known.is_none_or(|known| known.is_plausible(known.scaled(value)));
        let values: Vec<f64> = group.iter().map(|one| one.2).filter(|value| is_true(*value)).collect();
        let (last_at, _, last_value) =
            *group.iter().max_by_key(|(at, id, _)| (*at, *id)).expect("a group holds something");
        SpanRow {
            device_id,
            channel,
            span_s,
            starts_at,
            readings: values.len() as i64,
            doubted: (group.len() - values.len()) as i64,
            lowest: values.iter().copied().reduce(f64::min),
            highest: values.iter().copied().reduce(f64::max),
            total: values.iter().sum(),
            last_value,
            last_at,
        }
    });
    sums.collect()
}

/// Compares the sums with those of the whole log, up to what adding in another order changes in the last digits.
pub fn assert_summed_up(test: &TestApp) {
    let (mut found, mut expected) = (spans(test), expected(test));
    assert_eq!(found.len(), expected.len());
    for (one, other) in found.iter_mut().zip(&mut expected) {
        assert!((one.total - other.total).abs() < 1e-6, "{one:?} {other:?}");
        (one.total, other.total) = (0.0, 0.0);
    }
    assert_eq!(found, expected);
}

/// Any time of two days, often the same one; values whose sums are exact.
fn random_reading(random: &mut ChaCha8Rng, seq: i64) -> NewReading {
    let channels = [Channel::Pulse, Channel::RoomTemperature, Channel::Smoke];
    let channel = channels[random.random_range(0..channels.len())];
    let value = match channel {
        Channel::Smoke => f64::from(random.random_range(0..2_u8)) / 2.0,
        _ if random.random_bool(0.05) => 9_000.0,
        _ => 60.0 + f64::from(random.random_range(0..80_u8)) / 2.0,
    };
    let at = first_instant() - TimeDelta::milliseconds(random.random_range(0..6_912) * 25_000);
    let device_id = random.random_range(1..6);
    NewReading { device_id, channel: channel.code() as i16, ..pulse(seq, value, at) }
}

both!(every_reading_counts_once_whatever_is_killed, |app| async {
    let mut random = ChaCha8Rng::seed_from_u64(19);
    let mut seq = 0;
    for _ in 0..120 {
        let count = random.random_range(0..60);
        let part: Vec<NewReading> =
            (0..count).map(|offset| random_reading(&mut random, seq + offset)).collect();
        append(app, &part);
        seq += count;
        // The program's own task sums up at the same time.
        match random.random_range(0..5) {
            // Killed before it wrote.
            0 => drop(app.read(gather)),
            // Killed in the middle of writing.
            1 => {
                let Some(piece) = app.read(gather) else { continue };
                let killed = app.app.db.write_now(|connection| {
                    put(connection, &piece, ("killed", first_instant()))?;
                    Err::<(), _>(Error::internal("killed"))
                });
                assert!(killed.is_err());
            }
            // Two programs with the same piece.
            2 => {
                let Some(piece) = app.read(gather) else { continue };
                let add = || app.write(|tx| put(tx.connection, &piece, ("one of two", tx.now)));
                add();
                assert!(!add(), "a piece is added twice");
            }
            3 => drain(app),
            _ => {}
        }
    }
    drain(app);
    let (found, expected) = (spans(app), expected(app));
    assert!(expected.len() > 500, "{}", expected.len());
    assert_eq!(found, expected);
    assert!(expected.iter().any(|span| span.doubted > 0 && span.readings > 0));
    assert_eq!(app.read(gather), None);
});

both!(a_piece_ends_before_it_holds_others_up, |app| async {
    hold_back(app);
    // Each in a quarter hour of its own: two spans a reading at the most.
    let each = |seq: i64| pulse(seq, 70.0, first_instant() - TimeDelta::minutes(15 * seq));
    append(app, &(0..3_000).map(each).collect::<Vec<_>>());
    let piece = app.read(gather).expect("something to sum up");
    assert!(piece.spans.len() <= 1_001 && piece.rows < 1_000, "{} spans", piece.spans.len());
    append(app, &(0..15_000).map(|seq| pulse(seq, 70.0, first_instant())).collect::<Vec<_>>());
    drain(app);
    assert_eq!(spans(app), expected(app));
});

both!(what_is_not_committed_yet_is_not_passed_over, |app| async {
    append(app, &[pulse(0, 70.0, first_instant())]);
    let (release, held) = mpsc::channel::<()>();
    let (taken, holding) = mpsc::channel::<()>();
    let db = app.app.db.clone();
    let first = std::thread::spawn(move || {
        db.write_now(|connection| {
            store::append_readings(connection, &[pulse(1, 71.0, first_instant())])?;
            let _ = taken.send(());
            let _ = held.recv();
            Ok(())
        })
    });
    holding.recv().unwrap();
    let db = app.app.db.clone();
    let second = std::thread::spawn(move || {
        db.write_now(|connection| store::append_readings(connection, &[pulse(2, 72.0, first_instant())]))
    });
    // The second one may not commit before the first, whose number is smaller.
    for _ in 0..20 {
        assert!(app.read(gather).is_none_or(|piece| piece.rows == 1));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(!second.is_finished());
    release.send(()).unwrap();
    for write in [first, second] {
        write.join().unwrap().unwrap_or_else(|error| panic!("{}", error.for_log()));
    }
    drain(app);
    assert_eq!(spans(app), expected(app));
    assert_eq!(spans(app).iter().map(|span| span.readings).collect::<Vec<_>>(), [3, 3]);
});

both!(one_program_sums_up_and_another_takes_over_when_it_is_gone, |app| async {
    hold_back(app);
    append(app, &[pulse(0, 70.0, first_instant())]);
    assert_eq!(compact_once(&app.app, "me").await.unwrap(), Step::Held);
    assert!(spans(app).is_empty());
    app.hand.advance(TimeDelta::seconds(31));
    until_async(LIMIT, "the log is summed up by whoever is there", || async {
        let _ = compact_once(&app.app, "me").await;
        spans(app).len() == 2
    })
    .await;
    assert_eq!(spans(app), expected(app));
});
