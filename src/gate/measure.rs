//! The numbers behind one comparison, or the reason why there is none.

use super::finding::Counts;
use super::sampling::{custom_log_variance, log_variance};
use super::sides::Sides;
use super::verdict::Missing;
use crate::model::{CustomMetric, Endpoint, Kind, Latency, Metric, Quantile, Statistic};
use crate::stats::{Interval, median};

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
    pub(super) sides: Result<Sides<Side>, Missing>,
    pub(super) values: Sides<Option<f64>>,
    pub(super) counts: Sides<Counts>,
    /// The value of each run that has one.
    pub(super) per_run: Sides<Vec<f64>>,
    /// Sampling variance of the logarithm of one run of each side; none where no request count is known.
    pub(super) sampling: Sides<Option<f64>>,
    /// Width of the rounding step at the value of each side; 0 where the source does not round.
    pub(super) steps: Sides<f64>,
    /// Of a mean: how probable it is that all of its rise are a few slow requests that came by chance; else 0.
    pub(super) by_a_few: f64,
    /// Failures and requests of each baseline run, for an error rate.
    pub(super) baseline_failures: Vec<(u64, u64)>,
    /// Whether at least one side has the measurement.
    pub(super) counted: bool,
}

impl MeasuredSides {
    fn new(sides: Sides<Result<Side, Missing>>, counts: Sides<Counts>) -> Self {
        let counted = sides.iter().any(|side| !matches!(side, Err(Missing::NotMeasured)));
        let values = sides.as_ref().map(|side| side.as_ref().ok().map(|side| side.value));
        let sides = match (sides.baseline, sides.current) {
            (Ok(baseline), Ok(current)) => Ok(Sides { baseline, current }),
            // What was not measured can be mended and says most; then what is wrong with the new run.
            (Err(Missing::NotMeasured), _) | (_, Err(Missing::NotMeasured)) => {
                Err(Missing::NotMeasured)
            }
            (_, Err(missing)) | (Err(missing), Ok(_)) => Err(missing),
        };
        Self {
            sides,
            values,
            counts,
            per_run: Sides::default(),
            sampling: Sides::default(),
            steps: Sides::default(),
            by_a_few: 0.0,
            baseline_failures: Vec::new(),
            counted,
        }
    }
}

/// A latency statistic of one endpoint.
pub(super) fn latency(
    sides: Sides<&[&Endpoint]>,
    statistic: Statistic,
    min_requests: u64,
) -> MeasuredSides {
    // A quantile is as good as the smallest run that it is taken from.
    let fewest = |runs: &[&Endpoint]| runs.iter().filter_map(samples).min();
    let counts = sides.map(|runs| Counts { requests: fewest(runs), failures: None });
    let known = sides.map(|runs| latency_side(runs, statistic, min_requests));
    let mut measured = MeasuredSides::new(known, counts);
    // Too few requests on one side still leaves two numbers worth showing.
    measured.per_run = sides.map(|runs| values(runs, statistic));
    measured.values = measured.per_run.as_ref().map(|values| median(values));
    measured.sampling = sides.map(|runs| mean_variance(runs, statistic));
    if let (Statistic::Mean, Ok(means)) = (statistic, &measured.sides) {
        let means = means.map(|side| side.value);
        measured.by_a_few = by_a_few(sides, means).unwrap_or_default();
    }
    measured.steps = sides
        .zip(measured.values)
        .map(|(runs, value)| 2.0 * half_step(runs, statistic, value.unwrap_or_default()));
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
) -> Result<Side, Missing> {
    let latencies: Vec<&Latency> = runs.iter().filter_map(|e| e.latency.as_ref()).collect();
    if runs.iter().all(|e| e.is_empty()) {
        return Err(Missing::NoData);
    }
    if runs.iter().any(|e| e.all_failed()) {
        return Err(Missing::AllFailed);
    }
    if !latencies.is_empty() && latencies.iter().all(|l| l.has_no_data()) {
        return Err(Missing::NoData);
    }
    let value = median(&values(runs, statistic)).ok_or(Missing::NotMeasured)?;
    let needs = match statistic {
        // The interval of a median says how few rounds there are.
        Statistic::Quantile(Quantile::P50) if runs.iter().any(is_benchmark) => min_requests,
        Statistic::Quantile(level) => min_requests.max(level.requests_needed()),
        _ => min_requests,
    };
    if runs.iter().filter_map(samples).any(|n| n < needs) {
        return Err(Missing::TooFewRequests { needs });
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

fn is_benchmark(endpoint: &&Endpoint) -> bool {
    endpoint.key.kind() == Some(Kind::Bench)
}

/// Number of response times, as far as it is known.
fn samples(endpoint: &&Endpoint) -> Option<u64> {
    endpoint.latency.as_ref().and_then(|latency| latency.count).or(endpoint.requests)
}

fn values(runs: &[&Endpoint], statistic: Statistic) -> Vec<f64> {
    runs.iter().filter_map(|endpoint| endpoint.value(&Metric::Latency, statistic)).collect()
}

/// How probable it is that a mean rose by a few slow requests that came to the new runs by chance: the rise is that of k
/// requests as slow as the slowest one, and each could as well have come to a baseline run. Three of them are no proof, however
/// far three times five seconds move a mean; the normal distribution of means takes them for one. None where the slowest request
/// or the number of requests is not known.
fn by_a_few(sides: Sides<&[&Endpoint]>, means: Sides<f64>) -> Option<f64> {
    let Sides { baseline: old, current: new } = means;
    let requests = |runs: &[&Endpoint]| runs.iter().map(samples).sum::<Option<u64>>();
    let Sides { baseline: before, current: after } = sides.map(requests);
    let slowest = sides.current.iter().filter_map(|e| e.latency.as_ref()?.max).reduce(f64::max)?;
    let after = after? as f64;
    let slow_requests = (new - old) * after / (slowest - old);
    let share = after / (before? as f64 + after);
    (slow_requests > 0.0).then(|| share.powf(slow_requests))
}

/// The error rate: failures of all runs over requests of all runs.
pub(super) fn error_rate(sides: Sides<&[&Endpoint]>) -> MeasuredSides {
    let counts = sides.map(failure_counts);
    let side = |(runs, counts): (&[&Endpoint], Counts)| {
        if runs.iter().all(|e| e.is_empty()) {
            return Err(Missing::NoData);
        }
        let rates: Vec<f64> = runs.iter().filter_map(|e| e.error_rate()).collect();
        let pooled = match (counts.failures, counts.requests) {
            (Some(failures), Some(of)) => Some(failures as f64 / of as f64),
            _ => median(&rates),
        };
        let value = pooled.ok_or(Missing::NotMeasured)?;
        Ok(Side {
            value,
            rounded_from: Interval { low: value, high: value },
            log_variance: None,
            counts,
        })
    };
    let mut measured = MeasuredSides::new(sides.zip(counts).map(side), counts);
    measured.baseline_failures = sides.baseline.iter().filter_map(|e| e.failure_counts()).collect();
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
pub(super) fn throughput(sides: Sides<&[&Endpoint]>) -> MeasuredSides {
    let counts = sides.map(|runs| Counts { requests: total_requests(runs), failures: None });
    let side = |(runs, counts): (&[&Endpoint], Counts)| {
        if runs.iter().all(|e| e.is_empty()) {
            return Err(Missing::NoData);
        }
        let rates: Vec<f64> = runs.iter().filter_map(|e| e.throughput_rps).collect();
        let value = median(&rates).ok_or(Missing::NotMeasured)?;
        let rounds = runs.iter().any(is_benchmark);
        let log_variance = counts.requests.and_then(count_variance).filter(|_| !rounds);
        Ok(Side { value, rounded_from: Interval { low: value, high: value }, log_variance, counts })
    };
    let mut measured = MeasuredSides::new(sides.zip(counts).map(side), counts);
    measured.per_run = sides.map(|runs| runs.iter().filter_map(|e| e.throughput_rps).collect());
    let one = |e: &&Endpoint| e.requests.and_then(count_variance).filter(|_| !is_benchmark(e));
    measured.sampling = sides.map(|runs| mean_if_known(runs.iter().map(one)));
    measured
}

/// Counting n requests is off by about √n. The rounds of a benchmark are not what its rate counts.
fn count_variance(requests: u64) -> Option<f64> {
    (requests > 0).then(|| 1.0 / requests as f64)
}

/// A number of a custom metric: median over the runs that have it. The policy names it, so that it is missed where no
/// side has it.
pub(super) fn custom(sides: Sides<&[&CustomMetric]>, statistic: Statistic) -> MeasuredSides {
    let side = |metrics: &[&CustomMetric]| {
        let values: Vec<f64> = metrics.iter().filter_map(|m| m.statistic(statistic)).collect();
        let value = median(&values).ok_or(Missing::NotMeasured)?;
        let variance = mean_if_known(metrics.iter().map(|m| custom_log_variance(m, statistic)));
        Ok(Side {
            value,
            rounded_from: Interval { low: value, high: value },
            log_variance: variance.map(|one| one / metrics.len() as f64),
            counts: Counts::default(),
        })
    };
    let measured = MeasuredSides::new(sides.map(side), Sides::default());
    let per_run = sides.map(|side| side.iter().filter_map(|m| m.statistic(statistic)).collect());
    let sampling =
        sides.map(|side| mean_if_known(side.iter().map(|m| custom_log_variance(m, statistic))));
    MeasuredSides { counted: true, per_run, sampling, ..measured }
}

fn total_requests(runs: &[&Endpoint]) -> Option<u64> {
    let known: Option<Vec<u64>> = runs.iter().map(|e| e.requests).collect();
    known.filter(|all| !all.is_empty()).map(|all| all.into_iter().fold(0, u64::saturating_add))
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}
