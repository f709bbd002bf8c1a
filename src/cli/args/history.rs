//! The stored runs and what they show.

use super::gate::GateArgs;
use super::results::{ResultArgs, RunArgs};
use crate::config::parse_limit;
use crate::model::Statistic;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(in crate::cli) struct BaselineArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: BaselineCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum BaselineCommand {
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
    /// Bring back what was removed in the last 90 days; without a name, list what can be
    Restore(RestoreArgs),
    /// Read every record, and name what is broken
    Verify,
    /// Make a damaged store anew of all that can be read and of what the remote has
    Repair,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RestoreArgs {
    /// Name of the state to bring back, as prune and fetch told it
    pub(in crate::cli) name: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ListArgs {
    /// How many commits to list
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(in crate::cli) last: usize,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ShowArgs {
    /// Commit whose runs are wanted
    #[arg(default_value = "HEAD")]
    pub(in crate::cli) revision: String,
    /// With the histograms that were kept
    #[arg(long)]
    pub(in crate::cli) histograms: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ExplainArgs {
    /// Revision whose baseline is looked for
    #[arg(long, value_name = "REV")]
    pub(in crate::cli) baseline: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) results: ResultArgs,
    #[command(flatten)]
    pub(in crate::cli) run: RunArgs,
    #[command(flatten)]
    pub(in crate::cli) gate: GateArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ImportArgs {
    /// Run files that name their commit, folders written by `baseline export`, folders of results named by commit, a table
    /// (commit,timestamp,<series>…), or the data.js of github-action-benchmark
    #[arg(required = true)]
    pub(in crate::cli) sources: Vec<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) run: RunArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ExportArgs {
    /// Folder to write to
    pub(in crate::cli) folder: PathBuf,
    /// What to write: the records as they are, which `baseline import` reads, or one row for each run and measurement as
    /// Parquet or CSV, a folder for each suite
    #[arg(long, value_name = "FORMAT", default_value = "records")]
    pub(in crate::cli) format: ExportFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ExportFormat {
    Records,
    Parquet,
    Csv,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PruneArgs {
    /// Commits whose records stay: the newest by commit date
    #[arg(long, value_name = "N")]
    pub(in crate::cli) keep: Option<usize>,
    /// Commits whose histograms stay; nine tenths of the bytes are histograms
    #[arg(long, value_name = "N")]
    pub(in crate::cli) keep_histograms: Option<usize>,
    /// Remove records that cannot be read
    #[arg(long)]
    pub(in crate::cli) broken: bool,
    /// Only say what would be removed
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct TrendArgs {
    /// Branch whose recorded commits are shown [default: `baseline.branch` of perfgate.yaml, else HEAD]
    #[arg(long, value_name = "REV")]
    pub(in crate::cli) branch: Option<String>,
    /// Endpoints to show, as patterns (`METHOD NAME`); default: the busiest four
    #[arg(long, value_name = "PATTERN")]
    pub(in crate::cli) endpoint: Vec<String>,
    /// Metrics to show: latency, error_rate, throughput, or one of your own [default: latency, and the total's throughput and
    /// error rate]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) metric: Vec<String>,
    /// Statistics of a latency to show
    #[arg(long, value_name = "STATISTIC", default_value = "p95", value_parser = statistic)]
    pub(in crate::cli) statistic: Vec<Statistic>,
    /// How many of the recorded commits to show
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub(in crate::cli) last: usize,
    /// Only commits from this day on (YYYY-MM-DD)
    #[arg(long, value_name = "DATE")]
    pub(in crate::cli) since: Option<jiff::civil::Date>,
    /// Series from elsewhere instead, `-` for standard input: a CSV with one row per commit
    /// (commit,timestamp,<series>…), or JSON lines {"id": …, "values": […]}
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) input: Option<PathBuf>,
    /// Smallest change of level that counts as a step; without it the tests alone decide
    #[arg(long, value_name = "PERCENT", value_parser = parse_limit)]
    pub(in crate::cli) min_effect: Option<f64>,
    /// Work with the records that are here, without fetching
    #[arg(long)]
    pub(in crate::cli) offline: bool,
    /// Form of the answer
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(in crate::cli) format: TrendFormat,
    /// Draw the columns as an SVG picture as well, for a README
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) svg: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) run: RunArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum TrendFormat {
    Table,
    Markdown,
    Json,
    Csv,
}

fn statistic(text: &str) -> Result<Statistic, String> {
    text.parse().map_err(|()| "write mean, max, p95 or another percentile".to_owned())
}
