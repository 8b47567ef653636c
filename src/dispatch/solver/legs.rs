//! Travel times as the search reads them.

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
        let symmetric =
            (0..size).all(|from| (0..from).all(|to| matrix.get(from, to) == matrix.get(to, from)));
        let back = if symmetric {
            Vec::new()
        } else {
            (0..size * size).map(|index| matrix.get(index % size, index / size)).collect()
        };
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
