//! Comparisons of a quantile of few calls. What is expected of a run with a hundred requests says nothing of ten, so two exact
//! statements about the calls decide, whatever the response times look like, or the answer is how many more calls it takes.
//!
//! *Within the limit*: the baseline's quantile is hardly below `near` (binomial), and the new one hardly above what the limit
//! makes of that (binomial). *Beyond it*: more calls of the run than chance gives are slower than what the limit makes of one of the
//! slowest calls of the baseline (Fisher's exact test, which needs no more than that all calls are equally likely to be slow).

use super::evidence::{overdispersion, surplus};
use super::expected::Expected;
use super::finding::FewCompared;
use super::misses::{Misses, of_summary, pooled, runs_differ};
use super::sample::{Sample, fewest};
use super::sides::Sides;
use crate::config::{Decide, Rules, Threshold};
use crate::model::{Endpoint, Latency, MeasurementKey, Quantile, Unit};
use crate::stats::at_least;

/// Risk that a comparison passes although its limit is crossed: that the baseline's quantile is lower than it looks, and that the
/// new one is higher.
const FALSE_PASS: Sides<f64> = Sides { baseline: 0.01, current: 0.04 };
/// Calls from which on they are requests of a load, and not made one after the other.
const MANY: u64 = 100;
/// 99 % point of the standard normal distribution: how much slower than the baseline's a machine may have been at worst.
const WORST_MACHINE: f64 = 2.33;

/// What the calls of one side are known to be, run by run.
struct Calls<'a>(Vec<(&'a Latency, u64)>);

/// A comparison that the calls themselves decide.
pub(super) struct Question<'a> {
    pub(super) key: &'a MeasurementKey,
    pub(super) level: Quantile,
    pub(super) threshold: Threshold,
    pub(super) sides: Sides<&'a [&'a Endpoint]>,
}

impl Question<'_> {
    /// What the calls say; none where their number, or everything about them, is unknown.
    pub(super) fn answer(&self, rules: &Rules) -> Option<FewCompared> {
        let Sides { baseline, current } = self.sides.map(Calls::of);
        let (baseline, current) = (baseline?, current?);
        // Many requests are made at once, and slow ones come together: then the calls are no sample.
        if baseline.fewest_of_run().min(current.fewest_of_run()) >= MANY {
            return None;
        }
        let shares = shares_of_looks(rules, current.0.len());
        let calls = Sides { baseline: baseline.count(), current: current.count() };
        let slow = 1.0 - self.level.fraction();

        // The place among the baseline's slowest calls that its quantile takes.
        let rank = ((slow * calls.baseline as f64).round() as u64).max(1);
        let slowest = baseline.highest(rank)?;
        let far = self.limit(slowest) * self.worst_machine(slowest, &baseline, &current);
        let beyond = current.slower_than(far)?;
        let p = chance((rank - 1, calls.baseline), &beyond, baseline.variation(slowest));

        let near = baseline.surely_reached(slow).map(|ms| self.limit(ms));
        let above = near.map(|near| current.perhaps_slower_than(near)).unwrap_or_default();
        let sample = above.as_deref().map(|runs| Sample { runs, shares: &shares, allowed: slow });
        let kept = sample.is_some_and(|sample| sample.shows_fewer(FALSE_PASS.current));
        let more = sample.filter(|_| !kept);
        Some(FewCompared {
            calls,
            level: self.level,
            rank,
            far,
            beyond: pooled(&beyond).fewest,
            p: (p / share_of_last(&shares)).min(1.0),
            near,
            within: above.as_deref().map(|runs| calls.current - pooled(runs).most),
            kept,
            more: more.and_then(|sample| sample.calls_to_show_fewer(FALSE_PASS.current)),
            baseline_needs: fewest(&|calls| shows(calls, slow)).filter(|_| near.is_none()),
        })
    }

    fn limit(&self, ms: f64) -> f64 {
        match self.threshold {
            Threshold::Relative(share) => ms * (1.0 + share),
            Threshold::Absolute(amount) => ms + amount,
        }
    }

    /// By how much the machine alone may have made the new runs slower.
    fn worst_machine(&self, ms: f64, baseline: &Calls<'_>, current: &Calls<'_>) -> f64 {
        let one = Expected::of((self.key, &Unit::Milliseconds), ms, None, 0.0).variance;
        let runs = [baseline, current].map(|side| 1.0 / side.0.len() as f64);
        (WORST_MACHINE * (one * (runs[0] + runs[1])).sqrt()).exp()
    }
}

/// Whether so many calls can show at all that a quantile is not lower than the fastest of them.
fn shows(calls: u64, slow: f64) -> bool {
    at_least(calls, calls, slow) <= FALSE_PASS.baseline
}

/// The share of the risk that had been spent at each run, where each of them is looked at.
fn shares_of_looks(rules: &Rules, runs: usize) -> Vec<f64> {
    if !rules.looks.is_empty() || rules.decide != Decide::Confirmed {
        return rules.looks.clone();
    }
    let most = rules.max_runs.max(runs) as f64;
    (1..=runs).map(|look| look as f64 / most).collect()
}

/// The share of the risk that the last look may spend.
fn share_of_last(shares: &[f64]) -> f64 {
    match shares {
        [] => 1.0,
        [only] => *only,
        [.., before, last] => last - before,
    }
}

/// How probable it is that so many of the slow calls are the new ones, if all came from one service: where the runs differ, of
/// each of them by itself. `phi`: how much more the runs of a service vary than chance gives, because slow calls come together.
fn chance(before: (u64, u64), beyond: &[Misses], phi: f64) -> f64 {
    let one = |run: &Misses| surplus(before, (run.fewest, run.calls), phi);
    if runs_differ(beyond) {
        beyond.iter().map(one).fold(0.0, f64::max)
    } else {
        one(&pooled(beyond))
    }
}

/// A time moved by so many half steps of its source's rounding.
fn moved(latency: &Latency, ms: f64, off: f64) -> f64 {
    ms + off * latency.rounding.map_or(0.0, |rounding| rounding.half_step(ms))
}

impl<'a> Calls<'a> {
    fn of(runs: &[&'a Endpoint]) -> Option<Self> {
        let calls = |endpoint: &&'a Endpoint| {
            let latency = endpoint.latency.as_ref()?;
            let count = latency.count.or(endpoint.requests).filter(|count| *count > 0)?;
            Some((latency, count))
        };
        let all: Vec<_> = runs.iter().map(calls).collect::<Option<_>>()?;
        (!all.is_empty()).then_some(Self(all))
    }

    fn count(&self) -> u64 {
        self.0.iter().fold(0, |sum, (_, calls)| sum.saturating_add(*calls))
    }

    fn fewest_of_run(&self) -> u64 {
        self.0.iter().map(|(_, calls)| *calls).min().unwrap_or_default()
    }

    /// The calls of each run that are not `kept`; the truth behind a rounded number may be `off` times half a step from it.
    fn missing(&self, off: f64, kept: &dyn Fn(f64) -> bool) -> Option<Vec<Misses>> {
        let one = |(latency, calls): &(&Latency, u64)| {
            of_summary(latency, *calls, &|ms| kept(moved(latency, ms, off)))
        };
        self.0.iter().map(one).collect()
    }

    /// The calls that are surely slower.
    fn slower_than(&self, ms: f64) -> Option<Vec<Misses>> {
        self.missing(-1.0, &|own| own <= ms)
    }

    /// The same with those that may be.
    fn perhaps_slower_than(&self, ms: f64) -> Option<Vec<Misses>> {
        self.missing(1.0, &|own| own <= ms)
    }

    /// The response times that are known, in ascending order, at their upper or lower ends.
    fn known(&self, off: f64) -> Vec<f64> {
        let of_run = |(latency, _): &(&Latency, u64)| {
            let ends = [latency.min, latency.max].into_iter().flatten();
            let all = ends.chain(latency.quantiles.values().copied());
            all.map(|ms| moved(latency, ms, off)).collect::<Vec<_>>()
        };
        let mut known: Vec<f64> = self.0.iter().flat_map(of_run).collect();
        known.sort_by(f64::total_cmp);
        known
    }

    /// The smallest known time that is surely not below the one of this rank among the slowest.
    fn highest(&self, rank: u64) -> Option<f64> {
        let known = self.known(1.0);
        let fewer =
            |ms: f64| self.perhaps_slower_than(ms).is_some_and(|runs| pooled(&runs).most < rank);
        known.get(known.partition_point(|ms| !fewer(*ms))).copied()
    }

    /// How much more the runs vary in how many of their calls take as long than chance gives, at least 1.
    fn variation(&self, ms: f64) -> f64 {
        let slow = self.missing(0.0, &|own| own < ms).unwrap_or_default();
        let counts: Vec<(u64, u64)> = slow.iter().map(|run| (run.fewest, run.calls)).collect();
        overdispersion(&counts).unwrap_or(1.0).max(1.0)
    }

    /// The largest known time that a share `slow` of the calls surely reaches.
    fn surely_reached(&self, slow: f64) -> Option<f64> {
        let calls = self.count();
        let known = self.known(-1.0);
        let surely = |ms: f64| {
            let reached = self.missing(-1.0, &|own| own < ms);
            reached.is_some_and(|runs| {
                at_least(pooled(&runs).fewest, calls, slow) <= FALSE_PASS.baseline
            })
        };
        known[..known.partition_point(|ms| surely(*ms))].last().copied()
    }
}
