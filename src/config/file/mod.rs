//! The policy document as written, with the line and column of what can be wrong.

mod alerts;
mod budget;
mod checklist;
mod documents;
mod parse;
mod query;
mod value;

pub(super) use alerts::{AlertFile, AlertsFile, Rule, RuleFile};
pub(super) use budget::{PhaseFile, ProfileFile, Profiles, RequiresFile, Targets};
pub(super) use checklist::ItemFile;
pub(super) use documents::is_of_profile;
pub(super) use parse::{read, yaml_error};
pub(super) use query::QueryFile;
pub(super) use value::{At, Entries, RawValue};

use super::choices::{Decide, Leniency, Origin, Removed, WebVitals};
use crate::model::{Field, Named as _};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;

/// A policy, as perfgate.yaml has it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "perfgate policy, version 1", transform = also_in_camel_case)]
pub struct PolicyFile {
    /// Result files or globs that are read when a command names none.
    #[serde(default)]
    pub(super) results: Vec<String>,
    /// Documents in Markdown that say what this policy demands: `perfgate doctor` compares them with it.
    #[serde(default)]
    pub(super) documents: Vec<String>,
    /// The runs that a new one is compared with.
    #[serde(default)]
    pub(super) baseline: BaselineFile,
    /// Where runs are kept.
    #[serde(default)]
    pub(super) store: StoreFile,
    /// Classes of endpoints by pattern (`METHOD NAME`; `*` stops at a slash, `**` does not). The first that matches
    /// holds; without this block, `websocket` holds WebSocket endpoints, `bench` benchmarks, `page` pages and `api` everything
    /// else.
    #[serde(default)]
    pub(super) endpoint_classes: Entries<Vec<String>>,
    /// Limits of a change: `api_response_time`, `websocket_latency`, `bench_latency`, `page_latency` and `<class>_latency` by
    /// statistic (`p95: 20%`), `error_rate`, `throughput` and `bench_metrics`, and any custom metric by name. `off` removes one.
    #[serde(default)]
    pub(super) regression_thresholds: Entries<At<RawValue>>,
    /// Rules for some endpoints by pattern: limits (`p95: 35%`, `error_rate`, `throughput`), `min_requests`,
    /// `severity: warn`, `ignore: true`. Later rules override earlier ones key by key.
    #[serde(default)]
    pub(super) endpoints: Entries<At<RawValue>>,
    /// Absolute limits, whatever the load: a list of limits (`error_rate: "< 0.1%"`) and of rows (`operation`, `limit`,
    /// `expected_p95`).
    #[serde(default)]
    pub(super) budgets: Targets,
    /// Queries of Prometheus by name, for `--attach prometheus:URL`: PromQL, or a mapping of `query`, `unit`, `direction`,
    /// `resource`, `by` and `combine`.
    #[serde(default)]
    pub(super) prometheus: Entries<QueryFile>,
    /// Metrics that are computed from others, by name: a formula (`1 - queries / requests`), or a mapping of `formula`, `unit` and
    /// `direction`.
    #[serde(default)]
    pub(super) metrics: Entries<At<RawValue>>,
    /// Alerts that are evaluated over the time of a run with `--attach prometheus:URL`: a list of `name`, `condition`, `severity`
    /// and `for`, or `{ file: rules.yml }` with rules of Prometheus.
    #[serde(default)]
    pub(super) alerts: AlertsFile,
    /// What must hold before a result counts: items that perfgate checks (`no alert fired`, `environment matches`), and any other
    /// text, which is for people.
    #[serde(default)]
    pub(super) checklist: Vec<At<ItemFile>>,
    /// Limits of a page's metrics by name (`LCP: 2500`): a bare number is in milliseconds, or without a unit for `CLS`, and must
    /// not be exceeded. `performanceBudget` is the same.
    #[serde(default, alias = "performanceBudget")]
    pub(super) performance_budget: Entries<At<RawValue>>,
    /// Units of the columns of resource files that end in `_mb`, where those are not megabytes (`memory_mb: MiB`).
    #[serde(default)]
    pub(super) resources: Entries<At<RawValue>>,
    /// Named loads with their own limits: by name, or a list of profiles with a name each.
    #[serde(default)]
    pub(super) profiles: Profiles,
    /// How often each profile is to be run (`stress: nightly`): `every pr`, `every push`, `nightly`, `weekly`, `monthly`,
    /// `on demand`, or a cron expression.
    #[serde(default)]
    pub(super) performance_tests: Entries<At<RawValue>>,
    /// The name of a profile at the top level; its keys stand beside this one.
    pub(super) profile: Option<At<String>>,
    /// Of the profile at the top level: what it is.
    pub(super) description: Option<String>,
    /// Of the profile at the top level: users at once.
    pub(super) users: Option<u64>,
    /// Of the profile at the top level: users started per second.
    pub(super) spawn_rate: Option<f64>,
    /// Of the profile at the top level: how long the load lasts.
    pub(super) duration: Option<At<RawValue>>,
    /// Of the profile at the top level: the environment that it runs in.
    pub(super) environment: Option<String>,
    /// Of the profile at the top level: its limits.
    #[serde(default)]
    pub(super) targets: Targets,
    /// Of the profile at the top level: loads one after another in place of one.
    #[serde(default)]
    pub(super) phases: Vec<PhaseFile>,
    /// Of the profile at the top level: what must be there, or it is skipped.
    #[serde(default)]
    pub(super) requires: RequiresFile,
    /// Of the profile at the top level: numbers of users, one after another.
    #[serde(default)]
    pub(super) steps: Vec<u64>,
    /// The profiles at the top level of each document.
    #[serde(skip)]
    pub(super) loads: Vec<(At<String>, ProfileFile)>,
    /// Patterns whose endpoints are one in raw samples, called by the pattern (`/users/*`): for names that hold an id.
    #[serde(default)]
    pub(super) collapse: Vec<String>,
    /// Old and new names of endpoints (`"GET /v1/users": "GET /v2/users"`): the baseline's are called by the new one.
    #[serde(default)]
    pub(super) rename: Entries<String>,
    /// What `perfgate trend` shows.
    #[serde(default)]
    pub(super) trend: TrendFile,
    /// Whose accepted changes count.
    #[serde(default)]
    pub(super) accept: AcceptFile,
    /// How a verdict is reached.
    #[serde(default)]
    pub(super) gate: GateFile,
}

/// `performanceBudget` is taken as well.
fn also_in_camel_case(schema: &mut Schema) {
    let properties = schema.get_mut("properties").and_then(serde_json::Value::as_object_mut);
    if let Some(properties) = properties
        && let Some(budget) = properties.get("performance_budget").cloned()
    {
        properties.insert("performanceBudget".to_owned(), budget);
    }
}

/// The runs that a new one is compared with.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BaselineFile {
    /// The revision that `compare` uses when no `--baseline` is given.
    pub(super) branch: Option<String>,
    /// How many commits are searched from the merge base on; default 50.
    pub(super) max_distance: Option<usize>,
    /// How many comparable runs are taken, nearest first; default 10. From three on, they show the noise from run to run.
    pub(super) window: Option<At<usize>>,
    /// A pinned revision (`v1.4.0`) that is compared with as well, so that many small changes add up.
    pub(super) anchor: Option<String>,
}

/// What `perfgate trend` shows.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TrendFile {
    /// The columns (`POST /chat p95`, `cache_hit_rate`), each with a heading of its own if one is given
    /// (`Chat=POST /chat p95`).
    #[serde(default)]
    pub(super) columns: Vec<String>,
}

/// Whose accepted changes (`Perfgate-Accept:` in commit messages) count.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AcceptFile {
    /// `repository` (default): branches of the repository itself. `forks`: pull requests from forks. `queue`: whatever is in a
    /// merge queue, which does not say whose commits it holds. An empty list: nobody.
    pub(super) from: Option<Vec<Origin>>,
}

/// Where runs are kept.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StoreFile {
    /// `git` (default): a ref of the repository itself. `directory`: a folder. `object`: object storage.
    pub(super) kind: Option<StoreKind>,
    /// The folder of a `directory` store, seen from the policy's folder.
    pub(super) path: Option<String>,
    /// The address of an `object` store: `s3://BUCKET/PATH`, `gs://BUCKET/PATH`, `az://CONTAINER/PATH` or `file:///FOLDER`.
    pub(super) url: Option<String>,
    /// The remote of a `git` store; default: `origin`, else the one that the branch tracks.
    pub(super) remote: Option<String>,
    /// Whether histograms are kept beside the runs; default true.
    pub(super) keep_histograms: Option<bool>,
    /// How long the remote of a `git` store, or an `object` store, may be silent before it is given up, like `30s`; default 60s.
    pub(super) timeout: Option<At<RawValue>>,
}

/// The sorts of store.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum StoreKind {
    Git,
    Directory,
    Object,
}

/// How a verdict is reached.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GateFile {
    /// How much evidence a crossing needs: `evidence` (default), `confirmed`: the same in two new runs, `threshold`: none.
    pub(super) decide: Option<Decide>,
    /// New runs after which an open question stays open, for `confirmed`; default 5.
    pub(super) max_runs: Option<At<usize>>,
    /// Calls that all runs of `perfgate run --until-decided` may make together.
    pub(super) max_calls: Option<At<usize>>,
    /// What they may cost together, in US dollars (`$2`).
    pub(super) max_cost: Option<At<RawValue>>,
    /// Requests below which no latency is judged; default 100.
    pub(super) min_requests: Option<u64>,
    /// Share of the measurements that must be compared (`95%`); less is exit code 3.
    pub(super) require_coverage: Option<At<RawValue>>,
    /// What a missing baseline does: `fail` (default, exit code 3) or `warn`.
    pub(super) missing_baseline: Option<Leniency>,
    /// What an inconclusive report does: `fail` (default, exit code 3) or `warn`.
    pub(super) inconclusive: Option<Leniency>,
    /// What a skipped profile does: `warn` (default, exit code 0) or `fail` (exit code 3).
    pub(super) skipped: Option<Leniency>,
    /// What an endpoint does that the baseline has and the run has not: `warn` (default), `fail` or `ignore`.
    pub(super) removed: Option<Removed>,
    /// What web vitals of pages do that are not good by web.dev and that no budget limits: `warn` (default) or `off`.
    pub(super) web_vitals: Option<WebVitals>,
    /// Endpoints that the change under test cannot touch (patterns, as under `endpoints`): where they move, the machine does.
    #[serde(default)]
    pub(super) control: Vec<String>,
    /// Differences between runs that are allowed.
    #[serde(default)]
    #[schemars(schema_with = "field_names")]
    pub(super) allow_different: Vec<At<String>>,
}

/// A list of the fields that keep two runs from being compared.
fn field_names(_: &mut SchemaGenerator) -> Schema {
    let fields = Field::ALL.iter().filter(|field| field.forbids());
    let names: Vec<&str> = fields.map(|field| field.name()).collect();
    schemars::json_schema!({ "type": "array", "items": { "type": "string", "enum": names } })
}
