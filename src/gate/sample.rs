//! The calls of one or more runs as a sample: whether so few of them miss a limit, or so many, that it shows how many of all calls do.

use super::misses::{Misses, pooled, runs_differ};
use crate::stats::{Look, Looks};

/// More calls than this nobody makes.
const MOST_CALLS: u64 = 1 << 24;

/// Calls that keep or miss a limit, run by run.
#[derive(Clone, Copy)]
pub(super) struct Sample<'a> {
    pub(super) runs: &'a [Misses],
    /// The share of all calls that had been made at each run, where each of them was looked at; else all are looked at once.
    pub(super) shares: &'a [f64],
    /// The share of all calls that may just miss the limit.
    pub(super) allowed: f64,
}

impl Sample<'_> {
    /// Whether it shows, at this risk, that fewer of all calls miss the limit.
    pub(super) fn shows_fewer(&self, risk: f64) -> bool {
        self.shows(|misses, looks| {
            looks.shown_up_to(self.allowed, risk).is_some_and(|most| misses.most <= most)
        })
    }

    /// Whether it shows, at this risk, that more of all calls miss the limit.
    pub(super) fn shows_more(&self, risk: f64) -> bool {
        self.shows(|misses, looks| {
            looks.shown_from(self.allowed, risk).is_some_and(|least| misses.fewest >= least)
        })
    }

    /// How many more calls, none of which misses the limit, would show that fewer do; none where no number would.
    pub(super) fn calls_to_show_fewer(&self, risk: f64) -> Option<u64> {
        let (looks, all) = (self.looks(), pooled(self.runs));
        let shows = |added: u64| {
            // Where every run is looked at, the next look may be the last one.
            let looks = match self.is_looked_at_often() {
                true => looks.and(Look { added, share: 1.0 }),
                false => Looks::once(all.calls + added),
            };
            looks.shown_up_to(self.allowed, risk).is_some_and(|kept| all.most <= kept)
        };
        if runs_differ(self.runs) { None } else { fewest(&shows) }
    }

    /// All runs together, unless they differ: then each must show it by itself.
    fn shows(&self, shows: impl Fn(&Misses, &Looks) -> bool) -> bool {
        if runs_differ(self.runs) {
            self.runs.iter().all(|run| shows(run, &Looks::once(run.calls)))
        } else {
            shows(&pooled(self.runs), &self.looks())
        }
    }

    fn is_looked_at_often(&self) -> bool {
        self.shares.len() == self.runs.len()
    }

    /// The looks that were taken at the calls: one, or one after each run.
    fn looks(&self) -> Looks {
        if !self.is_looked_at_often() {
            return Looks::once(pooled(self.runs).calls);
        }
        let look = |(run, share): (&Misses, &f64)| Look { added: run.calls, share: *share };
        Looks::new(self.runs.iter().zip(self.shares).map(look).collect())
    }
}

/// The smallest number of calls, at least one, for which something holds that holds for all larger ones.
pub(super) fn fewest(holds: &dyn Fn(u64) -> bool) -> Option<u64> {
    let mut high = 1;
    while !holds(high) {
        high *= 2;
        if high > MOST_CALLS {
            return None;
        }
    }
    let mut low = high / 2;
    while high - low > 1 {
        let middle = u64::midpoint(low, high);
        if holds(middle) { high = middle } else { low = middle }
    }
    Some(high)
}
