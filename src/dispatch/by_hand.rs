//! Giving one visit to somebody: who could make it and when, why others cannot, and the refusal of an illegal choice.

use super::lawful::{broken, entry_at};
use super::problem::{Built, Purpose, build};
use super::rows::DayRows;
use super::solver::{Assigned, Candidate, Problem, Rejected, explain};
use super::store::day::{Ask, load_day};
use super::words;
use crate::access::{Permission, Scope};
use crate::app::Tx;
use crate::clock::{Calendar, Instant};
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::text::Text;
use crate::visits::store::{VisitRow, caregivers_for, get_visit};
use crate::visits::{VisitEvent, assign, offer};

/// Somebody who can make the visit.
#[derive(Clone, Debug)]
pub struct Offer {
    pub caregiver_id: i64,
    pub name: String,
    pub starts_at: Instant,
    /// Position among the visits of the day.
    pub position: usize,
    /// Whose it is now.
    pub is_current: bool,
    /// Minutes on the road more than without this change; fewer where negative.
    pub travel_min: i64,
    /// Visits to this elder in the last ninety days, and everybody's.
    pub visits_before: i64,
    pub visits_of_all: i64,
    /// Whom the care plan or the elder wishes for.
    pub is_wished: bool,
    /// Wishes of the elder that are not met.
    pub wishes_broken: i64,
    /// The solver's measure of all of it; the smaller the better.
    pub cost: i64,
}

/// Somebody who cannot, and what would help.
#[derive(Clone, Debug)]
pub struct Refused {
    pub caregiver_id: i64,
    pub name: String,
    pub rule: Text,
    pub relaxation: Option<Text>,
}

#[derive(Clone, Debug, Default)]
pub struct Choices {
    pub offers: Vec<Offer>,
    pub refused: Vec<Refused>,
}

/// Everybody whom the asker may give the visit to: the best first, then those who cannot.
pub fn choices(
    connection: &mut AnyConnection,
    scope: &Scope,
    visit: &VisitRow,
    (calendar, now): (Calendar, Instant),
) -> Result<Choices> {
    let people = caregivers_for(connection, scope, &visit.town_code)?;
    let ids: Vec<i64> = people.iter().map(|caregiver| caregiver.id).collect();
    let rows = load_day(connection, &Ask::by_hand(visit, &ids), (calendar, now))?;
    ranked(&rows, visit.id, calendar)
}

/// The same from rows.
pub fn ranked(rows: &DayRows, visit_id: i64, calendar: Calendar) -> Result<Choices> {
    let built = build(rows, Purpose::ByHand(&[visit_id]));
    let Some((index, job)) = find(rows, &built, visit_id) else { return Ok(Choices::default()) };
    let explained = explain(&built.problem, &built.told(), job)
        .map_err(|refusal| Error::internal("the day is no problem").because(refusal))?;
    let ranking = Ranking { rows, built: &built, calendar, visit: index, job };
    let mut found = Choices::default();
    for candidate in &explained.candidates {
        ranking.offer(candidate, &mut found);
    }
    for rejected in &explained.rejected {
        ranking.refuse(rejected, &mut found);
    }
    for who in rows.caregivers.iter().filter(|who| who.may_take && rows.working(who).is_empty()) {
        let rule = Text::new("visit.off_shift").with("caregiver", &who.name);
        found.refused.push(Refused { caregiver_id: who.id, name: who.name.clone(), rule, relaxation: None });
    }
    Ok(found)
}

/// Positions of a visit among the rows and in the problem.
pub(super) fn find(rows: &DayRows, built: &Built, visit_id: i64) -> Option<(usize, usize)> {
    let index = rows.visits.iter().position(|visit| visit.id == visit_id)?;
    Some((index, built.job_of(index)?))
}

struct Ranking<'a> {
    rows: &'a DayRows,
    built: &'a Built,
    calendar: Calendar,
    visit: usize,
    job: usize,
}

impl Ranking<'_> {
    fn offer(&self, candidate: &Candidate, found: &mut Choices) {
        let who = &self.rows.caregivers[self.built.people[candidate.caregiver]];
        if !who.may_take || found.offers.iter().any(|offer| offer.caregiver_id == who.id) {
            return;
        }
        let to = Assigned { caregiver: candidate.caregiver, start: candidate.start };
        if let Some(broken) = broken(self.built, self.job, to) {
            let rule = words::rule(self.rows, self.built, self.calendar, (self.job, &broken));
            self.put_refused(candidate.caregiver, rule, None, found);
            return;
        }
        let fact = &self.rows.visits[self.visit];
        let known = self.rows.familiarity.get(&fact.elder_id).map_or(&[][..], Vec::as_slice);
        let by = known.iter().find(|(id, _)| *id == who.id);
        found.refused.retain(|refused| refused.caregiver_id != who.id);
        found.offers.push(Offer {
            caregiver_id: who.id,
            name: who.name.clone(),
            starts_at: self.built.instant(candidate.start),
            position: candidate.index + 1,
            is_current: fact.told.is_some_and(|(id, ..)| id == who.id),
            travel_min: candidate.components.travel / 60,
            visits_before: by.map_or(0, |(_, visits)| *visits),
            visits_of_all: known.iter().map(|(_, visits)| visits).sum(),
            is_wished: fact.preferred_caregiver_id == Some(who.id)
                || self
                    .rows
                    .elders
                    .get(&fact.elder_id)
                    .is_some_and(|elder| elder.preferred.contains(&who.id)),
            wishes_broken: wishes_broken(&self.built.problem, self.job, candidate.caregiver),
            cost: candidate.cost,
        });
    }

    fn refuse(&self, rejected: &Rejected, found: &mut Choices) {
        let relaxation = rejected.relaxations.first();
        let relaxation = relaxation.map(|one| words::relaxation(self.rows, self.built, self.calendar, *one));
        self.put_refused(rejected.caregiver, words::reason(rejected.reason), relaxation, found);
    }

    /// Once for each person, who may have two shifts.
    fn put_refused(&self, entry: usize, rule: Text, relaxation: Option<Text>, found: &mut Choices) {
        let who = &self.rows.caregivers[self.built.people[entry]];
        let is_known = found.offers.iter().any(|offer| offer.caregiver_id == who.id)
            || found.refused.iter().any(|refused| refused.caregiver_id == who.id);
        if who.may_take && !is_known {
            found.refused.push(Refused { caregiver_id: who.id, name: who.name.clone(), rule, relaxation });
        }
    }
}

fn wishes_broken(problem: &Problem, visit: usize, caregiver: usize) -> i64 {
    let (visit, who) = (&problem.visits[visit], &problem.caregivers[caregiver]);
    let gender = visit.gender.as_ref().is_some_and(|wish| who.gender != Some(wish.value));
    let language = visit
        .languages
        .as_ref()
        .is_some_and(|wish| !wish.value.iter().any(|one| who.languages.contains(one)));
    i64::from(gender) + i64::from(language)
}

/// Whether the caregiver is told, or asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Assign,
    Offer,
}

impl How {
    fn event(self) -> VisitEvent {
        match self {
            How::Assign => VisitEvent::Assign,
            How::Offer => VisitEvent::Offer,
        }
    }

    fn give(self, tx: &mut Tx<'_>, (id, seen): (i64, i64), to: i64, at: Option<Instant>) -> Result<()> {
        match self {
            How::Assign => assign(tx, id, seen, to, at),
            How::Offer => offer(tx, id, seen, to, at),
        }
    }
}

/// Gives version `seen` of a visit to a caregiver, from `starts_at` or from the time that suits the day best. Besides the rules
/// of [`assign`], nobody is sent where they cannot be in time, or away from where they were told to be next.
pub fn give_by_hand(
    tx: &mut Tx<'_>,
    (id, seen): (i64, i64),
    caregiver_id: i64,
    starts_at: Option<Instant>,
    how: How,
) -> Result<()> {
    let at = (tx.calendar, tx.now);
    let visit = get_visit(tx.connection, tx.scope, Permission::AssignVisits, id, at)?;
    if visit.version != seen || !visit.state.allows(how.event()) {
        // Says who was first, or that it is too late.
        return how.give(tx, (id, seen), caregiver_id, starts_at);
    }
    let rows = load_day(tx.connection, &Ask::by_hand(&visit, &[caregiver_id]), at)?;
    let starts_at = match starts_at {
        Some(at) => Some(at),
        None => ranked(&rows, id, tx.calendar)?.offers.first().map(|offer| offer.starts_at),
    };
    if let Some(reason) = &visit.pinned_reason
        && (visit.caregiver_id, visit.starts_at) != (Some(caregiver_id), starts_at)
    {
        return Err(Error::taken(Text::new("dispatch.rule.pinned").with("reason", reason)));
    }
    how.give(tx, (id, seen), caregiver_id, starts_at)?;
    let given = get_visit(tx.connection, tx.scope, Permission::AssignVisits, id, at)?;
    let Some(starts_at) = given.starts_at else { return Ok(()) };
    judge(&rows, id, caregiver_id, (starts_at, tx.calendar))
}

/// Refuses what breaks a rule of the day.
fn judge(
    rows: &DayRows,
    visit_id: i64,
    caregiver_id: i64,
    (starts_at, calendar): (Instant, Calendar),
) -> Result<()> {
    // What is written down afterwards is not judged by the present.
    let now = rows.now.filter(|now| *now <= starts_at);
    let rows = &DayRows { now, ..rows.clone() };
    let built = build(rows, Purpose::ByHand(&[visit_id]));
    let Some((_, job)) = find(rows, &built, visit_id) else { return Ok(()) };
    let refused = |rule: Text| Err(Error::field("caregiver_id", rule));
    let who = rows.caregivers.iter().position(|who| who.id == caregiver_id);
    let period = (built.time(starts_at), built.problem.visits[job].duration);
    let entry = who.and_then(|who| entry_at(&built, who, period));
    let Some(entry) = entry else {
        let name = who.map(|who| rows.caregivers[who].name.clone()).unwrap_or_default();
        return refused(Text::new("visit.off_shift").with("caregiver", name));
    };
    match broken(&built, job, Assigned { caregiver: entry, start: period.0 }) {
        Some(broken) => refused(words::rule(rows, &built, calendar, (job, &broken))),
        None => Ok(()),
    }
}
