//! How far chance alone moves a number: the sampling variance of its logarithm, from what is known of the samples.

use crate::model::{CustomMetric, Latency, Quantile, Statistic, Unit};
use crate::stats::{Interval, QuantileGrid, rank_interval, student_quantile};

/// Degrees of freedom with which Student's distribution is the normal one to three digits.
const NORMAL: f64 = 1e4;

/// Variance of the logarithm of a statistic that chance alone gives: of a quantile from its order-statistic interval,
/// of a mean from the spread of the samples. None where the number of samples is not known.
pub(super) fn log_variance(latency: &Latency, statistic: Statistic) -> Option<f64> {
    let n = latency.count.filter(|n| *n > 0)?;
    match statistic {
        Statistic::Quantile(level) => {
            let interval = order_interval(latency, level).and_then(positive)?;
            Some(interval.log_variance() * widening(n, level.fraction())?)
        }
        Statistic::Mean => mean_log_variance(latency, n),
        Statistic::Max => max_log_variance(latency, n),
        _ => None,
    }
}

/// Of few samples even the smallest and the largest hold a quantile more rarely than in 95 of 100 cases, five of them a median in
/// 94: by how much more the variance is than if they did. None of a single sample, which says nothing of its own chance.
fn widening(n: u64, q: f64) -> Option<f64> {
    let held = 1.0 - q.powf(n as f64) - (1.0 - q).powf(n as f64);
    let deviations = |share: f64| student_quantile(f64::midpoint(1.0, share), NORMAL);
    match n {
        0 | 1 => None,
        _ if held >= 0.95 => Some(1.0),
        _ => Some((deviations(0.95) / deviations(held)).powi(2)),
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
    let at = |p: f64| grid.at(((p * n as f64 - 0.5) / (n as f64 - 1.0).max(1.0)).clamp(0.0, 1.0));
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

/// What chance gives of a custom metric: of a quantile as for a latency, of a ratio p of n by (1−p)/(p·n). None for
/// anything else.
pub(super) fn custom_log_variance(metric: &CustomMetric, statistic: Statistic) -> Option<f64> {
    if let Statistic::Quantile(_) = statistic {
        let quantiles = metric.quantiles.clone();
        let like = Latency { count: metric.count, quantiles, ..Latency::default() };
        return log_variance(&like, statistic);
    }
    let (n, ratio) = (metric.count.filter(|n| *n > 0)?, metric.value?);
    (metric.unit == Unit::Ratio && ratio > 0.0 && ratio <= 1.0)
        .then(|| (1.0 - ratio) / (ratio * n as f64))
}
