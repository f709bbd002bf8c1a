//! Whether a file holds all of its samples twice, as one does that was appended to itself: every number of the run would still be
//! right, but for twice the requests.

/// What remains of all samples once each has cancelled its double, in whatever order they come.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::ingest) struct Echo {
    samples: u64,
    /// Exclusive or of all: nothing remains where each came twice.
    rest: u64,
    /// The first of them, and whether another one came: samples that are all the same tell nothing.
    first: u64,
    varied: bool,
}

/// Samples below which two that are the same may be chance.
const FEWEST: u64 = 8;

impl Echo {
    /// Adds a sample, by what tells it from others.
    pub(in crate::ingest) fn add(&mut self, parts: [u64; 3]) {
        let mixed = parts.into_iter().fold(0, |all: u64, part| {
            let mixed = (all ^ part).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            mixed ^ (mixed >> 32)
        });
        if self.samples == 0 {
            self.first = mixed;
        }
        self.varied |= mixed != self.first;
        self.rest ^= mixed;
        self.samples += 1;
    }

    pub(in crate::ingest) fn merge(&mut self, other: &Self) {
        if self.samples == 0 {
            self.first = other.first;
        }
        self.varied |= other.varied || (other.samples > 0 && other.first != self.first);
        self.rest ^= other.rest;
        self.samples += other.samples;
    }

    /// How many samples there are, both times together, where each came twice.
    pub(super) fn doubled(&self) -> Option<u64> {
        (self.samples >= FEWEST && self.varied && self.rest == 0).then_some(self.samples)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(samples: impl Iterator<Item = u64>) -> Echo {
        let mut all = Echo::default();
        samples.for_each(|sample| all.add([sample, sample / 3, 7]));
        all
    }

    #[test]
    fn samples_that_all_come_twice_are_told_in_any_order_and_by_any_number_of_workers() {
        assert_eq!(of((0..100).chain(0..100)).doubled(), Some(200));
        let mut whole = of((0..100).rev());
        whole.merge(&of(0..40));
        whole.merge(&of(40..100));
        assert_eq!(whole.doubled(), Some(200));
    }

    #[test]
    fn samples_that_are_alike_by_chance_are_not_doubled() {
        assert_eq!(of(0..200).doubled(), None);
        assert_eq!(of((0..100).chain(0..99)).doubled(), None);
        assert_eq!(of(std::iter::repeat_n(5, 100)).doubled(), None);
        assert_eq!(of([1, 1, 2, 2].into_iter()).doubled(), None);
    }
}
