//! What happened in each ten seconds of a load, to be judged: requests, failures, users, and percentiles of the response times.

use super::steps::{Counted, Steps};
use crate::model::{Timeline, Untrusted, WINDOW_S, Window};
use std::collections::BTreeMap;

/// Windows that are kept; with more, two become one.
const MOST: usize = 1_440;
/// Buckets of a decade: response times are told apart by three digits.
const PER_DECADE: usize = 900;
const DECADES: u32 = 10;
const BUCKETS: usize = PER_DECADE * DECADES as usize;
/// Powers of ten of the smallest time that is told, in nanoseconds: a microsecond.
const FIRST_DECADE: u32 = 3;

struct Counts {
    requests: u64,
    failures: u64,
    /// The fewest users at once.
    users: Option<u64>,
    times: u64,
    buckets: Box<[u32; BUCKETS]>,
}

impl Default for Counts {
    fn default() -> Self {
        let buckets = Box::new([0; BUCKETS]);
        Self { requests: 0, failures: 0, users: None, times: 0, buckets }
    }
}

impl Counted for Counts {
    fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.failures += other.failures;
        self.users = self.users.into_iter().chain(other.users).min();
        self.times += other.times;
        for (own, more) in self.buckets.iter_mut().zip(other.buckets.iter()) {
            *own += more;
        }
    }
}

impl Counts {
    /// The smallest time that this share of the requests does not exceed, in milliseconds.
    fn quantile(&self, share: f64) -> Option<f64> {
        let rank = (share * self.times as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        let bucket = self.buckets.iter().position(|n| {
            seen += u64::from(*n);
            seen >= rank
        })?;
        let decade = FIRST_DECADE as i32 + (bucket / PER_DECADE) as i32;
        let digits = (bucket % PER_DECADE + PER_DECADE / 9) as f64;
        Some(digits * 10_f64.powi(decade - 2 - 6))
    }
}

/// A unit of the third digit in each decade, in nanoseconds. A loop that computes it would be most of the work.
const UNITS: [u64; DECADES as usize] = {
    let mut units = [10_u64.pow(FIRST_DECADE - 2); DECADES as usize];
    let mut decade = 1;
    while decade < units.len() {
        units[decade] = units[decade - 1] * 10;
        decade += 1;
    }
    units
};

/// The bucket of a time in nanoseconds: its power of ten, and its first three digits.
fn bucket(ns: u64) -> usize {
    let ns = ns.clamp(10_u64.pow(FIRST_DECADE), 10_u64.pow(FIRST_DECADE + DECADES) - 1);
    let decade = (ns.ilog10() - FIRST_DECADE) as usize;
    let unit = UNITS[decade];
    // 9996 is 10.0 of the next decade.
    let digits = ((ns + unit / 2) / unit) as usize;
    (decade * PER_DECADE + digits - PER_DECADE / 9).min(BUCKETS - 1)
}

/// The windows of a load, which begin at whole tens of seconds.
pub(super) struct WindowBuilder {
    steps: Steps<Counts>,
    /// The seconds of the first and the last request.
    span: Option<(i64, i64)>,
}

impl Default for WindowBuilder {
    fn default() -> Self {
        Self { steps: Steps::new(WINDOW_S as i64, MOST), span: None }
    }
}

impl WindowBuilder {
    fn span_to(&mut self, first: i64, last: i64) {
        let own = self.span.unwrap_or((first, last));
        self.span = Some((own.0.min(first), own.1.max(last)));
    }

    pub(super) fn request(&mut self, second: i64) {
        self.span_to(second, second);
        self.steps.at(second).requests += 1;
    }

    pub(super) fn failure(&mut self, second: i64) {
        self.steps.at(second).failures += 1;
    }

    /// Requests that are alike, with all that is known of them.
    pub(super) fn sample(&mut self, second: i64, ns: Option<u64>, failed: bool, n: u32) {
        self.span_to(second, second);
        let own = self.steps.at(second);
        own.requests += u64::from(n);
        own.failures += if failed { n.into() } else { 0 };
        if let Some(ns) = ns {
            own.times += u64::from(n);
            own.buckets[bucket(ns)] += n;
        }
    }

    pub(super) fn users(&mut self, second: i64, users: u64) {
        let own = self.steps.at(second);
        own.users = Some(own.users.map_or(users, |known| known.min(users)));
    }

    pub(super) fn time(&mut self, second: i64, ns: u64) {
        let own = self.steps.at(second);
        own.times += 1;
        own.buckets[bucket(ns)] += 1;
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.steps.merge(other.steps);
        if let Some((first, last)) = other.span {
            self.span_to(first, last);
        }
    }

    /// A value for each window from that of the first request to that of the last; none where the load did not last all of it.
    pub(super) fn timelines(&mut self) -> BTreeMap<Untrusted, Timeline> {
        let Some((first, last)) = self.span else { return BTreeMap::new() };
        // A single request years away has hardly a window of its own, and many without any between.
        while self.steps.of(last) - self.steps.of(first) >= MOST as i64 {
            self.steps.widen();
        }
        let (width, counts) = self.steps.all();
        let windows = first.div_euclid(width)..=last.div_euclid(width);
        // The second of the first request is not full either, but where time begins with the load.
        let full = |at: &i64| {
            let start = at * width;
            (start > first || (start == 0 && first == 0)) && start + width <= last
        };
        let nothing = Counts::default();
        let series = |of: &dyn Fn(&Counts) -> Option<f64>| {
            let value = |at: i64| full(&at).then(|| of(counts.get(&at).unwrap_or(&nothing)))?;
            let values = windows.clone().map(value).collect();
            Timeline { interval_s: width as f64, values }
        };
        let quantile = |share: f64| series(&|own: &Counts| own.quantile(share));
        let all = [
            (Window::Requests, series(&|own| Some(own.requests as f64))),
            (Window::Failures, series(&|own| Some(own.failures as f64))),
            (Window::Users, series(&|own| own.users.map(|users| users as f64))),
            (Window::P50, quantile(0.50)),
            (Window::P95, quantile(0.95)),
            (Window::P99, quantile(0.99)),
        ];
        // A load that filled no window says so.
        let known = all.into_iter().filter(|(window, own)| {
            *window == Window::Requests || own.values.iter().any(Option::is_some)
        });
        known.map(|(window, own)| (window.series().into(), own)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_keep_three_digits_and_round_limits_are_exact() {
        for (ms, told) in
            [(500.0, 500.0), (0.123_4, 0.123), (1_234.0, 1_230.0), (9.996, 10.0), (0.0, 0.001)]
        {
            let mut counts = Counts { times: 1, ..Counts::default() };
            counts.buckets[bucket((ms * 1e6) as u64)] += 1;
            let own = counts.quantile(0.95).unwrap();
            assert!((own - told).abs() < told * 1e-9, "{ms}: {own}");
        }
    }

    #[test]
    fn a_request_of_another_year_makes_windows_wider_and_not_more() {
        let mut windows = WindowBuilder::default();
        for second in [i64::MIN / 4, 5, 1_790_000_005, i64::MAX / 4] {
            windows.request(second);
        }
        let requests = windows.timelines().into_values().next().unwrap();
        assert!(requests.values.len() <= MOST, "{} windows", requests.values.len());
    }

    #[test]
    fn only_windows_that_the_load_filled_have_values_whoever_gathered_them() {
        let (mut whole, mut left, mut right) =
            (WindowBuilder::default(), WindowBuilder::default(), WindowBuilder::default());
        for i in 0..450_i64 {
            let second = 1_790_000_005 + i / 10;
            for own in [&mut whole, if i % 3 == 0 { &mut left } else { &mut right }] {
                own.request(second);
                own.time(second, if i % 10 == 0 { 80_000_000 } else { 20_000_000 });
                own.users(second, 5);
            }
        }
        left.merge(right);
        assert_eq!(left.timelines(), whole.timelines());
        let lines = whole.timelines();
        let of = |window: Window| lines[&Untrusted::from(window.series())].values.clone();
        // From second 5 to second 49: the first window and the last are not full.
        assert_eq!(of(Window::Requests), [None, Some(100.0), Some(100.0), Some(100.0), None]);
        assert_eq!(of(Window::P95)[1], Some(80.0));
        assert_eq!(of(Window::P50)[1], Some(20.0));
        assert_eq!(of(Window::Users)[1], Some(5.0));
        assert_eq!(of(Window::Failures)[1], Some(0.0));
    }
}
