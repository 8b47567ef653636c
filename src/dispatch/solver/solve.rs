//! Planning a day.

mod given;
mod parts;

use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

pub(super) use self::given::{lawful, tours};

use self::given::told;
use super::data::Data;
use super::network::{NetworkState, assemble};
use super::plain::PlainState;
use super::plan::Plan;
use super::problem::Problem;
use super::refuse::{Refusal, of_plan, validate};
use super::search::{Budget, Found, Moods, Settings, Tour, improve};

/// How long and how to search. Without deadline and iterations the first plan is the last.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    pub deadline: Option<Instant>,
    /// Steps of the search, of each thread. Alone and with one thread it gives the same plan for the same seed, bit by bit.
    pub iterations: Option<u64>,
    pub seed: u64,
    /// 0 counts as 1.
    pub threads: usize,
    /// A plan to start from.
    pub start: Option<&'a Plan>,
    /// Set to true from another thread: the best plan so far comes back within milliseconds.
    pub cancel: Option<&'a AtomicBool>,
    /// Hears of every plan that is better than all before it.
    pub progress: Option<&'a (dyn Fn(Progress) + Sync)>,
}

/// A better plan was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub elapsed: Duration,
    pub iterations: u64,
    pub cost: i64,
}

#[derive(Debug, Clone)]
pub struct Solved {
    pub plan: Plan,
    pub iterations: u64,
    /// Best cost by time, at most one entry in a hundredth of a second, and the last.
    pub progress: Vec<Progress>,
}

/// Plans the day as well as time allows. Every plan that comes back is possible; what has no place in it is unserved.
pub fn solve(problem: &Problem, options: &Options<'_>) -> Result<Solved, Refusal> {
    validate(problem)?;
    if let Some(start) = options.start {
        of_plan(problem, start)?;
    }
    // A search without any limit would never end.
    let iterations = options.iterations.or(if options.deadline.is_none() { Some(0) } else { None });
    let options = &Options { iterations, ..*options };
    let started = Instant::now();
    let log = Log { started, heard: options.progress, entries: Mutex::default() };
    let budget = Budget {
        started,
        deadline: options.deadline,
        iterations,
        cancel: options.cancel,
        cooling: (0.0, 1.0),
    };
    let data = Data::new(problem, || budget.is_cancelled());
    let start = lawful(&data, options.start.map_or_else(|| told(problem), tours));
    let found = if options.threads > 1 && parts::suit(problem, options.threads) {
        parts::improve_in_parts(&data, &start, options, &log)
    } else {
        side_by_side(&data, &start, &budget, options, &log)
    };
    let plan = assemble(&data, &found.tours);
    debug_assert_eq!(super::check(problem, &plan), Vec::new());
    let progress = log.finish(found.iterations, plan.cost.total);
    Ok(Solved { plan, iterations: found.iterations, progress })
}

/// Searches with each thread from another seed; the best plan wins.
fn side_by_side(
    data: &Data<'_>,
    start: &[Tour],
    budget: &Budget<'_>,
    options: &Options<'_>,
    log: &Log<'_>,
) -> Found {
    let hear = |iterations, cost| log.hear(iterations, cost);
    let mut best = std::thread::scope(|scope| {
        let others: Vec<_> = (1..options.threads.max(1) as u64)
            .map(|number| {
                scope.spawn(move || run(data, start, budget, options.seed.wrapping_add(number), |_, _| ()))
            })
            .collect();
        let first = run(data, start, budget, options.seed, hear);
        let mut found: Vec<Found> = others.into_iter().filter_map(|thread| thread.join().ok()).collect();
        found.push(first);
        found
    });
    let iterations = best.iter().map(|found| found.iterations).sum();
    best.sort_by_key(|found| found.cost);
    Found { iterations, ..best.swap_remove(0) }
}

/// Searches with the state that suits the problem.
fn run(
    data: &Data<'_>,
    start: &[Tour],
    budget: &Budget<'_>,
    seed: u64,
    better: impl FnMut(u64, i64),
) -> Found {
    if data.problem.is_plain() {
        let mut state = PlainState::new(data);
        state.load(start);
        improve(&mut state, &PLAIN, budget, seed, better)
    } else {
        let mut state = NetworkState::new(data);
        state.load(start);
        improve(&mut state, &NETWORK, budget, seed, better)
    }
}

const PLAIN_TIGHT: Settings = Settings {
    removed_mean: 10.0,
    string_max: 10,
    hot: 2.5,
    cold: 0.025,
    blink: 0.01,
    crossings: 10,
    absent_share: 0.3,
};

const PLAIN: Moods =
    Moods { all_served: Settings { hot: 0.4, blink: 0.03, ..PLAIN_TIGHT }, some_left_out: PLAIN_TIGHT };

const NETWORK_ALIKE: Settings = Settings {
    removed_mean: 6.0,
    string_max: 10,
    hot: 3.0,
    cold: 0.015,
    blink: 0.03,
    crossings: 0,
    absent_share: 1.0,
};

const NETWORK: Moods = Moods { all_served: NETWORK_ALIKE, some_left_out: NETWORK_ALIKE };

/// Collects progress from all threads.
struct Log<'a> {
    started: Instant,
    heard: Option<&'a (dyn Fn(Progress) + Sync)>,
    entries: Mutex<Vec<Progress>>,
}

const ENTRY_EVERY: Duration = Duration::from_millis(10);

impl Log<'_> {
    fn hear(&self, iterations: u64, cost: i64) {
        let progress = Progress { elapsed: self.started.elapsed(), iterations, cost };
        if let Some(heard) = self.heard {
            heard(progress);
        }
        let mut entries = self.entries.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let last = entries.last().map_or(Duration::ZERO, |last| last.elapsed + ENTRY_EVERY);
        if progress.elapsed >= last {
            entries.push(progress);
        }
    }

    fn finish(self, iterations: u64, cost: i64) -> Vec<Progress> {
        let mut entries = self.entries.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        entries.push(Progress { elapsed: self.started.elapsed(), iterations, cost });
        entries
    }
}
