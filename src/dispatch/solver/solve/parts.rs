//! Several threads on a plain problem: the city is cut into as many parts, each thread improves one, and the cut is laid anew.

use std::time::{Duration, Instant};

use super::super::data::{Data, NONE};
use super::super::problem::{Assigned, Baseline, Lock, Matrix, OnTheWay, Problem};
use super::super::search::{Budget, Found, Tour};
use super::{Log, Options, run};

/// How often the parts are cut anew, at least.
const ROUNDS_MIN: u32 = 6;
/// A round lasts no longer than this.
const ROUND_MAX: Duration = Duration::from_millis(1_500);

/// Whether a problem can be cut: nobody is tied to anybody, and no limit holds for all parts together.
pub(super) fn suit(problem: &Problem, threads: usize) -> bool {
    problem.is_plain() && problem.rules.changes_max.is_none() && problem.caregivers.len() >= 2 * threads
}

/// Improves the parts side by side, round after round; the best plan between two rounds is kept.
pub(super) fn improve_in_parts(
    data: &Data<'_>,
    start: &[Tour],
    options: &Options<'_>,
    log: &Log<'_>,
) -> Found {
    let started = log.started;
    let nothing =
        Budget { started, deadline: None, iterations: Some(0), cancel: options.cancel, cooling: (0.0, 0.0) };
    let mut found = run(data, start, &nothing, options.seed, |iterations, cost| log.hear(iterations, cost));
    let mut best = found.clone();
    let whole = options.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
    let rounds =
        whole.map_or(ROUNDS_MIN, |whole| ROUNDS_MIN.max(whole.div_duration_f64(ROUND_MAX).ceil() as u32));
    for round in 0..rounds {
        if nothing.is_cancelled() {
            break;
        }
        // Where the search is, not the best it met: only that takes the annealing further.
        let is_last = round + 1 == rounds;
        let begun = Instant::now();
        let deadline = options
            .deadline
            .map(|deadline| begun + deadline.saturating_duration_since(begun) / (rounds - round));
        let budget = Budget {
            started: begun,
            deadline,
            iterations: options.iterations.map(|all| all / u64::from(rounds)),
            cancel: options.cancel,
            cooling: (f64::from(round) / f64::from(rounds), f64::from(round + 1) / f64::from(rounds)),
        };
        let side = sides(data, &found.tours, options.threads, round);
        let seed = options.seed.wrapping_add(1_000 * u64::from(round + 1));
        let parts: Vec<Part> =
            (0..options.threads).map(|number| Part::cut(data, &found.tours, &side, number)).collect();
        let results: Vec<Found> = std::thread::scope(|scope| {
            let threads: Vec<_> = parts
                .iter()
                .enumerate()
                .map(|(number, part)| scope.spawn(move || part.improve(&budget, seed + number as u64)))
                .collect();
            threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
        });
        let mut tours = found.tours.clone();
        let mut iterations = found.iterations;
        if results.len() == parts.len() {
            for (part, result) in parts.iter().zip(&results) {
                part.put_back(if is_last { &result.tours } else { &result.last }, &mut tours);
                iterations += result.iterations;
            }
        }
        let cooled = Budget { started: begun, cooling: (1.0, 1.0), ..nothing };
        let merged = run(data, &tours, &cooled, options.seed, |_, _| ());
        found = Found { iterations, ..merged };
        if found.cost < best.cost {
            log.hear(iterations, found.cost);
            best = found.clone();
        }
    }
    Found { iterations: found.iterations, ..best }
}

/// The part of each caregiver: cut along changing directions through the middles of the routes, with what hangs together on one side.
fn sides(data: &Data<'_>, tours: &[Tour], parts: usize, round: u32) -> Vec<usize> {
    let legs = data.legs.first();
    // Without coordinates, distance from a caregiver's home tells directions apart: another one each round.
    let caregivers = &data.problem.caregivers;
    let pole = caregivers[(round as usize * 7919 + 13) % caregivers.len()].start_place as u32;
    let tour_distance = |caregiver: usize| {
        let place = tours[caregiver].visits.get(tours[caregiver].visits.len() / 2);
        let place =
            place.map_or(caregivers[caregiver].start_place as u32, |visit| data.tasks[*visit as usize].place);
        legs.map_or(0, |legs| legs.get(pole, place))
    };
    let mut order: Vec<usize> = (0..caregivers.len()).collect();
    order.sort_by_key(|caregiver| (tour_distance(*caregiver), *caregiver));
    let mut side = vec![0; caregivers.len()];
    for (rank, caregiver) in order.iter().enumerate() {
        side[*caregiver] = rank * parts / caregivers.len();
    }
    side
}

/// Some caregivers with their visits, as a problem of its own.
struct Part {
    problem: Problem,
    /// The numbers of its visits and caregivers in the whole.
    visits: Vec<u32>,
    caregivers: Vec<usize>,
    tours: Vec<Tour>,
}

impl Part {
    fn cut(data: &Data<'_>, tours: &[Tour], side: &[usize], number: usize) -> Part {
        let whole = data.problem;
        let caregivers: Vec<usize> = (0..side.len()).filter(|caregiver| side[*caregiver] == number).collect();
        let mut side_of = vec![usize::MAX; data.tasks.len()];
        for (caregiver, tour) in tours.iter().enumerate() {
            for visit in &tour.visits {
                side_of[*visit as usize] = side[caregiver];
            }
        }
        for (visit, side_of) in side_of.iter_mut().enumerate() {
            // The absent try their luck where caregivers who may come start nearest.
            if *side_of == usize::MAX {
                *side_of = data.starts_near[visit].first().map_or(0, |caregiver| side[*caregiver as usize]);
            }
        }
        let visits: Vec<u32> =
            (0..data.tasks.len() as u32).filter(|visit| side_of[*visit as usize] == number).collect();
        let mut number_of = vec![NONE; data.tasks.len()];
        visits.iter().enumerate().for_each(|(new, old)| number_of[*old as usize] = new as u32);
        let tours = caregivers
            .iter()
            .map(|caregiver| Tour {
                visits: tours[*caregiver].visits.iter().map(|visit| number_of[*visit as usize]).collect(),
                rest: tours[*caregiver].rest,
            })
            .collect();
        let problem = part_of(whole, &visits, &caregivers);
        Part { problem, visits, caregivers, tours }
    }

    fn improve(&self, budget: &Budget<'_>, seed: u64) -> Found {
        run(&Data::new(&self.problem, || budget.is_cancelled()), &self.tours, budget, seed, |_, _| ())
    }

    fn put_back(&self, tours: &[Tour], whole: &mut [Tour]) {
        for (caregiver, tour) in self.caregivers.iter().zip(tours) {
            whole[*caregiver] = Tour {
                visits: tour.visits.iter().map(|visit| self.visits[*visit as usize]).collect(),
                rest: tour.rest,
            };
        }
    }
}

/// The number of no caregiver of a part.
const NOBODY: usize = usize::MAX;

fn part_of(whole: &Problem, visits: &[u32], caregivers: &[usize]) -> Problem {
    let new_caregiver = |old: usize| caregivers.iter().position(|caregiver| *caregiver == old);
    let visit = |old: &u32| {
        let mut visit = whole.visits[*old as usize].clone();
        // Whom the elder knows in another part is nobody here, but the wish stays, and so does what people were told.
        for preferred in &mut visit.preferred {
            preferred.caregiver = new_caregiver(preferred.caregiver).unwrap_or(NOBODY);
        }
        visit.barred = visit.barred.iter().filter_map(|barred| new_caregiver(*barred)).collect();
        let lock = match visit.lock {
            Lock::Caregiver(who) => new_caregiver(who).map(Lock::Caregiver),
            Lock::Both { caregiver, start } => {
                new_caregiver(caregiver).map(|caregiver| Lock::Both { caregiver, start })
            }
            Lock::Fact { caregiver, start } => {
                new_caregiver(caregiver).map(|caregiver| Lock::Fact { caregiver, start })
            }
            other => Some(other),
        };
        // Whoever it is locked to is in another part: here nobody may come.
        visit.lock = lock.unwrap_or_else(|| {
            visit.barred = (0..caregivers.len()).collect();
            Lock::None
        });
        visit
    };
    let places = Places::of(whole, visits, caregivers);
    let caregiver = |old: &usize| {
        let mut caregiver = whole.caregivers[*old].clone();
        caregiver.start_place = places.number_of[caregiver.start_place];
        caregiver.end_place = places.number_of[caregiver.end_place];
        caregiver.on_the_way = caregiver.on_the_way.and_then(|to| {
            let visit = visits.iter().position(|visit| *visit as usize == to.visit)?;
            Some(OnTheWay { visit, ..to })
        });
        caregiver
    };
    let baseline = whole.baseline.as_ref().map(|baseline| Baseline {
        assigned: visits
            .iter()
            .map(|visit| {
                let told = baseline.assigned[*visit as usize]?;
                Some(Assigned { caregiver: new_caregiver(told.caregiver).unwrap_or(NOBODY), ..told })
            })
            .collect(),
    });
    let visit = |old: &u32| {
        let mut visit = visit(old);
        visit.place = places.number_of[visit.place];
        visit
    };
    Problem {
        visits: visits.iter().map(visit).collect(),
        caregivers: caregivers.iter().map(caregiver).collect(),
        groups: Vec::new(),
        travel: whole.travel.iter().map(|matrix| places.cut(matrix)).collect(),
        skills: whole.skills.clone(),
        rules: whole.rules,
        weights: whole.weights,
        baseline,
    }
}

/// The places of a part: a matrix of those alone is small and stays in the processor's cache.
struct Places {
    /// Numbers in the whole.
    old: Vec<usize>,
    number_of: Vec<usize>,
}

impl Places {
    fn of(whole: &Problem, visits: &[u32], caregivers: &[usize]) -> Places {
        let visited = visits.iter().map(|visit| whole.visits[*visit as usize].place);
        let ends = caregivers.iter().map(|caregiver| &whole.caregivers[*caregiver]);
        let mut old: Vec<usize> =
            visited.chain(ends.flat_map(|one| [one.start_place, one.end_place])).collect();
        old.sort_unstable();
        old.dedup();
        let mut number_of = vec![0; old.last().map_or(0, |last| last + 1)];
        old.iter().enumerate().for_each(|(number, place)| number_of[*place] = number);
        Places { old, number_of }
    }

    fn cut(&self, matrix: &Matrix) -> Matrix {
        let from = self.old.iter();
        let ticks = from.flat_map(|from| self.old.iter().map(|to| matrix.get(*from, *to)));
        Matrix { size: self.old.len(), ticks: ticks.collect() }
    }
}
