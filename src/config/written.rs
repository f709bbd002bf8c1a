//! The policy document as written, with the line and column of what can be wrong.

use super::error::ConfigError;
use super::written_budget::{ProfileFile, Targets};
use super::written_value::{At, Entries, Written};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_saphyr::budget::BudgetBreach;

/// A policy, as perfgate.yaml has it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "perfgate policy, version 1")]
pub struct PolicyFile {
    /// Result files or globs that are read when a command names none.
    #[serde(default)]
    pub(super) results: Vec<String>,
    /// Which runs a new one is held against.
    #[serde(default)]
    pub(super) baseline: BaselineFile,
    /// Where runs are kept.
    #[serde(default)]
    pub(super) store: StoreFile,
    /// Classes of endpoints by pattern (`METHOD NAME`; `*` stops at a slash, `**` does not). The first that matches
    /// holds; without this block, `websocket` holds WebSocket endpoints and `api` everything else.
    #[serde(default)]
    pub(super) endpoint_classes: Entries<Vec<String>>,
    /// Limits of a change: `api_response_time`, `websocket_latency` and `<class>_latency` by statistic (`p95: 20%`),
    /// `error_rate` and `throughput`, and any custom metric by name. `off` removes one.
    #[serde(default)]
    pub(super) regression_thresholds: Entries<At<Written>>,
    /// Rules for some endpoints by pattern: limits (`p95: 35%`, `error_rate`, `throughput`), `min_requests`,
    /// `severity: warn`, `ignore: true`. Later rules override earlier ones key by key.
    #[serde(default)]
    pub(super) endpoints: Entries<At<Written>>,
    /// Absolute limits, whatever the load: a list of limits (`error_rate: "< 0.1%"`) and of rows (`operation`, `limit`,
    /// `expected_p95`).
    #[serde(default)]
    pub(super) budgets: Targets,
    /// Queries of Prometheus by name, for `--attach prometheus:URL`: PromQL that gives one series, or a mapping of `query`, `unit`,
    /// `direction` and `resource`.
    #[serde(default)]
    pub(super) prometheus: Entries<At<Written>>,
    /// Named loads with their own limits.
    #[serde(default)]
    pub(super) profiles: Entries<ProfileFile>,
    /// The name of a profile that stands at the top level, with the keys of one beside it.
    pub(super) profile: Option<At<String>>,
    /// Of the profile at the top level: what it is.
    pub(super) description: Option<String>,
    /// Of the profile at the top level: users at once.
    pub(super) users: Option<u64>,
    /// Of the profile at the top level: users started per second.
    pub(super) spawn_rate: Option<f64>,
    /// Of the profile at the top level: how long the load lasts.
    pub(super) duration: Option<At<Written>>,
    /// Of the profile at the top level: where it is meant to run.
    pub(super) environment: Option<String>,
    /// Of the profile at the top level: its limits.
    #[serde(default)]
    pub(super) targets: Targets,
    /// Patterns whose endpoints are one in raw samples, called by the pattern (`/users/*`): for names that hold an id.
    #[serde(default)]
    pub(super) collapse: Vec<String>,
    /// Old and new names of endpoints (`"GET /v1/users": "GET /v2/users"`): the baseline's are called by the new one.
    #[serde(default)]
    pub(super) rename: Entries<String>,
    /// Whose accepted changes count.
    #[serde(default)]
    pub(super) accept: AcceptFile,
    /// How a verdict is reached.
    #[serde(default)]
    pub(super) gate: GateFile,
}

/// Which runs a new one is held against.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BaselineFile {
    /// The revision that `compare` uses when no `--baseline` is given.
    pub(super) branch: Option<String>,
    /// How many commits are searched from the merge base on; default 50.
    pub(super) max_distance: Option<usize>,
    /// How many comparable runs are taken, nearest first; default 10. From three on, they show the noise from run to run.
    pub(super) window: Option<At<usize>>,
    /// A pinned revision (`v1.4.0`) that is held against as well, so that many small changes add up.
    pub(super) anchor: Option<String>,
}

/// Whose accepted changes (`Perfgate-Accept:` in commit messages) count.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AcceptFile {
    /// `repository` (default): branches of the repository itself. `forks`: pull requests from forks. `queue`: whatever is in a
    /// merge queue, which does not say whose commits it holds. An empty list: nobody.
    pub(super) from: Option<Vec<SourceFile>>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum SourceFile {
    Repository,
    Forks,
    Queue,
}

/// Where runs are kept.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StoreFile {
    /// `git` (default): a ref of the repository itself. `directory`: a folder.
    pub(super) kind: Option<StoreKind>,
    /// The folder of a `directory` store, seen from the policy's folder.
    pub(super) path: Option<String>,
    /// The remote of a `git` store; default: `origin`, else the one that the branch tracks.
    pub(super) remote: Option<String>,
    /// Whether histograms are kept beside the runs; default true.
    pub(super) keep_histograms: Option<bool>,
    /// How long the remote of a `git` store may be silent before it is given up, like `30s`; default 60s.
    pub(super) timeout: Option<At<Written>>,
}

/// The sorts of store.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum StoreKind {
    Git,
    Directory,
}

/// How a verdict is reached.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GateFile {
    /// How much evidence a crossing needs: `evidence` (default), `confirmed`: the same in two new runs, `threshold`: none.
    pub(super) decide: Option<DecideFile>,
    /// New runs after which an open question stays open, for `confirmed`; default 5.
    pub(super) max_runs: Option<At<usize>>,
    /// Requests below which no latency is judged; default 100.
    pub(super) min_requests: Option<u64>,
    /// Share of the measurements that must be compared (`95%`); less is exit code 3.
    pub(super) require_coverage: Option<At<Written>>,
    /// What a missing baseline does: `fail` (default, exit code 3) or `warn`.
    pub(super) missing_baseline: Option<LeniencyFile>,
    /// What an inconclusive report does: `fail` (default, exit code 3) or `warn`.
    pub(super) inconclusive: Option<LeniencyFile>,
    /// What an endpoint does that the baseline has and the run has not: `warn` (default), `fail` or `ignore`.
    pub(super) removed: Option<RemovedFile>,
    /// Endpoints that the change under test cannot touch (patterns, as under `endpoints`): where they move, the machine does.
    #[serde(default)]
    pub(super) control: Vec<String>,
    /// Differences between runs that are allowed: suite, profile, environment, tool, users, duration, target, runner, generator.
    #[serde(default)]
    pub(super) allow_different: Vec<At<String>>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum DecideFile {
    Threshold,
    Evidence,
    Confirmed,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum LeniencyFile {
    Fail,
    Warn,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum RemovedFile {
    Warn,
    Fail,
    Ignore,
}

impl PolicyFile {
    /// Parses the text of a policy; `file` is for messages.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            return Ok(Self::default());
        }
        let options = serde_saphyr::options! { with_snippet: false };
        serde_saphyr::from_str_with_options(text, options).map_err(|e| located(file, text, &e))
    }
}

/// The parser's error, with place and allowed words.
fn located(file: &str, text: &str, error: &serde_saphyr::Error) -> ConfigError {
    use serde_saphyr::Error as Yaml;
    let error = error.without_snippet();
    let place = error.location().map_or((0, 0), |at| (at.line(), at.column()));
    let (problem, word, known): (String, &str, &[&str]) = match error {
        Yaml::SerdeUnknownField { field, expected, .. } => {
            (format!("unknown key \"{field}\""), field, expected)
        }
        Yaml::SerdeUnknownVariant { variant, expected, .. } => {
            (format!("unknown value \"{variant}\""), variant, expected)
        }
        Yaml::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().unwrap_or_default();
            (format!("\"{key}\" stands twice"), key, &[])
        }
        Yaml::Budget { breach, .. } => (too_much(breach), "", &[]),
        other => {
            // The rendered message repeats the place in front; only the first line says what is wrong.
            let rendered = other.to_string();
            let message = rendered.lines().next().unwrap_or_default();
            let message = message.split_once(": ").map_or(message, |(place, rest)| {
                if place.starts_with("error: line") || place.starts_with("line ") {
                    rest
                } else {
                    message
                }
            });
            (plain(message), "", &[])
        }
    };
    let mut located = ConfigError::new(file, text, place, problem);
    word.clone_into(&mut located.word);
    located.known = known.iter().map(|word| (*word).to_owned()).collect();
    located
}

/// What a policy has more of than the parser takes.
fn too_much(breach: &BudgetBreach) -> String {
    match breach {
        BudgetBreach::Depth { .. } => "keys are nested too deeply".to_owned(),
        BudgetBreach::Aliases { .. }
        | BudgetBreach::Anchors { .. }
        | BudgetBreach::AliasAnchorRatio { .. }
        | BudgetBreach::RecordedAnchorEvents { .. }
        | BudgetBreach::RecordedAnchorBytes { .. }
        | BudgetBreach::MergeKeys { .. } => "anchors and aliases make too much of it".to_owned(),
        _ => "there is more in it than a policy can need".to_owned(),
    }
}

/// A message of the parser in words of the file.
fn plain(message: &str) -> String {
    // The place stands in front of it already.
    let is_place = |text: &str| {
        text.split_once(", column ").is_some_and(|(line, column)| {
            [line, column].iter().all(|number| number.bytes().all(|b| b.is_ascii_digit()))
        })
    };
    let message = match message.rsplit_once(" at line ") {
        Some((message, place)) if is_place(place) => message,
        _ => message,
    };
    match message {
        "expected sequence start" => "a list is expected: [\"…\", \"…\"]".to_owned(),
        "expected mapping start" => "keys with values are expected: { key: value }".to_owned(),
        other => other
            .replace("invalid u64", "not a whole number")
            .replace("invalid usize", "not a whole number"),
    }
}
