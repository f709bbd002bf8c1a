//! Prometheus alert rules that match the budgets: what a load test checks, production is watched for.

use super::escape::{terminal, yaml};
use crate::config::{Bound, Budget, Limited, Query, Rules, Scope, Tier, defaults};
use crate::model::{Direction, Metric, Statistic, is_harmful};
use std::io::{self, Write};

/// How long a limit must be broken.
const FOR: &str = "10m";

/// Writes a rule for each limit of these budgets, and a comment for each that has none. `rules` is the policy that they are of,
/// `queries` are those that it names.
pub fn render(
    budgets: &[(String, &Budget)],
    rules: &Rules,
    queries: &[Query],
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "# Alert rules for Prometheus, from the budgets of perfgate.yaml.")?;
    writeln!(
        out,
        "# Metric names are the defaults of client libraries and the node exporter: replace them with your own."
    )?;
    writeln!(out, "groups:\n  - name: perfgate\n    rules:")?;
    for (profile, budget) in budgets {
        let tiers: Vec<(Tier, Option<Bound>)> = match budget.tiers.as_slice() {
            [] => vec![(Tier::Acceptable, None)],
            own => own.iter().map(|(tier, bound)| (*tier, Some(*bound))).collect(),
        };
        for (tier, bound) in tiers {
            let Some(expression) = expression(budget, bound, rules, queries) else {
                writeln!(
                    out,
                    "      # {}: no query is known; add one under `prometheus:`",
                    terminal(&budget.name)
                )?;
                continue;
            };
            let severity = if tier == Tier::Target { "warning" } else { "critical" };
            let about = if profile.is_empty() {
                "every load".to_owned()
            } else {
                format!("profile {profile}")
            };
            writeln!(out, "      - alert: {}", yaml(&alert_name(profile, budget, tier)))?;
            writeln!(out, "        expr: {}", yaml(&expression))?;
            writeln!(out, "        for: {FOR}")?;
            writeln!(out, "        labels: {{ severity: {severity} }}")?;
            let summary = format!("{} is beyond the {} limit of {about}", budget.name, tier.name());
            writeln!(out, "        annotations: {{ summary: {} }}", yaml(&summary))?;
        }
    }
    Ok(())
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

/// A pattern as a regular expression, which Prometheus anchors at both ends: `*` stays within a segment, `**` does not, and
/// nothing else means more than itself.
fn regex(pattern: &str) -> String {
    let literal = |text: &str| {
        text.chars().fold(String::new(), |all, c| match c {
            c if is_harmful(c) => format!("{all}\\x{{{:x}}}", u32::from(c)),
            c if "\\.+?()|[]{}^$".contains(c) => format!("{all}\\{c}"),
            c => all + &c.to_string(),
        })
    };
    let within = |part: &str| part.split('*').map(literal).collect::<Vec<_>>().join("[^/]*");
    pattern.split("**").map(within).collect::<Vec<_>>().join(".*")
}

/// What a label must be, in PromQL: a string in it is quoted as in JSON.
fn matcher(label: &str, regex: &str) -> String {
    format!("{label}=~{}", serde_json::Value::from(regex))
}

/// The labels of what a scope holds, as far as the metrics of HTTP requests know it: none where they do not.
fn labels(scope: &Scope, rules: &Rules) -> Option<Vec<String>> {
    let patterns = match scope {
        Scope::Total => return Some(Vec::new()),
        Scope::Endpoints(pattern) => vec![pattern],
        Scope::Class(class) => match rules.class_patterns(class) {
            Some(patterns) => patterns,
            None if class == defaults::API_CLASS => return Some(Vec::new()),
            None => return None,
        },
    };
    let methods: Option<Vec<Option<&str>>> =
        patterns.iter().map(|pattern| pattern.http_method().ok()).collect();
    let method = match methods?.as_slice() {
        [] => return None,
        // Labels are matched one by one: two methods with paths of their own cannot be told apart.
        [first, rest @ ..] if rest.iter().any(|other| other != first) => return None,
        [first, ..] => *first,
    };
    let paths: Vec<String> = patterns.iter().map(|pattern| regex(pattern.name())).collect();
    let method = method.map(|method| matcher("method", &regex(method)));
    Some(method.into_iter().chain([matcher("handler", &paths.join("|"))]).collect())
}

fn expression(
    budget: &Budget,
    bound: Option<Bound>,
    rules: &Rules,
    queries: &[Query],
) -> Option<String> {
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
        // Production has the load that it has.
        Limited::Load(..) | Limited::Window(..) => return None,
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
            // A metric of one's own is asked by its query, whatever it belongs to.
            let known = labels(scope, rules);
            let known = if matches!(metric, Metric::Custom(_)) { Vec::new() } else { known? };
            let all = |more: &[&str]| {
                let all: Vec<&str> =
                    known.iter().map(String::as_str).chain(more.iter().copied()).collect();
                if all.is_empty() { String::new() } else { format!("{{{}}}", all.join(",")) }
            };
            let (filter, failed) = (all(&[]), all(&["status=~\"5..\""]));
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
                        .find(|query| *name == query.name.as_str() || query.name == budget.name)?;
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
            ("/api/**", r"/api/.*"),
            ("/users/*/orders", r"/users/[^/]*/orders"),
            ("/search?q=**", r"/search\?q=.*"),
            ("/v1.0/[id]", r"/v1\.0/\[id\]"),
            ("/x(y", r"/x\(y"),
            ("/a\u{2028}", r"/a\x{2028}"),
        ] {
            assert_eq!(regex(pattern), expected);
        }
    }

    fn rules_of(policy: &str) -> String {
        let policy = crate::config::Policy::parse("perfgate.yaml", policy).unwrap();
        let budgets: Vec<(String, &Budget)> =
            policy.rules.budgets(None).into_iter().map(|own| (String::new(), own)).collect();
        let mut out = Vec::new();
        render(&budgets, &policy.rules, &policy.prometheus, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_rule_watches_what_its_budget_holds_and_nothing_else() {
        let rows = rules_of("budgets: [{ operation: \"GET /a/**\", error_rate: \"< 1%\" }]");
        let of_row = r#"{method=~\"GET\",handler=~\"/a/.*\",status=~\"5..\"}"#;
        assert!(rows.contains(of_row), "{rows}");
        // HTTP metrics know nothing of other kinds of endpoints.
        let sockets = rules_of(
            "budgets: { websocket_latency_p99: \"< 1s\", api_response_time_p95: \"< 1s\" }",
        );
        assert!(sockets.contains("# websocket_latency_p99: no query is known"), "{sockets}");
        assert!(sockets.contains("rate(http_request_duration_seconds_bucket[5m])"), "{sockets}");
        let classes = rules_of(
            "endpoint_classes: { slow: [\"/export/*\", \"/import\"] }\nbudgets: { slow_response_time_p95: \"< 9s\" }",
        );
        assert!(classes.contains(r#"{handler=~\"/export/[^/]*|/import\"}"#), "{classes}");
    }

    #[test]
    fn no_name_ends_the_line_that_it_stands_in() {
        let written = rules_of("budgets: { \"a\\u2028b\\u2029 #[x]\": \"< 1\" }");
        assert!(written.contains("# a\\u{2028}b\\u{2029} #[x]: no query"), "{written}");
    }
}
