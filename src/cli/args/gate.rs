//! What is held against what, by which rules, and where the report goes.

use super::results::{ResultArgs, RunArgs};
use crate::config::parse_limit;
use crate::model::Field;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// What is held against what.
#[derive(Debug, Args)]
pub(in crate::cli) struct ComparedArgs {
    /// Revision to compare with: the nearest comparable runs of its history are the baseline
    #[arg(long, value_name = "REV", conflicts_with = "baseline_file")]
    pub(in crate::cli) baseline: Option<String>,
    /// Result file to compare with instead of stored runs; several are several baseline runs
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) baseline_file: Vec<String>,
    #[command(flatten)]
    pub(in crate::cli) results: ResultArgs,
    #[command(flatten)]
    pub(in crate::cli) run: RunArgs,
    #[command(flatten)]
    pub(in crate::cli) gate: GateArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CompareArgs {
    #[command(flatten)]
    pub(in crate::cli) compared: ComparedArgs,
    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
    /// Instead of the table, show how one verdict was reached: `POST /api/chat p95`, `total error rate`
    #[arg(long, value_name = "MEASUREMENT", help_heading = "Output", conflicts_with = "format")]
    pub(in crate::cli) explain: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CheckArgs {
    #[command(flatten)]
    pub(in crate::cli) results: ResultArgs,
    #[command(flatten)]
    pub(in crate::cli) run: RunArgs,
    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
}

/// What overrules the policy.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Gate")]
pub(in crate::cli) struct GateArgs {
    /// Commits to search for a baseline, from the merge base on [default: 50]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) max_distance: Option<usize>,
    /// Work with the records that are here, without fetching
    #[arg(long)]
    pub(in crate::cli) offline: bool,
    /// What a missing baseline does: exit 3, or a loud warning and exit 0
    #[arg(long, value_name = "HOW")]
    pub(in crate::cli) missing_baseline: Option<LeniencyChoice>,
    /// What an inconclusive report does: exit 3, or a loud warning and exit 0
    #[arg(long, value_name = "HOW")]
    pub(in crate::cli) inconclusive: Option<LeniencyChoice>,
    /// Share of the measurements that must be compared; less is exit 3
    #[arg(long, value_name = "PERCENT", value_parser = parse_limit)]
    pub(in crate::cli) require_coverage: Option<f64>,
    /// Compare in spite of a difference: suite, profile, environment, tool, users, duration, target, runner,
    /// generator
    #[arg(long, value_name = "FIELD")]
    pub(in crate::cli) allow_different: Vec<Field>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum LeniencyChoice {
    Fail,
    Warn,
}

/// Where reports go.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(in crate::cli) struct OutputArgs {
    /// Form of the report on standard output
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(in crate::cli) format: ReportFormat,
    /// Write the report to a file as well, in any of these forms; `bundle=FOLDER` writes the numbers alone, for
    /// `perfgate publish --bundle` in a job that may be trusted
    #[arg(long, value_name = "FORMAT=FILE", value_parser = output)]
    pub(in crate::cli) output: Vec<(OutputKind, PathBuf)>,
    /// Show every measurement in the table, not only what asks for attention
    #[arg(long)]
    pub(in crate::cli) all: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ReportFormat {
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
pub(in crate::cli) enum OutputKind {
    Report(ReportFormat),
    Bundle,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct SelftestArgs {
    /// Result files of unchanged code, newest first; none: the runs that are recorded
    #[arg(help_heading = "Arguments")]
    pub(in crate::cli) results: Vec<String>,
    /// Branch whose recorded runs are used [default: `baseline.branch` of perfgate.yaml, else HEAD]
    #[arg(long, value_name = "REV")]
    pub(in crate::cli) baseline: Option<String>,
    /// How large the changes are, as a multiple of each limit
    #[arg(long, value_name = "FACTOR", default_value_t = 1.5, value_parser = factor)]
    pub(in crate::cli) times: f64,
    /// How many commits and runs are looked at
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(in crate::cli) last: usize,
    /// Work with the records that are here, without fetching
    #[arg(long)]
    pub(in crate::cli) offline: bool,
    #[command(flatten)]
    pub(in crate::cli) run: RunArgs,
}

fn output(text: &str) -> Result<(OutputKind, PathBuf), String> {
    let (format, file) = text.split_once('=').ok_or("write it as FORMAT=FILE")?;
    let kind = match format {
        "bundle" => OutputKind::Bundle,
        other => OutputKind::Report(ReportFormat::from_str(other, false)?),
    };
    Ok((kind, PathBuf::from(file)))
}

fn factor(text: &str) -> Result<f64, String> {
    let factor = text.parse::<f64>().ok().filter(|f| f.is_finite() && *f > 1.0);
    factor.ok_or_else(|| {
        "write a number above 1: a change within its limit need not be seen".to_owned()
    })
}
