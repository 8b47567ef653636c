//! What is older than the settings keep is forgotten, and nothing that is not summed up.

use chrono::TimeDelta;
use diesel::prelude::*;
use songhe::app::App;
use songhe::clock::Instant;
use songhe::db::Kind;
use songhe::db::schema::{card_readings, fire_frames, outbox, quarantine, quarantine_floods};
use songhe::devices::DeviceKind;
use songhe::devices::gb26875::store::{NewFrame, insert_frame};
use songhe::devices::storage::{Forgotten, tidy};
use songhe::devices::store::{self, SpanRow};

use super::compact::{drain, spans};
use super::{append, hold_back, pulse, seqs};
use crate::devices::live::rig::{add_device, with};
use crate::support::app::{TestApp, both, first_instant};

fn days_ago(days: i64) -> Instant {
    first_instant() - TimeDelta::days(days)
}

async fn forgotten(app: &App) -> Forgotten {
    tidy(app).await.unwrap_or_else(|error| panic!("{}", error.for_log()))
}

fn keeping(test: &TestApp, readings_days: u32) -> App {
    with(test, |config| config.retention.readings_days = readings_days)
}

both!(old_readings_are_forgotten_once_they_are_summed_up, |app| async {
    hold_back(app);
    if app.kind() == Kind::Postgres {
        // One old day has a partition, the other one does not.
        app.write(|tx| store::make_day(tx.connection, days_ago(12).date()));
    }
    let each = |(seq, days): (i64, i64)| pulse(seq, 70.0, days_ago(days));
    append(app, &[(0, 13), (1, 12), (2, 12), (3, 9), (4, 0)].map(each));
    let keeping = keeping(app, 10);
    assert_eq!(forgotten(&keeping).await, Forgotten::default());
    assert_eq!(seqs(app), [0, 1, 2, 3, 4]);

    drain(app);
    let sums = spans(app);
    let gone = forgotten(&keeping).await;
    let expected = match app.kind() {
        Kind::Sqlite => Forgotten { readings: 3, ..Forgotten::default() },
        Kind::Postgres => Forgotten { readings: 1, days: 1, ..Forgotten::default() },
    };
    assert_eq!(gone, expected);
    assert_eq!(seqs(app), [3, 4]);
    assert_eq!(spans(app), sums);
    assert_eq!(forgotten(&keeping).await, Forgotten::default());
});

both!(numbers_go_on_when_all_is_old, |app| async {
    append(app, &(0..2_500).map(|seq| pulse(seq, 70.0, days_ago(50))).collect::<Vec<_>>());
    drain(app);
    forgotten(&keeping(app, 1)).await;
    let left = seqs(app);
    assert!(left.is_empty() || left == [2_499], "{left:?}");
    append(app, &[pulse(9_999, 71.0, first_instant())]);
    drain(app);
    let newest: i64 =
        spans(app).iter().filter(|span| span.last_at == first_instant()).map(|span| span.readings).sum();
    assert_eq!(newest, 2, "a reading whose number was used before is not summed up");
});

both!(sums_are_kept_for_as_long_as_their_charts_need_them, |app| async {
    let span = |(span_s, days): (i32, i64)| SpanRow {
        device_id: 7,
        channel: 1,
        span_s,
        starts_at: days_ago(days),
        readings: 1,
        doubted: 0,
        lowest: Some(1.0),
        highest: Some(1.0),
        total: 1.0,
        last_value: 1.0,
        last_at: days_ago(days),
    };
    let rows = [(900, 41), (900, 39), (3_600, 3_661), (3_600, 41), (3_600, 0)].map(span);
    app.write(|tx| store::add_spans(tx.connection, &rows));
    // The program's own round, at its start, may have come first.
    forgotten(&app.app).await;
    let left: Vec<(i32, Instant)> = spans(app).iter().map(|span| (span.span_s, span.starts_at)).collect();
    assert_eq!(left, [(900, days_ago(39)), (3_600, days_ago(41)), (3_600, first_instant())]);
});

/// Frames received so many days ago, numbered from 0; then what is old is forgotten, by us or by the program's own round.
async fn frames_of(app: &TestApp, days: &[i64]) {
    let id = add_device(app, "FR-1", DeviceKind::FireSensor, 1);
    app.write(|tx| {
        for (seq, days) in (0..).zip(days) {
            let frame = NewFrame {
                device_id: id,
                source: "010203040506",
                seq,
                hash: b"hash",
                round: 0,
                command: 2,
                kind: Some(2),
                raw: b"@@##",
                panel_at: None,
                received_at: days_ago(*days),
                is_test: false,
            };
            insert_frame(tx.connection, &frame)?;
        }
        Ok(())
    });
    forgotten(&app.app).await;
}

fn frames_left(app: &TestApp) -> Vec<i32> {
    app.read(|connection| {
        Ok(fire_frames::table.order(fire_frames::id).select(fire_frames::seq).load(connection)?)
    })
}

both!(frames_of_panels_are_kept_for_five_years, |app| async {
    app.add_towns();
    // The third came late; 1,200 more than one piece takes.
    let mut days = vec![1_826, 1_824, 1_900, 0];
    days.splice(0..0, std::iter::repeat_n(1_850, 1_200));
    frames_of(app, &days).await;
    assert_eq!(frames_left(app), [1_201, 1_203]);
});

both!(the_newest_frame_stays_so_that_its_number_is_used_once, |app| async {
    app.add_towns();
    frames_of(app, &[2_000, 2_000]).await;
    assert_eq!(frames_left(app), [1]);
    assert_eq!(forgotten(&app.app).await, Forgotten::default());
});

both!(what_could_not_be_read_is_forgotten_and_a_flood_ends, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    app.write(|tx| {
        for (topic, last_at) in [("up", days_ago(91)), ("bf", days_ago(89))] {
            diesel::insert_into(quarantine::table)
                .values((
                    quarantine::device_id.eq(id),
                    quarantine::topic.eq(topic),
                    quarantine::payload.eq(b"open".to_vec()),
                    quarantine::error.eq("x"),
                    quarantine::first_at.eq(days_ago(100)),
                    quarantine::last_at.eq(last_at),
                    quarantine::occurrences.eq(1),
                ))
                .execute(tx.connection)?;
        }
        let flood = (
            quarantine_floods::device_id.eq(id),
            quarantine_floods::hour_at.eq(tx.now),
            quarantine_floods::messages.eq(101),
            quarantine_floods::last_at.eq(tx.now),
            quarantine_floods::flagged_at.eq(tx.now),
        );
        Ok(diesel::insert_into(quarantine_floods::table).values(flood).execute(tx.connection)?)
    });
    let flooding = |now: Instant| app.read(|connection| store::flooding(connection, &[id], now));
    forgotten(&app.app).await;
    assert!(flooding(app.app.clock.now()).contains(&id));
    let events = || -> i64 { app.read(|connection| Ok(outbox::table.count().get_result(connection)?)) };
    let before = events();
    app.hand.advance(TimeDelta::minutes(61));
    assert!(flooding(app.app.clock.now()).is_empty());
    forgotten(&app.app).await;
    assert_eq!(events(), before + 1, "pages are told that the device is no longer flagged");
    let left: Vec<String> =
        app.read(|connection| Ok(quarantine::table.select(quarantine::topic).load(connection)?));
    assert_eq!(left, ["bf"]);
    let rows: i64 = app.read(|connection| Ok(quarantine_floods::table.count().get_result(connection)?));
    assert_eq!(rows, 0);
});

/// Number, card, age in days, whose, days since somebody said so, why it is nobody's.
type CardRow = (i64, u8, i64, Option<i64>, Option<i64>, Option<&'static str>);

both!(values_with_cards_are_forgotten_and_whose_a_card_is_stays, |app| async {
    app.add_towns();
    let (device, elder) = (add_device(app, "ST-1", DeviceKind::SmartStation, 1), app.add_elder(1));
    let rows: [CardRow; 8] = [
        (0, 1, 12, None, None, None),
        (1, 2, 12, None, Some(11), Some("a stranger's")),
        (2, 3, 12, Some(elder), None, None),
        (3, 4, 13, Some(elder), Some(12), None),
        (4, 4, 12, Some(elder), Some(11), None),
        (5, 4, 12, Some(elder), Some(11), None),
        (6, 4, 12, Some(elder), None, None),
        (7, 1, 9, None, None, None),
    ];
    app.write(|tx| {
        for (seq, card, days, elder_id, settled_days, reason) in rows {
            let settled_at: Option<Instant> = settled_days.map(days_ago);
            let row = (
                card_readings::device_id.eq(device),
                card_readings::boot_id.eq(1),
                card_readings::lane.eq(0),
                card_readings::seq.eq(seq),
                card_readings::channel.eq(1),
                card_readings::value.eq(70.0),
                card_readings::at.eq(days_ago(days)),
                card_readings::received_at.eq(days_ago(days)),
                card_readings::card_index.eq(vec![card]),
                card_readings::card_sealed.eq(elder_id.is_none().then(|| vec![9_u8])),
                card_readings::elder_id.eq(elder_id),
                card_readings::settled_at.eq(settled_at),
                card_readings::settled_by.eq(settled_at.map(|_| "lin")),
                card_readings::dismissed_reason.eq(reason),
            );
            diesel::insert_into(card_readings::table).values(row).execute(tx.connection)?;
        }
        Ok(())
    });
    assert_eq!(forgotten(&keeping(app, 10)).await, Forgotten { cards: 6, ..Forgotten::default() });
    let left: Vec<i64> = app.read(|connection| {
        Ok(card_readings::table.order(card_readings::seq).select(card_readings::seq).load(connection)?)
    });
    assert_eq!(left, [5, 7], "the last word on the fourth card, and what is not old");
    assert_eq!(app.read(|connection| store::claimed_by(connection, &[4])), Some(elder));
});
