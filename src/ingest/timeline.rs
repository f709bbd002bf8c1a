//! Requests, failures and response times second by second, for pictures: counts in a coarse histogram for each step of time.

use super::steps::{Counted, Steps};
use super::windows::WindowBuilder;
use crate::model::{Timeline, Untrusted};
use std::collections::BTreeMap;

/// Steps that are kept; with more, two become one.
const MOST: usize = 2_048;
/// Buckets of the histogram in each doubling of the time, and in all: up to 2^40 ns, eighteen minutes.
const PER_OCTAVE: u32 = 8;
const OCTAVES: usize = 30;
const BUCKETS: usize = OCTAVES * PER_OCTAVE as usize;
/// 2^10 ns, below which a time is as good as nothing.
const FIRST_OCTAVE: u32 = 10;

#[derive(Clone)]
struct Step {
    requests: u32,
    failures: u32,
    times: u32,
    buckets: Box<[u32; BUCKETS]>,
}

impl Default for Step {
    fn default() -> Self {
        Self { requests: 0, failures: 0, times: 0, buckets: Box::new([0; BUCKETS]) }
    }
}

impl Counted for Step {
    fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.failures += other.failures;
        self.times += other.times;
        for (own, more) in self.buckets.iter_mut().zip(other.buckets.iter()) {
            *own += more;
        }
    }
}

fn nanoseconds(ms: f64) -> u64 {
    (ms * 1e6) as u64
}

impl Step {
    fn times(&mut self, ns: u64, n: u32) {
        let ns = ns.max(1 << FIRST_OCTAVE);
        let octave = ns.ilog2().min(FIRST_OCTAVE + OCTAVES as u32 - 1);
        let part = (ns >> (octave - 3)) as u32 & (PER_OCTAVE - 1);
        self.times += n;
        self.buckets[((octave - FIRST_OCTAVE) * PER_OCTAVE + part) as usize] += n;
    }

    /// The p95 in milliseconds, the middle of its bucket.
    fn p95(&self) -> Option<f64> {
        let rank = (f64::from(self.times) * 0.95) as u32;
        let mut seen = 0;
        let bucket = self.buckets.iter().position(|n| {
            seen += n;
            seen > rank
        })?;
        let octave = FIRST_OCTAVE + bucket as u32 / PER_OCTAVE;
        let part = f64::from(bucket as u32 % PER_OCTAVE) + 0.5;
        Some(2_f64.powi(octave as i32) * (1.0 + part / f64::from(PER_OCTAVE)) / 1e6)
    }
}

/// What happened in each step of time. Steps are a second long, and longer in a long run.
pub(super) struct TimelineBuilder {
    steps: Steps<Step>,
    /// The same in windows that are judged.
    windows: WindowBuilder,
}

impl Default for TimelineBuilder {
    fn default() -> Self {
        Self { steps: Steps::new(1, MOST), windows: WindowBuilder::default() }
    }
}

impl TimelineBuilder {
    pub(super) fn users(&mut self, second: i64, users: u64) {
        self.windows.users(second, users);
    }

    pub(super) fn request(&mut self, second: i64) {
        self.windows.request(second);
        self.steps.at(second).requests += 1;
    }

    pub(super) fn failure(&mut self, second: i64) {
        self.windows.failure(second);
        self.steps.at(second).failures += 1;
    }

    pub(super) fn time(&mut self, second: i64, ms: f64) {
        let ns = nanoseconds(ms);
        self.windows.time(second, ns);
        self.steps.at(second).times(ns, 1);
    }

    /// Requests that are alike, with all that is known of them: what the others add one by one.
    pub(super) fn sample(&mut self, second: i64, ms: Option<f64>, failed: bool, n: u32) {
        let ns = ms.map(nanoseconds);
        self.windows.sample(second, ns, failed, n);
        let step = self.steps.at(second);
        step.requests += n;
        step.failures += if failed { n } else { 0 };
        if let Some(ns) = ns {
            step.times(ns, n);
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.windows.merge(other.windows);
        self.steps.merge(other.steps);
    }

    /// `throughput_rps`, `p95_ms` and, where there are any, `errors_per_s` over time, and the windows.
    pub(super) fn timelines(&mut self) -> BTreeMap<Untrusted, Timeline> {
        let (seconds, steps) = self.steps.all();
        let Some(first) = steps.keys().next() else { return BTreeMap::new() };
        let (width, start) = (seconds as f64, (first * seconds) as f64);
        let series = |of: &dyn Fn(&Step) -> Option<f64>| {
            let point = |(at, step): (&i64, &Step)| Some(((at * seconds) as f64, of(step)?));
            Timeline::of_points(&steps.iter().filter_map(point).collect::<Vec<_>>(), start)
        };
        let all = [
            ("throughput_rps", series(&|step| Some(f64::from(step.requests) / width))),
            ("p95_ms", series(&Step::p95)),
            ("errors_per_s", series(&|step| Some(f64::from(step.failures) / width))),
        ];
        let none = steps.values().all(|step| step.failures == 0);
        let wanted = all.into_iter().filter(|(name, _)| !(none && *name == "errors_per_s"));
        let drawn = wanted.filter_map(|(name, own)| Some((name.into(), own?)));
        drawn.chain(self.windows.timelines()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_hold_what_happened_in_them_whoever_gathered_it() {
        let (mut whole, mut left, mut right) =
            (TimelineBuilder::default(), TimelineBuilder::default(), TimelineBuilder::default());
        for i in 0..5_000_i64 {
            let second = 1_790_000_000 + i / 10;
            for own in [&mut whole, if i % 3 == 0 { &mut left } else { &mut right }] {
                own.request(second);
                own.time(second, if i % 10 == 0 { 80.0 } else { 20.0 });
            }
        }
        left.merge(right);
        assert_eq!(left.timelines(), whole.timelines());
        let lines = whole.timelines();
        assert_eq!(lines["throughput_rps"].values[0], Some(10.0));
        let p95 = lines["p95_ms"].values[0].unwrap();
        assert!((75.0..85.0).contains(&p95), "{p95}");
        assert!(!lines.contains_key("errors_per_s"));
    }

    #[test]
    fn a_long_run_has_longer_steps() {
        let mut hours = TimelineBuilder::default();
        (0..20_000).for_each(|second| hours.request(second));
        assert_eq!(hours.steps.all().0, 16);
        assert_eq!(hours.timelines()["throughput_rps"].values[3], Some(1.0));
    }
}
