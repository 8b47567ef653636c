//! Numbers of messages that are missing before the windows.

use diesel::dsl::{auto_type, count_star, min};
use diesel::prelude::*;

use super::batch::Stream;
use crate::db::schema::device_gaps;
use crate::db::{AnyConnection, OneOf};
use crate::error::Result;
use crate::on_backend;

/// Gaps of one stream at the most. A device that counts as it should leaves a few; of one that jumps, all are found at every commit.
pub const GAPS_MAX: i64 = 1_000;

/// What is missing of a stream before its window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gaps {
    pub first: Option<i64>,
    pub count: i64,
}

/// What the gaps say of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It was missing, and is not any more.
    Missing,
    Stored,
    Blurred,
}

/// Numbers `[from_seq, to_seq)` that may still come although the window moved past them.
pub fn insert_gap(connection: &mut AnyConnection, stream: Stream, from_seq: i64, to_seq: i64) -> Result<()> {
    diesel::insert_into(device_gaps::table)
        .values((
            device_gaps::device_id.eq(stream.device_id),
            device_gaps::boot_id.eq(stream.boot_id),
            device_gaps::lane.eq(stream.lane),
            device_gaps::from_seq.eq(from_seq),
            device_gaps::to_seq.eq(to_seq),
            device_gaps::is_blurred.eq(false),
        ))
        .execute(connection)?;
    Ok(())
}

/// Takes a number out of the gap that it lies in; gives by how many gaps there are more.
pub fn take_from_gap(connection: &mut AnyConnection, stream: Stream, seq: i64) -> Result<(Taken, i64)> {
    let found: Option<(i64, i64, bool)> = device_gaps::table
        .filter(device_gaps::device_id.eq(stream.device_id))
        .filter(device_gaps::boot_id.eq(stream.boot_id))
        .filter(device_gaps::lane.eq(stream.lane))
        .filter(device_gaps::from_seq.le(seq))
        .filter(device_gaps::to_seq.gt(seq))
        .select((device_gaps::from_seq, device_gaps::to_seq, device_gaps::is_blurred))
        .first(connection)
        .optional()?;
    let (from_seq, to_seq) = match found {
        None => return Ok((Taken::Stored, 0)),
        Some((_, _, true)) => return Ok((Taken::Blurred, 0)),
        Some((from_seq, to_seq, false)) => (from_seq, to_seq),
    };
    diesel::delete(device_gaps::table.find((stream.device_id, stream.boot_id, stream.lane, from_seq)))
        .execute(connection)?;
    let mut more = -1;
    for (from_seq, to_seq) in [(from_seq, seq), (seq + 1, to_seq)] {
        if from_seq < to_seq {
            insert_gap(connection, stream, from_seq, to_seq)?;
            more += 1;
        }
    }
    Ok((Taken::Missing, more))
}

/// Makes one of a stream's oldest gaps, `fewer` gaps less, and what is stored between them: its numbers are no longer told apart. It
/// stays the first gap, so that nothing is said to be stored which may be missing.
pub fn blur_oldest_gaps(connection: &mut AnyConnection, stream: Stream, fewer: i64) -> Result<()> {
    let of_stream = device_gaps::table
        .filter(device_gaps::device_id.eq(stream.device_id))
        .filter(device_gaps::boot_id.eq(stream.boot_id))
        .filter(device_gaps::lane.eq(stream.lane));
    let oldest: Vec<(i64, i64)> = of_stream
        .order(device_gaps::from_seq)
        .limit(fewer + 1)
        .select((device_gaps::from_seq, device_gaps::to_seq))
        .load(connection)?;
    let [(first, _), .., (last, to_seq)] = oldest[..] else { return Ok(()) };
    let others = of_stream.filter(device_gaps::from_seq.gt(first)).filter(device_gaps::from_seq.le(last));
    diesel::delete(others).execute(connection)?;
    diesel::update(device_gaps::table.find((stream.device_id, stream.boot_id, stream.lane, first)))
        .set((device_gaps::to_seq.eq(to_seq), device_gaps::is_blurred.eq(true)))
        .execute(connection)?;
    Ok(())
}

/// Of streams that miss a number before their windows, which is the first, and how many gaps there are.
pub fn gaps(
    connection: &mut AnyConnection,
    device_ids: &[i64],
    boot_ids: &[i64],
) -> Result<Vec<(Stream, Gaps)>> {
    let found = gaps_of(device_ids.to_vec(), boot_ids.to_vec());
    Ok(gaps_in(on_backend!(connection, inner => found.load(inner)?)))
}

#[auto_type(type_case = "PascalCase")]
pub(super) fn gaps_of(device_ids: Vec<i64>, boot_ids: Vec<i64>) -> _ {
    let of_devices: OneOf<device_gaps::device_id> = OneOf::new(device_gaps::device_id, device_ids);
    let of_boots: OneOf<device_gaps::boot_id> = OneOf::new(device_gaps::boot_id, boot_ids);
    let first: diesel::helper_types::min<device_gaps::from_seq> = min(device_gaps::from_seq);
    device_gaps::table
        .filter(of_devices)
        .filter(of_boots)
        .group_by((device_gaps::device_id, device_gaps::boot_id, device_gaps::lane))
        .select((device_gaps::device_id, device_gaps::boot_id, device_gaps::lane, first, count_star()))
}

/// A row of [`gaps_of`].
pub(super) type GapsRow = (i64, i64, i16, Option<i64>, i64);

pub(super) fn gaps_in(rows: Vec<GapsRow>) -> Vec<(Stream, Gaps)> {
    let one = |(device_id, boot_id, lane, first, count): GapsRow| {
        (Stream { device_id, boot_id, lane }, Gaps { first, count })
    };
    rows.into_iter().map(one).collect()
}
