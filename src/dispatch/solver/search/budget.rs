//! When a search stops, and how it goes through the time it has.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// When to stop.
#[derive(Clone, Copy)]
pub(in super::super) struct Budget<'a> {
    pub started: Instant,
    pub deadline: Option<Instant>,
    pub iterations: Option<u64>,
    pub cancel: Option<&'a AtomicBool>,
    /// The part of the cooling that falls into this budget.
    pub cooling: (f64, f64),
}

impl Budget<'_> {
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_some_and(|cancel| cancel.load(Ordering::Relaxed))
    }

    /// How much of the budget is spent, from 0 to 1 and beyond; the larger part where both limits are given.
    pub(super) fn spent(&self, iterations: u64) -> f64 {
        let by_count = self
            .iterations
            .map_or(0.0, |limit| if iterations < limit { iterations as f64 / limit as f64 } else { 1.0 });
        let by_time = self.deadline.map_or(0.0, |deadline| {
            let whole = deadline.saturating_duration_since(self.started).as_secs_f64();
            let passed = self.started.elapsed().as_secs_f64();
            if whole > 0.0 { passed / whole } else { 1.0 }
        });
        by_count.max(by_time)
    }
}

/// Steps of a round for each pair of visits. More rounds find other plans, and then more than a longer one would.
const STEPS_OF_PAIR: f64 = 10.0;
/// Where there are steps for fewer rounds than the least, one long one finds more (400 visits, 4 million steps: +0.1 % from the best known
/// cost; in two rounds +0.4 %).
const ROUNDS_MIN: f64 = 5.0;
const ROUNDS_MAX: f64 = 20.0;
/// The part of a budget after which it is known how many steps there will be.
const MEASURED_AT: f64 = 0.01;
/// The part of a round after which known routes are put together anew.
const COMBINED_AT: f64 = 0.9;
/// How far the last round, which starts from the best plan, is cooled down from its beginning.
const WARM: f64 = 0.4;

/// The rounds of a search. In each it cools down from the start, in the last from the best plan.
pub(super) struct Course {
    cooling: (f64, f64),
    visits: usize,
    rounds: Option<f64>,
    combined: Option<f64>,
}

impl Course {
    pub fn new(budget: &Budget<'_>, visits: usize, may_repeat: bool) -> Course {
        let mut course = Course { cooling: budget.cooling, visits, rounds: Some(1.0), combined: None };
        if may_repeat && budget.cooling == (0.0, 1.0) {
            let steps = budget.iterations.filter(|_| budget.deadline.is_none());
            course.rounds = steps.map(|steps| course.rounds_of(steps as f64));
        }
        course
    }

    fn rounds_of(&self, steps: f64) -> f64 {
        let pairs = (self.visits.max(1) as f64).powi(2);
        let rounds = (steps / pairs / STEPS_OF_PAIR).floor().min(ROUNDS_MAX);
        if rounds < ROUNDS_MIN { 1.0 } else { rounds }
    }

    /// How far it has cooled down, from 0 to 1, when so much of the budget is spent after so many steps.
    pub fn cooled(&mut self, spent: f64, iterations: u64) -> f64 {
        if self.rounds.is_none() && spent >= MEASURED_AT {
            self.rounds = Some(self.rounds_of(iterations as f64 / spent));
        }
        let rounds = self.rounds.unwrap_or(1.0);
        let at = spent * rounds;
        let start = if rounds > 1.0 && at >= rounds - 1.0 { WARM } else { 0.0 };
        let within = start + (1.0 - start) * at.fract();
        self.cooling.0 + (self.cooling.1 - self.cooling.0) * within
    }

    pub fn has_rounds(&self) -> bool {
        self.rounds.is_some_and(|rounds| rounds > 1.0)
    }

    /// Whether it is time to combine, once in a round, and whether the search then goes on from the best plan: into the last round, and in
    /// it.
    pub fn combines(&mut self, spent: f64) -> Option<bool> {
        let rounds = self.rounds.filter(|rounds| *rounds > 1.0)?;
        let round = (spent * rounds).floor();
        if (spent * rounds).fract() < COMBINED_AT || self.combined == Some(round) {
            return None;
        }
        self.combined = Some(round);
        Some(round + 2.0 >= rounds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(visits: usize, steps: u64) -> Course {
        let budget = Budget {
            started: Instant::now(),
            deadline: None,
            iterations: Some(steps),
            cancel: None,
            cooling: (0.0, 1.0),
        };
        Course::new(&budget, visits, true)
    }

    #[test]
    fn a_small_problem_with_many_steps_has_rounds_and_a_large_one_has_one() {
        assert_eq!(course(100, 1_000_000).rounds, Some(10.0));
        assert_eq!(course(100, 100_000_000).rounds, Some(ROUNDS_MAX));
        assert_eq!(course(400, 4_000_000).rounds, Some(1.0));
        assert_eq!(course(2_000, 500_000).rounds, Some(1.0));
        assert_eq!(course(0, 100_000).rounds, Some(ROUNDS_MAX));
    }

    #[test]
    fn each_round_cools_from_the_start_and_combines_once_and_the_last_starts_warm() {
        let mut course = course(10, 10_000);
        assert!(course.cooled(0.0, 0) < 1e-9);
        assert!((course.cooled(0.25, 2_500) - 0.5).abs() < 1e-9);
        let turns: Vec<bool> =
            (0..1_000).filter_map(|step| course.combines(f64::from(step) / 1_000.0)).collect();
        assert_eq!(turns.len(), 10);
        assert_eq!(turns.iter().position(|goes_back| *goes_back), Some(8));
        assert!((course.cooled(0.95, 9_500) - 0.7).abs() < 1e-9);
    }
}
