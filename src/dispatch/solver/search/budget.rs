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
        (steps / pairs / STEPS_OF_PAIR).floor().clamp(1.0, ROUNDS_MAX)
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

    /// Whether it is time to combine, once in a round, and whether the last round is next.
    pub fn combines(&mut self, spent: f64) -> Option<bool> {
        let rounds = self.rounds.filter(|rounds| *rounds > 1.0)?;
        let round = (spent * rounds).floor();
        if (spent * rounds).fract() < COMBINED_AT || self.combined == Some(round) {
            return None;
        }
        self.combined = Some(round);
        Some(round + 2.0 == rounds)
    }
}
