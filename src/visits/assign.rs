//! Giving a visit to a caregiver, and taking it back.

use chrono::TimeDelta;

use super::absences::{self, store::AbsenceRow};
use super::model::{VisitEvent, first_gap};
use super::progress::{get_seen, move_visit};
use super::store::{self, CaregiverRow, VisitRow};
use crate::access::Permission;
use crate::app::Tx;
use crate::clock::{Calendar, Instant};
use crate::db::AnyConnection;
use crate::elders::store::visible_names;
use crate::error::{Code, Error, Result};
use crate::text::Text;

/// Who is to have a visit, and from when.
pub(super) struct Giving {
    pub caregiver_id: i64,
    /// The first free instant in the window without it.
    pub starts_at: Option<Instant>,
    /// Assigned, or offered.
    pub event: VisitEvent,
}

/// Gives version `seen` of a visit to a caregiver, from `starts_at` or from the first free instant in the window.
pub fn assign(
    tx: &mut Tx<'_>,
    id: i64,
    seen: i64,
    caregiver_id: i64,
    starts_at: Option<Instant>,
) -> Result<()> {
    give(tx, (id, seen), &Giving { caregiver_id, starts_at, event: VisitEvent::Assign })
}

pub(super) fn give(tx: &mut Tx<'_>, (id, seen): (i64, i64), giving: &Giving) -> Result<()> {
    let visit = get_seen(tx, Permission::AssignVisits, id, seen)?;
    visit.state.apply(giving.event)?;
    let caregiver = store::get_caregiver(tx.connection, tx.scope, giving.caregiver_id).map_err(|error| {
        match error.code {
            Code::NotFound => Error::field("caregiver_id", Text::new("rule.unknown_caregiver")),
            _ => error,
        }
    })?;
    check_person(tx, &visit, &caregiver)?;
    let starts_at = match giving.starts_at {
        Some(at) => at,
        None => free_from(tx.connection, tx.calendar, &visit, &caregiver)?.ok_or_else(|| {
            Error::field("caregiver_id", Text::new("visit.no_time").with("caregiver", &caregiver.name))
        })?,
    };
    let period = (starts_at, starts_at + length(&visit));
    check_period(tx.calendar, &visit, &caregiver, period)?;
    // This only says it better: the database has the last word.
    if let Some(other) = store::blocking(tx.connection, caregiver.id, period, visit.id)? {
        return Err(Error::taken(blocked(tx, &caregiver, &other)?));
    }
    if let Some(absence) = absences::store::blocking(tx.connection, caregiver.id, period)? {
        return Err(Error::taken(away(tx.calendar, &caregiver, &absence)));
    }
    if !store::set_assignment(tx.connection, (id, seen), caregiver.id, period)? {
        return Err(crate::registry::change::stale(tx.connection, "visit", id, seen)?);
    }
    move_visit(tx, visit.place(), giving.event, Some(caregiver.id), "")
}

fn away(calendar: Calendar, caregiver: &CaregiverRow, absence: &AbsenceRow) -> Text {
    Text::new("absence.away")
        .with("caregiver", &caregiver.name)
        .with("kind", format!("@enums.absence_kind.{}", absence.kind.name()))
        .with("from", calendar.show(absence.starts_at))
        .with("to", calendar.show(absence.ends_at))
}

/// Takes version `seen` of a visit from its caregiver; it is planned again.
pub fn release(tx: &mut Tx<'_>, id: i64, seen: i64) -> Result<()> {
    let visit = get_seen(tx, Permission::AssignVisits, id, seen)?;
    visit.state.apply(VisitEvent::Release)?;
    if !store::clear_assignment(tx.connection, id, seen)? {
        return Err(crate::registry::change::stale(tx.connection, "visit", id, seen)?);
    }
    move_visit(tx, visit.place(), VisitEvent::Release, visit.caregiver_id, "")
}

fn length(visit: &VisitRow) -> TimeDelta {
    TimeDelta::minutes(i64::from(visit.duration_min))
}

/// Everything that a start in the window can touch.
fn reachable(visit: &VisitRow) -> (Instant, Instant) {
    (visit.window_starts_at, visit.window_ends_at + length(visit))
}

fn free_from(
    connection: &mut AnyConnection,
    calendar: Calendar,
    visit: &VisitRow,
    caregiver: &CaregiverRow,
) -> Result<Option<Instant>> {
    let busy = store::busy_periods(connection, &[caregiver.id], reachable(visit), visit.id)?;
    let busy: Vec<_> = busy.into_iter().map(|(_, from, to)| (from, to)).collect();
    Ok(gap(calendar, visit, caregiver, &busy))
}

fn gap(
    calendar: Calendar,
    visit: &VisitRow,
    caregiver: &CaregiverRow,
    busy: &[(Instant, Instant)],
) -> Option<Instant> {
    let shifts = shifts(calendar, visit, caregiver).into_iter();
    let gaps = shifts.filter_map(|(from, to)| {
        first_gap(visit.window_starts_at.max(from), visit.window_ends_at, to, length(visit), busy)
    });
    gaps.min()
}

/// The caregiver's shifts that touch the window, as instants.
fn shifts(calendar: Calendar, visit: &VisitRow, caregiver: &CaregiverRow) -> Vec<(Instant, Instant)> {
    let shift = caregiver.shift();
    let last_day = calendar.day_of(visit.window_ends_at);
    let mut days = vec![visit.service_on];
    if last_day != visit.service_on {
        days.push(last_day);
    }
    let around = days.into_iter().flat_map(|day| shift.around(day));
    around.map(|(day, from, to)| (calendar.at(day, from), calendar.at(day, to))).collect()
}

fn check_person(tx: &mut Tx<'_>, visit: &VisitRow, caregiver: &CaregiverRow) -> Result<()> {
    let wrong = |key: &'static str| {
        Err(Error::field("caregiver_id", Text::new(key).with("caregiver", &caregiver.name)))
    };
    if !caregiver.active {
        return wrong("visit.not_active");
    }
    let skill = store::get_item(tx.connection, &visit.service_code)?.skill;
    if !caregiver.has_skill(skill) {
        let text = Text::new("visit.no_skill").with("caregiver", &caregiver.name);
        return Err(Error::field(
            "caregiver_id",
            text.with("skill", format!("@enums.skill.{}", skill.name())),
        ));
    }
    Ok(())
}

fn check_period(
    calendar: Calendar,
    visit: &VisitRow,
    caregiver: &CaregiverRow,
    (from, to): (Instant, Instant),
) -> Result<()> {
    if from < visit.window_starts_at || from >= visit.window_ends_at {
        let text = Text::new("visit.outside_window")
            .with("from", calendar.show(visit.window_starts_at))
            .with("to", calendar.show(visit.window_ends_at));
        return Err(Error::field("start_time", text));
    }
    let on_shift =
        shifts(calendar, visit, caregiver).into_iter().any(|(starts, ends)| starts <= from && to <= ends);
    if !on_shift {
        return Err(Error::field(
            "start_time",
            Text::new("visit.off_shift").with("caregiver", &caregiver.name),
        ));
    }
    Ok(())
}

/// Names the elder of the visit in the way only to somebody who may see them.
fn blocked(tx: &mut Tx<'_>, caregiver: &CaregiverRow, other: &VisitRow) -> Result<Text> {
    let (Some(from), Some(to)) = (other.starts_at, other.ends_at) else {
        return Ok(Text::new("error.caregiver_elsewhere"));
    };
    let visible =
        store::get_visit(tx.connection, tx.scope, Permission::SeeVisits, other.id, (tx.calendar, tx.now));
    let text = match visible {
        Err(error) if error.code == Code::NotFound || error.code == Code::Forbidden => {
            return Ok(Text::new("error.caregiver_elsewhere"));
        }
        Err(error) => return Err(error),
        Ok(_) => {
            match visible_names(tx.connection, tx.scope, &[other.elder_id], tx.now)?.remove(&other.elder_id) {
                Some(elder) => Text::new("visit.busy_with").with("elder", elder),
                None => Text::new("visit.busy"),
            }
        }
    };
    let text = text.with("caregiver", &caregiver.name).with("number", other.id);
    Ok(text.with("from", tx.calendar.show(from)).with("to", tx.calendar.show(to)))
}
