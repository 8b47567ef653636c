//! Frames as they came.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::access::{Permission, Scope};
use crate::clock::{Calendar, Instant};
use crate::db::AnyConnection;
use crate::db::schema::fire_frames;
use crate::devices::store::get_device;
use crate::error::Result;
use crate::listing::{ListRequest, Listed};

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
    /// As it was sent.
    pub source: String,
    pub seq: i32,
    pub command: i16,
    /// Type flag; none where the frame has no data.
    pub kind: Option<i16>,
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

/// Filters: device, kind (type flag), test, the days of receipt from and until, both included. The newest first.
pub fn list_frames(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
    calendar: Calendar,
) -> Result<Listed<FrameRow>> {
    let reach = scope.reach(Permission::SeeDevices)?;
    // A text that is no day matches nothing.
    let bounds =
        |name: &str| request.filter(name).map(|day| day.parse::<NaiveDate>().map(|day| calendar.bounds(day)));
    let (from, until) = (bounds("from"), bounds("until"));
    let filtered = || {
        let mut query =
            fire_frames::table.filter(fire_frames::device_id.eq_any(seen_devices!(reach))).into_boxed();
        if let Some(device) = request.filter_id("device") {
            query = query.filter(fire_frames::device_id.eq(device));
        }
        if let Some(kind) = request.filter_id("kind") {
            query = query.filter(fire_frames::kind.eq(i16::try_from(kind).unwrap_or(-1)));
        }
        if let Some(is_test) = request.filter_flag("test") {
            query = query.filter(fire_frames::is_test.eq(is_test));
        }
        match from {
            Some(Ok((start, _))) => query = query.filter(fire_frames::received_at.ge(start)),
            Some(Err(_)) => query = query.filter(fire_frames::id.eq(-1)),
            None => {}
        }
        match until {
            Some(Ok((_, end))) => query = query.filter(fire_frames::received_at.lt(end)),
            Some(Err(_)) => query = query.filter(fire_frames::id.eq(-1)),
            None => {}
        }
        query
    };
    let total = filtered().count().get_result(connection)?;
    let query = match request.after_id {
        Some(after) => filtered().filter(fire_frames::id.gt(after)).order(fire_frames::id.asc()),
        None => filtered().order(fire_frames::id.desc()).offset(request.offset),
    };
    let rows = query.limit(request.limit).select(FrameRow::as_select()).load(connection)?;
    Ok(Listed { rows, total })
}

/// One frame of a device within reach.
pub fn get_frame(connection: &mut AnyConnection, scope: &Scope, id: i64) -> Result<FrameRow> {
    let frame: FrameRow =
        fire_frames::table.filter(fire_frames::id.eq(id)).select(FrameRow::as_select()).first(connection)?;
    get_device(connection, scope, frame.device_id)?;
    Ok(frame)
}
