//! Frames as they came.

use diesel::prelude::*;

use crate::access::Scope;
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::fire_frames;
use crate::devices::store::get_device;
use crate::error::Result;

/// Who a frame is.
#[derive(Clone, Debug)]
pub struct Identity<'a> {
    pub source: &'a str,
    pub seq: u16,
    pub hash: &'a [u8],
}

/// Round and receipt of the last frame that is the same to the byte.
pub fn last_alike(connection: &mut AnyConnection, of: &Identity<'_>) -> Result<Option<(i32, Instant)>> {
    Ok(fire_frames::table
        .filter(fire_frames::source.eq(of.source))
        .filter(fire_frames::seq.eq(i32::from(of.seq)))
        .filter(fire_frames::hash.eq(of.hash))
        .order(fire_frames::round.desc())
        .select((fire_frames::round, fire_frames::received_at))
        .first(connection)
        .optional()?)
}

#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = fire_frames, treat_none_as_default_value = false)]
pub struct NewFrame<'a> {
    pub device_id: i64,
    pub source: &'a str,
    pub seq: i32,
    pub hash: &'a [u8],
    pub round: i32,
    pub command: i16,
    pub kind: Option<i16>,
    pub raw: &'a [u8],
    pub panel_at: Option<Instant>,
    pub received_at: Instant,
    pub is_test: bool,
}

pub fn insert_frame(connection: &mut AnyConnection, frame: &NewFrame<'_>) -> Result<i64> {
    let id = crate::on_backend!(connection, inner => diesel::insert_into(fire_frames::table)
        .values(frame)
        .returning(fire_frames::id)
        .get_result(inner)?);
    Ok(id)
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = fire_frames)]
pub struct FrameRow {
    pub id: i64,
    pub device_id: i64,
    pub seq: i32,
    pub raw: Vec<u8>,
    pub panel_at: Option<Instant>,
    pub received_at: Instant,
    pub is_test: bool,
}

/// The newest frames of a device.
pub fn frames_of(connection: &mut AnyConnection, device_id: i64, limit: i64) -> Result<Vec<FrameRow>> {
    Ok(fire_frames::table
        .filter(fire_frames::device_id.eq(device_id))
        .order(fire_frames::id.desc())
        .limit(limit)
        .select(FrameRow::as_select())
        .load(connection)?)
}

/// One frame of a device within reach.
pub fn get_frame(connection: &mut AnyConnection, scope: &Scope, id: i64) -> Result<FrameRow> {
    let frame: FrameRow =
        fire_frames::table.filter(fire_frames::id.eq(id)).select(FrameRow::as_select()).first(connection)?;
    get_device(connection, scope, frame.device_id)?;
    Ok(frame)
}
