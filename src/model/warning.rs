//! What a reader, a store or a gate noticed and a person should know. Warnings are values: renderers place them.

use super::untrusted::Untrusted;

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
    /// The file does not say which percentiles it has; they were taken for the usual ones.
    PercentilesAssumed,
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
    /// A run had fewer users at once than its profile has.
    UsersMissed {
        /// The profile.
        profile: String,
        /// Its users.
        wanted: u64,
        /// The most that there were.
        reached: u64,
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
    /// Rows of a written baseline that are called like nothing in the new run.
    UnjoinedRows {
        /// Endpoints.
        rows: Vec<String>,
        /// Metrics.
        metrics: Vec<String>,
        /// Endpoints, and what they probably are called in the new run.
        meant: Vec<(String, String)>,
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
    /// A commit has the results of another one, which count once.
    RecordedTwice {
        /// The commit, short.
        commit: String,
        /// The one that was measured, short.
        of: String,
    },
    /// No baseline was found, and the policy lets that pass.
    MissingBaseline,
    /// Alerts of the policy that were not evaluated over every run.
    AlertsNotChecked {
        /// Their names.
        alerts: Vec<String>,
        /// Whether others were.
        asked: bool,
    },
    /// Queries of Prometheus that look back over more than the run.
    LooksBack {
        /// Their names.
        queries: Vec<String>,
        /// How far they look back at most, in seconds.
        range_s: u64,
        /// How long the run took, in seconds.
        run_s: u64,
    },
    /// A query of Prometheus that divides each series by itself.
    OwnRatio {
        /// Its name.
        query: String,
        /// What it should be.
        instead: String,
    },
    /// Series of Prometheus that are of no endpoint of the run.
    SeriesLeftOut {
        /// The name of the query.
        query: String,
        /// The values of the labels that name the endpoint.
        series: Vec<String>,
    },
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
            Self::PercentilesAssumed => "percentiles_assumed",
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
            Self::UsersMissed { .. } => "users_missed",
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
            Self::UnjoinedRows { .. } => "unjoined_rows",
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
            Self::RecordedTwice { .. } => "recorded_twice",
            Self::MissingBaseline => "missing_baseline",
            Self::AlertsNotChecked { .. } => "alerts_not_checked",
            Self::LooksBack { .. } => "looks_back",
            Self::OwnRatio { .. } => "own_ratio",
            Self::SeriesLeftOut { .. } => "series_left_out",
            Self::Told { code, .. } => code,
        }
    }
}
