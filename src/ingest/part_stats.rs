//! How long the parts of an endpoint's requests took.

use crate::model::{Distribution, Named as _, Part, PartTime, Untrusted};
use std::collections::BTreeMap;

const NS_PER_MS: f64 = 1e6;

/// The times of each part.
#[derive(Default)]
pub(super) struct PartStats {
    /// By the number of the part; none before the first time.
    all: Option<Box<[Times; Part::COUNT]>>,
    /// Whether sums are all that is kept.
    means_only: bool,
}

/// What is kept of the times of one part.
enum Times {
    All(Distribution),
    /// Their sum in nanoseconds, and their number.
    Sum(u64, u64),
}

impl Times {
    fn new(part: Part, means_only: bool) -> Self {
        match means_only {
            true => Self::Sum(0, 0),
            false => Self::All(Distribution::with_digits(part.digits())),
        }
    }

    fn add(&mut self, ms: f64) {
        // Clocks that go back make a time negative, which is none.
        let ms = ms.max(0.0);
        match self {
            // What is longer than a week is a fault of the clock as well.
            Self::All(times) => times.record(ms).unwrap_or_default(),
            Self::Sum(sum, count) => {
                *sum = sum.saturating_add((ms * NS_PER_MS + 0.5) as u64);
                *count += 1;
            }
        }
    }

    fn sum(&self) -> (u64, u64) {
        match self {
            // More than five hundred years in all are not worth telling apart.
            Self::All(times) => (u64::try_from(times.sum_ns()).unwrap_or(u64::MAX), times.count()),
            Self::Sum(sum, count) => (*sum, *count),
        }
    }

    fn merge(&mut self, other: &Self) {
        match (&mut *self, other) {
            // Both hold times alone, so that one takes the other.
            (Self::All(own), Self::All(more)) => own.merge(more).unwrap_or_default(),
            _ => {
                let ((a, n), (b, m)) = (self.sum(), other.sum());
                *self = Self::Sum(a.saturating_add(b), n + m);
            }
        }
    }

    fn time(self) -> Option<PartTime> {
        match self {
            Self::All(times) => (times.count() > 0).then(|| PartTime::from_distribution(times)),
            Self::Sum(sum, count) => (count > 0).then(|| {
                let mean = sum as f64 / count as f64 / NS_PER_MS;
                PartTime::Mean((mean * 1e3).round() / 1e3)
            }),
        }
    }
}

impl PartStats {
    pub(super) fn add(&mut self, part: Part, ms: f64) {
        let means_only = self.means_only;
        let new = || Box::new(std::array::from_fn(|i| Times::new(Part::ALL[i], means_only)));
        self.all.get_or_insert_with(new)[part as usize].add(ms);
    }

    /// From now on, keeps sums alone.
    pub(super) fn keep_means(&mut self) {
        self.means_only = true;
        for times in self.all.iter_mut().flat_map(|all| all.iter_mut()) {
            let (sum, count) = times.sum();
            *times = Times::Sum(sum, count);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_none()
    }

    /// Bytes of the times.
    pub(super) fn bytes(&self) -> usize {
        let bytes = |times: &Times| match times {
            Times::All(times) => times.bytes(),
            Times::Sum(..) => 0,
        };
        self.all.iter().flat_map(|all| all.iter()).map(bytes).sum()
    }

    pub(super) fn merge(&mut self, other: &Self) {
        let Some(more) = &other.all else { return };
        let means_only = self.means_only;
        let new = || Box::new(std::array::from_fn(|i| Times::new(Part::ALL[i], means_only)));
        let own = self.all.get_or_insert_with(new);
        own.iter_mut().zip(more.iter()).for_each(|(own, more)| own.merge(more));
    }

    /// The times of each part that took any.
    pub(super) fn times(self) -> BTreeMap<Untrusted, PartTime> {
        let all = self.all.into_iter().flat_map(|all| *all);
        let time = |(part, times): (&Part, Times)| {
            let time = times.time().filter(|time| !time.is_nothing())?;
            Some((Untrusted::from(part.name()), time))
        };
        let mut times: BTreeMap<Untrusted, PartTime> =
            Part::ALL.iter().zip(all).filter_map(time).collect();
        add_first_byte(&mut times);
        times
    }
}

/// k6 calls the wait for the first byte the time to it.
pub(super) fn add_first_byte(times: &mut BTreeMap<Untrusted, PartTime>) {
    let first_byte = Untrusted::from(Part::Ttfb.name());
    let waiting = times.get(&Untrusted::from(Part::Waiting.name())).cloned();
    if let Some(waiting) = waiting.filter(|_| !times.contains_key(&first_byte)) {
        times.insert(first_byte, waiting);
    }
}
