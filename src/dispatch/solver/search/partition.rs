//! The cheapest plan that known routes make up: each visit in one of the chosen routes or left out (set partitioning). Prices of visits from
//! a Lagrangian relaxation leave few routes that can be part of a cheaper plan; a search through those is exact but for its limit.

/// A route that was once part of a plan.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub cost: i64,
    /// Alike caregivers are of one kind.
    pub kind: u32,
    pub visits: Vec<u32>,
    /// What the cheapest plan costs that it was part of.
    pub plan_cost: i64,
}

/// What is to be covered.
pub(super) struct Partition<'a> {
    pub routes: &'a [Known],
    /// By visit: the cost of leaving it out.
    pub unserved: &'a [i64],
    /// By kind: how many caregivers there are.
    pub caregivers: &'a [u32],
    /// A plan counts only if it costs less.
    pub below: i64,
}

/// Improvements of the prices.
const PRICINGS: usize = 250;
/// Routes are sifted after so many.
const SIFTED_EVERY: usize = 20;
/// Prices that do not improve the bound so often in a row are improved by smaller steps.
const PATIENCE: usize = 15;
/// Routes that the search goes through at most, and choices it makes.
const CANDIDATES_MAX: usize = 3_000;
const CHOICES_MAX: usize = 20_000;

/// What visits and kinds of caregivers are worth, and the bound that follows: no plan of these routes costs less.
#[derive(Clone)]
struct Prices {
    visits: Vec<f64>,
    kinds: Vec<f64>,
    bound: f64,
}

impl Prices {
    /// What a route costs beyond what its visits are worth.
    fn excess(&self, route: &Known) -> f64 {
        let worth: f64 = route.visits.iter().map(|visit| self.visits[*visit as usize]).sum();
        route.cost as f64 - worth - self.kinds[route.kind as usize]
    }
}

impl Partition<'_> {
    /// The routes of the cheapest plan found, by their numbers; nothing where none costs less than it must, or when the time is over.
    pub fn cheapest(&self, is_over: impl Fn() -> bool) -> Option<Vec<usize>> {
        let (prices, left) = self.prices(&is_over)?;
        let candidate =
            |number: &usize| Candidate { number: *number, excess: prices.excess(&self.routes[*number]) };
        let mut candidates: Vec<Candidate> = left.iter().map(candidate).collect();
        candidates.sort_by(|a, b| a.excess.total_cmp(&b.excess).then(a.number.cmp(&b.number)));
        candidates.truncate(CANDIDATES_MAX);
        let worth: f64 = prices.visits.iter().sum();
        let kinds = prices.kinds.iter().zip(self.caregivers);
        let start = worth + kinds.map(|(price, count)| price * f64::from(*count)).sum::<f64>();
        let mut search = Choice {
            partition: self,
            prices: &prices,
            is_covered: vec![false; self.unserved.len()],
            left: self.caregivers.to_vec(),
            chosen: Vec::new(),
            cost: self.unserved.iter().sum(),
            best: None,
            below: self.below,
            choices: 0,
            counts: vec![0; self.unserved.len()],
        };
        search.choose(&candidates, start, &is_over);
        search.best
    }

    /// Subgradient steps from prices at which every visit is worth the same; and the routes that may be part of a cheaper plan, which are
    /// fewer the better the bound is.
    fn prices(&self, is_over: &impl Fn() -> bool) -> Option<(Prices, Vec<usize>)> {
        let share = |visit: &i64| (self.below as f64 / self.unserved.len().max(1) as f64).min(*visit as f64);
        let mut prices = Prices {
            visits: self.unserved.iter().map(share).collect(),
            kinds: vec![0.0; self.caregivers.len()],
            bound: f64::NEG_INFINITY,
        };
        let mut best = prices.clone();
        let mut left: Vec<usize> = (0..self.routes.len()).collect();
        let (mut pace, mut since_best) = (1.5, 0);
        for pricing in 0..PRICINGS {
            if is_over() {
                return None;
            }
            let slopes = self.slopes(&mut prices, &left);
            if prices.bound > best.bound {
                best.clone_from(&prices);
                since_best = 0;
            } else {
                since_best += 1;
                if since_best % PATIENCE == 0 {
                    pace *= 0.6;
                }
            }
            // Costs are whole numbers: a half is room for what floats round off.
            if best.bound > self.below as f64 - 0.5 {
                return None;
            }
            if pricing % SIFTED_EVERY == SIFTED_EVERY - 1 {
                self.sift(&best, &mut left);
            }
            let steepness: f64 = slopes.0.iter().chain(&slopes.1).map(|slope| slope * slope).sum();
            if steepness == 0.0 {
                break;
            }
            let length = pace * (self.below as f64 - prices.bound) / steepness;
            for ((price, slope), unserved) in prices.visits.iter_mut().zip(&slopes.0).zip(self.unserved) {
                *price = (*price + length * slope).min(*unserved as f64);
            }
            for (price, slope) in prices.kinds.iter_mut().zip(&slopes.1) {
                *price = (*price + length * slope).min(0.0);
            }
        }
        self.sift(&best, &mut left);
        Some((best, left))
    }

    /// Leaves out the routes with which a plan costs too much already.
    fn sift(&self, prices: &Prices, left: &mut Vec<usize>) {
        let gap = self.below as f64 - prices.bound;
        left.retain(|number| prices.excess(&self.routes[*number]) < gap);
    }

    /// Works out the bound of the prices, and how it changes with each.
    fn slopes(&self, prices: &mut Prices, left: &[usize]) -> (Vec<f64>, Vec<f64>) {
        let mut visits = vec![1.0; self.unserved.len()];
        let mut kinds: Vec<f64> = self.caregivers.iter().map(|count| f64::from(*count)).collect();
        let kinds_worth: f64 = prices.kinds.iter().zip(&kinds).map(|(price, count)| price * count).sum();
        let mut bound = prices.visits.iter().sum::<f64>() + kinds_worth;
        for route in left.iter().map(|number| &self.routes[*number]) {
            let excess = prices.excess(route);
            if excess < 0.0 {
                bound += excess;
                for visit in &route.visits {
                    visits[*visit as usize] -= 1.0;
                }
                kinds[route.kind as usize] -= 1.0;
            }
        }
        // A price that is at its limit and would go beyond it stays.
        for ((slope, price), unserved) in visits.iter_mut().zip(&prices.visits).zip(self.unserved) {
            if *slope > 0.0 && *price >= *unserved as f64 {
                *slope = 0.0;
            }
        }
        for (slope, price) in kinds.iter_mut().zip(&prices.kinds) {
            if *slope > 0.0 && *price >= 0.0 {
                *slope = 0.0;
            }
        }
        prices.bound = bound;
        (visits, kinds)
    }
}

#[derive(Debug, Clone, Copy)]
struct Candidate {
    number: usize,
    excess: f64,
}

/// Branch and bound: the visit with the fewest routes left comes next.
struct Choice<'a> {
    partition: &'a Partition<'a>,
    prices: &'a Prices,
    is_covered: Vec<bool>,
    left: Vec<u32>,
    chosen: Vec<usize>,
    cost: i64,
    best: Option<Vec<usize>>,
    below: i64,
    choices: usize,
    counts: Vec<u32>,
}

impl Choice<'_> {
    /// `bound`: what the plan costs at least, but for candidates whose visits are worth more than they cost.
    fn choose(&mut self, candidates: &[Candidate], bound: f64, is_over: &impl Fn() -> bool) {
        self.choices += 1;
        if self.choices > CHOICES_MAX || self.choices.is_multiple_of(64) && is_over() {
            self.choices = CHOICES_MAX;
            return;
        }
        if self.cost < self.below {
            self.below = self.cost;
            self.best = Some(self.chosen.clone());
        }
        let bargains: f64 = candidates.iter().map(|one| one.excess.min(0.0)).sum();
        let Some(visit) = self.scarcest(candidates) else { return };
        let routes = &self.partition.routes;
        for candidate in candidates {
            let route = &routes[candidate.number];
            let excess = candidate.excess.max(0.0);
            if self.choices >= CHOICES_MAX {
                return;
            }
            if bound + bargains + excess > self.below as f64 - 0.5 {
                break;
            }
            if !route.visits.contains(&visit) {
                continue;
            }
            let saved: i64 = route.visits.iter().map(|one| self.partition.unserved[*one as usize]).sum();
            self.cover(route, true);
            self.chosen.push(candidate.number);
            self.left[route.kind as usize] -= 1;
            self.cost += route.cost - saved;
            let is_free = |other: &&Candidate| {
                let other = &routes[other.number];
                self.left[other.kind as usize] > 0
                    && !other.visits.iter().any(|one| self.is_covered[*one as usize])
            };
            let rest: Vec<Candidate> = candidates.iter().filter(is_free).copied().collect();
            self.choose(&rest, bound + candidate.excess, is_over);
            self.cost -= route.cost - saved;
            self.left[route.kind as usize] += 1;
            self.chosen.pop();
            self.cover(route, false);
        }
        // Or nobody comes.
        let left_out = self.partition.unserved[visit as usize] as f64 - self.prices.visits[visit as usize];
        if bound + bargains + left_out <= self.below as f64 - 0.5 {
            self.is_covered[visit as usize] = true;
            let without = |one: &&Candidate| !routes[one.number].visits.contains(&visit);
            let rest: Vec<Candidate> = candidates.iter().filter(without).copied().collect();
            self.choose(&rest, bound + left_out, is_over);
            self.is_covered[visit as usize] = false;
        }
    }

    fn cover(&mut self, route: &Known, is_covered: bool) {
        for visit in &route.visits {
            self.is_covered[*visit as usize] = is_covered;
        }
    }

    /// The uncovered visit that is in the fewest routes left; nothing where none is in any.
    fn scarcest(&mut self, candidates: &[Candidate]) -> Option<u32> {
        self.counts.fill(0);
        for candidate in candidates {
            for visit in &self.partition.routes[candidate.number].visits {
                self.counts[*visit as usize] += 1;
            }
        }
        let counts = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        counts.min_by_key(|(_, count)| **count).map(|(visit, _)| visit as u32)
    }
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// The cost of the cheapest plan, by trying every choice of routes.
    fn cheapest_of_all(partition: &Partition<'_>, from: usize, covered: u32, left: &mut [u32]) -> i64 {
        let Some(route) = partition.routes.get(from) else {
            let unserved = partition.unserved.iter().enumerate();
            return unserved.filter(|(visit, _)| covered & 1 << visit == 0).map(|(_, cost)| cost).sum();
        };
        let without = cheapest_of_all(partition, from + 1, covered, left);
        let own = route.visits.iter().fold(0_u32, |own, visit| own | 1 << visit);
        if own & covered != 0 || left[route.kind as usize] == 0 {
            return without;
        }
        left[route.kind as usize] -= 1;
        let with = route.cost + cheapest_of_all(partition, from + 1, covered | own, left);
        left[route.kind as usize] += 1;
        with.min(without)
    }

    fn routes(rng: &mut ChaCha8Rng, visits: u32, kinds: u32, count: usize) -> Vec<Known> {
        let mut route = || Known {
            cost: rng.random_range(1..60),
            kind: rng.random_range(0..kinds),
            visits: (0..visits).filter(|_| rng.random_bool(0.4)).collect(),
            plan_cost: 0,
        };
        let routes: Vec<Known> = (0..count).map(|_| route()).collect();
        routes.into_iter().filter(|route| !route.visits.is_empty()).collect()
    }

    #[test]
    fn it_finds_the_cheapest_choice_of_routes_or_tells_that_none_is_cheap_enough() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let (mut found, mut none) = (0, 0);
        for _ in 0..300 {
            let routes = routes(&mut rng, 8, 3, 14);
            let unserved: Vec<i64> = (0..8).map(|_| rng.random_range(5..40)).collect();
            let caregivers = [1, 2, 1];
            let nobody: i64 = unserved.iter().sum();
            let below = rng.random_range(nobody / 8..=nobody / 2);
            let partition =
                Partition { routes: &routes, unserved: &unserved, caregivers: &caregivers, below };
            let least = cheapest_of_all(&partition, 0, 0, &mut caregivers.clone());
            let Some(chosen) = partition.cheapest(|| false) else {
                assert!(least >= below, "{least} is less than {below}");
                none += 1;
                continue;
            };
            let mut cost = nobody;
            let mut times = [0; 8];
            let mut left = caregivers;
            for route in chosen.iter().map(|number| &routes[*number]) {
                left[route.kind as usize] = left[route.kind as usize].checked_sub(1).unwrap();
                for visit in &route.visits {
                    times[*visit as usize] += 1;
                }
                let saved: i64 = route.visits.iter().map(|visit| unserved[*visit as usize]).sum();
                cost += route.cost - saved;
            }
            assert!(times.iter().all(|times| *times <= 1));
            assert_eq!(cost, least);
            found += 1;
        }
        assert!(found > 50 && none > 50, "{found} found, {none} not");
    }

    #[test]
    fn it_stops_when_the_time_is_over() {
        let routes = [Known { cost: 1, kind: 0, visits: vec![0], plan_cost: 0 }];
        let partition = Partition { routes: &routes, unserved: &[5], caregivers: &[1], below: 5 };
        assert_eq!(partition.cheapest(|| true), None);
        assert_eq!(partition.cheapest(|| false), Some(vec![0]));
    }
}
