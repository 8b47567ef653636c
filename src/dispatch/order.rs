//! In which order the rows of a proposal are applied, so that nobody is ever in two places on the way: a visit goes where another
//! one has just left, and what changes places goes at once.

use crate::clock::Instant;

/// Caregiver, start and end.
pub type Slot = (i64, Instant, Instant);

#[derive(Clone, Copy, Debug)]
pub struct Move {
    pub now: Option<Slot>,
    pub then: Slot,
    pub group: Option<i64>,
}

/// Rows by position, in parts that have no caregiver and no group in common.
pub fn parts(moves: &[Move]) -> Vec<Vec<usize>> {
    let mut found: Vec<Vec<usize>> = Vec::new();
    for (row, one) in moves.iter().enumerate() {
        let touches = |part: &Vec<usize>| part.iter().any(|other| touches(one, &moves[*other]));
        let (mut joined, apart): (Vec<_>, Vec<_>) = found.into_iter().partition(touches);
        joined.push(vec![row]);
        found = apart;
        found.push(joined.concat());
    }
    for part in &mut found {
        part.sort_unstable();
    }
    found.sort_unstable();
    found
}

fn touches(one: &Move, other: &Move) -> bool {
    let people = |a: &Move| [Some(a.then.0), a.now.map(|(caregiver, ..)| caregiver)];
    let mine = people(one);
    (one.group.is_some() && one.group == other.group)
        || people(other).into_iter().flatten().any(|caregiver| mine.contains(&Some(caregiver)))
}

/// Rows by position, in batches: each holds what has to go at once, and comes after what has to go before.
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
    let (caregiver, from, to) = one.then;
    other.now.is_some_and(|(who, starts, ends)| who == caregiver && starts < to && from < ends)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

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
    fn rows_of_the_same_people_or_group_are_one_part() {
        let grouped = |caregiver| Move { group: Some(7), ..moved(None, slot(caregiver, 9)) };
        let moves = [
            grouped(1),
            moved(None, slot(5, 9)),
            grouped(2),
            moved(Some(slot(2, 15)), slot(3, 15)),
            moved(None, slot(5, 11)),
        ];
        assert_eq!(parts(&moves), [vec![0, 2, 3], vec![1, 4]]);
        let chain = [moved(None, slot(1, 9)), moved(None, slot(2, 9)), moved(Some(slot(1, 12)), slot(2, 12))];
        assert_eq!(parts(&chain), [vec![0, 1, 2]]);
        assert_eq!(parts(&[]), Vec::<Vec<usize>>::new());
    }
}
