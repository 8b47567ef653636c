//! In which order the rows of a proposal are applied, so that nobody is ever in two places on the way: a visit goes where another
//! one has just left, and what changes places goes at once.

use chrono::TimeDelta;

use crate::clock::Instant;

/// Ways lie between visits: what ends so shortly before another begins may be in its way.
const WAY: TimeDelta = TimeDelta::minutes(45);

/// Caregiver, start and end.
pub type Slot = (i64, Instant, Instant);

pub struct Move {
    pub now: Option<Slot>,
    pub then: Slot,
    pub group: Option<i64>,
}

/// Rows by position, in transactions: each holds what has to go at once, and comes after what has to go before.
pub fn batches(moves: &[Move]) -> Vec<Vec<usize>> {
    let mut pending: Vec<usize> = (0..moves.len()).collect();
    let mut found = Vec::new();
    while !pending.is_empty() {
        let smallest = pending.iter().map(|row| closure(moves, &pending, *row)).min_by_key(Vec::len);
        let Some(batch) = smallest else { break };
        pending.retain(|row| !batch.contains(row));
        found.push(batch);
    }
    found
}

/// The row with all that must go before it or with it.
fn closure(moves: &[Move], pending: &[usize], row: usize) -> Vec<usize> {
    let mut reached = vec![row];
    let mut next = 0;
    while next < reached.len() {
        let one = reached[next];
        let new: Vec<usize> = pending
            .iter()
            .copied()
            .filter(|other| !reached.contains(other) && must_wait(&moves[one], &moves[*other]))
            .collect();
        reached.extend(new);
        next += 1;
    }
    reached.sort_unstable();
    reached
}

/// Whether `one` cannot go before `other` has.
fn must_wait(one: &Move, other: &Move) -> bool {
    if one.group.is_some() && one.group == other.group {
        return true;
    }
    let (caregiver, from, to) = one.then;
    other.now.is_some_and(|(who, starts, ends)| who == caregiver && starts < to + WAY && from - WAY < ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(caregiver: i64, hour: i64) -> Slot {
        let from = Instant::default() + TimeDelta::hours(hour);
        (caregiver, from, from + TimeDelta::minutes(60))
    }

    fn moved(now: Option<Slot>, then: Slot) -> Move {
        Move { now, then, group: None }
    }

    #[test]
    fn a_visit_goes_after_the_one_that_makes_room_for_it() {
        let moves = [moved(None, slot(1, 9)), moved(Some(slot(1, 9)), slot(2, 9))];
        assert_eq!(batches(&moves), [vec![1], vec![0]]);
    }

    #[test]
    fn visits_that_change_places_go_at_once() {
        let moves = [
            moved(Some(slot(1, 9)), slot(2, 9)),
            moved(Some(slot(2, 9)), slot(1, 9)),
            moved(None, slot(3, 9)),
        ];
        assert_eq!(batches(&moves), [vec![2], vec![0, 1]]);
    }

    #[test]
    fn a_group_goes_at_once() {
        let grouped = |hour| Move { group: Some(7), ..moved(None, slot(hour, 9)) };
        assert_eq!(batches(&[grouped(1), moved(None, slot(5, 9)), grouped(2)]), [vec![1], vec![0, 2]]);
    }
}
