//! Problems drawn at random. Every choice takes one number of a list, and nought is always the plainest choice, so that a failing
//! list shrinks to a small problem.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use songhe::dispatch::solver::*;

/// The same cases in every run, so that none fails by luck alone; `SONGHE_TEST_SOAK` takes forty times as many.
pub fn run(cases: u32, test: impl Fn(Vec<u16>) -> Result<(), TestCaseError>) {
    let cases = if std::env::var_os("SONGHE_TEST_SOAK").is_some() { 40 * cases } else { cases };
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 500, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    runner.run(&vec(any::<u16>(), 0..700), test).unwrap();
}

pub struct Draw {
    numbers: std::vec::IntoIter<u16>,
}

/// What kind of problem is drawn.
#[derive(Clone, Copy)]
pub struct Shape {
    pub visits: usize,
    pub caregivers: usize,
    /// Last tick of the windows.
    pub day: usize,
    /// Only what is judged by feasibility alone: hard windows, no groups, no overtime, breaks that are taken on the way.
    pub plain: bool,
    /// Waiting may cost something, and soft visits may have several windows.
    pub waiting: bool,
}

impl Draw {
    pub fn new(numbers: Vec<u16>) -> Self {
        Draw { numbers: numbers.into_iter() }
    }

    /// From 0 to `most`.
    pub fn up_to(&mut self, most: usize) -> usize {
        usize::from(self.numbers.next().unwrap_or(0)) % (most + 1)
    }

    fn time(&mut self, most: usize) -> Time {
        self.up_to(most) as Time
    }

    pub fn one_in(&mut self, count: usize) -> bool {
        self.up_to(count - 1) == count - 1
    }

    fn weight(&mut self, choices: &[i64]) -> i64 {
        choices[self.up_to(choices.len() - 1)]
    }
}

const PLACES: usize = 6;
const SKILLS: usize = 2;

pub fn problem(draw: &mut Draw, shape: Shape) -> Problem {
    let mut problem = Problem {
        skills: vec!["nursing".into(), "lifting".into()],
        travel: matrices(draw),
        weights: weights(draw, shape),
        ..Problem::default()
    };
    problem.rules.due = if draw.one_in(3) { Due::End } else { Due::Start };
    problem.rules.now = (draw.one_in(4)).then(|| draw.time(shape.day / 3));
    problem.caregivers = (0..shape.caregivers).map(|_| caregiver(draw, shape)).collect();
    problem.visits = (0..shape.visits).map(|_| visit(draw, shape, &problem.rules)).collect();
    if problem.rules.now.is_some() {
        for caregiver in &mut problem.caregivers {
            let to = OnTheWay { visit: draw.up_to(shape.visits - 1), arrives_at: draw.time(shape.day) };
            caregiver.on_the_way = draw.one_in(2).then_some(to);
        }
    }
    if !shape.plain {
        problem.groups = groups(draw, shape.visits);
    }
    if draw.one_in(4) {
        let assigned = (0..shape.visits).map(|_| {
            draw.one_in(2).then(|| Assigned {
                caregiver: draw.up_to(shape.caregivers - 1),
                start: draw.time(shape.day),
            })
        });
        problem.baseline = Some(Baseline { assigned: assigned.collect() });
    }
    problem
}

/// Walking on a grid, and a second mode that keeps neither symmetry nor the triangle inequality.
fn matrices(draw: &mut Draw) -> Vec<Matrix> {
    let at: Vec<(Time, Time)> = (0..PLACES).map(|_| (draw.time(8), draw.time(8))).collect();
    let walk = |from: usize, to: usize| (at[from].0 - at[to].0).abs() + (at[from].1 - at[to].1).abs();
    let legs = (0..PLACES).flat_map(|from| (0..PLACES).map(move |to| (from, to)));
    let walking: Vec<Time> = legs.clone().map(|(from, to)| walk(from, to)).collect();
    let riding =
        legs.map(|(from, to)| if from == to { 0 } else { walk(from, to) / 2 + draw.time(6) }).collect();
    vec![Matrix { size: PLACES, ticks: walking }, Matrix { size: PLACES, ticks: riding }]
}

fn weights(draw: &mut Draw, shape: Shape) -> Weights {
    Weights {
        unserved_mandatory: draw.weight(&[5000, 20_000]),
        unserved: draw.weight(&[1000, 200, 30]),
        lateness: draw.weight(&[3, 0, 10]),
        lateness_max: if shape.plain { 0 } else { draw.weight(&[0, 0, 5]) },
        overtime: draw.weight(&[2, 0, 7]),
        missed_rests: draw.weight(&[40, 5]),
        continuity: draw.weight(&[1, 0]),
        wishes: draw.weight(&[20, 0]),
        fairness: if shape.plain { 0 } else { draw.weight(&[0, 0, 2]) },
        idle_max: if shape.plain { 0 } else { draw.weight(&[0, 0, 1]) },
        waiting: if shape.waiting { draw.weight(&[0, 1, 4]) } else { 0 },
        changes: draw.weight(&[0, 15]),
        travel: draw.weight(&[1, 3]),
    }
}

fn caregiver(draw: &mut Draw, shape: Shape) -> Caregiver {
    let from = draw.time(10);
    let shift = Window { from, to: from + shape.day as Time - draw.time(shape.day / 2) };
    let mut caregiver = Caregiver::at(draw.up_to(PLACES - 1), shift);
    if draw.one_in(3) {
        caregiver.end_place = draw.up_to(PLACES - 1);
    }
    if !shape.plain && draw.one_in(2) {
        caregiver.overtime_max = draw.time(30);
    }
    if draw.one_in(2) {
        let from = shift.from + draw.time(shape.day / 2);
        let (place, skippable) = if shape.plain {
            (RestPlace::OnTheWay, false)
        } else {
            (if draw.one_in(2) { RestPlace::AtStop } else { RestPlace::OnTheWay }, draw.one_in(2))
        };
        let window = Window { from, to: from + draw.time(30) };
        caregiver.rest = Some(Rest { window, duration: draw.time(8), place, skippable });
    }
    caregiver.skills = (0..SKILLS).filter(|_| !draw.one_in(4)).collect();
    caregiver.gender = [None, Some(Gender::Female), Some(Gender::Male)][draw.up_to(2)];
    caregiver.languages = (0..3).filter(|_| draw.one_in(2)).collect();
    caregiver.mode = draw.up_to(1);
    caregiver.work_max = draw.one_in(4).then(|| draw.time(shape.day));
    caregiver.capacity = draw.one_in(4).then(|| draw.up_to(6) as i64);
    caregiver
}

fn visit(draw: &mut Draw, shape: Shape, rules: &Rules) -> Visit {
    let duration = draw.time(12);
    let from = draw.time(shape.day * 3 / 4);
    let window = Window { from, to: from + duration + draw.time(40) };
    let mut visit = Visit::at(draw.up_to(PLACES - 1), duration, window);
    if !shape.plain && draw.one_in(2) {
        visit.lateness = Lateness::Soft { factor: 1 + draw.up_to(2) as u32 };
    }
    if (visit.lateness == Lateness::Hard || shape.waiting) && draw.one_in(3) {
        let from = window.to + draw.time(15);
        visit.windows.push(Window { from, to: from + duration + draw.time(10) });
    }
    visit.skills = (0..SKILLS).filter(|_| draw.one_in(5)).collect();
    let hard = draw.one_in(3);
    visit.gender = draw.one_in(5).then_some(Wish { value: Gender::Female, hard });
    visit.languages =
        draw.one_in(5).then(|| Wish { value: vec![draw.up_to(2) as u16], hard: draw.one_in(3) });
    visit.priority = 1 + draw.up_to(2) as u32;
    visit.mandatory = draw.one_in(4);
    visit.load = draw.up_to(3) as i64;
    visit.preferred = (0..shape.caregivers)
        .filter_map(|caregiver| {
            let familiarity = 1 + draw.up_to(99) as u32;
            draw.one_in(6).then_some(Preferred { caregiver, familiarity })
        })
        .collect();
    visit.barred = (0..shape.caregivers).filter(|_| draw.one_in(12)).collect();
    visit.lock = lock(draw, shape, rules, window);
    visit
}

fn lock(draw: &mut Draw, shape: Shape, rules: &Rules, window: Window) -> Lock {
    let caregiver = draw.up_to(shape.caregivers - 1);
    let start = window.from + draw.time(10);
    if let Some(now) = rules.now
        && draw.one_in(4)
    {
        return Lock::Fact { caregiver, start: draw.time(now as usize) };
    }
    match draw.up_to(13) {
        11 => Lock::Caregiver(caregiver),
        12 => Lock::Start(start),
        13 => Lock::Both { caregiver, start },
        _ => Lock::None,
    }
}

/// Neighbours in the list of visits, in twos and threes.
fn groups(draw: &mut Draw, visits: usize) -> Vec<Group> {
    let mut groups = Vec::new();
    let mut next = 0;
    while next + 2 <= visits {
        if !draw.one_in(4) {
            next += 1;
            continue;
        }
        let size = if next + 3 <= visits && draw.one_in(4) { 3 } else { 2 };
        let lag_min = draw.time(20) - 5;
        let lag_max = lag_min + draw.time(25);
        let relation =
            [Relation::Together, Relation::After { lag_min, lag_max }, Relation::Independent][draw.up_to(2)];
        let mut members: Vec<usize> = (next..next + size).collect();
        if draw.one_in(2) {
            members.reverse();
        }
        groups.push(Group { members, relation });
        next += size;
    }
    groups
}
