//! What warnings say: one place, so that every renderer says the same.

use crate::model::{Untrusted, WarningKind, brief};
use std::fmt;

/// Measurements or runs that a warning names before it counts.
const MOST_NAMED: usize = 5;

/// What a warning says, cut where a name or a value in it is endless.
pub fn warning_text(kind: &WarningKind) -> Untrusted {
    brief(&Message(kind).to_string()).into_owned().into()
}

/// The text of a warning, with names from files in it as they are.
struct Message<'a>(&'a WarningKind);

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use WarningKind as Kind;
        match self.0 {
            Kind::NoRequests => f.write_str("no request was made"),
            Kind::Truncated { how } => {
                write!(f, "the file is cut short ({how}); judged is what is there")
            }
            Kind::BrokenLines { count: 1, first } => write!(f, "1 line was left out: {first}"),
            Kind::BrokenLines { count, first } => {
                write!(f, "{count} lines were left out; the first: {first}")
            }
            Kind::AnswersOnly => f.write_str(
                "this CSV holds answers alone: requests that got none, such as failed connections, cannot be seen in it",
            ),
            Kind::UnknownField { path } => write!(f, "the unknown field `{path}` was left out"),
            Kind::UnknownOutcomes { known, requests } => write!(
                f,
                "only {known} of {requests} requests say whether they failed (k6: responseCallback null)"
            ),
            Kind::DroppedIterations { count } => write!(
                f,
                "the load generator dropped {count} iteration{}: it could not keep up the load",
                ending(*count)
            ),
            Kind::ScriptErrors { count, message } => write!(
                f,
                "the script itself raised {count} error{}, which are not counted as failed requests: {message}",
                ending(*count)
            ),
            Kind::TransactionsUnclear { counted } => write!(
                f,
                "nothing tells whether the requests of transactions are in the file: the total {}. Let JMeter write \
                 threadName",
                if *counted { "counts each transaction as a request" } else { "leaves transactions out" }
            ),
            Kind::LinesMissing { requests, times } => write!(
                f,
                "it has {requests} requests and {times} response times, which k6 writes for each of them: some lines are missing"
            ),
            Kind::RowsDoNotAddUp { what, sum, stated } => write!(
                f,
                "the rows have {sum} {what} together, and the Aggregated row says {stated}: is a row missing?"
            ),
            Kind::OtherHistory { told, counted } => write!(
                f,
                "users and times were left out: it tells of {told} requests, the statistics beside it of {counted} (cut \
                 short, or of another run?)"
            ),
            Kind::ShardsApart { shards, span_ms, loaded_ms } => write!(
                f,
                "the {shards} shards did not run at the same time: there was load for {:.1} of {:.1} s, and throughput is \
                 requests over that time. Repeats of a test are no shards",
                *loaded_ms as f64 / 1e3,
                *span_ms as f64 / 1e3
            ),
            Kind::ShardsUndated { shards } => write!(
                f,
                "not all of the {shards} shards say when they ran: they are taken to have run at the same time"
            ),
            Kind::MetricsNotMerged { values, quantiles } => {
                let lost = |what: &str, names: &[String]| {
                    (!names.is_empty()).then(|| format!("{what} of {}", first_of(names)))
                };
                let parts = [lost("percentiles", quantiles), lost("values", values)];
                let parts: Vec<String> = parts.into_iter().flatten().collect();
                write!(f, "cannot be put together from shards and are left out: {}", parts.join("; "))
            }
            Kind::LoadUnknown { baseline, current, tool } => write!(
                f,
                "how many users made the load is not known{}, so that another load would look like a change: name it \
                 with --profile NAME{}",
                match (baseline, current) {
                    (true, false) => " of the baseline",
                    (false, true) => " of this run",
                    _ => "",
                },
                if tool == "locust" { ", or keep _stats_history.csv beside _stats.csv" } else { "" }
            ),
            Kind::CheckNeverHeld { name } => write!(f, "the check `{name}` never held"),
            Kind::Differs { field, baseline, current } => {
                write!(f, "{field} differs: {baseline} in the baseline, {current} now")
            }
            Kind::SameAsBaseline { baseline } => write!(
                f,
                "the numbers are the very same as those of baseline run {baseline}: is the result file stale?"
            ),
            Kind::NoiseUnknown { runs } => write!(
                f,
                "{}: the noise from run to run is not known, that of usual machines is assumed; record three or more",
                if *runs == 1 {
                    "one baseline run".to_owned()
                } else {
                    format!("{runs} baseline runs")
                }
            ),
            Kind::Blind { measurements } => write!(
                f,
                "could not be compared, so that nothing tells whether this run is worse there: {}",
                first_of(measurements)
            ),
            Kind::Disturbed { baseline, disturbed, of } => {
                let (side, so) = if *baseline {
                    ("baseline run", "what is slower now may be hidden by that")
                } else {
                    ("new run", "what is slower may be the machine; measure again")
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
            Kind::NotMeasured { statistics, tool } => {
                write!(f, "{} was not measured: {}", statistics.join(", "), how_to_measure(tool))
            }
            Kind::UnknownMetric { name } => {
                write!(
                    f,
                    "the policy limits the metric `{name}`, and no run has it: is the name right?"
                )
            }
            Kind::RequestsUnknown { endpoints, tool } => write!(
                f,
                "the number of requests is not known for {endpoints} endpoint{}, so that chance cannot be reckoned \
                 with{}",
                if *endpoints == 1 { "" } else { "s" },
                if tool == "k6" { ": add `count` to --summary-trend-stats" } else { "" }
            ),
            Kind::UnmatchedRule { pattern, .. } => {
                write!(f, "the rule for `{pattern}` holds no endpoint: is the pattern right?")
            }
            Kind::RepeatedFile => {
                f.write_str("the file is named more than once, and counts as a run each time")
            }
            Kind::Undecided => f.write_str(
                "NOTHING WAS DECIDED: a limit is crossed, and measuring again would tell",
            ),
            Kind::Unclassified { endpoints } => write!(
                f,
                "no endpoint class with limits holds {}: no latency limit applies there",
                endpoints.join(", ")
            ),
            Kind::PolicyChanged { base, defaults, keys } => {
                let decides = if *defaults {
                    format!("its base {base} has no perfgate.yaml, so the defaults decide")
                } else {
                    format!("perfgate.yaml of its base {base} decides")
                };
                let count = if keys.len() == 1 { "counts" } else { "count" };
                let keys = keys.join(", ");
                write!(
                    f,
                    "this pull request changes the policy: {keys} {count} only once it is merged; {decides} \
                     (--policy FILE overrules)"
                )
            }
            Kind::BasePolicyBroken { base, why } => write!(
                f,
                "perfgate.yaml of the base {base} is broken ({why}); the one that is checked out decides"
            ),
            Kind::NoAnchor { revision } => write!(
                f,
                "nothing comparable is recorded for the anchor {revision}: slow drift is not judged"
            ),
            Kind::BrokenTrailer { commit, why } => write!(
                f,
                "the Perfgate-Accept trailer of {commit} cannot be read and accepts nothing: {why}"
            ),
            Kind::NotHonoured { commit, what, queue: false } => write!(
                f,
                "{commit} accepts {what}, which does not count: the policy lets only branches of the repository \
                 itself accept changes (accept: {{ from: [repository, forks] }} would)"
            ),
            Kind::NotHonoured { commit, what, queue: true } => write!(
                f,
                "{commit} accepts {what}, which does not count: a merge queue does not say whose commits it holds \
                 (accept: {{ from: [repository, queue] }} would let them accept changes)"
            ),
            Kind::Offline => f.write_str("offline: recorded runs were not fetched first"),
            Kind::OtherVersion { records } => write!(
                f,
                "{records} recorded {} of a newer perfgate {} passed over: update this one",
                if *records == 1 { "run" } else { "runs" },
                if *records == 1 { "was" } else { "were" },
            ),
            Kind::MissingBaseline => f.write_str("NOTHING WAS COMPARED: there is no baseline"),
            Kind::Told { message, .. } => f.write_str(message),
        }
    }
}

/// The ending of a noun behind a number.
fn ending(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
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
        _ => "write it under `quantiles`, or write `samples`",
    }
}
