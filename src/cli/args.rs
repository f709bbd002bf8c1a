//! The arguments as typed.

use crate::config::parse_limit;
use crate::ingest::Format;
use crate::model::{Field, Statistic};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// Regression gate for load tests: compares what Locust, k6 and other tools measured with the baseline stored for a
/// git commit.
#[derive(Debug, Parser)]
#[command(name = "perfgate", version, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 pass (also with warnings), 1 regression, 2 could not run, 3 no verdict."
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
    /// Policy to go by, instead of the perfgate.yaml of this folder or one above it
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) policy: Option<PathBuf>,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(super) color: ColorChoice,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum ColorChoice {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Normalise the results of a load test and store them for a commit
    Record(RecordArgs),
    /// The gate: hold the results of a load test against a baseline
    Compare(CompareArgs),
    /// Drive a load tool with a profile's numbers, watch the machine, record the result
    Run(DriveArgs),
    /// Budgets alone, no baseline: hold the results of a load test against absolute limits
    Check(CheckArgs),
    /// Turn results of any supported format into perfgate's own JSON
    Normalize(NormalizeArgs),
    /// Add the shards of one distributed load test up to one run
    Merge(MergeArgs),
    /// Look at the stored runs, exchange them, tidy them up
    Baseline(BaselineArgs),
    /// Show the recorded history: a row for each commit, and the steps where a level moved, and stayed
    Trend(TrendArgs),
    /// One page with everything: verdict, tables, plots, history
    Report(ReportArgs),
    /// Put a report where people see it: the pull request's comment, a check, the job's summary
    Publish(PublishArgs),
    /// Does the gate work here? Put known changes into recorded runs, and replay those in which nothing changed
    Selftest(SelftestArgs),
    /// Write a policy to begin with, or alert rules that match its budgets
    Init(InitArgs),
    /// Print the JSON Schema of a file
    Schema(SchemaArgs),
    /// Show a gate at work in a scratch repository
    Demo(DemoArgs),
    /// The process between perfgate and a load tool
    #[command(hide = true)]
    Supervise {
        #[arg(last = true)]
        command: Vec<String>,
    },
}

/// Which results, and how to read them.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Results")]
pub(super) struct ResultArgs {
    /// Result files or globs, `-` for standard input. Several are repeats of the same test. None: `results` of
    /// perfgate.yaml
    #[arg(help_heading = "Arguments")]
    pub(super) results: Vec<String>,
    /// Take several files for shards of one run instead of repeats
    #[arg(long)]
    pub(super) merge: bool,
    /// The files' format, instead of recognising it: perfgate, locust-csv, locust-json, k6-summary, k6-json,
    /// k6-csv, table, jmeter-csv, jmeter-xml, vegeta-json, vegeta-csv, hey-csv, oha-csv
    #[arg(long, value_name = "FORMAT")]
    pub(super) format_in: Option<Format>,
    /// Read a cut file and broken lines as far as they go, and say so
    #[arg(long)]
    pub(super) lenient: bool,
    /// Raw samples: groups or scenarios of the script as endpoints as well
    #[arg(long, value_name = "WHAT")]
    pub(super) by: Option<ByChoice>,
    /// Raw samples: leave out the start, counted from the first sample (`30s`)
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(super) trim_start: Option<std::time::Duration>,
    /// Raw samples: leave out those before this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(super) from: Option<jiff::Timestamp>,
    /// Raw samples: leave out those from this time on
    #[arg(long, value_name = "TIME")]
    pub(super) to: Option<jiff::Timestamp>,
    /// Side data of the run: a CSV of resources over time (timestamp,cpu_percent,memory_mb,…), or prometheus:URL, which is asked
    /// the queries of perfgate.yaml
    #[arg(long, value_name = "FILE|prometheus:URL")]
    pub(super) attach: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum ByChoice {
    Group,
    Scenario,
}

/// What the run is, where the files do not say.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "What the run is")]
pub(super) struct RunArgs {
    /// Suite of this repository that the run belongs to
    #[arg(long, value_name = "NAME")]
    pub(super) suite: Option<String>,
    /// Named load, such as `baseline` or `stress`
    #[arg(long, value_name = "NAME")]
    pub(super) profile: Option<String>,
    /// Where the test ran, such as `ci` or `staging`
    #[arg(long, value_name = "NAME")]
    pub(super) environment: Option<String>,
    /// Tool that made the load, where a file does not know: runs of one tool alone are compared with each other
    #[arg(long, value_name = "NAME")]
    pub(super) tool: Option<String>,
    /// Further label; `runner` is the class of machine
    #[arg(long, value_name = "KEY=VALUE", value_parser = label)]
    pub(super) label: Vec<(String, String)>,
}

fn label(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write it as KEY=VALUE")?;
    if key.is_empty() {
        Err("the key is empty".to_owned())
    } else {
        Ok((key.to_owned(), value.to_owned()))
    }
}

#[derive(Debug, Args)]
pub(super) struct RecordArgs {
    /// Commit that was measured; default: the one that is checked out
    #[arg(long, value_name = "REV")]
    pub(super) commit: Option<String>,
    /// Push the records to the remote afterwards
    #[arg(long)]
    pub(super) push: bool,
    #[command(flatten)]
    pub(super) results: ResultArgs,
    #[command(flatten)]
    pub(super) run: RunArgs,
}

/// What is held against what.
#[derive(Debug, Args)]
pub(super) struct ComparedArgs {
    /// Revision to compare with: the nearest comparable runs of its history are the baseline
    #[arg(long, value_name = "REV", conflicts_with = "baseline_file")]
    pub(super) baseline: Option<String>,
    /// Result file to compare with instead of stored runs; several are several baseline runs
    #[arg(long, value_name = "FILE")]
    pub(super) baseline_file: Vec<String>,
    #[command(flatten)]
    pub(super) results: ResultArgs,
    #[command(flatten)]
    pub(super) run: RunArgs,
    #[command(flatten)]
    pub(super) gate: GateArgs,
}

#[derive(Debug, Args)]
pub(super) struct CompareArgs {
    #[command(flatten)]
    pub(super) compared: ComparedArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
    /// Instead of the table, show how one verdict was reached: `POST /api/chat p95`, `total error rate`
    #[arg(long, value_name = "MEASUREMENT", help_heading = "Output", conflicts_with = "format")]
    pub(super) explain: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct DriveArgs {
    /// The load tool and its arguments. `{users}`, `{spawn_rate}`, `{duration}` and `{out}` (a folder for results) are filled in;
    /// `locust` and `k6 run` without any of them get their options by themselves
    #[arg(last = true, required_unless_present = "ab")]
    pub(super) command: Vec<String>,
    /// How often to run
    #[arg(long, value_name = "N", default_value = "1", conflicts_with_all = ["until_decided", "ab"])]
    pub(super) repeat: NonZeroUsize,
    /// Run, compare, and run again only while the comparison asks for it, at most M times [default: `gate.max_runs`]
    #[arg(long, value_name = "M", conflicts_with = "ab")]
    pub(super) until_decided: Option<Option<usize>>,
    /// Revision to compare with, for --until-decided
    #[arg(long, value_name = "REV")]
    pub(super) baseline: Option<String>,
    /// Two commands, each as one argument: base and head are run in turn (A B B A …) and compared; nothing is recorded
    #[arg(long, num_args = 2, value_names = ["BASE", "HEAD"])]
    pub(super) ab: Option<Vec<String>>,
    /// How often each of the two is run
    #[arg(long, value_name = "N", default_value = "3", requires = "ab")]
    pub(super) rounds: NonZeroUsize,
    /// The service whose CPU and memory are watched as well: a process id, a name, or cgroup:PATH
    #[arg(long, value_name = "SERVICE")]
    pub(super) watch: Option<String>,
    /// Time after which the tool is ended (`15m`) [default: one and a half times the duration, and a minute]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(super) timeout: Option<std::time::Duration>,
    /// Folder for logs and results, a new one [default: perfgate-results/PROFILE-TIME]
    #[arg(long, value_name = "FOLDER")]
    pub(super) out: Option<PathBuf>,
    /// Result files or globs, where the tool does not write into the folder
    #[arg(long, value_name = "GLOB")]
    pub(super) results: Vec<String>,
    /// More side data of the run: a CSV of resources over time, or prometheus:URL
    #[arg(long, value_name = "FILE|prometheus:URL")]
    pub(super) attach: Vec<PathBuf>,
    /// Do not record the runs
    #[arg(long)]
    pub(super) no_record: bool,
    /// Commit that is measured; default: the one that is checked out
    #[arg(long, value_name = "REV")]
    pub(super) commit: Option<String>,
    /// Push the records to the remote afterwards
    #[arg(long)]
    pub(super) push: bool,
    #[command(flatten)]
    pub(super) run: RunArgs,
}

fn duration(text: &str) -> Result<std::time::Duration, String> {
    let known = text.parse::<jiff::SignedDuration>().ok().and_then(|own| own.try_into().ok());
    known
        .filter(|own: &std::time::Duration| !own.is_zero())
        .ok_or_else(|| "write it like 90s, 15m or 2h".to_owned())
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    pub(super) results: ResultArgs,
    #[command(flatten)]
    pub(super) run: RunArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// What overrules the policy.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Gate")]
pub(super) struct GateArgs {
    /// Commits to search for a baseline, from the merge base on [default: 50]
    #[arg(long, value_name = "N")]
    pub(super) max_distance: Option<usize>,
    /// Work with the records that are here, without fetching
    #[arg(long)]
    pub(super) offline: bool,
    /// What a missing baseline does: exit 3, or a loud warning and exit 0
    #[arg(long, value_name = "HOW")]
    pub(super) missing_baseline: Option<LeniencyChoice>,
    /// What an inconclusive report does: exit 3, or a loud warning and exit 0
    #[arg(long, value_name = "HOW")]
    pub(super) inconclusive: Option<LeniencyChoice>,
    /// Share of the measurements that must be compared; less is exit 3
    #[arg(long, value_name = "PERCENT", value_parser = parse_limit)]
    pub(super) require_coverage: Option<f64>,
    /// Compare in spite of a difference: suite, profile, environment, tool, users, duration, target, runner,
    /// generator
    #[arg(long, value_name = "FIELD")]
    pub(super) allow_different: Vec<Field>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum LeniencyChoice {
    Fail,
    Warn,
}

/// Where reports go.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// Form of the report on standard output
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(super) format: ReportFormat,
    /// Write the report to a file as well, in any of these forms; `bundle=FOLDER` writes the numbers alone, for
    /// `perfgate publish --bundle` in a job that may be trusted
    #[arg(long, value_name = "FORMAT=FILE", value_parser = output)]
    pub(super) output: Vec<(OutputKind, PathBuf)>,
    /// Show every measurement in the table, not only what asks for attention
    #[arg(long)]
    pub(super) all: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportFormat {
    Table,
    Markdown,
    Json,
    Junit,
    Sarif,
    Codequality,
    Github,
}

/// What a file or a folder is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OutputKind {
    Report(ReportFormat),
    Bundle,
}

fn output(text: &str) -> Result<(OutputKind, PathBuf), String> {
    let (format, file) = text.split_once('=').ok_or("write it as FORMAT=FILE")?;
    let kind = match format {
        "bundle" => OutputKind::Bundle,
        other => OutputKind::Report(ReportFormat::from_str(other, false)?),
    };
    Ok((kind, PathBuf::from(file)))
}

#[derive(Debug, Args)]
pub(super) struct NormalizeArgs {
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Leave the histograms out
    #[arg(long)]
    pub(super) no_histograms: bool,
    #[command(flatten)]
    pub(super) results: ResultArgs,
    #[command(flatten)]
    pub(super) run: RunArgs,
}

#[derive(Debug, Args)]
pub(super) struct MergeArgs {
    /// Shards: result files of any format that has samples or histograms
    #[arg(required = true)]
    pub(super) runs: Vec<String>,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct BaselineArgs {
    #[command(subcommand)]
    pub(super) command: BaselineCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum BaselineCommand {
    /// List the recorded commits, newest first
    List(ListArgs),
    /// Print the runs recorded for a commit, as JSON
    Show(ShowArgs),
    /// Show how the baseline of a revision is found: every commit looked at, taken or not, and why
    Explain(ExplainArgs),
    /// Add run files, the records of a folder, or a history from elsewhere to the store
    Import(ImportArgs),
    /// Copy all records to a folder
    Export(ExportArgs),
    /// Bring the records that are here to the remote
    Push,
    /// Bring the remote's records here
    Fetch,
    /// Remove the records of old commits
    Prune(PruneArgs),
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// How many commits to list
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(super) last: usize,
}

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// Commit whose runs are wanted
    #[arg(default_value = "HEAD")]
    pub(super) revision: String,
    /// With the histograms that were kept
    #[arg(long)]
    pub(super) histograms: bool,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// Revision whose baseline is looked for
    #[arg(long, value_name = "REV")]
    pub(super) baseline: Option<String>,
    #[command(flatten)]
    pub(super) results: ResultArgs,
    #[command(flatten)]
    pub(super) run: RunArgs,
    #[command(flatten)]
    pub(super) gate: GateArgs,
}

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// Run files that name their commit, folders written by `baseline export`, folders of results named by commit, a table
    /// (commit,timestamp,<series>…), or the data.js of github-action-benchmark
    #[arg(required = true)]
    pub(super) sources: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) run: RunArgs,
}

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// Folder to write to
    pub(super) folder: PathBuf,
    /// What to write: the records as they are, which `baseline import` reads, or one row for each run and measurement as
    /// Parquet or CSV, a folder for each suite
    #[arg(long, value_name = "FORMAT", default_value = "records")]
    pub(super) format: ExportFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ExportFormat {
    Records,
    Parquet,
    Csv,
}

#[derive(Debug, Args)]
pub(super) struct PruneArgs {
    /// Commits whose records stay: the newest by commit date
    #[arg(long, value_name = "N")]
    pub(super) keep: Option<usize>,
    /// Commits whose histograms stay; nine tenths of the bytes are histograms
    #[arg(long, value_name = "N")]
    pub(super) keep_histograms: Option<usize>,
    /// Remove records that cannot be read
    #[arg(long)]
    pub(super) broken: bool,
    /// Only say what would be removed
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Debug, Args)]
pub(super) struct TrendArgs {
    /// Branch whose recorded commits are shown [default: `baseline.branch` of perfgate.yaml, else HEAD]
    #[arg(long, value_name = "REV")]
    pub(super) branch: Option<String>,
    /// Endpoints to show, as patterns (`METHOD NAME`); default: the busiest four
    #[arg(long, value_name = "PATTERN")]
    pub(super) endpoint: Vec<String>,
    /// Metrics to show: latency, error_rate, throughput, or one of your own [default: latency, and the total's throughput and
    /// error rate]
    #[arg(long, value_name = "NAME")]
    pub(super) metric: Vec<String>,
    /// Statistics of a latency to show
    #[arg(long, value_name = "STATISTIC", default_value = "p95", value_parser = statistic)]
    pub(super) statistic: Vec<Statistic>,
    /// How many of the recorded commits to show
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub(super) last: usize,
    /// Only commits from this day on (YYYY-MM-DD)
    #[arg(long, value_name = "DATE")]
    pub(super) since: Option<jiff::civil::Date>,
    /// Series from elsewhere instead, `-` for standard input: a CSV with one row per commit
    /// (commit,timestamp,<series>…), or JSON lines {"id": …, "values": […]}
    #[arg(long, value_name = "FILE")]
    pub(super) input: Option<PathBuf>,
    /// Smallest change of level that counts as a step; without it the tests alone decide
    #[arg(long, value_name = "PERCENT", value_parser = parse_limit)]
    pub(super) min_effect: Option<f64>,
    /// Work with the records that are here, without fetching
    #[arg(long)]
    pub(super) offline: bool,
    /// Form of the answer
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(super) format: TrendFormat,
    /// Draw the columns as an SVG picture as well, for a README
    #[arg(long, value_name = "FILE")]
    pub(super) svg: Option<PathBuf>,
    #[command(flatten)]
    pub(super) run: RunArgs,
}

fn statistic(text: &str) -> Result<Statistic, String> {
    text.parse().map_err(|()| "write mean, max, p95 or another percentile".to_owned())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum TrendFormat {
    Table,
    Markdown,
    Json,
    Csv,
}

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Write Prometheus alert rules for the budgets of perfgate.yaml to this file
    #[arg(long, value_name = "FILE")]
    pub(super) alerts: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// File to write the page to. In place of results, a report that `compare --output json=FILE` wrote may be named
    #[arg(long, value_name = "FILE", required_unless_present_any = ["site", "full"])]
    pub(super) html: Option<PathBuf>,
    /// Print the report by the book, as Markdown: summary, endpoints, levels of concurrency, resources, what moved most, and the
    /// budgets as a checklist. Results of several numbers of users are told apart. Without a baseline, budgets alone decide
    #[arg(long, conflicts_with_all = ["html", "site"])]
    pub(super) full: bool,
    /// Form of the full report
    #[arg(long, value_name = "FORMAT", default_value = "markdown", requires = "full")]
    pub(super) format: FullFormat,
    /// Folder to write the recorded history to, as a static site: an index, and a page for each endpoint. `--baseline` names
    /// the branch
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["html", "results", "baseline_file"])]
    pub(super) site: Option<PathBuf>,
    #[command(flatten)]
    pub(super) compared: ComparedArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum FullFormat {
    Markdown,
}

#[derive(Debug, Args)]
pub(super) struct PublishArgs {
    /// Report to publish, as `compare --output json=FILE` writes it
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "bundle",
        required_unless_present = "bundle"
    )]
    pub(super) report: Option<PathBuf>,
    /// Numbers from a job that is not trusted (`compare --output bundle=FOLDER`): the verdict is reached anew, by the policy
    /// of the pull request's base
    #[arg(long, value_name = "FOLDER")]
    pub(super) bundle: Option<PathBuf>,
    /// Do not comment on the pull request
    #[arg(long)]
    pub(super) no_comment: bool,
    /// Make a check run as well (GitHub)
    #[arg(long)]
    pub(super) check: bool,
    /// The forge, instead of recognising it by the variables of its CI; `gitea` is Forgejo as well
    #[arg(long, value_name = "FORGE")]
    pub(super) forge: Option<ForgeChoice>,
    /// What a missing baseline does to a bundle: exit 3, or a loud warning and exit 0
    #[arg(long, value_name = "HOW", requires = "bundle", help_heading = "Gate")]
    pub(super) missing_baseline: Option<LeniencyChoice>,
    /// What an inconclusive report does to a bundle: exit 3, or a loud warning and exit 0
    #[arg(long, value_name = "HOW", requires = "bundle", help_heading = "Gate")]
    pub(super) inconclusive: Option<LeniencyChoice>,
    /// Share of a bundle's measurements that must be compared; less is exit 3
    #[arg(long, value_name = "PERCENT", value_parser = parse_limit, requires = "bundle", help_heading = "Gate")]
    pub(super) require_coverage: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ForgeChoice {
    Github,
    Gitlab,
    Gitea,
    Bitbucket,
    None,
}

#[derive(Debug, Args)]
pub(super) struct SelftestArgs {
    /// Result files of unchanged code, newest first; none: the runs that are recorded
    #[arg(help_heading = "Arguments")]
    pub(super) results: Vec<String>,
    /// Branch whose recorded runs are used [default: `baseline.branch` of perfgate.yaml, else HEAD]
    #[arg(long, value_name = "REV")]
    pub(super) baseline: Option<String>,
    /// How large the changes are, as a multiple of each limit
    #[arg(long, value_name = "FACTOR", default_value_t = 1.5, value_parser = factor)]
    pub(super) times: f64,
    /// How many commits and runs are looked at
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(super) last: usize,
    /// Work with the records that are here, without fetching
    #[arg(long)]
    pub(super) offline: bool,
    #[command(flatten)]
    pub(super) run: RunArgs,
}

fn factor(text: &str) -> Result<f64, String> {
    let factor = text.parse::<f64>().ok().filter(|f| f.is_finite() && *f > 1.0);
    factor.ok_or_else(|| {
        "write a number above 1: a change within its limit need not be seen".to_owned()
    })
}

#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    /// The file whose schema is wanted
    pub(super) file: SchemaFile,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum SchemaFile {
    /// A run, perfgate.run/1
    Run,
    /// A report, perfgate.report/1
    Report,
    /// The steps in a history, perfgate.history/1
    History,
    /// The policy, perfgate.yaml
    Config,
}

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Folder for the scratch repository, which must not exist yet; default: a temporary one
    #[arg(long, value_name = "FOLDER")]
    pub(super) folder: Option<PathBuf>,
}
