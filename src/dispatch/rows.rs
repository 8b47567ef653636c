//! What a day is made of: plain rows, from the database or made by hand in a test.

use std::collections::HashMap;

use crate::clock::Instant;
use crate::registry::caregivers::{Gender, Language, Skill, TravelMode};
use crate::visits::{CaregiverRule, GroupRelation, VisitState};

/// Longitude and latitude in degrees.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Place {
    pub longitude: f64,
    pub latitude: f64,
}

#[derive(Clone, Debug, Default)]
pub struct DayRows {
    /// The midnight that the day begins with.
    pub origin: Instant,
    /// The present, if the day has begun.
    pub now: Option<Instant>,
    pub visits: Vec<VisitFact>,
    pub caregivers: Vec<CaregiverFact>,
    pub elders: HashMap<i64, ElderFact>,
    pub groups: HashMap<i64, GroupFact>,
    /// By elder: how many of the last ninety days' visits each caregiver made.
    pub familiarity: HashMap<i64, Vec<(i64, i64)>>,
    pub modes: Vec<ModeFact>,
    /// Caregiver, and when they are away.
    pub absences: Vec<(i64, Instant, Instant)>,
}

impl DayRows {
    /// When a caregiver works and is not away: apart, in order.
    pub fn working(&self, caregiver: &CaregiverFact) -> Vec<(Instant, Instant)> {
        let own = self.absences.iter().filter(|(id, ..)| *id == caregiver.id);
        let away: Vec<(Instant, Instant)> = own.map(|(_, from, to)| (*from, *to)).collect();
        without(&caregiver.shifts, &away)
    }
}

#[derive(Clone, Debug)]
pub struct VisitFact {
    pub id: i64,
    pub version: i64,
    pub elder_id: i64,
    pub window: (Instant, Instant),
    pub duration_min: i32,
    pub skill: Skill,
    pub state: VisitState,
    /// Caregiver, start and end as they were told.
    pub told: Option<(i64, Instant, Instant)>,
    /// When it really began and ended, as far as it has.
    pub began_at: Option<Instant>,
    pub ended_at: Option<Instant>,
    pub is_pinned: bool,
    /// Group, and the place in it.
    pub group: Option<(i64, i32)>,
    /// Whom the care plan wishes for.
    pub preferred_caregiver_id: Option<i64>,
    /// Of the town and day that are planned; others are there because their caregivers are.
    pub is_asked: bool,
}

#[derive(Clone, Debug)]
pub struct CaregiverFact {
    pub id: i64,
    pub name: String,
    pub gender: Gender,
    pub skills: Vec<Skill>,
    pub languages: Vec<Language>,
    pub mode: TravelMode,
    pub home: Place,
    /// When they work, whether they are away or not.
    pub shifts: Vec<(Instant, Instant)>,
    /// New visits can be given to them; of others only what they have been told counts.
    pub may_take: bool,
}

/// Where an elder is found and whom they want to come.
#[derive(Clone, Debug, Default)]
pub struct ElderFact {
    pub name: String,
    pub place: Place,
    /// Whom they ask for.
    pub preferred: Vec<i64>,
    /// Who must not be sent.
    pub barred: Vec<i64>,
    /// The gender, and whether no other may come.
    pub gender: Option<(Gender, bool)>,
    pub languages: Option<(Vec<Language>, bool)>,
}

#[derive(Clone, Copy, Debug)]
pub struct GroupFact {
    pub relation: GroupRelation,
    /// From the end of the first to the start of the second.
    pub lag_min_min: i32,
    pub lag_max_min: i32,
    pub caregiver_rule: CaregiverRule,
}

/// How a mode gets about.
#[derive(Clone, Copy, Debug)]
pub struct ModeFact {
    pub mode: TravelMode,
    pub speed_kmh: f64,
    pub detour_percent: i32,
    pub settle_min: i32,
    pub commute_free_min: i32,
}

/// What a visit's state leaves to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing to plan: not planned, or not done.
    Outside,
    Open,
    /// Somebody was told.
    Told,
    /// Somebody is on the way.
    Going,
    /// Begun, or done.
    Happened,
}

impl VisitFact {
    pub fn standing(&self) -> Standing {
        match self.state {
            VisitState::Planned => Standing::Open,
            VisitState::Offered | VisitState::Assigned if self.told.is_some() => Standing::Told,
            VisitState::OnTheWay if self.told.is_some() => Standing::Going,
            VisitState::Arrived | VisitState::Done | VisitState::Confirmed if self.told.is_some() => {
                Standing::Happened
            }
            VisitState::Unplanned
            | VisitState::NotDone
            | VisitState::Offered
            | VisitState::Assigned
            | VisitState::OnTheWay
            | VisitState::Arrived
            | VisitState::Done
            | VisitState::Confirmed => Standing::Outside,
        }
    }
}

/// The parts of `shifts` that no absence touches.
fn without(shifts: &[(Instant, Instant)], absences: &[(Instant, Instant)]) -> Vec<(Instant, Instant)> {
    let mut left: Vec<(Instant, Instant)> = shifts.to_vec();
    for (from, to) in absences {
        left = left
            .into_iter()
            .flat_map(|(starts, ends)| [(starts, ends.min(*from)), (starts.max(*to), ends)])
            .filter(|(starts, ends)| starts < ends)
            .collect();
    }
    left.sort_unstable();
    left.dedup();
    left
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn an_absence_cuts_shifts() {
        let at = |hour| Instant::default() + TimeDelta::hours(hour);
        let shift = [(at(8), at(18))];
        assert_eq!(without(&shift, &[(at(10), at(12))]), [(at(8), at(10)), (at(12), at(18))]);
        assert_eq!(without(&shift, &[(at(6), at(9))]), [(at(9), at(18))]);
        assert_eq!(without(&shift, &[(at(0), at(24))]), []);
        assert_eq!(without(&shift, &[(at(20), at(24))]), shift);
        assert_eq!(without(&shift, &[(at(9), at(10)), (at(12), at(13))]).len(), 3);
    }
}
