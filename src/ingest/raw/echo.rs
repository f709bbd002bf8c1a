//! Whether a file holds all of its samples several times, as one does that was appended to itself: every number of the run would
//! still be right, but for the requests.

/// How often all samples come, in whatever order: by how many of them have each bit of a hash.
///
/// Where every sample comes k times, all of these counts are multiples of k. Of samples that do not, each count is one by chance
/// alone, and 64 of them are not.
#[derive(Debug, Clone)]
pub(in crate::ingest) struct Echo {
    samples: u64,
    /// How many samples have each bit, but for those in `lanes`.
    bits: [u64; BITS],
    /// The same of the last samples, eight counts of a byte in each.
    lanes: [u64; LANES],
    /// Samples in `lanes`.
    pending: u8,
    /// The first of them, and whether another one came: samples that are all the same tell nothing.
    first: u64,
    varied: bool,
}

const BITS: usize = 64;
const LANES: usize = 8;
/// The lowest bit of each byte.
const LOWEST: u64 = 0x0101_0101_0101_0101;
/// Samples below which all that come twice may be chance.
const FEWEST: u64 = 8;

impl Default for Echo {
    fn default() -> Self {
        let (bits, lanes) = ([0; BITS], [0; LANES]);
        Self { samples: 0, bits, lanes, pending: 0, first: 0, varied: false }
    }
}

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
        for (i, lane) in self.lanes.iter_mut().enumerate() {
            *lane += (mixed >> i) & LOWEST;
        }
        self.samples += 1;
        self.pending += 1;
        if self.pending == u8::MAX {
            self.bits = self.counts();
            (self.lanes, self.pending) = ([0; LANES], 0);
        }
    }

    /// How many samples have each bit.
    fn counts(&self) -> [u64; BITS] {
        let mut bits = self.bits;
        for (i, lane) in self.lanes.iter().enumerate() {
            for (byte, count) in lane.to_le_bytes().into_iter().enumerate() {
                bits[byte * 8 + i] += u64::from(count);
            }
        }
        bits
    }

    pub(in crate::ingest) fn merge(&mut self, other: &Self) {
        if self.samples == 0 {
            self.first = other.first;
        }
        self.varied |= other.varied || (other.samples > 0 && other.first != self.first);
        self.bits = self.counts();
        (self.lanes, self.pending) = ([0; LANES], 0);
        self.bits.iter_mut().zip(other.counts()).for_each(|(own, more)| *own += more);
        self.samples += other.samples;
    }

    /// How often all samples come, and how many there are, all of them together; none where they come once.
    pub(in crate::ingest) fn repeated(&self) -> Option<(u64, u64)> {
        let times = self.counts().into_iter().fold(self.samples, common_divisor);
        (self.samples >= FEWEST && self.varied && times > 1).then_some((times, self.samples))
    }
}

/// The greatest number that divides both.
fn common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { common_divisor(b, a % b) }
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
    fn samples_that_all_come_again_are_told_in_any_order_and_by_any_number_of_workers() {
        assert_eq!(of((0..100).chain(0..100)).repeated(), Some((2, 200)));
        let mut whole = of((0..100).rev());
        whole.merge(&of(0..40));
        whole.merge(&of(40..100));
        assert_eq!(whole.repeated(), Some((2, 200)));
        for times in [3, 4, 5, 7, 12] {
            let samples = (0..times).flat_map(|_| 0..1000);
            assert_eq!(of(samples).repeated(), Some((times, times * 1000)));
        }
    }

    #[test]
    fn samples_that_are_alike_by_chance_are_not_repeated() {
        assert_eq!(of(0..200).repeated(), None);
        assert_eq!(of((0..100).chain(0..99)).repeated(), None);
        assert_eq!(of((0..100).chain(0..100).chain(0..99)).repeated(), None);
        assert_eq!(of((0..100).chain(0..100).chain(0..50)).repeated(), None);
        assert_eq!(of(std::iter::repeat_n(5, 100)).repeated(), None);
        assert_eq!(of([1, 1, 2, 2].into_iter()).repeated(), None);
    }
}
