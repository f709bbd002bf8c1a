//! What warnings say: one place, so that every renderer says the same.

use crate::model::{Untrusted, WarningKind as Kind, brief};
use std::fmt;

/// Measurements or runs that a warning names before it counts.
const MOST_NAMED: usize = 5;

/// Fields that belong into `load`, and are often written beside it.
const OF_LOAD: [&str; 4] = ["users", "connections", "spawn_rate", "target"];

/// What a warning says, cut where a name or a value in it is endless.
pub fn warning_text(kind: &Kind) -> Untrusted {
    brief(&Message(kind).to_string()).into_owned().into()
}

/// The text of a warning, with names from files in it as they are.
struct Message<'a>(&'a Kind);

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::NoRequests
            | Kind::Truncated { .. }
            | Kind::BrokenLines { .. }
            | Kind::AnswersOnly
            | Kind::UnknownField { .. }
            | Kind::UnknownOutcomes { .. }
            | Kind::PercentilesAssumed
            | Kind::RowsDoNotAddUp { .. }
            | Kind::OtherHistory { .. }
            | Kind::LinesMissing { .. }
            | Kind::TransactionsUnclear { .. }
            | Kind::RepeatedFile => self.of_file(f),
            Kind::DroppedIterations { .. }
            | Kind::ScriptErrors { .. }
            | Kind::ShardsApart { .. }
            | Kind::ShardsUndated { .. }
            | Kind::MetricsNotMerged { .. }
            | Kind::LoadUnknown { .. }
            | Kind::UsersMissed { .. }
            | Kind::CheckNeverHeld { .. }
            | Kind::Disturbed { .. } => self.of_load(f),
            Kind::Differs { .. }
            | Kind::SameAsBaseline { .. }
            | Kind::NoiseUnknown { .. }
            | Kind::Blind { .. }
            | Kind::NotMeasured { .. }
            | Kind::RequestsUnknown { .. }
            | Kind::Undecided
            | Kind::MissingBaseline
            | Kind::NoAnchor { .. }
            | Kind::OtherVersion { .. }
            | Kind::RecordedTwice { .. }
            | Kind::Offline => self.of_comparison(f),
            Kind::UnknownMetric { .. }
            | Kind::UnmatchedRule { .. }
            | Kind::UnjoinedRows { .. }
            | Kind::Unclassified { .. }
            | Kind::PolicyChanged { .. }
            | Kind::BasePolicyBroken { .. }
            | Kind::BrokenTrailer { .. }
            | Kind::NotHonoured { .. } => self.of_policy(f),
            Kind::AlertsNotChecked { .. }
            | Kind::LooksBack { .. }
            | Kind::OwnRatio { .. }
            | Kind::SeriesLeftOut { .. } => self.of_prometheus(f),
            Kind::Told { message, .. } => f.write_str(message),
        }
    }
}

impl Message<'_> {
    /// What is odd about a result file.
    fn of_file(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::NoRequests => f.write_str("the run has no requests"),
            Kind::Truncated { how } => {
                write!(f, "the file is truncated ({how}); judging what could be read")
            }
            Kind::BrokenLines { count: 1, first } => write!(f, "skipped 1 malformed line: {first}"),
            Kind::BrokenLines { count, first } => {
                write!(f, "skipped {count} malformed lines; the first: {first}")
            }
            Kind::AnswersOnly => f.write_str(
                "this file lists only answered requests: failed connections and other requests without a response are not in it",
            ),
            Kind::UnknownField { path } => {
                write!(f, "ignored the unknown field `{path}`")?;
                if OF_LOAD.contains(&path.as_str()) {
                    write!(f, ": write `\"load\": {{ \"{path}\": … }}`")?;
                }
                Ok(())
            }
            Kind::UnknownOutcomes { known, requests } => write!(
                f,
                "the outcome of only {known} of {requests} requests is known (k6: responseCallback is null; ab: bodies of different lengths; hey: over a million answers; wrk2: idle connections that count as timeouts)"
            ),
            Kind::PercentilesAssumed => f.write_str(
                "the file does not state which percentiles it has: they are taken for p90, p95 and p99, JMeter's defaults. If \
                 aggregate_rpt_pct1 to 3 are set to others, give the .jtl instead",
            ),
            Kind::TransactionsUnclear { counted } => write!(
                f,
                "the file does not show whether it contains the requests of its transactions: the total {}. Configure \
                 JMeter to write threadName",
                if *counted { "counts each transaction as a request" } else { "leaves transactions out" }
            ),
            Kind::LinesMissing { requests, times } => write!(
                f,
                "lines are missing: the file has {requests} requests but {times} response times, and k6 writes one for each request"
            ),
            Kind::RowsDoNotAddUp { what, sum, stated } => write!(
                f,
                "the rows add up to {sum} {what}, but the Aggregated row has {stated}; check for missing rows"
            ),
            Kind::OtherHistory { told, counted } => write!(
                f,
                "ignored users and times: this history counts {told} requests, but the statistics next to it count {counted} \
                 (truncated, or from another run?)"
            ),
            Kind::RepeatedFile => {
                f.write_str("the file is given more than once and counts as a run each time")
            }
            _ => Ok(()),
        }
    }

    /// What is odd about the load, its script or its machine.
    fn of_load(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::DroppedIterations { count } => write!(
                f,
                "the load generator could not keep up: it dropped {count} iteration{}",
                ending(*count)
            ),
            Kind::ScriptErrors { count, message } => write!(
                f,
                "the script raised {count} error{}, which do not count as failed requests: {message}",
                ending(*count)
            ),
            Kind::ShardsApart { shards, span_ms, loaded_ms } => write!(
                f,
                "the {shards} shards did not run at the same time: there was load for {:.1} of {:.1} s, and throughput is \
                 computed over that time. Do not merge repeats of a test as shards",
                *loaded_ms as f64 / 1e3,
                *span_ms as f64 / 1e3
            ),
            Kind::UsersMissed { profile, wanted, reached } => write!(
                f,
                "{reached} of the {wanted} users of profile {profile} were reached: the numbers are those of a smaller load. To fail \
                 such a run, give it the budget users: \">= {wanted}\""
            ),
            Kind::ShardsUndated { shards } => write!(
                f,
                "not all of the {shards} shards state when they ran; assuming they ran at the same time"
            ),
            Kind::MetricsNotMerged { values, quantiles } => {
                let lost = |what: &str, names: &[String]| {
                    (!names.is_empty()).then(|| format!("{what} of {}", first_of(names)))
                };
                let parts = [lost("percentiles", quantiles), lost("values", values)];
                let parts: Vec<String> = parts.into_iter().flatten().collect();
                write!(f, "dropped, because shards cannot be merged for them: {}", parts.join("; "))
            }
            Kind::LoadUnknown { baseline, current, tool } => write!(
                f,
                "the number of users is unknown{}, so a different load would look like a change: name the load \
                 with --profile NAME{}",
                match (baseline, current) {
                    (true, false) => " for the baseline",
                    (false, true) => " for this run",
                    _ => "",
                },
                if tool == "locust" {
                    ", or keep _stats_history.csv next to _stats.csv"
                } else {
                    ""
                }
            ),
            Kind::CheckNeverHeld { name } => write!(f, "the check `{name}` never passed"),
            Kind::Disturbed { baseline, disturbed, of } => {
                let (side, so) = if *baseline {
                    ("baseline run", "a real slowdown may be hidden")
                } else {
                    ("new run", "a slowdown may come from the machine; measure again")
                };
                match (of, baseline) {
                    (1, true) => f.write_str("the baseline run was disturbed")?,
                    (1, false) => f.write_str("this run was disturbed")?,
                    _ => {
                        let were = if disturbed.len() == 1 { "was" } else { "were" };
                        write!(f, "{} of {of} {side}s {were} disturbed", disturbed.len())?;
                    }
                }
                write!(f, " ({}): {so}", first_of(disturbed))
            }
            _ => Ok(()),
        }
    }

    /// What limits a comparison.
    fn of_comparison(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Differs { field, baseline, current } => {
                write!(f, "{field} differs: {baseline} in the baseline, {current} now")
            }
            Kind::SameAsBaseline { baseline } => write!(
                f,
                "the numbers are identical to those of baseline run {baseline}; check for a stale result file"
            ),
            Kind::NoiseUnknown { runs } => write!(
                f,
                "only {}: run-to-run noise is unknown, assuming a typical machine; record three or more runs to measure it",
                if *runs == 1 {
                    "one baseline run".to_owned()
                } else {
                    format!("{runs} baseline runs")
                }
            ),
            Kind::Blind { measurements } => write!(
                f,
                "not compared, so a regression there would go unnoticed: {}",
                first_of(measurements)
            ),
            Kind::NotMeasured { statistics, tool } => {
                write!(f, "{} was not measured: {}", statistics.join(", "), how_to_measure(tool))
            }
            Kind::RequestsUnknown { endpoints, tool } => write!(
                f,
                "the number of requests is unknown for {endpoints} endpoint{}, so sampling error cannot be \
                 estimated{}",
                ending(*endpoints as u64),
                if tool == "k6" { ": add `count` to --summary-trend-stats" } else { "" }
            ),
            Kind::Undecided => {
                f.write_str("NOTHING WAS DECIDED: a limit is crossed; measure again to settle it")
            }
            Kind::NoAnchor { revision } => write!(
                f,
                "no comparable run is recorded for the anchor {revision}, so slow drift is not judged"
            ),
            Kind::Offline => f.write_str(
                "offline: recorded runs were not fetched, the baseline may be out of date",
            ),
            Kind::OtherVersion { records } => write!(
                f,
                "skipped {records} run{} recorded by a newer perfgate; update perfgate",
                ending(*records as u64),
            ),
            Kind::RecordedTwice { commit, of } => write!(
                f,
                "the results recorded for {commit} are those of {of} and count once: run the load test for each commit before it is recorded"
            ),
            Kind::MissingBaseline => f.write_str("NOTHING WAS COMPARED: no baseline was found"),
            _ => Ok(()),
        }
    }

    /// What is odd about what Prometheus was asked.
    fn of_prometheus(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::AlertsNotChecked { alerts, asked } => write!(
                f,
                "{} alert{} not checked: {}; {} (--attach prometheus:URL)",
                alerts.len(),
                ending(alerts.len() as u64),
                first_of(alerts),
                if *asked {
                    "not in the policy when the run was measured"
                } else {
                    "no Prometheus was attached to the run"
                }
            ),
            Kind::LooksBack { queries, range_s, run_s } => write!(
                f,
                "{} look{} back over {}, but the run took {run_s} s: the values include what was before it. Write a shorter range, \
                 such as [{}] (at least two scrapes), or run for longer",
                first_of(queries),
                if queries.len() == 1 { "s" } else { "" },
                range(*range_s),
                range(shorter(*run_s))
            ),
            Kind::OwnRatio { query, instead } => write!(
                f,
                "{query} divides each series by itself, so that its value is always 1: write {instead}"
            ),
            Kind::SeriesLeftOut { query, series } => write!(
                f,
                "{query}: left out {}, which {} no endpoint of the run",
                first_of(series),
                if series.len() == 1 { "is" } else { "are" }
            ),
            _ => Ok(()),
        }
    }

    /// What in the policy, or in a commit that accepts a change, does not apply.
    fn of_policy(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::UnknownMetric { name } => {
                write!(f, "no run has the metric `{name}`, which the policy limits; check the name")
            }
            Kind::UnmatchedRule { pattern, .. } => {
                write!(f, "no endpoint matches the rule `{pattern}`; check the pattern")
            }
            Kind::UnjoinedRows { rows, metrics, meant } => {
                let all = [rows.as_slice(), metrics.as_slice()].concat();
                write!(
                    f,
                    "the run has nothing that is called {} in the baseline",
                    all.join(" or ")
                )?;
                let Some(first) = rows.first() else { return Ok(()) };
                let renames: Vec<String> =
                    meant.iter().map(|(row, name)| format!("{row}: \"{name}\"")).collect();
                if renames.is_empty() {
                    write!(
                        f,
                        "; say what it is in perfgate.yaml: rename: {{ {first}: \"METHOD NAME\" }}"
                    )
                } else {
                    write!(f, "; probably, in perfgate.yaml: rename: {{ {} }}", renames.join(", "))
                }
            }
            Kind::Unclassified { endpoints } => write!(
                f,
                "no latency limit applies to {}: no endpoint class with limits matches",
                endpoints.join(", ")
            ),
            Kind::PolicyChanged { base, defaults, keys } => {
                let decides = if *defaults {
                    format!("the base {base} has no perfgate.yaml, so the defaults apply")
                } else {
                    format!("perfgate.yaml of the base {base} applies")
                };
                let take = if keys.len() == 1 { "takes" } else { "take" };
                let keys = keys.join(", ");
                write!(
                    f,
                    "this pull request changes the policy: {keys} {take} effect once it is merged; {decides} \
                     (override with --policy FILE)"
                )
            }
            Kind::BasePolicyBroken { base, why } => write!(
                f,
                "perfgate.yaml of the base {base} is invalid ({why}); using the one in the checkout"
            ),
            Kind::BrokenTrailer { commit, why } => {
                write!(f, "the Perfgate-Accept line of {commit} accepts nothing: {why}")
            }
            Kind::NotHonoured { commit, what, queue: false } => write!(
                f,
                "ignored {commit}, which accepts {what}: only branches of the repository itself may accept changes \
                 (to allow forks: accept: {{ from: [repository, forks] }})"
            ),
            Kind::NotHonoured { commit, what, queue: true } => write!(
                f,
                "ignored {commit}, which accepts {what}: a merge queue does not show who wrote its commits \
                 (to allow it: accept: {{ from: [repository, queue] }})"
            ),
            _ => Ok(()),
        }
    }
}

/// The ending of a noun behind a number.
fn ending(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// A range that people write, and of which a run of this many seconds has four.
fn shorter(run_s: u64) -> u64 {
    let usual = [3600, 1800, 600, 300, 120, 60, 30, 15, 10, 5];
    usual.into_iter().find(|range| range * 4 <= run_s).unwrap_or(2)
}

/// A range as PromQL has it: `5m`, `90s`.
fn range(seconds: u64) -> String {
    match seconds {
        s if s >= 3600 && s % 3600 == 0 => format!("{}h", s / 3600),
        s if s >= 60 && s % 60 == 0 => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}

fn first_of(names: &[String]) -> String {
    let shown = names.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>();
    let more = names.len() - shown.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

/// What makes a tool write a quantile that it leaves out.
fn how_to_measure(tool: &str) -> &'static str {
    match tool {
        "k6" => {
            "run k6 with --summary-trend-stats=\"avg,min,med,max,p(90),p(95),p(98),p(99),p(99.9),count\" and --summary-export \
             (its machine-readable summary has no more than p90 and p95)"
        }
        "locust" => "add it to locust.stats.PERCENTILES_TO_REPORT in the locustfile",
        _ => "add it to `quantiles`, or provide `samples`",
    }
}

#[cfg(test)]
mod tests {
    /// The compiler sees that every warning belongs to a group; this, that the group has words for it.
    #[test]
    fn every_warning_has_words() {
        let source = include_str!("warnings.rs");
        let source = source.split("#[cfg(test)]").next().unwrap_or_default();
        let (groups, words) = source.split_once("impl Message<'_>").unwrap_or_default();
        let named = |text: &str| -> std::collections::BTreeSet<String> {
            let names = text.split("Kind::").skip(1);
            let name = |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric()).collect();
            names.map(name).collect()
        };
        let (grouped, mut worded) = (named(groups), named(words));
        worded.insert("Told".to_owned());
        assert!(grouped.len() > 30, "{grouped:?}");
        assert_eq!(grouped, worded);
    }
}
