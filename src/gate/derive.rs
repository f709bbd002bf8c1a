//! Metrics that the policy computes from numbers of the run. They are computed anew for whoever judges, by the policy that decides:
//! no record holds them.

use super::input::Baseline;
use super::lack::Lack;
use crate::config::{
    Derived, FormulaInput, FormulaNumber, Measure, Rules, RunNumber, Undefined, sample_statistic,
    suggest,
};
use crate::model::{
    CustomMetric, EndpointKey, LoadNumber, Metric, MetricType, Raw as _, Run, Unit, Untrusted,
};
use std::borrow::Cow;

/// Puts the policy's derived metrics into a run, in the place of any that are called the same.
pub fn derive(run: &mut Run, rules: &Rules) {
    for own in &rules.derived {
        run.metrics.retain(|metric| metric.name != own.name.as_str());
        let metric = compute(own, run);
        run.metrics.extend(metric.ok());
    }
}

/// The runs with what the policy computes.
pub(super) fn derived<'r>(runs: &'r [Run], rules: &Rules) -> Cow<'r, [Run]> {
    if rules.derived.is_empty() {
        return Cow::Borrowed(runs);
    }
    let mut runs = runs.to_vec();
    runs.iter_mut().for_each(|run| derive(run, rules));
    Cow::Owned(runs)
}

/// The same of a baseline.
pub(super) fn derived_baseline(mut baseline: Baseline, rules: &Rules) -> Baseline {
    let runs = baseline.runs.iter_mut().chain(&mut baseline.earlier);
    runs.for_each(|run| derive(run, rules));
    baseline
}

/// Why a run does not have the derived metric of this name; none where there is no such metric, or the run has it.
pub(super) fn underived(name: &str, run: &Run, rules: &Rules) -> Option<Lack> {
    let own = rules.derived.iter().find(|own| own.name == name)?;
    let lack = compute(own, run).err()?;
    match &lack {
        Lack::Input { name: input, .. } if input.raw() != name => {
            underived(input.raw(), run, rules).or(Some(lack))
        }
        _ => Some(lack),
    }
}

fn compute(own: &Derived, run: &Run) -> Result<CustomMetric, Lack> {
    let value = own.formula.evaluate(&|input| measured(input, run));
    let (number, measure) = value.map_err(|why| match why {
        Undefined::Missing(name) => {
            let known = run.metrics.iter().map(|metric| metric.name.raw());
            let meant = suggest(&name, known).map(Untrusted::from);
            Lack::Input { name: name.as_str().into(), meant }
        }
        Undefined::NotFinite => Lack::NotFinite,
        Undefined::Mismatch(left, right) => Lack::Units { left: left.into(), right: right.into() },
    })?;
    let unit = match &own.unit {
        Some((unit, factor)) => measure.in_unit(unit, *factor).map(|factor| (unit.clone(), factor)),
        None => measure.unit(),
    };
    let (unit, factor) = unit.ok_or_else(|| Lack::Unit { is: measure.to_string().into() })?;
    let metric = CustomMetric::new(&own.name, unit);
    Ok(CustomMetric { value: Some(number * factor), direction: own.direction, ..metric })
}

/// What a run has of this, in the base of its measure.
fn measured(input: &FormulaInput, run: &Run) -> Option<(f64, Measure)> {
    let (number, unit) = match input.number {
        FormulaNumber::Usual => usual(&input.name, run)?,
        FormulaNumber::Sum => sum(&input.name, run)?,
        FormulaNumber::Count => (metric(&input.name, run)?.count? as f64, Unit::Number),
    };
    let (measure, factor) = Measure::of_unit(&unit);
    Some((number * factor, measure))
}

/// What a name alone means: a number of the run, a metric, a statistic of one, or a resource.
fn usual(name: &str, run: &Run) -> Option<(f64, Unit)> {
    if let Some(number) = RunNumber::from_name(name) {
        return Some((run_number(number, run)?, number.unit()));
    }
    if let Some(known) = metric(name, run) {
        return Some((known.value?, known.unit.clone()));
    }
    if let Some(counted) = counted(name, run) {
        return Some(counted);
    }
    let of_statistic = name.rsplit_once('_').and_then(|(of, last)| {
        let known = metric(of, run)?;
        Some((known.statistic(sample_statistic(last)?)?, known.unit.clone()))
    });
    of_statistic.or_else(|| {
        let used = run.resources.get(name)?.mean?;
        Some((used, if name.ends_with("_mb") { Unit::Other("mb".into()) } else { Unit::Number }))
    })
}

fn run_number(number: RunNumber, run: &Run) -> Option<f64> {
    let load = |number| run.load_number(number);
    match number {
        RunNumber::Requests => load(LoadNumber::Requests),
        RunNumber::Failures => run.total.failure_counts().map(|(failures, _)| failures as f64),
        RunNumber::Throughput => run.total.throughput_rps,
        RunNumber::ErrorRate => run.total.error_rate(),
        RunNumber::Duration => load(LoadNumber::Duration),
        RunNumber::Users => load(LoadNumber::Users),
        RunNumber::Connections => load(LoadNumber::Connections),
        RunNumber::Latency(statistic) => run.total.value(&Metric::Latency, statistic),
    }
}

/// The metric of the whole run.
fn metric<'r>(name: &str, run: &'r Run) -> Option<&'r CustomMetric> {
    run.metrics.iter().find(|own| own.name == name && own.endpoint == EndpointKey::Total)
}

/// What was counted of endpoints, together.
fn counted(name: &str, run: &Run) -> Option<(f64, Unit)> {
    let own: Vec<&CustomMetric> = run.metrics.iter().filter(|own| own.name == name).collect();
    let of_counter =
        |own: &&CustomMetric| own.value.filter(|_| own.sort == Some(MetricType::Counter));
    let values: Option<Vec<f64>> = own.iter().map(of_counter).collect();
    Some((values?.iter().sum(), own.first()?.unit.clone()))
}

/// The sum of a counter, or of samples.
fn sum(name: &str, run: &Run) -> Option<(f64, Unit)> {
    let Some(own) = metric(name, run) else { return counted(name, run) };
    let value = match own.sort {
        Some(MetricType::Counter) => own.value?,
        _ => own.value? * own.count? as f64,
    };
    Some((value, own.unit.clone()))
}
