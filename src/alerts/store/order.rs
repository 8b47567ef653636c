//! The order in which a device said something.

use chrono::TimeDelta;
use diesel::prelude::*;

use super::write::{Active, active_columns};
use crate::alerts::model::{AlertKind, Channel};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::{alarm_ends, alerts};
use crate::error::Result;

/// Boot and number of a message, as they are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    pub boot_id: i64,
    pub seq: i64,
}

/// When a device said something: under which number, and at the time that its message is given.
///
/// Invariant: within a boot the numbers decide, whatever became of the clocks meanwhile. Nothing but times tells one boot from
/// another, nor what has no numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    pub number: Option<Number>,
    pub at: Instant,
}

impl Said {
    pub fn is_after(self, other: Said) -> bool {
        self.may_be_after(other, TimeDelta::zero())
    }

    /// Whether it may be: times of two boots that lie closer than this decide nothing.
    pub fn may_be_after(self, other: Said, closer: TimeDelta) -> bool {
        match (self.number, other.number) {
            (Some(own), Some(others)) if own.boot_id == others.boot_id => own.seq > others.seq,
            (Some(_), Some(_)) => self.at + closer > other.at,
            _ => self.at > other.at,
        }
    }
}

/// Former alerts of a channel that are looked at.
const FORMER_MAX: i64 = 10;

/// Of which device, on which channel, what kind.
pub type EndKey = (i64, Channel, AlertKind);

/// The last end of an alarm, whether or not anything was active.
pub fn end_of(connection: &mut AnyConnection, key: EndKey) -> Result<Option<Said>> {
    let found: Option<(i64, i64, Instant)> = alarm_ends::table
        .find(key)
        .select((alarm_ends::boot_id, alarm_ends::seq, alarm_ends::at))
        .first(connection)
        .optional()?;
    Ok(found.map(|(boot_id, seq, at)| Said { number: Some(Number { boot_id, seq }), at }))
}

/// Keeps an end if it is the last one: its beginning may still be on its way.
pub fn note_end(connection: &mut AnyConnection, key: EndKey, (number, at): (Number, Instant)) -> Result<()> {
    let known = end_of(connection, key)?;
    if known.is_some_and(|known| !Said { number: Some(number), at }.is_after(known)) {
        return Ok(());
    }
    let said =
        (alarm_ends::boot_id.eq(number.boot_id), alarm_ends::seq.eq(number.seq), alarm_ends::at.eq(at));
    if known.is_some() {
        diesel::update(alarm_ends::table.find(key)).set(said).execute(connection)?;
        return Ok(());
    }
    let (device_id, channel, kind) = key;
    let of =
        (alarm_ends::device_id.eq(device_id), alarm_ends::channel.eq(channel), alarm_ends::kind.eq(kind));
    diesel::insert_into(alarm_ends::table).values((of, said)).execute(connection)?;
    Ok(())
}

/// When an alert of a kind on a channel was over last, for what has no numbers.
pub fn last_ended(
    connection: &mut AnyConnection,
    (device_id, channel, kind): EndKey,
) -> Result<Option<Instant>> {
    Ok(alerts::table
        .filter(alerts::device_id.eq(device_id))
        .filter(alerts::channel.eq(channel))
        .filter(alerts::kind.eq(kind))
        .filter(alerts::closed_by.is_null())
        .filter(alerts::is_past.eq(false))
        .select(diesel::dsl::max(alerts::cleared_at))
        .first(connection)?)
}

/// What an alarm raised on the channel of an alert that is over, which took its place then: it lasts as long as its own end was not
/// told. It is active again, as if it had been so all the time. One of the same kind was not covered but followed, and what somebody
/// closed, with all that it covered, is of a former place.
pub fn resume(connection: &mut AnyConnection, over: &Active) -> Result<Option<Active>> {
    let closed: Option<i64> = alerts::table
        .filter(alerts::device_id.eq(over.device_id))
        .filter(alerts::channel.eq(over.channel))
        .filter(alerts::closed_by.is_not_null())
        .select(diesel::dsl::max(alerts::id))
        .first(connection)?;
    let former: Vec<Active> = alerts::table
        .filter(alerts::device_id.eq(over.device_id))
        .filter(alerts::channel.eq(over.channel))
        .filter(alerts::id.gt(closed.unwrap_or_default()))
        .filter(alerts::id.lt(over.id))
        .filter(alerts::kind.ne(over.kind))
        .filter(alerts::by_alarm)
        .filter(alerts::is_past.eq(false))
        .filter(alerts::seq.is_not_null())
        .order(alerts::id.desc())
        .limit(FORMER_MAX)
        .select(active_columns())
        .load(connection)?;
    for one in former {
        let end = end_of(connection, (one.device_id, one.channel, one.kind))?;
        if end.is_none_or(|end| !end.is_after(one.said())) {
            diesel::update(alerts::table.filter(alerts::id.eq(one.id)))
                .set((alerts::cleared_at.eq(None::<Instant>), alerts::version.eq(alerts::version + 1)))
                .execute(connection)?;
            return Ok(Some(one));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn said(number: Option<(i64, i64)>, second: i64) -> Said {
        let at = DateTime::from_timestamp(1_790_000_000 + second, 0).unwrap().naive_utc();
        Said { number: number.map(|(boot_id, seq)| Number { boot_id, seq }), at }
    }

    #[test]
    fn numbers_decide_within_a_boot_and_times_elsewhere() {
        let five = TimeDelta::minutes(5);
        let (early, late) = (said(Some((1, 7)), 100), said(Some((1, 8)), 0));
        assert!(late.is_after(early) && !early.is_after(late), "the clock was set back");
        assert!(!late.is_after(late) && !late.may_be_after(late, five));
        let reborn = said(Some((2, 0)), 50);
        assert!(reborn.is_after(late) && early.is_after(reborn));
        assert!(reborn.may_be_after(early, five) && !said(Some((2, 0)), -200).may_be_after(early, five));
        let unnumbered = said(None, 50);
        assert!(unnumbered.is_after(late) && !unnumbered.may_be_after(early, five));
        assert!(!unnumbered.is_after(unnumbered));
    }
}
