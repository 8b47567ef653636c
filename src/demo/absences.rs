//! Who of the caregivers is away: a few today, and some on each of the coming days.

use chrono::{NaiveDate, TimeDelta};

use super::dice::Dice;
use super::store::{self, AbsenceRow, Period, insert_absences};
use crate::app::Tx;
use crate::clock::Instant;
use crate::error::Result;

/// Today and so many days after it.
const DAYS: i64 = 7;
/// Days of an absence at most.
const LENGTH_MAX: i64 = 3;
/// Fewer caregivers than this are all needed.
const TEAM_MIN: usize = 6;
/// One of so many begins an absence on a day; the first day shows those who began before as well.
const SHARE: usize = 40;
const SHARE_TODAY: usize = 16;
const TODAY_MIN: usize = 2;
/// A half day, in minutes after midnight.
const AFTERNOON: (i32, i32) = (780, 1_050);
const KINDS: [(&str, &str); 6] = [
    ("leave", "年休"),
    ("leave", ""),
    ("sick", "感冒发热，已请假"),
    ("sick", ""),
    ("personal", "家中有事"),
    ("training", "护理员技能培训"),
];

/// Adds absences that begin on days which have none yet. Before visits are given: who is away gets none.
pub(super) fn lay(tx: &mut Tx<'_>, seed: u64) -> Result<()> {
    let today = tx.calendar.day_of(tx.now);
    let team: Vec<i64> = store::workers(tx.connection)?.into_iter().map(|worker| worker.id).collect();
    if team.len() < TEAM_MIN {
        return Ok(());
    }
    let kept: Vec<i64> =
        store::signing_in(tx.connection)?.into_iter().map(|(_, caregiver)| caregiver).collect();
    let is_new = store::absent(tx.connection, tx.calendar.bounds(today))?.is_empty();
    for ahead in 0..DAYS {
        let day = today + TimeDelta::days(ahead);
        let (from, to) = tx.calendar.bounds(day);
        if store::count_beginning(tx.connection, (from, to))? > 0 {
            continue;
        }
        let wanted = if ahead == 0 && is_new {
            (team.len() / SHARE_TODAY).max(TODAY_MIN)
        } else {
            (team.len() / SHARE).max(1)
        };
        let taken = store::claimed(tx.connection, (from, to + TimeDelta::days(LENGTH_MAX)))?;
        let rows = of_day(tx, (seed, day), &team, (&kept, &taken), wanted);
        insert_absences(tx.connection, &rows)?;
    }
    Ok(())
}

fn of_day(
    tx: &Tx<'_>,
    (seed, day): (u64, NaiveDate),
    team: &[i64],
    (kept, taken): (&[i64], &[Period]),
    wanted: usize,
) -> Vec<AbsenceRow> {
    let mut dice = Dice::new(seed, &format!("absences/{day}"));
    let mut order = team.to_vec();
    dice.shuffle(&mut order);
    let mut rows = Vec::new();
    for caregiver_id in order.into_iter().filter(|id| !kept.contains(id)) {
        if rows.len() == wanted {
            break;
        }
        let (kind, note) = *dice.pick(&KINDS);
        let days = dice.within(1, LENGTH_MAX + 1);
        let (starts_at, ends_at) = period(tx, day, kind, days);
        let is_free =
            taken.iter().all(|(id, from, to)| *id != caregiver_id || *to <= starts_at || *from >= ends_at);
        if is_free {
            let recorded_at = (starts_at - TimeDelta::hours(dice.within(2, 48))).min(tx.now);
            rows.push(AbsenceRow {
                caregiver_id,
                kind,
                starts_at,
                ends_at,
                note,
                recorded_by: tx.scope.actor.clone(),
                recorded_at,
            });
        }
    }
    rows
}

/// Whole days; a training takes an afternoon.
fn period(tx: &Tx<'_>, day: NaiveDate, kind: &str, days: i64) -> (Instant, Instant) {
    if kind == "training" {
        return (tx.calendar.at(day, AFTERNOON.0), tx.calendar.at(day, AFTERNOON.1));
    }
    let (from, _) = tx.calendar.bounds(day);
    let (_, to) = tx.calendar.bounds(day + TimeDelta::days(days - 1));
    (from, to)
}
