//! The stored runs and what they show.

use super::gate::GateArgs;
use super::results::{ResultArgs, RunArgs};
use super::values::{day, network};
use crate::cli::history::{ColumnSelection, Matching, Span};
use crate::cli::policy::Network;
use crate::config::{Pattern, parse_limit};
use crate::model::Statistic;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand, ValueEnum};
use std::num::NonZeroUsize;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(in crate::cli) struct BaselineArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: BaselineCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum BaselineCommand {
    /// List recorded commits, newest first
    List(ListArgs),
    /// Show the runs of a commit
    Show(ShowArgs),
    /// Show how a baseline is found: each commit visited, and why its runs are used or not
    Explain(ExplainArgs),
    /// Import run files, exported records, or a history from another tool
    Import(ImportArgs),
    /// Export all records to a folder
    Export(ExportArgs),
    /// Push local records to the remote
    Push,
    /// Fetch records from the remote
    Fetch,
    /// Remove records of old commits
    Prune(PruneArgs),
    /// Restore removed records (kept for 90 days); list them if no name is given
    Restore(RestoreArgs),
    /// Read every record and report broken ones
    Verify,
    /// Rebuild a damaged store from all readable records and the remote
    Repair,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RestoreArgs {
    /// State to restore, as printed by prune and fetch
    pub(in crate::cli) name: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ListArgs {
    /// Number of commits to list
    #[arg(long, value_name = "N", default_value = "20")]
    pub(in crate::cli) last: NonZeroUsize,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ShowArgs {
    /// Commit whose runs are shown
    #[arg(default_value = "HEAD")]
    pub(in crate::cli) revision: String,
    /// Output format; JSON has everything that is recorded
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(in crate::cli) format: ShowFormat,
    /// Include stored histograms (JSON only)
    #[arg(long)]
    pub(in crate::cli) histograms: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ShowFormat {
    Table,
    Json,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ExplainArgs {
    /// Revision to search for a baseline [default: `baseline.branch` of perfgate.yaml]
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
    /// (commit,timestamp,<series>…), or data.js of github-action-benchmark
    #[arg(required = true)]
    pub(in crate::cli) sources: Vec<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) run: RunArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ExportArgs {
    /// Folder to write to
    pub(in crate::cli) folder: PathBuf,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "records")]
    pub(in crate::cli) format: ExportFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ExportFormat {
    /// The records as they are, which `baseline import` reads
    Records,
    /// A table with one row per run and measurement, in a folder per suite
    Parquet,
    /// The same table as CSV
    Csv,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PruneArgs {
    /// Number of commits to keep, newest first by commit date
    #[arg(long, value_name = "N")]
    pub(in crate::cli) keep: Option<usize>,
    /// Number of commits whose histograms to keep; histograms take 90 % of the space
    #[arg(long, value_name = "N")]
    pub(in crate::cli) keep_histograms: Option<usize>,
    /// Remove this run, by its id as `record` and `baseline list` print it, or by the beginning of it (repeatable)
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(in crate::cli) run: Vec<String>,
    /// Remove unreadable records
    #[arg(long)]
    pub(in crate::cli) broken: bool,
    /// Print what would be removed, without removing it
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct TrendArgs {
    /// Branch to show [default: `baseline.branch` of perfgate.yaml, else HEAD]
    #[arg(long, value_name = "REV")]
    pub(in crate::cli) branch: Option<String>,
    /// Measurement to show, as `[HEADING=]MEASUREMENT`: `POST /chat p95`, `cache_hit_rate`, `Chat=POST /chat p95` (repeatable)
    /// [default: `trend.columns` of perfgate.yaml]
    #[arg(long, value_name = "COLUMN", conflicts_with_all = ["endpoint", "metric", "statistic"])]
    pub(in crate::cli) column: Vec<String>,
    /// Endpoint pattern to show, as `METHOD NAME` (repeatable) [default: the 4 busiest]
    #[arg(long, value_name = "PATTERN")]
    pub(in crate::cli) endpoint: Vec<String>,
    /// Metric to show: latency, error_rate, throughput, or a custom metric (repeatable) [default: latency, and the total's
    /// throughput and error rate]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) metric: Vec<String>,
    /// Latency statistic to show (repeatable) [default: p95]
    #[arg(long, value_name = "STATISTIC", value_parser = statistic)]
    pub(in crate::cli) statistic: Vec<Statistic>,
    /// Number of recorded commits to show
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub(in crate::cli) last: usize,
    /// Show only commits from this day on (YYYY-MM-DD)
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub(in crate::cli) since: Option<jiff::civil::Date>,
    /// Read series from a file (`-` for standard input) instead of the records: a CSV with one row per commit
    /// (commit,timestamp,<series>…), or JSON lines {"id": …, "values": […]}
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) input: Option<PathBuf>,
    /// Smallest change to report as a step [default: any significant one]
    #[arg(long, value_name = "PERCENT", value_parser = parse_limit)]
    pub(in crate::cli) min_effect: Option<f64>,
    /// Use the local records without fetching
    #[arg(long)]
    pub(in crate::cli) offline: bool,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(in crate::cli) format: TrendFormat,
    /// Also draw the columns as an SVG image, for a README
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
    text.parse().map_err(|()| "write mean, max, stddev, cv, p95 or another percentile".to_owned())
}

impl TrendArgs {
    pub(in crate::cli) fn network(&self) -> Network {
        network(self.offline)
    }

    pub(in crate::cli) fn span(&self) -> Span {
        Span { last: self.last, since: self.since }
    }

    /// The columns that are asked for; else those of the policy.
    pub(in crate::cli) fn columns(&self, of_policy: &[String]) -> ColumnSelection {
        if !self.column.is_empty() {
            return ColumnSelection::Named(self.column.clone());
        }
        let matching =
            !self.endpoint.is_empty() || !self.metric.is_empty() || !self.statistic.is_empty();
        if !matching && !of_policy.is_empty() {
            return ColumnSelection::OfPolicy(of_policy.to_vec());
        }
        let usual = Matching::default().statistics;
        ColumnSelection::Matching(Matching {
            endpoints: self.endpoint.iter().map(|text| Pattern::new(text)).collect(),
            metrics: self.metric.clone(),
            statistics: if self.statistic.is_empty() { usual } else { self.statistic.clone() },
        })
    }
}
