//! One measurement in pairs: its differences, and what is known of them beforehand.

use super::expected::Expected;
use super::limit::rise;
use super::plan::Test;
use super::sides::Sides;
use super::verdict::{Missing, Reason};
use crate::model::{MeasurementKey, Metric, Run};
use crate::stats::PairedTest;

/// Standard deviation, in proportion to the value, of what a side keeps as long as its service runs and another start of the same
/// code would not: where its memory lies, which cores it got.
const LASTING: f64 = 0.007;

/// A measurement that both sides of some pairs have.
pub(super) struct InPairs {
    /// The values of the pairs that have both, in their order.
    pub(super) values: Sides<Vec<f64>>,
    /// Geometric mean of the baseline's values.
    pub(super) level: f64,
    /// How far the logarithm may rise.
    pub(super) limit: f64,
    /// Mean width of the rounding steps, in the unit of the values.
    pub(super) step: f64,
    /// The differences.
    pub(super) test: PairedTest,
}

impl InPairs {
    /// The measurement in the slices of both sides, pair by pair; or why it cannot be judged.
    pub(super) fn of(test: &Test, slices: Sides<&[Run]>, endpoint: usize) -> Result<Self, Reason> {
        if let Some(one_sided) = test.one_sided {
            return Err(one_sided);
        }
        refuse_unmeasured(test, slices)?;
        let sign = test.direction.worse_sign();
        let pairs = slices.baseline.iter().zip(slices.current).map(|(base, head)| {
            let value = |run: &Run| run.value(&test.key).filter(|value| *value > 0.0);
            Sides { baseline: value(base), current: value(head) }.both()
        });
        let pairs: Vec<Option<Sides<f64>>> = pairs.collect();
        let both: Vec<Sides<f64>> = pairs.iter().flatten().copied().collect();
        let values = Sides {
            baseline: both.iter().map(|pair| pair.baseline).collect::<Vec<_>>(),
            current: both.iter().map(|pair| pair.current).collect(),
        };
        let level = geometric_mean(&values.baseline).ok_or(Reason::ZeroBaseline)?;
        let difference = |pair: Sides<f64>| sign * (pair.current / pair.baseline).ln();
        let differences = pairs.into_iter().map(|pair| pair.map(difference)).collect();
        let measured = &test.measured;
        let step = (measured.steps.baseline + measured.steps.current) / 2.0;
        let expected = measured.sampling.zip(measured.steps).map(|(sampling, step)| {
            Expected::of((&test.key, &test.unit), level, sampling, step).variance
        });
        let sampling = measured.sampling.map(Option::unwrap_or_default);
        let rounding = (step / level).powi(2) / 12.0;
        Ok(Self {
            values,
            level,
            limit: rise(test.threshold, test.direction, level),
            step,
            test: PairedTest {
                endpoint,
                differences,
                expected: expected.baseline + expected.current,
                chance: sampling.baseline + sampling.current + 2.0 * rounding,
                step: step / level,
                lasting: lasting(&test.key),
            },
        })
    }
}

/// What a side keeps as long as it runs moves times and what follows from them.
fn lasting(key: &MeasurementKey) -> f64 {
    match key.metric {
        Metric::Latency | Metric::Throughput | Metric::Custom(_) => 2.0 * LASTING * LASTING,
        Metric::ErrorRate => 0.0,
    }
}

fn geometric_mean(values: &[f64]) -> Option<f64> {
    let sum: f64 = values.iter().map(|value| value.ln()).sum();
    (!values.is_empty()).then(|| (sum / values.len() as f64).exp())
}

/// What keeps a measurement from being judged. A slice is short: the requests that a statistic needs are those of all slices of a
/// side.
fn refuse_unmeasured(test: &Test, slices: Sides<&[Run]>) -> Result<(), Reason> {
    let missing = match test.measured.sides {
        Ok(_) => return Ok(()),
        Err(missing) => missing,
    };
    let Missing::TooFewRequests { needs } = missing else { return Err(Reason::Missing(missing)) };
    let counts = slices.map(|runs| runs.iter().filter_map(|run| samples(run, &test.key)).sum());
    let enough = |requests: &u64| *requests >= needs;
    if counts.iter().all(enough) { Ok(()) } else { Err(Reason::Missing(missing)) }
}

/// Number of response times of the measurement's endpoint in a slice.
fn samples(run: &Run, key: &MeasurementKey) -> Option<u64> {
    run.all_endpoints().find(|own| own.key == key.endpoint)?.timed()
}

/// Failures and requests of both sides, pair by pair: pairs of which both are known.
pub(super) fn counted(test: &Test, slices: Sides<&[Run]>) -> Vec<[(u64, u64); 2]> {
    let counts = |run: &Run| {
        let own = run.all_endpoints().find(|own| own.key == test.key.endpoint)?;
        own.failure_counts().filter(|(failures, of)| *of > 0 && failures <= of)
    };
    let pairs = slices.baseline.iter().zip(slices.current);
    pairs.filter_map(|(base, head)| Some([counts(base)?, counts(head)?])).collect()
}
