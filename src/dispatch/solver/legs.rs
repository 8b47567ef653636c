//! Travel times as the search reads them.

use std::ops::Range;

use super::problem::{Matrix, Time};

/// Travel times of one mode, readable along rows in both directions.
pub(super) struct Legs<'p> {
    size: usize,
    out: &'p [Time],
    /// The transposed matrix; empty when it equals the matrix.
    back: Vec<Time>,
}

impl<'p> Legs<'p> {
    pub fn new(matrix: &'p Matrix) -> Self {
        let size = matrix.size;
        let is_symmetric = tiles(size).all(|(rows, columns)| {
            rows.clone().all(|from| columns.clone().all(|to| matrix.get(from, to) == matrix.get(to, from)))
        });
        let mut back = Vec::new();
        if !is_symmetric {
            back = vec![0; size * size];
            for (rows, columns) in tiles(size) {
                for from in rows {
                    columns.clone().for_each(|to| back[to * size + from] = matrix.get(from, to));
                }
            }
        }
        Legs { size, out: &matrix.ticks, back }
    }

    /// Travel times from `place`, by place.
    #[inline]
    pub fn from(&self, place: u32) -> &[Time] {
        let at = place as usize * self.size;
        &self.out[at..at + self.size]
    }

    /// Travel times to `place`, by place.
    #[inline]
    pub fn to(&self, place: u32) -> &[Time] {
        let at = place as usize * self.size;
        let rows = if self.back.is_empty() { self.out } else { &self.back };
        &rows[at..at + self.size]
    }

    #[inline]
    pub fn get(&self, from: u32, to: u32) -> Time {
        self.out[from as usize * self.size + to as usize]
    }
}

/// Rows and columns that fit into the processor's cache together.
const TILE: usize = 64;

/// A large matrix tile by tile: to walk down its columns would wait for memory at each step.
fn tiles(size: usize) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
    let cuts = move || (0..size).step_by(TILE).map(move |from| from..(from + TILE).min(size));
    cuts().flat_map(move |rows| cuts().map(move |columns| (rows.clone(), columns)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_can_be_read_in_both_directions_whether_the_matrix_is_symmetric_or_not() {
        let size = 2 * TILE + 3;
        let even = |index: usize| (index / size + index % size) as Time;
        let mut matrix = Matrix { size, ticks: (0..size * size).map(even).collect() };
        for is_symmetric in [true, false] {
            let legs = Legs::new(&matrix);
            assert_eq!(legs.back.is_empty(), is_symmetric);
            for from in 0..size as u32 {
                for to in 0..size as u32 {
                    assert_eq!(legs.from(from)[to as usize], legs.get(from, to));
                    assert_eq!(legs.to(to)[from as usize], legs.get(from, to));
                }
            }
            matrix.ticks[size * (size - 1) + 2] += 1;
        }
    }
}
