//! What runs may spend until something is decided: runs, calls, and money.

use super::plan::Plan;
use crate::cli::error::CliError;
use crate::model::{CustomMetric, EndpointKey, Raw as _, Run, Unit};

/// Metrics that are the cost of a whole run.
const COST: [&str; 4] = ["cost", "total_cost", "cost_usd", "usd"];
/// The metric that is the cost of one request.
const COST_PER_REQUEST: &str = "cost_per_request";

/// What all runs together may spend; none: as much as it takes.
pub(super) struct Allowance {
    runs: Option<usize>,
    calls: Option<u64>,
    cost: Option<f64>,
    /// Disturbed runs that may be made again.
    pub(super) tries: usize,
}

/// What was spent, and what the last run took of it; none where it is not known.
pub(super) struct Spent {
    calls: Option<u64>,
    cost: Option<f64>,
    last_calls: u64,
    last_cost: f64,
}

impl Default for Spent {
    fn default() -> Self {
        Self { calls: Some(0), cost: Some(0.0), last_calls: 0, last_cost: 0.0 }
    }
}

impl Allowance {
    /// What command line and policy allow: as many runs as are named, or as calls and money allow, or as the policy says.
    pub(super) fn of(plan: &Plan<'_>) -> Self {
        let rules = &plan.rig.policies.deciding.policy.rules;
        let calls = plan.args.max_calls.map(std::num::NonZeroU64::get).or(rules.max_calls);
        let cost = plan.args.max_cost.or(rules.max_cost);
        let named = plan.args.until_decided.flatten();
        let usual = (calls.is_none() && cost.is_none()).then_some(rules.max_runs);
        let runs = named.or(usual);
        Self { runs, calls, cost, tries: runs.unwrap_or(rules.max_runs) }
    }

    /// What would be exceeded by another run like the last one.
    pub(super) fn exceeded_by_next(&self, spent: &Spent, runs: usize) -> Option<String> {
        if self.runs.is_some_and(|most| runs >= most) {
            return Some("no more runs are allowed".to_owned());
        }
        let calls = |most: u64| spent.calls.is_some_and(|calls| calls + spent.last_calls > most);
        if let Some(most) = self.calls.filter(|most| calls(*most)) {
            return Some(format!("another run would exceed {most} calls"));
        }
        let cost = |most: f64| spent.cost.is_some_and(|cost| cost + spent.last_cost > most);
        let most = self.cost.filter(|most| cost(*most))?;
        Some(format!("another run would exceed ${most}"))
    }

    /// What was spent, where that is limited: ` (30 calls, $0.42)`.
    pub(super) fn text(&self, spent: &Spent) -> String {
        let limited = self.calls.is_some() || self.cost.is_some();
        let calls = spent.calls.map(|calls| format!("{calls} calls"));
        let cost = spent.cost.filter(|_| self.cost.is_some()).map(|cost| format!("${cost:.2}"));
        let known: Vec<String> = calls.into_iter().chain(cost).filter(|_| limited).collect();
        if known.is_empty() { String::new() } else { format!(" ({})", known.join(", ")) }
    }

    /// The share that was spent of what may be, by what comes to its end first.
    pub(super) fn share(&self, spent: &Spent, runs: usize) -> f64 {
        let of_runs = self.runs.map(|most| runs as f64 / most as f64);
        let of_calls = self.calls.zip(spent.calls).map(|(most, own)| own as f64 / most as f64);
        let of_cost = self.cost.zip(spent.cost).map(|(most, own)| own / most);
        [of_runs, of_calls, of_cost].into_iter().flatten().fold(0.0, f64::max).min(1.0)
    }

    /// A limit on what nobody measures would never hold.
    pub(super) fn refuse_unknown(&self, spent: &Spent) -> Result<(), CliError> {
        if self.calls.is_some() && spent.calls.is_none() {
            let problem = "max_calls is set, but the result does not say how many calls were made";
            return Err(CliError::usage(problem, "limit the runs instead: --until-decided 5"));
        }
        if self.cost.is_some() && spent.cost.is_none() {
            let problem = "max_cost is set, but the result does not say what the run cost";
            let help = "let the load test write a metric `cost` (of the run) or `cost_per_request`, in usd";
            return Err(CliError::usage(problem, help));
        }
        Ok(())
    }
}

impl Spent {
    /// Adds a run, whether it counts or is made again.
    pub(super) fn add(&mut self, run: &Run) {
        let (calls, cost) = (calls(run), cost(run));
        self.calls = self.calls.zip(calls).map(|(all, own)| all.saturating_add(own));
        self.cost = self.cost.zip(cost).map(|(all, own)| all + own);
        self.last_calls = calls.unwrap_or_default();
        self.last_cost = cost.unwrap_or_default();
    }
}

/// The calls of a run.
fn calls(run: &Run) -> Option<u64> {
    let of_total = run.total.requests.or_else(|| run.total.latency.as_ref()?.count);
    let of_endpoints = || {
        let known: Option<Vec<u64>> = run.endpoints.iter().map(|e| e.requests).collect();
        known.filter(|all| !all.is_empty()).map(|all| all.into_iter().fold(0, u64::saturating_add))
    };
    of_total.or_else(of_endpoints)
}

/// What a run cost, in US dollars.
fn cost(run: &Run) -> Option<f64> {
    let named = |name: &str| {
        let all: Vec<&CustomMetric> = run
            .metrics
            .iter()
            .filter(|metric| metric.name == name && is_money(&metric.unit))
            .collect();
        // Where the whole run has one, those of the endpoints are parts of it.
        let whole = all.iter().any(|metric| metric.endpoint == EndpointKey::Total);
        let counts = |metric: &&&CustomMetric| !whole || metric.endpoint == EndpointKey::Total;
        let parts: Vec<&CustomMetric> = all.iter().filter(counts).copied().collect();
        (!parts.is_empty()).then_some(parts)
    };
    let sum = |metrics: Vec<&CustomMetric>| metrics.into_iter().map(total).sum::<Option<f64>>();
    let whole = COST.iter().find_map(|name| sum(named(name)?));
    whole.or_else(|| {
        let each = named(COST_PER_REQUEST)?.first()?.value?;
        Some(each * calls(run)? as f64)
    })
}

/// All of a metric: the samples of a trend together, of anything else the value.
fn total(metric: &CustomMetric) -> Option<f64> {
    let samples = if metric.quantiles.is_empty() { 1.0 } else { metric.count? as f64 };
    Some(metric.value? * samples)
}

fn is_money(unit: &Unit) -> bool {
    match unit {
        Unit::Number => true,
        other => ["usd", "$"].iter().any(|usd| other.raw().eq_ignore_ascii_case(usd)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Quantile, Tool};

    fn run(metrics: Vec<CustomMetric>) -> Run {
        let mut run = Run::new(Tool { name: "tool".into(), version: None });
        run.total.requests = Some(20);
        run.metrics = metrics;
        run
    }

    fn metric(name: &str, unit: &str, value: f64) -> CustomMetric {
        let unit = Unit::from_name(unit).0;
        CustomMetric { value: Some(value), ..CustomMetric::new(name, unit) }
    }

    #[test]
    fn the_cost_of_a_run_is_its_metric_or_that_of_a_request_times_the_requests() {
        assert_eq!(cost(&run(vec![metric("cost", "usd", 0.25)])), Some(0.25));
        assert_eq!(cost(&run(vec![metric("cost_per_request", "usd", 0.25)])), Some(5.0));
        assert_eq!(cost(&run(vec![metric("cost", "eur", 0.25)])), None);
        assert_eq!(cost(&run(Vec::new())), None);
    }

    #[test]
    fn the_samples_of_a_trend_cost_what_all_of_them_cost() {
        let mut trend = metric("cost", "usd", 0.25);
        (trend.count, trend.quantiles) = (Some(8), [(Quantile::P50, 0.2)].into());
        assert_eq!(cost(&run(vec![trend])), Some(2.0));
    }

    #[test]
    fn the_next_run_must_fit_into_what_is_left() {
        let allowed = Allowance { runs: None, calls: Some(50), cost: Some(1.0), tries: 5 };
        let mut spent = Spent::default();
        let mut ends = Vec::new();
        for runs in 1..=3 {
            spent.add(&run(vec![metric("cost", "usd", 0.3)]));
            ends.push((allowed.exceeded_by_next(&spent, runs), allowed.share(&spent, runs)));
        }
        let calls = Some("another run would exceed 50 calls".to_owned());
        assert_eq!(ends[0], (None, 0.4));
        assert_eq!(ends[1], (calls.clone(), 0.8));
        assert_eq!(ends[2], (calls, 1.0));
        assert_eq!(allowed.text(&spent), " (60 calls, $0.90)");
    }
}
