//! Prometheus alert rules that match the budgets: what a load test checks, production is watched for.

use crate::config::{Bound, Budget, Limited, Query, Scope, Tier};
use crate::model::{Direction, Metric, Statistic};
use std::io::{self, Write};

/// How long a limit must be broken.
const FOR: &str = "10m";

/// Writes a rule for each limit of these budgets, and a comment for each that has none. `queries` are those that the policy
/// names.
pub fn render(
    budgets: &[(String, &Budget)],
    queries: &[Query],
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "# Alert rules for Prometheus, from the budgets of perfgate.yaml.")?;
    writeln!(
        out,
        "# The names of metrics are the usual ones of client libraries and of the node exporter: put your own in their place."
    )?;
    writeln!(out, "groups:\n  - name: perfgate\n    rules:")?;
    for (profile, budget) in budgets {
        let tiers: Vec<(Tier, Option<Bound>)> = match budget.tiers.as_slice() {
            [] => vec![(Tier::Acceptable, None)],
            own => own.iter().map(|(tier, bound)| (*tier, Some(*bound))).collect(),
        };
        for (tier, bound) in tiers {
            let Some(expression) = expression(budget, bound, queries) else {
                writeln!(
                    out,
                    "      # {}: no query is known for it; name one under `prometheus:`",
                    one_line(&budget.name)
                )?;
                continue;
            };
            let severity = if tier == Tier::Target { "warning" } else { "critical" };
            let about = if profile.is_empty() {
                "every load".to_owned()
            } else {
                format!("profile {profile}")
            };
            writeln!(out, "      - alert: {}", json(&alert_name(profile, budget, tier)))?;
            writeln!(out, "        expr: {}", json(&expression))?;
            writeln!(out, "        for: {FOR}")?;
            writeln!(out, "        labels: {{ severity: {severity} }}")?;
            let summary = format!("{} is beyond the {} limit of {about}", budget.name, tier.name());
            writeln!(out, "        annotations: {{ summary: {} }}", json(&summary))?;
        }
    }
    Ok(())
}

/// A JSON text is a YAML text as well.
fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// `BaselineApiResponseTimeP95Target`.
fn alert_name(profile: &str, budget: &Budget, tier: Tier) -> String {
    let word = |word: &str| {
        let mut chars = word.chars();
        chars
            .next()
            .map(|first| first.to_uppercase().to_string() + chars.as_str())
            .unwrap_or_default()
    };
    let text = format!("{profile} {} {}", budget.name, tier.name());
    text.split(|c: char| !c.is_ascii_alphanumeric()).map(word).collect()
}

/// A pattern of endpoints as a regular expression, which Prometheus anchors at both ends: `*` stays within a segment, `**` does
/// not, and nothing else means more than itself.
fn regex(pattern: &str) -> String {
    let literal = |text: &str| {
        let special = |c: char| "\\.+?()|[]{}^$".contains(c);
        text.chars().fold(String::new(), |all, c| {
            if special(c) { all + "\\" + &c.to_string() } else { all + &c.to_string() }
        })
    };
    let within = |part: &str| part.split('*').map(literal).collect::<Vec<_>>().join("[^/]*");
    pattern.split("**").map(within).collect::<Vec<_>>().join(".*")
}

fn expression(budget: &Budget, bound: Option<Bound>, queries: &[Query]) -> Option<String> {
    let broken = |value: f64| {
        let bound = bound?;
        let sign = match bound.comparison.direction() {
            Direction::Lower => ">",
            Direction::Higher => "<",
        };
        Some(format!("{sign} {value}"))
    };
    let limit = bound.map(|bound| bound.value);
    Some(match &budget.limited {
        Limited::MemoryLeak => {
            let limit = match bound {
                Some(bound) => broken(bound.value)?,
                None => "> 10e6".to_owned(),
            };
            format!("deriv(process_resident_memory_bytes[1h]) * 3600 {limit}")
        }
        Limited::Resource(name, _) if name == "cpu" => {
            format!(
                "1 - avg(rate(node_cpu_seconds_total{{mode=\"idle\"}}[5m])) {}",
                broken(limit?)?
            )
        }
        Limited::Resource(..) if limit? <= 1.0 => {
            format!(
                "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes {}",
                broken(limit?)?
            )
        }
        Limited::Resource(..) => format!("process_resident_memory_bytes {}", broken(limit?)?),
        Limited::Measurement(scope, metric, statistic) => {
            let filter = match scope {
                Scope::Endpoints(pattern) => format!("handler=~{}", json(&regex(pattern.text()))),
                Scope::Total | Scope::Class(_) => String::new(),
            };
            let failed = [&filter, "status=~\"5..\""].map(str::to_owned);
            let failed = failed.iter().filter(|own| !own.is_empty()).cloned().collect::<Vec<_>>();
            let failed = format!("{{{}}}", failed.join(","));
            let filter = if filter.is_empty() { String::new() } else { format!("{{{filter}}}") };
            let seconds = "http_request_duration_seconds";
            match (metric, statistic) {
                (Metric::Latency, Statistic::Quantile(level)) => format!(
                    "histogram_quantile({}, sum by (le) (rate({seconds}_bucket{filter}[5m]))) {}",
                    level.fraction(),
                    broken(limit? / 1e3)?
                ),
                (Metric::Latency, Statistic::Mean) => format!(
                    "sum(rate({seconds}_sum{filter}[5m])) / sum(rate({seconds}_count{filter}[5m])) {}",
                    broken(limit? / 1e3)?
                ),
                (Metric::ErrorRate, _) => format!(
                    "sum(rate(http_requests_total{failed}[5m])) / sum(rate(http_requests_total{filter}[5m])) {}",
                    broken(limit?)?
                ),
                (Metric::Custom(name), _) => {
                    let query = queries
                        .iter()
                        .find(|query| query.name == *name || query.name == budget.name)?;
                    format!("({}) {}", query.promql, broken(limit? / query.factor)?)
                }
                // How much is requested in production is no fault of the code.
                _ => return None,
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_the_same_to_prometheus() {
        for (pattern, expected) in [
            ("GET /api/**", r"GET /api/.*"),
            ("GET /users/*/orders", r"GET /users/[^/]*/orders"),
            ("GET /search?q=**", r"GET /search\?q=.*"),
            ("GET /v1.0/[id]", r"GET /v1\.0/\[id\]"),
            ("GET /x(y", r"GET /x\(y"),
        ] {
            assert_eq!(regex(pattern), expected);
        }
    }
}
