//! A route whose feasibility is a matter of earliest and latest times.

use super::super::data::{Data, Legs, NEVER, NONE, Task};
use super::super::problem::{Rest, Time};

/// A stop and what the search must know to judge a place beside it. Two timelines run along a route with a break: in one the break
/// is still to come, in the other it has been taken. Without a break both are the same.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub visit: u32,
    pub place: u32,
    /// Travel from the point before.
    pub leg: Time,
    /// Earliest end of service with the break still to come, and with the break taken ([`NEVER`] where that cannot be).
    pub end: [Time; 2],
    /// Latest start of service that leaves the rest feasible, with the break still to come, and with the break taken.
    pub latest: [Time; 2],
}

/// The route of one caregiver; the first and the last point are where it starts and ends.
#[derive(Debug, Clone, Default)]
pub(super) struct Route {
    pub points: Vec<Point>,
    pub travel: i64,
    pub service: i64,
    pub load: i64,
    /// Sum of the fixed costs of its visits.
    pub fixed: i64,
    /// Changes with every change of the points.
    pub version: u32,
    /// Points before this one are facts; nothing is inserted before it.
    pub first_free: usize,
}

/// What the caregiver brings, at hand for the inner loops.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub caregiver: usize,
    pub rest: Option<Rest>,
    pub work_max: i64,
    pub capacity: i64,
}

const TO_COME: usize = 0;
const TAKEN: usize = 1;

impl Route {
    pub fn is_empty(&self) -> bool {
        self.points.len() <= 2
    }

    pub fn visits(&self) -> usize {
        self.points.len() - 2
    }

    /// Nothing in it is to come: no limit is held against what happened.
    pub fn is_past(&self) -> bool {
        self.first_free + 1 == self.points.len()
    }
}

/// When the break is over if it starts at `ready` or later on a leg that takes `leg`, and the leg is done: nothing where the break
/// would start too late. A break may interrupt the leg.
#[inline]
fn after_rest(rest: &Rest, ready: Time, leg: Time) -> Option<Time> {
    (ready.max(rest.window.from) <= rest.window.to)
        .then(|| (ready + leg).max(rest.window.from) + rest.duration)
}

/// The latest departure for a leg with the break on it, to be there at `latest`.
#[inline]
fn before_rest(rest: &Rest, latest: Time, leg: Time) -> Time {
    let arrival = latest - rest.duration;
    let too_late = arrival < rest.window.from || rest.window.from > rest.window.to;
    if too_late { -NEVER } else { (arrival - leg).min(rest.window.to) }
}

/// When a stop is left for a visit, in both timelines, and when that is reached at the earliest; `is_first` where only facts are before it.
/// Who is not under way leaves now, in the shift.
#[inline]
fn leave(data: &Data<'_>, bounds: &Bounds, visit: u32, ends: [Time; 2], is_first: bool) -> ([Time; 2], Time) {
    if !is_first {
        return (ends, -NEVER);
    }
    if let Some(arrives_at) = data.under_way(bounds.caregiver, visit) {
        return (ends, arrives_at);
    }
    // What happened may have happened before the shift: what is to come waits for it.
    let from = data.now.max(data.problem.caregivers[bounds.caregiver].shift.from);
    (ends.map(|end| end.max(from)), -NEVER)
}

/// Works out the earliest ends from `first` on. `false` when the route is impossible.
pub(super) fn forward(data: &Data<'_>, bounds: &Bounds, route: &mut Route, first: usize) -> bool {
    for index in first.max(1)..route.points.len() {
        let before = route.points[index - 1];
        let point = &mut route.points[index];
        let leg = point.leg;
        let is_first = index == route.first_free && point.visit != NONE;
        let (left, earliest) = leave(data, bounds, point.visit, before.end, is_first);
        let mut taken = (left[TAKEN] + leg).max(earliest);
        let to_come = (left[TO_COME] + leg).max(earliest);
        if let Some(rest) = &bounds.rest
            && left[TO_COME] < NEVER
            && let Some(over) = after_rest(rest, left[TO_COME], leg)
        {
            taken = taken.min(over.max(earliest));
        }
        point.end = if point.visit == NONE {
            [to_come, taken]
        } else if let Some((_, start)) = data.tasks[point.visit as usize].fact {
            // It happened, however it was reached; a break that is owed still comes after it.
            let over = start + data.tasks[point.visit as usize].duration;
            [over, if bounds.rest.is_some() { NEVER } else { over }]
        } else {
            let task = &data.tasks[point.visit as usize];
            [end(data, point.visit, task, to_come), end(data, point.visit, task, taken)]
        };
    }
    route.points.last().is_some_and(|last| last.end[TAKEN] <= last.latest[TAKEN])
}

#[inline]
fn end(data: &Data<'_>, visit: u32, task: &Task, ready: Time) -> Time {
    data.start(visit, task, ready).map_or(NEVER, |start| start + task.duration)
}

/// Works out the latest starts from `last` back.
pub(super) fn backward(data: &Data<'_>, bounds: &Bounds, route: &mut Route, last: usize) {
    for index in (1..=last.min(route.points.len() - 2)).rev() {
        let after = route.points[index + 1];
        let point = &mut route.points[index];
        let task = &data.tasks[point.visit as usize];
        let taken = after.latest[TAKEN] - after.leg;
        let mut to_come = after.latest[TO_COME] - after.leg;
        match &bounds.rest {
            Some(rest) => to_come = to_come.max(before_rest(rest, after.latest[TAKEN], after.leg)),
            None => to_come = taken,
        }
        point.latest = [
            data.latest(point.visit, task, to_come - task.duration),
            data.latest(point.visit, task, taken - task.duration),
        ];
    }
}

/// A visit to be placed, with its rows of the travel matrix.
pub(super) struct Candidate<'a> {
    pub visit: u32,
    pub task: &'a Task,
    pub to: &'a [Time],
    pub from: &'a [Time],
}

impl<'a> Candidate<'a> {
    pub fn new(data: &'a Data<'_>, legs: &'a Legs<'_>, visit: u32) -> Self {
        let task = &data.tasks[visit as usize];
        Candidate { visit, task, to: legs.to(task.place), from: legs.from(task.place) }
    }
}

/// The place for a visit that adds least travel: the travel added, and the index of the point it goes before.
pub(super) fn cheapest(
    data: &Data<'_>,
    bounds: &Bounds,
    route: &Route,
    new: &Candidate<'_>,
    mut overlook: impl FnMut() -> bool,
) -> Option<(Time, usize)> {
    let task = new.task;
    if route.load + task.load > bounds.capacity {
        return None;
    }
    let spare = bounds.work_max - route.travel - route.service - i64::from(task.duration);
    if spare < 0 {
        return None;
    }
    let mut best = None;
    let mut least = if spare < i64::from(NEVER) { (spare + 1) as Time } else { NEVER };
    for index in route.first_free.max(1)..route.points.len() {
        let before = &route.points[index - 1];
        if before.end[TO_COME] > task.to && before.end[TAKEN] > task.to {
            break;
        }
        let after = &route.points[index];
        if after.latest[TAKEN] < task.from {
            continue;
        }
        let (to, from) = (new.to[before.place as usize], new.from[after.place as usize]);
        let added = to + from - after.leg;
        let is_first = index == route.first_free;
        if added < least && fits(data, bounds, (before, after), new, (to, from), is_first) && !overlook() {
            least = added;
            best = Some((added, index));
        }
    }
    best
}

/// Whether the visit fits between two neighbours, with the break before it, beside it or after it.
#[inline]
fn fits(
    data: &Data<'_>,
    bounds: &Bounds,
    (before, after): (&Point, &Point),
    new: &Candidate<'_>,
    (to, from): (Time, Time),
    is_first: bool,
) -> bool {
    let task = new.task;
    let (left, earliest) = leave(data, bounds, new.visit, before.end, is_first);
    let end_after =
        |ready: Time| data.start(new.visit, task, ready.max(earliest)).map(|start| start + task.duration);
    let taken = end_after(left[TAKEN] + to);
    if taken.is_some_and(|end| end + from <= after.latest[TAKEN]) {
        return true;
    }
    let Some(rest) = &bounds.rest else { return false };
    if let Some(over) = after_rest(rest, left[TO_COME], to)
        && end_after(over).is_some_and(|end| end + from <= after.latest[TAKEN])
    {
        return true;
    }
    end_after(left[TO_COME] + to).is_some_and(|end| {
        end + from <= after.latest[TO_COME]
            || after_rest(rest, end, from).is_some_and(|over| over <= after.latest[TAKEN])
    })
}

/// The first point before which the break fits.
pub(super) fn rest_leg(data: &Data<'_>, bounds: &Bounds, route: &Route) -> Option<usize> {
    let rest = bounds.rest.as_ref()?;
    (route.first_free..route.points.len()).find(|index| {
        let (before, after) = (&route.points[index - 1], &route.points[*index]);
        let is_first = *index == route.first_free && after.visit != NONE;
        let (left, earliest) = leave(data, bounds, after.visit, before.end, is_first);
        let over = after_rest(rest, left[TO_COME], after.leg);
        over.is_some_and(|over| over.max(earliest) <= after.latest[TAKEN])
    })
}
