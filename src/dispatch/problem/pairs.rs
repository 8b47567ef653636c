//! Visits that belong together: groups of the solver, one visit for two that the same caregiver makes, or times that follow from
//! the one that is fixed.

use std::collections::BTreeMap;

use super::super::rows::GroupFact;
use super::super::solver::{Assigned, Group, Lock, Relation, Time, Window};
use super::{Building, MINUTE_S, Part};
use crate::visits::{CaregiverRule, GroupRelation};

/// Ties the pairs whose both visits are in the problem.
pub fn tie(building: &mut Building<'_>) {
    let mut members: BTreeMap<i64, Vec<(i32, usize)>> = BTreeMap::new();
    for (job, parts) in building.jobs.iter().enumerate() {
        if let Some((group, place)) = building.rows.visits[parts[0].visit].group {
            members.entry(group).or_default().push((place, job));
        }
    }
    let mut merged = Vec::new();
    for (group, mut jobs) in members {
        jobs.sort_unstable();
        let (Some(rule), [(_, first), (_, second)]) = (building.rows.groups.get(&group).copied(), &jobs[..])
        else {
            continue;
        };
        let pair = Pair { first: *first, second: *second, rule };
        if pair.tie(building) {
            merged.push(pair.second);
        }
    }
    remove(building, &merged);
}

struct Pair {
    first: usize,
    second: usize,
    rule: GroupFact,
}

impl Pair {
    /// Whether the second has become a part of the first.
    fn tie(&self, building: &mut Building<'_>) -> bool {
        let fixed = |job: usize| building.told[job].filter(|_| building.visits[job].lock != Lock::None);
        match (fixed(self.first), fixed(self.second)) {
            (Some(_), Some(_)) => {}
            (Some(first), None) => self.follow(building, first),
            (None, Some(second)) => self.precede(building, second),
            (None, None) if self.rule.caregiver_rule == CaregiverRule::Same => return self.merge(building),
            (None, None) => self.group(building),
        }
        false
    }

    fn duration(&self, building: &Building<'_>) -> Time {
        building.visits[self.first].duration
    }

    fn lags(&self) -> (Time, Time) {
        (self.rule.lag_min_min * MINUTE_S, self.rule.lag_max_min * MINUTE_S)
    }

    /// The second is free, the first is not.
    fn follow(&self, building: &mut Building<'_>, first: Assigned) {
        let (lag_min, lag_max) = self.lags();
        let end = first.start + self.duration(building);
        let window = match self.rule.relation {
            GroupRelation::Together => Some(Window { from: first.start, to: first.start }),
            GroupRelation::After => Some(Window { from: end + lag_min, to: end + lag_max }),
            GroupRelation::Independent => None,
        };
        self.restrict(building, self.second, window, first);
    }

    /// The first is free, the second is not.
    fn precede(&self, building: &mut Building<'_>, second: Assigned) {
        let (lag_min, lag_max) = self.lags();
        let before = second.start - self.duration(building);
        let window = match self.rule.relation {
            GroupRelation::Together => Some(Window { from: second.start, to: second.start }),
            GroupRelation::After => Some(Window { from: before - lag_max, to: before - lag_min }),
            GroupRelation::Independent => None,
        };
        self.restrict(building, self.first, window, second);
    }

    fn restrict(&self, building: &mut Building<'_>, free: usize, window: Option<Window>, mate: Assigned) {
        let visit = &mut building.visits[free];
        if let Some(window) = window {
            let both = Window {
                from: visit.windows[0].from.max(window.from),
                to: visit.windows[0].to.min(window.to),
            };
            if both.from <= both.to {
                visit.windows = vec![both];
            } else {
                // No instant keeps both rules: nobody can come.
                visit.barred = (0..building.caregivers.len()).collect();
            }
        }
        let mate_id = building.rows.caregivers[building.people[mate.caregiver]].id;
        let mates = building.entries_of(mate_id);
        let is_apart = self.rule.relation == GroupRelation::Together
            || self.rule.caregiver_rule == CaregiverRule::Different;
        let all = 0..building.caregivers.len();
        let visit = &mut building.visits[free];
        if is_apart {
            visit.barred.extend(mates);
        } else if self.rule.caregiver_rule == CaregiverRule::Same {
            visit.barred.extend(all.filter(|entry| !mates.contains(entry)));
        }
    }

    fn group(&self, building: &mut Building<'_>) {
        let (lag_min, lag_max) = self.lags();
        let duration = self.duration(building);
        let relation = match (self.rule.relation, self.rule.caregiver_rule) {
            (GroupRelation::Together, _) => Relation::Together,
            (GroupRelation::After, _) => {
                Relation::After { lag_min: duration + lag_min, lag_max: duration + lag_max }
            }
            (GroupRelation::Independent, CaregiverRule::Different) => Relation::Independent,
            (GroupRelation::Independent, CaregiverRule::Any | CaregiverRule::Same) => return,
        };
        building.groups.push(Group { members: vec![self.first, self.second], relation });
    }

    /// One caregiver makes both, one after the other, and stays in between.
    fn merge(&self, building: &mut Building<'_>) -> bool {
        if self.rule.relation != GroupRelation::After {
            self.group(building);
            return false;
        }
        let (lag_min, lag_max) = self.lags();
        let (first, second) = (building.visits[self.first].clone(), building.visits[self.second].clone());
        let (opens, closes) = (first.windows[0], second.windows[0]);
        let lag = lag_min.max(closes.from - first.duration - opens.to);
        let offset = first.duration + lag;
        let window =
            Window { from: opens.from.max(closes.from - offset), to: opens.to.min(closes.to - offset) };
        if lag > lag_max || window.from > window.to {
            for job in [self.first, self.second] {
                building.visits[job].barred = (0..building.caregivers.len()).collect();
            }
            return false;
        }
        let visit = &mut building.visits[self.first];
        visit.windows = vec![window];
        visit.duration = offset + second.duration;
        visit.skills.extend(second.skills.iter().copied().filter(|skill| !first.skills.contains(skill)));
        visit.barred.extend(second.barred);
        visit.priority += second.priority;
        visit.mandatory |= second.mandatory;
        let is_kept = match (building.told[self.first], building.told[self.second]) {
            (Some(one), Some(other)) => one.caregiver == other.caregiver,
            _ => false,
        };
        if !is_kept {
            building.told[self.first] = None;
        }
        let part = building.jobs[self.second][0].visit;
        building.jobs[self.first].push(Part { visit: part, offset });
        true
    }
}

/// Takes visits out that have become parts of others; numbers above them move down.
fn remove(building: &mut Building<'_>, gone: &[usize]) {
    if gone.is_empty() {
        return;
    }
    let mut index = 0;
    let mut numbers = Vec::with_capacity(building.jobs.len());
    for job in 0..building.jobs.len() {
        numbers.push(index);
        index += usize::from(!gone.contains(&job));
    }
    let stays = |job: &usize| !gone.contains(job);
    let kept: Vec<usize> = (0..building.jobs.len()).filter(stays).collect();
    building.visits = kept.iter().map(|job| building.visits[*job].clone()).collect();
    building.told = kept.iter().map(|job| building.told[*job]).collect();
    building.jobs = kept.iter().map(|job| building.jobs[*job].clone()).collect();
    for member in building.groups.iter_mut().flat_map(|group| &mut group.members) {
        *member = numbers[*member];
    }
}
