use std::ops::AddAssign;

use chrono::{NaiveDateTime, TimeDelta};

use super::BedState;

/// A figure that nobody confirmed for longer than this is shown as stale.
pub const STALE_HOURS: i64 = 24;

/// A village home with less than this share of its beds lived in is idle, in percent.
const IDLE_BELOW: f64 = 20.0;

/// Whether an institution is a village home that stands nearly empty.
pub fn is_idle(institution_kind: &str, counts: &Counts) -> bool {
    institution_kind == "village_home" && counts.occupancy().is_some_and(|share| share < IDLE_BELOW)
}

/// How full an institution is, for a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fullness {
    /// 95 % or more.
    Full,
    /// 80 % or more.
    High,
    Low,
    /// A village home that stands nearly empty.
    Idle,
}

impl Fullness {
    /// None for a house without beds.
    pub fn of(institution_kind: &str, counts: &Counts) -> Option<Fullness> {
        let share = counts.occupancy()?;
        Some(match share {
            _ if is_idle(institution_kind, counts) => Fullness::Idle,
            share if share >= 95.0 => Fullness::Full,
            share if share >= 80.0 => Fullness::High,
            _ => Fullness::Low,
        })
    }
}

/// Beds by state; the five states exclude each other, so their sum is the beds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub occupied: i64,
    pub on_leave: i64,
    pub reserved: i64,
    pub out_of_service: i64,
    pub free: i64,
}

impl Counts {
    pub fn add(&mut self, state: BedState, beds: i64) {
        *self.of_mut(state) += beds;
    }

    pub fn of(&self, state: BedState) -> i64 {
        let mut counts = *self;
        *counts.of_mut(state)
    }

    pub fn beds(&self) -> i64 {
        BedState::ALL.iter().map(|state| self.of(*state)).sum()
    }

    /// Beds that belong to somebody who lives there, present or on leave.
    pub fn lived_in(&self) -> i64 {
        self.occupied + self.on_leave
    }

    /// Percent of the beds that are lived in.
    pub fn occupancy(&self) -> Option<f64> {
        let beds = self.beds();
        (beds > 0).then(|| self.lived_in() as f64 * 100.0 / beds as f64)
    }

    fn of_mut(&mut self, state: BedState) -> &mut i64 {
        match state {
            BedState::Occupied => &mut self.occupied,
            BedState::OnLeave => &mut self.on_leave,
            BedState::Reserved => &mut self.reserved,
            BedState::OutOfService => &mut self.out_of_service,
            BedState::Free => &mut self.free,
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        for state in BedState::ALL {
            self.add(*state, other.of(*state));
        }
    }
}

/// Whether figures confirmed at `confirmed_at` are too old at `now`; never confirmed is too old.
pub fn is_stale(confirmed_at: Option<NaiveDateTime>, now: NaiveDateTime) -> bool {
    confirmed_at.is_none_or(|at| now - at > TimeDelta::hours(STALE_HOURS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_of_the_states_is_the_beds() {
        let mut counts = Counts::default();
        for (beds, state) in BedState::ALL.iter().enumerate() {
            counts.add(*state, beds as i64 + 1);
        }
        assert_eq!((counts.beds(), counts.lived_in()), (15, 3));
        let mut twice = counts;
        twice += counts;
        assert_eq!(twice.beds(), 30);
        assert_eq!(Counts::default().occupancy(), None);
    }

    #[test]
    fn a_map_tells_full_from_idle_houses() {
        let with = |occupied, free| Counts { occupied, free, ..Counts::default() };
        for (kind, counts, fullness) in [
            ("public", with(95, 5), Some(Fullness::Full)),
            ("public", with(94, 6), Some(Fullness::High)),
            ("village_home", with(79, 21), Some(Fullness::Low)),
            ("village_home", with(19, 81), Some(Fullness::Idle)),
            ("public", with(19, 81), Some(Fullness::Low)),
            ("public", with(0, 0), None),
        ] {
            assert_eq!(Fullness::of(kind, &counts), fullness, "{kind} {counts:?}");
        }
    }

    #[test]
    fn a_figure_is_stale_after_a_day_and_when_it_was_never_confirmed() {
        let now = NaiveDateTime::default() + TimeDelta::days(10);
        assert!(is_stale(None, now));
        assert!(!is_stale(Some(now - TimeDelta::hours(24)), now));
        assert!(is_stale(Some(now - TimeDelta::hours(24) - TimeDelta::milliseconds(1)), now));
    }
}
