//! Ruin and recreate with annealed acceptance (after Christiaens and Vanden Berghe, "Slack induction by string removals", 2020):
//! neighbouring stretches of routes are taken out and put back greedily, and a worse plan is kept with a falling probability.

mod best;
mod budget;
mod order;
mod partition;
mod pool;
mod ruin;

use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use self::best::Best;
pub(super) use self::budget::Budget;
use self::budget::Course;
use self::order::{Order, sort};
use self::pool::Pool;
use self::ruin::Ruin;
use super::data::Data;

/// The visits of one caregiver in their order, and the leg with the break, by the index of the visit it leads to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tour {
    pub visits: Vec<u32>,
    pub rest: Option<usize>,
}

/// A plan under change. Routes are numbered like caregivers, visits of a route from nought.
pub(super) trait State {
    fn data(&self) -> &Data<'_>;
    /// What the search goes by.
    fn cost(&self) -> i64;
    /// The plan's cost.
    fn exact_cost(&self) -> i64 {
        self.cost()
    }
    /// From here on the search goes by the plan's cost alone.
    fn leave_guide(&mut self) {}
    fn visits_of(&self, route: usize) -> usize;
    fn visit_at(&self, route: usize, index: usize) -> u32;
    /// The break of the route lies on the leg to the visit of this index.
    fn rest_of(&self, route: usize) -> Option<usize>;
    fn find(&self, visit: u32) -> Option<(usize, usize)>;
    /// The first visit of the route that may be moved.
    fn first_free(&self, route: usize) -> usize;
    fn absent(&mut self) -> &mut Vec<u32>;
    /// A step starts here; [`State::undo`] comes back to it.
    fn begin(&mut self);
    /// Takes the visits at `indices` (ascending) out of the route; they are absent then.
    fn remove(&mut self, route: usize, indices: &[usize]);
    /// All removals of the step are done. `false` when the rest cannot be, and the step is to be undone: where a detour is shorter than the
    /// direct way, a route without a visit may be longer than with it.
    fn removed(&mut self) -> bool;
    /// Puts an absent visit where it costs least, if that is less than leaving it out. The caller removes it from the absent.
    fn place(&mut self, visit: u32, blinks: &mut Blinks) -> bool;
    /// Exchanges the visits from `a` on with those from `b` on, each (route, index), if that is possible and changes the cost by less than
    /// `bound`; a step of its own.
    fn cross(&mut self, a: (usize, usize), b: (usize, usize), bound: f64) -> bool;
    /// What a route adds to the cost; nothing where that depends on other routes.
    fn cost_of(&self, route: usize) -> Option<i64>;
    /// Puts other tours in place of all that is free; a step of its own.
    fn replace(&mut self, tours: &[Tour]);
    /// The step stays; `changed` hears every route it touched.
    fn keep(&mut self, changed: impl FnMut(usize));
    fn undo(&mut self);
}

/// Now and then a place is overlooked, so that greed does not always end in the same plan.
pub(super) struct Blinks {
    rng: ChaCha8Rng,
    until_next: u32,
    log_open: f64,
}

impl Blinks {
    pub fn new(seed: u64, probability: f64) -> Self {
        let mut blinks = Blinks {
            rng: ChaCha8Rng::seed_from_u64(seed),
            until_next: 0,
            log_open: (1.0 - probability).ln(),
        };
        blinks.draw();
        blinks
    }

    /// Nothing is overlooked.
    pub fn never() -> Self {
        Blinks { until_next: u32::MAX, ..Blinks::new(0, 0.5) }
    }

    fn draw(&mut self) {
        let uniform: f64 = 1.0 - self.rng.random::<f64>();
        self.until_next = (uniform.ln() / self.log_open).min(1e9) as u32;
    }

    #[inline]
    pub fn blink(&mut self) -> bool {
        if self.until_next > 0 {
            self.until_next -= 1;
            return false;
        }
        self.draw();
        true
    }
}

/// How the search moves, by how tight the day is: whether its first plan leaves visits out. Where it does, one visit is to take the place
/// of another that costs several legs more, and that asks for more heat.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moods {
    pub all_served: Settings,
    pub some_left_out: Settings,
}

/// How the search moves. The values were found by measuring on the public benchmarks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    /// Visits taken out in a step, on average, and the most from one route.
    pub removed_mean: f64,
    pub string_max: usize,
    /// Temperatures at the start and at the end, as multiples of what an average leg costs.
    pub hot: f64,
    pub cold: f64,
    /// How often a place is overlooked.
    pub blink: f64,
    /// Exchanges of tails tried in a step.
    pub crossings: usize,
    /// How often a visit that was absent before the step takes part in it.
    pub absent_share: f64,
}

/// The part of the cooling in which a state may add to the cost what guides the search.
const GUIDED_UNTIL: f64 = 0.4;
/// Steps between two looks at the clock.
const LOOK_EVERY: u64 = 16;

/// What a search found.
#[derive(Clone)]
pub(super) struct Found {
    pub tours: Vec<Tour>,
    /// Where the search was when it stopped.
    pub last: Vec<Tour>,
    pub cost: i64,
    pub iterations: u64,
}

/// Improves the state until the budget is spent. `better` hears of every plan that is better than all before. Whoever cancels hears back
/// after the step that is under way; the first plan is cut short too, and what has no place in it by then is unserved.
pub(super) fn improve<S: State>(
    state: &mut S,
    moods: &Moods,
    budget: &Budget<'_>,
    seed: u64,
    mut better: impl FnMut(u64, i64),
) -> Found {
    let mut search = Search::new(state.data(), seed);
    state.begin();
    search.recreate(state, Order::Close, || budget.is_cancelled());
    state.keep(|_| ());
    let settings = if state.absent().is_empty() { &moods.all_served } else { &moods.some_left_out };
    search.blinks = Blinks::new(seed ^ 0x5eed, settings.blink);
    search.best.take(state);
    better(0, search.best.cost);
    let leg = average_leg_cost(state);
    let changes_max = changes_max(state);
    let mut current = state.cost();
    let mut temperature = 0.0;
    let mut alone = false;
    let mut iterations = 0;
    let may_repeat = state.data().caregivers > 1 && state.cost_of(0).is_some();
    let mut course = Course::new(budget, state.data().tasks.len(), may_repeat);
    while !budget.is_cancelled() {
        if iterations % LOOK_EVERY == 0 {
            let spent = budget.spent(iterations);
            if spent >= 1.0 {
                break;
            }
            let cooled = course.cooled(spent, iterations);
            if course.has_rounds() && search.pool.is_none() {
                search.pool = Some(Pool::new(state, leg, &mut search.rng));
            }
            if let Some(goes_back) = course.combines(spent) {
                search.combine(state, budget, (goes_back, changes_max), iterations, &mut better);
                current = state.cost();
            }
            if cooled >= GUIDED_UNTIL && !std::mem::replace(&mut alone, true) {
                state.leave_guide();
                current = state.cost();
            }
            temperature = leg * settings.hot * (settings.cold / settings.hot).powf(cooled);
        }
        iterations += 1;
        for _ in 0..settings.crossings {
            let bound = search.bound(temperature);
            if cross(state, bound, &mut search.rng) {
                if is_within(state, changes_max) {
                    current = state.cost();
                    search.keep(state, iterations, &mut better);
                } else {
                    state.undo();
                }
            }
        }
        state.begin();
        let possible = search.step(state, settings);
        let worse = (state.cost() - current) as f64;
        if possible && worse < search.bound(temperature) && is_within(state, changes_max) {
            current = state.cost();
            search.keep(state, iterations, &mut better);
        } else {
            state.undo();
        }
    }
    let last = (0..state.data().caregivers).map(|route| tour(state, route)).collect();
    Found { last, tours: search.best.tours, cost: search.best.cost, iterations }
}

/// What one search needs between its steps.
struct Search {
    rng: ChaCha8Rng,
    blinks: Blinks,
    ruin: Ruin,
    best: Best,
    waiting: Vec<u32>,
    aside: Vec<u32>,
    /// Routes of good plans, where there are several rounds.
    pool: Option<Pool>,
    kept: Vec<usize>,
}

impl Search {
    fn new(data: &Data<'_>, seed: u64) -> Search {
        Search {
            rng: ChaCha8Rng::seed_from_u64(seed),
            blinks: Blinks::never(),
            ruin: Ruin::new(data),
            best: Best::new(data.caregivers),
            waiting: Vec::new(),
            aside: Vec::new(),
            pool: None,
            kept: Vec::new(),
        }
    }

    /// How much worse a plan may be to be kept (annealing: exponentially distributed).
    fn bound(&mut self, temperature: f64) -> f64 {
        -temperature * (1.0 - self.rng.random::<f64>()).ln()
    }

    fn keep<S: State>(&mut self, state: &mut S, iterations: u64, better: &mut impl FnMut(u64, i64)) {
        let (best, kept) = (&mut self.best, &mut self.kept);
        kept.clear();
        state.keep(|route| {
            best.touch(route);
            kept.push(route);
        });
        if let Some(pool) = &mut self.pool {
            pool.add_all(state, best.cost, kept);
        }
        if state.exact_cost() < self.best.cost {
            self.best.take(state);
            better(iterations, self.best.cost);
        }
    }

    /// Puts the routes of good plans together to a better one and goes on from it; if there is none, from the best one if it `goes_back`.
    fn combine<S: State>(
        &mut self,
        state: &mut S,
        budget: &Budget<'_>,
        (goes_back, changes_max): (bool, Option<usize>),
        iterations: u64,
        better: &mut impl FnMut(u64, i64),
    ) {
        let is_over = || budget.is_cancelled() || budget.spent(iterations) >= 1.0;
        let Some(pool) = &mut self.pool else { return };
        let found = pool.cheapest(self.best.cost, is_over);
        pool.end_round();
        let Some(tours) = found.or_else(|| goes_back.then(|| self.best.tours.clone())) else { return };
        state.replace(&tours);
        if state.exact_cost() <= self.best.cost && is_within(state, changes_max) {
            self.keep(state, iterations, better);
        } else {
            state.undo();
        }
    }

    /// Ruins and recreates. `false` where what the ruin leaves cannot be.
    fn step<S: State>(&mut self, state: &mut S, settings: &Settings) -> bool {
        let before = state.absent().len();
        self.ruin.strings(state, settings, &mut self.rng);
        if !state.removed() {
            return false;
        }
        if settings.absent_share < 1.0 && before > 0 {
            let absent = state.absent();
            let gone = absent.split_off(before);
            let rng = &mut self.rng;
            self.aside.extend(absent.extract_if(.., |_| !rng.random_bool(settings.absent_share)));
            absent.extend(gone);
        }
        let order = Order::draw(&mut self.rng);
        self.recreate(state, order, || false);
        state.absent().append(&mut self.aside);
        true
    }

    fn recreate<S: State>(&mut self, state: &mut S, order: Order, is_over: impl Fn() -> bool) {
        self.waiting.clear();
        self.waiting.append(state.absent());
        sort(state.data(), &mut self.waiting, order, &mut self.rng);
        let blinks = &mut self.blinks;
        self.waiting.retain(|visit| is_over() || !state.place(*visit, blinks));
        // A visit left out may have come in later, with its group.
        self.waiting.retain(|visit| state.find(*visit).is_none());
        state.absent().append(&mut self.waiting);
    }
}

fn tour(state: &impl State, route: usize) -> Tour {
    let visits = (0..state.visits_of(route)).map(|index| state.visit_at(route, index)).collect();
    Tour { visits, rest: state.rest_of(route) }
}

/// The scale of temperatures: what an average leg costs.
fn average_leg_cost<S: State>(state: &S) -> f64 {
    let data = state.data();
    let mut legs = 0_u32;
    let mut sum = 0.0;
    for route in 0..data.caregivers {
        for index in 1..state.visits_of(route) {
            let place = |index| data.tasks[state.visit_at(route, index) as usize].place;
            sum += f64::from(data.legs_of(route).get(place(index - 1), place(index)));
            legs += 1;
        }
    }
    let price = data.problem.weights.travel.max(1) as f64;
    (sum / f64::from(legs.max(1))).max(1.0) * price
}

/// Most visits that may differ from the baseline: as the rules say, or as many as differ now where that is more.
fn changes_max<S: State>(state: &S) -> Option<usize> {
    let most = state.data().problem.rules.changes_max?;
    Some(most.max(changes(state)))
}

fn is_within<S: State>(state: &S, changes_max: Option<usize>) -> bool {
    changes_max.is_none_or(|most| changes(state) <= most)
}

fn changes<S: State>(state: &S) -> usize {
    let Some(baseline) = &state.data().problem.baseline else { return 0 };
    let told = baseline.assigned.iter().enumerate();
    told.filter_map(|(visit, told)| Some((visit, (*told)?)))
        .filter(|(visit, told)| state.find(*visit as u32).map(|found| found.0) != Some(told.caregiver))
        .count()
}

/// Tries to let a random visit be followed by one that is near it, in another route.
fn cross<S: State>(state: &mut S, bound: f64, rng: &mut ChaCha8Rng) -> bool {
    let data = state.data();
    if data.tasks.is_empty() {
        return false;
    }
    let first = rng.random_range(0..data.tasks.len());
    let near = &data.near[first];
    let next = near[rng.random_range(0..near.len().min(CROSS_NEAR_MAX))];
    let (Some(a), Some(b)) = (state.find(first as u32), state.find(next)) else { return false };
    if a.0 == b.0 || a.1 + 1 < state.first_free(a.0) || b.1 < state.first_free(b.0) {
        return false;
    }
    state.cross((a.0, a.1 + 1), b, bound)
}

const CROSS_NEAR_MAX: usize = 40;
