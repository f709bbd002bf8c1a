//! What a reader, a store or a gate noticed and a person should know. Warnings are values: renderers place them.

use super::text::brief;
use super::untrusted::Untrusted;
use std::fmt;

/// Where in the input something was seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Place {
    /// The file, as it was named on the command line.
    pub file: Untrusted,
    /// The line, from 1.
    pub line: Option<u64>,
}

/// A warning and where it belongs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Warning {
    /// What was noticed.
    pub kind: WarningKind,
    /// Where, if it is about a file.
    pub place: Option<Place>,
}

impl Warning {
    /// A warning that is about no file.
    pub fn new(kind: WarningKind) -> Self {
        Self { kind, place: None }
    }

    /// A warning about a file, and a line of it where one is known.
    pub fn at(kind: WarningKind, file: &str, line: Option<u64>) -> Self {
        Self { kind, place: Some(Place { file: file.into(), line }) }
    }
}

/// Everything that can be noticed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum WarningKind {
    /// A run holds no request at all.
    NoRequests,
    /// The file ends too early and was read as far as it goes.
    Truncated {
        /// How it ends.
        how: String,
    },
    /// Lines that could not be read were left out.
    BrokenLines {
        /// How many.
        count: u64,
        /// Why the first of them was left out.
        first: String,
    },
    /// A field that run/1 does not have was left out.
    UnknownField {
        /// Its path.
        path: String,
    },
    /// Fewer requests have an outcome than were made.
    UnknownOutcomes {
        /// Requests with an outcome.
        known: u64,
        /// All requests.
        requests: u64,
    },
    /// The load generator could not start all iterations it should have.
    DroppedIterations {
        /// How many were dropped.
        count: u64,
    },
    /// Script errors that the failure count does not hold.
    ScriptErrors {
        /// How many.
        count: u64,
        /// The message of the most frequent one.
        message: String,
    },
    /// Nothing in the file tells whether the requests of JMeter's transactions are in it.
    TransactionsUnclear {
        /// Whether transactions were counted as requests.
        counted: bool,
    },
    /// The history beside Locust's statistics does not fit to them.
    OtherHistory {
        /// Requests that it tells of.
        told: u64,
        /// Requests of the statistics.
        counted: u64,
    },
    /// Shards that did not run at the same time.
    ShardsApart {
        /// How many.
        shards: usize,
        /// Milliseconds from the start of the first to the end of the last.
        span_ms: u64,
        /// Milliseconds in which any was running.
        loaded_ms: u64,
    },
    /// Shards that do not say when they ran.
    ShardsUndated {
        /// How many there are.
        shards: usize,
    },
    /// Custom metrics of shards of which something cannot be put together.
    MetricsNotMerged {
        /// Those that have no value any more.
        values: Vec<String>,
        /// Those that have no percentiles any more.
        quantiles: Vec<String>,
    },
    /// A file has more or fewer response times than requests, although its tool writes both of each.
    LinesMissing {
        /// Requests.
        requests: u64,
        /// Response times.
        times: u64,
    },
    /// The rows of a file do not add up to the one that counts them all.
    RowsDoNotAddUp {
        /// What was counted.
        what: &'static str,
        /// What the rows have together.
        sum: u64,
        /// What the last row says.
        stated: u64,
    },
    /// How many users made the load is not known, so that another load would look like a change.
    LoadUnknown {
        /// Whether a baseline run does not know.
        baseline: bool,
        /// Whether a new run does not.
        current: bool,
        /// The tool that made the load.
        tool: String,
    },
    /// Runs during which the machine was busy with something else.
    Disturbed {
        /// Whether they are the baseline's.
        baseline: bool,
        /// Each of them, and what disturbed it.
        disturbed: Vec<String>,
        /// How many runs the side has.
        of: usize,
    },
    /// A check of the script never held.
    CheckNeverHeld {
        /// Its name.
        name: String,
    },
    /// Two runs differ in something that does not forbid comparing them.
    Differs {
        /// What differs.
        field: String,
        /// The baseline's side.
        baseline: String,
        /// The new run's side.
        current: String,
    },
    /// The new run has the very numbers of a baseline run: probably a stale file.
    SameAsBaseline {
        /// Which baseline run.
        baseline: String,
    },
    /// The noise from run to run was assumed, not measured.
    NoiseUnknown {
        /// How many baseline runs there are.
        runs: usize,
    },
    /// Measurements that could not be compared although one side has them.
    Blind {
        /// Their names.
        measurements: Vec<String>,
    },
    /// Statistics that have a limit and that a side did not measure.
    NotMeasured {
        /// Their names (`p99`).
        statistics: Vec<String>,
        /// The tool that could measure them.
        tool: String,
    },
    /// A custom metric that the policy limits and that no run has.
    UnknownMetric {
        /// Its name.
        name: String,
    },
    /// Endpoints whose number of requests is not known, so that chance cannot be reckoned with.
    RequestsUnknown {
        /// How many.
        endpoints: usize,
        /// The tool that could count them.
        tool: String,
    },
    /// A rule of the policy that holds no endpoint of either side.
    UnmatchedRule {
        /// Its pattern.
        pattern: String,
        /// Whether it sets a limit.
        limits: bool,
    },
    /// The file holds answers alone: requests without one are not in it.
    AnswersOnly,
    /// A file is named more than once.
    RepeatedFile,
    /// The report is inconclusive, and the policy lets that pass.
    Undecided,
    /// Endpoints that no class of the policy holds: they have no latency limit.
    Unclassified {
        /// Their names.
        endpoints: Vec<String>,
    },
    /// The pull request changes keys of the policy that do not count before it is merged: the base commit's decided.
    PolicyChanged {
        /// The base commit, short.
        base: String,
        /// Whether the base has no policy, so that the defaults decided.
        defaults: bool,
        /// The top-level keys that do not count.
        keys: Vec<String>,
    },
    /// The base commit's policy is broken; the one that is checked out decided, which mends it.
    BasePolicyBroken {
        /// The base commit, short.
        base: String,
        /// What is wrong with it.
        why: String,
    },
    /// The anchor that the policy pins has no comparable run.
    NoAnchor {
        /// The revision.
        revision: String,
    },
    /// A commit's trailer that accepts a change cannot be read.
    BrokenTrailer {
        /// The commit, short.
        commit: String,
        /// What is wrong.
        why: String,
    },
    /// A commit accepts a change, and the policy does not let it.
    NotHonoured {
        /// The commit, short.
        commit: String,
        /// What it accepts.
        what: String,
        /// Whether it is a commit of a merge queue, which does not say whose it is.
        queue: bool,
    },
    /// The store's ref was not fetched.
    Offline,
    /// Records that a newer perfgate wrote were passed over.
    OtherVersion {
        /// How many.
        records: usize,
    },
    /// No baseline was found, and the policy lets that pass.
    MissingBaseline,
    /// A warning of a report that was read from a file.
    Told {
        /// Its stable name.
        code: String,
        /// Its text; untrusted.
        message: String,
    },
}

impl WarningKind {
    /// Whether it is about something in the policy that holds for nothing: what it was written for is not watched.
    pub fn is_idle_rule(&self) -> bool {
        matches!(self.code(), "unmatched_rule" | "unknown_metric")
    }

    /// Whether it is about a limit that holds for nothing.
    pub fn is_idle_limit(&self) -> bool {
        matches!(self, Self::UnmatchedRule { limits: true, .. } | Self::UnknownMetric { .. })
    }

    /// A stable name for programs.
    pub fn code(&self) -> &str {
        match self {
            Self::NoRequests => "no_requests",
            Self::Truncated { .. } => "truncated",
            Self::BrokenLines { .. } => "broken_lines",
            Self::UnknownField { .. } => "unknown_field",
            Self::UnknownOutcomes { .. } => "unknown_outcomes",
            Self::DroppedIterations { .. } => "dropped_iterations",
            Self::ScriptErrors { .. } => "script_errors",
            Self::TransactionsUnclear { .. } => "transactions_unclear",
            Self::OtherHistory { .. } => "other_history",
            Self::ShardsApart { .. } => "shards_apart",
            Self::ShardsUndated { .. } => "shards_undated",
            Self::MetricsNotMerged { .. } => "metrics_not_merged",
            Self::LinesMissing { .. } => "lines_missing",
            Self::RowsDoNotAddUp { .. } => "rows_do_not_add_up",
            Self::LoadUnknown { .. } => "load_unknown",
            Self::Disturbed { .. } => "disturbed",
            Self::CheckNeverHeld { .. } => "check_never_held",
            Self::Differs { .. } => "differs",
            Self::SameAsBaseline { .. } => "same_as_baseline",
            Self::NoiseUnknown { .. } => "noise_unknown",
            Self::Blind { .. } => "blind",
            Self::NotMeasured { .. } => "not_measured",
            Self::UnknownMetric { .. } => "unknown_metric",
            Self::RequestsUnknown { .. } => "requests_unknown",
            Self::UnmatchedRule { .. } => "unmatched_rule",
            Self::AnswersOnly => "answers_only",
            Self::RepeatedFile => "repeated_file",
            Self::Undecided => "undecided",
            Self::Unclassified { .. } => "unclassified",
            Self::PolicyChanged { .. } => "policy_changed",
            Self::BasePolicyBroken { .. } => "base_policy_broken",
            Self::NoAnchor { .. } => "no_anchor",
            Self::BrokenTrailer { .. } => "broken_trailer",
            Self::NotHonoured { .. } => "not_honoured",
            Self::Offline => "offline",
            Self::OtherVersion { .. } => "other_version",
            Self::MissingBaseline => "missing_baseline",
            Self::Told { code, .. } => code,
        }
    }
}

/// Measurements or runs that a warning names before it counts.
const MOST_NAMED: usize = 5;

impl WarningKind {
    /// What it says, cut where a name or a value in it is endless.
    pub fn text(&self) -> Untrusted {
        brief(&Message(self).to_string()).into_owned().into()
    }
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
