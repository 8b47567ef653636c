//! One caregiver's day by itself, with one more visit: which rule is in the way, and by how much.

use super::super::data::Data;
use super::super::network::NetworkState;
use super::super::plan::Plan;
use super::super::problem::{
    Lateness, Lock, Matrix, OnTheWay, Problem, Relation, Rules, TIME_MAX, Time, Visit, Window,
};
use super::super::search::{State, Tour};
use super::{Reason, Relaxation, has_mates};

pub(super) struct Alone {
    /// One caregiver; the visits of the route, and last the one that is asked about.
    day: Problem,
    /// The numbers of the visits in the whole problem.
    numbers: Vec<usize>,
    /// Visits that may be bumped, by position in the route, the least important first.
    bumps: Vec<usize>,
    /// Its start is not free to move.
    pinned: bool,
}

impl Alone {
    pub fn new(data: &Data<'_>, plan: &Plan, visit: usize, caregiver: usize) -> Self {
        let problem = data.problem;
        let who = &problem.caregivers[caregiver];
        let stops = plan.routes[caregiver].stops.iter().filter(|stop| stop.visit != visit);
        let mut numbers: Vec<usize> = stops.clone().map(|stop| stop.visit).collect();
        let mut visits: Vec<Visit> = Vec::new();
        for (index, stop) in stops.enumerate() {
            let mut other = anonymous(&problem.visits[stop.visit], index + 2);
            // Who meets somebody else keeps the time.
            if has_mates(data, stop.visit) && !matches!(other.lock, Lock::Fact { .. }) {
                other.lock = Lock::Start(stop.start);
            }
            visits.push(other);
        }
        let mut asked = anonymous(&problem.visits[visit], numbers.len() + 2);
        let met = meet(data, plan, visit, &mut asked);
        let pinned = met || matches!(asked.lock, Lock::Start(_));
        visits.push(asked);
        numbers.push(visit);
        let mut one = who.clone();
        (one.start_place, one.end_place, one.mode, one.skills) = (0, 1, 0, Vec::new());
        one.on_the_way = who.on_the_way.and_then(|to| {
            let index = numbers.iter().position(|number| *number == to.visit)?;
            Some(OnTheWay { visit: index, ..to })
        });
        let mut places = vec![who.start_place, who.end_place];
        places.extend(numbers.iter().map(|number| problem.visits[*number].place));
        let legs = |from: &usize| {
            let from = *from;
            places.iter().map(move |to| problem.travel[who.mode].get(from, *to)).collect::<Vec<Time>>()
        };
        let day = Problem {
            travel: vec![Matrix { size: places.len(), ticks: places.iter().flat_map(legs).collect() }],
            visits,
            caregivers: vec![one],
            rules: Rules { changes_max: None, ..problem.rules },
            weights: problem.weights,
            ..Problem::default()
        };
        let mut bumps: Vec<usize> =
            (0..numbers.len() - 1).filter(|index| may_bump(data, visit, numbers[*index])).collect();
        bumps.sort_by_key(|index| (problem.visits[numbers[*index]].rank(), *index));
        Alone { day, numbers, bumps, pinned }
    }

    /// The first rule that does not leave the visit a place together with those before it.
    pub fn reason(&self) -> Reason {
        let mut day = self.day.clone();
        let real = self.day.caregivers[0].clone();
        let count = self.numbers.len() - 1;
        let who = &mut day.caregivers[0];
        (who.capacity, who.work_max, who.rest, who.overtime_max) = (None, None, None, TIME_MAX / 4);
        for other in day.visits[..count].iter_mut().filter(|one| !matches!(one.lock, Lock::Fact { .. })) {
            (other.lock, other.lateness) = (Lock::None, Lateness::Soft { factor: 0 });
        }
        if !fits(&day) {
            return Reason::Window;
        }
        day.caregivers[0].capacity = real.capacity;
        if !fits(&day) {
            return Reason::Load;
        }
        day.caregivers[0].work_max = real.work_max;
        if !fits(&day) {
            return Reason::Work;
        }
        day.caregivers[0].overtime_max = real.overtime_max;
        if !fits(&day) {
            return Reason::Shift;
        }
        day.visits[..count].clone_from_slice(&self.day.visits[..count]);
        if !fits(&day) {
            return Reason::OtherVisits;
        }
        day.caregivers[0].rest = real.rest;
        if fits(&day) { Reason::Group } else { Reason::Rest }
    }

    /// See [`Rejected::relaxations`](super::Rejected). Nothing is to give way where the visit fits as it is.
    pub fn relaxations(&self) -> Vec<Relaxation> {
        if fits(&self.day) {
            return Vec::new();
        }
        let asked = self.numbers.len() - 1;
        let mut found = Vec::new();
        if !self.pinned {
            let earlier = self.least(|day, by| open_earlier(&mut day.visits[asked].windows, by));
            found.extend(earlier.map(|by| (by, Relaxation::Earlier { by })));
            let later = self.least(|day, by| close_later(&mut day.visits[asked].windows, by));
            found.extend(later.map(|by| (by, Relaxation::Later { by })));
        }
        let overtime = self.least(|day, by| day.caregivers[0].overtime_max += by);
        found.extend(overtime.map(|by| (by, Relaxation::Overtime { by })));
        found.sort_by_key(|(by, _)| *by);
        let mut relaxations: Vec<Relaxation> = found.into_iter().map(|(_, relaxation)| relaxation).collect();
        let bump = self.bumps.iter().find(|index| fits_without(&self.day, **index));
        relaxations.extend(bump.map(|index| Relaxation::Bump { visit: self.numbers[*index] }));
        relaxations
    }

    /// The least amount for which the visit fits, which it does not as it is; none where even a whole shift more does not help.
    fn least(&self, relax: impl Fn(&mut Problem, Time)) -> Option<Time> {
        let fits_by = |by: Time| {
            let mut day = self.day.clone();
            relax(&mut day, by);
            fits(&day)
        };
        let shift = self.day.caregivers[0].shift;
        let (mut short, mut enough) = (0, (shift.to - shift.from).max(1));
        if !fits_by(enough) {
            return None;
        }
        while enough - short > 1 {
            let middle = short + (enough - short) / 2;
            if fits_by(middle) { enough = middle } else { short = middle }
        }
        Some(enough)
    }
}

/// A visit without what was settled before: who may come.
fn anonymous(visit: &Visit, place: usize) -> Visit {
    let lock = match visit.lock {
        Lock::None | Lock::Caregiver(_) => Lock::None,
        Lock::Start(start) | Lock::Both { start, .. } => Lock::Start(start),
        Lock::Fact { start, .. } => Lock::Fact { caregiver: 0, start },
    };
    Visit {
        place,
        lock,
        skills: Vec::new(),
        gender: None,
        languages: None,
        preferred: Vec::new(),
        barred: Vec::new(),
        ..visit.clone()
    }
}

/// Leaves a visit only the starts that suit those of its group that are planned. Whether there are any.
fn meet(data: &Data<'_>, plan: &Plan, visit: usize, asked: &mut Visit) -> bool {
    let Some(group) = data.problem.groups.get(data.tasks[visit].group as usize) else { return false };
    let at = group.members.iter().position(|member| *member == visit).unwrap_or(0);
    let (least, most) = match group.relation {
        Relation::Independent => return false,
        Relation::Together => (0, 0),
        Relation::After { lag_min, lag_max } => (lag_min, lag_max),
    };
    let start = |member: Option<&usize>| {
        let member = *member?;
        plan.routes
            .iter()
            .flat_map(|route| &route.stops)
            .find(|stop| stop.visit == member)
            .map(|stop| stop.start)
    };
    let mut window = Window { from: -TIME_MAX, to: TIME_MAX };
    let mut met = false;
    if let Some(before) = at.checked_sub(1).and_then(|before| start(group.members.get(before))) {
        window = Window { from: before + least, to: before + most };
        met = true;
    }
    if let Some(after) = start(group.members.get(at + 1)) {
        window = Window { from: window.from.max(after - most), to: window.to.min(after - least) };
        met = true;
    }
    if met {
        asked.windows.retain_mut(|one| {
            one.from = one.from.max(window.from);
            one.to = one.to.min(window.to);
            one.from <= one.to
        });
        if asked.windows.is_empty() {
            // Never: the model wants a window, and this one is over before the day begins.
            asked.windows.push(Window { from: -TIME_MAX, to: -TIME_MAX });
        }
        asked.lateness = Lateness::Hard;
    }
    met
}

fn may_bump(data: &Data<'_>, visit: usize, other: usize) -> bool {
    let (new, old) = (&data.problem.visits[visit], &data.problem.visits[other]);
    new.rank() >= old.rank() && matches!(old.lock, Lock::None | Lock::Caregiver(_)) && !has_mates(data, other)
}

fn open_earlier(windows: &mut [Window], by: Time) {
    for index in (0..windows.len()).rev() {
        let earliest = index.checked_sub(1).map_or(-TIME_MAX, |before| windows[before].to);
        windows[index].from = (windows[index].from - by).max(earliest);
    }
}

fn close_later(windows: &mut [Window], by: Time) {
    for index in 0..windows.len() {
        let latest = windows.get(index + 1).map_or(TIME_MAX, |after| after.from);
        windows[index].to = (windows[index].to + by).min(latest);
    }
}

/// Whether the last visit of a day finds a place beside all others in their order.
fn fits(day: &Problem) -> bool {
    fits_without(day, usize::MAX)
}

/// Whether it does with one of the others left out.
fn fits_without(day: &Problem, index: usize) -> bool {
    let last = day.visits.len() - 1;
    let visits = (0..last).filter(|visit| *visit != index).map(|visit| visit as u32).collect();
    let tour = Tour { visits, rest: None };
    let data = Data::bare(day);
    let mut state = NetworkState::new(&data);
    state.load(std::slice::from_ref(&tour));
    state.keep(|_| ());
    if tour.visits.iter().any(|visit| state.find(*visit).is_none()) {
        return false;
    }
    state.begin();
    state.put_into(last as u32, 0)
}
