//! Counts of samples by size, in the bins of an HDR histogram, but only for the range in which samples lie: a histogram of
//! ten milliseconds to one second takes 56 kB so, and not 168.

/// Bins that are added at once at either end.
const GRAIN: usize = 64;

/// How often samples of each size were seen. The sizes are nanoseconds.
#[derive(Debug, Clone)]
pub(super) struct Bins {
    /// Significant decimal digits that a bin tells apart, 1 to 3.
    digits: u8,
    /// The place of the first of `counts`, a multiple of [`GRAIN`].
    first: usize,
    counts: Vec<u64>,
    total: u64,
}

impl Bins {
    /// No samples yet. `digits` beyond 1 to 3 are taken for the nearest of these.
    pub(super) fn new(digits: u8) -> Self {
        Self { digits: digits.clamp(1, 3), first: 0, counts: Vec::new(), total: 0 }
    }

    pub(super) fn digits(&self) -> u8 {
        self.digits
    }

    /// Number of samples.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// Bytes of the counts.
    pub(super) fn bytes(&self) -> usize {
        self.counts.capacity() * size_of::<u64>()
    }

    /// Adds a sample `n` times; false, and nothing is added, where the number of samples would overflow.
    pub(super) fn add(&mut self, ns: u64, n: u64) -> bool {
        let Some(total) = self.total.checked_add(n) else { return false };
        self.total = total;
        let place = self.place(ns);
        // Their sum does not overflow, so none of them does.
        match self.counts.get_mut(place.wrapping_sub(self.first)) {
            Some(count) => *count += n,
            None => *self.make_room(place) += n,
        }
        true
    }

    /// Adds all samples of another; false where there are too many of them.
    pub(super) fn merge(&mut self, other: &Self) -> bool {
        other.recorded().all(|(ns, n)| self.add(ns, n))
    }

    /// The middle of each bin that holds samples, and how many, in ascending order.
    pub(super) fn recorded(&self) -> impl Iterator<Item = (u64, u64)> {
        let held = self.counts.iter().enumerate().filter(|(_, n)| **n > 0);
        held.map(|(i, n)| (self.middle(self.first + i), *n))
    }

    /// The share of samples that lie in the bin of this size or below, from 0 to 1.
    pub(super) fn share_up_to(&self, ns: u64) -> f64 {
        let Some(end) = (self.place(ns) + 1).checked_sub(self.first) else { return 0.0 };
        let below: u64 = self.counts.iter().take(end).sum();
        below as f64 / self.total.max(1) as f64
    }

    /// Bits of a size that tell the bins of one octave apart: 10^digits, twice, fit below the next octave.
    fn bits(&self) -> u32 {
        match self.digits {
            1 => 4,
            2 => 7,
            _ => 10,
        }
    }

    /// The bin of a size. The sizes of the first two octaves have one each; from there on, each octave has the same number.
    fn place(&self, ns: u64) -> usize {
        let shift = (ns | 1).ilog2().saturating_sub(self.bits());
        ((shift as usize) << self.bits()) + (ns >> shift) as usize
    }

    fn middle(&self, place: usize) -> u64 {
        let shift = (place >> self.bits()).saturating_sub(1);
        let lowest = ((place - (shift << self.bits())) as u64) << shift;
        lowest + (1 << shift) / 2
    }

    /// The count at a place for which there was no room.
    fn make_room(&mut self, place: usize) -> &mut u64 {
        let aligned = place - place % GRAIN;
        if self.counts.is_empty() {
            self.first = aligned;
        } else if aligned < self.first {
            let more = self.first - aligned;
            self.counts.reserve_exact(more);
            self.counts.splice(0..0, std::iter::repeat_n(0, more));
            self.first = aligned;
        }
        let needed = aligned - self.first + GRAIN;
        if let Some(more) = needed.checked_sub(self.counts.len()) {
            self.counts.reserve_exact(more);
            self.counts.resize(needed, 0);
        }
        &mut self.counts[place - self.first]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hdrhistogram::Histogram;

    #[test]
    fn the_bins_are_those_of_an_hdr_histogram() {
        for digits in 1..=3 {
            let mut theirs = Histogram::<u64>::new(digits).unwrap();
            let mut ours = Bins::new(digits);
            let mut ns = 1_u64;
            for i in 0..20_000_u64 {
                ns = ns.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(i);
                let value = ns >> (14 + i % 50);
                theirs.record_n(value, 1 + i % 3).unwrap();
                assert!(ours.add(value, 1 + i % 3));
            }
            let recorded: Vec<(u64, u64)> = theirs
                .iter_recorded()
                .map(|step| {
                    let middle = theirs.median_equivalent(step.value_iterated_to());
                    (middle, step.count_at_value())
                })
                .collect();
            assert_eq!(ours.recorded().collect::<Vec<_>>(), recorded);
            assert_eq!(ours.total(), theirs.len());
            for value in [0, 1, 2_047, 2_048, 1_000_000, 1 << 40] {
                let share = theirs.quantile_below(value);
                assert!((ours.share_up_to(value) - share).abs() < 1e-12, "{digits} {value}");
            }
        }
    }

    #[test]
    fn room_is_taken_only_where_samples_lie() {
        let mut bins = Bins::new(3);
        for ms in [1_000, 10, 500] {
            assert!(bins.add(ms * 1_000_000, 1));
        }
        assert!(bins.bytes() <= 57_344, "{}", bins.bytes());
        assert_eq!(bins.recorded().map(|(_, n)| n).collect::<Vec<_>>(), [1, 1, 1]);
    }

    #[test]
    fn more_samples_than_can_be_counted_are_refused() {
        let mut bins = Bins::new(3);
        assert!(bins.add(5, u64::MAX) && !bins.add(7, 1));
        assert_eq!((bins.total(), bins.recorded().count()), (u64::MAX, 1));
    }
}
