//! The order in which absent visits look for their places.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::super::data::Data;

/// In which order absent visits are put back.
#[derive(Debug, Clone, Copy)]
pub(super) enum Order {
    Random,
    Long,
    Narrow,
    Early,
    Late,
    Close,
    Far,
}

impl Order {
    pub fn draw(rng: &mut ChaCha8Rng) -> Order {
        match rng.random_range(0..17) {
            0..4 => Order::Random,
            4..8 => Order::Long,
            8..10 => Order::Narrow,
            10..12 => Order::Early,
            12..14 => Order::Late,
            14..16 => Order::Far,
            _ => Order::Close,
        }
    }
}

pub(super) fn sort(data: &Data<'_>, visits: &mut [u32], order: Order, rng: &mut ChaCha8Rng) {
    let task = |visit: &u32| &data.tasks[*visit as usize];
    match order {
        Order::Random => {
            for index in (1..visits.len()).rev() {
                visits.swap(index, rng.random_range(0..=index));
            }
        }
        Order::Long => {
            visits
                .sort_unstable_by_key(|visit| (-i64::from(task(visit).duration), -task(visit).load, *visit));
        }
        Order::Narrow => visits.sort_unstable_by_key(|visit| (task(visit).to - task(visit).from, *visit)),
        Order::Early => visits.sort_unstable_by_key(|visit| (task(visit).from, *visit)),
        Order::Late => visits.sort_unstable_by_key(|visit| (-task(visit).to, *visit)),
        Order::Close => visits.sort_unstable_by_key(|visit| (data.remoteness[*visit as usize], *visit)),
        Order::Far => visits.sort_unstable_by_key(|visit| (-data.remoteness[*visit as usize], *visit)),
    }
}
