//! A plain table of history: `commit,timestamp,<series>…`, a row for each commit. What `perfgate trend --format csv` writes is one.

use crate::cli::error::CliError;
use crate::ingest::{HistoryRun, read_document};
use crate::model::{
    CustomMetric, Distribution, Endpoint, EndpointKey, Kind, Latency, Metric, Raw, Run, Statistic,
    Tool, Unit, limits,
};
use crate::trend::{Series, read_series};
use std::path::Path;

/// The tool of such a run, unless `--tool` names one.
const TOOL: &str = "csv";

/// Whether a file is such a table, by its header.
pub(super) fn is_series(head: &str) -> bool {
    let header = head.trim_start_matches('\u{feff}').lines().next().unwrap_or_default();
    header.split(',').any(|column| column.trim().trim_matches('"') == "commit")
}

/// The runs of the table: a row is a run, a column a measurement.
pub(super) fn read(path: &Path, shown: &str) -> Result<Vec<HistoryRun>, CliError> {
    let help = "a table has one row per commit: commit,timestamp,<series>…";
    let wrong = |why: String| CliError::usage(format!("{shown}: {why}"), help);
    let document = read_document(path, limits::DOCUMENT_BYTES)?;
    let all = read_series(&document).map_err(|error| wrong(error.to_string()))?;
    let columns: Vec<(Heading, &Series)> =
        all.iter().map(|series| (Heading::of(&series.id), series)).collect();
    let Some(first) = all.first() else { return Ok(Vec::new()) };
    let mut runs = Vec::new();
    for (r, commit) in first.commits.iter().enumerate() {
        let mut run = Run::new(Tool { name: TOOL.into(), version: None });
        run.started_at = first.times.get(r).copied().flatten();
        let mut any = false;
        for (heading, series) in &columns {
            if let Some(value) = series.values[r] {
                let id = limits::shown(&series.id);
                heading
                    .put(&mut run, value)
                    .map_err(|why| wrong(format!("line {}: {value} of {id} {why}", r + 2)))?;
                any = true;
            }
        }
        // A commit without a value was not measured.
        if any {
            let line = first.lines.get(r).copied();
            runs.push(HistoryRun { commit: commit.clone(), line, run });
        }
    }
    Ok(runs)
}

/// What a column's heading means: `POST /api/chat p95 (ms)`, `total error_rate`, `p95`, or a metric's name.
#[derive(Debug, Clone, PartialEq)]
struct Heading {
    endpoint: EndpointKey,
    metric: Metric,
    statistic: Statistic,
    unit: Unit,
    factor: f64,
}

impl Heading {
    fn of(text: &str) -> Self {
        let text = text.trim().trim_start_matches('\'');
        let (name, unit) = match text.strip_suffix(')').and_then(|rest| rest.rsplit_once(" (")) {
            Some((name, unit)) => (name.trim(), Some(unit.trim())),
            None => (text, None),
        };
        let (unit, factor) = match unit {
            Some("%") => (Unit::Ratio, 0.01),
            other => Unit::from_name(other.unwrap_or_default()),
        };
        let name = name.replace("error rate", "error_rate");
        let (endpoint, last) = name.rsplit_once(' ').unwrap_or(("", &name));
        let stated = text.ends_with(')');
        let heading = |metric, statistic, base: Unit| {
            let fits = unit == base || !stated;
            let factor = if stated { factor } else { 1.0 };
            fits.then(|| Self {
                endpoint: endpoint_of(endpoint),
                metric,
                statistic,
                unit: base,
                factor,
            })
        };
        let known = match (last, last.parse()) {
            ("error_rate", _) => heading(Metric::ErrorRate, Statistic::Rate, Unit::Ratio),
            ("throughput", _) => heading(Metric::Throughput, Statistic::Rate, Unit::PerSecond),
            (
                _,
                Ok(
                    statistic @ (Statistic::Quantile(_)
                    | Statistic::Mean
                    | Statistic::Min
                    | Statistic::Max
                    | Statistic::StdDev),
                ),
            ) => heading(Metric::Latency, statistic, Unit::Milliseconds),
            _ => None,
        };
        known.unwrap_or_else(|| Self {
            endpoint: EndpointKey::Total,
            metric: Metric::Custom(name.as_str().into()),
            statistic: Statistic::Value,
            unit,
            factor,
        })
    }

    /// Puts a value where it belongs; what cannot be is refused as in `perfgate.run/1`.
    fn put(&self, run: &mut Run, value: f64) -> Result<(), &'static str> {
        let value = value * self.factor;
        if !value.is_finite() {
            return Err("is too large");
        }
        match (&self.metric, self.statistic) {
            (Metric::Custom(_), _) => {}
            (Metric::Latency, _) if !Distribution::takes(value) => {
                return Err("is not a response time (0 to one week)");
            }
            (Metric::ErrorRate, _) if !(0.0..=1.0).contains(&value) => {
                return Err("is not an error rate (0 to 1)");
            }
            _ if value < 0.0 => return Err("must not be negative"),
            _ => {}
        }
        if let Metric::Custom(name) = &self.metric {
            let metric = CustomMetric::new(name.raw(), self.unit.clone());
            run.metrics.push(CustomMetric { value: Some(value), ..metric });
            return Ok(());
        }
        let endpoint = if self.endpoint == EndpointKey::Total {
            &mut run.total
        } else {
            let known = run.endpoints.iter().position(|e| e.key == self.endpoint);
            let at = known.unwrap_or_else(|| {
                run.endpoints.push(Endpoint::new(self.endpoint.clone()));
                run.endpoints.len() - 1
            });
            &mut run.endpoints[at]
        };
        let latency = |endpoint: &mut Endpoint, put: &dyn Fn(&mut Latency)| {
            put(endpoint.latency.get_or_insert_default());
        };
        match self.statistic {
            Statistic::Quantile(q) => latency(endpoint, &|l| l.quantiles.extend([(q, value)])),
            Statistic::Mean => latency(endpoint, &|l| l.mean = Some(value)),
            Statistic::Min => latency(endpoint, &|l| l.min = Some(value)),
            Statistic::Max => latency(endpoint, &|l| l.max = Some(value)),
            Statistic::StdDev => latency(endpoint, &|l| l.stddev = Some(value)),
            Statistic::Rate if self.metric == Metric::ErrorRate => {
                endpoint.stated_error_rate = Some(value)
            }
            // A coefficient of variation is a metric of its own here: it follows from the deviation.
            Statistic::Rate | Statistic::Value | Statistic::Cv => {
                endpoint.throughput_rps = Some(value)
            }
        }
        Ok(())
    }
}

/// `METHOD NAME`, a name alone, or nothing for the total.
fn endpoint_of(text: &str) -> EndpointKey {
    let method = |word: &&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase());
    match text.split_once(' ') {
        _ if text.is_empty() || text == "total" => EndpointKey::Total,
        Some((first, name)) if method(&first) => EndpointKey::named(Kind::Http, Some(first), name),
        _ => EndpointKey::named(Kind::Http, None, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(text: &str, endpoint: &str, metric: &str, statistic: &str, factor: f64) {
        let own = Heading::of(text);
        let told = (own.endpoint.text(), own.metric.text(), own.statistic.to_string());
        assert_eq!(told, (endpoint.into(), metric.into(), statistic.to_owned()), "{text}");
        assert!((own.factor - factor).abs() < 1e-12, "{text}");
    }

    #[test]
    fn a_heading_says_what_is_measured() {
        is("POST /api/chat p95 (ms)", "POST /api/chat", "latency", "p95", 1.0);
        is("POST /api/chat p99.9 (s)", "POST /api/chat", "latency", "p99.9", 1e3);
        is("p95", "total", "latency", "p95", 1.0);
        is("/login mean", "/login", "latency", "mean", 1.0);
        is("total error_rate (ratio)", "total", "error_rate", "rate", 1.0);
        is("error rate (%)", "total", "error_rate", "rate", 0.01);
        is("total throughput (per_second)", "total", "throughput", "rate", 1.0);
        is("cache_hit_rate (%)", "total", "cache_hit_rate", "value", 0.01);
        is("queue p95 (usd)", "total", "queue p95", "value", 1.0);
    }
}
