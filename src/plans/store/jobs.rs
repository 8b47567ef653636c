//! Work that one process does once a day.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::jobs;
use crate::error::Result;

/// Takes a job that was not done for `today` and that nobody holds, until the lease ends; false where it is done or held.
pub(in crate::plans) fn claim(
    connection: &mut AnyConnection,
    (name, holder): (&str, &str),
    today: NaiveDate,
    (now, until): (Instant, Instant),
) -> Result<bool> {
    let free = jobs::table
        .filter(jobs::name.eq(name))
        .filter(jobs::done_on.is_null().or(jobs::done_on.lt(today)))
        .filter(jobs::leased_until.is_null().or(jobs::leased_until.lt(now)));
    let taken = diesel::update(free)
        .set((jobs::holder.eq(holder), jobs::leased_until.eq(until)))
        .execute(connection)?;
    Ok(taken == 1)
}

/// Gives the job back, and writes down the day for which the holder has done it.
pub(in crate::plans) fn finish(
    connection: &mut AnyConnection,
    (name, holder): (&str, &str),
    done_for: Option<NaiveDate>,
) -> Result<()> {
    let nobody: Option<Instant> = None;
    let held = jobs::table.filter(jobs::name.eq(name)).filter(jobs::holder.eq(holder));
    diesel::update(held).set(jobs::leased_until.eq(nobody)).execute(connection)?;
    if let Some(day) = done_for {
        diesel::update(held).set(jobs::done_on.eq(day)).execute(connection)?;
    }
    Ok(())
}
