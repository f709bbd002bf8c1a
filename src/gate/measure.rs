//! The numbers behind one comparison, or the reason why there is none.

use super::report::Counts;
use super::verdict::Reason;
use crate::model::{CustomMetric, Endpoint, Latency, Metric, Quantile, Statistic, Unit};
use crate::stats::{Interval, QuantileGrid, median, rank_interval};

/// One side of a comparison: the value, and what is known about how far chance moves it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side {
    /// The median over the runs.
    pub(super) value: f64,
    /// The value with half a rounding step taken off, and added.
    pub(super) rounded_from: Interval,
    /// Sampling variance of the logarithm; none where no request count is known.
    pub(super) log_variance: Option<f64>,
    pub(super) counts: Counts,
}

/// Both sides, or why they cannot be compared, with the values and counts that are there all the same.
pub(super) struct MeasuredSides {
    pub(super) sides: Result<[Side; 2], Reason>,
    pub(super) values: [Option<f64>; 2],
    pub(super) counts: [Counts; 2],
    /// The value of each run that has one.
    pub(super) per_run: [Vec<f64>; 2],
    /// Sampling variance of the logarithm of one run of each side; none where no request count is known.
    pub(super) sampling: [Option<f64>; 2],
    /// Width of the rounding step at the value of each side; 0 where the source does not round.
    pub(super) steps: [f64; 2],
    /// Of a mean: how probable it is that all of its rise are a few slow requests that came by chance; else 0.
    pub(super) by_a_few: f64,
    /// Failures and requests of each baseline run, for an error rate.
    pub(super) baseline_failures: Vec<(u64, u64)>,
    /// Whether at least one side has the measurement.
    pub(super) counted: bool,
}

impl MeasuredSides {
    fn new(
        baseline: Result<Side, Reason>,
        current: Result<Side, Reason>,
        counts: [Counts; 2],
    ) -> Self {
        let counted =
            [&baseline, &current].iter().any(|side| !matches!(side, Err(Reason::NotMeasured)));
        let values = [&baseline, &current].map(|side| side.as_ref().ok().map(|side| side.value));
        let sides = match (baseline, current) {
            (Ok(baseline), Ok(current)) => Ok([baseline, current]),
            // What was not measured can be mended and says most; then what is wrong with the new run.
            (Err(Reason::NotMeasured), _) | (_, Err(Reason::NotMeasured)) => {
                Err(Reason::NotMeasured)
            }
            (_, Err(reason)) | (Err(reason), Ok(_)) => Err(reason),
        };
        let (per_run, baseline_failures) = ([Vec::new(), Vec::new()], Vec::new());
        let (sampling, steps, by_a_few) = ([None, None], [0.0, 0.0], 0.0);
        Self {
            sides,
            values,
            counts,
            per_run,
            sampling,
            steps,
            by_a_few,
            baseline_failures,
            counted,
        }
    }
}

/// A latency statistic of one endpoint.
pub(super) fn latency(
    sides: [&[&Endpoint]; 2],
    statistic: Statistic,
    min_requests: u64,
) -> MeasuredSides {
    // A quantile is as good as the smallest run that it is taken from.
    let fewest = |runs: &[&Endpoint]| runs.iter().filter_map(samples).min();
    let counts = sides.map(|runs| Counts { requests: fewest(runs), failures: None });
    let [baseline, current] = sides.map(|runs| latency_side(runs, statistic, min_requests));
    let mut measured = MeasuredSides::new(baseline, current, counts);
    // Too few requests on one side still leaves two numbers worth showing.
    measured.per_run = sides.map(|runs| values(runs, statistic));
    measured.values = measured.per_run.each_ref().map(|values| median(values));
    measured.sampling = sides.map(|runs| mean_variance(runs, statistic));
    if let (Statistic::Mean, Ok(means)) = (statistic, &measured.sides) {
        let means = means.each_ref().map(|side| side.value);
        measured.by_a_few = by_a_few(sides, means).unwrap_or_default();
    }
    measured.steps = [0, 1].map(|i| {
        let value = measured.values[i].unwrap_or_default();
        2.0 * half_step(sides[i], statistic, value)
    });
    measured
}

/// Mean sampling variance of the logarithm over the runs; none unless it is known of each.
fn mean_variance(runs: &[&Endpoint], statistic: Statistic) -> Option<f64> {
    let latencies = runs.iter().filter_map(|e| e.latency.as_ref());
    mean_if_known(latencies.map(|latency| log_variance(latency, statistic)))
}

/// The mean of what is known of every run; none where there is none.
fn mean_if_known(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let known: Option<Vec<f64>> = values.collect();
    known.filter(|known| !known.is_empty()).map(|known| mean(&known))
}

/// Half a rounding step at a value, of the source that rounds most.
fn half_step(runs: &[&Endpoint], statistic: Statistic, value: f64) -> f64 {
    let Statistic::Quantile(level) = statistic else { return 0.0 };
    let latencies = runs.iter().filter_map(|e| e.latency.as_ref());
    latencies.map(|latency| latency.half_step(level, value)).fold(0.0, f64::max)
}

fn latency_side(
    runs: &[&Endpoint],
    statistic: Statistic,
    min_requests: u64,
) -> Result<Side, Reason> {
    let latencies: Vec<&Latency> = runs.iter().filter_map(|e| e.latency.as_ref()).collect();
    if runs.iter().all(|e| e.is_empty()) {
        return Err(Reason::NoData);
    }
    if runs.iter().any(|e| e.all_failed()) {
        return Err(Reason::AllFailed);
    }
    if !latencies.is_empty() && latencies.iter().all(|l| l.has_no_data()) {
        return Err(Reason::NoData);
    }
    let value = median(&values(runs, statistic)).ok_or(Reason::NotMeasured)?;
    let needs = match statistic {
        Statistic::Quantile(level) => min_requests.max(level.requests_needed()),
        _ => min_requests,
    };
    if runs.iter().filter_map(samples).any(|n| n < needs) {
        return Err(Reason::TooFewRequests { needs });
    }
    // The median of k runs varies about as their mean does: a k-th of one run's variance.
    let log_variance = mean_variance(runs, statistic).map(|one| one / runs.len() as f64);
    let half = half_step(runs, statistic, value);
    Ok(Side {
        value,
        rounded_from: Interval { low: value - half, high: value + half },
        log_variance,
        counts: Counts { requests: total_requests(runs), failures: None },
    })
}

/// Number of response times, as far as it is known.
fn samples(endpoint: &&Endpoint) -> Option<u64> {
    endpoint.latency.as_ref().and_then(|latency| latency.count).or(endpoint.requests)
}

fn values(runs: &[&Endpoint], statistic: Statistic) -> Vec<f64> {
    runs.iter().filter_map(|endpoint| endpoint.value(&Metric::Latency, statistic)).collect()
}

/// Variance of the logarithm of a statistic that chance alone gives: of a quantile from its order-statistic interval,
/// of a mean from the spread of the samples. None where the number of samples is not known.
fn log_variance(latency: &Latency, statistic: Statistic) -> Option<f64> {
    let n = latency.count.filter(|n| *n > 0)?;
    match statistic {
        Statistic::Quantile(level) => {
            order_interval(latency, level).and_then(positive).map(Interval::log_variance)
        }
        Statistic::Mean => mean_log_variance(latency, n),
        Statistic::Max => max_log_variance(latency, n),
        _ => None,
    }
}

/// The 95 % interval of a quantile, in milliseconds: between the order statistics that hold the true one whatever the
/// distribution, read off the known quantiles; half a rounding step wider where the source rounds. None where the number of
/// samples is not known.
///
/// The samples themselves would say a little more. But they are not at hand everywhere that a run is judged, and a
/// verdict must not depend on the way by which a run came; the quantiles are kept with every run.
pub fn quantile_interval(latency: &Latency, level: Quantile) -> Option<Interval> {
    let half_step = |value: f64| latency.half_step(level, value);
    let Interval { low, high } = order_interval(latency, level)?;
    positive(Interval { low: low - half_step(low), high: high + half_step(high) })
}

/// An interval with logarithms: a lower end of nothing has none, and a hundredth of the upper end is as uncertain as it gets.
fn positive(interval: Interval) -> Option<Interval> {
    let Interval { low, high } = interval;
    (high > 0.0).then(|| Interval { low: low.max(high / 100.0), high })
}

/// The interval between order statistics, without rounding.
fn order_interval(latency: &Latency, level: Quantile) -> Option<Interval> {
    let n = latency.count.filter(|n| *n > 0)?;
    let level = level.fraction();
    let (low, high) = rank_interval(n, level);
    let grid = grid(latency, n)?;
    // A quantile q of n samples is about rank q·(n−1) + 1; the interval is one of plotting positions (rank − ½)/n.
    let at = |p: f64| grid.at((p * n as f64 - 0.5) / (n as f64 - 1.0).max(1.0));
    let read = Interval { low: at(low), high: at(high) };
    Some(match grid.far_neighbours(level) {
        Some(far) => Interval { low: read.low.min(far.low), high: read.high.max(far.high) },
        None => read,
    })
}

/// The known quantiles, with the extremes at the plotting positions (rank − ½)/n.
fn grid(latency: &Latency, n: u64) -> Option<QuantileGrid> {
    let first = 0.5 / n as f64;
    let inside = |p: &f64| *p > first && *p < 1.0 - first;
    let known = latency.quantiles.iter().map(|(level, value)| (level.fraction(), *value));
    let extremes = [(first, latency.min), (1.0 - first, latency.max)];
    let extremes = extremes.into_iter().filter_map(|(p, value)| Some((p, value?)));
    QuantileGrid::new(known.filter(|(p, _)| inside(p)), extremes)
}

/// (s/mean)²/n, with the spread s of the known quantiles and extremes: all of them, because a slow one per cent makes most of it.
fn mean_log_variance(latency: &Latency, n: u64) -> Option<f64> {
    let mean = latency.mean.filter(|mean| *mean > 0.0)?;
    let spread = grid(latency, n)?.deviation();
    Some((spread / mean).powi(2) / n as f64)
}

/// How probable it is that a mean rose by a few slow requests that came to the new runs by chance: the rise is that of k
/// requests as slow as the slowest one, and each could as well have come to a baseline run. Three of them are no proof, however
/// far three times five seconds move a mean; the normal distribution of means takes them for one. None where the slowest request
/// or the number of requests is not known.
fn by_a_few(sides: [&[&Endpoint]; 2], [old, new]: [f64; 2]) -> Option<f64> {
    let requests = |runs: &[&Endpoint]| runs.iter().map(samples).sum::<Option<u64>>();
    let [before, after] = sides.map(requests);
    let slowest = sides[1].iter().filter_map(|e| e.latency.as_ref()?.max).reduce(f64::max)?;
    let after = after? as f64;
    let slow_requests = (new - old) * after / (slowest - old);
    let share = after / (before? as f64 + after);
    (slow_requests > 0.0).then(|| share.powf(slow_requests))
}

/// The largest of n samples with an exponential tail has a Gumbel distribution: its standard deviation is π/√6 times the
/// slope of the tail, which here is read, in ln Q against −ln(1−p), from the highest quantile up to the maximum.
fn max_log_variance(latency: &Latency, n: u64) -> Option<f64> {
    let scale = |p: f64| -(-p).ln_1p();
    let top = 1.0 - 0.5 / n as f64;
    let (level, value) = latency
        .quantiles
        .iter()
        .rev()
        .find(|(level, _)| level.fraction() < 1.0 - 5.0 / n as f64)?;
    let rise = (latency.max? / value.max(f64::MIN_POSITIVE)).ln().max(0.0);
    let slope = rise / (scale(top) - scale(level.fraction()));
    Some(std::f64::consts::PI.powi(2) / 6.0 * slope * slope)
}

/// The error rate: failures of all runs over requests of all runs.
pub(super) fn error_rate(sides: [&[&Endpoint]; 2]) -> MeasuredSides {
    let counts = sides.map(failure_counts);
    let side = |runs: &[&Endpoint], counts: Counts| {
        if runs.iter().all(|e| e.is_empty()) {
            return Err(Reason::NoData);
        }
        let rates: Vec<f64> = runs.iter().filter_map(|e| e.error_rate()).collect();
        let pooled = match (counts.failures, counts.requests) {
            (Some(failures), Some(of)) => Some(failures as f64 / of as f64),
            _ => median(&rates),
        };
        let value = pooled.ok_or(Reason::NotMeasured)?;
        Ok(Side {
            value,
            rounded_from: Interval { low: value, high: value },
            log_variance: None,
            counts,
        })
    };
    let mut measured =
        MeasuredSides::new(side(sides[0], counts[0]), side(sides[1], counts[1]), counts);
    measured.baseline_failures = sides[0].iter().filter_map(|e| e.failure_counts()).collect();
    measured
}

/// The failures of all runs and the requests that they are counted in; both or none.
fn failure_counts(runs: &[&Endpoint]) -> Counts {
    let measured = || runs.iter().filter(|e| !e.is_empty());
    let known: Vec<(u64, u64)> = measured().filter_map(|e| e.failure_counts()).collect();
    if known.is_empty() || known.len() < measured().count() {
        return Counts { requests: total_requests(runs), failures: None };
    }
    let sum = |of: fn(&(u64, u64)) -> u64| known.iter().map(of).fold(0, u64::saturating_add);
    Counts { requests: Some(sum(|(_, of)| *of)), failures: Some(sum(|(failures, _)| *failures)) }
}

/// The throughput: median over the runs.
pub(super) fn throughput(sides: [&[&Endpoint]; 2]) -> MeasuredSides {
    let counts = sides.map(|runs| Counts { requests: total_requests(runs), failures: None });
    let side = |runs: &[&Endpoint], counts: Counts| {
        if runs.iter().all(|e| e.is_empty()) {
            return Err(Reason::NoData);
        }
        let rates: Vec<f64> = runs.iter().filter_map(|e| e.throughput_rps).collect();
        let value = median(&rates).ok_or(Reason::NotMeasured)?;
        // Counting n requests is off by about √n.
        let log_variance = counts.requests.filter(|n| *n > 0).map(|n| 1.0 / n as f64);
        Ok(Side { value, rounded_from: Interval { low: value, high: value }, log_variance, counts })
    };
    let mut measured =
        MeasuredSides::new(side(sides[0], counts[0]), side(sides[1], counts[1]), counts);
    measured.per_run = sides.map(|runs| runs.iter().filter_map(|e| e.throughput_rps).collect());
    // Counting n requests is off by about √n.
    let one = |e: &&Endpoint| e.requests.filter(|n| *n > 0).map(|n| 1.0 / n as f64);
    measured.sampling = sides.map(|runs| mean_if_known(runs.iter().map(one)));
    measured
}

/// A number of a custom metric: median over the runs that have it. The policy names it, so that it is missed where no
/// side has it.
pub(super) fn custom(sides: [&[&CustomMetric]; 2], statistic: Statistic) -> MeasuredSides {
    let side = |metrics: &[&CustomMetric]| {
        let values: Vec<f64> = metrics.iter().filter_map(|m| m.statistic(statistic)).collect();
        let value = median(&values).ok_or(Reason::NotMeasured)?;
        let variance = mean_if_known(metrics.iter().map(|m| custom_log_variance(m, statistic)));
        Ok(Side {
            value,
            rounded_from: Interval { low: value, high: value },
            log_variance: variance.map(|one| one / metrics.len() as f64),
            counts: Counts::default(),
        })
    };
    let measured = MeasuredSides::new(side(sides[0]), side(sides[1]), [Counts::default(); 2]);
    let per_run = sides.map(|side| side.iter().filter_map(|m| m.statistic(statistic)).collect());
    let sampling =
        sides.map(|side| mean_if_known(side.iter().map(|m| custom_log_variance(m, statistic))));
    MeasuredSides { counted: true, per_run, sampling, ..measured }
}

/// What chance gives of a custom metric: of a quantile as for a latency, of a ratio p of n by (1−p)/(p·n). None for
/// anything else.
fn custom_log_variance(metric: &CustomMetric, statistic: Statistic) -> Option<f64> {
    if let Statistic::Quantile(_) = statistic {
        let quantiles = metric.quantiles.clone();
        let like = Latency { count: metric.count, quantiles, ..Latency::default() };
        return log_variance(&like, statistic);
    }
    let (n, ratio) = (metric.count.filter(|n| *n > 0)?, metric.value?);
    (metric.unit == Unit::Ratio && ratio > 0.0 && ratio <= 1.0)
        .then(|| (1.0 - ratio) / (ratio * n as f64))
}

fn total_requests(runs: &[&Endpoint]) -> Option<u64> {
    let known: Option<Vec<u64>> = runs.iter().map(|e| e.requests).collect();
    known.filter(|all| !all.is_empty()).map(|all| all.into_iter().fold(0, u64::saturating_add))
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}
