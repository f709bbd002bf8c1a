//! Times of which only the buckets are known that they fell into.

use crate::model::{Latency, Quantile};

/// So many times between two bounds, in milliseconds; the upper one may be unknown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bucket {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) count: u64,
}

/// Times in buckets, which need not be of one scheme.
#[derive(Debug, Clone, Default)]
pub(super) struct Buckets {
    all: Vec<Bucket>,
    count: u64,
    /// The sum of all times, unless one histogram does not have it.
    sum: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
}

/// What a histogram says beside its buckets, in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stated {
    pub(super) sum: Option<f64>,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
}

impl Buckets {
    /// Adds a histogram. The smallest and the largest time narrow its outer buckets.
    pub(super) fn add(&mut self, buckets: impl IntoIterator<Item = Bucket>, stated: Stated) {
        let first = self.count == 0;
        for Bucket { low, high, count } in buckets.into_iter().filter(|own| own.count > 0) {
            let low = stated.min.map_or(low, |min| low.max(min.min(high)));
            let high = stated.max.map_or(high, |max| high.min(max.max(low)));
            self.count = self.count.saturating_add(count);
            self.all.push(Bucket { low, high, count });
        }
        let both = |own: Option<f64>, more: Option<f64>, with: fn(f64, f64) -> f64| {
            if first { more } else { own.zip(more).map(|(own, more)| with(own, more)) }
        };
        self.sum = both(self.sum, stated.sum, |own, more| own + more);
        self.min = both(self.min, stated.min, f64::min);
        self.max = both(self.max, stated.max, f64::max);
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// What is known of the times. A quantile lies in a bucket, where it is taken to be as dashboards take it: in proportion to its
    /// rank. How far it may be from there is its rounding. One that lies beyond the last bound is not known.
    pub(super) fn latency(&self) -> Latency {
        let mut latency = Latency {
            count: Some(self.count),
            mean: self.sum.filter(|_| self.count > 0).map(|sum| sum / self.count as f64),
            min: self.min,
            max: self.max,
            ..Latency::default()
        };
        let [lows, highs] = self.bounds();
        let mut last = 0.0_f64;
        for level in Quantile::GRID {
            let Some(((low, part), (high, _))) =
                self.at(&lows, level).zip(self.at(&highs, level)).filter(|(_, h)| h.0.is_finite())
            else {
                continue;
            };
            // Where schemes are mixed, the places within two buckets may overlap; percentiles do not fall.
            let value = (low + part * (high - low)).max(last);
            last = value;
            latency.quantiles.insert(level, value);
            latency.half_steps.insert(level, (value - low).max(high - value));
        }
        latency
    }

    /// The lower and the upper bounds in order, with how many times have them: the k-th smallest time is between the k-th smallest
    /// of both.
    fn bounds(&self) -> [Vec<(f64, u64)>; 2] {
        let sorted = |of: fn(&Bucket) -> f64| {
            let mut all: Vec<(f64, u64)> =
                self.all.iter().map(|own| (of(own), own.count)).collect();
            all.sort_by(|a, b| a.0.total_cmp(&b.0));
            all.dedup_by(|next, first| {
                let same = next.0.total_cmp(&first.0).is_eq();
                first.1 += if same { next.1 } else { 0 };
                same
            });
            all
        };
        [sorted(|own| own.low), sorted(|own| own.high)]
    }

    /// The bound at the rank of a quantile, and how far the rank is into those that share it.
    fn at(&self, bounds: &[(f64, u64)], level: Quantile) -> Option<(f64, f64)> {
        let rank = level.fraction() * self.count as f64;
        let mut before = 0.0;
        for (bound, count) in bounds {
            let count = *count as f64;
            if rank <= before + count {
                return Some((*bound, ((rank - before) / count).clamp(0.0, 1.0)));
            }
            before += count;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(all: &[(f64, f64, u64)]) -> Buckets {
        let mut own = Buckets::default();
        let bucket =
            |(low, high, count): &(f64, f64, u64)| Bucket { low: *low, high: *high, count: *count };
        own.add(all.iter().map(bucket), Stated::default());
        own
    }

    #[test]
    fn a_quantile_is_in_proportion_to_its_rank_and_as_uncertain_as_its_bucket() {
        let latency = buckets(&[(0.0, 100.0, 60), (100.0, 200.0, 40)]).latency();
        assert_eq!(latency.quantiles[&Quantile::P90], 175.0);
        assert_eq!(latency.half_steps[&Quantile::P90], 75.0);
    }

    #[test]
    fn a_quantile_beyond_the_last_bound_is_not_known() {
        let open = [(0.0, 100.0, 90), (100.0, f64::INFINITY, 10)];
        let latency = buckets(&open).latency();
        assert!(latency.quantiles.contains_key(&Quantile::P90));
        assert!(!latency.quantiles.contains_key(&Quantile::P95));
        let mut known = Buckets::default();
        let bucket = |(low, high, count): (f64, f64, u64)| Bucket { low, high, count };
        known.add(open.map(bucket), Stated { max: Some(140.0), ..Stated::default() });
        assert_eq!(known.latency().quantiles[&Quantile::P95], 120.0);
    }

    #[test]
    fn histograms_of_two_schemes_add_up_to_what_both_of_them_leave_open() {
        let mut own = buckets(&[(0.0, 100.0, 50)]);
        own.add([Bucket { low: 50.0, high: 80.0, count: 50 }], Stated::default());
        let latency = own.latency();
        let (value, off) = (latency.quantiles[&Quantile::P50], latency.half_steps[&Quantile::P50]);
        // The 50th of 100 is between 0 and 80.
        assert!(value - off <= 0.0 && value + off >= 80.0, "{value} ± {off}");
    }
}
