//! What is taken out of a plan: stretches of neighbouring routes, with or without a gap of visits that stay.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{Settings, State};
use crate::dispatch::solver::data::Data;

pub(super) struct Ruin {
    /// The step in which a route was last ruined.
    ruined_in: Vec<u64>,
    step: u64,
    indices: Vec<usize>,
    near: Vec<u32>,
}

impl Ruin {
    pub fn new(data: &Data<'_>) -> Self {
        Ruin { ruined_in: vec![0; data.caregivers], step: 0, indices: Vec::new(), near: Vec::new() }
    }

    /// Removes strings of visits around a random one.
    pub fn strings<S: State>(&mut self, state: &mut S, settings: &Settings, rng: &mut ChaCha8Rng) {
        let visits = state.data().tasks.len();
        if visits == 0 {
            return;
        }
        self.step += 1;
        let served = visits - state.absent().len();
        let used = (0..state.data().caregivers).filter(|route| state.visits_of(*route) > 0).count().max(1);
        let longest = settings.string_max.min((served / used).max(1)) as f64;
        let most = 4.0 * settings.removed_mean / (1.0 + longest) - 1.0;
        let strings = rng.random_range(1.0..most.max(1.0) + 1.0) as usize;
        let seed = rng.random_range(0..visits);
        let mut near = std::mem::take(&mut self.near);
        near.clone_from(&state.data().near[seed]);
        let mut ruined = 0;
        for visit in &near {
            if ruined == strings {
                break;
            }
            let Some((route, at)) = state.find(*visit) else { continue };
            let first = state.first_free(route);
            if self.ruined_in[route] == self.step || at < first {
                continue;
            }
            self.ruined_in[route] = self.step;
            ruined += 1;
            let free = state.visits_of(route) - first;
            let length = rng.random_range(1.0..(free as f64).min(longest) + 1.0) as usize;
            self.choose(at - first, free, length, rng);
            self.indices.iter_mut().for_each(|index| *index += first);
            state.remove(route, &self.indices);
        }
        self.near = near;
    }

    /// Chooses `length` of `free` consecutive visits, the one at `at` among their stretch.
    fn choose(&mut self, at: usize, free: usize, length: usize, rng: &mut ChaCha8Rng) {
        let mut stays = 0;
        if length > 1 && length < free && rng.random_bool(0.5) {
            stays = 1;
            while length + stays < free && rng.random_bool(0.99) && rng.random_bool(0.5) {
                stays += 1;
            }
        }
        let stretch = length + stays;
        let lowest = (at + 1).saturating_sub(stretch);
        let highest = at.min(free - stretch);
        let from = rng.random_range(lowest..=highest);
        let gap = if stays == 0 { stretch } else { rng.random_range(1..length) };
        self.indices.clear();
        self.indices.extend((from..from + gap.min(stretch)).chain(from + gap + stays..from + stretch));
    }
}
